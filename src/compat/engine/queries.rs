//! The calls behind an engine's address.

use serde_json::{Map, Value};
use tokio_postgres::types::Json;

use crate::compat::ticket_events::TicketEvent;
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// Which tickets to list, newest first.
#[derive(Debug, Default)]
pub struct TicketFilter<'a> {
    /// The listener's workflow.
    pub workflow: Option<&'a str>,
    /// The workflow that the client chose.
    pub project: Option<&'a str>,
    /// A state in the clients' words.
    pub state: Option<&'a str>,
    /// The maximum number of tickets.
    pub limit: i64,
    /// How many to skip.
    pub offset: i64,
}

/// A page of tickets, with how many there are.
pub async fn list(db: &Db, caller: &Caller, filter: &TicketFilter<'_>) -> Result<Value> {
    let TicketFilter { workflow, project, state, limit, offset } = *filter;
    db.call(sql_fn!(list_engine_tickets(
        caller: caller.to_sql(),
        workflow,
        project,
        state,
        max_rows: limit,
        skip: offset,
    )))
    .await
}

/// How many tickets are in each state.
pub async fn stats(db: &Db, caller: &Caller, workflow: Option<&str>) -> Result<Value> {
    db.call(sql_fn!(count_engine_tickets(caller: caller.to_sql(), workflow))).await
}

/// The workflows as projects.
pub async fn projects(db: &Db, caller: &Caller, workflow: Option<&str>) -> Result<Value> {
    db.call(sql_fn!(list_engine_projects(caller: caller.to_sql(), workflow))).await
}

/// A ticket by id or key.
pub async fn get(db: &Db, caller: &Caller, ticket: &str, dependencies: bool, events: bool) -> Result<Value> {
    db.call(sql_fn!(get_engine_ticket(caller: caller.to_sql(), ticket, dependencies, events))).await
}

/// A new ticket, or the changes of one.
#[derive(Debug, Default)]
pub struct Written<'a> {
    /// The title.
    pub title: Option<&'a str>,
    /// The description.
    pub description: Option<&'a str>,
    /// The state.
    pub state: Option<&'a str>,
    /// Who works on it; empty for nobody.
    pub assignee: Option<&'a str>,
    /// The ticket that this one is part of; empty for none.
    pub parent: Option<&'a str>,
    /// Fields that are kept; null removes one.
    pub fields: Map<String, Value>,
    /// The type of the job to queue once it is ready.
    pub queue_type: Option<&'a str>,
}

/// Creates a ticket.
pub async fn create(
    db: &Db,
    caller: &Caller,
    workflow: Option<&str>,
    project: Option<&str>,
    new: &Written<'_>,
) -> Result<Value> {
    let title = new.title.ok_or_else(|| Error::invalid("title", "is required"))?;
    db.call(sql_fn!(create_engine_ticket(
        caller: caller.to_sql(),
        title,
        workflow,
        project,
        description: new.description,
        state: new.state,
        assignee: new.assignee.filter(|assignee| !assignee.is_empty()),
        parent: new.parent.filter(|parent| !parent.is_empty()),
        fields: Json(&new.fields),
        queue_type: new.queue_type,
    )))
    .await
}

/// Changes a ticket.
pub async fn update(
    db: &Db,
    caller: &Caller,
    ticket: &str,
    project: Option<&str>,
    change: &Written<'_>,
) -> Result<Value> {
    let given = [("title", change.title), ("description", change.description), ("assigned_agent_id", change.assignee)];
    let mut updates: Map<String, Value> =
        given.iter().filter_map(|(name, value)| Some(((*name).to_owned(), Value::from((*value)?)))).collect();
    if let Some(parent) = change.parent {
        updates.insert("parent_ticket_id".to_owned(), Some(parent).filter(|parent| !parent.is_empty()).into());
    }
    db.call(sql_fn!(update_engine_ticket(
        caller: caller.to_sql(),
        ticket,
        updates: Json(&updates),
        state: change.state,
        fields: Json(&change.fields),
        queue_type: change.queue_type,
        project,
    )))
    .await
}

/// Makes a ticket ready again.
pub async fn requeue(
    db: &Db,
    caller: &Caller,
    ticket: &str,
    reason: Option<&str>,
    queue_type: Option<&str>,
) -> Result<Value> {
    db.call(sql_fn!(requeue_engine_ticket(caller: caller.to_sql(), ticket, reason, queue_type))).await
}

/// Records what an engine reports about a ticket.
pub async fn record(db: &Db, caller: &Caller, ticket: &str, event: &TicketEvent) -> Result<Value> {
    db.call(sql_fn!(record_engine_event(caller: caller.to_sql(), ticket, event: event.event, payload: Json(event))))
        .await
}

/// Claims the most urgent ticket in a state, by default one that is ready; null if there is none.
pub async fn claim(db: &Db, caller: &Caller, workflow: Option<&str>, filter: Option<&str>) -> Result<Value> {
    db.call(sql_fn!(claim_engine_ticket(caller: caller.to_sql(), workflow, filter))).await
}

/// Extends the claim of a ticket.
pub async fn renew(db: &Db, caller: &Caller, ticket: &str) -> Result<Value> {
    db.call(sql_fn!(renew_engine_claim(caller: caller.to_sql(), ticket))).await
}

/// Ends the work on a ticket with success.
pub async fn complete(
    db: &Db,
    caller: &Caller,
    ticket: &str,
    pr_url: Option<&str>,
    branch: Option<&str>,
) -> Result<Value> {
    db.call(sql_fn!(complete_engine_ticket(caller: caller.to_sql(), ticket, pr_url, branch))).await
}

/// Ends the work on a ticket with an error.
pub async fn fail(
    db: &Db,
    caller: &Caller,
    ticket: &str,
    error: Option<&str>,
    retry: bool,
    queue_type: Option<&str>,
) -> Result<Value> {
    db.call(sql_fn!(fail_engine_ticket(caller: caller.to_sql(), ticket, error, retry, queue_type))).await
}

/// Makes a workflow for a person who has none.
pub async fn ensure_project(db: &Db, caller: &Caller) -> Result<()> {
    let _: Value = db.call(sql_fn!(ensure_engine_project(caller: caller.to_sql()))).await?;
    Ok(())
}

/// Revokes the caller's key if a sign-in to the dashboard made it. Returns whether it did.
pub async fn end_sign_in(db: &Db, caller: &Caller) -> Result<bool> {
    db.call(sql_fn!(end_engine_sign_in(caller: caller.to_sql(), key_name: super::KEY_NAME))).await
}
