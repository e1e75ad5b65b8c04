//! Reads tickets, lists and statistics.

use serde_json::{Map, Value};
use tokio_postgres::types::Json;

use super::{ChangePage, CommentPage, CommitPage, Filters, SortBy, SortOrder, StatsAnswer, TicketDetail, TicketList};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::times;
use crate::{Error, Result, sql_fn};

impl Filters {
    /// Encodes the filters for SQL. Dates are validated here, so that the error can name the field, after the `prefix` that it has in
    /// the request; SQL knows the time zone of those without an offset.
    pub(crate) fn to_sql(&self, prefix: &str) -> Result<Json<Value>> {
        let mut filters = self.clone();
        for (field, value) in
            [("created_after", &mut filters.created_after), ("created_before", &mut filters.created_before)]
        {
            if let Some(text) = value {
                *text = parse_time(text).ok_or_else(|| {
                    let rule = "must be a time like 2026-01-31T12:00:00Z or a date";
                    Error::invalid(&format!("{prefix}{field}"), rule)
                })?;
            }
        }
        for (field, value) in [("due_after", &filters.due_after), ("due_before", &filters.due_before)] {
            if value.as_deref().is_some_and(|text| !is_day(text)) {
                return Err(Error::invalid(&format!("{prefix}{field}"), "must be a date like 2026-01-31"));
            }
        }
        serde_json::to_value(filters).map(Json).map_err(|e| Error::Internal(e.to_string()))
    }
}

/// Whether a text is a day of a year that SQL accepts, without a time.
fn is_day(text: &str) -> bool {
    text.len() == "2026-01-31".len() && text.parse::<jiff::civil::Date>().is_ok_and(|day| day.year() >= 1)
}

/// Normalizes a time with an offset, or a date with or without a time. Years are limited to those that SQL accepts.
fn parse_time(text: &str) -> Option<String> {
    let accepted = |year: i16| (1..=9999).contains(&year);
    if let Some(time) = times::parse(text) {
        return accepted(time.to_zoned(jiff::tz::TimeZone::UTC).year()).then(|| time.to_string());
    }
    // A date parses as a time too, at midnight; a day is more than its midnight.
    let is_date = text.len() <= "2026-01-31".len();
    if let Some(date) = text.parse::<jiff::civil::Date>().ok().filter(|_| is_date) {
        return accepted(date.year()).then(|| date.to_string());
    }
    let time = text.parse::<jiff::civil::DateTime>().ok()?;
    accepted(time.year()).then(|| time.to_string())
}

/// Filters with ids in place of the names of columns, types and the assignee; rejects unknown names.
pub async fn find_filter_names(db: &Db, caller: &Caller, workflow: &str, filters: Value) -> Result<Map<String, Value>> {
    db.call(sql_fn!(find_filter_names(caller: caller.to_sql(), workflow: workflow, filters: Json(filters)))).await
}

/// One ticket by id, or by key where the workflow is given.
pub async fn get(db: &Db, caller: &Caller, ticket: &str, workflow: Option<&str>) -> Result<TicketDetail> {
    db.call(sql_fn!(get_ticket(caller: caller.to_sql(), ticket: ticket, workflow: workflow))).await
}

/// The newest comments, those before a cursor, or a single one. A ticket's details contain the newest 500.
pub async fn comments(
    db: &Db,
    caller: &Caller,
    ticket: &str,
    only: Option<&str>,
    limit: i32,
    cursor: Option<&str>,
) -> Result<CommentPage> {
    db.call(sql_fn!(get_ticket_page(
        caller: caller.to_sql(),
        ticket: ticket,
        part: "comments",
        comment: only,
        max_rows: limit,
        cursor,
    )))
    .await
}

/// Only the description of a ticket.
pub async fn description(db: &Db, caller: &Caller, ticket: &str) -> Result<String> {
    let found: Value = db
        .call(sql_fn!(get_ticket_page(
            caller: caller.to_sql(),
            ticket: ticket,
            part: "description",
            comment: None::<String>,
            max_rows: 1,
        )))
        .await?;
    Ok(found["description"].as_str().unwrap_or("").to_owned())
}

/// The newest changes, or those before a cursor. A ticket's details contain the newest 200.
pub async fn changes(db: &Db, caller: &Caller, ticket: &str, limit: i32, cursor: Option<&str>) -> Result<ChangePage> {
    db.call(sql_fn!(get_ticket_page(
        caller: caller.to_sql(),
        ticket: ticket,
        part: "history",
        comment: None::<String>,
        max_rows: limit,
        cursor,
    )))
    .await
}

/// The newest commits, or those before a cursor. A ticket's details contain the newest 200.
pub async fn commits(db: &Db, caller: &Caller, ticket: &str, limit: i32, cursor: Option<&str>) -> Result<CommitPage> {
    db.call(sql_fn!(get_ticket_page(
        caller: caller.to_sql(),
        ticket: ticket,
        part: "commits",
        comment: None::<String>,
        max_rows: limit,
        cursor,
    )))
    .await
}

/// The ticket of a job as a page, which is empty if the job has none.
pub async fn of_job(db: &Db, caller: &Caller, job: &str) -> Result<TicketList> {
    db.call(sql_fn!(list_job_tickets(caller: caller.to_sql(), job: job))).await
}

/// A page of a workflow's tickets: after a cursor, or after `offset` tickets.
#[allow(clippy::too_many_arguments)]
pub async fn list(
    db: &Db,
    caller: &Caller,
    workflow: &str,
    filters: &Filters,
    sort_by: SortBy,
    sort_order: SortOrder,
    limit: i32,
    offset: i32,
    cursor: Option<&str>,
) -> Result<TicketList> {
    let by = match sort_by {
        SortBy::CreatedAt => "created_at",
        SortBy::UpdatedAt => "updated_at",
        SortBy::Priority => "priority",
        SortBy::Status => "status",
        SortBy::Rank => "rank",
        SortBy::DueOn => "due_on",
    };
    let order = if sort_order == SortOrder::Asc { "asc" } else { "desc" };
    db.call(sql_fn!(list_tickets(
        caller: caller.to_sql(),
        workflow: workflow,
        filters: filters.to_sql("")?,
        sort_by: by,
        sort_order: order,
        max_rows: limit,
        skip: offset,
        cursor,
    )))
    .await
}

/// Statistics of a workflow, with days of a time zone. Defaults to the workflow's.
pub async fn stats(db: &Db, caller: &Caller, workflow: &str, tz: Option<&str>) -> Result<StatsAnswer> {
    db.call(sql_fn!(get_ticket_stats(caller: caller.to_sql(), workflow: workflow, tz: tz))).await
}
