//! Errors of the client.

use crate::error::{Outcome, Problem};

/// A result with the client's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The server rejected the request, with a status, a code, a message and the fields concerned.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// The server cannot be reached, or its response did not arrive.
    #[error("{}", unreachable(url, why, *outcome))]
    Unreachable {
        /// The server's address.
        url: String,
        /// The cause.
        why: String,
        /// Whether the request was carried out.
        outcome: Outcome,
    },
    /// The response is not one of a Callboard server.
    #[error("The server's response cannot be parsed: {0}.")]
    Unexpected(String),
    /// The request or the client's settings are invalid.
    #[error("{0}.")]
    Unusable(String),
}

fn unreachable(url: &str, why: &str, outcome: Outcome) -> String {
    match outcome {
        Outcome::NotDone => format!("The server at {url} cannot be reached: {why}."),
        _ => format!(
            "The response of the server at {url} was lost: {why}. The request may have been carried out; look before you \
             repeat it."
        ),
    }
}

impl Error {
    /// Whether the request was carried out. Only [`Outcome::NotDone`] may be repeated as a new request; otherwise repeat it
    /// with the same key ([`Client::with_idempotency_key`](super::Client::with_idempotency_key)).
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Refused(problem) => problem.outcome(),
            Self::Unreachable { outcome, .. } => *outcome,
            Self::Unexpected(_) => Outcome::Done,
            Self::Unusable(_) => Outcome::NotDone,
        }
    }

    /// The server's problem document, if the server rejected the request.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            _ => None,
        }
    }

    /// The stable error code, e.g. `blocked`.
    pub fn code(&self) -> Option<&str> {
        self.problem().map(|problem| problem.code.as_str())
    }

    /// Whether a retry of the same request may succeed.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Refused(problem) => problem.status == 429 || problem.status >= 500,
            Self::Unreachable { .. } => true,
            _ => false,
        }
    }
}

impl From<Error> for crate::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(problem) => Self::Problem(problem),
            lost @ Error::Unreachable { outcome: Outcome::Unknown | Outcome::Done, .. } => {
                Self::OutcomeUnknown(lost.to_string().trim_end_matches('.').to_owned())
            }
            other => Self::Setup(other.to_string()),
        }
    }
}
