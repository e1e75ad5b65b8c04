//! `GET /api/board/{workflow_id}`: a board with its position in the stream.

use actix_web::http::header::IF_NONE_MATCH;
use actix_web::{HttpRequest, get, web};

use crate::app::AppState;
use crate::domain::history::{self, Cursor, Room};
use crate::transport::http::problem::Result;
use crate::transport::http::{Auth, Path, RawReply};

/// A board's state and its position in the stream, read in one snapshot.
///
/// Follow it from `seq` over a socket or `/api/workflows/{id}/events`. The `ETag` is epoch and seq. `tickets` holds every
/// ticket of columns that are not done, and the last 200 of each done column; `left_out` names the done columns that have
/// more, with the number of those (counted to 10,000) and the `cursor` that continues in
/// `GET /api/tickets?status=…&sort_by=rank`. An event about a ticket that the board does not hold is about one of those: if
/// it changes the ticket's column, read the board again.
#[utoipa::path(tag = "live", params(("workflow_id" = String, Path, description = "The workflow")), responses(
    (status = 200, description = "`{epoch, seq, workflow, board_config, tickets, left_out, jobs}`", body = serde_json::Value),
    (status = 304, description = "Nothing has changed since the ETag in If-None-Match")))]
#[get("/api/board/{workflow_id}")]
pub async fn board(
    request: HttpRequest,
    path: Path<String>,
    auth: Auth,
    state: web::Data<AppState>,
) -> Result<RawReply> {
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

fn etag(Cursor { epoch, seq }: &Cursor) -> String {
    format!("W/\"{epoch}:{seq}\"")
}
