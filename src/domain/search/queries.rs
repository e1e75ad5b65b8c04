//! Searches tickets.

use std::time::Duration;

use serde_json::Value;
use tokio_postgres::types::Json;

use super::{SearchAnswer, SearchTickets, SearchType};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::embeddings::{Absent, Embeddings, QueryVector};
use crate::{Error, Result, sql_fn};

/// Time budget for embedding the query.
const EMBEDDING_BUDGET: Duration = Duration::from_millis(1500);

/// The embedding of a query, or the notice that explains its absence.
pub(crate) struct QueryEmbedding {
    found: Option<QueryVector>,
    pub(in crate::domain::search) notice: Option<String>,
}

impl QueryEmbedding {
    pub(crate) fn none() -> Self {
        Self { found: None, notice: None }
    }

    pub(in crate::domain::search) fn of(outcome: Result<QueryVector, Absent>) -> Self {
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

/// Searches a workflow; returns at most 50 results, 10 by default.
pub async fn tickets(db: &Db, embeddings: &Embeddings, caller: &Caller, input: &SearchTickets) -> Result<SearchAnswer> {
    find(db, embeddings, caller, input, 10, 50).await
}

/// Searches a workflow with a given default and maximum for `limit`.
pub(crate) async fn find(
    db: &Db,
    embeddings: &Embeddings,
    caller: &Caller,
    input: &SearchTickets,
    default_limit: i32,
    max_limit: i32,
) -> Result<SearchAnswer> {
    let filters = input.filters.clone().unwrap_or_default().to_sql("filters.")?;
    let length = input.query.trim().chars().count();
    if length > 1000 || length == 0 && filters.0 == serde_json::json!({}) {
        return Err(Error::invalid("query", "must have 1 to 1000 characters; it may be empty where there are filters"));
    }
    let limit = input.limit.unwrap_or(default_limit);
    if !(1..=max_limit).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be between 1 and {max_limit}")));
    }
    if length == 0 {
        return find_by_filters(db, caller, &input.workflow_id, &filters, limit).await;
    }
    let mode = input.search_type.unwrap_or_default();
    let embedding = match mode {
        SearchType::Keyword => QueryEmbedding::none(),
        SearchType::Semantic | SearchType::Hybrid => {
            QueryEmbedding::of(embeddings.query(&input.query, EMBEDDING_BUDGET).await)
        }
    };
    let mut answer: SearchAnswer = db
        .call(sql_fn!(search_tickets(
            caller: caller.to_sql(),
            workflow: input.workflow_id,
            query: input.query,
            search_type: mode.as_str(),
            filters: filters,
            max_rows: limit,
            include_comments: input.include_comments.unwrap_or(true),
            model: embedding.model(),
            vector: embedding.vector(),
        )))
        .await?;
    answer.notice = embedding.notice.or(answer.notice);
    Ok(answer)
}

/// The newest tickets that pass the filters; used for a search without words.
async fn find_by_filters(
    db: &Db,
    caller: &Caller,
    workflow: &str,
    filters: &Json<Value>,
    limit: i32,
) -> Result<SearchAnswer> {
    db.call(sql_fn!(search_by_filters(
        caller: caller.to_sql(),
        workflow: workflow,
        filters: filters,
        max_rows: limit,
    )))
    .await
}
