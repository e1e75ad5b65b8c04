//! The live room: history as it happens, on sockets and event streams.
//!
//! One relay a server follows the tail of history and feeds rooms; clients join rooms, catch up from
//! history and then live on what the relay brings. This door reads history and nothing else.

pub mod catch_up;
pub mod client;
pub mod dialects;
mod line;
pub mod outbox;
pub mod relay;
pub mod rooms;
pub mod socket;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio_util::sync::CancellationToken;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::history::tail::Subscriber;
use client::Client;
use outbox::Closing;
use relay::State;

/// What the live room needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A direct address of the database, for LISTEN.
    pub listen_url: String,
    /// Bytes that may wait for one client.
    pub buffer: usize,
    /// Clients' reads of history at one time; the pool has other users too.
    pub readers: usize,
}

/// The live room of one server.
#[derive(Debug)]
pub struct Live {
    pub(crate) db: Db,
    pub(crate) settings: Settings,
    /// This server's name in `relays`.
    pub(crate) node: String,
    /// Who watches what.
    pub rooms: rooms::Rooms,
    /// Turns at reading history for clients.
    pub(crate) reading: Semaphore,
    /// Boards on their way to clients.
    pub(crate) bulk: Semaphore,
    epoch: RwLock<Arc<str>>,
    relay: watch::Sender<State>,
    stop: CancellationToken,
    sleeps: [AtomicU64; 3],
}

impl Live {
    /// Prepares an empty set of rooms; [`relay::run`] feeds them.
    pub fn new(db: Db, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            db,
            node: format!("{}-{}", std::process::id(), uuid::Uuid::new_v4().simple()),
            rooms: rooms::Rooms::default(),
            reading: Semaphore::new(settings.readers.max(1)),
            bulk: Semaphore::new(32),
            settings,
            epoch: RwLock::new("".into()),
            relay: watch::Sender::new(State::Away("the relay has not started yet".to_owned())),
            stop: CancellationToken::new(),
            sleeps: Default::default(),
        })
    }

    /// Closes every client so that it comes back to another server, and tells the relay to end.
    pub fn begin_stop(&self) {
        self.stop.cancel();
        for client in self.rooms.clients() {
            client.outbox.close(Closing::Restarting);
        }
    }

    /// Whether the server is stopping: no new clients.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits until the server is stopping.
    pub(crate) async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// Is cancelled when the server is stopping.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// What the relay is doing now, and a way to wait for a change.
    pub fn relay_state(&self) -> watch::Receiver<State> {
        self.relay.subscribe()
    }

    /// For `/ready`: whether events are being relayed, or why not.
    pub fn ready(&self) -> Result<(), String> {
        match &*self.relay.borrow() {
            State::Away(reason) => Err(format!("The relay does not follow the database: {reason}.")),
            State::Stopped => Err("The server is stopping.".to_owned()),
            _ => Ok(()),
        }
    }

    /// The life of the database that the relay follows; empty before the first.
    pub fn epoch(&self) -> Arc<str> {
        self.epoch.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Times the relay slept, was woken by the bell, and found events for which nobody had rung.
    pub fn sleeps(&self) -> (u64, u64, u64) {
        let [sleeps, rings, unrung] = &self.sleeps;
        (sleeps.load(Ordering::Relaxed), rings.load(Ordering::Relaxed), unrung.load(Ordering::Relaxed))
    }

    pub(crate) fn set_epoch(&self, epoch: &Arc<str>) {
        *self.epoch.write().unwrap_or_else(PoisonError::into_inner) = epoch.clone();
    }

    pub(crate) fn set_relay(&self, state: State) {
        self.relay.send_if_modified(|current| {
            let changed = *current != state;
            *current = state;
            changed
        });
    }

    pub(crate) fn count_sleep(&self, rung: bool, unrung: bool) {
        for (counter, more) in self.sleeps.iter().zip([true, rung, unrung]) {
            counter.fetch_add(u64::from(more), Ordering::Relaxed);
        }
        metrics::counter!("callboard_relay_unrung_total").increment(u64::from(unrung));
    }

    /// The callers of all clients, each once with everything it watches, and their clients.
    pub(crate) fn holders(&self) -> relay::Holders {
        let mut places: HashMap<(String, Option<String>, Option<String>), usize> = HashMap::new();
        let mut watched: Vec<BTreeSet<String>> = Vec::new();
        let mut holders: Vec<Subscriber> = Vec::new();
        let mut clients: Vec<Vec<Arc<Client>>> = Vec::new();
        for client in self.rooms.clients() {
            let Some(Caller { actor, session, key, .. }) = client.caller() else { continue };
            let place = *places.entry((actor, session, key)).or_insert_with_key(|(actor, session, key)| {
                holders.push(Subscriber {
                    actor: actor.clone(),
                    session: session.clone(),
                    key: key.clone(),
                    streams: Vec::new(),
                });
                watched.push(BTreeSet::new());
                clients.push(Vec::new());
                holders.len() - 1
            });
            watched[place].extend(client.members().iter().filter_map(|m| m.stream().map(str::to_owned)));
            clients[place].push(client);
        }
        for (holder, streams) in holders.iter_mut().zip(watched) {
            holder.streams = streams.into_iter().collect();
        }
        (holders, clients)
    }

    /// Takes a client out of the rooms of a stream that it may no longer read, and tells it.
    pub(crate) fn expel(&self, client: &Arc<Client>, stream: &str) {
        for member in client.members() {
            if member.stream() == Some(stream) && client.exit_member(&member) {
                self.rooms.leave(&member);
                if member.bound {
                    client.outbox.close(Closing::Forbidden(client::NOT_YOURS));
                }
                let room = member.name.as_str();
                client.outbox.say(json!({"type": "unsubscribed", "room": room, "reason": "forbidden"}).to_string());
            }
        }
    }
}
