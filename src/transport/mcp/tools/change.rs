//! Tools that change tickets.

use futures_util::future::BoxFuture;
use serde_json::{Value, json};

use super::{ADDS, Answer, BOOLEAN, Call, INTEGER, REPLACES, SETS, STRING, Tool, workflow_of_key};
use crate::domain::comments::{self, AddComment};
use crate::domain::tickets::change::{self, CreateTicket, SetBlockers, UpdateTicket};
use crate::domain::tickets::moves::{self, ChangeStatus, Claim, ResolveTicket};
use crate::transport::mcp::{budget, schema};
use crate::{Error, Result};

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "create_ticket",
        description: "Files new work; search first. If similar_tickets has a duplicate, work on that one. A second call \
            makes a second ticket.",
        access: ADDS,
        schema: || schema::require(schema::of::<CreateTicket>(), "description"),
        shows: &[
            ("workflow_id", ""),
            ("title", "3 to 500 characters."),
            ("description", "Markdown, 10+ characters: what, why, done when."),
            ("ticket_type", "See get_board."),
            ("priority", "Default medium."),
            ("initial_status", "Column."),
            ("assigned_agent_id", "Assignee."),
            ("parent_ticket_id", "Parent."),
            ("blocked_by_ticket_ids", "Blockers."),
            ("tags", "Labels."),
            ("due_on", "Day: 2026-01-31."),
            ("milestone_id", "Id or name."),
        ],
        returns: &[("ticket_id", STRING), ("key", STRING)],
        run: create,
    },
    Tool {
        name: "update_ticket",
        description: "Changes fields; lists are replaced whole. null clears assignee, parent, due \
            date or milestone. To move it: change_ticket_status.",
        access: REPLACES,
        schema: || schema::with(schema::of::<UpdateTicket>(), "workflow_id", workflow_of_key()),
        shows: &[
            ("ticket_id", ""),
            ("workflow_id", ""),
            ("title", "New title."),
            ("description", "New text."),
            ("priority", "New one."),
            ("ticket_type", "New type."),
            ("assigned_agent_id", "Assignee; null: none."),
            ("parent_ticket_id", "Parent; null: none."),
            ("tags", "All labels."),
            ("due_on", "Day; null: none."),
            ("milestone_id", "Id or name; null: none."),
            ("version", "Refused if it changed since."),
        ],
        returns: &[("ticket_id", STRING), ("version", INTEGER)],
        run: update,
    },
    Tool {
        name: "change_ticket_status",
        description: "Moves a ticket to another column. If blocked it stays: success is false, blocking_ticket_ids come \
            first. To finish: resolve_ticket.",
        access: SETS,
        schema: || schema::with(schema::of::<ChangeStatus>(), "workflow_id", workflow_of_key()),
        shows: &[
            ("ticket_id", ""),
            ("workflow_id", ""),
            ("new_status", "Column."),
            ("comment", "Why; some boards want 10+ characters."),
        ],
        returns: &[("ticket_id", STRING), ("success", BOOLEAN)],
        run: change_status,
    },
    Tool {
        name: "add_ticket_comment",
        description: "Comments on a ticket: findings, decisions, what is left. @agent-id and TKT-3 mention.",
        access: ADDS,
        schema: || {
            schema::with(
                schema::with(schema::of::<AddComment>(), "workflow_id", workflow_of_key()),
                "comment_type",
                comment_type(),
            )
        },
        shows: &[
            ("ticket_id", ""),
            ("workflow_id", ""),
            ("comment_text", "Markdown."),
            ("comment_type", "Default general."),
            ("parent_id", "Reply to."),
        ],
        returns: &[("comment_id", STRING)],
        run: comment,
    },
    Tool {
        name: "resolve_ticket",
        description: "Ends a ticket as done and unblocks what waited (unblocked_tickets).",
        access: SETS,
        schema: || schema::with(schema::of::<ResolveTicket>(), "workflow_id", workflow_of_key()),
        shows: &[
            ("ticket_id", ""),
            ("workflow_id", ""),
            ("resolution_comment", "What was done and checked, 10+ characters."),
            ("commit_sha", "To link."),
        ],
        returns: &[("ticket_id", STRING)],
        run: resolve,
    },
    Tool {
        name: "claim_ticket",
        description: "Assigns you the most urgent ready ticket; no two agents get the same. ticket null: none is ready.",
        access: ADDS,
        schema: schema::of::<Claim>,
        shows: &[("workflow_id", ""), ("tags", "Any of."), ("lease_seconds", "Requeued if you are silent so long.")],
        returns: &[("message", STRING)],
        run: claim,
    },
    Tool {
        name: "set_ticket_blockers",
        description: "Replaces what must be resolved before a ticket moves; [] unblocks.",
        access: REPLACES,
        schema: || schema::with(schema::of::<SetBlockers>(), "workflow_id", workflow_of_key()),
        shows: &[("ticket_id", ""), ("workflow_id", ""), ("blocked_by_ticket_ids", "Ids or keys.")],
        returns: &[("ticket_id", STRING)],
        run: set_blockers,
    },
];

