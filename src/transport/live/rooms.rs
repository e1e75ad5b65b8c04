//! Rooms: who watches what. The relay puts events in; each member takes them as far as it has caught up.
//!
//! Everything here is short and never waits: the relay must not be held up by a client.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::client::{Client, Member};
use super::dialects::{Dialect, Texts};
use crate::domain::history::{Event, Room};

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// For some tickets, an event's number and the number before it in the ticket's room.
pub type Predecessors = HashMap<String, (i64, i64)>;

/// The rooms of one stream: its own, and in a workflow's one for each of its tickets that somebody watches.
#[derive(Debug, Default)]
struct Channel {
    /// The last number that came through; 0 before the first.
    relayed: i64,
    members: HashMap<u64, Arc<Member>>,
    tickets: HashMap<String, TicketRoom>,
}

#[derive(Debug, Default)]
struct TicketRoom {
    /// The last number in this room, once known.
    last: Option<i64>,
    members: HashMap<u64, Arc<Member>>,
}

/// What one event says, made once for each dialect that is spoken in its rooms.
struct Told<'a> {
    event: &'a Event,
    epoch: &'a str,
    made: Vec<(Dialect, i64, Texts)>,
}

impl Told<'_> {
    fn to(&mut self, member: &Member, prev: i64) -> &Texts {
        let dialect = member.client.dialect;
        let known = self.made.iter().position(|(made, at, _)| *made == dialect && *at == prev);
        let place = known.unwrap_or_else(|| {
            self.made.push((dialect, prev, dialect.messages(self.event, self.epoch, prev, false)));
            self.made.len() - 1
        });
        &self.made[place].2
    }
}

impl Channel {
    fn everyone(&self) -> impl Iterator<Item = &Arc<Member>> {
        self.members.values().chain(self.tickets.values().flat_map(|room| room.members.values()))
    }

    fn is_empty(&self) -> bool {
        self.members.is_empty() && self.tickets.is_empty()
    }

    /// Has every member read again what it may have missed.
    fn restart(&mut self) {
        self.relayed = 0;
        for room in self.tickets.values_mut() {
            room.last = None;
        }
        for member in self.everyone() {
            member.restart();
        }
    }

    fn relay(&mut self, event: &Event, epoch: &Arc<str>, earlier: &Predecessors) {
        if event.seq <= self.relayed {
            return;
        }
        if self.relayed > 0 && event.seq > self.relayed + 1 {
            // The tail skipped something: it was read while the database came back from a crash.
            tracing::warn!(stream = event.stream_id, after = self.relayed, next = event.seq, "events were skipped");
            self.restart();
        }
        self.relayed = event.seq;
        let mut told = Told { event, epoch, made: Vec::new() };
        for member in self.members.values() {
            let texts = told.to(member, event.seq - 1);
            member.deliver(epoch, event.seq, Some(event.seq - 1), texts);
        }
        let Some(room) = event.ticket_id.as_ref().and_then(|id| self.tickets.get_mut(id)) else { return };
        let known = event.ticket_id.as_ref().and_then(|id| earlier.get(id));
        let prev = room.last.or_else(|| known.filter(|known| known.0 == event.seq).map(|known| known.1));
        room.last = Some(event.seq);
        for member in room.members.values() {
            let texts = told.to(member, prev.unwrap_or_default());
            member.deliver(epoch, event.seq, prev, texts);
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

    /// Removes a client, from all rooms too.
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

    /// Puts a member into its room, on the stream that was found behind it. It collects events from
    /// now on. A member that has left meanwhile stays out.
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

    /// Takes a member out of its room.
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

    /// The first event of each watched ticket whose number before is not known yet.
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

    /// Brings events, in the order of their streams, to whoever watches. `earlier` holds the numbers
    /// asked for by `without_predecessor`. Answers how many events found someone.
    pub fn relay(&self, events: &[Event], epoch: &Arc<str>, earlier: &Predecessors) -> usize {
        let mut brought = 0;
        for run in events.chunk_by(|a, b| a.stream_id == b.stream_id) {
            let Some(channel) = run.first().and_then(|event| self.channel(&event.stream_id)) else { continue };
            let mut channel = lock(&channel);
            for event in run {
                channel.relay(event, epoch, earlier);
            }
            brought += run.len();
        }
        brought
    }

    /// Has all members read again from where they are: the tail was lost, or another life of the
    /// database began.
    pub fn restart_all(&self) {
        for (_, channel) in self.channels() {
            lock(&channel).restart();
        }
    }

    /// The watched streams.
    pub fn watched(&self) -> Vec<String> {
        self.channels().into_iter().map(|(id, _)| id).collect()
    }

    /// Compares with the last number given out in a stream, after a tail read that was begun later:
    /// whoever has not come so far has missed something, and reads it from history.
    pub fn verify(&self, stream: &str, head: i64) {
        let Some(channel) = self.channel(stream) else { return };
        let mut channel = lock(&channel);
        if channel.relayed >= head {
            return;
        }
        let mut behind = 0;
        for member in channel.everyone() {
            behind += usize::from(member.catch_up_to(head));
        }
        if behind > 0 {
            tracing::warn!(stream, relayed = channel.relayed, head, behind, "members lagged behind history");
            channel.tickets.values_mut().for_each(|room| room.last = None);
        }
        channel.relayed = head;
    }
}
