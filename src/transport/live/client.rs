//! A connected client and its memberships: what it may see, how far it has come in each room, and what
//! waits to be sent to it. Sockets and event streams over HTTP are both clients.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::dialects::{Dialect, Texts};
use super::send_queue::{Outgoing, SendQueue};
use super::{Live, catch_up};
use crate::domain::accounts::Caller;
use crate::domain::history::{Cursor, Room};

/// Why a socket is closed whose address names something that its client cannot read. The same words
/// whether it exists or not.
pub const NOT_YOURS: &str = "there is no such thing, or it is not yours to read";
/// Bytes of events that may collect for a member while it catches up; beyond, it reads them again.
const COLLECT: usize = 256 * 1024;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connected client.
#[derive(Debug)]
pub struct Client {
    /// Unique in this process.
    pub id: u64,
    /// What waits to be sent.
    pub queue: SendQueue,
    /// How its messages are worded.
    pub dialect: Dialect,
    /// Whether it is sent boards, or told only that it must fetch one.
    pub snapshots: bool,
    pub(super) live: Weak<Live>,
    caller: Mutex<Option<Caller>>,
    members: Mutex<HashMap<Room, Arc<Member>>>,
}

impl Client {
    /// A client that has not been added to the rooms yet.
    pub fn new(live: &Arc<Live>, caller: Option<Caller>, dialect: Dialect, snapshots: bool) -> Arc<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Arc::new(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            queue: SendQueue::new(live.settings.buffer),
            dialect,
            snapshots,
            live: Arc::downgrade(live),
            caller: Mutex::new(caller),
            members: Mutex::default(),
        })
    }

    /// Who it is, once known.
    pub fn caller(&self) -> Option<Caller> {
        lock(&self.caller).clone()
    }

    /// Makes it known, or renews its credential.
    pub fn set_caller(&self, caller: Caller) {
        *lock(&self.caller) = Some(caller);
    }

    /// Its memberships.
    pub fn members(&self) -> Vec<Arc<Member>> {
        lock(&self.members).values().cloned().collect()
    }

    /// How many rooms it watches.
    pub fn room_count(&self) -> usize {
        lock(&self.members).len()
    }

    /// Begins to watch a room from a cursor, or from a snapshot. A membership it had there ends; the
    /// caller takes it out of the rooms.
    pub fn enter(self: &Arc<Self>, room: Room, cursor: Option<Cursor>) -> (Arc<Member>, Option<Arc<Member>>) {
        let name = room.to_string();
        self.enter_as(room, cursor, name, false)
    }

    /// The same for a room that the client calls by a name of its own, or (`bound`) that its address named:
    /// without it there is nothing to stay connected for.
    pub fn enter_as(
        self: &Arc<Self>,
        room: Room,
        cursor: Option<Cursor>,
        name: String,
        bound: bool,
    ) -> (Arc<Member>, Option<Arc<Member>>) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let member = Arc::new(Member {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            client: self.clone(),
            room: room.clone(),
            name,
            bound,
            told: AtomicI64::new(0),
            stream: OnceLock::new(),
            left: AtomicBool::new(false),
            phase: Mutex::new(Phase::Collecting { cursor, events: Vec::new(), bytes: 0, again: false }),
        });
        let before = lock(&self.members).insert(room, member.clone());
        (member, before)
    }

    /// Ends the membership in the room that the client calls so.
    pub fn exit(&self, name: &str) -> Option<Arc<Member>> {
        let mut members = lock(&self.members);
        let room = members.values().find(|member| member.name == name).map(|member| member.room.clone())?;
        members.remove(&room)
    }

    /// Ends one membership, unless the room was entered anew since.
    pub fn exit_member(&self, member: &Member) -> bool {
        let mut members = lock(&self.members);
        let same = members.get(&member.room).is_some_and(|current| current.id == member.id);
        if same {
            members.remove(&member.room);
        }
        same
    }

    /// Ends all memberships.
    pub fn exit_all(&self) -> Vec<Arc<Member>> {
        lock(&self.members).drain().map(|(_, member)| member).collect()
    }
}

#[derive(Debug)]
struct Collected {
    epoch: Arc<str>,
    seq: i64,
    texts: Texts,
}

#[derive(Debug)]
enum Phase {
    /// History is being read for it; what the relay brings meanwhile is kept.
    Collecting { cursor: Option<Cursor>, events: Vec<Collected>, bytes: usize, again: bool },
    /// It has everything up to `seq`.
    Live { epoch: Arc<str>, seq: i64 },
}

