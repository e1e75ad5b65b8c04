//! Probes: `/health` (liveness), `/ready` (readiness) and `/metrics` (Prometheus).

use std::sync::OnceLock;
use std::time::Duration;

use actix_web::{HttpResponse, Responder, get, web};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::AppState;
use crate::domain::embeddings::Status;

/// Liveness of the server.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    #[schema(example = "ok")]
    status: &'static str,
    /// The server's version.
    version: &'static str,
}

/// Readiness of the server, with the result of each check.
#[derive(Debug, Serialize, ToSchema)]
pub struct Readiness {
    /// `ready` or `not_ready`.
    #[schema(example = "ready")]
    status: &'static str,
    /// The checked parts.
    checks: Vec<Check>,
    /// The state of the vectors for semantic search. Does not affect readiness: without them, search uses keywords.
    embeddings: Status,
}

/// The check of one part.
#[derive(Debug, Serialize, ToSchema)]
pub struct Check {
    /// `database`, `schema`, `relay`, …
    name: String,
    /// Whether the check passed.
    ok: bool,
    /// What is wrong, as a sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
}

/// Liveness probe; does not use the database.
#[utoipa::path(tag = "operation", security(()), responses((status = 200, body = Health)))]
#[get("/health")]
pub async fn health() -> impl Responder {
    web::Json(Health { status: "ok", version: env!("CARGO_PKG_VERSION") })
}

/// Readiness probe, with the reason if the server is not ready.
#[utoipa::path(tag = "operation", security(()), responses(
    (status = 200, body = Readiness), (status = 503, description = "Not ready", body = Readiness)))]
#[get("/ready")]
pub async fn ready(state: web::Data<AppState>) -> impl Responder {
    let mut checks = Vec::new();
    let mut note = |name: &str, outcome: Result<(), String>| {
        checks.push(Check { name: name.to_owned(), ok: outcome.is_ok(), detail: outcome.err() });
    };
    let db = state.db.reserved();
    let query =
        tokio::time::timeout(Duration::from_secs(2), db.rows("select exists (select from logic_fingerprint)", &[]));
    match query.await {
        Ok(Ok(rows)) => {
            note("database", Ok(()));
            let built = rows.first().is_some_and(|row| row.get::<_, bool>(0));
            let missing = "The database has no schema; run `callboard migrate`.".to_owned();
            note("schema", if built { Ok(()) } else { Err(missing) });
        }
        Ok(Err(error)) => note("database", Err(format!("The database does not answer: {error}."))),
        Err(_) => note("database", Err("The database did not answer within 2 seconds.".to_owned())),
    }
    for (name, check) in state.ready_checks().iter() {
        note(name, check());
    }
    let ok = checks.iter().all(|check| check.ok);
    let embeddings = state.embeddings.status();
    let body = Readiness { status: if ok { "ready" } else { "not_ready" }, checks, embeddings };
    if ok { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}

/// Metrics in the text format of Prometheus.
#[utoipa::path(tag = "operation", security(()), responses(
    (status = 200, description = "Prometheus text format", body = String, content_type = "text/plain")))]
#[get("/metrics")]
pub async fn metrics_text(state: web::Data<AppState>) -> impl Responder {
    let (open, idle, waiting) = state.db.pool_status();
    for (name, value) in [("open", open), ("idle", idle), ("waiting", waiting)] {
        metrics::gauge!("callboard_database_connections", "state" => name)
            .set(f64::from(u32::try_from(value).unwrap_or(u32::MAX)));
    }
    let text = recorder().map(PrometheusHandle::render).unwrap_or_default();
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text)
}

/// The metrics recorder of the process, installed on first use.
pub fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    RECORDER
        .get_or_init(|| {
            let buckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];
            PrometheusBuilder::new().set_buckets(&buckets).ok()?.install_recorder().ok()
        })
        .as_ref()
}
