//! Listeners for the clients of other systems: each opens an address that speaks one client's language, with its paths (with
//! and without `/api`), shapes, words and sockets. Rules stay where they are: handlers call the same SQL functions and
//! translate with the pure functions of `compat`.
//!
//! Clients without a sign-in use the listener's own key, so a request counts as theirs only if no foreign page can have sent
//! it: its `Host` and `Origin` are checked.

mod admission;
mod describe;
mod engine;
mod errors;
mod job_builder;
mod routes;
mod stage_board;
mod tracker;
mod workflow_board;

use std::net::TcpListener;
use std::sync::Arc;

use actix_cors::Cors;
use actix_web::middleware::{Compress, NormalizePath, TrailingSlash, from_fn};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, ResponseError, web};
use serde::Deserialize;
use tracing_actix_web::TracingLogger;

use self::routes::{Methods, Routes};
use crate::app::AppState;
pub use crate::compat::listener::Listener;
use crate::config::CompatClient;
use crate::domain::accounts::Caller;
use crate::domain::history::Room;
use crate::transport::http::problem::{Failure, method_not_allowed, not_found};
use crate::transport::http::ws;
use crate::transport::http::{Auth, health, middleware, origin, start};
use crate::transport::live::Live;
use crate::transport::live::dialects::Dialect;
use crate::transport::live::socket::{ClientRequests, SocketOptions};
use crate::{Error, Result as CoreResult};

/// How long a browser may remember what an origin is allowed, in seconds.
const PREFLIGHT_AGE: usize = 600;

/// A server for one client's language on `socket`; awaiting it serves until its handle stops it.
pub fn serve(
    socket: TcpListener,
    state: web::Data<AppState>,
    live: Arc<Live>,
    listener: Listener,
) -> CoreResult<actix_web::dev::Server> {
    let listener = web::Data::new(listener);
    let live = web::Data::from(live);
    let server = HttpServer::new(move || {
        let origins = listener.clone();
        let cors = Cors::default()
            .allowed_origin_fn(move |origin, request| admission::is_allowed(&origins, origin, request.headers()))
            .allow_any_method()
            .allow_any_header()
            .supports_credentials()
            .max_age(PREFLIGHT_AGE);
        App::new()
            .app_data(state.clone())
            .app_data(live.clone())
            .app_data(listener.clone())
            .app_data(web::PayloadConfig::new(state.config.max_body))
            .configure(|cfg| routes(listener.settings.client, cfg))
            .configure(describe::configure)
            .default_service(web::to(unknown))
            // The middleware that is wrapped last sees a request first.
            .wrap(from_fn(errors::translate))
            .wrap(Compress::default())
            .wrap(from_fn(middleware::apply))
            .wrap(from_fn(admission::admit))
            .wrap(cors)
            .wrap(NormalizePath::new(TrailingSlash::Trim))
            .wrap(TracingLogger::<middleware::RequestSpan>::new())
    })
    .workers(1);
    start!(server, socket)
}

/// The routes of one client's language, with and without `/api`, and the probes.
fn routes(client: CompatClient, cfg: &mut web::ServiceConfig) {
    let own: fn(&mut Routes) = match client {
        CompatClient::StageBoard => stage_board::configure,
        CompatClient::Tracker => tracker::configure,
        CompatClient::WorkflowBoard => workflow_board::configure,
        CompatClient::JobBuilder => job_builder::configure,
        CompatClient::Engine => engine::configure,
    };
    let mut methods = Methods::default();
    cfg.service(web::scope("/api").configure(|cfg| own(&mut Routes::new(cfg, &mut Methods::default()))));
    own(&mut Routes::new(cfg, &mut methods));
    cfg.service(health::health).service(health::ready).app_data(web::Data::new(methods));
}

/// A path that is unknown, or does not take the method.
async fn unknown(request: HttpRequest) -> HttpResponse {
    let methods = request.app_data::<web::Data<Methods>>().and_then(|methods| methods.of(request.path()));
    let error = match methods {
        Some(methods) => method_not_allowed(request.path(), request.method().as_str(), &methods),
        None => not_found(request.path()),
    };
    Failure(error).error_response()
}

/// The caller of a request and the id of the workflow that its listener names.
async fn caller_and_workflow(
    auth: &Auth,
    state: &AppState,
    listener: &Listener,
) -> CoreResult<(Caller, Option<String>)> {
    let caller = auth.caller();
    let workflow = listener.workflow(&state.db).await?;
    Ok((caller, workflow))
}

/// The query of a client's socket: the clients that sign in can only put their token there. A client that keeps its place resumes
/// after `since`, as on the main address.
#[derive(Default, Deserialize)]
struct Address {
    token: Option<String>,
    since: Option<String>,
    epoch: Option<String>,
    /// The workflow that `since` is of, where the socket watches several.
    workflow_id: Option<String>,
}

fn address(request: &HttpRequest) -> Address {
    web::Query::<Address>::from_query(request.query_string()).map(web::Query::into_inner).unwrap_or_default()
}

/// The token in a socket's address.
fn token(request: &HttpRequest) -> Option<String> {
    address(request).token
}

/// The position in a socket's address.
fn position(address: &Address) -> CoreResult<Option<(Option<String>, i64)>> {
    let since = address.since.as_deref().filter(|since| !since.is_empty());
    let since = since.map(str::parse).transpose().map_err(|_| Error::invalid("since", "must be a whole number"))?;
    ws::resume_position(since, address.epoch.clone().filter(|epoch| !epoch.is_empty()))
}

/// What a client's socket watches from the start.
enum Watch {
    /// The listener's workflow, else the caller's default workflow.
    Workflow,
    /// The listener's workflow, else all workflows of the caller, also later ones.
    All,
    /// These rooms.
    Rooms(Vec<Room>),
}

/// Opens a socket in a client's dialect.
async fn open_socket(
    request: &HttpRequest,
    body: web::Payload,
    auth: ws::Credential,
    dialect: Dialect,
    watch: Watch,
    requests: Option<ClientRequests>,
) -> super::Result<HttpResponse> {
    let missing = || Error::Internal("the listener has no state".to_owned());
    let state = request.app_data::<web::Data<AppState>>().ok_or_else(missing)?;
    let live = request.app_data::<web::Data<Live>>().ok_or_else(missing)?;
    let listener = request.app_data::<web::Data<Listener>>().ok_or_else(missing)?;
    let named = match &auth {
        Ok(super::OptionalAuth(Some(_))) => listener.workflow(&state.db).await?,
        _ => None,
    };
    let watches_all = matches!(watch, Watch::All) && named.is_none();
    let watches_default = matches!(watch, Watch::Workflow) && named.is_none();
    let place = address(request);
    let since = position(&place)?;
    let resumed = place.workflow_id.filter(|id| watches_all && since.is_some() && !id.is_empty());
    let rooms = match watch {
        Watch::Rooms(rooms) => rooms,
        Watch::Workflow | Watch::All => named.or(resumed).map(Room::Workflow).into_iter().collect(),
    };
    let options = SocketOptions {
        dialect,
        rooms,
        default_room: watches_default,
        all_rooms: watches_all,
        since,
        address: Some(origin::address_of(&state.config, request)),
        requests,
        ..SocketOptions::default()
    };
    let token = ws::AddressToken { token: place.token.as_deref(), accepted: true };
    ws::open_admitted(request, body, token, auth, state, live.clone(), options).await
}
