//! A connected client and its memberships: its caller, its position in each room, and its send queue. Sockets and event
//! streams over HTTP are both clients.

use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use super::Live;
use super::deflate::Window;
use super::dialects::{Dialect, Messages};
use super::message::Message;
use super::send_queue::{Outgoing, SendQueue};
use crate::domain::accounts::Caller;
use crate::domain::history::{Cursor, Room};

/// The close reason of a socket whose address names something that the client cannot read. The same whether or not it
/// exists.
pub const NOT_READABLE: &str = "there is no such thing, or it is not yours to read";
/// Maximum bytes of events buffered for a member while it catches up; beyond it, the member reads them from history.
const MAX_BUFFERED_BYTES: usize = 256 * 1024;

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connected client.
#[derive(Debug)]
pub struct Client {
    /// Unique in this process.
    pub id: u64,
    /// The messages to be sent.
    pub queue: SendQueue,
    /// The format of its messages.
    pub dialect: Dialect,
    /// Whether snapshots are sent to it; otherwise `resync` makes it fetch the state.
    pub snapshots: bool,
    /// Set for a socket that takes compressed messages.
    pub(super) window: OnceLock<Window>,
    pub(super) live: Weak<Live>,
    caller: Mutex<Option<Caller>>,
    members: Mutex<HashMap<Room, Arc<Member>>>,
    /// The names of rooms that it waits for although there is nothing behind them.
    awaited: Mutex<BTreeSet<String>>,
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
            window: OnceLock::new(),
            live: Arc::downgrade(live),
            caller: Mutex::new(caller),
            members: Mutex::default(),
            awaited: Mutex::default(),
        })
    }

    /// The authenticated caller; `None` before it signs in.
    pub fn caller(&self) -> Option<Caller> {
        lock(&self.caller).clone()
    }

    /// Sets the caller, or renews its credential.
    pub fn set_caller(&self, caller: Caller) {
        *lock(&self.caller) = Some(caller);
    }

    /// The memberships of the client.
    pub fn members(&self) -> Vec<Arc<Member>> {
        lock(&self.members).values().cloned().collect()
    }

    /// The number of rooms it watches.
    pub fn room_count(&self) -> usize {
        lock(&self.members).len()
    }

    /// Remembers the name of a room that nothing is behind. False if it waits for too many.
    pub fn await_room(&self, name: String, most: usize) -> bool {
        let mut awaited = lock(&self.awaited);
        awaited.contains(&name) || (awaited.len() < most && awaited.insert(name))
    }

    /// Whether it waits for a room that nothing is behind.
    pub fn awaits(&self, name: &str) -> bool {
        lock(&self.awaited).contains(name)
    }

    /// Waits for a room no longer.
    pub fn forget_room(&self, name: &str) {
        lock(&self.awaited).remove(name);
    }

    /// Starts to watch a room from a cursor, or from a snapshot. Replaces and returns an earlier membership in that
    /// room, which the caller removes from the rooms.
    pub fn enter(self: &Arc<Self>, room: Room, cursor: Option<Cursor>) -> (Arc<Member>, Option<Arc<Member>>) {
        let name = room.to_string();
        self.enter_as(room, cursor, name, false)
    }

    /// Like [`Self::enter`], for a room that the client calls `name`. `fixed`: the address of the socket names the room,
    /// and the socket is closed when the room can no longer be read.
    pub fn enter_as(
        self: &Arc<Self>,
        room: Room,
        cursor: Option<Cursor>,
        name: String,
        fixed: bool,
    ) -> (Arc<Member>, Option<Arc<Member>>) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let member = Arc::new(Member {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            client: self.clone(),
            room: room.clone(),
            name,
            fixed,
            snapshot_seq: AtomicI64::new(0),
            stream: OnceLock::new(),
            left: AtomicBool::new(false),
            phase: Mutex::new(Phase::CatchingUp { cursor, events: Vec::new(), bytes: 0, reread: false }),
        });
        let earlier = lock(&self.members).insert(room, member.clone());
        (member, earlier)
    }

    /// Ends the membership in the room that the client calls `name`.
    pub fn exit(&self, name: &str) -> Option<Arc<Member>> {
        let mut members = lock(&self.members);
        let room = members.values().find(|member| member.name == name).map(|member| member.room.clone())?;
        members.remove(&room)
    }

    /// Ends one membership, unless the client has entered the room again since.
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
struct Buffered {
    epoch: Arc<str>,
    seq: i64,
    messages: Messages,
}

#[derive(Debug)]
enum Phase {
    /// History is being read; events from the relay are buffered. `reread`: history must be read again.
    CatchingUp { cursor: Option<Cursor>, events: Vec<Buffered>, bytes: usize, reread: bool },
    /// Everything up to `seq` has been queued.
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
    /// The client's name for the room.
    pub name: String,
    /// Whether the address of the socket names it.
    pub fixed: bool,
    /// The seq of the state that was sent; events up to it are past.
    pub(super) snapshot_seq: AtomicI64,
    pub(super) stream: OnceLock<String>,
    pub(super) left: AtomicBool,
    phase: Mutex<Phase>,
}

