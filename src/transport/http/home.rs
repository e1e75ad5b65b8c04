//! `/api/home`: what needs the caller, and what happened since their last visit.

use actix_web::{get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Auth, Json, Query, Reply, Result, ServiceConfig};
use crate::Error;
use crate::app::AppState;
use crate::domain::home::{self, Home, MarkVisited, Visited};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(read).service(visited);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HomeQuery {
    /// Lists the items of this workflow only.
    workflow_id: Option<String>,
    /// Items of each section: 1 to 100. Defaults to 50.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<i32>,
}

/// What waits for the caller, failed, is stuck, mentions them, finished and expired, over all workflows of which they are a member.
///
/// What finished or expired is listed since the last visit that `POST /api/home/visited` recorded; the rest until it is dealt
/// with. Lists and `seq` are of one moment: follow each workflow's stream from its `seq` to learn when to read again. Mentions are
/// listed for people; agents have the MCP tool `wait_for_events`.
#[utoipa::path(tag = "Home", params(HomeQuery), responses((status = 200, body = Home)))]
#[get("/api/home")]
async fn read(state: web::Data<AppState>, auth: Auth, Query(query): Query<HomeQuery>) -> Result<Reply<Home>> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=100).contains(&limit) {
        return Err(Error::invalid("limit", "must be between 1 and 100").into());
    }
    Ok(Reply::ok(home::get(&state.db, &auth.caller(), query.workflow_id.as_deref(), limit).await?))
}

/// Records up to where the caller has seen workflows, and single items that are dealt with.
///
/// Cursors never move back, and the same request again changes nothing. After a restore from a backup an `epoch` of before is
/// refused with 409, and every cursor starts again.
#[utoipa::path(tag = "Home", request_body = MarkVisited, responses((status = 200, body = Visited)))]
#[post("/api/home/visited")]
async fn visited(state: web::Data<AppState>, auth: Auth, Json(input): Json<MarkVisited>) -> Result<Reply<Visited>> {
    Ok(Reply::ok(home::mark_visited(&state.db, &auth.caller(), &input).await?))
}
