//! Reading tickets: one with everything about it, lists, statistics.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use super::{Card, Priority, TicketRef};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::comments::Comment;
use crate::domain::workflows::BoardConfig;
use crate::{Error, Result, sql_fn};

/// Which tickets; what is left out lets all pass.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Filters {
    /// Any of these columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<Vec<String>>,
    /// Any of these priorities.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<Vec<Priority>>,
    /// Any of these types.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ticket_type: Option<Vec<String>>,
    /// This assignee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assigned_agent_id: Option<String>,
    /// Only tickets nobody works on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unassigned: Option<bool>,
    /// At least one of these tags.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<String>>,
    /// Made at this time or later (RFC 3339, or a date).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_after: Option<String>,
    /// Made at this time or earlier (RFC 3339, or a date).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub created_before: Option<String>,
    /// Whether it waits for others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_blocked: Option<bool>,
    /// false leaves out what is resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub include_completed: Option<bool>,
}

impl Filters {
    /// The filters as SQL takes them; dates are checked here, because a bad one inside JSON has no name.
    pub(crate) fn to_sql(&self) -> Result<Json<Value>> {
        let mut filters = self.clone();
        for (field, value) in
            [("created_after", &mut filters.created_after), ("created_before", &mut filters.created_before)]
        {
            if let Some(text) = value {
                let time = time_of(text).ok_or_else(|| {
                    let rule = "must be a time like 2026-01-31T12:00:00Z or a date";
                    Error::invalid(&format!("filters.{field}"), rule)
                })?;
                *text = time.to_string();
            }
        }
        serde_json::to_value(filters).map(Json).map_err(|e| Error::Internal(e.to_string()))
    }
}

/// A time with its offset, or a date and time or a date in UTC; of the years that SQL can write.
fn time_of(text: &str) -> Option<jiff::Timestamp> {
    let civil = || text.parse::<jiff::civil::DateTime>().or_else(|_| Ok(text.parse::<jiff::civil::Date>()?.into()));
    let utc = || civil().and_then(|civil: jiff::civil::DateTime| civil.to_zoned(jiff::tz::TimeZone::UTC));
    let time = text.parse::<jiff::Timestamp>().or_else(|_| utc().map(|zoned| zoned.timestamp())).ok()?;
    (1..=9999).contains(&time.to_zoned(jiff::tz::TimeZone::UTC).year()).then_some(time)
}

/// What a list is sorted by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortBy {
    /// When made.
    #[default]
    CreatedAt,
    /// When last changed.
    UpdatedAt,
    /// How urgent.
    Priority,
    /// Place of the column.
    Status,
}

/// Direction of a sort.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortOrder {
    /// Smallest first.
    Asc,
    /// Largest first.
    #[default]
    Desc,
}

/// A page of tickets.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketList {
    /// Always true.
    pub success: bool,
    /// The page.
    pub tickets: Vec<Card>,
    /// How many pass the filters.
    pub total_count: i64,
    /// Whether there are more after this page.
    pub has_more: bool,
}

/// One change of a ticket.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HistoryEntry {
    /// Place in the workflow's stream.
    pub seq: i64,
    /// created, status_changed, assigned, commented, field_updated, commit_linked, …
    pub change_type: String,
    /// The field, where one changed.
    pub field_name: Option<String>,
    /// Its value before.
    pub old_value: Option<String>,
    /// Its value after.
    pub new_value: Option<String>,
    /// The change in words.
    pub change_description: String,
    /// When.
    #[schema(format = DateTime)]
    pub changed_at: String,
    /// Who, as boards show it: the agent acted for, else the caller.
    pub agent_id: String,
    /// Who authenticated.
    pub actor_id: String,
    /// For whom, if for another.
    pub on_behalf_of: Option<String>,
    /// Further data of the change.
    pub metadata: Value,
}

/// A page of a ticket's comments.
#[derive(Debug, Clone, Deserialize)]
pub struct CommentPage {
    /// Oldest first.
    pub comments: Vec<Comment>,
    /// Whether there are older ones.
    pub has_more: bool,
}

/// A page of a ticket's changes.
#[derive(Debug, Clone, Deserialize)]
pub struct ChangePage {
    /// Oldest first.
    pub history: Vec<HistoryEntry>,
    /// Whether there are older ones.
    pub has_more: bool,
}

/// A commit linked to a ticket.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct LinkedCommit {
    /// Its id.
    pub commit_sha: String,
    /// Its message.
    pub commit_message: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub commit_timestamp: Option<String>,
    /// Who wrote it, as git names them.
    pub author: Option<String>,
    /// Where it can be looked at.
    pub url: Option<String>,
    /// Files it changed.
    pub files_changed: Option<i64>,
    /// Lines it added.
    pub insertions: Option<i64>,
    /// Lines it removed.
    pub deletions: Option<i64>,
    /// Paths it changed.
    pub files_list: Vec<String>,
    /// Who linked it.
    pub agent_id: Option<String>,
    /// manual, job (a job ended with it), or reference (its message names the ticket).
    pub link_method: String,
    /// When it was linked.
    #[schema(format = DateTime)]
    pub linked_at: String,
}

/// A task outside Callboard.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TaskRef {
    /// Its id.
    pub task_id: String,
}

