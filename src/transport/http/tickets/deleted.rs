//! Deleted and archived tickets.

use actix_web::{get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::Error;
use crate::app::AppState;
use crate::domain::tickets::Done;
use crate::domain::tickets::deleted::{self, DeletedTickets};
use crate::transport::http::{Auth, Path, Query, Reply, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(restore);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// 1 to 200. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RestoreQuery {
    /// The workflow, if the ticket is given by key or number.
    workflow_id: Option<String>,
}

/// The deleted and archived tickets of a workflow, those deleted last first. `/api/tickets/{id}/restore` brings one back.
#[utoipa::path(tag = "Tickets", params(ListQuery), responses((status = 200, body = DeletedTickets)))]
#[get("/api/workflows/{id}/deleted-tickets")]
async fn list(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Reply<DeletedTickets>> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Error::invalid("limit", "must be between 1 and 200").into());
    }
    Ok(Reply::ok(deleted::list(&state.db, &auth.caller(), &id, limit, query.cursor.as_deref()).await?))
}

/// Restores a deleted or archived ticket.
#[utoipa::path(tag = "Tickets", params(RestoreQuery), responses((status = 200, body = Done)))]
#[post("/api/tickets/{id}/restore")]
async fn restore(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(query): Query<RestoreQuery>,
) -> Result<Reply<Done>> {
    Ok(Reply::ok(deleted::restore(&state.db, &auth.caller(), &id, query.workflow_id.as_deref()).await?))
}
