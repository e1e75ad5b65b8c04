//! The send queue of one client, bounded in bytes. Adding a message never waits: a client that does not keep up is closed
//! and may resume from its last position.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::message::Message;

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
    /// What is sent, shared with every other client it goes to.
    pub message: Arc<Message>,
    /// The position in the stream after it, sent with each message over SSE.
    pub seq: Option<i64>,
    /// Sent at the client's own pace, so it does not count against the limit.
    pub paced: bool,
}

impl Outgoing {
    fn weight(&self) -> usize {
        if self.paced { 0 } else { self.message.size() }
    }
}

#[derive(Debug, Default)]
struct State {
    queue: VecDeque<Outgoing>,
    bytes: usize,
    /// The writer has taken messages and has not asked for the next: they are being sent.
    sending: bool,
    /// The writer's task, while it waits. Kept here, because waking it under the same lock costs less than a signal of its
    /// own for each of thousands of clients.
    writer: Option<Waker>,
    /// Whether a task waits in [`SendQueue::drained`].
    awaited: bool,
    /// Set by `finish`: how and when at the latest the client is closed.
    finishing: Option<(Closing, Instant)>,
    closing: Option<Closing>,
}

/// The send queue of a client.
#[derive(Debug)]
pub struct SendQueue {
    limit: usize,
    state: Mutex<State>,
    /// Notified when everything is sent, and on closing.
    emptied: Notify,
    closed: Notify,
}

impl SendQueue {
    /// A queue of at most `limit` bytes.
    pub fn new(limit: usize) -> Self {
        Self { limit, state: Mutex::default(), emptied: Notify::new(), closed: Notify::new() }
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
        wake(state);
    }

    /// Adds a message that is not an event.
    pub fn push_text(&self, text: impl AsRef<str>) {
        self.push_message(Message::new(text));
    }

    /// Adds a message that is not an event.
    pub(super) fn push_message(&self, message: Message) {
        self.push(Outgoing { message: Arc::new(message), seq: None, paced: false });
    }

    /// Makes the writer look at its state again.
    pub(super) fn wake_writer(&self) {
        wake(self.state());
    }

    /// Waits until the client has taken everything: backpressure for reads of history.
    pub async fn drained(&self) {
        loop {
            let emptied = self.emptied.notified();
            tokio::pin!(emptied);
            // Registered before the check, so that no notification is missed.
            emptied.as_mut().enable();
            {
                let mut state = self.state();
                if state.closing.is_some() || (state.queue.is_empty() && !state.sending) {
                    return;
                }
                state.awaited = true;
            }
            emptied.await;
        }
    }

    /// The next message, once the previous one is sent; `Err` when the client is to be closed.
    pub async fn next(&self) -> Result<Outgoing, Closing> {
        let mut taken = VecDeque::new();
        loop {
            poll_fn(|context| self.poll_take(context, 0, &mut taken)).await?;
            if let Some(message) = taken.pop_front() {
                return Ok(message);
            }
        }
    }

    /// Takes the next message, and those after it while they are `bytes` at most, once the previous ones are sent; `Err`
    /// when the client is to be closed. Only one task at a time is woken.
    pub(super) fn poll_take(
        &self,
        context: &mut Context<'_>,
        bytes: usize,
        taken: &mut VecDeque<Outgoing>,
    ) -> Poll<Result<(), Closing>> {
        let mut state = self.state();
        state.sending = false;
        if let Some(closing) = state.closing {
            return Poll::Ready(Err(closing));
        }
        if let Some((closing, _)) = state.finishing.filter(|(_, end)| state.queue.is_empty() || *end <= Instant::now())
        {
            self.close_locked(state, closing);
            return Poll::Ready(Err(closing));
        }
        let mut size = 0;
        while let Some(message) = state.queue.pop_front() {
            size += message.message.size();
            if size > bytes && !taken.is_empty() {
                state.queue.push_front(message);
                break;
            }
            state.bytes -= message.weight();
            taken.push_back(message);
        }
        if !taken.is_empty() {
            state.sending = true;
            // Frees the memory of a burst.
            if state.queue.is_empty() && state.queue.capacity() > 64 {
                state.queue = VecDeque::new();
            }
            return Poll::Ready(Ok(()));
        }
        remember(&mut state.writer, context);
        if std::mem::take(&mut state.awaited) {
            drop(state);
            self.emptied.notify_waiters();
        }
        Poll::Pending
    }

    /// Like [`Self::poll_take`], but takes nothing: ready only when the client is to be closed.
    pub(super) fn poll_closing(&self, context: &mut Context<'_>) -> Poll<Closing> {
        let mut state = self.state();
        if let Some(closing) = state.closing {
            return Poll::Ready(closing);
        }
        remember(&mut state.writer, context);
        Poll::Pending
    }

    /// Closes the client and drops the queue. The first reason is kept.
    pub fn close(&self, closing: Closing) {
        self.close_locked(self.state(), closing);
    }

    /// Closes the client once it has been sent what is queued, or after a second. For a room whose subject is gone: the
    /// last event says so, and may still be queued.
    pub fn finish(&self, closing: Closing) {
        let mut state = self.state();
        state.finishing.get_or_insert((closing, Instant::now() + FINISH_TIMEOUT));
        wake(state);
        // Wakes `closed`, which then waits for the deadline.
        self.closed.notify_waiters();
    }

    fn close_locked(&self, mut state: MutexGuard<'_, State>, closing: Closing) {
        if state.closing.is_none() {
            state.closing = Some(closing);
            state.queue = VecDeque::new();
            state.bytes = 0;
        }
        wake(state);
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

fn remember(writer: &mut Option<Waker>, context: &Context<'_>) {
    match writer {
        Some(known) => known.clone_from(context.waker()),
        None => *writer = Some(context.waker().clone()),
    }
}

/// Wakes the writer, after releasing the lock that it will take.
fn wake(mut state: MutexGuard<'_, State>) {
    let writer = state.writer.take();
    drop(state);
    if let Some(writer) = writer {
        writer.wake();
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
        assert_eq!(queue.next().await.expect("a message").message.text(), "first");
        assert_eq!(queue.next().await.expect("a message").message.text(), "last");
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
    async fn a_batch_is_bounded_and_drained_waits_for_it() {
        let queue = queue_with(&["one", "two", "three"]);
        let mut taken = VecDeque::new();
        let mut take = async |bytes| {
            taken.clear();
            poll_fn(|context| queue.poll_take(context, bytes, &mut taken)).await.map(|()| taken.len())
        };
        // Each frame has a header of two bytes; the first message is taken whatever its size.
        assert_eq!(take(10).await, Ok(2));
        let mut drained = std::pin::pin!(queue.drained());
        assert!(futures_util::poll!(drained.as_mut()).is_pending());
        assert_eq!(take(0).await, Ok(1));
        assert!(futures_util::poll!(drained.as_mut()).is_pending());
        assert!(futures_util::poll!(std::pin::pin!(take(0))).is_pending());
        assert!(futures_util::poll!(drained.as_mut()).is_ready());
    }

    #[tokio::test]
    async fn closing_drops_what_is_queued() {
        let queue = queue_with(&["dropped"]);
        queue.close(Closing::TooSlow);
        queue.finish(Closing::Forbidden("gone"));
        assert_eq!(queue.next().await.expect_err("closed"), Closing::TooSlow);
    }
}
