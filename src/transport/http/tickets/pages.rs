//! Pages of a ticket's past: its comments, changes and commits.

use actix_web::{get, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::domain::tickets::read::{self, ChangePage, CommentPage, CommitPage};
use crate::transport::http::{Auth, Path, Query, Reply, Result, ServiceConfig};
use crate::{Error, Result as CoreResult};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(comments).service(history).service(commits);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct PageQuery {
    /// 1 to 200. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i32>,
    /// `next_cursor` of the previous page, or the one in `next_cursors` of the ticket.
    cursor: Option<String>,
}

impl PageQuery {
    fn size(&self) -> CoreResult<i32> {
        let limit = self.limit.unwrap_or(50);
        if (1..=200).contains(&limit) { Ok(limit) } else { Err(Error::invalid("limit", "must be between 1 and 200")) }
    }
}

/// A ticket's comments, the newest first by page, oldest first within it.
#[utoipa::path(tag = "Comments", params(PageQuery), responses((status = 200, body = CommentPage)))]
#[get("/api/tickets/{id}/comments")]
async fn comments(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Reply<CommentPage>> {
    let cursor = query.cursor.as_deref();
    Ok(Reply::ok(read::comments(&state.db, &auth.caller(), &id, None, query.size()?, cursor).await?))
}

/// A ticket's changes, the newest first by page, oldest first within it; without messages and progress of its jobs.
#[utoipa::path(tag = "Tickets", params(PageQuery), responses((status = 200, body = ChangePage)))]
#[get("/api/tickets/{id}/history")]
async fn history(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Reply<ChangePage>> {
    Ok(Reply::ok(read::changes(&state.db, &auth.caller(), &id, query.size()?, query.cursor.as_deref()).await?))
}

/// A ticket's commits, the newest first by page, oldest first within it.
#[utoipa::path(tag = "Commits", params(PageQuery), responses((status = 200, body = CommitPage)))]
#[get("/api/tickets/{id}/commits")]
async fn commits(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(query): Query<PageQuery>,
) -> Result<Reply<CommitPage>> {
    Ok(Reply::ok(read::commits(&state.db, &auth.caller(), &id, query.size()?, query.cursor.as_deref()).await?))
}
