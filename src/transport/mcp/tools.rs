//! Tools: the table of tools, the ones that a credential may use, and how a call is answered.
//!
//! A tool parses its arguments like REST parses a body, calls a domain module as the caller of the request, and keeps the
//! answer within the budget. Errors are results too, so that the agent reads them.

mod approvals;
pub mod board;
mod change;
mod commits;
pub mod jobs;
mod read;
mod search;
pub mod ticket;
mod work;

use std::sync::Arc;

use futures_util::future::BoxFuture;
use rmcp::model::{CallToolResult, ContentBlock, Tool as Listed, ToolAnnotations};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

use crate::app::AppState;
use crate::domain::accounts::{Caller, sessions};
use crate::domain::tickets::read as tickets;
use crate::domain::workflows;
use crate::transport::http::body;
use crate::transport::mcp::admission::RequestContext;
use crate::transport::mcp::budget;
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

    fn hints(self) -> ToolAnnotations {
        let hints = ToolAnnotations::new().open_world(false);
        match self {
            Self::Read => hints.read_only(true).destructive(false).idempotent(true),
            Self::Decide => hints.read_only(false).destructive(true).idempotent(true),
            Self::Write { destructive, idempotent } => {
                hints.read_only(false).destructive(destructive).idempotent(idempotent)
            }
        }
    }
}

const ADDS: Access = Access::Write { destructive: false, idempotent: false };
const SETS: Access = Access::Write { destructive: false, idempotent: true };
const REPLACES: Access = Access::Write { destructive: true, idempotent: true };

/// One tool.
pub struct Tool {
    /// The name in the protocol.
    pub name: &'static str,
    title: &'static str,
    /// When to use it, what it returns, and what to do on errors.
    description: &'static str,
    /// The required access.
    pub access: Access,
    schema: fn() -> Map<String, Value>,
    run: for<'a> fn(Call<'a>) -> BoxFuture<'a, Result<Answer>>,
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

    /// Replaces a key like `TKT-12` in `ticket_id` by the ticket's id, which the domain requires. `workflow_id` is optional
    /// for callers that see only one workflow.
    async fn resolve_ticket_key(&mut self) -> Result<()> {
        let workflow = match self.arguments.contains_key("workflow_id") {
            true => Some(self.take("workflow_id")?),
            false => None,
        };
        let Some(ticket) = self.arguments.get("ticket_id").and_then(Value::as_str) else { return Ok(()) };
        if ticket.starts_with("ticket-") || ticket.len() > 30 || ticket.contains('\0') {
            return Ok(());
        }
        let workflow = match workflow {
            Some(given) => given,
            None => self.only_workflow().await?,
        };
        let found = tickets::get(&self.state.db, &self.caller, ticket, Some(&workflow)).await?;
        self.arguments.insert("ticket_id".to_owned(), found.fields.card.ticket_id.into());
        Ok(())
    }

    /// The caller's only workflow, for calls that name none.
    async fn only_workflow(&self) -> Result<String> {
        let seen = workflows::list(&self.state.db, &self.caller, false, 2, None).await?;
        match seen.workflows.as_slice() {
            [only] => Ok(only.id.clone()),
            _ => Err(Error::invalid(
                "workflow_id",
                "is required with a key like TKT-12, unless you see exactly one workflow; list_workflows names them",
            )),
        }
    }
}

/// All tools.
pub fn all() -> impl Iterator<Item = &'static Tool> {
    let read_tools = [board::TOOLS, read::TOOLS, ticket::TOOLS, search::TOOLS];
    let write_tools = [change::TOOLS, commits::TOOLS, jobs::TOOLS, work::TOOLS, approvals::TOOLS];
    read_tools.into_iter().chain(write_tools).flatten()
}

/// The tool with that name.
pub fn find(name: &str) -> Option<&'static Tool> {
    all().find(|tool| tool.name == name)
}

async fn scopes(context: &RequestContext) -> Result<Vec<String>> {
    Ok(sessions::me(&context.state.db, &context.caller).await?.scopes)
}

fn allows(scopes: &[String], tool: &Tool) -> bool {
    scopes.iter().any(|scope| scope == "*" || scope == tool.access.scope())
}

/// The tools that this credential may use.
pub async fn listed(context: &RequestContext) -> Result<Vec<Listed>> {
    let scopes = scopes(context).await?;
    let listed = all().filter(|tool| allows(&scopes, tool)).map(|tool| {
        Listed::new(tool.name, tool.description, Arc::new((tool.schema)()))
            .with_title(tool.title)
            .with_annotations(tool.access.hints())
    });
    Ok(listed.collect())
}

/// Runs a tool. Errors become results that the agent can read.
pub async fn call(tool: &Tool, context: &RequestContext, arguments: Map<String, Value>) -> CallToolResult {
    let outcome = async {
        // SQL refuses it too; this check keeps a tool that is not listed from doing anything at all.
        if tool.access != Access::Read && !allows(&scopes(context).await?, tool) {
            let scope = tool.access.scope();
            return Err(Error::problem(403, "forbidden", format!("This key lacks the scope \"{scope}\".")));
        }
        let arguments = arguments.into_iter().filter(|(_, value)| !value.is_null()).collect();
        (tool.run)(Call { state: &context.state, caller: context.caller.clone(), arguments }).await
    };
    match outcome.await {
        Ok(answer) => {
            if tool.access != Access::Read {
                // The change may concern a watched search.
                context.state.matching.wake();
            }
            let data = budget::cap(answer.data);
            let mut result = CallToolResult::structured(data);
            // Not every client passes structured content to its model, so the text repeats the data.
            result.content.insert(0, ContentBlock::text(answer.line));
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
            result.content = vec![ContentBlock::text(problem_text(&problem))];
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
    for (name, value) in &problem.extra {
        text.push_str(&format!(" {name}: {value}."));
    }
    budget::truncate(&text, 8000)
}

/// The schema of the argument `workflow_id` for tools that accept a ticket key.
fn workflow_of_key() -> Value {
    json!({"type": "string", "description": "The workflow of a key like TKT-12; not needed with an id."})
}
