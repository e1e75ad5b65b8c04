//! Tools: the table of tools, the ones that a credential may use, and how a call is answered.
//!
//! A tool parses its arguments like REST parses a body, calls a domain module as the caller of the request, and keeps the
//! answer within the budget. Errors are results too, so that the agent reads them.

mod approvals;
pub mod board;
mod change;
mod commits;
pub mod jobs;
mod milestones;
mod names;
mod queue;
mod read;
mod search;
mod team;
pub mod ticket;
mod usage;
mod work;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use futures_util::future::BoxFuture;
use rmcp::model::{CallToolResult, ContentBlock, Tool as Listed, ToolAnnotations};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::app::AppState;
use crate::domain::accounts::Caller;
use crate::domain::accounts::sessions::{self, Me};
use crate::transport::http::body;
use crate::transport::mcp::context::RequestContext;
use crate::transport::mcp::{arguments, budget, next_steps, schema};
use crate::{Error, Result};

/// The access that a tool requires of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Reading.
    Read,
    /// Changing.
    Write {
        /// Whether something is lost or ended.
        destructive: bool,
        /// Whether a second call changes nothing more.
        idempotent: bool,
    },
    /// Deciding approvals.
    Decide,
}

impl Access {
    fn scope(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write { .. } => "write",
            Self::Decide => "approve",
        }
    }

    /// Hints for clients, without those that say what the protocol assumes anyway.
    fn hints(self) -> ToolAnnotations {
        let hints = ToolAnnotations::new();
        let changing = |destructive: bool, idempotent: bool| {
            let hints = ToolAnnotations::new().destructive(destructive);
            if idempotent { hints.idempotent(true) } else { hints }
        };
        match self {
            Self::Read => hints.read_only(true),
            Self::Decide => changing(true, true),
            Self::Write { destructive, idempotent } => changing(destructive, idempotent),
        }
    }
}

const ADDS: Access = Access::Write { destructive: false, idempotent: false };
const SETS: Access = Access::Write { destructive: false, idempotent: true };
const REPLACES: Access = Access::Write { destructive: true, idempotent: true };
const ENDS: Access = REPLACES;

/// Types of members of an answer.
const STRING: &str = "string";
const INTEGER: &str = "integer";
const BOOLEAN: &str = "boolean";
/// A list of objects.
const LIST: &str = "array";

/// One tool.
pub struct Tool {
    /// The name in the protocol.
    pub name: &'static str,
    /// When to use it, what it returns, and what to do on errors.
    description: &'static str,
    /// The required access.
    pub access: Access,
    /// The whole schema of its arguments, by which they are read.
    schema: fn() -> Map<String, Value>,
    /// The arguments that clients get, each with a description, or with an empty one where it means the same everywhere.
    shows: &'static [(&'static str, &'static str)],
    /// Members that every answer has, with their types.
    returns: &'static [(&'static str, &'static str)],
    run: for<'a> fn(Call<'a>) -> BoxFuture<'a, Result<Answer>>,
}

impl Tool {
    /// The whole schema of its arguments.
    fn whole_schema(&self) -> &'static Map<String, Value> {
        static SCHEMAS: LazyLock<HashMap<&str, Map<String, Value>>> =
            LazyLock::new(|| all().map(|tool| (tool.name, (tool.schema)())).collect());
        static NONE: LazyLock<Map<String, Value>> = LazyLock::new(Map::new);
        SCHEMAS.get(self.name).unwrap_or(&NONE)
    }

    /// The schema of its arguments that clients get. `agent_id` is only for callers that may act for others.
    pub fn input_schema(&self, acts_for: bool) -> Map<String, Value> {
        let acting = (acts_for && self.access != Access::Read).then_some(("agent_id", ""));
        let shows: Vec<(&str, &str)> = self.shows.iter().copied().chain(acting).collect();
        schema::shown(self.whole_schema(), &shows)
    }

    /// The schema of its structured content. It names the members that matter most, because each name costs every agent a
    /// part of its context; every answer has them.
    pub fn output_schema(&self) -> Map<String, Value> {
        let kind = |kind: &str| match kind {
            LIST => json!({"type": kind, "items": {"type": "object"}}),
            kind => json!({"type": kind}),
        };
        let mut schema = Map::from_iter([("type".to_owned(), json!("object"))]);
        if !self.returns.is_empty() {
            let properties: Map<String, Value> =
                self.returns.iter().map(|(name, of)| ((*name).to_owned(), kind(of))).collect();
            schema.insert("properties".to_owned(), properties.into());
        }
        schema
    }

    /// The tool as `tools/list` names it.
    pub fn listed(&self, acts_for: bool) -> Listed {
        Listed::new(self.name, self.description, Arc::new(self.input_schema(acts_for)))
            .with_raw_output_schema(Arc::new(self.output_schema()))
            .with_annotations(self.access.hints())
    }
}

