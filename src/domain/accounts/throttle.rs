//! Throttles password guessing: limits failed sign-ins per minute for an account and for an address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::Error;

/// The part of an address that identifies one client network: the /64 prefix of an IPv6 address.
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

/// Token buckets per account and address. An attempt is taken before the password is compared, so parallel guessing
/// gains nothing, and refunded on success, so frequent sign-ins are not throttled.
#[derive(Debug, Clone)]
pub struct Throttle {
    rate: f64,
    buckets: Arc<Mutex<HashMap<String, Bucket>>>,
}

impl Throttle {
    /// Allows `rate` failed attempts per minute for an account and ten times as many for an address.
    pub fn new(rate: u32) -> Self {
        Self { rate: f64::from(rate.max(1)), buckets: Arc::default() }
    }

    fn keys(&self, account: Option<&str>, address: IpAddr) -> Vec<(String, f64)> {
        let mut keys = vec![(format!("address {}", network(address)), self.rate * 10.0)];
        keys.extend(account.map(|account| (format!("account {account}"), self.rate)));
        keys
    }

    /// Takes an attempt; 429 with `Retry-After` if none is left.
    pub fn take(&self, account: Option<&str>, address: IpAddr) -> crate::Result<()> {
        self.attempt(account, address, 1.0)
    }

    /// Fails if an attempt would be refused now, without taking one.
    pub fn check(&self, account: Option<&str>, address: IpAddr) -> crate::Result<()> {
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

    /// Refunds an attempt.
    pub fn refund(&self, account: Option<&str>, address: IpAddr) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, capacity) in self.keys(account, address) {
            if let Some(bucket) = buckets.get_mut(&key) {
                bucket.tokens = (bucket.tokens + 1.0).min(capacity);
            }
        }
    }

    /// Removes buckets that are full again; called every minute.
    pub fn prune(&self) {
        let now = Instant::now();
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        buckets.retain(|_, bucket| now.duration_since(bucket.at).as_secs() < 60);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_attempts_are_limited_per_account_and_address() {
        let throttle = Throttle::new(3);
        let address = |last: u8| IpAddr::from([10, 0, 0, last]);
        for attempt in 0..3 {
            assert!(throttle.take(Some("ada"), address(attempt)).is_ok());
        }
        assert_eq!(throttle.take(Some("ada"), address(9)).expect_err("spent").as_problem().status, 429);
        assert!(throttle.check(Some("bob"), address(9)).is_ok());
        throttle.refund(Some("ada"), address(9));
        assert!(throttle.take(Some("ada"), address(9)).is_ok());
        let spent = (0..40).filter(|n| throttle.take(Some(&format!("guess{n}")), address(77)).is_ok()).count();
        assert_eq!(spent, 30);
    }
}
