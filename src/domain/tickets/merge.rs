//! Merging a duplicate into its original, and taking that back.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// `POST /api/tickets/merge`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MergeTickets {
    /// The duplicate.
    pub ticket_id: String,
    /// Its original, in the same workflow.
    pub into_ticket_id: String,
    /// Why; it stands in the comment that says so on the original.
    #[schema(max_length = 10_000)]
    pub comment: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// `POST /api/tickets/unmerge`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UnmergeTicket {
    /// The duplicate that is none.
    pub ticket_id: String,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// How much went from one ticket to the other.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Moved {
    /// Live comments.
    pub comments: i64,
    /// Linked commits.
    pub commits: i64,
    /// Blockers, in both directions.
    pub blockers: i64,
    /// Parts.
    pub sub_tickets: i64,
}

/// The answer to merging.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Merged {
    /// Always true.
    pub success: bool,
    /// The duplicate; it stands on no board any more.
    pub ticket_id: String,
    /// Its original.
    pub into_ticket_id: String,
    /// A sentence for a person.
    pub message: String,
    /// What went to the original.
    pub moved: Moved,
    /// Tickets that waited for the duplicate and wait for nobody now.
    pub unblocked_tickets: Vec<String>,
}

/// The answer to taking a merge back.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Unmerged {
    /// Always true.
    pub success: bool,
    /// The ticket; it is back on its board.
    pub ticket_id: String,
    /// What it had been merged into.
    pub into_ticket_id: String,
    /// A sentence for a person.
    pub message: String,
    /// What came back.
    pub moved: Moved,
    /// What did not, because it has changed since; sentences for people.
    pub kept: Vec<String>,
    /// The column it stands in.
    pub status: String,
}

/// Merges a duplicate into its original.
pub async fn merge(db: &Db, caller: &Caller, input: &MergeTickets) -> Result<Merged> {
    db.call(sql_fn!(merge_tickets(
        caller: caller.to_sql(),
        ticket: input.ticket_id,
        into_ticket: input.into_ticket_id,
        comment: input.comment,
    )))
    .await
}

/// Takes a merge back.
pub async fn unmerge(db: &Db, caller: &Caller, input: &UnmergeTicket) -> Result<Unmerged> {
    db.call(sql_fn!(unmerge_ticket(caller: caller.to_sql(), ticket: input.ticket_id))).await
}
