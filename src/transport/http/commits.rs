//! `/api/internal/commits`: what git hooks tell.

use actix_web::{post, web};

use super::{Auth, Json, Reply, Result, ServiceConfig};
use crate::app::AppState;
use crate::domain::commits::references::{self, CommitsLinked, NewCommits};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(tell);
}

/// Links commits to the tickets that their messages name (`TKT-123`). Told again, nothing changes and nobody is told.
/// `callboard commit-hook` prints a git hook that calls this.
///
/// Without a workflow, a key means the ticket of that number in the one workflow that the caller may write in and that
/// has one; of several, the caller's default workflow. Other tickets look absent: they are listed in `unknown`.
#[utoipa::path(tag = "Commits", operation_id = "link_references", request_body = NewCommits, responses(
    (status = 200, body = CommitsLinked)))]
#[post("/api/internal/commits")]
async fn tell(state: web::Data<AppState>, auth: Auth, Json(input): Json<NewCommits>) -> Result<Reply<CommitsLinked>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(references::link(&state.db, &caller, &input).await?))
}
