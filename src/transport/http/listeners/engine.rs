//! An engine's language: its reports about tickets, its workers, and its dashboard with a sign-in of its own.

mod auth;
mod tickets;
mod worker;

use actix_web::dev::ServiceRequest;
use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};

use super::{Watch, open_socket};
use crate::transport::http::Result;
use crate::transport::http::listeners::Routes;
use crate::transport::http::ws::Credential;
use crate::transport::live::dialects::Dialect;

/// The cookie that holds the key of a sign-in.
const COOKIE: &str = "callboard_engine";

pub(super) fn configure(routes: &mut Routes) {
    auth::configure(routes);
    tickets::configure(routes);
    worker::configure(routes);
    routes.get("/ws", ws);
}

/// The clients subscribe to the rooms of their tenant and of tickets.
async fn ws(request: HttpRequest, body: web::Payload, auth: Credential) -> Result<HttpResponse> {
    open_socket(&request, body, auth, Dialect::Engine, Watch::Rooms(Vec::new()), None).await
}

/// The credential of a request that has none in `Authorization`: the dashboard's pages send their cookie, some beside the word for no
/// token, and the engine's workers send a key in a header of their own. The request's origin has been checked.
pub(super) fn credential(request: &ServiceRequest) -> Option<HeaderValue> {
    let mut sent = request.headers().get_all(AUTHORIZATION);
    let none = match (sent.next(), sent.next()) {
        (None, _) => true,
        (Some(one), None) => is_no_token(one),
        _ => false,
    };
    if !none {
        return None;
    }
    let worker = request.headers().get("x-agent-key").and_then(|key| key.to_str().ok()).map(str::to_owned);
    let key = worker.or_else(|| request.cookie(COOKIE).map(|cookie| cookie.value().to_owned()))?;
    let mut value = HeaderValue::from_str(&format!("Bearer {}", key.trim())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// What pages send that have no token.
fn is_no_token(value: &HeaderValue) -> bool {
    ["Bearer null", "Bearer undefined"].iter().any(|none| value.as_bytes().eq_ignore_ascii_case(none.as_bytes()))
}

/// Removes the word for no token, so that the request counts as one without a credential.
pub(super) fn drop_no_token(headers: &mut HeaderMap) {
    if headers.get(AUTHORIZATION).is_some_and(is_no_token) {
        headers.remove(AUTHORIZATION);
    }
}