/// Fields that null clears; empty text clears those that are texts, for clients that cannot send null.
const CLEARABLE: [&str; 6] =
    ["assigned_agent_id", "parent_ticket_id", "due_on", "milestone_id", "story_points", "estimate_minutes"];

impl Call<'_> {
    /// Moves the fields that are to be cleared under `updates`, where null is not the same as absence.
    fn clear_given_nulls(&mut self) -> Result<()> {
        let emptied = |call: &Self, name: &str| call.arguments.get(name).is_some_and(|value| value == "");
        let cleared: Vec<&str> = CLEARABLE
            .into_iter()
            .filter(|name| self.nulls.iter().any(|null| null == name) || emptied(self, name))
            .collect();
        if cleared.is_empty() {
            return Ok(());
        }
        let updates = self.arguments.entry("updates").or_insert_with(|| json!({}));
        let updates = updates.as_object_mut().ok_or_else(|| Error::invalid("updates", "must be an object"))?;
        for name in &cleared {
            updates.entry(*name).or_insert(Value::Null);
        }
        self.arguments.retain(|name, _| !cleared.contains(&name.as_str()));
        Ok(())
    }
}

/// The kinds of comments that agents write; the server writes others itself.
fn comment_type() -> Value {
    json!({"type": "string", "enum": ["general", "blocker", "clarification", "resolution"]})
}

fn create(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.arguments.retain(|name, value| value != "" || !CLEARABLE.contains(&name.as_str()));
        let (caller, input) = (call.caller()?, call.read::<CreateTicket>()?);
        // People may note a title alone; an agent that reads the ticket later needs more.
        if input.description.trim().is_empty() {
            return Err(Error::invalid("description", "must have at least 10 characters"));
        }
        Answer::with_message(&change::create(&call.state.db, &call.state.embeddings, &caller, &input).await?)
    })
}

fn update(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.resolve_ticket_key().await?;
        call.clear_given_nulls()?;
        let (caller, input) = (call.caller()?, call.read::<UpdateTicket>()?);
        Answer::with_message(&change::update(&call.state.db, &call.state.embeddings, &caller, input).await?)
    })
}

fn change_status(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.resolve_ticket_key().await?;
        let (caller, input) = (call.caller()?, call.read::<ChangeStatus>()?);
        let git = super::commits::described(&call, &caller, &input.ticket_id, input.commit_sha.as_deref()).await?;
        Answer::with_message(&moves::change_status(&call.state.db, &caller, &input, git).await?)
    })
}

fn comment(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.resolve_ticket_key().await?;
        let (caller, input) = (call.caller()?, call.read::<AddComment>()?);
        Answer::with_message(&comments::add(&call.state.db, &caller, &input).await?)
    })
}

fn resolve(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.resolve_ticket_key().await?;
        let (caller, input) = (call.caller()?, call.read::<ResolveTicket>()?);
        let git = super::commits::described(&call, &caller, &input.ticket_id, input.commit_sha.as_deref()).await?;
        Answer::with_message(&moves::resolve(&call.state.db, &caller, &input, git).await?)
    })
}

fn claim(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let (caller, input) = (call.caller()?, call.read::<Claim>()?);
        let mut claimed = moves::claim(&call.state.db, &caller, &input).await?;
        if let Some(text) = claimed.ticket.as_mut().and_then(|card| card.description.as_mut()) {
            *text = budget::truncate(text, 8000);
        }
        Answer::with_message(&claimed)
    })
}

fn set_blockers(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.resolve_ticket_key().await?;
        let (caller, input) = (call.caller()?, call.read::<SetBlockers>()?);
        Answer::with_message(&change::set_blockers(&call.state.db, &caller, &input).await?)
    })
}
