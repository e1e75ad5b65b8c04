//! The send queue of one client, bounded in bytes. Adding a message never waits: a client that does not keep up is closed
//! and may resume from its last position.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytestring::ByteString;
use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// Time limit for sending what was queued before [`SendQueue::finish`].
const FINISH_TIMEOUT: Duration = Duration::from_secs(1);

/// Why and how a client is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closing {
    /// The credential is missing, expired or revoked.
    Unauthenticated(&'static str),
    /// The address of the socket names something that does not exist or that the client cannot read.
    Forbidden(&'static str),
    /// The client does not read fast enough; it may resume.
    TooSlow,
    /// The client broke the protocol.
    Protocol(&'static str),
    /// The credential cannot be checked now, because the database is away or too busy; the client may reconnect.
    TryAgain,
    /// The server stops; the client may reconnect.
    Restarting,
    /// The connection ended, or the client disconnected.
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
            Self::TryAgain => 1013,
            Self::Gone => 1000,
        }
    }

    /// The reason in the close frame.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Unauthenticated(reason) | Self::Forbidden(reason) | Self::Protocol(reason) => reason,
            Self::TooSlow => "too slow; resume with since",
            Self::Restarting => "the server restarts; resume with since",
            Self::TryAgain => "the credential cannot be checked now; try again",
            Self::Gone => "",
        }
    }
}

/// One queued message.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its text, shared with every other client it goes to.
    pub text: ByteString,
    /// The position in the stream after it, sent with each message over SSE.
    pub seq: Option<i64>,
    /// Sent at the client's own pace, so it does not count against the limit.
    pub paced: bool,
}

impl Outgoing {
    fn weight(&self) -> usize {
        if self.paced { 0 } else { self.text.len() }
    }
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Outgoing>,
    bytes: usize,
    /// The writer has taken a message and has not asked for the next: it is being sent.
    sending: bool,
    /// Set by `finish`: how and when at the latest the client is closed.
    finishing: Option<(Closing, Instant)>,
    closing: Option<Closing>,
}

/// The send queue of a client.
#[derive(Debug)]
pub struct SendQueue {
    limit: usize,
    state: Mutex<State>,
    /// Notified when there is a message to send, and on closing.
    filled: Notify,
    /// Notified when everything is sent, and on closing.
    emptied: Notify,
    closed: Notify,
}

impl SendQueue {
    /// A queue of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default(), filled: Notify::new(), emptied: Notify::new(), closed: Notify::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a message; closes the client if the queue is full. A single message may exceed the limit if the queue is
    /// empty.
    pub fn push(&self, message: Outgoing) {
        let mut state = self.state();
        if state.closing.is_some() || state.finishing.is_some() {
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

    /// Adds a message that is not an event.
    pub fn push_text(&self, text: impl Into<ByteString>) {
        self.push(Outgoing { text: text.into(), seq: None, paced: false });
    }

    /// Waits until the client has taken everything: backpressure for reads of history.
    pub async fn drained(&self) {
        loop {
            let emptied = self.emptied.notified();
            tokio::pin!(emptied);
            // Registered before the check, so that no notification is missed.
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

    /// The next message, once the previous one is sent; `Err` when the client is to be closed.
    pub async fn next(&self) -> Result<Outgoing, Closing> {
        loop {
            {
                let mut state = self.state();
                state.sending = false;
                if let Some(closing) = state.closing {
                    return Err(closing);
                }
                if let Some((closing, _)) =
                    state.finishing.filter(|(_, end)| state.queue.is_empty() || *end <= Instant::now())
                {
                    self.close_locked(state, closing);
                    return Err(closing);
                }
                if let Some(message) = state.queue.pop_front() {
                    state.bytes -= message.weight();
                    state.sending = true;
                    // Frees the memory of a burst.
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

    /// Closes the client and drops the queue. The first reason is kept.
    pub fn close(&self, closing: Closing) {
        self.close_locked(self.state(), closing);
    }

    /// Closes the client once it has been sent what is queued, or after a second. For a room whose subject is gone: the
    /// last event says so, and may still be queued.
    pub fn finish(&self, closing: Closing) {
        self.state().finishing.get_or_insert((closing, Instant::now() + FINISH_TIMEOUT));
        self.filled.notify_one();
        // Wakes `closed`, which then waits for the deadline.
        self.closed.notify_waiters();
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
            let (closing, finishing) = {
                let state = self.state();
                (state.closing, state.finishing)
            };
            match (closing, finishing) {
                (Some(closing), _) => return closing,
                (None, None) => closed.await,
                (None, Some((closing, end))) => {
                    if timeout_at(end, closed).await.is_err() {
                        self.close(closing);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue_with(texts: &[&'static str]) -> SendQueue {
        let queue = SendQueue::new(1000);
        texts.iter().for_each(|text| queue.push_text(*text));
        queue
    }

    #[tokio::test]
    async fn finishing_sends_what_is_queued_and_accepts_nothing_more() {
        let queue = queue_with(&["first", "last"]);
        queue.finish(Closing::Forbidden("gone"));
        queue.push_text("too late");
        assert_eq!(queue.closing(), None);
        assert_eq!(queue.next().await.expect("a message").text, "first");
        assert_eq!(queue.next().await.expect("a message").text, "last");
        assert_eq!(queue.next().await.expect_err("closed"), Closing::Forbidden("gone"));
        assert_eq!(queue.closed().await, Closing::Forbidden("gone"));
    }

    #[tokio::test]
    async fn finishing_does_not_wait_for_a_client_that_does_not_read() {
        let queue = queue_with(&["never sent"]);
        queue.finish(Closing::Forbidden("gone"));
        assert_eq!(queue.closed().await, Closing::Forbidden("gone"));
        assert_eq!(queue.next().await.expect_err("closed"), Closing::Forbidden("gone"));
    }

    #[tokio::test]
    async fn closing_drops_what_is_queued() {
        let queue = queue_with(&["dropped"]);
        queue.close(Closing::TooSlow);
        queue.finish(Closing::Forbidden("gone"));
        assert_eq!(queue.next().await.expect_err("closed"), Closing::TooSlow);
    }
}