/// An answer: a line for people, and the data.
pub struct Answer {
    line: String,
    data: Value,
}

impl Answer {
    fn new(line: impl Into<String>, data: Value) -> Self {
        Self { line: line.into(), data }
    }

    /// An answer with the `message` in the data as its line.
    fn with_message(data: &impl serde::Serialize) -> Result<Self> {
        let data = value(data)?;
        let line = data["message"].as_str().unwrap_or("Done.").to_owned();
        Ok(Self { line, data: budget::compact(data) })
    }
}

/// A struct as JSON.
fn value(data: &impl serde::Serialize) -> Result<Value> {
    serde_json::to_value(data).map_err(|error| Error::Internal(error.to_string()))
}

/// One call of a tool.
pub struct Call<'a> {
    state: &'a AppState,
    caller: Caller,
    arguments: Map<String, Value>,
    /// Arguments that were given as null.
    nulls: Vec<String>,
}

impl Call<'_> {
    /// The arguments as `T`; errors name the argument.
    fn read<T: DeserializeOwned>(&self) -> Result<T> {
        let text = serde_json::to_vec(&self.arguments).map_err(|error| Error::Internal(error.to_string()))?;
        body::parse(&text)
    }

    /// Removes and returns an argument that is a path parameter of the endpoint.
    fn take(&mut self, name: &str) -> Result<String> {
        match self.arguments.remove(name) {
            Some(Value::String(text)) if text.contains('\0') => {
                Err(Error::invalid(name, "must not contain the character NUL"))
            }
            Some(Value::String(text)) => Ok(text),
            Some(_) => Err(Error::invalid(name, "must be a string")),
            None => Err(Error::invalid(name, "is required")),
        }
    }

    /// The caller, acting for the agent in the arguments.
    fn caller(&self) -> Result<Caller> {
        self.caller.acting_as(self.arguments.get("agent_id").and_then(Value::as_str))
    }
}

/// Whether a text may be the key of a ticket, like `TKT-12`; everything else is an id.
fn is_ticket_key(text: &str) -> bool {
    !text.starts_with("ticket-") && text.len() <= 30 && !text.contains('\0')
}

/// All tools by group; `groups::GROUPS` has the names.
const GROUPED: [(&str, &[Tool]); 15] = [
    ("tickets", board::TOOLS),
    ("tickets", read::TOOLS),
    ("tickets", ticket::TOOLS),
    ("tickets", search::TOOLS),
    ("analysis", search::SIMILAR),
    ("analysis", team::STATISTICS),
    ("team", team::TOOLS),
    ("tickets", change::TOOLS),
    ("planning", milestones::TOOLS),
    ("commits", commits::TOOLS),
    ("jobs", queue::TOOLS),
    ("jobs", jobs::TOOLS),
    ("jobs", work::TOOLS),
    ("jobs", usage::TOOLS),
    ("questions", approvals::TOOLS),
];

/// All tools.
pub fn all() -> impl Iterator<Item = &'static Tool> {
    GROUPED.iter().flat_map(|(_, tools)| tools.iter())
}

