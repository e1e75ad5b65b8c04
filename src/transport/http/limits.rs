//! How many requests one actor or address may make.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::Result;
use crate::domain::accounts::throttle::network;
use crate::transport::http::problem::too_many;

/// Rate limits of this server, kept in memory.
pub struct Limits {
    actors: DefaultKeyedRateLimiter<String>,
    addresses: DefaultKeyedRateLimiter<IpAddr>,
    clock: DefaultClock,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limits")
    }
}

impl Limits {
    /// `rate` requests a second for each, in bursts of ten times as many.
    pub fn new(rate: u32) -> Self {
        let rate = NonZeroU32::new(rate).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(rate).allow_burst(rate.saturating_mul(NonZeroU32::MIN.saturating_add(9)));
        Self { actors: RateLimiter::keyed(quota), addresses: RateLimiter::keyed(quota), clock: DefaultClock::default() }
    }

    /// Counts a request of an actor.
    pub fn actor(&self, actor: &str) -> Result<()> {
        self.actors.check_key(&actor.to_owned()).map_err(|until| self.refused(&until))
    }

    /// Counts a request of an address nobody vouches for; of IPv6, its /64 network.
    pub fn address(&self, address: IpAddr) -> Result<()> {
        self.addresses.check_key(&network(address)).map_err(|until| self.refused(&until))
    }

    fn refused(&self, until: &governor::NotUntil<governor::clock::QuantaInstant>) -> crate::Error {
        let wait = until.wait_time_from(self.clock.now());
        too_many(wait.as_secs() + 1, "Too many requests; wait as long as Retry-After says.")
    }

    /// Drops what has not been seen for a while; called every minute.
    pub fn tidy(&self) {
        self.actors.retain_recent();
        self.actors.shrink_to_fit();
        self.addresses.retain_recent();
        self.addresses.shrink_to_fit();
    }
}
