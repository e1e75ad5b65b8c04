//! An engine's language: its reports about tickets, its workers, and its dashboard with a sign-in of its own.

mod auth;
mod tickets;
mod worker;

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::Value;

use super::{Listener, Watch, open_socket};
use crate::config::CompatClient;
use crate::transport::http::listeners::Routes;
use crate::transport::http::Result;
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

/// Middleware: the clients show the text of an error from its member `error`.
pub(super) async fn spell_errors<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    Ok(with_error_member(next.call(request).await?.map_into_boxed_body()).await)
}

/// A problem with its sentence as `error` too, on an engine's address. Other answers are unchanged.
pub(super) async fn with_error_member(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let listener = response.request().app_data::<web::Data<Listener>>();
    let ours = listener.is_some_and(|listener| listener.settings.client == CompatClient::Engine);
    let headers = response.headers();
    let problem = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == b"application/problem+json");
    if !ours || !problem || headers.contains_key(CONTENT_ENCODING) {
        return response;
    }
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    response.headers_mut().remove(CONTENT_LENGTH);
    let bytes = to_bytes(body).await.unwrap_or_default();
    let body = match serde_json::from_slice::<Value>(&bytes) {
        Ok(Value::Object(mut problem)) => {
            let detail = problem.get("detail").cloned().unwrap_or_default();
            problem.entry("error").or_insert(detail);
            Value::Object(problem).to_string().into()
        }
        _ => bytes,
    };
    ServiceResponse::new(request, response.set_body(BoxBody::new(body)))
}