/// A client in a room.
#[derive(Debug)]
pub struct Member {
    /// Unique in this process.
    pub id: u64,
    /// The client.
    pub client: Arc<Client>,
    /// The room.
    pub room: Room,
    /// What the client calls it.
    pub name: String,
    /// Whether the address of the socket named it.
    pub bound: bool,
    /// The number up to which the client was told the state; what was before is past.
    pub(super) told: AtomicI64,
    pub(super) stream: OnceLock<String>,
    pub(super) left: AtomicBool,
    phase: Mutex<Phase>,
}

impl Member {
    /// The stream behind its room, once the room has been opened.
    pub fn stream(&self) -> Option<&str> {
        self.stream.get().map(String::as_str)
    }

    /// Whether it has left its room.
    pub fn has_left(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }

    /// Takes an event that the relay brings. `prev` is the number before it in this room; `None` if that
    /// is not known.
    pub fn deliver(self: &Arc<Self>, epoch: &Arc<str>, seq: i64, prev: Option<i64>, texts: &Texts) {
        let mut phase = lock(&self.phase);
        match &mut *phase {
            Phase::Collecting { again: true, .. } => {}
            Phase::Collecting { events, bytes, again, .. } => {
                let size = 64 + texts.iter().map(|text| text.len()).sum::<usize>();
                if prev.is_none() || *bytes + size > COLLECT {
                    (*events, *bytes, *again) = (Vec::new(), 0, true);
                } else {
                    *bytes += size;
                    events.push(Collected { epoch: epoch.clone(), seq, texts: texts.clone() });
                }
            }
            Phase::Live { epoch: own, seq: last } => {
                // What it has already, or an event of another life of the database.
                if seq <= *last || **own != **epoch {
                    return;
                }
                if prev.is_none_or(|prev| prev > *last) {
                    drop(phase);
                    self.restart();
                    return;
                }
                *last = seq;
                self.say(texts, seq, false);
            }
        }
    }

    /// Has its client sent what an event says.
    pub(super) fn say(&self, texts: &Texts, seq: i64, patient: bool) {
        for text in texts.iter() {
            self.client.queue.push(Outgoing { text: text.clone(), seq: Some(seq), patient });
        }
    }

    /// Has it read from history again what it may have missed. Quiet if that is nothing.
    pub fn restart(self: &Arc<Self>) {
        let mut phase = lock(&self.phase);
        match &mut *phase {
            Phase::Collecting { events, bytes, again, .. } => (*events, *bytes, *again) = (Vec::new(), 0, true),
            Phase::Live { epoch, seq } => {
                let cursor = Some(Cursor { epoch: epoch.to_string(), seq: *seq });
                *phase = Phase::Collecting { cursor, events: Vec::new(), bytes: 0, again: false };
                drop(phase);
                if let Some(live) = self.client.live.upgrade() {
                    tokio::spawn(catch_up::run(live, self.clone(), false));
                }
            }
        }
    }

    /// Reads again unless it is live and has come as far as `head`. True if it was live and had not.
    pub fn catch_up_to(self: &Arc<Self>, head: i64) -> bool {
        let lags = match &*lock(&self.phase) {
            Phase::Live { seq, .. } if *seq >= head => return false,
            Phase::Live { .. } => true,
            Phase::Collecting { .. } => false,
        };
        self.restart();
        lags
    }

    /// From where history is to be read, at the beginning of a round: what was collected before is in it.
    pub(super) fn begin_round(&self) -> Option<Cursor> {
        match &mut *lock(&self.phase) {
            Phase::Collecting { cursor, events, bytes, again } => {
                (*events, *bytes, *again) = (Vec::new(), 0, false);
                cursor.clone()
            }
            Phase::Live { epoch, seq } => Some(Cursor { epoch: epoch.to_string(), seq: *seq }),
        }
    }

    /// Notes how far history has been sent.
    pub(super) fn advance(&self, to: &Cursor) {
        if let Phase::Collecting { cursor, .. } = &mut *lock(&self.phase) {
            *cursor = Some(to.clone());
        }
    }

    /// Everything up to `reached` has been sent: adds what was collected since and goes live, in one
    /// step. `farewell` makes the last message from the number reached. False if another round is needed.
    pub(super) fn go_live(&self, reached: &Cursor, farewell: impl FnOnce(i64) -> Option<String>) -> bool {
        let mut phase = lock(&self.phase);
        let Phase::Collecting { events, again, .. } = &mut *phase else { return true };
        if *again {
            return false;
        }
        let mut last = reached.seq;
        for event in std::mem::take(events) {
            if event.seq > last && *event.epoch == *reached.epoch {
                last = event.seq;
                self.say(&event.texts, last, false);
            }
        }
        if let Some(text) = farewell(last) {
            self.client.queue.push(Outgoing { text: text.into(), seq: Some(last), patient: false });
        }
        *phase = Phase::Live { epoch: reached.epoch.as_str().into(), seq: last };
        true
    }
}
