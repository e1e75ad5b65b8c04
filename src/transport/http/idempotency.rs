//! The header `Idempotency-Key`: a repeated request with the same key and content gets the stored answers of the first one.
//! It applies to every write, without anything in the handlers.

use std::sync::Arc;

use actix_web::HttpResponse;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::web;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::app::AppState;
use crate::app::idempotency::{self, KeyedRequest, MAX_LENGTH};
use crate::transport::http::problem::Failure;
use crate::{Error, Result};

const HEADER: &str = "idempotency-key";
/// Paths without keys: each call of an MCP tool has one of its own, and a stored hash of a password would weaken it.
const EXCLUDED: [&str; 2] = ["/mcp", "/api/auth/password"];
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// Runs a request, under its key if it has one.
pub async fn call<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let keyed = match keyed_request(&request) {
        Ok(Some(keyed)) => keyed,
        Ok(None) => return Ok(next.call(request).await?.map_into_boxed_body()),
        Err(error) => {
            let response = HttpResponse::from_error(Failure(error));
            return Ok(request.into_response(response).map_into_boxed_body());
        }
    };
    let mut response = keyed.clone().scope(next.call(request)).await?.map_into_boxed_body();
    if keyed.was_replayed() {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    Ok(response)
}

/// The request under its key, if it has one and may change something.
fn keyed_request(request: &ServiceRequest) -> Result<Option<Arc<KeyedRequest>>> {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(request.method());
    if reads || EXCLUDED.contains(&request.path()) {
        return Ok(None);
    }
    let Some(key) = key(request.headers())? else { return Ok(None) };
    let agent = request.headers().get("x-agent-id").and_then(|agent| agent.to_str().ok()).unwrap_or("");
    let content = [request.method().as_str(), request.path(), request.query_string(), agent];
    let state = request.app_data::<web::Data<AppState>>();
    let state = state.ok_or_else(|| Error::Internal("the server has no state".to_owned()))?;
    state.keyed_request(key, &content).map(Some)
}

/// The header, which may be given once.
fn key(headers: &HeaderMap) -> Result<Option<&str>> {
    let mut values = headers.get_all(HEADER);
    let Some(first) = values.next() else { return Ok(None) };
    match (first.to_str(), values.next()) {
        (Ok(key), None) => Ok(Some(key)),
        _ => Err(Error::invalid("Idempotency-Key", "must be one header of 1 to 255 visible ASCII characters")),
    }
}

/// Adds the body of the current request to its content.
pub fn note_body(body: &[u8]) {
    if let Some(request) = idempotency::current()
        && let Ok(value) = serde_json::from_slice(body)
    {
        request.add_json(&value);
    }
}

/// The header in the OpenAPI document.
pub fn parameter() -> Parameter {
    ParameterBuilder::new()
        .name("Idempotency-Key")
        .parameter_in(ParameterIn::Header)
        .description(Some(
            "A repeated request with the same key and content gets the stored answer and changes nothing. Keys belong to the \
             caller and are kept for a day.",
        ))
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(MAX_LENGTH))))
        .build()
}
