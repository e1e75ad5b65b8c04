//! What an error says about the effect of a request.

use super::{Error, Problem};

/// Whether a failed request was carried out. Only [`Outcome::NotDone`] may be repeated without an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was carried out; only its answer is missing or cannot be read.
    Done,
    /// Nothing was changed.
    NotDone,
    /// The answer was lost: it may have been carried out.
    Unknown,
}

impl Problem {
    /// What the problem says. Statuses from 500 on are certain only if Callboard itself refused the request with 503.
    pub fn outcome(&self) -> Outcome {
        match self.status {
            503 if !self.code.is_empty() && self.code != "outcome_unknown" => Outcome::NotDone,
            500.. => Outcome::Unknown,
            _ => Outcome::NotDone,
        }
    }
}

impl Error {
    /// What the error says.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Problem(problem) => problem.outcome(),
            // Rolled back, or never sent; otherwise it is `OutcomeUnknown`.
            #[cfg(feature = "server")]
            Self::Database(_) => Outcome::NotDone,
            Self::Unavailable(_) | Self::Setup(_) => Outcome::NotDone,
            Self::OutcomeUnknown(_) | Self::Internal(_) => Outcome::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_refusals_of_callboard_are_certain() {
        let outcome = |status, code| Error::problem(status, code, "").outcome();
        assert_eq!(outcome(409, "blocked"), Outcome::NotDone);
        assert_eq!(outcome(503, "unavailable"), Outcome::NotDone);
        assert_eq!(outcome(503, "busy"), Outcome::NotDone);
        assert_eq!(outcome(503, "outcome_unknown"), Outcome::Unknown);
        // From a proxy.
        assert_eq!(outcome(503, ""), Outcome::Unknown);
        assert_eq!(outcome(504, ""), Outcome::Unknown);
        assert_eq!(outcome(500, "internal"), Outcome::Unknown);
        assert_eq!(Error::Unavailable(String::new()).outcome(), Outcome::NotDone);
        assert_eq!(Error::OutcomeUnknown(String::new()).as_problem().outcome(), Outcome::Unknown);
    }
}
