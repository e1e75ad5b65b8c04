//! Throttles password guessing: limits failed sign-ins per minute for an account from one network, for an account from
//! networks it never signed in from, and for a network.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::Error;

/// Slots of each kind of bucket. Names that share a slot share its limit, so memory stays bounded; where a name falls
/// cannot be predicted.
const SLOTS: usize = 1 << 14;
/// How many times the rate one network may fail, for all accounts together.
const NETWORK_FACTOR: f64 = 10.0;
/// How many times the rate an account may fail from networks that it never signed in from, all together.
const STRANGERS_FACTOR: f64 = 5.0;

/// The part of an address that identifies one client network: the /64 prefix of an IPv6 address.
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => IpAddr::V6((u128::from(v6) & !u128::from(u64::MAX)).into()),
        v4 => v4,
    }
}

/// Who tries a password, and from where.
#[derive(Debug, Clone, Copy)]
pub struct Attempt<'a> {
    /// The account; none for a registration.
    pub account: Option<&'a str>,
    /// The client's address.
    pub address: IpAddr,
    /// The browser that signed in to this account before, which is limited for itself.
    pub device: Option<&'a str>,
    /// Whether the account signed in from this network before.
    pub known_network: bool,
}

impl<'a> Attempt<'a> {
    /// An attempt from an address that is not known yet.
    pub fn new(account: Option<&'a str>, address: IpAddr) -> Self {
        Self { account, address, device: None, known_network: false }
    }
}

#[derive(Debug, Clone, Copy)]
struct Bucket {
    spent: f64,
    at: f64,
}

/// Token buckets. An attempt is taken before the password is compared, so parallel guessing gains nothing, and refunded on
/// success, so frequent sign-ins are not throttled. Strangers cannot lock an account for the devices and networks that
/// signed in to it before.
#[derive(Debug, Clone)]
pub struct Throttle {
    rate: f64,
    started: Instant,
    hasher: RandomState,
    buckets: Arc<Mutex<Vec<Bucket>>>,
}

impl Throttle {
    /// Allows `rate` failed attempts per minute for an account from one network, five times as many from all unknown
    /// networks together, and ten times as many for a network.
    pub fn new(rate: u32) -> Self {
        let buckets = vec![Bucket { spent: 0.0, at: 0.0 }; SLOTS * 3];
        Self {
            rate: f64::from(rate.max(1)),
            started: Instant::now(),
            hasher: RandomState::new(),
            buckets: Arc::new(Mutex::new(buckets)),
        }
    }

    /// The slots and capacities that limit an attempt.
    fn limits(&self, attempt: &Attempt<'_>) -> Vec<(usize, f64)> {
        let network = network(attempt.address);
        let slot = |kind: usize, name: &str| {
            let hash = self.hasher.hash_one((kind, name)) % SLOTS as u64;
            kind * SLOTS + usize::try_from(hash).unwrap_or_default()
        };
        if let (Some(account), Some(device)) = (attempt.account, attempt.device) {
            return vec![(slot(1, &format!("{account} device {device}")), self.rate)];
        }
        let mut limits = vec![(slot(0, &network.to_string()), self.rate * NETWORK_FACTOR)];
        if let Some(account) = attempt.account {
            limits.push((slot(1, &format!("{account} {network}")), self.rate));
            if !attempt.known_network {
                limits.push((slot(2, account), self.rate * STRANGERS_FACTOR));
            }
        }
        limits
    }

    /// Takes an attempt; 429 with `Retry-After` if none is left.
    pub fn take(&self, attempt: &Attempt<'_>) -> crate::Result<()> {
        self.spend(attempt, 1.0)
    }

    /// Fails if an attempt would be refused now, without taking one.
    pub fn check(&self, attempt: &Attempt<'_>) -> crate::Result<()> {
        self.spend(attempt, 0.0)
    }

    fn spend(&self, attempt: &Attempt<'_>, cost: f64) -> crate::Result<()> {
        let now = self.started.elapsed().as_secs_f64();
        let limits = self.limits(attempt);
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        let mut wait: f64 = 0.0;
        for &(slot, capacity) in &limits {
            if let Some(bucket) = buckets.get_mut(slot) {
                let restored = (now - bucket.at) * capacity / 60.0;
                let spent = (bucket.spent - restored).max(0.0);
                *bucket = Bucket { spent, at: now };
                wait = wait.max((spent + 1.0 - capacity) * 60.0 / capacity);
            }
        }
        if wait > 0.0 {
            let seconds = wait.ceil().max(1.0);
            return Err(Error::too_many_requests(
                seconds as u64,
                "Too many attempts; wait as long as Retry-After says.",
            ));
        }
        for (slot, _) in limits {
            if let Some(bucket) = buckets.get_mut(slot) {
                bucket.spent += cost;
            }
        }
        Ok(())
    }

    /// Refunds an attempt.
    pub fn refund(&self, attempt: &Attempt<'_>) {
        let mut buckets = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        for (slot, _) in self.limits(attempt) {
            if let Some(bucket) = buckets.get_mut(slot) {
                bucket.spent = (bucket.spent - 1.0).max(0.0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, last])
    }

    fn from(account: &str, last: u8) -> Attempt<'_> {
        Attempt::new(Some(account), address(last))
    }

    #[test]
    fn strangers_do_not_lock_an_account_for_its_owner() {
        let throttle = Throttle::new(3);
        // One stranger: its own network is limited, another is not.
        for _ in 0..3 {
            assert!(throttle.take(&from("ada", 1)).is_ok());
        }
        assert_eq!(throttle.take(&from("ada", 1)).expect_err("spent").as_problem().status, 429);
        assert!(throttle.check(&from("bob", 1)).is_ok());
        assert!(throttle.take(&from("ada", 2)).is_ok());
        // Many strangers: they are limited together, known networks and devices are not.
        let passed = (3..60).filter(|last| throttle.take(&from("ada", *last)).is_ok()).count();
        assert_eq!(passed, 15 - 4);
        let known = Attempt { known_network: true, ..from("ada", 99) };
        let device = Attempt { device: Some("d"), ..from("ada", 1) };
        for attempt in [known, device] {
            for _ in 0..3 {
                assert!(throttle.take(&attempt).is_ok());
            }
            assert!(throttle.take(&attempt).is_err(), "guessing is limited there too");
        }
        throttle.refund(&known);
        assert!(throttle.take(&known).is_ok());
    }

    #[test]
    fn one_network_is_limited_over_all_accounts_and_memory_is_bounded() {
        let throttle = Throttle::new(3);
        let names: Vec<String> = (0..40).map(|n| format!("guess{n}")).collect();
        let spent = names.iter().filter(|name| throttle.take(&from(name, 77)).is_ok()).count();
        assert!((28..=30).contains(&spent), "{spent}");
        assert_eq!(throttle.buckets.lock().expect("the buckets").len(), SLOTS * 3);
    }
}
