//! The relay: one task a server that turns committed history into messages of rooms.
//!
//! Busy, it reads the tail every few milliseconds. Quiet, it marks itself asleep and waits until every
//! transaction that may not have seen the mark has ended; from then on each writer rings, and the relay
//! waits for the bell (and looks once a second all the same). It waits for the database only, never for
//! a client, and keeps the snapshot it has read up to across any loss of its connection.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Live;
use super::outbox::Closing;
use crate::domain::history::tail::{AccessRevoked, Snapshot, Subscriber, Tail, with_timeout};
use crate::{Error, Result};

/// Between two reads while busy.
const BEAT: Duration = Duration::from_millis(5);
/// Quiet for so long, the relay goes to sleep.
const QUIET: Duration = Duration::from_millis(300);
/// Between two looks while asleep, and between two rounds of checks.
const TICK: Duration = Duration::from_secs(1);
/// The database may take so long over a read before its connection counts as dead; doubled after each
/// failure, so that a slow database is not hung up on for ever.
const PATIENCE: Duration = Duration::from_millis(900);
/// Between two signs of life in `relays`.
const SIGN: Duration = Duration::from_secs(10);
/// Further behind than this, members read history by themselves.
const FAR_BEHIND: i64 = 10_000;
/// So many rings within half a second, and polling is cheaper for everyone.
const BUSTLE: usize = 15;

/// What the relay is doing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// Not connected; the reason.
    Away(String),
    /// Reading the tail every few milliseconds.
    Busy,
    /// Marked asleep, waiting for transactions that may not have seen the mark.
    Dozing,
    /// Waiting for the bell.
    Asleep,
    /// Ended.
    Stopped,
}

/// How the relay waits for the next read.
#[derive(Debug)]
enum Mood {
    Busy,
    /// Asleep once every transaction before this number has ended.
    Dozing(Option<i64>),
    Asleep,
}

/// Runs until the server stops.
pub async fn run(live: Arc<Live>) {
    let mut relay = Relay { live: live.clone(), read_to: None, patience: PATIENCE, of_use: false };
    let mut pause = Duration::from_millis(20);
    loop {
        let outcome = tokio::select! {
            outcome = relay.follow() => outcome,
            () = live.stopping() => break,
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, "the relay lost the database and connects again");
            live.set_relay(State::Away(error.to_string()));
        }
        // A connection that was of use is made anew at once; a database that is away is not pressed.
        if std::mem::take(&mut relay.of_use) {
            pause = Duration::from_millis(20);
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = live.stopping() => break,
        }
        pause = (pause * 2).min(Duration::from_millis(500));
    }
    live.set_relay(State::Stopped);
    // So that no writer rings for us any more.
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
    patience: Duration,
    /// Whether the connection has read the tail.
    of_use: bool,
}

impl Relay {
    /// Connects, reads what was missed, and follows the tail until something fails.
    async fn follow(&mut self) -> Result<()> {
        let opening = Tail::open(&self.live.settings.listen_url, &self.live.node);
        let tail = with_timeout(Duration::from_secs(2), opening).await?;
        let epoch: Arc<str> = tail.epoch.as_str().into();
        match &self.read_to {
            Some((known, _)) if *known == epoch => {}
            _ => {
                tracing::info!(%epoch, "the relay follows a life of the database it has not read before");
                self.read_to = Some((epoch.clone(), tail.start.clone()));
                self.live.rooms.restart_all();
            }
        }
        self.live.set_epoch(&epoch);
        with_timeout(self.patience, tail.mark(false)).await?;
        with_timeout(self.patience, tail.prune_marks(false)).await?;
        let outcome = self.listen(&tail, &epoch).await;
        self.patience = if outcome.is_ok() { PATIENCE } else { (self.patience * 2).min(Duration::from_secs(30)) };
        outcome
    }