impl Member {
    /// The stream behind its room, once the room has been opened.
    pub fn stream(&self) -> Option<&str> {
        self.stream.get().map(String::as_str)
    }

    /// Whether it has caught up and gets new events.
    pub fn is_live(&self) -> bool {
        matches!(&*lock(&self.phase), Phase::Live { .. })
    }

    /// Whether it has left its room.
    pub fn has_left(&self) -> bool {
        self.left.load(Ordering::Acquire)
    }

    /// Takes an event from the relay. `prev` is the seq before it in this room; `None` if unknown.
    pub fn deliver(self: &Arc<Self>, epoch: &Arc<str>, seq: i64, prev: Option<i64>, messages: &Messages) {
        let mut phase = lock(&self.phase);
        match &mut *phase {
            Phase::CatchingUp { reread: true, .. } => {}
            Phase::CatchingUp { events, bytes, reread, .. } => {
                let size = 64 + messages.iter().map(|message| message.size()).sum::<usize>();
                if prev.is_none() || *bytes + size > MAX_BUFFERED_BYTES {
                    (*events, *bytes, *reread) = (Vec::new(), 0, true);
                } else {
                    *bytes += size;
                    events.push(Buffered { epoch: epoch.clone(), seq, messages: messages.clone() });
                }
            }
            Phase::Live { epoch: own, seq: last } => {
                // Already delivered, or from another epoch.
                if seq <= *last || (!Arc::ptr_eq(own, epoch) && **own != **epoch) {
                    return;
                }
                if !Arc::ptr_eq(own, epoch) {
                    // From now on one comparison of addresses, because every event comes to thousands of members.
                    *own = epoch.clone();
                }
                if prev.is_none_or(|prev| prev > *last) {
                    drop(phase);
                    self.resync();
                    return;
                }
                *last = seq;
                self.push(messages, seq, false);
            }
        }
    }

    /// Queues the messages of an event.
    pub(super) fn push(&self, messages: &Messages, seq: i64, paced: bool) {
        for message in messages.iter() {
            self.client.queue.push(Outgoing { message: message.clone(), seq: Some(seq), paced });
        }
    }

    /// Reads from history what the member may have missed; sends nothing if it missed nothing.
    pub fn resync(self: &Arc<Self>) {
        let mut phase = lock(&self.phase);
        match &mut *phase {
            Phase::CatchingUp { events, bytes, reread, .. } => (*events, *bytes, *reread) = (Vec::new(), 0, true),
            Phase::Live { epoch, seq } => {
                let cursor = Some(Cursor { epoch: epoch.to_string(), seq: *seq });
                *phase = Phase::CatchingUp { cursor, events: Vec::new(), bytes: 0, reread: false };
                drop(phase);
                if let Some(live) = self.client.live.upgrade() {
                    live.catch_up(self.clone(), false);
                }
            }
        }
    }

    /// Resyncs unless the member is live and has reached `head`. True if it was live and lagged.
    pub fn resync_to(self: &Arc<Self>, head: i64) -> bool {
        let lags = match &*lock(&self.phase) {
            Phase::Live { seq, .. } if *seq >= head => return false,
            Phase::Live { .. } => true,
            Phase::CatchingUp { .. } => false,
        };
        self.resync();
        lags
    }

    /// The cursor to read history from, at the start of an attempt. Drops the buffer: the read covers it.
    pub(super) fn begin_attempt(&self) -> Option<Cursor> {
        match &mut *lock(&self.phase) {
            Phase::CatchingUp { cursor, events, bytes, reread } => {
                (*events, *bytes, *reread) = (Vec::new(), 0, false);
                cursor.clone()
            }
            Phase::Live { epoch, seq } => Some(Cursor { epoch: epoch.to_string(), seq: *seq }),
        }
    }

    /// Records how far history has been sent.
    pub(super) fn advance(&self, to: &Cursor) {
        if let Phase::CatchingUp { cursor, .. } = &mut *lock(&self.phase) {
            *cursor = Some(to.clone());
        }
    }

    /// Everything up to `reached` has been sent: sends the buffered events and goes live, in one step. `last_message`
    /// makes the final message from the seq reached. False if history must be read again.
    pub(super) fn go_live(&self, reached: &Cursor, last_message: impl FnOnce(i64) -> Option<String>) -> bool {
        let mut phase = lock(&self.phase);
        let Phase::CatchingUp { events, reread, .. } = &mut *phase else { return true };
        if *reread {
            return false;
        }
        let mut last = reached.seq;
        for event in std::mem::take(events) {
            if event.seq > last && *event.epoch == *reached.epoch {
                last = event.seq;
                self.push(&event.messages, last, false);
            }
        }
        if let Some(text) = last_message(last) {
            self.client.queue.push(Outgoing { message: Arc::new(Message::new(text)), seq: Some(last), paced: false });
        }
        *phase = Phase::Live { epoch: reached.epoch.as_str().into(), seq: last };
        true
    }
}
