//! The one error type: a problem for the client (status, code, a full sentence) or a fault for the operator.
//!
//! Rules live in SQL and raise SQLSTATEs of class `CB` (`sql/logic/00_kernel/errors.sql`); this file maps
//! them, and the constraints of `migrations/`, to problems. Each transport encodes a problem in its protocol.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use tokio_postgres::error::{DbError, SqlState};

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

/// Everything that can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request was rejected; nothing changed.
    #[error("{}", .0.detail)]
    Problem(Box<Problem>),
    /// The database rejected a statement for a reason outside the rules in `sql/logic`.
    #[error("the database rejected a statement: {}", describe_db(.0))]
    Database(#[source] tokio_postgres::Error),
    /// The database is unreachable or has no free connection; the request can be retried.
    #[error("the database cannot be reached: {0}")]
    Unavailable(String),
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

    /// 429 that says after how many seconds to try again.
    pub fn too_many_requests(seconds: u64, detail: &str) -> Self {
        let mut problem = problem_of(429, "too_many_requests", detail);
        problem.extra.insert("retry_after".to_owned(), seconds.max(1).into());
        Self::Problem(Box::new(problem))
    }

    /// 401 with a sentence.
    pub fn unauthenticated(detail: impl Into<String>) -> Self {
        Self::problem(401, "unauthenticated", detail)
    }

    /// The problem for the client; internal faults become 500 or 503 without details.
    pub fn as_problem(&self) -> Problem {
        let mut problem = self.problem_in_full();
        // Sentences quote client input, which can be very long.
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
            Self::Database(error) => from_db(error),
            Self::Unavailable(_) => {
                problem_of(503, "unavailable", "The database cannot be reached right now; try again in a moment.")
            }
            Self::Setup(_) | Self::Internal(_) => {
                problem_of(500, "internal", "Something went wrong on the server; the request was not carried out.")
            }
        }
    }

    /// Whether an immediate retry may succeed (serialization failure, deadlock).
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Database(error) if matches!(error.code(),
            Some(&SqlState::T_R_SERIALIZATION_FAILURE) | Some(&SqlState::T_R_DEADLOCK_DETECTED)))
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

impl From<tokio_postgres::Error> for Error {
    fn from(error: tokio_postgres::Error) -> Self {
        match error.as_db_error() {
            // 57P01–57P03: shutting down, crashed or starting up; 53300: too many connections;
            // 25006: read-only replica; 53100: disk full.
            Some(db)
                if matches!(
                    db.code().code(),
                    "57P01" | "57P02" | "57P03" | "53300" | "25006" | "53100" | "08006" | "58030"
                ) =>
            {
                Self::Unavailable(db.message().to_owned())
            }
            Some(_) => Self::Database(error),
            None if error.is_closed()
                || std::error::Error::source(&error).is_some_and(|s| s.is::<std::io::Error>()) =>
            {
                Self::Unavailable(describe_db(&error))
            }
            None => Self::Database(error),
        }
    }
}

/// `tokio_postgres::Error` prints only "db error"; this adds the server's message, never parameter values.
pub fn describe_db(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} ({})", db.message(), db.code().code()),
        None => {
            let source = std::error::Error::source(error).map(|s| format!(": {s}")).unwrap_or_default();
            format!("{error}{source}")
        }
    }
}

fn problem_of(status: u16, code: &str, detail: &str) -> Problem {
    Problem { status, code: code.to_owned(), detail: detail.to_owned(), errors: Vec::new(), extra: Map::new() }
}

/// SQLSTATE, HTTP status and code of each error that `sql/logic` raises: the view `logic.error_codes`.
pub const ERROR_CODES: &[(&str, u16, &str)] = &[
    ("CB001", 409, "blocked"),
    ("CB002", 422, "unknown_status"),
    ("CB003", 409, "wip_limit"),
    ("CB004", 409, "dependency_cycle"),
    ("CB005", 409, "stale_version"),
    ("CB006", 409, "transition_not_allowed"),
    ("CB007", 409, "lease_lost"),
    ("CB008", 409, "reopen_not_allowed"),
    ("CB009", 422, "idempotency_key_reused"),
    ("CB010", 409, "ticket_tracking_off"),
    ("CB011", 409, "review_pending"),
    ("CB400", 400, "bad_request"),
    ("CB401", 401, "unauthenticated"),
    ("CB403", 403, "forbidden"),
    ("CB404", 404, "not_found"),
    ("CB409", 409, "conflict"),
    ("CB410", 410, "gone"),
    ("CB422", 422, "invalid"),
    ("CB429", 429, "too_many_requests"),
];

