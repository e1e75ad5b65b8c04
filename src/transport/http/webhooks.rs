//! `/api/webhooks…`: webhooks that send a workflow's events to registered URLs. For owners of the workflow.

use actix_web::{delete, get, patch, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Auth, Json, NoContent, Path, Query, Reply, Result, ServiceConfig};
use crate::Error;
use crate::app::AppState;
use crate::domain::webhooks::{
    self, CreateWebhook, CreatedWebhook, DeliveryList, RotateSecret, UpdateWebhook, Webhook, WebhookTested, Webhooks,
    dead_letters::{self, DeadLetters},
};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(create).service(list).service(get_one).service(update).service(remove);
    cfg.service(deliveries).service(test).service(resume).service(rotate_secret);
    cfg.service(list_dead_letters).service(replay).service(discard);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InWorkflow {
    /// The workflow.
    #[param(min_length = 1)]
    workflow_id: String,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Page {
    /// 1 to 200. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

fn page_size(limit: Option<i32>) -> crate::Result<i32> {
    match limit.unwrap_or(50) {
        limit @ 1..=200 => Ok(limit),
        _ => Err(Error::invalid("limit", "must be between 1 and 200")),
    }
}

/// Creates a webhook for events from now on, signed as Standard Webhooks describes. Only this response has the secret.
#[utoipa::path(tag = "Webhooks", request_body = CreateWebhook, responses(
    (status = 201, body = CreatedWebhook), (status = 409, description = "The limit of 20 per workflow is reached")))]
#[post("/api/webhooks")]
async fn create(
    state: web::Data<AppState>,
    auth: Auth,
    Json(input): Json<CreateWebhook>,
) -> Result<Reply<CreatedWebhook>> {
    Ok(Reply::created(state.webhooks.create(&state.db, &auth.caller(), &input).await?))
}

/// The webhooks of a workflow.
#[utoipa::path(tag = "Webhooks", params(InWorkflow), responses((status = 200, body = Webhooks)))]
#[get("/api/webhooks")]
async fn list(state: web::Data<AppState>, auth: Auth, Query(which): Query<InWorkflow>) -> Result<Reply<Webhooks>> {
    Ok(Reply::ok(webhooks::list(&state.db, &auth.caller(), &which.workflow_id).await?))
}

/// One webhook, with the position that it has reached.
#[utoipa::path(tag = "Webhooks", responses((status = 200, body = Webhook)))]
#[get("/api/webhooks/{id}")]
async fn get_one(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Webhook>> {
    Ok(Reply::ok(webhooks::get(&state.db, &auth.caller(), &id).await?))
}

/// Updates the given fields of a webhook.
#[utoipa::path(tag = "Webhooks", request_body = UpdateWebhook, responses((status = 200, body = Webhook)))]
#[patch("/api/webhooks/{id}")]
async fn update(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<UpdateWebhook>,
) -> Result<Reply<Webhook>> {
    Ok(Reply::ok(state.webhooks.update(&state.db, &auth.caller(), &id, &input).await?))
}

/// Deletes a webhook and its deliveries.
#[utoipa::path(tag = "Webhooks", responses((status = 204, description = "Deleted")))]
#[delete("/api/webhooks/{id}")]
async fn remove(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<NoContent> {
    webhooks::delete(&state.db, &auth.caller(), &id).await?;
    Ok(NoContent)
}

/// Deliveries of a webhook with their responses, newest first.
#[utoipa::path(tag = "Webhooks", params(Page), responses((status = 200, body = DeliveryList)))]
#[get("/api/webhooks/{id}/deliveries")]
async fn deliveries(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Reply<DeliveryList>> {
    Ok(Reply::ok(
        webhooks::deliveries(&state.db, &auth.caller(), &id, page_size(page.limit)?, page.cursor.as_deref()).await?,
    ))
}

/// Sends an event `webhook_test` at once, also to a stopped webhook.
#[utoipa::path(tag = "Webhooks", responses((status = 200, body = WebhookTested)))]
#[post("/api/webhooks/{id}/test")]
async fn test(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<WebhookTested>> {
    Ok(Reply::ok(state.webhooks.test(&state.db, &auth.caller(), &id).await?))
}

/// Resumes a stopped webhook from its position at once and resets its failure count.
#[utoipa::path(tag = "Webhooks", responses((status = 200, body = Webhook)))]
#[post("/api/webhooks/{id}/resume")]
async fn resume(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Webhook>> {
    let input = UpdateWebhook { active: Some(true), ..UpdateWebhook::default() };
    Ok(Reply::ok(state.webhooks.update(&state.db, &auth.caller(), &id, &input).await?))
}

/// Gives a webhook a new secret. Until the overlap ends, requests carry a signature with each secret. Only this response
/// has the new one.
#[utoipa::path(tag = "Webhooks", request_body = RotateSecret, responses((status = 200, body = CreatedWebhook)))]
#[post("/api/webhooks/{id}/rotate-secret")]
async fn rotate_secret(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<RotateSecret>,
) -> Result<Reply<CreatedWebhook>> {
    Ok(Reply::ok(webhooks::rotate_secret(&state.db, &auth.caller(), &id, &input).await?))
}

/// Events that the receiver refused and that were set aside, newest first.
#[utoipa::path(tag = "Webhooks", params(Page), responses((status = 200, body = DeadLetters)))]
#[get("/api/webhooks/{id}/dead-letters")]
async fn list_dead_letters(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(page): Query<Page>,
) -> Result<Reply<DeadLetters>> {
    let limit = page_size(page.limit)?;
    Ok(Reply::ok(dead_letters::list(&state.db, &auth.caller(), &id, limit, page.cursor.as_deref()).await?))
}

/// Sends a dead letter again at once, with the same `webhook-id`. An accepted one is removed from the list.
#[utoipa::path(tag = "Webhooks", responses(
    (status = 200, body = WebhookTested), (status = 410, description = "The event is no longer kept")))]
#[post("/api/webhooks/{id}/dead-letters/{dead_letter_id}/replay")]
async fn replay(
    state: web::Data<AppState>,
    auth: Auth,
    Path((id, letter)): Path<(String, String)>,
) -> Result<Reply<WebhookTested>> {
    Ok(Reply::ok(state.webhooks.replay(&state.db, &auth.caller(), &id, &letter).await?))
}

/// Discards a dead letter.
#[utoipa::path(tag = "Webhooks", responses((status = 204, description = "Discarded")))]
#[delete("/api/webhooks/{id}/dead-letters/{dead_letter_id}")]
async fn discard(
    state: web::Data<AppState>,
    auth: Auth,
    Path((id, letter)): Path<(String, String)>,
) -> Result<NoContent> {
    dead_letters::discard(&state.db, &auth.caller(), &id, &letter).await?;
    Ok(NoContent)
}
