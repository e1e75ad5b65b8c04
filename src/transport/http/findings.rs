//! `/api/workflows/{id}/findings` and their thresholds.

use actix_web::{get, patch, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Auth, Json, Path, Query, Reply, Result, ServiceConfig};
use crate::app::AppState;
use crate::domain::findings::{self, FindingKind, FindingThresholds, Findings, SetFindingThresholds};
use crate::{Error, Result as CoreResult};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(thresholds).service(set_thresholds);
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListQuery {
    /// Kinds, comma-separated, e.g. `stuck,blocked`. Defaults to all.
    kind: Option<String>,
    /// 1 to 200. Defaults to 50.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<i32>,
}

fn kinds(given: Option<&str>) -> CoreResult<Option<Vec<FindingKind>>> {
    let Some(given) = given else { return Ok(None) };
    let kinds = given.split(',').map(|kind| FindingKind::parse(kind.trim())).collect::<Option<Vec<_>>>();
    match kinds {
        Some(kinds) => Ok(Some(kinds)),
        None => {
            let known = FindingKind::ALL.map(FindingKind::as_str).join(", ");
            Err(Error::invalid("kind", format!("must list kinds among {known}")))
        }
    }
}

/// What somebody should look at in a workflow: tickets that are stuck, blocked, urgent and unassigned or probably duplicates,
/// agents that are silent or overloaded, and jobs that no worker takes.
///
/// Read from the board as it is now, except for duplicates, which are found by comparing changed tickets in the background.
/// The events `finding_opened` and `finding_closed` follow within a minute while the workflow changes, and otherwise within
/// ten.
#[utoipa::path(tag = "Workflows", params(ListQuery), responses((status = 200, body = Findings)))]
#[get("/api/workflows/{id}/findings")]
async fn list(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(query): Query<ListQuery>,
) -> Result<Reply<Findings>> {
    let limit = query.limit.unwrap_or(50);
    if !(1..=200).contains(&limit) {
        return Err(Error::invalid("limit", "must be between 1 and 200").into());
    }
    let kinds = kinds(query.kind.as_deref())?;
    Ok(Reply::ok(findings::list(&state.db, &auth.caller(), &id, kinds.as_deref(), limit).await?))
}

/// The thresholds from which something counts as a finding.
#[utoipa::path(tag = "Workflows", responses((status = 200, body = FindingThresholds)))]
#[get("/api/workflows/{id}/finding-thresholds")]
async fn thresholds(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
) -> Result<Reply<FindingThresholds>> {
    Ok(Reply::ok(findings::thresholds(&state.db, &auth.caller(), &id).await?))
}

/// Changes the given thresholds; 0 turns a kind of finding off. Requires an owner.
#[utoipa::path(tag = "Workflows", request_body = SetFindingThresholds, responses((status = 200, body = FindingThresholds)))]
#[patch("/api/workflows/{id}/finding-thresholds")]
async fn set_thresholds(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<SetFindingThresholds>,
) -> Result<Reply<FindingThresholds>> {
    Ok(Reply::ok(findings::set_thresholds(&state.db, &auth.caller(), &id, &input).await?))
}
