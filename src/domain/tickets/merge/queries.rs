//! Merges tickets and undoes merges.

use super::{MergeTickets, Merged, UnmergeTicket, Unmerged};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

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

/// Undoes a merge.
pub async fn unmerge(db: &Db, caller: &Caller, input: &UnmergeTicket) -> Result<Unmerged> {
    db.call(sql_fn!(unmerge_ticket(caller: caller.to_sql(), ticket: input.ticket_id))).await
}
