//! Finds similar tickets.

use std::time::Duration;

use super::{CheckDuplicate, DuplicateCheck, RelatedTickets};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::embeddings::Embeddings;
use crate::domain::search::QueryEmbedding;
use crate::{Error, Result, sql_fn};

/// Time budget for embedding the draft.
const EMBEDDING_BUDGET: Duration = Duration::from_millis(1500);

fn checked_limit(limit: Option<i32>) -> Result<i32> {
    let limit = limit.unwrap_or(5);
    if (1..=50).contains(&limit) { Ok(limit) } else { Err(Error::invalid("limit", "must be between 1 and 50")) }
}

/// The tickets similar to one ticket.
pub async fn related(db: &Db, caller: &Caller, ticket: &str, limit: Option<i32>) -> Result<RelatedTickets> {
    let limit = checked_limit(limit)?;
    db.call(sql_fn!(related_tickets(caller: caller.to_sql(), ticket: ticket, max_rows: limit))).await
}

/// Checks whether a draft duplicates an existing ticket.
pub async fn check_duplicate(
    db: &Db,
    embeddings: &Embeddings,
    caller: &Caller,
    input: &CheckDuplicate,
) -> Result<DuplicateCheck> {
    let limit = checked_limit(input.limit)?;
    if !(1..=500).contains(&input.title.trim().chars().count()) {
        return Err(Error::invalid("title", "must have 1 to 500 characters"));
    }
    if input.description.as_ref().is_some_and(|text| text.chars().count() > 200_000) {
        return Err(Error::invalid("description", "must have at most 200000 characters"));
    }
    if input.tags.as_ref().is_some_and(|tags| tags.len() > 50) {
        return Err(Error::invalid("tags", "must have at most 50 entries"));
    }
    let text: String = db
        .scalar(sql_fn!(embedding_text(
            title: input.title.trim(),
            tags: input.tags.as_deref().unwrap_or_default(),
            description: input.description.as_deref().unwrap_or_default(),
            comments: None::<&[String]>,
        )))
        .await?;
    let embedding = QueryEmbedding::of(embeddings.document(&text, EMBEDDING_BUDGET).await);
    let mut answer: DuplicateCheck = db
        .call(sql_fn!(check_duplicate(
            caller: caller.to_sql(),
            workflow: input.workflow_id,
            title: input.title.trim(),
            model: embedding.model(),
            vector: embedding.vector(),
            max_rows: limit,
        )))
        .await?;
    answer.notice = embedding.notice.or(answer.notice);
    Ok(answer)
}
