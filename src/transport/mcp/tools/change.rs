//! Tools that change tickets.

use futures_util::future::BoxFuture;

use super::{ADDS, Answer, Call, REPLACES, SETS, Tool, workflow_of_key};
use crate::domain::comments::{self, AddComment};
use crate::domain::tickets::change::{self, CreateTicket, SetBlockers, UpdateTicket};
use crate::domain::tickets::moves::{self, ChangeStatus, Claim, ResolveTicket};
use crate::transport::mcp::{budget, schema};
use crate::{Error, Result};

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "create_ticket",
        title: "Create a ticket",
        description: "Files new work on a workflow's board. Look first with check_duplicate or search_tickets. Needs \
            workflow_id, a title (3 to 500 characters) and a description (10 or more, Markdown: what, why, and how one sees \
            that it is done). Types and columns that exist are in get_board. Answers ticket_id, key (TKT-12), status and \
            similar_tickets: where one of them has relation_type \"duplicate\", work on that one instead and say so in a \
            comment. Not repeatable: a second call makes a second ticket.",
        access: ADDS,
        schema: || schema::require(schema::of::<CreateTicket>(), "description"),
        run: create,
    },
    Tool {
        name: "update_ticket",
        title: "Change a ticket's fields",
        description: "Changes title, description, priority, ticket_type, assigned_agent_id, parent_ticket_id, tags, blockers, \
            story points or minutes of a ticket; give them beside ticket_id, or under `updates`, where null clears a value. \
            Lists (tags, blocked_by_ticket_ids, …) are replaced whole. Moving to another column is change_ticket_status. \
            Answers fields_updated and the new version. State the `version` you read to be refused (stale_version) if \
            somebody changed it since; then read the ticket again.",
        access: REPLACES,
        schema: || schema::with(schema::of::<UpdateTicket>(), "workflow_id", workflow_of_key()),
        run: update,
    },
    Tool {
        name: "change_ticket_status",
        title: "Move a ticket to another column",
        description: "Moves a ticket to the column `new_status` (column ids are in get_board). Some boards require a comment \
            of 10 or more characters. A blocked ticket stays where it is: success is false, blocked is true, and \
            blocking_ticket_ids names what must be resolved first; work on those, or on something else. Refusals: \
            unknown_status, transition_not_allowed, wip_limit (the column is full), reopen_not_allowed; each says what is \
            possible. To finish work use resolve_ticket.",
        access: SETS,
        schema: || schema::with(schema::of::<ChangeStatus>(), "workflow_id", workflow_of_key()),
        run: change_status,
    },
    Tool {
        name: "add_ticket_comment",
        title: "Comment on a ticket",
        description: "Writes a comment on a ticket: findings, decisions, what is left. Markdown; @agent-id and #TKT-3 become \
            mentions. People read it at once. comment_type blocker or clarification marks what needs an answer. Answers \
            comment_id. A second call writes a second comment.",
        access: ADDS,
        schema: || schema::with(schema::of::<AddComment>(), "workflow_id", workflow_of_key()),
        run: comment,
    },
    Tool {
        name: "resolve_ticket",
        title: "Resolve a ticket",
        description: "Ends a ticket as done: say in resolution_comment (10 or more characters) what was done and how it was \
            checked, and give commit_sha if there is one. It moves to the board's done column, and what waited for it is \
            unblocked: unblocked_tickets names those. A blocked ticket cannot be resolved; the refusal names its blockers.",
        access: SETS,
        schema: || schema::with(schema::of::<ResolveTicket>(), "workflow_id", workflow_of_key()),
        run: resolve,
    },
    Tool {
        name: "claim_ticket",
        title: "Take the next ready ticket",
        description: "Takes the most urgent ticket that is ready (not blocked, not assigned, in a todo column, within WIP \
            limits) and assigns it to you in one step, so that no two agents get the same. Narrow it by ticket_types, tags or \
            priorities. With lease_seconds it goes back to the queue when you neither change nor read it for so long. Answers the ticket with its description, or ticket null where nothing is ready: then wait, or look at \
            get_board for what blocks.",
        access: ADDS,
        schema: schema::of::<Claim>,
        run: claim,
    },
    Tool {
        name: "set_ticket_blockers",
        title: "Say what a ticket waits for",
        description: "Replaces the list of tickets (ids or keys) that must be resolved before this one can move. An empty list \
            unblocks it. A cycle is refused (dependency_cycle) and nothing changes.",
        access: REPLACES,
        schema: || schema::with(schema::of::<SetBlockers>(), "workflow_id", workflow_of_key()),
        run: set_blockers,
    },
];

fn create(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let (caller, input) = (call.caller()?, call.read::<CreateTicket>()?);
        // People may note a title alone; an agent that reads the ticket later needs more.
        if input.description.trim().is_empty() {
            return Err(Error::invalid("description", "must have at least 10 characters"));
        }
        Answer::with_message(&change::create(&call.state.db, &call.state.embeddings, &caller, &input, None).await?)
    })
}

fn update(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.resolve_ticket_key().await?;
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
        Answer::with_message(&comments::add(&call.state.db, &caller, &input, None).await?)
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
