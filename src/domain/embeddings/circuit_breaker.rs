//! Circuit breaker of a provider: it opens after repeated failures, so that requests do not wait in vain. Only the
//! background task probes the provider while it is open.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Failures in a row that open the breaker.
const FAILURES: u32 = 3;

/// Initial and maximum time that it stays open; doubled each time a probe fails.
const INITIAL_WAIT: Duration = Duration::from_secs(1);
const MAX_WAIT: Duration = Duration::from_secs(30);

/// Tracks the failures of a provider.
#[derive(Debug, Default)]
pub struct CircuitBreaker(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open: Option<Open>,
    /// Consecutive requests that missed their deadline, and the resulting pause for requests.
    late: u32,
    slow: Option<Open>,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    wait: Duration,
    why: String,
}

impl Open {
    fn remaining(&self) -> Option<Duration> {
        self.until.checked_duration_since(Instant::now()).filter(|rest| !rest.is_zero())
    }
}

impl CircuitBreaker {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why requests must not call the provider now.
    pub fn request_rejection(&self) -> Option<String> {
        let state = self.state();
        let slow = state.slow.as_ref().filter(|slow| slow.remaining().is_some());
        state.open.as_ref().or(slow).map(|open| open.why.clone())
    }

    /// How long the background task must not call the provider; `None` if it may.
    pub fn wait(&self) -> Option<Duration> {
        self.state().open.as_ref().and_then(Open::remaining)
    }

    /// Whether the provider must be probed before it gets work.
    pub fn is_open(&self) -> bool {
        self.state().open.is_some()
    }

    /// A background call succeeded, which closes the breaker.
    pub fn background_succeeded(&self) {
        let mut state = self.state();
        (state.failures, state.open) = (0, None);
    }

    /// A request succeeded, in time or not.
    pub fn request_succeeded(&self, in_time: bool) {
        let mut state = self.state();
        state.failures = 0;
        if in_time {
            (state.late, state.slow) = (0, None);
        }
    }

    /// A call failed.
    pub fn failed(&self, why: &str) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES || state.open.is_some() {
            state.open = Some(back_off(state.open.as_ref(), None, why));
        }
    }

    /// A background call timed out. One timeout opens the breaker, because requests would have to wait as long.
    pub fn timed_out(&self, why: &str) {
        let mut state = self.state();
        state.failures = state.failures.max(FAILURES);
        state.open = Some(back_off(state.open.as_ref(), None, why));
    }

    /// The provider limits the rate of requests.
    pub fn rate_limited(&self, seconds: u64) {
        let wait = Duration::from_secs(seconds.clamp(1, 300));
        self.state().open = Some(back_off(None, Some(wait), "it is called too often."));
    }

    /// A request missed its deadline. After several in a row requests are rejected for a while; the background task,
    /// which has no deadline, continues.
    pub fn missed_deadline(&self) {
        let mut state = self.state();
        state.late = state.late.saturating_add(1);
        if state.late >= FAILURES {
            state.slow = Some(back_off(state.slow.as_ref(), None, "it answers too slowly."));
        }
    }
}

/// Doubles the last wait. Jitter keeps servers that failed together from retrying together.
fn back_off(last: Option<&Open>, wait: Option<Duration>, why: &str) -> Open {
    let wait = wait.unwrap_or_else(|| last.map_or(INITIAL_WAIT, |last| (last.wait * 2).min(MAX_WAIT)));
    let until = Instant::now() + wait.mul_f64(0.75 + fastrand::f64() / 2.0);
    Open { until, wait, why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_after_failures_in_a_row_and_closes_on_success() {
        let breaker = CircuitBreaker::default();
        breaker.failed("refused");
        breaker.request_succeeded(true);
        breaker.failed("refused");
        breaker.failed("refused");
        assert_eq!(breaker.request_rejection(), None);
        breaker.failed("refused");
        assert_eq!(breaker.request_rejection().as_deref(), Some("refused"));
        assert!(breaker.wait().is_some());
        breaker.background_succeeded();
        assert!(!breaker.is_open() && breaker.wait().is_none());
    }

    #[test]
    fn backoff_doubles_up_to_a_maximum() {
        let breaker = CircuitBreaker::default();
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            breaker.failed("refused");
            longest = longest.max(breaker.wait().unwrap_or_default());
        }
        assert!(longest > Duration::from_secs(20) && longest < Duration::from_secs(40), "{longest:?}");
    }

    #[test]
    fn slow_responses_reject_requests_but_not_the_background_task() {
        let breaker = CircuitBreaker::default();
        for _ in 0..3 {
            breaker.missed_deadline();
        }
        assert!(breaker.request_rejection().is_some_and(|why| why.contains("slowly")));
        assert!(!breaker.is_open() && breaker.wait().is_none(), "the background task has no deadline");
        breaker.request_succeeded(false);
        assert!(breaker.request_rejection().is_some());
        breaker.request_succeeded(true);
        assert_eq!(breaker.request_rejection(), None);
    }
}
