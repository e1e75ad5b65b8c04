//! The handshake of sockets: `GET /ws`, and `/ws/jobs/{id}` and `/ws/workflows/{id}` for one job.

use std::sync::Arc;

use actix_web::body::MessageBody;
use actix_web::http::header::{HeaderName, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL};
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;

use crate::app::AppState;
use crate::domain::accounts::{self, Authenticated};
use crate::domain::history::Room;
use crate::transport::http::caller::OptionalAuth;
use crate::transport::http::problem::{Failure, Result};
use crate::transport::http::{ExtraRoutes, Path, Query, events, origin};
use crate::transport::live::Live;
use crate::transport::live::deflate;
use crate::transport::live::dialects::Dialect;
use crate::transport::live::socket::{self, SocketOptions};
use crate::{Error, Result as CoreResult};

/// The subprotocol.
const PROTOCOL: &str = "callboard.v1";
/// The prefix of a ticket that a browser sends as a subprotocol.
const TICKET_PREFIX: &str = "callboard.ticket.";
/// Maximum workflows that an address may name.
const MAX_WORKFLOWS: usize = 50;

/// Registers the routes of live events: sockets and event streams.
pub fn routes(live: Arc<Live>) -> ExtraRoutes {
    let live = web::Data::from(live);
    Arc::new(move |cfg| {
        cfg.app_data(live.clone());
        cfg.service(ws).service(job_ws).service(workflow_ws);
        cfg.service(events::events).service(events::search_events).service(events::job_events);
    })
}

/// The query of the handshake.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Handshake {
    /// An access token or key, if the server is configured to accept it here.
    token: Option<String>,
    /// The format of messages: `native`, `stages` (`stage_updated`, `workflow_started`, …) or `rooms` (`ticket:update`,
    /// `ticket:progress`, …). Defaults to native.
    dialect: Option<String>,
    /// Workflows to watch from the start, comma-separated. For `stages`, defaults to the caller's default workflow.
    workflow_id: Option<String>,
    /// The last seq seen in that workflow; later events are sent first.
    since: Option<i64>,
    /// The epoch of that seq; without it the seq alone is trusted.
    epoch: Option<String>,
}

/// The query of a socket for one job.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JobHandshake {
    /// An access token or key, if the server is configured to accept it here.
    token: Option<String>,
    /// The last seq seen; later events are sent first. Without it the job's state is sent, then the whole transcript.
    since: Option<i64>,
    /// The epoch of that seq; without it the seq alone is trusted.
    epoch: Option<String>,
}

/// The credential in the header of a handshake, or why it is not valid.
pub type Credential = std::result::Result<OptionalAuth, Failure>;

/// Opens a socket.
///
/// Sign in by the `Authorization` header, by the subprotocol `callboard.ticket.<ticket>` offered beside
/// `callboard.v1`, or by a first message `{"type": "auth", "token": "…"}`.
#[utoipa::path(tag = "live", params(Handshake), security((), ("bearer" = [])), responses(
    (status = 101, description = "The socket is open"),
    (status = 400, description = "Not a WebSocket handshake"),
    (status = 401, description = "The credential is not valid"),
    (status = 403, description = "The page comes from another origin")))]
#[get("/ws")]
pub async fn ws(
    request: HttpRequest,
    body: web::Payload,
    query: Query<Handshake>,
    auth: Credential,
    state: web::Data<AppState>,
    live: web::Data<Live>,
) -> Result<HttpResponse> {
    let Handshake { token, dialect, workflow_id, since, epoch } = query.0;
    let dialect = match dialect.as_deref() {
        None => Dialect::Native,
        Some(name) => Dialect::named(name)
            .ok_or_else(|| Error::invalid("dialect", format!("must be one of {}", Dialect::CHOICES)))?,
    };
    let named = workflow_id.as_deref().unwrap_or_default().split(',').map(str::trim).filter(|id| !id.is_empty());
    let rooms: Vec<Room> = named.map(|id| Room::Workflow(id.to_owned())).collect();
    if rooms.len() > MAX_WORKFLOWS {
        return Err(Error::invalid("workflow_id", format!("must name at most {MAX_WORKFLOWS} workflows")).into());
    }
    let default_room = dialect == Dialect::Stages && rooms.is_empty();
    let address = Some(origin::address_of(&state.config, &request));
    let options = SocketOptions {
        dialect,
        rooms,
        default_room,
        since: resume_position(since, epoch)?,
        address,
        ..Default::default()
    };
    open(&request, body, token.as_deref(), auth, &state, live, options).await
}

/// Watches one job: messages of the kinds status, step, chat, app and error.
///
/// Sign in as on `/ws`. Closed with 4001 if the credential is missing or invalid, with 4003 if there is no such job or it
/// is not yours.
#[utoipa::path(tag = "live", params(JobHandshake), security((), ("bearer" = [])), responses(
    (status = 101, description = "The socket is open"),
    (status = 400, description = "Not a WebSocket handshake"),
    (status = 403, description = "The page comes from another origin")))]
#[get("/ws/jobs/{id}")]
pub async fn job_ws(
    request: HttpRequest,
    body: web::Payload,
    path: Path<String>,
    query: Query<JobHandshake>,
    auth: Credential,
    state: web::Data<AppState>,
    live: web::Data<Live>,
) -> Result<HttpResponse> {
    open_job_socket(request, body, path.0, query.0, auth, state, live, Dialect::Jobs).await
}

