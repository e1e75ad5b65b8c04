//! The writing side of one WebSocket: sends queued messages, pings, and closes with a reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_ws::{CloseCode, CloseReason, Session};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::client::Client;
use super::dialects::adw;
use super::send_queue::Closing;

/// Time between two pings.
const PING_INTERVAL: Duration = Duration::from_secs(25);
/// Time without a message or pong after which a client counts as disconnected.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(70);
/// Bytes in flight before the client must acknowledge, by a pong, that it has read them.
const MAX_UNACKNOWLEDGED: usize = 256 * 1024;
/// Time limit for that acknowledgement.
const ACK_TIMEOUT: Duration = Duration::from_secs(60);
/// Time limit for sending the close frame.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(3);

/// The writer of one socket, and the state it shares with the reader.
pub(super) struct SocketWriter {
    pub(super) client: Arc<Client>,
    /// The number in the last acknowledging pong.
    pub(super) acknowledged: AtomicU64,
    pub(super) acknowledgement: Notify,
    /// When the client last sent anything, in milliseconds after `opened`.
    pub(super) last_received: AtomicU64,
    pub(super) opened: Instant,
}

impl SocketWriter {
    pub(super) fn new(client: Arc<Client>) -> Arc<Self> {
        Arc::new(Self {
            client,
            acknowledged: AtomicU64::new(0),
            acknowledgement: Notify::new(),
            last_received: AtomicU64::new(0),
            opened: Instant::now(),
        })
    }
}

/// Runs until the client is to be closed.
pub(super) async fn write(writer: Arc<SocketWriter>, mut session: Session) {
    let queue = &writer.client.queue;
    let mut ping_number = 0u64;
    let mut unacknowledged = 0;
    // Clients of some dialects expect a heartbeat message beside the ping.
    let heartbeat = writer.client.dialect.heartbeat();
    let interval = heartbeat.unwrap_or(PING_INTERVAL);
    let mut next_ping = Instant::now() + interval;
    let closing = loop {
        let next = tokio::select! {
            next = queue.next() => next,
            () = sleep_until(next_ping) => {
                next_ping = Instant::now() + interval;
                let last_received = Duration::from_millis(writer.last_received.load(Ordering::Relaxed));
                if writer.opened.elapsed() > last_received + SILENCE_TIMEOUT {
                    queue.close(Closing::Gone);
                }
                if heartbeat.is_some() && writer.client.caller().is_some() {
                    queue.push_text(adw::heartbeat());
                }
                tokio::select! {
                    _ = session.ping(&[]) => {}
                    _ = queue.closed() => {}
                }
                continue;
            }
        };
        let message = match next {
            Ok(message) => message,
            Err(closing) => break closing,
        };
        unacknowledged += message.text.len();
        tokio::select! {
            sent = session.text(message.text) => if sent.is_err() {
                queue.close(Closing::Gone);
            },
            _ = queue.closed() => {}
        }
        if unacknowledged > MAX_UNACKNOWLEDGED {
            // Buffers on the way to the client cannot be observed; a pong proves that it has read so far.
            unacknowledged = 0;
            ping_number += 1;
            let acknowledged = async {
                let _ = session.ping(&ping_number.to_be_bytes()).await;
                while writer.acknowledged.load(Ordering::Acquire) < ping_number {
                    writer.acknowledgement.notified().await;
                }
            };
            tokio::select! {
                late = tokio::time::timeout(ACK_TIMEOUT, acknowledged) => if late.is_err() {
                    queue.close(Closing::TooSlow);
                },
                _ = queue.closed() => {}
            }
        }
    };
    let reason = Some(closing.reason().to_owned()).filter(|reason| !reason.is_empty());
    let reason = CloseReason { code: CloseCode::from(closing.code()), description: reason };
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, session.close(Some(reason))).await;
}
