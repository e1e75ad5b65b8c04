//! `GET /api/board/{workflow_id}`: a whole board with its place in the stream.

use actix_web::{get, web};

use crate::history::{self, Cursor, Room};
use crate::http::problem::Result;
use crate::http::{Auth, Path, RawReply, State};

/// A board's state and its place in the stream, in one read.
///
/// Follow it from `seq` over a socket or `/api/workflows/{id}/events`. The `ETag` is epoch and seq.
#[utoipa::path(tag = "live", params(("workflow_id" = String, Path, description = "The workflow")), responses(
    (status = 200, description = "`{epoch, seq, workflow, board_config, tickets}`", body = serde_json::Value),
    (status = 304, description = "Nothing has changed since the ETag in If-None-Match")))]
#[get("/api/board/{workflow_id}")]
pub async fn board(path: Path<String>, auth: Auth, state: web::Data<State>) -> Result<RawReply> {
    let snapshot = history::snapshot(&state.db, &auth.caller(), &Room::Workflow(path.0)).await?;
    let Cursor { epoch, seq } = snapshot.cursor;
    Ok(RawReply::ok(snapshot.body).etag(format!("W/\"{epoch}:{seq}\"")))
}
