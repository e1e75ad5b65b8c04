//! Tickets that are similar to a ticket or to a draft.

use actix_web::{get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::AppState;
use crate::domain::search::similar::{self, CheckDuplicate, DuplicateCheck, RelatedTickets};
use crate::transport::http::{Auth, Json, Path, Query, Reply, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(check_duplicate).service(related);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct HowMany {
    /// 1 to 50. Defaults to 5.
    #[param(minimum = 1, maximum = 50)]
    limit: Option<i32>,
}

/// Checks whether a draft duplicates an existing ticket.
#[utoipa::path(tag = "Search", request_body = CheckDuplicate, responses((status = 200, body = DuplicateCheck)))]
#[post("/api/tickets/check-duplicate")]
async fn check_duplicate(
    state: web::Data<AppState>,
    auth: Auth,
    Json(input): Json<CheckDuplicate>,
) -> Result<Reply<DuplicateCheck>> {
    Ok(Reply::ok(similar::check_duplicate(&state.db, &state.embeddings, &auth.caller(), &input).await?))
}

/// Tickets that are similar to one, with their existing links to it.
#[utoipa::path(tag = "Search", params(HowMany), responses((status = 200, body = RelatedTickets)))]
#[get("/api/tickets/{id}/related")]
async fn related(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(how_many): Query<HowMany>,
) -> Result<Reply<RelatedTickets>> {
    Ok(Reply::ok(similar::related(&state.db, &auth.caller(), &id, how_many.limit).await?))
}
