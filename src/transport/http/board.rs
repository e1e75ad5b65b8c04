//! `GET /api/board/{workflow_id}`: a board with its position in the stream, now or at a time, and what changed in between.

use actix_web::http::header::IF_NONE_MATCH;
use actix_web::{HttpRequest, get, web};

use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Error;
use crate::app::AppState;
use crate::domain::history::{self, Cursor, Room};
use crate::domain::past_boards::{self, BoardChanges};
use crate::domain::times;
use crate::transport::http::problem::Result;
use crate::transport::http::{Auth, Path, Query, RawReply, Reply, ServiceConfig};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(board).service(changes);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct BoardQuery {
    /// The time of which the board is wanted. Defaults to now.
    #[param(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "times::optional")]
    at: Option<Timestamp>,
}

/// A board's state and its position in the stream, read in one snapshot.
///
/// Follow it from `seq` over a socket or `/api/workflows/{id}/events`. The `ETag` is epoch and seq. `tickets` holds every
/// ticket of columns that are not done, and the last 200 of each done column; `left_out` names the done columns that have
/// more, with the number of those (counted to 10,000) and the `cursor` that continues in
/// `GET /api/tickets?status=…&sort_by=rank`. An event about a ticket that the board does not hold is about one of those: if
/// it changes the ticket's column, read the board again.
///
/// With `at`, the board is that of a time in the past, replayed from history: its columns and tickets as they were then, `at`,
/// and `seq`, the last event that was committed by then. `jobs` is empty, and `left_out` has no cursors.
#[utoipa::path(tag = "live", params(("workflow_id" = String, Path, description = "The workflow"), BoardQuery), responses(
    (status = 200, description = "`{epoch, seq, workflow, board_config, tickets, left_out, jobs}`", body = serde_json::Value),
    (status = 304, description = "Nothing has changed since the ETag in If-None-Match")))]
#[get("/api/board/{workflow_id}")]
async fn board(
    request: HttpRequest,
    path: Path<String>,
    query: Query<BoardQuery>,
    auth: Auth,
    state: web::Data<AppState>,
) -> Result<RawReply> {
    if let Some(at) = query.0.at {
        let past = past_boards::board_at(&state.db, &auth.caller(), &path.0, at).await?;
        return Ok(RawReply::ok(past.body).etag(etag(&past.cursor)));
    }
    let (caller, room) = (auth.caller(), Room::Workflow(path.0));
    if request.headers().contains_key(IF_NONE_MATCH) {
        // Polling clients get 304 without a read of the board.
        let now = history::events_since(&state.db, &caller, &room, i64::MAX, None, 1).await?;
        let etag = etag(&Cursor { epoch: now.epoch, seq: now.last_seq });
        let known = request.headers().get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
        if known.flat_map(|value| value.split(',')).any(|known| known.trim() == etag) {
            return Ok(RawReply::ok(String::new()).etag(etag));
        }
    }
    let snapshot = history::snapshot(&state.db, &caller, &room).await?;
    Ok(RawReply::ok(snapshot.body).etag(etag(&snapshot.cursor)))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ChangesQuery {
    /// The earlier time.
    #[param(value_type = String, format = DateTime)]
    #[serde(default, deserialize_with = "times::optional")]
    from: Option<Timestamp>,
    /// The later time. Defaults to now.
    #[param(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "times::optional")]
    to: Option<Timestamp>,
}

/// How a board changed from one time to another: the tickets that came, left, or have other values, with each field before and
/// after.
///
/// Replayed from history. `rank` is a ticket's place in its column.
#[utoipa::path(tag = "live", params(("workflow_id" = String, Path, description = "The workflow"), ChangesQuery), responses(
    (status = 200, body = BoardChanges)))]
#[get("/api/board/{workflow_id}/changes")]
async fn changes(
    path: Path<String>,
    query: Query<ChangesQuery>,
    auth: Auth,
    state: web::Data<AppState>,
) -> Result<Reply<BoardChanges>> {
    let from = query.0.from.ok_or_else(|| Error::invalid("from", "is required"))?;
    Ok(Reply::ok(past_boards::changes(&state.db, &auth.caller(), &path.0, from, query.0.to).await?))
}

fn etag(Cursor { epoch, seq }: &Cursor) -> String {
    format!("W/\"{epoch}:{seq}\"")
}
