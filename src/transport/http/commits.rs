//! `/api/internal/commits`: commits reported by git hooks.

use actix_web::{post, web};

use super::{Auth, Json, Reply, Result, ServiceConfig};
use crate::app::AppState;
use crate::domain::commits::references::{self, CommitsLinked, NewCommits};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(link);
}

/// Links commits to the tickets that their messages name (`TKT-123`). Idempotent. `callboard commit-hook` prints a git
/// hook that calls this.
///
/// Without a workflow, a key is looked up in all workflows in which the caller may write; if several match, in the
/// caller's default workflow. Other keys are listed in `unknown`.
#[utoipa::path(tag = "Commits", request_body = NewCommits, responses(
    (status = 200, body = CommitsLinked)))]
#[post("/api/internal/commits")]
async fn link(state: web::Data<AppState>, auth: Auth, Json(input): Json<NewCommits>) -> Result<Reply<CommitsLinked>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(references::link(&state.db, &caller, &input).await?))
}
