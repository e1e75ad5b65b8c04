//! Errors in the words of a listener's client: its names of fields, and its member for the text.

use actix_web::body::{BoxBody, MessageBody, to_bytes};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::middleware::Next;
use actix_web::web;
use serde_json::Value;

use super::Listener;
use crate::compat::fields;
use crate::config::CompatClient;

/// Middleware around the handlers.
pub(super) async fn translate<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    Ok(translated(next.call(request).await?.map_into_boxed_body()).await)
}

/// A problem in the client's words. Other answers are unchanged.
pub(super) async fn translated(response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
    let listener = response.request().app_data::<web::Data<Listener>>();
    let Some(client) = listener.map(|listener| listener.settings.client) else { return response };
    let headers = response.headers();
    let is_problem = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == b"application/problem+json");
    if !is_problem || headers.contains_key(CONTENT_ENCODING) {
        return response;
    }
    // A workflow board's document names fields as Callboard does.
    let as_ours = response.request().path().contains("/v1/workflows");
    let (request, response) = response.into_parts();
    let (mut response, body) = response.into_parts();
    response.headers_mut().remove(CONTENT_LENGTH);
    let bytes = to_bytes(body).await.unwrap_or_default();
    let body = match serde_json::from_slice::<Value>(&bytes) {
        Ok(mut problem) if problem.is_object() => {
            if !as_ours {
                fields::rename(client, &mut problem);
            }
            if client == CompatClient::Engine && problem["error"].is_null() {
                problem["error"] = problem["detail"].clone();
            }
            problem.to_string().into()
        }
        _ => bytes,
    };
    ServiceResponse::new(request, response.set_body(BoxBody::new(body)))
}
