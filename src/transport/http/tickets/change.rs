//! Creating, updating, deleting; comments.

use actix_web::{delete, patch, post, put, web};

use crate::app::AppState;
use crate::domain::comments::{self, AddComment, Comment, CommentDeleted, Commented, EditComment};
use crate::domain::tickets::Done;
use crate::domain::tickets::change::{self, BlockersSet, CreateTicket, Created, SetBlockers, UpdateTicket, Updated};
use crate::transport::http::{Auth, Json, Path, Reply, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(create)
        .service(update)
        .service(set_blockers)
        .service(comment)
        .service(edit_comment)
        .service(delete_comment)
        .service(react)
        .service(remove_reaction)
        .service(remove);
}

/// Creates a ticket.
#[utoipa::path(tag = "Tickets", request_body = CreateTicket, responses((status = 200, body = Created)))]
#[post("/api/tickets/create")]
async fn create(state: web::Data<AppState>, auth: Auth, Json(input): Json<CreateTicket>) -> Result<Reply<Created>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(change::create(&state.db, &state.embeddings, &caller, &input).await?))
}

/// Updates the given fields of a ticket; to move it, use change-status.
#[utoipa::path(tag = "Tickets", request_body = UpdateTicket, responses((status = 200, body = Updated)))]
#[post("/api/tickets/update")]
async fn update(state: web::Data<AppState>, auth: Auth, Json(input): Json<UpdateTicket>) -> Result<Reply<Updated>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(change::update(&state.db, &state.embeddings, &caller, input).await?))
}

/// Replaces the tickets that block one.
#[utoipa::path(tag = "Tickets", request_body = SetBlockers, responses((status = 200, body = BlockersSet)))]
#[post("/api/tickets/set-blockers")]
async fn set_blockers(
    state: web::Data<AppState>,
    auth: Auth,
    Json(input): Json<SetBlockers>,
) -> Result<Reply<BlockersSet>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(change::set_blockers(&state.db, &caller, &input).await?))
}

/// Adds a comment.
#[utoipa::path(tag = "Comments", request_body = AddComment, responses((status = 200, body = Commented)))]
#[post("/api/tickets/comment")]
async fn comment(state: web::Data<AppState>, auth: Auth, Json(input): Json<AddComment>) -> Result<Reply<Commented>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(comments::add(&state.db, &caller, &input).await?))
}

/// Changes a comment's text. Requires its author or an owner.
#[utoipa::path(tag = "Comments", request_body = EditComment, responses((status = 200, body = Comment)))]
#[patch("/api/comments/{id}")]
async fn edit_comment(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<EditComment>,
) -> Result<Reply<Comment>> {
    Ok(Reply::ok(comments::edit(&state.db, &auth.caller(), &id, &input).await?))
}

/// Deletes a comment. Requires its author or an owner. Its text stays in history.
#[utoipa::path(tag = "Comments", responses((status = 200, body = CommentDeleted)))]
#[delete("/api/comments/{id}")]
async fn delete_comment(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
) -> Result<Reply<CommentDeleted>> {
    Ok(Reply::ok(comments::delete(&state.db, &auth.caller(), &id).await?))
}

/// Adds a reaction to a comment.
#[utoipa::path(tag = "Comments", responses((status = 200, body = Comment)))]
#[put("/api/comments/{id}/reactions/{emoji}")]
async fn react(
    state: web::Data<AppState>,
    auth: Auth,
    Path((id, emoji)): Path<(String, String)>,
) -> Result<Reply<Comment>> {
    Ok(Reply::ok(comments::react(&state.db, &auth.caller(), &id, &emoji, true).await?))
}

/// Removes a reaction.
#[utoipa::path(tag = "Comments", responses((status = 200, body = Comment)))]
#[delete("/api/comments/{id}/reactions/{emoji}")]
async fn remove_reaction(
    state: web::Data<AppState>,
    auth: Auth,
    Path((id, emoji)): Path<(String, String)>,
) -> Result<Reply<Comment>> {
    Ok(Reply::ok(comments::react(&state.db, &auth.caller(), &id, &emoji, false).await?))
}

/// Deletes a ticket; it can be restored.
#[utoipa::path(tag = "Tickets", responses((status = 200, body = Done)))]
#[delete("/api/tickets/{id}")]
async fn remove(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Done>> {
    Ok(Reply::ok(change::delete(&state.db, &auth.caller(), &id).await?))
}
