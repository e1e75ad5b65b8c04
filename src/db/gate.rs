//! Admission to a bounded number of connections, shared fairly between tenants: workflows, or callers where the workflow
//! is unknown.
//!
//! Three lanes keep a minimum each, so that waiting writes never hold up reads, sockets or sign-ins. Within a lane a
//! tenant may hold a connection while it holds fewer than are left free (a dynamic threshold): one tenant alone uses
//! half, and something is left for the next. Others wait in order, and tenants take turns.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

use crate::{Error, Result};

/// Maximum waiting statements of one tenant, and of one lane; more are refused at once.
const MAX_WAITING_OF_TENANT: usize = 8_192;
const MAX_WAITING_OF_LANE: usize = 32_768;

/// What a connection is wanted for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// Checking credentials, and `/ready`.
    SignIn,
    /// Statements that take no row locks.
    Read,
    /// Statements that may wait for row locks.
    Write,
}

impl Lane {
    const ALL: [Self; 3] = [Self::SignIn, Self::Read, Self::Write];
}

/// The gate before a pool of connections.
pub struct Gate {
    state: Mutex<State>,
}

struct State {
    free: usize,
    lanes: [LaneState; 3],
}

#[derive(Default)]
struct LaneState {
    /// Connections that the other lanes leave to this one.
    minimum: usize,
    in_use: usize,
    waiting: usize,
    tenants: HashMap<Arc<str>, Tenant>,
    /// The tenants with waiting statements, in the order of their turns.
    turns: VecDeque<Arc<str>>,
}

#[derive(Default)]
struct Tenant {
    in_use: usize,
    queue: VecDeque<oneshot::Sender<()>>,
    /// Entries of the queue whose statement is no longer wanted.
    abandoned: usize,
    has_turn: bool,
}

/// The right to one connection; given back on drop.
pub struct Permit {
    gate: Arc<Gate>,
    lane: Lane,
    tenant: Arc<str>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.gate.release(self.lane, &self.tenant);
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Gate")
    }
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Permit").field("lane", &self.lane).field("tenant", &self.tenant).finish_non_exhaustive()
    }
}

impl Gate {
    /// A gate to `total` connections, of which an eighth is kept for sign-in, and a quarter each for reads and writes.
    pub fn new(total: usize) -> Arc<Self> {
        Self::with_minimums(total, [total / 8, total / 4, total / 4])
    }

