//! The error type: a problem for the client (status, code, sentence) or a fault for the operator.
//!
//! Each transport encodes a problem in its protocol. Errors of the database become problems in `error::database`.

#[cfg(feature = "server")]
mod database;
mod outcome;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

#[cfg(feature = "server")]
pub use self::database::{ERROR_CODES, describe_db};
pub use self::outcome::Outcome;

/// Result with Callboard's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One field that broke a rule, in the member `errors` of a problem.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// The field, as the request names it, e.g. `title`.
    pub field: String,
    /// The rule it broke, e.g. `must have 3 to 500 characters`.
    pub rule: String,
}

/// A problem document: an HTTP status, a stable code and a sentence (RFC 9457).
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// HTTP status, 400–599.
    pub status: u16,
    /// Stable machine-readable code, e.g. `blocked`.
    pub code: String,
    /// A full sentence for a person.
    pub detail: String,
    /// The fields that were rejected, if the problem is about fields.
    pub errors: Vec<FieldError>,
    /// Further members of the problem document, e.g. `blocking_ticket_ids`.
    pub extra: Map<String, Value>,
}

/// An error of any part of Callboard.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request was rejected; nothing changed.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// The database rejected a statement for a reason outside the rules in `sql/logic`.
    #[cfg(feature = "server")]
    #[error("the database rejected a statement: {}", describe_db(.0))]
    Database(#[source] tokio_postgres::Error),
    /// The database is unreachable or has no free connection; nothing was carried out, and the request can be retried.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
    /// The connection was lost after a statement was sent: it may have been committed.
    #[error("the connection to the database was lost before it answered: {0}")]
    OutcomeUnknown(String),
    /// A fault of the installation, described to the operator in one sentence.
    #[error("{0}")]
    Setup(String),
    /// A bug: a state that should be impossible.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// A problem with status, code and sentence.
    pub fn problem(status: u16, code: &str, detail: impl Into<String>) -> Self {
        Self::Problem(Box::new(Problem {
            status,
            code: code.to_owned(),
            detail: detail.into(),
            errors: Vec::new(),
            extra: Map::new(),
        }))
    }

    /// A 422 for one field: `Error::invalid("title", "must have 3 to 500 characters")`.
    pub fn invalid(field: &str, rule: impl Into<String>) -> Self {
        Self::invalid_fields(vec![FieldError { field: field.to_owned(), rule: rule.into() }])
    }

    /// A 422 for several fields.
    pub fn invalid_fields(errors: Vec<FieldError>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("The field {} {}.", one.field, one.rule),
            many => format!(
                "{} fields are not valid: {}.",
                many.len(),
                many.iter().map(|e| e.field.as_str()).collect::<Vec<_>>().join(", ")
            ),
        };
        Self::Problem(Box::new(Problem { status: 422, code: "invalid".to_owned(), detail, errors, extra: Map::new() }))
    }

    /// A 429 with the seconds to wait.
    pub fn too_many_requests(seconds: u64, detail: &str) -> Self {
        let mut problem = problem_of(429, "too_many_requests", detail);
        problem.extra.insert("retry_after".to_owned(), seconds.max(1).into());
        Self::Problem(Box::new(problem))
    }

    /// A 401.
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::problem(401, "unauthenticated", detail)
    }

    /// The problem for the client; internal faults become 500 or 503 without details.
    pub fn as_problem(&self) -> Problem {
        let mut problem = self.problem_in_full();
        // Sentences may quote long input of the client.
        shorten(&mut problem.detail);
        for error in &mut problem.errors {
            shorten(&mut error.field);
            shorten(&mut error.rule);
        }
        problem
    }

    fn problem_in_full(&self) -> Problem {
        match self {
            Self::Problem(problem) => (**problem).clone(),
            #[cfg(feature = "server")]
            Self::Database(error) => database::problem(error),
            Self::Unavailable(_) => problem_of(
                503,
                "unavailable",
                "The database cannot be reached right now; the request was not carried out. Try again in a moment.",
            ),
            Self::OutcomeUnknown(_) => problem_of(
                503,
                "outcome_unknown",
                "The database did not answer: it is unknown whether the request was carried out. Repeat it with the same \
                 Idempotency-Key; without a key, look first.",
            ),
            Self::Setup(_) => {
                problem_of(500, "internal", "Something went wrong on the server; the request was not carried out.")
            }
            Self::Internal(_) => problem_of(
                500,
                "internal",
                "Something went wrong on the server; it is unknown whether the request was carried out.",
            ),
        }
    }
}

/// Maximum characters of one sentence in a problem.
const MAX_LENGTH: usize = 2000;

/// Cuts the middle out of a text that is too long, so that a sentence keeps its end.
fn shorten(text: &mut String) {
    let from = text.char_indices().nth(MAX_LENGTH).and_then(|_| text.char_indices().nth(MAX_LENGTH / 2));
    if let Some((from, _)) = from {
        let to = text.char_indices().rev().nth(MAX_LENGTH / 4).map_or(text.len(), |(at, _)| at);
        text.replace_range(from..to, "…");
    }
}

fn problem_of(status: u16, code: &str, detail: &str) -> Problem {
    Problem { status, code: code.to_owned(), detail: detail.to_owned(), errors: Vec::new(), extra: Map::new() }
}

impl Problem {
    /// The problem as an `application/problem+json` document.
    pub fn to_json(&self) -> Value {
        let mut doc = json!({
            "type": format!("urn:callboard:problem:{}", self.code),
            "title": title(self.status),
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        });
        if let Value::Object(members) = &mut doc {
            if !self.errors.is_empty() {
                members.insert("errors".to_owned(), json!(self.errors));
            }
            for (name, value) in &self.extra {
                members.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        doc
    }
}

/// The reason phrase of a status, as the problem's `title`.
fn title(status: u16) -> &'static str {
    match status {
        400 => "Bad request",
        401 => "Not signed in",
        403 => "Forbidden",
        404 => "Not found",
        405 => "Method not allowed",
        406 => "Not acceptable",
        409 => "Conflict",
        410 => "Gone",
        412 => "Precondition failed",
        413 => "Too large",
        415 => "Unsupported media type",
        422 => "Not valid",
        429 => "Too many requests",
        500 => "Internal error",
        503 => "Unavailable",
        _ => "Error",
    }
}
