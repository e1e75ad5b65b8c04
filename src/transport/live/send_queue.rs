//! What waits to be sent to one client, bounded in bytes. Nobody who puts something in ever waits: a
//! client that does not keep up is closed, and may resume later from where it was.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use bytestring::ByteString;
use tokio::sync::Notify;

/// Why and how a client is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// The credential is missing, expired or revoked.
    Unauthenticated(&'static str),
    /// What the address of the socket names is not there, or not for this client.
    Forbidden(&'static str),
    /// The client does not read fast enough; it may resume.
    TooSlow,
    /// The client broke the protocol.
    Protocol(&'static str),
    /// The server stops; the client may come back.
    Restarting,
    /// The connection ended or the client left.
    Gone,
}

impl Closing {
    /// The close code of the socket.
    pub fn code(self) -> u16 {
        match self {
            Self::Unauthenticated(_) => 4001,
            Self::Forbidden(_) => 4003,
            Self::TooSlow => 4008,
            Self::Protocol(_) => 4009,
            Self::Restarting => 1012,
            Self::Gone => 1000,
        }
    }

    /// A sentence for whoever reads the close frame.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unauthenticated(reason) | Self::Forbidden(reason) | Self::Protocol(reason) => reason,
            Self::TooSlow => "too slow; resume with since",
            Self::Restarting => "the server restarts; resume with since",
            Self::Gone => "",
        }
    }
}

/// One message on its way.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its text, shared with every other client it goes to.
    pub text: ByteString,
    /// The place in the stream after it, for clients that keep it with each message (SSE).
    pub seq: Option<i64>,
    /// Sent at the client's own pace, so it does not count against the bound.
    pub patient: bool,
}

impl Outgoing {
    fn weight(&self) -> usize {
        if self.patient { 0 } else { self.text.len() }
    }
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Outgoing>,
    bytes: usize,
    /// The reader has taken a message and has not come back: it is being sent.
    sending: bool,
    closing: Option<Closing>,
}

/// The queue.
#[derive(Debug)]
pub struct SendQueue {
    limit: usize,
    state: Mutex<State>,
    /// Something to send, or closing.
    filled: Notify,
    /// Everything sent, or closing.
    emptied: Notify,
    closed: Notify,
}

impl SendQueue {
    /// A queue in which `limit` bytes may wait.
    pub fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default(), filled: Notify::new(), emptied: Notify::new(), closed: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message; a client with too much waiting is closed instead. A single message may be larger
    /// than the bound if nothing else waits.
    pub fn push(&self, message: Outgoing) {
        let mut state = self.state();
        if state.closing.is_some() {
            return;
        }
        let size = message.weight();
        if size > 0 && state.bytes > 0 && state.bytes + size > self.limit {
            metrics::counter!("callboard_live_closed_slow_total").increment(1);
            return self.close_locked(state, Closing::TooSlow);
        }
        state.bytes += size;
        state.queue.push_back(message);
        drop(state);
        self.filled.notify_one();
    }

    /// Adds a text that is no event.
    pub fn say(&self, text: impl Into<ByteString>) {
        self.push(Outgoing { text: text.into(), seq: None, patient: false });
    }

    /// Waits until the client has taken everything: how a reader of history keeps to its client's pace.
    pub async fn drained(&self) {
        loop {
            let emptied = self.emptied.notified();
            tokio::pin!(emptied);
            // Listening before looking, so that nothing falls between.
            emptied.as_mut().enable();
            {
                let state = self.state();
                if state.closing.is_some() || (state.queue.is_empty() && !state.sending) {
                    return;
                }
            }
            emptied.await;
        }
    }

    /// The next message, once the one before has been sent; `Err` when the client is to be closed.
    pub async fn next(&self) -> Result<Outgoing, Closing> {
        loop {
            {
                let mut state = self.state();
                state.sending = false;
                if let Some(closing) = state.closing {
                    return Err(closing);
                }
                if let Some(message) = state.queue.pop_front() {
                    state.bytes -= message.weight();
                    state.sending = true;
                    // A burst leaves no large empty queue behind.
                    if state.queue.is_empty() && state.queue.capacity() > 64 {
                        state.queue = VecDeque::new();
                    }
                    return Ok(message);
                }
            }
            self.emptied.notify_waiters();
            self.filled.notified().await;
        }
    }

    /// Closes the client; what waits is dropped. The first reason stays.
    pub fn close(&self, closing: Closing) {
        self.close_locked(self.state(), closing);
    }

    fn close_locked(&self, mut state: MutexGuard<'_, State>, closing: Closing) {
        if state.closing.is_none() {
            state.closing = Some(closing);
            state.queue = VecDeque::new();
            state.bytes = 0;
        }
        drop(state);
        self.filled.notify_one();
        self.emptied.notify_waiters();
        self.closed.notify_waiters();
    }

    /// Why the client is being closed, if it is.
    pub fn closing(&self) -> Option<Closing> {
        self.state().closing
    }

    /// Waits until the client is to be closed.
    pub async fn closed(&self) -> Closing {
        loop {
            let closed = self.closed.notified();
            tokio::pin!(closed);
            closed.as_mut().enable();
            if let Some(closing) = self.closing() {
                return closing;
            }
            closed.await;
        }
    }
}
