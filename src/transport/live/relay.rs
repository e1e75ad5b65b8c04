//! The relay: one task per server that turns committed history into messages for rooms.
//!
//! While busy, it polls the tail every few milliseconds. When idle, it marks itself asleep and drains: it polls until
//! every transaction that may not have seen the mark has ended. From then on each writer sends a notification, and the
//! relay waits for one, with a fallback read once a second. It waits only for the database, never for a client, and
//! keeps its last snapshot when the connection is lost.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Live;
use super::send_queue::Closing;
use crate::domain::history::tail::{AccessRevoked, Snapshot, Subscriber, Tail, with_timeout};
use crate::{Error, Result};

/// Time between two reads while busy.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// Time without events after which the relay goes to sleep.
const IDLE_AFTER: Duration = Duration::from_millis(300);
/// Time between two fallback reads while asleep, and between two rounds of checks.
const FALLBACK_INTERVAL: Duration = Duration::from_secs(1);
/// Time limit of a read, after which the connection counts as dead. It doubles after each failure, so that a slow
/// database is not disconnected forever.
const READ_TIMEOUT: Duration = Duration::from_millis(900);
/// Time between two updates of this server's row in `relays`.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
/// Unread events beyond which members catch up from history instead of being fed.
const MAX_LAG: i64 = 10_000;
/// Reads with events within [`BUSY_WINDOW`] from which polling is cheaper than notifications.
const BUSY_THRESHOLD: usize = 15;
/// The window in which reads with events are counted.
const BUSY_WINDOW: Duration = Duration::from_millis(500);
/// Callers whose access is checked in one query.
const ACCESS_BATCH_SIZE: usize = 1000;

/// What the relay does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not connected, with the reason.
    Disconnected(String),
    /// Polls the tail every few milliseconds.
    Busy,
    /// Marked asleep; polls until no transaction is left that may not have seen the mark.
    Draining,
    /// Waits for a notification.
    Asleep,
    /// Ended.
    Stopped,
}

/// How the relay waits for the next read.
#[derive(Debug)]
enum PollMode {
    Busy,
    /// Asleep once every transaction below this id has ended.
    Draining(Option<i64>),
    Asleep,
}

/// Runs until the server stops.
pub async fn run(live: Arc<Live>) {
    let mut relay = Relay { live: live.clone(), read_to: None, read_timeout: READ_TIMEOUT, has_read: false };
    let mut pause = Duration::from_millis(20);
    loop {
        let outcome = tokio::select! {
            outcome = relay.follow() => outcome,
            () = live.stopping() => break,
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "relay lost its database connection; reconnecting");
            live.set_relay(State::Disconnected(error.to_string()));
        }
        // Reconnect at once after a working connection; back off while the database is unreachable.
        if std::mem::take(&mut relay.has_read) {
            pause = Duration::from_millis(20);
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = live.stopping() => break,
        }
        pause = (pause * 2).min(Duration::from_millis(500));
    }
    live.set_relay(State::Stopped);
    // Writers stop notifying for this server.
    let leaving = async {
        let tail = Tail::open(&live.settings.listen_url, &live.node).await?;
        tail.prune_marks(true).await
    };
    let _ = with_timeout(Duration::from_secs(1), leaving).await;
}

struct Relay {
    live: Arc<Live>,
    /// The epoch and the snapshot up to which everything has been relayed.
    read_to: Option<(Arc<str>, Snapshot)>,
    read_timeout: Duration,
    /// Whether the current connection has read the tail at least once.
    has_read: bool,
}

