//! Finding tickets: by words, by meaning, or by both; what resembles a ticket or a draft of one.
//!
//! The meaning of a query is a vector that comes from `embeddings`, within a budget. Without it the search
//! goes by words, and the answer says so.

pub mod similar;
pub mod words;

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::embeddings::{Absent, Embeddings, QueryVector};
use crate::domain::saved_searches;
use crate::domain::tickets::Priority;
use crate::domain::tickets::read::Filters;
use crate::{Error, Result, sql_fn};

/// How long a search waits for the meaning of its query.
const BUDGET: Duration = Duration::from_millis(1500);

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

impl SearchType {
    /// The name SQL knows it by.
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
    /// The acting agent; searching changes nothing, so anyone may name one.
    pub agent_id: Option<String>,
    /// Words as people type them: `"exact phrase"`, `or`, `-without`. At most 1000 characters; may be empty
    /// where there are filters, which then find the newest that pass them.
    #[schema(max_length = 1000)]
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
    /// The title as HTML, escaped, with `<mark>` around what matched.
    pub highlighted_title: String,
    /// The first 2,000 characters of its description.
    pub description: String,
    /// Its column.
    pub status: String,
    /// How urgent it is.
    pub priority: Priority,
    /// Its type.
    pub ticket_type: String,
    /// How well it fits, 0 to 1.
    pub relevance_score: f64,
    /// How near its meaning is, from -1 to 1 (cosine); null where that was not compared.
    pub similarity: Option<f64>,
    /// title, tags, description, comments, key, meaning.
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
    /// Whether it waits for others.
    pub is_blocked: bool,
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
    /// How many were found; the best 100 of each way of searching are looked at.
    pub total_found: i64,
    /// Whether `total_found` is all there is.
    pub total_is_exact: bool,
    /// Milliseconds in the database.
    pub search_time_ms: f64,
    /// Whether tickets changed whose meaning is not taken in yet, or meaning could not be compared at all.
    pub stale_embeddings: bool,
    /// Why the search went another way than asked for.
    pub notice: Option<String>,
}

/// A vector as SQL takes it, and why there is none.
pub(crate) struct Meaning {
    pub found: Option<QueryVector>,
    pub notice: Option<String>,
}

impl Meaning {
    pub(crate) fn none() -> Self {
        Self { found: None, notice: None }
    }

    fn of(outcome: Result<QueryVector, Absent>) -> Self {
        match outcome {
            Ok(found) => Self { found: Some(found), notice: None },
            Err(absent) => Self { found: None, notice: Some(format!("{absent} The search went by words.")) },
        }
    }

    pub(crate) fn model(&self) -> Option<i64> {
        self.found.as_ref().map(|found| found.model)
    }

    pub(crate) fn vector(&self) -> Option<&pgvector::HalfVector> {
        self.found.as_ref().map(|found| &found.vector)
    }
}

/// Searches a workflow: the best 1 to 50.
pub async fn tickets(db: &Db, embeddings: &Embeddings, caller: &Caller, input: &SearchTickets) -> Result<SearchAnswer> {
    find(db, embeddings, caller, input, 10, 50).await
}

/// The same with other limits: what counts where none is given, and the most.
pub(crate) async fn find(
    db: &Db,
    embeddings: &Embeddings,
    caller: &Caller,
    input: &SearchTickets,
    usual: i32,
    most: i32,
) -> Result<SearchAnswer> {
    let filters = input.filters.clone().unwrap_or_default().to_sql()?;
    let length = input.query.trim().chars().count();
    if length > 1000 || length == 0 && filters.0 == serde_json::json!({}) {
        return Err(Error::invalid("query", "must have 1 to 1000 characters; it may be empty where there are filters"));
    }
    let limit = input.limit.unwrap_or(usual);
    if !(1..=most).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be between 1 and {most}")));
    }
    if length == 0 {
        return saved_searches::filtered(db, caller, input, limit).await;
    }
    let kind = input.search_type.unwrap_or_default();
    let meaning = match kind {
        SearchType::Keyword => Meaning::none(),
        SearchType::Semantic | SearchType::Hybrid => Meaning::of(embeddings.query(&input.query, BUDGET).await),
    };
    let mut answer: SearchAnswer = db
        .call(sql_fn!(search_tickets(
            caller: caller.to_sql(),
            workflow: input.workflow_id,
            query: input.query,
            search_type: kind.as_str(),
            filters: filters,
            max_rows: limit,
            include_comments: input.include_comments.unwrap_or(true),
            model: meaning.model(),
            vector: meaning.vector(),
        )))
        .await?;
    answer.notice = meaning.notice;
    Ok(answer)
}
