//! Probes: `/health` (liveness), `/ready` (readiness) and `/metrics` (Prometheus).

use std::sync::OnceLock;
use std::time::Duration;

use actix_web::{FromRequest, HttpRequest, HttpResponse, Responder, get, web};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use crate::Error;
use crate::app::AppState;
use crate::domain::accounts::{secrets, sessions};
use crate::domain::embeddings::Status;
use crate::transport::http::middleware::Reason;
use crate::transport::http::{Auth, Result, caller};

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
    let mut note = |name: &str, outcome: std::result::Result<(), String>| {
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
    let failed: Vec<&str> = checks.iter().filter_map(|check| check.detail.as_deref()).collect();
    let (ok, why) = (failed.is_empty(), Reason(format!("The server is not ready: {}", failed.join(" "))));
    let embeddings = state.embeddings.status();
    let body = Readiness { status: if ok { "ready" } else { "not_ready" }, checks, embeddings };
    if ok {
        return HttpResponse::Ok().json(body);
    }
    let mut answer = HttpResponse::ServiceUnavailable().json(body);
    answer.extensions_mut().insert(why);
    answer
}

/// Metrics in the text format of Prometheus, for requests from this host, for the token `CALLBOARD_METRICS_TOKEN`, and for
/// administrators.
#[utoipa::path(tag = "operation", security((), ("bearer" = [])), responses(
    (status = 200, description = "Prometheus text format", body = String, content_type = "text/plain"),
    (status = 401, description = "The request comes from another host and has no valid credential"),
    (status = 403, description = "The credential is not an administrator's")))]
#[get("/metrics")]
pub async fn metrics_text(request: HttpRequest, state: web::Data<AppState>) -> Result<HttpResponse> {
    admit(&request, &state).await?;
    let (open, idle, waiting) = state.db.pool_status();
    for (name, value) in [("open", open), ("idle", idle), ("waiting", waiting)] {
        metrics::gauge!("callboard_database_connections", "state" => name)
            .set(f64::from(u32::try_from(value).unwrap_or(u32::MAX)));
    }
    let text = recorder().map(PrometheusHandle::render).unwrap_or_default();
    Ok(HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(text))
}

/// Whether a request may read metrics. A request that a proxy forwarded comes from another host, whatever its peer is.
async fn admit(request: &HttpRequest, state: &AppState) -> Result<()> {
    let bearer = caller::bearer(request)?;
    let Some(bearer) = bearer else {
        let forwarded = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];
        let direct = forwarded.iter().all(|name| !request.headers().contains_key(*name));
        let is_local = request.peer_addr().is_some_and(|peer| peer.ip().to_canonical().is_loopback());
        if is_local && direct {
            return Ok(());
        }
        let needed =
            "Metrics need CALLBOARD_METRICS_TOKEN or an administrator's credential, except from the server's host.";
        return Err(Error::unauthenticated(needed).into());
    };
    if let Some(token) = &state.config.metrics_token
        && !token.expose_secret().is_empty()
        && secrets::hash(token.expose_secret()) == secrets::hash(bearer)
    {
        return Ok(());
    }
    let auth = Auth::extract(request).await?;
    let me = sessions::me(&state.db, &auth.caller()).await?;
    if me.user.is_admin && me.scopes.iter().any(|scope| scope == "*" || scope == "read") {
        return Ok(());
    }
    Err(Error::problem(403, "forbidden", "Only administrators may read metrics.").into())
}

/// The metrics recorder of the process, installed on first use.
pub fn recorder() -> Option<&'static PrometheusHandle> {
    static RECORDER: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    RECORDER
        .get_or_init(|| {
            let buckets = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 1.0, 5.0];
            PrometheusBuilder::new().set_buckets(&buckets).ok()?.install_recorder().ok()
        })
        .as_ref()
}
