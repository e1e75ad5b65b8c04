//! Rooms and their members. The relay delivers events; each member takes those after its position.
//!
//! Nothing here awaits: a client must not delay the relay.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::client::{Client, Member};
use super::dialects::{Dialect, Messages};
use crate::domain::history::{Event, Room};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// By ticket id: the seq of an event, and the seq before it in the ticket's room.
pub type Predecessors = HashMap<String, (i64, i64)>;

/// The rooms of one stream: the stream's own, and for a workflow those of its watched tickets.
#[derive(Debug, Default)]
struct Channel {
    /// The last seq that was relayed; 0 before the first.
    relayed: i64,
    members: HashMap<u64, Arc<Member>>,
    tickets: HashMap<String, TicketRoom>,
}

#[derive(Debug, Default)]
struct TicketRoom {
    /// The last seq in this room, once known.
    last: Option<i64>,
    members: HashMap<u64, Arc<Member>>,
}

/// One event, rendered once for each dialect in its rooms.
struct Rendered<'a> {
    event: &'a Event,
    epoch: &'a str,
    cache: Vec<(Dialect, i64, Messages)>,
}

impl Rendered<'_> {
    fn for_member(&mut self, member: &Member, prev: i64) -> &Messages {
        let dialect = member.client.dialect;
        let cached = self.cache.iter().position(|(rendered, at, _)| *rendered == dialect && *at == prev);
        let index = cached.unwrap_or_else(|| {
            self.cache.push((dialect, prev, dialect.messages(self.event, self.epoch, prev, false)));
            self.cache.len() - 1
        });
        &self.cache[index].2
    }
}

impl Channel {
    fn all_members(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.members.values().chain(self.tickets.values().flat_map(|room| room.members.values()))
    }

    fn is_empty(&self) -> bool {
        self.members.is_empty() && self.tickets.is_empty()
    }

    /// Makes every member catch up from history.
    fn resync(&mut self) {
        self.relayed = 0;
        for room in self.tickets.values_mut() {
            room.last = None;
        }
        for member in self.all_members() {
            member.resync();
        }
    }

    fn relay(&mut self, event: &Event, epoch: &Arc<str>, earlier: &Predecessors) {
        if event.seq <= self.relayed {
            return;
        }
        if self.relayed > 0 && event.seq > self.relayed + 1 {
            // The tail has a gap: it was read while the database recovered from a crash.
            tracing::warn!(
                stream = event.stream_id,
                after = self.relayed,
                next = event.seq,
                "the tail skipped events; members catch up from history"
            );
            self.resync();
        }
        self.relayed = event.seq;
        let mut rendered = Rendered { event, epoch, cache: Vec::new() };
        for member in self.members.values() {
            let messages = rendered.for_member(member, event.seq - 1);
            member.deliver(epoch, event.seq, Some(event.seq - 1), messages);
        }
        let Some(room) = event.ticket_id.as_ref().and_then(|id| self.tickets.get_mut(id)) else { return };
        let known = event.ticket_id.as_ref().and_then(|id| earlier.get(id));
        let prev = room.last.or_else(|| known.filter(|known| known.0 == event.seq).map(|known| known.1));
        room.last = Some(event.seq);
        for member in room.members.values() {
            let messages = rendered.for_member(member, prev.unwrap_or_default());
            member.deliver(epoch, event.seq, prev, messages);
        }
    }
}

/// All rooms and clients of one server.
#[derive(Debug, Default)]
pub struct Rooms {
    channels: RwLock<HashMap<String, Arc<Mutex<Channel>>>>,
    clients: Mutex<HashMap<u64, Arc<Client>>>,
}

impl Rooms {
    fn channel(&self, stream: &str) -> Option<Arc<Mutex<Channel>>> {
        self.channels.read().unwrap_or_else(PoisonError::into_inner).get(stream).cloned()
    }

    fn channels(&self) -> Vec<(String, Arc<Mutex<Channel>>)> {
        let channels = self.channels.read().unwrap_or_else(PoisonError::into_inner);
        channels.iter().map(|(id, channel)| (id.clone(), channel.clone())).collect()
    }

    /// Adds a connected client.
    pub fn add(&self, client: Arc<Client>) {
        let mut clients = lock(&self.clients);
        clients.insert(client.id, client);
        metrics::gauge!("callboard_live_clients").set(clients.len() as f64);
    }

