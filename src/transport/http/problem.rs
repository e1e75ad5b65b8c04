//! Errors on the wire: `application/problem+json` (RFC 9457) without internal details.

use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use utoipa::ToSchema;

use crate::Error;
use crate::error::FieldError;

/// Result of a handler.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// An [`Error`] that actix can answer with.
pub struct Failure(pub Error);

/// Like [`Display`](std::fmt::Display): the derived form would include the refused row from Postgres, and frameworks log
/// it.
impl std::fmt::Debug for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(&self.0, f)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<E: Into<Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl ResponseError for Failure {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.0.as_problem().status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let problem = self.0.as_problem();
        let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = HttpResponse::build(status);
        response.insert_header((CONTENT_TYPE, "application/problem+json"));
        match status {
            StatusCode::UNAUTHORIZED => {
                response.insert_header((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"callboard\"")));
            }
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let seconds = problem.extra.get("retry_after").and_then(serde_json::Value::as_u64).unwrap_or(1);
                response.insert_header((RETRY_AFTER, seconds.to_string()));
            }
            StatusCode::METHOD_NOT_ALLOWED => {
                if let Some(allow) = problem.extra.get("allow").and_then(serde_json::Value::as_str) {
                    response.insert_header(("Allow", allow));
                }
            }
            _ => {}
        }
        response.body(problem.to_json().to_string())
    }
}

/// The schema of the problem document for OpenAPI; [`crate::error::Problem`] makes the document.
#[derive(Debug, ToSchema)]
#[schema(as = Problem)]
#[allow(dead_code)]
pub struct ProblemDocument {
    /// A URN of the kind of problem.
    #[schema(example = "urn:callboard:problem:not_found")]
    r#type: String,
    /// The kind of problem in words.
    title: String,
    /// The HTTP status.
    status: u16,
    /// A full sentence for a person.
    detail: String,
    /// A stable code for programs.
    #[schema(example = "not_found")]
    code: String,
    /// The fields that were refused.
    #[schema(nullable = false)]
    errors: Option<Vec<FieldError>>,
}

/// The problem for an unknown path.
pub fn not_found(path: &str) -> Error {
    Error::problem(404, "not_found", format!("There is nothing at {path}."))
}

/// The problem for a method that a path does not take; `methods` are those that it takes, as in the header `Allow`.
pub fn method_not_allowed(path: &str, method: &str, methods: &str) -> Error {
    let detail = format!("{path} does not take {method}; it takes {methods}.");
    let mut problem = Error::problem(405, "method_not_allowed", detail).as_problem();
    problem.extra.insert("allow".to_owned(), methods.into());
    Error::Problem(Box::new(problem))
}
