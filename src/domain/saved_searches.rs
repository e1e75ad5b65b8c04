//! Saved searches, and what somebody searched for lately.
//!
//! A saved search belongs to whoever authenticated; a shared one is there for everybody in its workflow.

pub mod matching;

use serde::{Deserialize, Serialize};
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::embeddings::Embeddings;
use crate::domain::search::{self, SearchAnswer, SearchTickets, SearchType};
use crate::domain::tickets::read::Filters;
use crate::{Result, sql_fn};

/// A search somebody keeps.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SavedSearch {
    /// `search-<uuid>`.
    pub search_id: String,
    /// Where it searches.
    pub workflow_id: String,
    /// 1 to 100 characters, each name once for its owner.
    pub name: String,
    /// Words; empty where the filters say it all.
    pub query: String,
    /// How to search.
    pub search_type: SearchType,
    /// Which tickets.
    pub filters: Filters,
    /// Whether comments count.
    pub include_comments: bool,
    /// Whether everybody in the workflow may use it.
    pub shared: bool,
    /// Whether its stream tells of each ticket that starts to match.
    pub notify: bool,
    /// Who keeps it.
    pub owner_id: String,
    /// Their name.
    pub owner_name: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// The life of the database that `last_seq` belongs to.
    pub epoch: String,
    /// The last number of its stream: a cursor to ask for events from.
    pub last_seq: i64,
}

/// Saved searches.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SavedSearches {
    /// One's own and those shared in the workflow, by name.
    pub searches: Vec<SavedSearch>,
}

/// `POST /api/searches`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SaveSearch {
    /// The workflow to search.
    pub workflow_id: String,
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// Words as people type them; may be empty where there are filters.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub query: String,
    /// How to search; hybrid where left out.
    pub search_type: Option<SearchType>,
    /// Which tickets.
    pub filters: Option<Filters>,
    /// Whether comments count; true where left out.
    pub include_comments: Option<bool>,
    /// Whether everybody in the workflow may use it; members may share.
    pub shared: Option<bool>,
    /// Whether its stream tells of each ticket that starts to match.
    pub notify: Option<bool>,
}

/// `PATCH /api/searches/{id}`: what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateSearch {
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// Words.
    #[schema(max_length = 1000)]
    pub query: Option<String>,
    /// How to search.
    pub search_type: Option<SearchType>,
    /// Which tickets; all filters anew.
    pub filters: Option<Filters>,
    /// Whether comments count.
    pub include_comments: Option<bool>,
    /// Whether everybody in the workflow may use it.
    pub shared: Option<bool>,
    /// Whether its stream tells of each ticket that starts to match.
    pub notify: Option<bool>,
}

/// Something that was searched for.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecentSearch {
    /// The words.
    pub query: String,
    /// How it was searched.
    pub search_type: SearchType,
    /// Which tickets.
    pub filters: Filters,
    /// When.
    #[schema(format = DateTime)]
    pub searched_at: String,
}

/// What the caller searched for lately.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecentSearches {
    /// The newest first, each once, at most 20.
    pub searches: Vec<RecentSearch>,
}

/// `POST /api/searches/recent`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteSearch {
    /// The workflow that was searched.
    pub workflow_id: String,
    /// The words; may be empty where there are filters.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub query: String,
    /// How it was searched; hybrid where left out.
    pub search_type: Option<SearchType>,
    /// Which tickets.
    pub filters: Option<Filters>,
}

/// The name SQL knows it by.
fn kind(search_type: SearchType) -> &'static str {
    match search_type {
        SearchType::Semantic => "semantic",
        SearchType::Keyword => "keyword",
        SearchType::Hybrid => "hybrid",
    }
}

fn filters(given: &Option<Filters>) -> Result<Json<serde_json::Value>> {
    given.clone().unwrap_or_default().to_sql()
}

/// Keeps a search.
pub async fn save(db: &Db, caller: &Caller, input: &SaveSearch) -> Result<SavedSearch> {
    db.call(sql_fn!(save_search(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        name: input.name,
        query: input.query,
        search_type: input.search_type.map(kind),
        filters: filters(&input.filters)?,
        include_comments: input.include_comments,
        shared: input.shared,
        notify: input.notify,
    )))
    .await
}

/// The searches of a workflow that the caller may use.
pub async fn list(db: &Db, caller: &Caller, workflow: &str) -> Result<SavedSearches> {
    db.call(sql_fn!(list_searches(caller: caller.to_sql(), workflow: workflow))).await
}

/// One search.
pub async fn get(db: &Db, caller: &Caller, search: &str) -> Result<SavedSearch> {
    db.call(sql_fn!(get_search(caller: caller.to_sql(), search: search))).await
}

/// Changes a search.
pub async fn update(db: &Db, caller: &Caller, search: &str, input: &UpdateSearch) -> Result<SavedSearch> {
    let filters = input.filters.as_ref().map(Filters::to_sql).transpose()?.map(|json| json.0);
    let mut changes = serde_json::json!({
        "name": input.name, "query": input.query, "search_type": input.search_type, "filters": filters,
        "include_comments": input.include_comments, "shared": input.shared, "notify": input.notify,
    });
    if let Some(changes) = changes.as_object_mut() {
        changes.retain(|_, value| !value.is_null());
    }
    db.call(sql_fn!(update_search(caller: caller.to_sql(), search: search, changes: Json(changes)))).await
}

/// Deletes a search.
pub async fn delete(db: &Db, caller: &Caller, search: &str) -> Result<()> {
    db.execute(sql_fn!(delete_search(caller: caller.to_sql(), search: search))).await
}

/// What a saved search finds now, the best `limit`.
pub async fn results(
    db: &Db,
    embeddings: &Embeddings,
    caller: &Caller,
    search: &str,
    limit: i32,
) -> Result<SearchAnswer> {
    let saved = get(db, caller, search).await?;
    let wanted = SearchTickets {
        workflow_id: saved.workflow_id,
        agent_id: None,
        query: saved.query,
        search_type: Some(saved.search_type),
        filters: Some(saved.filters),
        limit: Some(limit),
        include_comments: Some(saved.include_comments),
    };
    search::tickets(db, embeddings, caller, &wanted).await
}

/// The newest tickets that pass the filters, as results of a search without words.
pub(crate) async fn filtered(db: &Db, caller: &Caller, wanted: &SearchTickets, limit: i32) -> Result<SearchAnswer> {
    db.call(sql_fn!(search_by_filters(
        caller: caller.to_sql(),
        workflow: wanted.workflow_id,
        filters: filters(&wanted.filters)?,
        max_rows: limit,
    )))
    .await
}

/// What the caller searched for lately.
pub async fn recent(db: &Db, caller: &Caller, workflow: &str) -> Result<RecentSearches> {
    db.call(sql_fn!(list_recent_searches(caller: caller.to_sql(), workflow: workflow))).await
}

/// Notes what the caller searched for.
pub async fn note(db: &Db, caller: &Caller, input: &NoteSearch) -> Result<RecentSearches> {
    db.call(sql_fn!(record_recent_search(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        query: input.query,
        search_type: input.search_type.map(kind),
        filters: filters(&input.filters)?,
    )))
    .await
}

/// Forgets what the caller searched for.
pub async fn forget(db: &Db, caller: &Caller, workflow: &str) -> Result<()> {
    db.execute(sql_fn!(clear_recent_searches(caller: caller.to_sql(), workflow: workflow))).await
}