    /// Removes a client and all its memberships.
    pub fn remove(&self, client: &Client) {
        let mut clients = lock(&self.clients);
        clients.remove(&client.id);
        metrics::gauge!("callboard_live_clients").set(clients.len() as f64);
        drop(clients);
        for member in client.exit_all() {
            self.leave(&member);
        }
    }

    /// Every connected client.
    pub fn clients(&self) -> Vec<Arc<Client>> {
        lock(&self.clients).values().cloned().collect()
    }

    /// Adds a member to its room, on the room's stream. The member buffers events from now on. A member that has left
    /// meanwhile is not added.
    pub fn join(&self, member: &Arc<Member>, stream: &str) {
        let mut channels = self.channels.write().unwrap_or_else(PoisonError::into_inner);
        let _ = member.stream.set(stream.to_owned());
        if member.has_left() {
            return;
        }
        let mut channel = lock(channels.entry(stream.to_owned()).or_default());
        match &member.room {
            Room::Workflow(_) | Room::Search(_) | Room::Job(_) => channel.members.insert(member.id, member.clone()),
            Room::Ticket(id) => {
                let room = channel.tickets.entry(id.clone()).or_default();
                room.members.insert(member.id, member.clone())
            }
        };
        drop(channel);
        metrics::gauge!("callboard_live_streams_watched").set(channels.len() as f64);
    }

    /// Removes a member from its room.
    pub fn leave(&self, member: &Member) {
        member.left.store(true, Ordering::Release);
        let mut channels = self.channels.write().unwrap_or_else(PoisonError::into_inner);
        let Some(stream) = member.stream() else { return };
        let Some(entry) = channels.get(stream) else { return };
        let mut channel = lock(entry);
        match &member.room {
            Room::Workflow(_) | Room::Search(_) | Room::Job(_) => drop(channel.members.remove(&member.id)),
            Room::Ticket(id) => {
                if let Some(room) = channel.tickets.get_mut(id) {
                    room.members.remove(&member.id);
                    if room.members.is_empty() {
                        channel.tickets.remove(id);
                    }
                }
            }
        }
        let empty = channel.is_empty();
        drop(channel);
        if empty {
            channels.remove(stream);
        }
        metrics::gauge!("callboard_live_streams_watched").set(channels.len() as f64);
    }

    /// The first event of each watched ticket room whose previous seq is unknown.
    pub fn without_predecessor(&self, events: &[Event]) -> Vec<(String, i64)> {
        let mut found: HashMap<&str, i64> = HashMap::new();
        for event in events {
            let Some(ticket_id) = event.ticket_id.as_deref() else { continue };
            let Some(channel) = self.channel(&event.stream_id) else { continue };
            if lock(&channel).tickets.get(ticket_id).is_some_and(|room| room.last.is_none()) {
                found.entry(ticket_id).or_insert(event.seq);
            }
        }
        found.into_iter().map(|(id, seq)| (id.to_owned(), seq)).collect()
    }

    /// Delivers events, ordered by stream, to the members of their rooms. `earlier` holds the predecessors
    /// of the events that `without_predecessor` found. Returns the number of events in watched streams.
    pub fn relay(&self, events: &[Event], epoch: &Arc<str>, earlier: &Predecessors) -> usize {
        let mut delivered = 0;
        for run in events.chunk_by(|a, b| a.stream_id == b.stream_id) {
            let Some(channel) = run.first().and_then(|event| self.channel(&event.stream_id)) else { continue };
            let mut channel = lock(&channel);
            for event in run {
                channel.relay(event, epoch, earlier);
            }
            delivered += run.len();
        }
        delivered
    }

    /// Makes all members catch up from history: the tail was lost, or the epoch changed.
    pub fn resync_all(&self) {
        for (_, channel) in self.channels() {
            lock(&channel).resync();
        }
    }

    /// The watched streams.
    pub fn watched(&self) -> Vec<String> {
        self.channels().into_iter().map(|(id, _)| id).collect()
    }

    /// Compares members with the last seq of a stream, after a tail read that began later. A member that lags has
    /// missed events and catches up from history.
    pub fn verify(&self, stream: &str, head: i64) {
        let Some(channel) = self.channel(stream) else { return };
        let mut channel = lock(&channel);
        if channel.relayed >= head {
            return;
        }
        let mut behind = 0;
        for member in channel.all_members() {
            behind += usize::from(member.resync_to(head));
        }
        if behind > 0 {
            tracing::warn!(stream, relayed = channel.relayed, head, behind, "members lagged behind history");
            channel.tickets.values_mut().for_each(|room| room.last = None);
        }
        channel.relayed = head;
    }
}
