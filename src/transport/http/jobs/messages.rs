//! `/api/job-messages…`: transcripts.

use actix_web::{delete, get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{page_size, words};
use crate::Error;
use crate::app::AppState;
use crate::domain::jobs::messages::{self, Message, MessageFilter, Messages, PostMessage};
use crate::transport::http::{Auth, Json, NoContent, Path, Query, Reply, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(post_one).service(remove);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// The job.
    #[param(min_length = 1)]
    job_id: String,
    /// chat, step, log; comma-separated.
    kind: Option<String>,
    /// Only lines after this `order`.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// Only the last lines before this `order`, in order.
    #[param(minimum = 1)]
    before: Option<i64>,
    /// 1 to 200. Defaults to 100.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i64>,
}

/// A job's transcript, in order.
#[utoipa::path(tag = "Jobs", params(ListQuery), responses((status = 200, body = Messages)))]
#[get("/api/job-messages")]
async fn list(state: web::Data<AppState>, auth: Auth, Query(query): Query<ListQuery>) -> Result<Reply<Messages>> {
    if query.after.is_some_and(|after| after < 0) {
        return Err(Error::invalid("after", "must not be negative").into());
    }
    let filter = MessageFilter {
        kinds: words(query.kind.as_ref()),
        job_id: query.job_id,
        after: query.after.unwrap_or(0),
        before: query.before,
        limit: page_size(query.limit, 100)?,
    };
    Ok(Reply::ok(messages::list(&state.db, &auth.caller(), &filter).await?))
}

/// Adds a line to a job's transcript, as a member; workers use `POST /api/jobs/{id}/messages`.
#[utoipa::path(tag = "Jobs", request_body = PostMessage, responses((status = 201, body = Message)))]
#[post("/api/job-messages")]
async fn post_one(state: web::Data<AppState>, auth: Auth, Json(input): Json<PostMessage>) -> Result<Reply<Message>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::created(messages::post(&state.db, &caller, &input).await?))
}

/// Deletes a transcript line. Requires its author or an owner of the workflow.
#[utoipa::path(tag = "Jobs", responses((status = 204, description = "Deleted")))]
#[delete("/api/job-messages/{id}")]
async fn remove(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<NoContent> {
    messages::delete(&state.db, &auth.caller(), &id).await?;
    Ok(NoContent)
}
