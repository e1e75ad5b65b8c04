//! The middleware around every request: rate limit per address, security headers, request id, metrics, and one log line
//! per server error.

use std::time::Instant;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, HOST, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, web};
use tracing::Span;
use tracing_actix_web::{RequestId, RootSpanBuilder};

use crate::app::AppState;
use crate::transport::http::problem::Failure;
use crate::transport::http::{idempotency, origin};

/// The middleware function.
pub async fn apply<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<actix_web::body::BoxBody>, actix_web::Error> {
    let started = Instant::now();
    let state = request.app_data::<web::Data<AppState>>().cloned();
    let id = request.extensions().get::<RequestId>().map(ToString::to_string);
    let method = method_label(request.method());
    // HEAD is handled as GET; the connection omits the body.
    if request.method() == Method::HEAD && !is_stream(&request) {
        request.head_mut().method = Method::GET;
    }
    let policy = state.as_ref().map(|state| policy(state, request.headers()));
    let refused = state.as_ref().and_then(|state| {
        // Requests with a credential are counted by the extractor: per actor, or per address if it is invalid.
        if request.headers().contains_key(AUTHORIZATION) || is_probe(request.path()) {
            return None;
        }
        let peer = request.peer_addr().map(|peer| peer.ip());
        state.limits.count_address(origin::address(&state.config, peer, request.headers())).err()
    });
    let mut response = match refused {
        Some(error) => request.error_response(Failure(error)),
        None => idempotency::call(request, next).await?,
    };
    let route = response.request().match_pattern().unwrap_or_else(|| "other".to_owned());
    let status = response.status().as_u16().to_string();
    let secure = state.as_ref().is_some_and(|state| origin::is_secure(&state.config, response.request()));
    let api = response.request().path().starts_with("/api/");
    if let Some(state) = &state
        && method != "GET"
        && response.status().is_success()
    {
        // A webhook, a watched search or another task may have work now.
        state.db.wake_due_work();
    }
    let headers = response.headers_mut();
    for (name, value) in SECURITY_HEADERS {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if let Some(policy) = policy {
        headers.insert(HeaderName::from_static("content-security-policy"), policy);
    }
    if secure {
        let value = HeaderValue::from_static("max-age=31536000");
        headers.insert(HeaderName::from_static("strict-transport-security"), value);
    }
    if api && !headers.contains_key(CACHE_CONTROL) {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    if let Some(id) = id.and_then(|id| HeaderValue::from_str(&id).ok()) {
        headers.insert(HeaderName::from_static("x-request-id"), id);
    }
    metrics::histogram!("callboard_http_request_seconds", "area" => area(&route))
        .record(started.elapsed().as_secs_f64());
    let labels = [("method", method.to_owned()), ("route", route), ("status", status)];
    metrics::counter!("callboard_http_requests_total", &labels).increment(1);
    Ok(response)
}

/// The label of a method in metrics. Made-up methods share one, because each label is a new series.
fn method_label(method: &Method) -> &'static str {
    let all = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    all.into_iter().find(|name| *name == method.as_str()).unwrap_or("other")
}

/// Whether the response is a stream without end.
fn is_stream(request: &ServiceRequest) -> bool {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    request.path().starts_with("/ws") || accept.is_some_and(|accept| accept.contains("text/event-stream"))
}

/// Load balancers are exempt from rate limits.
fn is_probe(path: &str) -> bool {
    matches!(path, "/health" | "/ready")
}

/// The part of the API that a route belongs to, e.g. `tickets`: durations are kept for each, not for each route, because
/// each label multiplies the buckets.
fn area(route: &str) -> String {
    let mut parts = route.trim_start_matches('/').split('/');
    let first = parts.next().unwrap_or_default();
    let area = if first == "api" { parts.next().unwrap_or(first) } else { first };
    if area.is_empty() { "other".to_owned() } else { area.to_owned() }
}

const SECURITY_HEADERS: [(&str, &str); 5] = [
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    ("cross-origin-opener-policy", "same-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
];

/// The content security policy. It names the socket's origin, because `'self'` covers sockets in newer browsers only.
fn policy(state: &AppState, headers: &HeaderMap) -> HeaderValue {
    let host = headers
        .get(HOST)
        .and_then(|host| host.to_str().ok())
        .filter(|host| !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || b".:-[]".contains(&b)));
    let public = state.config.public_url.as_deref().and_then(|url| url.split("://").nth(1));
    let host = public.and_then(|rest| rest.split('/').next()).or(host).unwrap_or("");
    let sockets = if host.is_empty() { String::new() } else { format!(" ws://{host} wss://{host}") };
    let text = format!(
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; \
         connect-src 'self'{sockets}; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static("default-src 'self'; frame-ancestors 'none'"))
}

/// Why a request was answered with an error, for the log, where the answer was not made from an error.
#[derive(Debug, Clone)]
pub struct Reason(pub String);

/// What the log says about an answer; empty for one that is no error.
fn reason<B>(response: &HttpResponse<B>) -> String {
    if let Some(error) = response.error() {
        return error.to_string();
    }
    if let Some(Reason(reason)) = response.extensions().get::<Reason>() {
        return reason.clone();
    }
    if response.status().is_server_error() {
        return response.status().canonical_reason().unwrap_or("no reason was given").to_owned();
    }
    String::new()
}

/// The span of a request, without query and headers, which may hold secrets.
#[derive(Debug)]
pub struct RequestSpan;

impl RootSpanBuilder for RequestSpan {
    fn on_request_start(request: &ServiceRequest) -> Span {
        let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
        tracing::info_span!("request", method = %request.method(), path = %request.path(), request_id = %id)
    }

    fn on_request_end<B: MessageBody>(span: Span, outcome: &Result<ServiceResponse<B>, actix_web::Error>) {
        let (status, error) = match outcome {
            Ok(response) => (response.status(), reason(response.response())),
            Err(error) => (error.as_response_error().status_code(), error.to_string()),
        };
        match status.as_u16() {
            // Something that a foreign client asks for and Callboard does not have.
            501 => tracing::debug!(parent: &span, status = 501, error, "request answered"),
            503 => tracing::warn!(parent: &span, status = 503, error, "request not answered"),
            500.. => tracing::error!(parent: &span, status = status.as_u16(), error, "request failed"),
            _ => tracing::debug!(parent: &span, status = status.as_u16(), error, "request answered"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn the_log_says_why_a_request_was_not_answered() {
        let mut not_ready = HttpResponse::ServiceUnavailable().finish();
        assert_eq!(reason(&not_ready), "Service Unavailable");
        not_ready.extensions_mut().insert(Reason("The relay has not started.".to_owned()));
        assert_eq!(reason(&not_ready), "The relay has not started.");
        let failed = HttpResponse::from_error(Failure(Error::problem(503, "busy", "Try again.")));
        assert_eq!(reason(&failed), "Try again.");
        assert_eq!(reason(&HttpResponse::Ok().finish()), "");
    }
}
