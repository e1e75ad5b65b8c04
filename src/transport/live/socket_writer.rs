//! The writing side of one WebSocket: sends queued messages, pings, and closes with a reason.
//!
//! It is the body of the response to the handshake. The task that owns the connection asks for bytes when it can write,
//! so a message is copied once, into that task's buffer, and all messages that wait are written in one call.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use tokio::time::{Instant, Sleep, sleep};

use super::client::Client;
use super::dialects::adw;
use super::message::Control;
use super::send_queue::{Closing, Outgoing};

/// Time between two pings.
const PING_INTERVAL: Duration = Duration::from_secs(25);
/// Bytes in flight before the client must acknowledge, by a pong, that it has read them.
const MAX_UNACKNOWLEDGED: usize = 256 * 1024;
/// Time limit for that acknowledgement.
const ACK_TIMEOUT: Duration = Duration::from_secs(60);
/// Bytes of messages that are taken from the queue at once.
const BATCH: usize = 32 * 1024;

/// The state that the writer of one socket shares with its reader.
pub(super) struct SocketWriter {
    pub(super) client: Arc<Client>,
    /// The number in the last acknowledging pong.
    acknowledged: AtomicU64,
}

impl SocketWriter {
    pub(super) fn new(client: Arc<Client>) -> Arc<Self> {
        Arc::new(Self { client, acknowledged: AtomicU64::new(0) })
    }

    /// Takes the number in a pong.
    pub(super) fn acknowledge(&self, number: u64) {
        self.acknowledged.fetch_max(number, Ordering::AcqRel);
        self.client.queue.wake_writer();
    }
}

/// A number in a ping, and the time limit for the pong that repeats it.
struct Question {
    number: u64,
    limit: Pin<Box<Sleep>>,
}

/// The bytes of a socket, until the client is closed.
pub(super) struct SocketBody {
    writer: Arc<SocketWriter>,
    /// Messages taken from the queue.
    taken: VecDeque<Outgoing>,
    next_ping: Pin<Box<Sleep>>,
    interval: Duration,
    unacknowledged: usize,
    asked: u64,
    question: Option<Question>,
    ended: bool,
}

impl SocketBody {
    pub(super) fn new(writer: Arc<SocketWriter>) -> Self {
        // Clients of some dialects expect a heartbeat message beside the ping.
        let interval = writer.client.dialect.heartbeat().unwrap_or(PING_INTERVAL);
        Self {
            writer,
            taken: VecDeque::new(),
            next_ping: Box::pin(sleep(interval)),
            interval,
            unacknowledged: 0,
            asked: 0,
            question: None,
            ended: false,
        }
    }

    /// The ping that is due, if it is.
    fn poll_ping(&mut self, context: &mut Context<'_>) -> Poll<Bytes> {
        ready!(self.next_ping.as_mut().poll(context));
        self.next_ping.as_mut().reset(Instant::now() + self.interval);
        let client = &self.writer.client;
        if client.dialect.heartbeat().is_some() && client.caller().is_some() {
            client.queue.push_text(adw::heartbeat());
        }
        Poll::Ready(Control::Ping.frame(&[]))
    }

    /// Waits for the pong that was asked for.
    fn poll_acknowledged(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Closing>> {
        let Some(question) = &mut self.question else { return Poll::Ready(Ok(())) };
        let queue = &self.writer.client.queue;
        // Registered before the check, so that no pong is missed.
        if let Poll::Ready(closing) = queue.poll_closing(context) {
            return Poll::Ready(Err(closing));
        }
        if self.writer.acknowledged.load(Ordering::Acquire) < question.number {
            ready!(question.limit.as_mut().poll(context));
            queue.close(Closing::TooSlow);
            return Poll::Ready(Err(Closing::TooSlow));
        }
        self.question = None;
        Poll::Ready(Ok(()))
    }

    /// The next frame; `Err` when the client is to be closed.
    fn poll_frame(&mut self, context: &mut Context<'_>) -> Poll<Result<Bytes, Closing>> {
        if let Poll::Ready(ping) = self.poll_ping(context) {
            return Poll::Ready(Ok(ping));
        }
        ready!(self.poll_acknowledged(context))?;
        let client = &self.writer.client;
        if self.unacknowledged > MAX_UNACKNOWLEDGED {
            // Buffers on the way to the client cannot be observed; a pong proves that it has read so far.
            self.unacknowledged = 0;
            self.asked += 1;
            self.question = Some(Question { number: self.asked, limit: Box::pin(sleep(ACK_TIMEOUT)) });
            return Poll::Ready(Ok(Control::Ping.frame(&self.asked.to_be_bytes())));
        }
        if self.taken.is_empty() {
            ready!(client.queue.poll_take(context, BATCH, &mut self.taken))?;
        }
        let Some(next) = self.taken.pop_front() else { return Poll::Ready(Ok(Bytes::new())) };
        if self.taken.is_empty() && self.taken.capacity() > 64 {
            self.taken = VecDeque::new();
        }
        let frame = next.message.frame(client.window.get().copied()).clone();
        self.unacknowledged += frame.len();
        Poll::Ready(Ok(frame))
    }
}

impl MessageBody for SocketBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let this = self.get_mut();
        if this.ended {
            return Poll::Ready(None);
        }
        let frame = ready!(this.poll_frame(context)).unwrap_or_else(|closing| {
            this.ended = true;
            let code = closing.code().to_be_bytes();
            Control::Close.frame(&[&code, closing.reason().as_bytes()].concat())
        });
        Poll::Ready(Some(Ok(frame)))
    }
}

impl Drop for SocketBody {
    /// The connection has ended, whichever side ended it.
    fn drop(&mut self) {
        self.writer.client.queue.close(Closing::Gone);
    }
}
