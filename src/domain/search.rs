//! Keyword, semantic and hybrid search over tickets, and similar tickets.
//!
//! Semantic search needs the embedding of the query, which `embeddings` computes within a time budget. If it
//! is not available in time, the search falls back to keywords and the response contains a notice.

#[cfg(feature = "server")]
mod queries;
pub mod similar;
#[cfg(feature = "server")]
pub mod words;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;
use crate::domain::tickets::Priority;
use crate::domain::tickets::read::Filters;

/// Search mode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchType {
    /// By embedding similarity.
    Semantic,
    /// By full-text search.
    Keyword,
    /// Both, fused into one ranking.
    #[default]
    Hybrid,
}

impl SearchType {
    /// The mode's name in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Semantic => "semantic",
            Self::Keyword => "keyword",
            Self::Hybrid => "hybrid",
        }
    }
}

/// `POST /api/tickets/search`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchTickets {
    /// The workflow to search.
    pub workflow_id: String,
    /// The acting agent; not checked, because a search changes nothing.
    pub agent_id: Option<String>,
    /// Search terms; supports `"exact phrase"`, `or` and `-without`. At most 1000 characters. May be empty if
    /// there are filters; the newest matching tickets are then returned.
    #[schema(max_length = 1000)]
    pub query: String,
    /// Search mode. Defaults to `hybrid`; the response's `mode` is the one that was used.
    pub search_type: Option<SearchType>,
    /// Ticket filters.
    pub filters: Option<Filters>,
    /// 1 to 50. Defaults to 10.
    #[schema(minimum = 1, maximum = 50)]
    pub limit: Option<i32>,
    /// Whether to search comments too. Defaults to true.
    pub include_comments: Option<bool>,
}

/// A search result.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SearchResult {
    /// `ticket-<uuid>`.
    pub ticket_id: String,
    /// `TKT-12`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// The HTML-escaped title with `<mark>` around matches.
    pub highlighted_title: String,
    /// The first 2,000 characters of its description.
    pub description: String,
    /// Its column.
    pub status: String,
    /// How urgent it is.
    pub priority: Priority,
    /// Its type.
    pub ticket_type: String,
    /// Relevance, 0 to 1.
    pub relevance_score: f64,
    /// Cosine similarity of the embeddings, -1 to 1; null if they were not compared.
    pub similarity: Option<f64>,
    /// Where it matched: `title`, `tags`, `description`, `comments`, `key` or `meaning` (the embedding).
    pub matched_in: Vec<String>,
    /// HTML-escaped text around the match with `<mark>` around matches.
    pub preview: String,
    /// Creation time.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time of the last change.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// The assignee.
    pub assigned_agent_id: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// Whether it is resolved.
    pub is_resolved: bool,
    /// Whether it is blocked.
    pub is_blocked: bool,
}

/// The response to a search.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SearchAnswer {
    /// Always true.
    pub success: bool,
    /// The query.
    pub query: String,
    /// The search mode that was used.
    pub mode: SearchType,
    /// The most relevant first.
    pub results: Vec<SearchResult>,
    /// Number of results found; each mode contributes at most its best 100.
    pub total_found: i64,
    /// Whether `total_found` is exact.
    pub total_is_exact: bool,
    /// Milliseconds spent in the database.
    pub search_time_ms: f64,
    /// Whether embeddings of changed tickets are pending, or embeddings could not be compared at all.
    pub stale_embeddings: bool,
    /// Why another search mode was used than requested.
    pub notice: Option<String>,
}
