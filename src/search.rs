//! Finding tickets by words.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::accounts::Caller;
use crate::db::Db;
use crate::tickets::Priority;
use crate::tickets::read::Filters;
use crate::{Error, Result};

/// How to search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SearchType {
    /// By meaning.
    Semantic,
    /// By words.
    Keyword,
    /// By both.
    #[default]
    Hybrid,
}

/// `POST /api/tickets/search`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchTickets {
    /// The workflow to search.
    pub workflow_id: String,
    /// The acting agent; searching changes nothing, so anyone may name one.
    pub agent_id: Option<String>,
    /// Words as people type them: `"exact phrase"`, `or`, `-without`. 1 to 1000 characters.
    #[schema(min_length = 1, max_length = 1000)]
    pub query: String,
    /// How to search; the answer's `mode` says what was done.
    pub search_type: Option<SearchType>,
    /// Which tickets.
    pub filters: Option<Filters>,
    /// 1 to 50; 10 where left out.
    #[schema(minimum = 1, maximum = 50)]
    pub limit: Option<i32>,
    /// Whether comments count; true where left out.
    pub include_comments: Option<bool>,
}

/// A ticket that was found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SearchResult {
    /// `ticket-<uuid>`.
    pub ticket_id: String,
    /// `TKT-12`.
    pub key: String,
    /// Its title.
    pub title: String,
    /// The first 2,000 characters of its description.
    pub description: String,
    /// Its column.
    pub status: String,
    /// How urgent it is.
    pub priority: Priority,
    /// Its type.
    pub ticket_type: String,
    /// 0 to 1, 1 for the best.
    pub relevance_score: f64,
    /// title, tags, description, comments, key.
    pub matched_in: Vec<String>,
    /// HTML-escaped text around the match, with `<mark>` around what matched.
    pub preview: String,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// Who works on it.
    pub assigned_agent_id: Option<String>,
    /// Labels.
    pub tags: Vec<String>,
    /// Whether it is resolved.
    pub is_resolved: bool,
}

/// The answer to a search.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SearchAnswer {
    /// Always true.
    pub success: bool,
    /// What was asked.
    pub query: String,
    /// How it was searched.
    pub mode: SearchType,
    /// The best first.
    pub results: Vec<SearchResult>,
    /// How many match.
    pub total_found: i64,
    /// Milliseconds in the database.
    pub search_time_ms: f64,
}

/// Searches a workflow.
pub async fn tickets(db: &Db, caller: &Caller, input: &SearchTickets) -> Result<SearchAnswer> {
    let length = input.query.trim().chars().count();
    if !(1..=1000).contains(&length) {
        return Err(Error::invalid("query", "must have 1 to 1000 characters"));
    }
    let limit = input.limit.unwrap_or(10);
    if !(1..=50).contains(&limit) {
        return Err(Error::invalid("limit", "must be between 1 and 50"));
    }
    let filters = input.filters.clone().unwrap_or_default().to_sql()?;
    db.call(
        include_str!("../sql/queries/search/tickets.sql"),
        &[
            &caller.to_sql(),
            &input.workflow_id,
            &input.query,
            &filters,
            &limit,
            &input.include_comments.unwrap_or(true),
        ],
    )
    .await
}
