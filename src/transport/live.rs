//! Live events: history as it is committed, over sockets and event streams.
//!
//! One relay per server follows the tail of history and feeds rooms. A client joins a room, catches up from history and
//! then receives what the relay delivers. This transport reads history and accounts, nothing else.

mod catch_up;
pub mod client;
pub mod deflate;
pub mod dialects;
pub mod message;
pub mod relay;
pub mod rooms;
pub mod send_queue;
pub mod socket;
mod socket_writer;

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use serde_json::json;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::db::Db;
use crate::db::gate::Gate;
use crate::domain::accounts::Caller;
use crate::domain::history::tail::Subscriber;
use client::{Client, Member};
use relay::State;
use send_queue::Closing;

/// Maximum snapshots that are sent at once.
const MAX_SNAPSHOTS: usize = 32;

/// Settings of live events.
#[derive(Debug, Clone)]
pub struct Settings {
    /// A database URL that bypasses poolers, for LISTEN.
    pub listen_url: String,
    /// Maximum bytes queued for one client.
    pub buffer: usize,
    /// Whether messages are compressed for the sockets that ask for it.
    pub compress: bool,
}

/// Live events of one server.
#[derive(Debug)]
pub struct Live {
    pub(crate) db: Db,
    pub(crate) settings: Settings,
    /// This server's name in `relays`.
    pub(crate) node: String,
    /// The rooms and their members.
    pub rooms: rooms::Rooms,
    /// Admission of snapshots that are being sent, which bounds the memory they take; shared fairly between rooms.
    pub(crate) snapshots: Arc<Gate>,
    epoch: RwLock<Arc<str>>,
    relay: watch::Sender<State>,
    stop: CancellationToken,
    sleep_counts: [AtomicU64; 3],
}

impl Live {
    /// An empty set of rooms; [`relay::run`] feeds them.
    pub fn new(db: Db, settings: Settings) -> Arc<Self> {
        Arc::new(Self {
            db: db.for_sockets(),
            node: format!("{}-{}", std::process::id(), uuid::Uuid::new_v4().simple()),
            rooms: rooms::Rooms::default(),
            snapshots: Gate::with_minimums(MAX_SNAPSHOTS, [0; 3]),
            settings,
            epoch: RwLock::new("".into()),
            relay: watch::Sender::new(State::Disconnected("the relay has not started yet".to_owned())),
            stop: CancellationToken::new(),
            sleep_counts: Default::default(),
        })
    }

    /// Closes every client, so that it reconnects to another server, and stops the relay.
    pub fn begin_stop(&self) {
        self.stop.cancel();
        for client in self.rooms.clients() {
            client.queue.close(Closing::Restarting);
        }
    }

    /// Whether the server is stopping and accepts no new clients.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// Waits until the server is stopping.
    pub(crate) async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// A token that is cancelled when the server stops.
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Whether messages are compressed for the sockets that ask for it.
    pub fn compresses(&self) -> bool {
        self.settings.compress
    }

    /// The state of the relay, and a way to wait for a change.
    pub fn relay_state(&self) -> watch::Receiver<State> {
        self.relay.subscribe()
    }

    /// For `/ready`: `Err` says why events are not being relayed.
    pub fn ready(&self) -> Result<(), String> {
        match &*self.relay.borrow() {
            State::Disconnected(reason) => Err(format!("The relay is not connected to the database: {reason}.")),
            State::Stopped => Err("The server is stopping.".to_owned()),
            _ => Ok(()),
        }
    }

    /// The epoch that the relay follows; empty before the first connection.
    pub fn epoch(&self) -> Arc<str> {
        self.epoch.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How often the relay slept, was woken by a notification, and found events without a notification.
    pub fn sleep_counts(&self) -> (u64, u64, u64) {
        let [sleeps, notified, missed] = &self.sleep_counts;
        (sleeps.load(Ordering::Relaxed), notified.load(Ordering::Relaxed), missed.load(Ordering::Relaxed))
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

    pub(crate) fn count_sleep(&self, notified: bool, missed: bool) {
        for (counter, more) in self.sleep_counts.iter().zip([true, notified, missed]) {
            counter.fetch_add(u64::from(more), Ordering::Relaxed);
        }
        metrics::counter!("callboard_relay_unrung_total").increment(u64::from(missed));
    }

    /// Catches a member up from history in a task of its own. `entering`: the client asked to enter the room, so the
    /// outcome is sent to it.
    pub fn catch_up(self: &Arc<Self>, member: Arc<Member>, entering: bool) {
        tokio::spawn(catch_up::run(self.clone(), member, entering));
    }

    /// The distinct callers of all clients with everything each watches, and their clients.
    pub(crate) fn subscribers(&self) -> relay::Subscribers {
        let mut indexes: HashMap<(String, Option<String>, Option<String>), usize> = HashMap::new();
        let mut watched: Vec<BTreeSet<String>> = Vec::new();
        let mut subscribers: Vec<Subscriber> = Vec::new();
        let mut clients: Vec<Vec<Arc<Client>>> = Vec::new();
        for client in self.rooms.clients() {
            let Some(Caller { actor, session, key, .. }) = client.caller() else { continue };
            let index = *indexes.entry((actor, session, key)).or_insert_with_key(|(actor, session, key)| {
                subscribers.push(Subscriber {
                    actor: actor.clone(),
                    session: session.clone(),
                    key: key.clone(),
                    streams: Vec::new(),
                });
                watched.push(BTreeSet::new());
                clients.push(Vec::new());
                subscribers.len() - 1
            });
            watched[index].extend(client.members().iter().filter_map(|m| m.stream().map(str::to_owned)));
            clients[index].push(client);
        }
        for (subscriber, streams) in subscribers.iter_mut().zip(watched) {
            subscriber.streams = streams.into_iter().collect();
        }
        (subscribers, clients)
    }

    /// Sends messages to the sockets of these actors that wait for a room with nothing behind it. Returns to how many.
    pub fn send_to_awaiting(&self, actors: &[&str], room: &str, messages: &dialects::Messages) -> usize {
        let awaits = |client: &Arc<Client>| {
            client.awaits(room) && client.caller().is_some_and(|caller| actors.contains(&caller.actor.as_str()))
        };
        let clients: Vec<_> = self.rooms.clients().into_iter().filter(awaits).collect();
        for client in &clients {
            for message in messages.iter() {
                client.queue.push_text(message.text());
            }
        }
        clients.len()
    }

    /// Removes a client from the rooms of a stream that it may no longer read, and notifies it.
    pub(crate) fn revoke_access(&self, client: &Arc<Client>, stream: &str) {
        for member in client.members() {
            if member.stream() == Some(stream) && client.exit_member(&member) {
                self.rooms.leave(&member);
                if member.fixed && client.dialect.ends_with_its_room() {
                    client.queue.finish(Closing::Gone);
                } else if member.fixed {
                    client.queue.finish(Closing::Forbidden(client::NOT_READABLE));
                }
                let room = member.name.as_str();
                client
                    .queue
                    .push_text(json!({"type": "unsubscribed", "room": room, "reason": "forbidden"}).to_string());
            }
        }
    }
}
