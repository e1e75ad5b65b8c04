//! What can go wrong between a client and its server.

use crate::error::Problem;

/// Result with the client's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request has no answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The server refused: status, code, a sentence, and the fields it is about.
    #[error("{}", .0.detail)]
    Refused(Box<Problem>),
    /// The server cannot be reached, or its answer did not arrive.
    #[error("The server at {url} cannot be reached: {why}.")]
    Unreachable {
        /// The server.
        url: String,
        /// What happened.
        why: String,
    },
    /// The answer is none of Callboard's.
    #[error("The server's answer is not understood: {0}.")]
    Unexpected(String),
    /// The client cannot be used like this.
    #[error("{0}.")]
    Unusable(String),
}

impl Error {
    /// The server's refusal, if it is one.
    pub fn problem(&self) -> Option<&Problem> {
        match self {
            Self::Refused(problem) => Some(problem),
            _ => None,
        }
    }

    /// The stable code of a refusal, e.g. `blocked`.
    pub fn code(&self) -> Option<&str> {
        self.problem().map(|problem| problem.code.as_str())
    }

    /// Whether the same request may succeed later without anything being changed.
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
            other => Self::Setup(other.to_string()),
        }
    }
}
