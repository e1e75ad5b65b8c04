//! Errors of the database as problems.
//!
//! Rules live in SQL and raise SQLSTATEs of class `CB` (`sql/logic/00_kernel/errors.sql`); they and the constraints
//! of `migrations/` are mapped here.

use serde_json::Value;
use tokio_postgres::error::{DbError, Severity, SqlState};

use super::{Error, FieldError, Problem, problem_of};

impl Error {
    /// Whether an immediate retry may succeed (serialization failure, deadlock).
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Database(error) if matches!(error.code(),
            Some(&SqlState::T_R_SERIALIZATION_FAILURE) | Some(&SqlState::T_R_DEADLOCK_DETECTED)))
    }

    /// The error of a statement that was sent. Its outcome is known only if the database reports an error of the
    /// statement, which rolls back; a lost connection, or a backend that ends, may come after the commit.
    pub fn of_sent_statement(error: tokio_postgres::Error) -> Self {
        let known = match error.as_db_error() {
            Some(db) => is_rolled_back(db),
            None => error.to_string().starts_with("error serializing parameter"),
        };
        if known { error.into() } else { Self::OutcomeUnknown(describe_db(&error)) }
    }
}

/// Whether the error ended the statement, and not the connection. Poolers report lost connections in class 08.
fn is_rolled_back(db: &DbError) -> bool {
    let severe = match db.parsed_severity() {
        Some(severity) => severity != Severity::Error,
        None => db.severity() != "ERROR",
    };
    !severe && !db.code().code().starts_with("08")
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
    ("tickets_milestone", "milestone_id", "must name a milestone of the workflow"),
    ("tickets_due_on", "due_on", "must be a date from the year 1900 on"),
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
    ("membership_invitations_named_length", "actor", "must have 1 to 320 characters"),
    ("membership_invitations_role", "role", "must be viewer, member or owner"),
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

/// The problem behind an error of the database.
pub(super) fn problem(error: &tokio_postgres::Error) -> Problem {
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