    async fn listen(&mut self, tail: &Tail, epoch: &Arc<str>) -> Result<()> {
        let mut mood = Mood::Busy;
        let mut last_news = Instant::now();
        let mut checked: Option<Instant> = None;
        let mut signed = Instant::now();
        let mut news: VecDeque<Instant> = VecDeque::new();
        let mut woke_by_itself = false;
        loop {
            let began = Instant::now();
            // A round of checks begins before the read: whatever it finds numbered, the read must bring.
            let heads = match checked {
                Some(at) if at.elapsed() < TICK => None,
                _ => Some(self.check(tail, epoch).await?),
            };
            let (found, snapshot) = self.read(tail, epoch).await?;
            self.of_use = true;
            if let Some(heads) = heads {
                for (stream, head) in heads {
                    self.live.rooms.verify(&stream, head);
                }
                checked = Some(began);
            }
            if self.patience > PATIENCE && began.elapsed() < PATIENCE / 4 {
                self.patience = PATIENCE;
            }
            if signed.elapsed() > SIGN {
                with_timeout(self.patience, tail.mark(!matches!(mood, Mood::Busy))).await?;
                with_timeout(self.patience, tail.prune_marks(false)).await?;
                signed = Instant::now();
            }
            if found {
                last_news = began;
                news.push_back(began);
            }
            while news.front().is_some_and(|at| at.elapsed() > Duration::from_millis(500)) {
                news.pop_front();
            }
            mood = match mood {
                Mood::Busy if last_news.elapsed() > QUIET => {
                    with_timeout(self.patience, tail.mark(true)).await?;
                    Mood::Dozing(None)
                }
                // The first snapshot after the mark: whoever began later has seen the mark and rings.
                Mood::Dozing(None) => Mood::Dozing(Some(snapshot.xmax)),
                Mood::Dozing(Some(until)) if snapshot.xmin >= until => Mood::Asleep,
                Mood::Dozing(_) | Mood::Asleep if news.len() >= BUSTLE => {
                    with_timeout(self.patience, tail.mark(false)).await?;
                    Mood::Busy
                }
                mood => mood,
            };
            self.live.set_relay(match mood {
                Mood::Busy => State::Busy,
                Mood::Dozing(_) => State::Dozing,
                Mood::Asleep => State::Asleep,
            });
            match mood {
                Mood::Busy | Mood::Dozing(_) => {
                    // Half of the time at most goes into reading.
                    tokio::time::sleep(BEAT.max(began.elapsed()).saturating_sub(began.elapsed() / 2)).await;
                    woke_by_itself = false;
                }
                Mood::Asleep => {
                    let unrung = woke_by_itself && found;
                    // What was found without a bell: it may ring this very moment.
                    let wait = if unrung { TICK / 10 } else { TICK };
                    let rung = tokio::time::timeout(wait, tail.wake_up.notified()).await.is_ok();
                    self.live.count_sleep(rung, unrung && !rung);
                    woke_by_itself = !rung;
                }
            }
        }
    }

    /// Reads the tail to its end and brings it to the rooms. Answers whether there was anything, and the
    /// snapshot reached.
    async fn read(&mut self, tail: &Tail, epoch: &Arc<str>) -> Result<(bool, Snapshot)> {
        let Some((_, last)) = &mut self.read_to else { return Err(Error::Internal("nothing to read from".to_owned())) };
        let mut read = with_timeout(self.patience, tail.read(last)).await?;
        let found = !read.events.is_empty();
        let mut behind_counted = false;
        loop {
            let asked = self.live.rooms.without_predecessor(&read.events);
            let mut earlier = HashMap::new();
            if !asked.is_empty() {
                let prevs: HashMap<_, _> =
                    with_timeout(self.patience, tail.previous(&asked)).await?.into_iter().collect();
                for (ticket_id, seq) in asked {
                    if let Some(prev) = prevs.get(&ticket_id) {
                        earlier.insert(ticket_id, (seq, *prev));
                    }
                }
            }
            let brought = self.live.rooms.relay(&read.events, epoch, &earlier);
            metrics::counter!("callboard_relay_events_read_total").increment(read.events.len() as u64);
            metrics::counter!("callboard_relay_events_brought_total").increment(brought as u64);
            if found {
                metrics::histogram!("callboard_relay_lag_seconds").record(read.age);
            }
            if !read.more {
                break;
            }
            if !behind_counted {
                behind_counted = true;
                let unseen = with_timeout(self.patience * 4, tail.count_unseen(last, FAR_BEHIND + 1)).await?;
                if unseen > FAR_BEHIND {
                    tracing::warn!("the relay is far behind; its members read history by themselves");
                    *last = read.snapshot.clone();
                    self.live.rooms.restart_all();
                    return Ok((true, read.snapshot));
                }
            }
            read = with_timeout(self.patience * 4, tail.read_on(last, &read)).await?;
        }
        *last = read.snapshot.clone();
        Ok((found, read.snapshot))
    }

    /// The round of checks: whether the database is still the one we know, who has lost access since, and
    /// how far each watched stream has come.
    async fn check(&mut self, tail: &Tail, epoch: &Arc<str>) -> Result<Vec<(String, i64)>> {
        let (now, replica) = with_timeout(self.patience, tail.position()).await?;
        if replica || *now != **epoch {
            return Err(Error::Unavailable("the database has begun another life".to_owned()));
        }
        let (holders, clients) = self.live.holders();
        for part in 0..holders.len().div_ceil(1000) {
            let range = part * 1000..holders.len().min((part + 1) * 1000);
            let losses = with_timeout(self.patience, tail.lost_access(&holders[range.clone()])).await?;
            if losses.iter().any(|loss| loss.stream_id.is_some()) {
                // What took the access away may have been said in the room itself, as the end of a job is.
                self.read(tail, epoch).await?;
            }
            for AccessRevoked { subscriber: holder, stream_id } in losses {
                for client in clients.get(range.start + holder).into_iter().flatten() {
                    match &stream_id {
                        // It may have signed in anew while we asked.
                        None if !holders[range.start + holder].is_of(client.caller().as_ref()) => {}
                        None => client.outbox.close(Closing::Unauthenticated("the credential was revoked")),
                        Some(stream) => self.live.expel(client, stream),
                    }
                }
            }
        }
        let watched = self.live.rooms.watched();
        if watched.is_empty() {
            return Ok(Vec::new());
        }
        with_timeout(self.patience, tail.heads(&watched)).await
    }
}

/// Callers of open connections, each once.
pub type Holders = (Vec<Subscriber>, Vec<Vec<Arc<super::client::Client>>>);
