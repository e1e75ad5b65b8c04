//! The circuit breaker of a provider: after some failures it is left alone for a while, so that requests do
//! not wait for what will not come. Only the queue's task tries it again.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Failures in a row that open the breaker.
const FAILURES: u32 = 3;

/// How long it stays open at first, and at most; doubled each time a trial fails.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Whether a provider works.
#[derive(Debug, Default)]
pub struct Health(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    failures: u32,
    open: Option<Open>,
    /// Requests in a row that gave up waiting, and how long requests do not ask because of that.
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

impl Health {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why requests must not ask the provider now.
    pub fn closed_to_requests(&self) -> Option<String> {
        let state = self.state();
        let slow = state.slow.as_ref().filter(|slow| slow.remaining().is_some());
        state.open.as_ref().or(slow).map(|open| open.why.clone())
    }

    /// How long the queue must leave the provider alone; nothing when it may try.
    pub fn wait(&self) -> Option<Duration> {
        self.state().open.as_ref().and_then(Open::remaining)
    }

    /// Whether it must be tried before it is trusted with work.
    pub fn is_open(&self) -> bool {
        self.state().open.is_some()
    }

    /// It answered the queue, which closes the breaker.
    pub fn served_queue(&self) {
        let mut state = self.state();
        (state.failures, state.open) = (0, None);
    }

    /// It answered a request, in time or not.
    pub fn served_request(&self, in_time: bool) {
        let mut state = self.state();
        state.failures = 0;
        if in_time {
            (state.late, state.slow) = (0, None);
        }
    }

    /// It failed.
    pub fn failed(&self, why: &str) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= FAILURES || state.open.is_some() {
            state.open = Some(longer(state.open.as_ref(), None, why));
        }
    }

    /// It let the queue wait for nothing: once is enough to keep requests from waiting too.
    pub fn hung(&self, why: &str) {
        let mut state = self.state();
        state.failures = state.failures.max(FAILURES);
        state.open = Some(longer(state.open.as_ref(), None, why));
    }

    /// It asks to be left alone.
    pub fn asked_to_wait(&self, seconds: u64) {
        let wait = Duration::from_secs(seconds.clamp(1, 300));
        self.state().open = Some(longer(None, Some(wait), "it is asked too often and wants to be left alone."));
    }

    /// A request could not wait for it. When that happens again and again, requests stop asking; the queue,
    /// which has time, goes on.
    pub fn was_late(&self) {
        let mut state = self.state();
        state.late = state.late.saturating_add(1);
        if state.late >= FAILURES {
            state.slow = Some(longer(state.slow.as_ref(), None, "it answers too slowly."));
        }
    }
}

/// Twice as long as the last time. Servers that met a failure together do not come back together.
fn longer(last: Option<&Open>, wait: Option<Duration>, why: &str) -> Open {
    let wait = wait.unwrap_or_else(|| last.map_or(FIRST_WAIT, |last| (last.wait * 2).min(LONGEST_WAIT)));
    let until = Instant::now() + wait.mul_f64(0.75 + fastrand::f64() / 2.0);
    Open { until, wait, why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_after_failures_in_a_row_and_closes_on_success() {
        let health = Health::default();
        health.failed("refused");
        health.served_request(true);
        health.failed("refused");
        health.failed("refused");
        assert_eq!(health.closed_to_requests(), None);
        health.failed("refused");
        assert_eq!(health.closed_to_requests().as_deref(), Some("refused"));
        assert!(health.wait().is_some());
        health.served_queue();
        assert!(!health.is_open() && health.wait().is_none());
    }

    #[test]
    fn waits_longer_each_time_and_not_for_ever() {
        let health = Health::default();
        let mut longest = Duration::ZERO;
        for _ in 0..20 {
            health.failed("refused");
            longest = longest.max(health.wait().unwrap_or_default());
        }
        assert!(longest > Duration::from_secs(20) && longest < Duration::from_secs(40), "{longest:?}");
    }

    #[test]
    fn slowness_closes_it_to_requests() {
        let health = Health::default();
        for _ in 0..3 {
            health.was_late();
        }
        assert!(health.closed_to_requests().is_some_and(|why| why.contains("slowly")));
        assert!(!health.is_open() && health.wait().is_none(), "the queue has time");
        health.served_request(false);
        assert!(health.closed_to_requests().is_some());
        health.served_request(true);
        assert_eq!(health.closed_to_requests(), None);
    }
}
