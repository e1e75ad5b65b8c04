//! Slows down guessing: a few wrong sign-ins a minute for one account, more for one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::Error;

/// The part of an address that one household or machine holds: of IPv6 its /64 network.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

#[derive(Debug)]
struct Bucket {
    tokens: f64,
    at: Instant,
}

/// Attempts are taken from a bucket before a password is compared and given back when it was right, so
/// that signing in often is no offence, and guessing in parallel gains nothing.
#[derive(Debug, Clone)]
pub struct Throttle {
    rate: f64,
    buckets: Arc<Mutex<HashMap<String, Bucket>>>,
}

impl Throttle {
    /// `rate` wrong attempts a minute for an account, ten times as many for an address.
    pub fn new(rate: u32) -> Self {
        Self { rate: f64::from(rate.max(1)), buckets: Arc::default() }
    }

    fn keys(&self, account: Option<&str>, address: IpAddr) -> Vec<(String, f64)> {
        let mut keys = vec![(format!("address {}", network(address)), self.rate * 10.0)];
        keys.extend(account.map(|account| (format!("account {account}"), self.rate)));
        keys
    }

    /// Takes an attempt, or says in how many seconds there will be one.
    pub fn take(&self, account: Option<&str>, address: IpAddr) -> crate::Result<()> {
        self.attempt(account, address, 1.0)
    }

    /// Whether an attempt would be refused right now.
    pub fn look(&self, account: Option<&str>, address: IpAddr) -> crate::Result<()> {
        self.attempt(account, address, 0.0)
    }

    fn attempt(&self, account: Option<&str>, address: IpAddr, cost: f64) -> crate::Result<()> {
        let now = Instant::now();
        let keys = self.keys(account, address);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut wait: f64 = 0.0;
        for (key, capacity) in &keys {
            let bucket = buckets.entry(key.clone()).or_insert(Bucket { tokens: *capacity, at: now });
            let refilled = now.duration_since(bucket.at).as_secs_f64() * capacity / 60.0;
            *bucket = Bucket { tokens: (bucket.tokens + refilled).min(*capacity), at: now };
            wait = wait.max((1.0 - bucket.tokens) * 60.0 / capacity);
        }
        if wait > 0.0 {
            let seconds = wait.ceil().max(1.0);
            return Err(Error::too_many_requests(
                seconds as u64,
                "Too many attempts; wait as long as Retry-After says.",
            ));
        }
        for (key, _) in &keys {
            if let Some(bucket) = buckets.get_mut(key) {
                bucket.tokens -= cost;
            }
        }
        Ok(())
    }

    /// Gives an attempt back.
    pub fn give_back(&self, account: Option<&str>, address: IpAddr) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, capacity) in self.keys(account, address) {
            if let Some(bucket) = buckets.get_mut(&key) {
                bucket.tokens = (bucket.tokens + 1.0).min(capacity);
            }
        }
    }

    /// Drops buckets that are full again; called every minute.
    pub fn tidy(&self) {
        let now = Instant::now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.retain(|_, bucket| now.duration_since(bucket.at).as_secs() < 60);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_wrong_attempts_per_account_and_address() {
        let throttle = Throttle::new(3);
        let address = |last: u8| IpAddr::from([10, 0, 0, last]);
        for attempt in 0..3 {
            assert!(throttle.take(Some("ada"), address(attempt)).is_ok());
        }
        assert_eq!(throttle.take(Some("ada"), address(9)).expect_err("spent").as_problem().status, 429);
        assert!(throttle.look(Some("bob"), address(9)).is_ok());
        throttle.give_back(Some("ada"), address(9));
        assert!(throttle.take(Some("ada"), address(9)).is_ok());
        let spent = (0..40).filter(|n| throttle.take(Some(&format!("guess{n}")), address(77)).is_ok()).count();
        assert_eq!(spent, 30);
    }
}
