//! Tools for milestones, and for boards of the past.

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Access, Answer, Call, LIST, REPLACES, STRING, Tool, value};
use crate::domain::milestones::{self, CreateMilestone, Milestone, UpdateMilestone};
use crate::domain::past_boards::{self, DifferenceKind};
use crate::domain::times;
use crate::transport::mcp::{budget, schema};
use crate::{Error, Result};

/// Maximum characters of a value of a field that changed.
const VALUE_LENGTH: usize = 200;

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "list_milestones",
        description: "A workflow's milestones (releases, sprints) with due day and progress, open ones first.",
        access: Access::Read,
        schema: schema::of::<ListArguments>,
        shows: &[("workflow_id", ""), ("include_closed", "Default false.")],
        returns: &[("milestones", LIST)],
        run: list,
    },
    Tool {
        name: "save_milestone",
        description: "Creates a milestone, or changes one if milestone_id is given. update_ticket puts tickets in it.",
        access: REPLACES,
        schema: schema::of::<SaveArguments>,
        shows: &[
            ("workflow_id", ""),
            ("milestone_id", "Id or name of one to change."),
            ("name", "Required for a new one."),
            ("description", "What it is for."),
            ("starts_on", "Day: 2026-01-05."),
            ("due_on", "Day; null: none."),
            ("is_closed", "true closes, false reopens."),
        ],
        returns: &[("milestone_id", STRING)],
        run: save,
    },
    Tool {
        name: "get_board_changes",
        description: "How a board changed between two times: tickets added, removed or changed, each field before and after. \
            get_board takes at, a time, too.",
        access: Access::Read,
        schema: schema::of::<ChangesArguments>,
        shows: &[("workflow_id", ""), ("from", "Time: 2026-01-31T12:00:00Z."), ("to", "Default now.")],
        returns: &[("tickets", LIST)],
        run: changes,
    },
];

/// Which milestones.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ListArguments {
    /// The workflow.
    workflow_id: String,
    /// Include closed ones. Defaults to false.
    include_closed: Option<bool>,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// The milestone as it is to be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SaveArguments {
    /// The workflow.
    workflow_id: String,
    /// The milestone to change, by id or name.
    milestone_id: Option<String>,
    /// Its name.
    name: Option<String>,
    /// What it is for.
    description: Option<String>,
    /// The day on which work on it starts.
    starts_on: Option<String>,
    /// The day by which it is to be done.
    due_on: Option<String>,
    /// Whether it is closed.
    is_closed: Option<bool>,
    /// The acting agent, where the caller may act for others.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// Which board, and when.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangesArguments {
    /// The workflow.
    workflow_id: String,
    /// The earlier time.
    #[schema(value_type = String)]
    #[serde(default, deserialize_with = "times::optional")]
    from: Option<Timestamp>,
    /// The later time. Defaults to now.
    #[schema(value_type = Option<String>)]
    #[serde(default, deserialize_with = "times::optional")]
    to: Option<Timestamp>,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// A milestone without what agents do not need.
fn short(milestone: &Milestone) -> Result<Value> {
    let mut data = value(milestone)?;
    data["description"] = budget::truncate(&milestone.description, 300).into();
    for name in ["workflow_id", "created_by", "created_at", "updated_at"] {
        data[name] = Value::Null;
    }
    for name in ["is_closed", "is_overdue"] {
        if data[name] == json!(false) {
            data[name] = Value::Null;
        }
    }
    Ok(budget::compact(data))
}

fn list(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let input = call.read::<ListArguments>()?;
        let closed = input.include_closed.unwrap_or(false);
        let found = milestones::list(&call.state.db, &call.caller, &input.workflow_id, closed).await?.milestones;
        let total = found.len();
        let listed = found.iter().map(short).collect::<Result<Vec<_>>>()?;
        let (listed, count) = budget::fit(listed, budget::RESPONSE_BUDGET);
        let data = json!({"milestones": listed, "total_count": total});
        Ok(Answer::new(format!("{count} of {total} milestones."), data))
    })
}

fn save(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let (caller, input) = (call.caller()?, call.read::<SaveArguments>()?);
        let db = &call.state.db;
        let Some(named) = &input.milestone_id else {
            let name = input.name.ok_or_else(|| Error::invalid("name", "is required for a new milestone"))?;
            let new = CreateMilestone {
                name,
                description: input.description,
                starts_on: input.starts_on,
                due_on: input.due_on,
                agent_id: None,
            };
            let made = milestones::create(db, &caller, &input.workflow_id, &new).await?;
            return Ok(Answer::new(format!("Created the milestone {}.", made.name), short(&made)?));
        };
        let filters = json!({"milestone_id": named});
        let found = crate::domain::tickets::read::find_filter_names(db, &caller, &input.workflow_id, filters).await?;
        let id = found.get("milestone_id").and_then(Value::as_str).unwrap_or(named);
        // Null clears a day; of other fields it means the same as absence.
        let day = |name: &str, given: Option<String>| {
            let is_cleared = call.nulls.iter().any(|null| null == name) || given.as_deref() == Some("");
            if is_cleared { Some(None) } else { given.map(Some) }
        };
        let changes = UpdateMilestone {
            name: input.name,
            description: input.description,
            starts_on: day("starts_on", input.starts_on),
            due_on: day("due_on", input.due_on),
            is_closed: input.is_closed,
            agent_id: None,
        };
        let changed = milestones::update(db, &caller, id, &changes).await?;
        Ok(Answer::new(format!("Saved the milestone {}.", changed.name), short(&changed)?))
    })
}

fn changes(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let input = call.read::<ChangesArguments>()?;
        let from = input.from.ok_or_else(|| Error::invalid("from", "is required"))?;
        let found = past_boards::changes(&call.state.db, &call.caller, &input.workflow_id, from, input.to).await?;
        let total = found.tickets.len();
        let listed = found.tickets.iter().map(|ticket| {
            // A place in a column says nothing to an agent.
            let fields = ticket.fields.iter().filter(|(name, _)| *name != "rank").map(|(name, values)| {
                (name.clone(), json!([shortened(&values.old_value), shortened(&values.new_value)]))
            });
            json!({"key": ticket.key, "ticket_id": ticket.ticket_id, "title": budget::truncate(&ticket.title, VALUE_LENGTH),
                "change": kind(ticket.change), "fields": Value::Object(fields.collect())})
        });
        let (listed, count) = budget::fit(listed.collect(), budget::RESPONSE_BUDGET);
        let mut data = json!({"tickets": listed, "from": found.from, "to": found.to});
        if count < total || found.has_more {
            data["truncated"] = json!("More tickets changed; ask for a shorter time.");
        }
        let more = if found.has_more { "more than " } else { "" };
        Ok(Answer::new(format!("{count} of {more}{total} changed tickets; fields are [before, after]."), data))
    })
}

fn kind(change: DifferenceKind) -> &'static str {
    match change {
        DifferenceKind::Added => "added",
        DifferenceKind::Removed => "removed",
        DifferenceKind::Changed => "changed",
    }
}

fn shortened(value: &Value) -> Value {
    match value {
        Value::String(text) => budget::truncate(text, VALUE_LENGTH).into(),
        other if other.to_string().len() > VALUE_LENGTH => budget::truncate(&other.to_string(), VALUE_LENGTH).into(),
        other => other.clone(),
    }
}
