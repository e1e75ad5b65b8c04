//! What resembles a ticket, or a draft of one before it is filed.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Meaning, SearchType};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::embeddings::Embeddings;
use crate::domain::tickets::{Priority, TicketRef};
use crate::{Error, Result, sql_fn};

/// How long a check of a draft waits for its meaning.
const BUDGET: Duration = Duration::from_millis(1500);

/// How much two tickets resemble one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// They say the same.
    Duplicate,
    /// They are about the same matter.
    Related,
    /// They have something in common.
    Similar,
}

/// How two tickets are linked already, seen from the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The other is the parent.
    Parent,
    /// The other is a part of it.
    Child,
    /// The other waits for it.
    Blocks,
    /// It waits for the other.
    BlockedBy,
    /// One names the other as related.
    Related,
}

/// A ticket that resembles another.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SimilarTicket {
    /// `ticket-<uuid>`.
    pub ticket_id: String,
    /// `TKT-12`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Its column.
    pub status: String,
    /// How urgent it is.
    pub priority: Priority,
    /// Whether it is resolved.
    pub is_resolved: bool,
    /// 0 to 1.
    pub similarity_score: f64,
    /// What that means.
    pub relation_type: Relation,
    /// How it is linked already.
    pub link: Option<Link>,
}

/// The tickets that resemble one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RelatedTickets {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// `semantic`, or `keyword` where its meaning is not known.
    pub mode: SearchType,
    /// Whether the ticket changed since its meaning was taken in.
    pub stale_embeddings: bool,
    /// The most similar first.
    pub related: Vec<SimilarTicket>,
}

/// `POST /api/tickets/check-duplicate`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckDuplicate {
    /// The workflow it would be filed in.
    pub workflow_id: String,
    /// The acting agent; checking changes nothing, so anyone may name one.
    pub agent_id: Option<String>,
    /// 3 to 500 characters.
    #[schema(min_length = 3, max_length = 500)]
    pub title: String,
    /// Markdown.
    #[schema(max_length = 200_000)]
    pub description: Option<String>,
    /// Labels.
    #[schema(max_items = 50)]
    pub tags: Option<Vec<String>>,
    /// 1 to 50; 5 where left out.
    #[schema(minimum = 1, maximum = 50)]
    pub limit: Option<i32>,
}

/// Whether a ticket has been filed before.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DuplicateCheck {
    /// Always true.
    pub success: bool,
    /// Whether there is a ticket that says the same.
    pub is_duplicate: bool,
    /// That ticket.
    pub duplicate_of: Option<TicketRef>,
    /// The most similar first.
    pub similar_tickets: Vec<SimilarTicket>,
    /// `semantic`, or `keyword` where meaning could not be compared.
    pub mode: SearchType,
    /// Whether tickets changed whose meaning is not taken in yet, or meaning could not be compared at all.
    pub stale_embeddings: bool,
    /// Why it went by words.
    pub notice: Option<String>,
}

fn bounded(limit: Option<i32>) -> Result<i32> {
    let limit = limit.unwrap_or(5);
    if (1..=50).contains(&limit) { Ok(limit) } else { Err(Error::invalid("limit", "must be between 1 and 50")) }
}

/// The tickets that resemble one.
pub async fn related(db: &Db, caller: &Caller, ticket: &str, limit: Option<i32>) -> Result<RelatedTickets> {
    let limit = bounded(limit)?;
    db.call(sql_fn!(related_tickets(caller: caller.to_sql(), ticket: ticket, max_rows: limit))).await
}

/// Whether a ticket like this draft has been filed before.
pub async fn check_duplicate(
    db: &Db,
    embeddings: &Embeddings,
    caller: &Caller,
    input: &CheckDuplicate,
) -> Result<DuplicateCheck> {
    let limit = bounded(input.limit)?;
    if !(3..=500).contains(&input.title.trim().chars().count()) {
        return Err(Error::invalid("title", "must have 3 to 500 characters"));
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
    let meaning = Meaning::of(embeddings.document(&text, BUDGET).await);
    let mut answer: DuplicateCheck = db
        .call(sql_fn!(check_duplicate(
            caller: caller.to_sql(),
            workflow: input.workflow_id,
            title: input.title.trim(),
            model: meaning.model(),
            vector: meaning.vector(),
            max_rows: limit,
        )))
        .await?;
    answer.notice = meaning.notice;
    Ok(answer)
}
