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
    /// Requests in a row that gave up waiting.
    late: u32,
}

#[derive(Debug)]
struct Open {
    until: Instant,
    wait: Duration,
    why: String,
}

impl Health {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Why requests must not ask the provider now.
    pub fn closed_to_requests(&self) -> Option<String> {
        self.state().open.as_ref().map(|open| open.why.clone())
    }

    /// How long the queue must leave the provider alone; nothing when it may try.
    pub fn wait(&self) -> Option<Duration> {
        let now = Instant::now();
        self.state().open.as_ref().and_then(|open| open.until.checked_duration_since(now)).filter(|d| !d.is_zero())
    }

    /// Whether somebody should try if the provider works again.
    pub fn is_open(&self) -> bool {
        self.state().open.is_some()
    }

    /// It answered the queue, which closes the breaker. Whether it is fast enough for requests is seen by
    /// the next of them.
    pub fn served_queue(&self) {
        let mut state = self.state();
        (state.failures, state.open) = (0, None);
        state.late = state.late.min(FAILURES - 1);
    }

    /// It answered a request, in time or not.
    pub fn served_request(&self, in_time: bool) {
        let mut state = self.state();
        state.failures = 0;
        if in_time {
            state.late = 0;
        }
    }

    /// It failed; `opens` at once where there is no doubt.
    pub fn failed(&self, why: &str, opens: bool) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if opens || state.failures >= FAILURES || state.open.is_some() {
            open(&mut state, why, None);
        }
    }

    /// It asks to be left alone.
    pub fn asked_to_wait(&self, seconds: u64) {
        let wait = Duration::from_secs(seconds.clamp(1, 300));
        open(&mut self.state(), "it is asked too often and wants to be left alone for a while.", Some(wait));
    }

    /// A request could not wait for it. When that happens again and again, requests stop asking.
    pub fn was_late(&self) {
        let mut state = self.state();
        state.late = state.late.saturating_add(1);
        if state.late >= FAILURES && state.open.is_none() {
            open(&mut state, "it answers too slowly.", None);
        }
    }
}

fn open(state: &mut State, why: &str, wait: Option<Duration>) {
    let doubled = state.open.as_ref().map_or(FIRST_WAIT, |open| (open.wait * 2).min(LONGEST_WAIT));
    let wait = wait.unwrap_or(doubled);
    // Servers that failed together do not come back together.
    let until = Instant::now() + wait.mul_f64(0.75 + fastrand::f64() / 2.0);
    state.open = Some(Open { until, wait, why: why.to_owned() });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_after_failures_in_a_row_and_closes_on_success() {
        let health = Health::default();
        health.failed("refused", false);
        health.served_request(true);
        health.failed("refused", false);
        health.failed("refused", false);
        assert_eq!(health.closed_to_requests(), None);
        health.failed("refused", false);
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
            health.failed("refused", true);
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
        // The queue can live with it; the next request that waits in vain closes it again.
        health.served_queue();
        assert_eq!(health.closed_to_requests(), None);
        health.was_late();
        assert!(health.is_open());
    }
}