/// Watches one job as a workflow: `status_update`, `workflow_log`, `stage_transition`, `heartbeat`, `error`.
///
/// Signing in and close codes are as on `/ws/jobs/{id}`.
#[utoipa::path(tag = "live", params(JobHandshake), security((), ("bearer" = [])), responses(
    (status = 101, description = "The socket is open"),
    (status = 400, description = "Not a WebSocket handshake"),
    (status = 403, description = "The page comes from another origin")))]
#[get("/ws/workflows/{id}")]
pub async fn workflow_ws(
    request: HttpRequest,
    body: web::Payload,
    path: Path<String>,
    query: Query<JobHandshake>,
    auth: Credential,
    state: web::Data<AppState>,
    live: web::Data<Live>,
) -> Result<HttpResponse> {
    open_job_socket(request, body, path.0, query.0, auth, state, live, Dialect::Adw).await
}

#[allow(clippy::too_many_arguments)]
async fn open_job_socket(
    request: HttpRequest,
    body: web::Payload,
    id: String,
    query: JobHandshake,
    auth: Credential,
    state: web::Data<AppState>,
    live: web::Data<Live>,
    dialect: Dialect,
) -> Result<HttpResponse> {
    let JobHandshake { token, since, epoch } = query;
    let options = SocketOptions {
        dialect,
        rooms: vec![Room::Job(id)],
        since: resume_position(since, epoch)?,
        address: Some(origin::address_of(&state.config, &request)),
        ..SocketOptions::default()
    };
    open(&request, body, token.as_deref(), auth, &state, live, options).await
}

/// The position that an address names.
pub fn resume_position(since: Option<i64>, epoch: Option<String>) -> CoreResult<Option<(Option<String>, i64)>> {
    match since {
        Some(since) if since < 0 => Err(Error::invalid("since", "must not be negative")),
        since => Ok(since.map(|since| (epoch, since))),
    }
}

async fn open(
    request: &HttpRequest,
    body: web::Payload,
    token: Option<&str>,
    auth: Credential,
    state: &AppState,
    live: web::Data<Live>,
    options: SocketOptions,
) -> Result<HttpResponse> {
    origin::require_own(&state.config, request.headers())?;
    let token = AddressToken { token, accepted: state.config.ws_token_query };
    open_admitted(request, body, token, auth, state, live, options).await
}

/// The token in a socket's address, and whether it may be there.
pub struct AddressToken<'a> {
    /// The token.
    pub token: Option<&'a str>,
    /// Whether the server accepts it.
    pub accepted: bool,
}

/// Opens a socket for a request whose origin was checked.
pub async fn open_admitted(
    request: &HttpRequest,
    body: web::Payload,
    token: AddressToken<'_>,
    auth: Credential,
    state: &AppState,
    live: web::Data<Live>,
    mut options: SocketOptions,
) -> Result<HttpResponse> {
    if live.is_stopping() {
        return Err(Error::Unavailable("the server is stopping".to_owned()).into());
    }
    let first = match auth {
        Ok(OptionalAuth(Some(auth))) => Ok(Some(auth.0)),
        Ok(OptionalAuth(None)) => credential(request, state, token).await,
        Err(Failure(error)) => Err(error),
    };
    // Clients of other dialects read close codes; for native clients the status of the handshake says more.
    let first = match first {
        Err(error) if options.dialect == Dialect::Native || error.as_problem().status != 401 => {
            return Err(error.into());
        }
        first => first,
    };
    let mut response = actix_http::ws::handshake(request.head())
        .map_err(|error| Error::problem(400, "bad_request", format!("This is not a WebSocket handshake: {error}.")))?;
    if offered(request, SEC_WEBSOCKET_PROTOCOL).any(|value| value.split(',').any(|name| name.trim() == PROTOCOL)) {
        response.insert_header((SEC_WEBSOCKET_PROTOCOL, PROTOCOL));
    }
    if let Some((window, answer)) =
        Some(offered(request, SEC_WEBSOCKET_EXTENSIONS)).filter(|_| live.compresses()).and_then(deflate::negotiate)
    {
        options.window = Some(window);
        response.insert_header((SEC_WEBSOCKET_EXTENSIONS, answer));
    }
    let body = socket::serve(live.into_inner(), state.accounts.clone(), body, first, options);
    let response = response.message_body(body.boxed()).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(response.into())
}

/// The values of a header of the handshake.
fn offered(request: &HttpRequest, header: HeaderName) -> impl Iterator<Item = &str> {
    request.headers().get_all(header).filter_map(|value| value.to_str().ok())
}

/// A credential given as a subprotocol or in the query.
async fn credential(
    request: &HttpRequest,
    state: &AppState,
    address: AddressToken<'_>,
) -> CoreResult<Option<Authenticated>> {
    let mut protocols = offered(request, SEC_WEBSOCKET_PROTOCOL).flat_map(|value| value.split(','));
    if let Some(ticket) = protocols.find_map(|protocol| protocol.trim().strip_prefix(TICKET_PREFIX)) {
        return accounts::redeem_ws_ticket(&state.db.reserved(), ticket).await.map(Some);
    }
    match address.token {
        Some(token) if address.accepted => {
            let address = origin::address_of(&state.config, request);
            state.accounts.authenticate(token, Some(address)).await.map(Some)
        }
        Some(_) => Err(Error::unauthenticated(
            "This server accepts no token in the address; send it as the first message, or a ticket as a subprotocol.",
        )),
        None => Ok(None),
    }
}
