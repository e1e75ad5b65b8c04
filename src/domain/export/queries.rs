//! The calls that read the tickets to export.

use super::Export;
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::embeddings::Embeddings;
use crate::domain::search::{self, SearchTickets};
use crate::{Result, sql_fn};

/// Reads a workflow's tickets.
pub async fn read(db: &Db, caller: &Caller, workflow: &str) -> Result<Export> {
    read_some(db, caller, workflow, None).await
}

/// Reads the results of a search, best first, at most 1,000.
pub async fn search_results(
    db: &Db,
    embeddings: &Embeddings,
    caller: &Caller,
    wanted: &SearchTickets,
) -> Result<Export> {
    let answer = search::find(db, embeddings, caller, wanted, 1000, 1000).await?;
    let ids: Vec<&str> = answer.results.iter().map(|result| result.ticket_id.as_str()).collect();
    read_some(db, caller, &wanted.workflow_id, Some(&ids)).await
}

async fn read_some(db: &Db, caller: &Caller, workflow: &str, tickets: Option<&[&str]>) -> Result<Export> {
    db.call(sql_fn!(export_tickets(caller: caller.to_sql(), workflow, only_these: tickets))).await
}