impl Relay {
    /// Connects, reads the missed events and follows the tail until an error occurs.
    async fn follow(&mut self) -> Result<()> {
        let opening = Tail::open(&self.live.settings.listen_url, &self.live.node);
        let tail = with_timeout(Duration::from_secs(2), opening).await?;
        let epoch: Arc<str> = tail.epoch.as_str().into();
        match &self.read_to {
            Some((known, _)) if *known == epoch => {}
            known => {
                let what = if known.is_some() { "relay started on a new epoch" } else { "relay started" };
                tracing::info!(%epoch, "{what}");
                self.read_to = Some((epoch.clone(), tail.start.clone()));
                self.live.rooms.resync_all();
            }
        }
        self.live.set_epoch(&epoch);
        with_timeout(self.read_timeout, tail.mark(false)).await?;
        with_timeout(self.read_timeout, tail.prune_marks(false)).await?;
        let outcome = self.listen(&tail, &epoch).await;
        self.read_timeout =
            if outcome.is_ok() { READ_TIMEOUT } else { (self.read_timeout * 2).min(Duration::from_secs(30)) };
        outcome
    }

    async fn listen(&mut self, tail: &Tail, epoch: &Arc<str>) -> Result<()> {
        let mut mode = PollMode::Busy;
        let mut last_event = Instant::now();
        let mut checked: Option<Instant> = None;
        let mut kept_alive = Instant::now();
        let mut busy_reads: VecDeque<Instant> = VecDeque::new();
        let mut timed_out = false;
        loop {
            let began = Instant::now();
            // The checks come before the read: the read must deliver every seq that they find.
            let heads = match checked {
                Some(at) if at.elapsed() < FALLBACK_INTERVAL => None,
                _ => Some(self.check(tail, epoch).await?),
            };
            let (found, snapshot) = self.read(tail, epoch).await?;
            self.has_read = true;
            if let Some(heads) = heads {
                for (stream, head) in heads {
                    self.live.rooms.verify(&stream, head);
                }
                checked = Some(began);
            }
            if self.read_timeout > READ_TIMEOUT && began.elapsed() < READ_TIMEOUT / 4 {
                self.read_timeout = READ_TIMEOUT;
            }
            if kept_alive.elapsed() > KEEPALIVE_INTERVAL {
                with_timeout(self.read_timeout, tail.mark(!matches!(mode, PollMode::Busy))).await?;
                with_timeout(self.read_timeout, tail.prune_marks(false)).await?;
                kept_alive = Instant::now();
            }
            if found {
                last_event = began;
                busy_reads.push_back(began);
            }
            while busy_reads.front().is_some_and(|at| at.elapsed() > BUSY_WINDOW) {
                busy_reads.pop_front();
            }
            mode = match mode {
                PollMode::Busy if last_event.elapsed() > IDLE_AFTER => {
                    with_timeout(self.read_timeout, tail.mark(true)).await?;
                    PollMode::Draining(None)
                }
                // The first snapshot after the mark: transactions that begin later see the mark and notify.
                PollMode::Draining(None) => PollMode::Draining(Some(snapshot.xmax)),
                PollMode::Draining(Some(until)) if snapshot.xmin >= until => PollMode::Asleep,
                PollMode::Draining(_) | PollMode::Asleep if busy_reads.len() >= BUSY_THRESHOLD => {
                    with_timeout(self.read_timeout, tail.mark(false)).await?;
                    PollMode::Busy
                }
                mode => mode,
            };
            self.live.set_relay(match mode {
                PollMode::Busy => State::Busy,
                PollMode::Draining(_) => State::Draining,
                PollMode::Asleep => State::Asleep,
            });
            match mode {
                PollMode::Busy | PollMode::Draining(_) => {
                    // At most half of the time is spent reading.
                    tokio::time::sleep(POLL_INTERVAL.max(began.elapsed()).saturating_sub(began.elapsed() / 2)).await;
                    timed_out = false;
                }
                PollMode::Asleep => {
                    if !found && !timed_out {
                        // Any role may notify; notifications without events must not make the relay read without a pause.
                        tokio::time::sleep(POLL_INTERVAL).await;
                    }
                    let unnotified = timed_out && found;
                    // The notification of what the fallback read found may still arrive.
                    let wait = if unnotified { FALLBACK_INTERVAL / 10 } else { FALLBACK_INTERVAL };
                    let notified = tokio::time::timeout(wait, tail.wake_up.notified()).await.is_ok();
                    self.live.count_sleep(notified, unnotified && !notified);
                    timed_out = !notified;
                }
            }
        }
    }

