//! `/api/security-events`: who signed in, made keys, changed members, exported.

use actix_web::{get, web};
use jiff::Timestamp;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Auth, Query, Reply, Result, ServiceConfig};
use crate::app::AppState;
use crate::domain::security_events::{self, KINDS, SecurityEventFilter, SecurityEvents};
use crate::domain::times;
use crate::{Error, Result as CoreResult};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Of this workflow, for its owners. Defaults to the whole installation, for administrators.
    workflow_id: Option<String>,
    /// Kinds, comma-separated, e.g. `sign_in_failed,key_created`.
    kind: Option<String>,
    /// By or about this actor, by id.
    actor: Option<String>,
    /// From this time on.
    #[param(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "times::optional")]
    since: Option<Timestamp>,
    /// Before this time.
    #[param(value_type = Option<String>, format = DateTime)]
    #[serde(default, deserialize_with = "times::optional")]
    until: Option<Timestamp>,
    /// 1 to 200. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i32>,
    /// `next_cursor` of the previous page.
    cursor: Option<String>,
}

fn kinds(given: Option<&str>) -> CoreResult<Option<Vec<String>>> {
    let Some(given) = given else { return Ok(None) };
    let kinds: Vec<String> = given.split(',').map(|kind| kind.trim().to_owned()).collect();
    match kinds.iter().find(|kind| !KINDS.contains(&kind.as_str())) {
        Some(_) => Err(Error::invalid("kind", format!("must list kinds among {}", KINDS.join(", ")))),
        None => Ok(Some(kinds)),
    }
}

/// Security events, newest first: of one workflow for its owners, of the installation for administrators. Keys need the scope
/// `manage`.
#[utoipa::path(tag = "security events", params(ListQuery), responses(
    (status = 200, body = SecurityEvents)))]
#[get("/api/security-events")]
async fn list(state: web::Data<AppState>, auth: Auth, Query(query): Query<ListQuery>) -> Result<Reply<SecurityEvents>> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Error::invalid("limit", "must be between 1 and 200").into());
    }
    let filter = SecurityEventFilter {
        kinds: kinds(query.kind.as_deref())?,
        workflow_id: query.workflow_id,
        actor: query.actor,
        since: query.since,
        until: query.until,
    };
    Ok(Reply::ok(security_events::list(&state.db, &auth.caller(), &filter, limit, query.cursor.as_deref()).await?))
}
