//! Requests and responses for similar tickets and for checking a draft for duplicates.

#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;
use super::SearchType;
use crate::domain::tickets::{Priority, TicketRef};

/// How similar two tickets are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Relation {
    /// They describe the same thing.
    Duplicate,
    /// They are about the same topic.
    Related,
    /// They have something in common.
    Similar,
}

/// An existing link between two tickets, as seen from the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Link {
    /// The other is the parent.
    Parent,
    /// The other is a sub-ticket.
    Child,
    /// It blocks the other.
    Blocks,
    /// The other blocks it.
    BlockedBy,
    /// One names the other as related.
    Related,
}

/// A similar ticket.
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
    /// The score as a category.
    pub relation_type: Relation,
    /// The existing link, if any.
    pub link: Option<Link>,
}

/// The tickets similar to one ticket.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RelatedTickets {
    /// Always true.
    pub success: bool,
    /// The ticket.
    pub ticket_id: String,
    /// `semantic`, or `keyword` if it has no embedding yet.
    pub mode: SearchType,
    /// Whether the ticket has changed since it was embedded.
    pub stale_embeddings: bool,
    /// The most similar first.
    pub related: Vec<SimilarTicket>,
    /// Whether the ticket was compared in meaning with all tickets of the workflow.
    #[serde(default)]
    pub meaning_checked: bool,
    /// What was not compared, if anything.
    #[serde(default)]
    pub notice: Option<String>,
}

/// `POST /api/tickets/check-duplicate`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckDuplicate {
    /// The workflow of the draft.
    pub workflow_id: String,
    /// The acting agent; not checked, because the request changes nothing.
    pub agent_id: Option<String>,
    /// Up to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub title: String,
    /// Markdown.
    #[schema(max_length = 200_000)]
    pub description: Option<String>,
    /// Labels.
    #[schema(max_items = 50)]
    pub tags: Option<Vec<String>>,
    /// 1 to 50. Defaults to 5.
    #[schema(minimum = 1, maximum = 50)]
    pub limit: Option<i32>,
}

/// The result of a duplicate check.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DuplicateCheck {
    /// Always true.
    pub success: bool,
    /// Whether a duplicate exists.
    pub is_duplicate: bool,
    /// The duplicate.
    pub duplicate_of: Option<TicketRef>,
    /// The most similar first.
    pub similar_tickets: Vec<SimilarTicket>,
    /// `semantic`, or `keyword` if embeddings could not be compared.
    pub mode: SearchType,
    /// Whether embeddings of changed tickets are pending, or embeddings could not be compared at all.
    pub stale_embeddings: bool,
    /// Whether the draft was compared in meaning with all tickets of the workflow. Titles always are.
    #[serde(default)]
    pub meaning_checked: bool,
    /// What was not compared, and why.
    pub notice: Option<String>,
}
