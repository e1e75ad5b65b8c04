//! `GET /ws`: the handshake of sockets. Who may come in, and with what.

use std::sync::Arc;

use actix_web::http::header::SEC_WEBSOCKET_PROTOCOL;
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;

use crate::accounts::{self, Authenticated};
use crate::http::caller::OptionalAuth;
use crate::http::problem::Result;
use crate::http::{Extra, Query, State, events, origin};
use crate::live::Live;
use crate::live::socket::{self, MAX_MESSAGE};
use crate::{Error, Result as CoreResult};

/// The subprotocol spoken here.
const PROTOCOL: &str = "callboard.v1";
/// What a browser puts before a ticket to send it as a subprotocol.
const TICKET: &str = "callboard.ticket.";

/// Registers what the live room serves over HTTP: sockets and events.
pub fn extra(live: Arc<Live>) -> Extra {
    let live = web::Data::from(live);
    Arc::new(move |cfg| {
        cfg.app_data(live.clone());
        cfg.service(ws).service(events::events).service(events::search_events).service(events::job_events);
    })
}

/// The query of the handshake.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct Handshake {
    /// An access token or key, where the server was told to accept it here.
    token: Option<String>,
}

/// Opens a socket.
///
/// Sign in by the `Authorization` header, by the subprotocol `callboard.ticket.<ticket>` offered beside
/// `callboard.v1`, or by a first message `{"type": "auth", "token": "…"}`.
#[utoipa::path(tag = "live", params(Handshake), security((), ("bearer" = [])), responses(
    (status = 101, description = "The socket is open"),
    (status = 400, description = "No WebSocket handshake"),
    (status = 401, description = "The credential is not valid"),
    (status = 403, description = "The page comes from another origin")))]
#[get("/ws")]
pub async fn ws(
    request: HttpRequest,
    body: web::Payload,
    query: Query<Handshake>,
    auth: OptionalAuth,
    state: web::Data<State>,
    live: web::Data<Live>,
) -> Result<HttpResponse> {
    origin::require_own(&state.config, request.headers())?;
    if live.is_stopping() {
        return Err(Error::Unavailable("the server is stopping".to_owned()).into());
    }
    let first = match auth.0 {
        Some(auth) => Some(auth.0),
        None => credential(&request, &state, query.0.token.as_deref()).await?,
    };
    let (response, session, messages) = actix_ws::handle_with_protocols(&request, body, &[PROTOCOL])
        .map_err(|error| Error::problem(400, "bad_request", format!("This is no WebSocket handshake: {error}.")))?;
    let messages = messages.max_frame_size(MAX_MESSAGE).aggregate_continuations().max_continuation_size(MAX_MESSAGE);
    socket::serve(live.into_inner(), state.accounts.clone(), session, messages, first);
    Ok(response)
}

/// A credential given in another way than the header.
async fn credential(request: &HttpRequest, state: &State, token: Option<&str>) -> CoreResult<Option<Authenticated>> {
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).filter_map(|value| value.to_str().ok());
    if let Some(ticket) = offered.flat_map(|value| value.split(',')).find_map(|p| p.trim().strip_prefix(TICKET)) {
        return accounts::redeem_ws_ticket(&state.db, ticket).await.map(Some);
    }
    match token {
        Some(token) if state.config.ws_token_query => state.accounts.authenticate(token).await.map(Some),
        Some(_) => Err(Error::unauthenticated(
            "This server takes no token in the address; send it as the first message, or a ticket as subprotocol.",
        )),
        None => Ok(None),
    }
}
