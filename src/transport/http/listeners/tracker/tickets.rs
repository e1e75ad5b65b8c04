//! Reading tickets.

use std::collections::HashMap;

use actix_web::web;
use serde_json::{Value, json};

use super::{Listener, input_of, value_of, workflow_of};
use crate::Error;
use crate::app::AppState;
use crate::compat::tracker;
use crate::domain::approvals::reviews;
use crate::domain::tickets::Card;
use crate::domain::tickets::read::{self, Filters, SortBy, SortOrder};
use crate::domain::{commits, search, workflows};
use crate::transport::http::listeners::Routes;
use crate::transport::http::{Auth, Json, Path, Query, Reply, Result};

/// The most tickets that a list without a limit has.
const MAX_BOARD: usize = 5000;
/// The tickets of one page of the main API.
const PAGE: i32 = 200;

pub(super) fn configure(routes: &mut Routes) {
    routes.get("/tickets", list).get("/tickets/get", list);
    routes.post("/tickets/search", find).get("/tickets/pending-review-count", pending);
    routes.get("/tickets/board-config/{workflow}", board_config);
    routes.get("/tickets/stats/{workflow}", stats);
    routes.get("/tickets/commit-diff/{sha}", commit_diff);
    routes.get("/tickets/{id}", get_one);
}

/// The tickets of a board; without a limit all of them, also the done ones.
async fn list(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Query(given): Query<Vec<(String, String)>>,
) -> Result<Reply<Value>> {
    let caller = auth.caller();
    let filters: Filters = input_of(&tracker::list_filters(&given))?;
    let query: HashMap<String, String> = given.into_iter().collect();
    let workflow = workflow_of(&state, &listener, &caller, query.get("workflow_id").map(String::as_str)).await?;
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<i32>().ok());
    let word = |name: &str, otherwise: &str| json!(query.get(name).map_or(otherwise, String::as_str));
    let by: SortBy = serde_json::from_value(word("sort_by", "created_at")).unwrap_or_default();
    let order: SortOrder = serde_json::from_value(word("sort_order", "desc")).unwrap_or_default();
    let limit = number("limit").map(|limit| limit.clamp(1, PAGE));
    let mut offset = number("offset").unwrap_or(0).clamp(0, 1_000_000);
    let (mut cards, mut cursor): (Vec<Card>, Option<String>) = (Vec::new(), None);
    loop {
        let size = limit.unwrap_or(PAGE);
        let page =
            read::list(&state.db, &caller, &workflow, &filters, by, order, size, offset, cursor.as_deref()).await?;
        cards.extend(page.tickets);
        if limit.is_some() || page.next_cursor.is_none() || cards.len() >= MAX_BOARD {
            let rows = cards.iter().map(value_of).collect::<crate::Result<Vec<Value>>>()?;
            return Ok(Reply::ok(tracker::list(&rows, page.total_count, page.has_more)));
        }
        (offset, cursor) = (0, page.next_cursor);
    }
}

async fn find(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Json(body): Json<Value>,
) -> Result<Reply<Value>> {
    let (mut asked, resolved) = tracker::search(&body);
    asked["workflow_id"] = workflow_of(&state, &listener, &auth.caller(), body["workflow_id"].as_str()).await?.into();
    let mut answer = search::tickets(&state.db, &state.embeddings, &auth.caller(), &input_of(&asked)?).await?;
    if let Some(resolved) = resolved {
        answer.results.retain(|result| result.is_resolved == resolved);
        answer.total_found = answer.results.len() as i64;
    }
    Ok(Reply::ok(value_of(&answer)?))
}

async fn pending(
    state: web::Data<AppState>,
    auth: Auth,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Reply<reviews::PendingReviews>> {
    let workflow = query.get("workflow_id").map(String::as_str).filter(|id| !id.is_empty());
    Ok(Reply::ok(reviews::pending(&state.db, &auth.caller(), workflow).await?))
}

async fn board_config(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Value>> {
    Ok(Reply::ok(value_of(&workflows::board_config(&state.db, &auth.caller(), &id).await?)?))
}

async fn stats(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Value>> {
    Ok(Reply::ok(value_of(&read::stats(&state.db, &auth.caller(), &id, None).await?)?))
}

async fn commit_diff(state: web::Data<AppState>, auth: Auth, Path(sha): Path<String>) -> Result<Reply<Value>> {
    Ok(Reply::ok(value_of(&commits::diff(&state.db, &state.config, &auth.caller(), &sha, None).await?)?))
}

async fn get_one(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Path(id): Path<String>,
) -> Result<Reply<Value>> {
    let caller = auth.caller();
    // A key of a ticket is looked up in the default workflow.
    let workflow =
        if id.starts_with("ticket-") { None } else { Some(workflow_of(&state, &listener, &caller, None).await?) };
    let read = read::get(&state.db, &caller, &id, workflow.as_deref()).await.map_err(|error| {
        match error.as_problem().status {
            404 => Error::problem(
                404,
                "not_found",
                format!("Ticket {} not found.", id.chars().take(100).collect::<String>()),
            ),
            _ => error,
        }
    })?;
    Ok(Reply::ok(tracker::detail(&value_of(&read)?)))
}