    /// A gate with the minimum of each lane: sign-in, read, write.
    pub fn with_minimums(total: usize, minimums: [usize; 3]) -> Arc<Self> {
        let lanes = minimums.map(|minimum| LaneState { minimum, ..LaneState::default() });
        Arc::new(Self { state: Mutex::new(State { free: total.max(1), lanes }) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a connection; `Unavailable` after the time limit, or at once if too many wait already.
    pub async fn enter(self: &Arc<Self>, lane: Lane, tenant: &Arc<str>, limit: Duration) -> Result<Permit> {
        let permit = || Permit { gate: self.clone(), lane, tenant: tenant.clone() };
        let granted = {
            let mut state = self.state();
            if state.take(lane, tenant) {
                return Ok(permit());
            }
            state.enqueue(lane, tenant)
        }
        .ok_or_else(|| Error::Unavailable("too many statements wait for a connection".to_owned()))?;
        let mut waiting = Waiting { gate: self, lane, tenant, granted, taken: false };
        match tokio::time::timeout(limit, &mut waiting.granted).await {
            Ok(Ok(())) => {
                waiting.taken = true;
                Ok(permit())
            }
            _ => Err(Error::Unavailable("every connection was busy for too long".to_owned())),
        }
    }

    /// Connections in use in a lane.
    pub fn in_use(&self, lane: Lane) -> usize {
        self.state().lanes[lane as usize].in_use
    }

    /// Statements that wait for a connection.
    pub fn waiting(&self) -> usize {
        self.state().lanes.iter().map(|lane| lane.waiting).sum()
    }

    fn release(&self, lane: Lane, tenant: &Arc<str>) {
        let mut state = self.state();
        state.free += 1;
        let in_lane = &mut state.lanes[lane as usize];
        in_lane.in_use -= 1;
        if let Some(found) = in_lane.tenants.get_mut(tenant) {
            found.in_use -= 1;
            if found.in_use == 0 && !found.has_turn {
                in_lane.tenants.remove(tenant);
            }
        }
        for lane in Lane::ALL {
            while state.grant_next(lane) {}
        }
    }

    fn abandon(&self, lane: Lane, tenant: &Arc<str>) {
        let mut state = self.state();
        let lane = &mut state.lanes[lane as usize];
        lane.waiting -= 1;
        if let Some(tenant) = lane.tenants.get_mut(tenant) {
            tenant.abandoned += 1;
            if tenant.abandoned * 2 > tenant.queue.len() {
                tenant.queue.retain(|sender| !sender.is_closed());
                tenant.abandoned = 0;
            }
        }
    }
}

impl State {
    /// Connections that a lane may still take without touching the minimums of the others.
    fn free_for(&self, lane: Lane) -> usize {
        let kept: usize = Lane::ALL
            .iter()
            .filter(|other| **other != lane)
            .map(|other| &self.lanes[*other as usize])
            .map(|other| other.minimum.saturating_sub(other.in_use))
            .sum();
        self.free.saturating_sub(kept)
    }

    /// Takes a connection if the tenant may have one now and none of its statements waits.
    fn take(&mut self, lane: Lane, tenant: &Arc<str>) -> bool {
        let free = self.free_for(lane);
        let in_lane = &mut self.lanes[lane as usize];
        let (held, queued) = in_lane.tenants.get(tenant).map_or((0, false), |t| (t.in_use, t.has_turn));
        if queued || held >= free {
            return false;
        }
        in_lane.tenants.entry(tenant.clone()).or_default().in_use += 1;
        in_lane.in_use += 1;
        self.free -= 1;
        true
    }

    /// Adds a waiting statement; `None` if too many wait.
    fn enqueue(&mut self, lane: Lane, tenant: &Arc<str>) -> Option<oneshot::Receiver<()>> {
        let lane = &mut self.lanes[lane as usize];
        let found = lane.tenants.entry(tenant.clone()).or_default();
        if lane.waiting >= MAX_WAITING_OF_LANE || found.queue.len() >= MAX_WAITING_OF_TENANT {
            if found.in_use == 0 && !found.has_turn {
                lane.tenants.remove(tenant);
            }
            return None;
        }
        let (sender, receiver) = oneshot::channel();
        found.queue.push_back(sender);
        lane.waiting += 1;
        if !std::mem::replace(&mut found.has_turn, true) {
            lane.turns.push_back(tenant.clone());
        }
        Some(receiver)
    }

    /// Gives a free connection to the next tenant that may have one.
    fn grant_next(&mut self, lane: Lane) -> bool {
        let free = self.free_for(lane);
        let in_lane = &mut self.lanes[lane as usize];
        for _ in 0..in_lane.turns.len() {
            let Some(name) = in_lane.turns.pop_front() else { return false };
            let Some(tenant) = in_lane.tenants.get_mut(&name) else { continue };
            let mut granted = false;
            while !granted && tenant.in_use < free {
                let Some(sender) = tenant.queue.pop_front() else { break };
                granted = sender.send(()).is_ok();
                tenant.abandoned = tenant.abandoned.saturating_sub(usize::from(!granted));
            }
            if granted {
                tenant.in_use += 1;
                in_lane.in_use += 1;
                in_lane.waiting -= 1;
                self.free -= 1;
            }
            if tenant.queue.is_empty() {
                tenant.has_turn = false;
                if tenant.in_use == 0 {
                    in_lane.tenants.remove(&name);
                }
            } else {
                in_lane.turns.push_back(name);
            }
            if granted {
                return true;
            }
        }
        false
    }
}

/// A waiting statement. Dropped before it got its connection, it leaves the queue.
struct Waiting<'a> {
    gate: &'a Gate,
    lane: Lane,
    tenant: &'a Arc<str>,
    granted: oneshot::Receiver<()>,
    taken: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if self.taken {
            return;
        }
        self.granted.close();
        match self.granted.try_recv() {
            // Granted after the last poll.
            Ok(()) => self.gate.release(self.lane, self.tenant),
            Err(_) => self.gate.abandon(self.lane, self.tenant),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_millis(1);
    const LATE: Duration = Duration::from_secs(60);

    fn tenant(name: &str) -> Arc<str> {
        name.into()
    }

    /// Takes connections until none is left for the tenant.
    async fn fill(gate: &Arc<Gate>, lane: Lane, name: &str) -> Vec<Permit> {
        let mut permits = Vec::new();
        while let Ok(permit) = gate.enter(lane, &tenant(name), SOON).await {
            permits.push(permit);
        }
        permits
    }

    #[tokio::test]
    async fn no_tenant_and_no_lane_takes_everything() {
        let gate = Gate::new(16);
        let a = fill(&gate, Lane::Write, "a").await;
        assert_eq!(a.len(), 5, "half of what writes may use");
        let b = fill(&gate, Lane::Write, "b").await;
        assert!(!b.is_empty(), "another workflow still writes");
        let mut others = Vec::new();
        for n in 0..10 {
            others.extend(fill(&gate, Lane::Write, &format!("other {n}")).await);
        }
        assert_eq!(a.len() + b.len() + others.len(), 10);
        assert!(!fill(&gate, Lane::Read, "a").await.is_empty(), "reads do not wait for writes");
        assert!(!fill(&gate, Lane::SignIn, "").await.is_empty(), "nor does sign-in");
        drop((a, b, others));
        assert_eq!(gate.in_use(Lane::Write), 0);
        assert_eq!(fill(&gate, Lane::Write, "a").await.len(), 5, "everything was given back");
    }

    #[tokio::test]
    async fn the_smallest_pools_serve_every_lane() {
        for total in 1..=4 {
            let gate = Gate::new(total);
            for lane in Lane::ALL {
                assert!(!fill(&gate, lane, "a").await.is_empty(), "{total} connections, {lane:?}");
            }
        }
    }

    #[tokio::test]
    async fn tenants_take_turns_and_each_waits_in_order() {
        let gate = Gate::with_minimums(1, [0; 3]);
        let first = gate.enter(Lane::Read, &tenant("a"), LATE).await.expect("a permit");
        let order = Arc::new(Mutex::new(Vec::new()));
        let waiting: Vec<_> = [("a", 1), ("a", 2), ("a", 3), ("b", 1), ("b", 2)]
            .into_iter()
            .map(|(name, number)| {
                let (gate, order) = (gate.clone(), order.clone());
                tokio::spawn(async move {
                    let permit = gate.enter(Lane::Read, &tenant(name), LATE).await.expect("a permit");
                    order.lock().expect("the order").push((name, number));
                    drop(permit);
                })
            })
            .collect();
        while gate.waiting() < waiting.len() {
            tokio::task::yield_now().await;
        }
        drop(first);
        for one in waiting {
            one.await.expect("a turn");
        }
        assert_eq!(*order.lock().expect("the order"), [("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 3)]);
    }

    #[tokio::test]
    async fn waits_that_end_leave_the_queue() {
        let gate = Gate::with_minimums(1, [0; 3]);
        let held = gate.enter(Lane::Write, &tenant("a"), LATE).await.expect("a permit");
        for _ in 0..100 {
            let wait = gate.enter(Lane::Write, &tenant("a"), SOON).await;
            assert!(matches!(wait, Err(Error::Unavailable(_))));
        }
        assert_eq!(gate.waiting(), 0);
        assert!(gate.state().lanes[Lane::Write as usize].tenants["a"].queue.len() <= 1);
        // A wait that is dropped just after it was granted gives its connection on.
        let b = tenant("b");
        let mut dropped = Box::pin(gate.enter(Lane::Write, &b, LATE));
        assert!(futures_util::poll!(&mut dropped).is_pending());
        drop(held);
        drop(dropped);
        assert_eq!(gate.in_use(Lane::Write), 0);
        gate.enter(Lane::Write, &tenant("c"), SOON).await.expect("a permit");
        assert!(gate.state().lanes.iter().all(|lane| lane.tenants.is_empty() && lane.waiting == 0));
    }
}
