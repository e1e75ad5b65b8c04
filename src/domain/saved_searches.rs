//! Saved searches and recent searches.
//!
//! A saved search belongs to the authenticated actor; a shared one is visible to all members of its workflow.

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

/// A saved search.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SavedSearch {
    /// `search-<uuid>`.
    pub search_id: String,
    /// The workflow it searches.
    pub workflow_id: String,
    /// 1 to 100 characters, unique per owner.
    pub name: String,
    /// Search terms; empty if only filters are used.
    pub query: String,
    /// Search mode.
    pub search_type: SearchType,
    /// Ticket filters.
    pub filters: Filters,
    /// Whether to search comments too.
    pub include_comments: bool,
    /// Whether all members of the workflow may use it.
    pub shared: bool,
    /// Whether to publish an event for each ticket that starts to match.
    pub notify: bool,
    /// The owner.
    pub owner_id: String,
    /// The owner's name.
    pub owner_name: Option<String>,
    /// Creation time.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Time of the last change.
    #[schema(format = DateTime)]
    pub updated_at: String,
    /// The database epoch that `last_seq` belongs to.
    pub epoch: String,
    /// The last sequence number of its event stream; use it as the cursor to read new events.
    pub last_seq: i64,
}

/// A list of saved searches.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SavedSearches {
    /// The caller's own and those shared in the workflow, by name.
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
    /// Search terms; may be empty if there are filters.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub query: String,
    /// Search mode. Defaults to `hybrid`.
    pub search_type: Option<SearchType>,
    /// Ticket filters.
    pub filters: Option<Filters>,
    /// Whether to search comments too. Defaults to true.
    pub include_comments: Option<bool>,
    /// Whether all members of the workflow may use it; requires the role member or owner.
    pub shared: Option<bool>,
    /// Whether to publish an event for each ticket that starts to match.
    pub notify: Option<bool>,
}

/// `PATCH /api/searches/{id}`; omitted fields stay unchanged.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateSearch {
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    pub name: Option<String>,
    /// Search terms.
    #[schema(max_length = 1000)]
    pub query: Option<String>,
    /// Search mode.
    pub search_type: Option<SearchType>,
    /// Ticket filters; replaces all of them.
    pub filters: Option<Filters>,
    /// Whether to search comments too.
    pub include_comments: Option<bool>,
    /// Whether all members of the workflow may use it.
    pub shared: Option<bool>,
    /// Whether to publish an event for each ticket that starts to match.
    pub notify: Option<bool>,
}

/// A recent search.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecentSearch {
    /// Search terms.
    pub query: String,
    /// Search mode.
    pub search_type: SearchType,
    /// Ticket filters.
    pub filters: Filters,
    /// Time of the search.
    #[schema(format = DateTime)]
    pub searched_at: String,
}

/// The caller's recent searches.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct RecentSearches {
    /// The newest first, without repetitions, at most 20.
    pub searches: Vec<RecentSearch>,
}

/// `POST /api/searches/recent`
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NoteSearch {
    /// The workflow that was searched.
    pub workflow_id: String,
    /// Search terms; may be empty if there are filters.
    #[serde(default)]
    #[schema(max_length = 1000)]
    pub query: String,
    /// Search mode. Defaults to `hybrid`.
    pub search_type: Option<SearchType>,
    /// Ticket filters.
    pub filters: Option<Filters>,
}

fn filters_to_sql(filters: Option<&Filters>) -> Result<Json<serde_json::Value>> {
    filters.cloned().unwrap_or_default().to_sql("filters.")
}

/// Saves a search.
pub async fn save(db: &Db, caller: &Caller, input: &SaveSearch) -> Result<SavedSearch> {
    db.call(sql_fn!(save_search(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        name: input.name,
        query: input.query,
        search_type: input.search_type.map(SearchType::as_str),
        filters: filters_to_sql(input.filters.as_ref())?,
        include_comments: input.include_comments,
        shared: input.shared,
        notify: input.notify,
    )))
    .await
}

/// Saved searches of a workflow that are visible to the caller.
pub async fn list(db: &Db, caller: &Caller, workflow: &str) -> Result<SavedSearches> {
    db.call(sql_fn!(list_searches(caller: caller.to_sql(), workflow: workflow))).await
}

/// One saved search.
pub async fn get(db: &Db, caller: &Caller, search: &str) -> Result<SavedSearch> {
    db.call(sql_fn!(get_search(caller: caller.to_sql(), search: search))).await
}

/// Changes a saved search.
pub async fn update(db: &Db, caller: &Caller, search: &str, input: &UpdateSearch) -> Result<SavedSearch> {
    let filters = input.filters.as_ref().map(|filters| filters.to_sql("filters.")).transpose()?.map(|json| json.0);
    let mut changes = serde_json::json!({
        "name": input.name, "query": input.query, "search_type": input.search_type, "filters": filters,
        "include_comments": input.include_comments, "shared": input.shared, "notify": input.notify,
    });
    if let Some(changes) = changes.as_object_mut() {
        changes.retain(|_, value| !value.is_null());
    }
    db.call(sql_fn!(update_search(caller: caller.to_sql(), search: search, changes: Json(changes)))).await
}

/// Deletes a saved search.
pub async fn delete(db: &Db, caller: &Caller, search: &str) -> Result<()> {
    db.execute(sql_fn!(delete_search(caller: caller.to_sql(), search: search))).await
}

/// Runs a saved search and returns its best `limit` results.
pub async fn results(
    db: &Db,
    embeddings: &Embeddings,
    caller: &Caller,
    search: &str,
    limit: i32,
) -> Result<SearchAnswer> {
    let saved = get(db, caller, search).await?;
    let request = SearchTickets {
        workflow_id: saved.workflow_id,
        agent_id: None,
        query: saved.query,
        search_type: Some(saved.search_type),
        filters: Some(saved.filters),
        limit: Some(limit),
        include_comments: Some(saved.include_comments),
    };
    search::tickets(db, embeddings, caller, &request).await
}

/// The caller's recent searches.
pub async fn recent(db: &Db, caller: &Caller, workflow: &str) -> Result<RecentSearches> {
    db.call(sql_fn!(list_recent_searches(caller: caller.to_sql(), workflow: workflow))).await
}

/// Records a search in the caller's recent searches.
pub async fn note(db: &Db, caller: &Caller, input: &NoteSearch) -> Result<RecentSearches> {
    db.call(sql_fn!(record_recent_search(
        caller: caller.to_sql(),
        workflow: input.workflow_id,
        query: input.query,
        search_type: input.search_type.map(SearchType::as_str),
        filters: filters_to_sql(input.filters.as_ref())?,
    )))
    .await
}

/// Clears the caller's recent searches.
pub async fn forget(db: &Db, caller: &Caller, workflow: &str) -> Result<()> {
    db.execute(sql_fn!(clear_recent_searches(caller: caller.to_sql(), workflow: workflow))).await
}
