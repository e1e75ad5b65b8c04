//! Responses of handlers.

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_DISPOSITION, ETAG, HeaderValue, IF_NONE_MATCH};
use actix_web::{HttpRequest, HttpResponse, Responder};
use serde::Serialize;

const JSON: &str = "application/json";

/// A JSON response: `Reply::ok(value)`, `Reply::created(value)`, `Reply::with(202, value)`.
#[derive(Debug)]
pub struct Reply<T> {
    status: StatusCode,
    value: T,
    etag: Option<String>,
}

impl<T> Reply<T> {
    /// 200.
    pub fn ok(value: T) -> Self {
        Self { status: StatusCode::OK, value, etag: None }
    }

    /// 201.
    pub fn created(value: T) -> Self {
        Self { status: StatusCode::CREATED, value, etag: None }
    }

    /// Another success status.
    pub fn with(status: u16, value: T) -> Self {
        Self { status: StatusCode::from_u16(status).unwrap_or(StatusCode::OK), value, etag: None }
    }

    /// Adds an `ETag`, given with its quotes; a request that names it in `If-None-Match` gets 304.
    pub fn etag(mut self, etag: impl Into<String>) -> Self {
        self.etag = Some(etag.into());
        self
    }
}

impl<T: Serialize> Responder for Reply<T> {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        match serde_json::to_string(&self.value) {
            Ok(body) => respond(request, self.status, self.etag, JSON, body),
            Err(error) => HttpResponse::from_error(crate::transport::http::problem::Failure(crate::Error::Internal(
                format!("a response cannot be written as JSON: {error}"),
            ))),
        }
    }
}

/// JSON from SQL, sent unchanged, or a file.
#[derive(Debug)]
pub struct RawReply {
    status: StatusCode,
    body: String,
    etag: Option<String>,
    media_type: &'static str,
    file: Option<String>,
}

impl RawReply {
    /// 200 with a body that is JSON already.
    pub fn ok(body: String) -> Self {
        Self { status: StatusCode::OK, body, etag: None, media_type: JSON, file: None }
    }

    /// Makes it a file of another type, which browsers save.
    pub fn file(mut self, media_type: &'static str, name: &str) -> Self {
        self.media_type = media_type;
        self.file = Some(format!("attachment; filename=\"{name}\""));
        self
    }

    /// Adds an `ETag`, as [`Reply::etag`].
    pub fn etag(mut self, etag: impl Into<String>) -> Self {
        self.etag = Some(etag.into());
        self
    }
}

impl Responder for RawReply {
    type Body = BoxBody;

    fn respond_to(self, request: &HttpRequest) -> HttpResponse {
        let mut response = respond(request, self.status, self.etag, self.media_type, self.body);
        if let Some(value) = self.file.and_then(|file| HeaderValue::from_str(&file).ok()) {
            response.headers_mut().insert(CONTENT_DISPOSITION, value);
        }
        response
    }
}

fn respond(
    request: &HttpRequest,
    status: StatusCode,
    etag: Option<String>,
    media_type: &'static str,
    body: String,
) -> HttpResponse {
    let mut response = HttpResponse::build(status);
    if let Some(etag) = etag {
        let weak = etag.trim_start_matches("W/");
        let same =
            request.headers().get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok()).any(|known| {
                known.split(',').any(|one| one.trim() == "*" || one.trim().trim_start_matches("W/") == weak)
            });
        response.insert_header((ETAG, etag.as_str()));
        if same {
            response.status(StatusCode::NOT_MODIFIED);
            return response.finish();
        }
    }
    response.content_type(media_type).body(body)
}

/// 204.
#[derive(Debug, Clone, Copy)]
pub struct NoContent;

impl Responder for NoContent {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        HttpResponse::NoContent().finish()
    }
}