    /// Reads the tail to its end and delivers it to the rooms. Returns whether there were events, and the snapshot
    /// reached.
    async fn read(&mut self, tail: &Tail, epoch: &Arc<str>) -> Result<(bool, Snapshot)> {
        let Some((_, last)) = &mut self.read_to else {
            return Err(Error::Internal("the relay has no snapshot to read from".to_owned()));
        };
        let mut read = with_timeout(self.read_timeout, tail.read(last)).await?;
        let found = !read.events.is_empty();
        let mut lag_counted = false;
        loop {
            let wanted = self.live.rooms.without_predecessor(&read.events);
            let mut earlier = HashMap::new();
            if !wanted.is_empty() {
                let prevs: HashMap<_, _> =
                    with_timeout(self.read_timeout, tail.previous(&wanted)).await?.into_iter().collect();
                for (ticket_id, seq) in wanted {
                    if let Some(prev) = prevs.get(&ticket_id) {
                        earlier.insert(ticket_id, (seq, *prev));
                    }
                }
            }
            let delivered = self.live.rooms.relay(&read.events, epoch, &earlier);
            metrics::counter!("callboard_relay_events_read_total").increment(read.events.len() as u64);
            metrics::counter!("callboard_relay_events_brought_total").increment(delivered as u64);
            if found {
                metrics::histogram!("callboard_relay_lag_seconds").record(read.age);
            }
            if !read.more {
                break;
            }
            if !lag_counted {
                lag_counted = true;
                let unseen = with_timeout(self.read_timeout * 4, tail.count_unseen(last, MAX_LAG + 1)).await?;
                if unseen > MAX_LAG {
                    tracing::warn!("relay lags too far behind; members catch up from history");
                    *last = read.snapshot.clone();
                    self.live.rooms.resync_all();
                    return Ok((true, read.snapshot));
                }
            }
            read = with_timeout(self.read_timeout * 4, tail.read_on(last, &read)).await?;
        }
        *last = read.snapshot.clone();
        Ok((found, read.snapshot))
    }

    /// Checks that the database still has the known epoch, closes what may no longer be read, and returns the last
    /// seq of each watched stream.
    async fn check(&mut self, tail: &Tail, epoch: &Arc<str>) -> Result<HashMap<String, i64>> {
        let (now, replica, heads) = with_timeout(self.read_timeout, tail.check(&self.live.rooms.watched())).await?;
        if replica || *now != **epoch {
            return Err(Error::Unavailable("the epoch of the database has changed".to_owned()));
        }
        let (subscribers, clients) = self.live.subscribers();
        for batch in 0..subscribers.len().div_ceil(ACCESS_BATCH_SIZE) {
            let range = batch * ACCESS_BATCH_SIZE..subscribers.len().min((batch + 1) * ACCESS_BATCH_SIZE);
            let revoked = with_timeout(self.read_timeout, tail.lost_access(&subscribers[range.clone()])).await?;
            if revoked.iter().any(|access| access.stream_id.is_some()) {
                // The event that revoked the access may belong to the room itself, like the end of a job.
                self.read(tail, epoch).await?;
            }
            for AccessRevoked { subscriber, stream_id } in revoked {
                for client in clients.get(range.start + subscriber).into_iter().flatten() {
                    match &stream_id {
                        // The client may have signed in again during the query.
                        None if !subscribers[range.start + subscriber].is_of(client.caller().as_ref()) => {}
                        None => client.queue.close(Closing::Unauthenticated("the credential was revoked")),
                        Some(stream) => self.live.revoke_access(client, stream),
                    }
                }
            }
        }
        Ok(heads)
    }
}

/// The distinct callers of open connections, and the clients of each.
pub type Subscribers = (Vec<Subscriber>, Vec<Vec<Arc<super::client::Client>>>);