/// The tool with that name.
pub fn find(name: &str) -> Option<&'static Tool> {
    all().find(|tool| tool.name == name)
}

fn allows(scopes: &[String], tool: &Tool) -> bool {
    scopes.iter().any(|scope| scope == "*" || scope == tool.access.scope())
}

/// Whether the caller may act for other agents.
fn acts_for(me: &Me) -> bool {
    me.user.is_admin || (me.user.kind == "service" && me.scopes.iter().any(|scope| scope == "*" || scope == "act_for"))
}

/// The tools that this credential may use and that the address selects.
pub async fn listed(context: &RequestContext) -> Result<Vec<Listed>> {
    let me = sessions::me(&context.state.db, &context.caller).await?;
    let acts_for = acts_for(&me);
    let selected =
        GROUPED.iter().flat_map(|(group, tools)| tools.iter().filter(|tool| context.tools.lists(tool.name, group)));
    Ok(selected.filter(|tool| allows(&me.scopes, tool)).map(|tool| tool.listed(acts_for)).collect())
}

/// Runs a tool. Errors become results that the agent can read.
pub async fn call(tool: &Tool, context: &RequestContext, given: Map<String, Value>) -> CallToolResult {
    let arguments::Arguments { known, nulls, ignored } = arguments::read(tool.whole_schema(), given);
    let hint = arguments::hint(tool.name, &ignored);
    let outcome = async {
        // SQL refuses it too; this check keeps a tool that is not listed from doing anything at all.
        if tool.access != Access::Read && !allows(&sessions::me(&context.state.db, &context.caller).await?.scopes, tool)
        {
            let scope = tool.access.scope();
            return Err(Error::problem(403, "forbidden", format!("This key lacks the scope \"{scope}\".")));
        }
        let mut call = Call { state: &context.state, caller: context.caller.clone(), arguments: known, nulls };
        call.resolve_workflow(tool).await?;
        (tool.run)(call).await
    };
    match outcome.await {
        Ok(answer) => {
            if tool.access != Access::Read {
                // A webhook, a watched search or another task may have work now.
                context.state.db.wake_due_work();
            }
            let mut data = budget::cap(answer.data);
            let mut line = answer.line;
            if let Some(hint) = hint {
                line = format!("{line} {hint}");
                data["hint"] = hint.into();
            }
            let mut result = CallToolResult::structured(data);
            // Not every client passes structured content to its model, so the text repeats the data.
            result.content.insert(0, ContentBlock::text(line));
            result
        }
        Err(error) => {
            let problem = error.as_problem();
            if problem.status >= 500 {
                tracing::warn!(tool = tool.name, %error, "MCP tool failed");
            }
            let mut data = problem.to_json();
            if let Some(members) = data.as_object_mut() {
                members.retain(|name, _| name != "type" && name != "title");
            }
            let mut result = CallToolResult::structured_error(budget::cap(data));
            let mut text = problem_text(&problem);
            if let Some(step) = next_steps::next_step(&problem) {
                text = format!("{text} {step}");
            }
            let text = hint.map_or_else(|| text.clone(), |hint| format!("{text} {hint}"));
            result.content = vec![ContentBlock::text(text)];
            result
        }
    }
}

/// A problem as text: its code, its detail, and the fields if there are several.
fn problem_text(problem: &crate::error::Problem) -> String {
    let mut text = format!("{}: {}", problem.code, problem.detail);
    if problem.errors.len() > 1 {
        for error in &problem.errors {
            text.push_str(&format!(" {} {}.", error.field, error.rule));
        }
    }
    // Field and rule are in the sentence.
    for (name, value) in problem.extra.iter().filter(|(name, _)| !matches!(name.as_str(), "field" | "rule")) {
        text.push_str(&format!(" {name}: {value}."));
    }
    budget::truncate(&text, 8000)
}

/// The schema of the argument `workflow_id` for tools that accept a ticket key.
fn workflow_of_key() -> Value {
    json!({"type": "string", "description": "The workflow of a key like TKT-12; not needed with an id."})
}
