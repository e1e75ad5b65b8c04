//! Deleted and archived tickets, which can be restored.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;

/// A ticket that was deleted or archived.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeletedTicket {
    /// The ticket.
    pub ticket_id: String,
    /// Its key, like `TKT-12`.
    pub key: String,
    /// Its number in the workflow.
    pub number: i64,
    /// Its title.
    pub title: String,
    /// Its column.
    pub status: String,
    /// Its type.
    pub ticket_type: String,
    /// Whether it was resolved.
    pub is_resolved: bool,
    /// When it was deleted.
    #[schema(format = DateTime)]
    pub deleted_at: String,
    /// The actor who deleted it: the agent acted for, else the caller. Null once history of that time was pruned.
    pub deleted_by: Option<String>,
    /// That actor's name.
    pub deleted_by_name: Option<String>,
    /// Whether maintenance archived it, because it was completed and nobody changed it for long.
    pub archived: bool,
}

/// A page of deleted tickets.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeletedTickets {
    /// Those deleted last first.
    pub tickets: Vec<DeletedTicket>,
    /// Whether further pages exist.
    pub has_more: bool,
    /// The `cursor` of the next page.
    pub next_cursor: Option<String>,
}

#[cfg(feature = "server")]
mod queries {
    use super::DeletedTickets;
    use crate::db::Db;
    use crate::domain::accounts::Caller;
    use crate::domain::tickets::Done;
    use crate::{Result, sql_fn};

    /// The deleted tickets of a workflow, a page of at most `limit`.
    pub async fn list(
        db: &Db,
        caller: &Caller,
        workflow: &str,
        limit: i32,
        cursor: Option<&str>,
    ) -> Result<DeletedTickets> {
        db.call(sql_fn!(list_deleted_tickets(caller: caller.to_sql(), workflow: workflow, max_rows: limit, cursor)))
            .await
    }

    /// Restores a deleted ticket by id, or by key or number where the workflow is given.
    pub async fn restore(db: &Db, caller: &Caller, ticket: &str, workflow: Option<&str>) -> Result<Done> {
        db.call(sql_fn!(restore_ticket(caller: caller.to_sql(), ticket: ticket, workflow))).await
    }
}