/// Constraints of `migrations/` that a request can violate, with the field and rule to report.
const CONSTRAINTS: &[(&str, &str, &str)] = &[
    ("tickets_title_length", "title", "must have 3 to 500 characters"),
    ("tickets_description_length", "description", "must have at most 200000 characters"),
    ("tickets_priority", "priority", "must be one of low, medium, high, critical"),
    ("tickets_story_points", "story_points", "must be between 0 and 1000"),
    ("tickets_estimate", "estimate_minutes", "must be between 0 and 10000000"),
    ("tickets_spent", "spent_minutes", "must be between 0 and 10000000"),
    ("tickets_status_is_a_column", "status", "must be a column of the board"),
    ("ticket_blockers_not_itself", "blocked_by_ticket_ids", "must not name the ticket itself"),
    ("ticket_comments_length", "comment_text", "must have 1 to 100000 characters"),
    ("ticket_comments_type", "comment_type", "must be a known comment type"),
    ("comment_reactions_emoji", "emoji", "must have 1 to 16 characters"),
    ("ticket_commits_sha", "commit_sha", "must be 4 to 64 hexadecimal digits"),
    ("ticket_commits_message_length", "commit_message", "must have at most 20000 characters"),
    ("workflows_name_length", "name", "must have 1 to 200 characters"),
    ("workflows_description_length", "description", "must have at most 20000 characters"),
    ("boards_name_length", "board_config.name", "must have 1 to 200 characters"),
    ("boards_wip_policy", "board_config.settings.wip_policy", "must be warn or refuse"),
    ("board_columns_id_shape", "board_config.columns.id", "must be 1 to 50 letters, digits or _ . -"),
    ("board_columns_name_length", "board_config.columns.name", "must have 1 to 100 characters"),
    ("board_columns_wip_limit", "board_config.columns.wip_limit", "must be positive"),
    ("board_columns_category", "board_config.columns.category", "must be todo, active or done"),
    ("approvals_question_length", "question", "must have 1 to 10000 characters"),
    ("approvals_context_length", "context", "must have at most 50000 characters"),
    ("approvals_answer_length", "answer", "must have at most 20000 characters"),
    ("approvals_reason_length", "reason", "must have at most 20000 characters"),
    ("webhooks_url_length", "url", "must have 1 to 2000 characters"),
    ("workflow_members_role", "role", "must be viewer, member or owner"),
    (
        "actors_id_shape",
        "agent_id",
        "must be 1 to 128 letters, digits or _ . / : @ + - and begin with a letter or digit",
    ),
    ("actors_name_length", "name", "must have 1 to 200 characters"),
    ("users_email_length", "email", "must have 3 to 320 characters"),
    ("idempotency_keys_length", "Idempotency-Key", "must have 1 to 255 characters"),
    ("api_keys_name_length", "name", "must have 1 to 200 characters"),
    ("jobs_title_length", "title", "must have 1 to 500 characters"),
    ("jobs_prompt_length", "initial_prompt", "must have at most 200000 characters"),
    ("jobs_type_length", "job_type", "must have 1 to 64 characters"),
    ("jobs_stages_count", "stages", "must have at most 50 entries"),
    ("jobs_priority", "priority", "must be one of low, medium, high, critical"),
    ("jobs_progress", "progress", "must be between 0 and 100"),
    ("jobs_progress_message_length", "message", "must have at most 2000 characters"),
    ("jobs_max_attempts", "max_attempts", "must be between 1 and 100"),
    ("jobs_commit_sha", "commit_sha", "must be 4 to 64 hexadecimal digits"),
    ("job_messages_kind", "kind", "must be one of chat, step, log"),
    ("job_messages_role", "role", "must be one of user, assistant, agent, system"),
    ("job_messages_level", "level", "must be one of debug, info, warning, error"),
    ("job_messages_content_length", "content", "must have 1 to 65536 bytes"),
    ("job_messages_metadata_size", "metadata", "must be at most 64 KiB of JSON"),
];

fn from_db(error: &tokio_postgres::Error) -> Problem {
    let Some(db) = error.as_db_error() else {
        return problem_of(500, "internal", "Something went wrong on the server; the request was not carried out.");
    };
    let state = db.code().code();
    if let Some((_, status, code)) = ERROR_CODES.iter().find(|(s, ..)| *s == state) {
        return rule_problem(db, *status, code);
    }
    if let Some((_, field, rule)) = db.constraint().and_then(|name| CONSTRAINTS.iter().find(|(c, ..)| *c == name)) {
        return Error::invalid(field, *rule).as_problem();
    }
    match state {
        // NUL or invalid UTF-8 in a text, a number or time out of range, a malformed literal.
        "22021" | "22P05" | "22003" | "22007" | "22008" | "22P02" | "22023" | "54000" => problem_of(
            422,
            "invalid",
            "A value in the request cannot be stored: it is out of range or holds a character that is not allowed.",
        ),
        "57014" | "55P03" => {
            problem_of(503, "busy", "The database did not answer in time; nothing was changed. Try again in a moment.")
        }
        "40001" | "40P01" => {
            problem_of(503, "busy", "The change met others too often; nothing was changed. Try again in a moment.")
        }
        _ => problem_of(500, "internal", "Something went wrong on the server; the request was not carried out."),
    }
}

fn rule_problem(db: &DbError, status: u16, code: &str) -> Problem {
    let mut problem = problem_of(status, code, db.message());
    if let Some(Value::Object(extra)) = db.detail().and_then(|d| serde_json::from_str(d).ok()) {
        if let (Some(field), Some(rule)) =
            (extra.get("field").and_then(Value::as_str), extra.get("rule").and_then(Value::as_str))
        {
            problem.errors.push(FieldError { field: field.to_owned(), rule: rule.to_owned() });
        } else {
            problem.extra = extra;
        }
    }
    problem
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