/// A ticket's own fields.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketFields {
    /// The card.
    #[serde(flatten)]
    pub card: Card,
    /// The same as `ticket_id`.
    pub id: String,
    /// When it was resolved.
    #[schema(format = DateTime)]
    pub resolved_at: Option<String>,
    /// Its id in the tracker it was imported from.
    pub external_ref: Option<String>,
    /// Tasks outside Callboard.
    pub related_task_ids: Vec<String>,
    /// Tickets worth reading with it.
    pub related_ticket_ids: Vec<String>,
}

/// Everything about one ticket; its fields stand at the top level and again under `ticket`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketDetail {
    /// Always true.
    pub success: bool,
    /// The ticket's fields.
    #[serde(flatten)]
    pub fields: TicketFields,
    /// The same again.
    pub ticket: TicketFields,
    /// The newest 500, oldest first.
    pub comments: Vec<Comment>,
    /// The newest 200 changes, oldest first.
    pub history: Vec<HistoryEntry>,
    /// Linked commits.
    pub commits: Vec<LinkedCommit>,
    /// Tickets worth reading with it.
    pub related_tickets: Vec<TicketRef>,
    /// Tasks outside Callboard.
    pub related_tasks: Vec<TaskRef>,
    /// The ticket it is a part of.
    pub parent_ticket: Option<TicketRef>,
    /// The ticket it was merged into.
    pub merged_into: Option<TicketRef>,
    /// Tickets that were merged into it.
    pub duplicates: Vec<TicketRef>,
    /// Its parts.
    pub sub_tickets: Vec<TicketRef>,
    /// What it waits for.
    pub blocked_by: Vec<TicketRef>,
    /// What waits for it.
    pub blocks: Vec<TicketRef>,
}

/// Counts over a workflow's tickets; days are UTC.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketStats {
    /// All live tickets.
    pub total_tickets: i64,
    /// By column.
    pub by_status: BTreeMap<String, i64>,
    /// By type.
    pub by_type: BTreeMap<String, i64>,
    /// By priority.
    pub by_priority: BTreeMap<String, i64>,
    /// By assignee.
    pub by_agent: BTreeMap<String, i64>,
    /// How many wait for others.
    pub blocked_count: i64,
    /// How many are resolved.
    pub resolved_count: i64,
    /// Comments for each ticket, on average.
    pub avg_comments_per_ticket: f64,
    /// Commits for each ticket, on average.
    pub avg_commits_per_ticket: f64,
    /// Made today.
    pub created_today: i64,
    /// Finished today.
    pub completed_today: i64,
    /// Finished in the last seven days.
    pub velocity_last_7_days: i64,
}

/// The answer to asking for statistics.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct StatsAnswer {
    /// Always true.
    pub success: bool,
    /// The workflow.
    pub workflow_id: String,
    /// The counts.
    pub stats: TicketStats,
    /// The board they are about.
    pub board_config: BoardConfig,
}

/// One ticket by id, or by key where the workflow is given.
pub async fn get(db: &Db, caller: &Caller, ticket: &str, workflow: Option<&str>) -> Result<TicketDetail> {
    db.call(sql_fn!(get_ticket(caller: caller.to_sql(), ticket: ticket, workflow: workflow))).await
}

/// Comments below the newest `skip`, or only the one named; whoever reads a whole ticket gets the newest 500.
pub async fn comments(
    db: &Db,
    caller: &Caller,
    ticket: &str,
    only: Option<&str>,
    skip: i32,
    limit: i32,
) -> Result<CommentPage> {
    db.call(sql_fn!(get_ticket_page(
        caller: caller.to_sql(),
        ticket: ticket,
        part: "comments",
        comment: only,
        skip: skip,
        max_rows: limit,
    )))
    .await
}

/// A ticket's description, without all the rest.
pub async fn description(db: &Db, caller: &Caller, ticket: &str) -> Result<String> {
    let found: Value = db
        .call(sql_fn!(get_ticket_page(
            caller: caller.to_sql(),
            ticket: ticket,
            part: "description",
            comment: None::<String>,
            skip: 0,
            max_rows: 1,
        )))
        .await?;
    Ok(found["description"].as_str().unwrap_or("").to_owned())
}

/// Changes below the newest `skip`; whoever reads a whole ticket gets the newest 200.
pub async fn changes(db: &Db, caller: &Caller, ticket: &str, skip: i32, limit: i32) -> Result<ChangePage> {
    db.call(sql_fn!(get_ticket_page(
        caller: caller.to_sql(),
        ticket: ticket,
        part: "history",
        comment: None::<String>,
        skip: skip,
        max_rows: limit,
    )))
    .await
}

/// The ticket of a job, as a page; none if it has none.
pub async fn of_job(db: &Db, caller: &Caller, job: &str) -> Result<TicketList> {
    db.call(sql_fn!(list_job_tickets(caller: caller.to_sql(), job: job))).await
}

/// A page of a workflow's tickets.
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
) -> Result<TicketList> {
    let by = match sort_by {
        SortBy::CreatedAt => "created_at",
        SortBy::UpdatedAt => "updated_at",
        SortBy::Priority => "priority",
        SortBy::Status => "status",
    };
    let order = if sort_order == SortOrder::Asc { "asc" } else { "desc" };
    db.call(sql_fn!(list_tickets(
        caller: caller.to_sql(),
        workflow: workflow,
        filters: filters.to_sql()?,
        sort_by: by,
        sort_order: order,
        max_rows: limit,
        skip: offset,
    )))
    .await
}

/// Statistics of a workflow.
pub async fn stats(db: &Db, caller: &Caller, workflow: &str) -> Result<StatsAnswer> {
    db.call(sql_fn!(get_ticket_stats(caller: caller.to_sql(), workflow: workflow))).await
}
