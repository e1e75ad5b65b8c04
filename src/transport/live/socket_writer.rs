//! The line to one client on a WebSocket, and the task that writes to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_ws::{CloseCode, CloseReason, Session};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::client::Client;
use super::dialects::adw;
use super::send_queue::Closing;

/// Between two pings, and the silence after which a client counts as gone.
const HEARTBEAT: Duration = Duration::from_secs(25);
const SILENCE: Duration = Duration::from_secs(70);
/// Bytes under way before the client must confirm (by a pong) that it has read them.
const WINDOW: usize = 256 * 1024;
/// How long it may take over that.
const CONFIRMATION: Duration = Duration::from_secs(60);
/// How long a closing client may take to hear why.
const FAREWELL: Duration = Duration::from_secs(3);

/// What reader and writer tell each other.
pub(super) struct SocketWriter {
    pub(super) client: Arc<Client>,
    /// The last pong with a number.
    pub(super) confirmed: AtomicU64,
    pub(super) confirmation: Notify,
    /// Milliseconds after `opened` at which the client was last heard.
    pub(super) heard: AtomicU64,
    pub(super) opened: Instant,
}

impl SocketWriter {
    pub(super) fn new(client: Arc<Client>) -> Arc<Self> {
        Arc::new(Self {
            client,
            confirmed: AtomicU64::new(0),
            confirmation: Notify::new(),
            heard: AtomicU64::new(0),
            opened: Instant::now(),
        })
    }
}

/// Sends what the queue holds, pings, and says why at the end.
pub(super) async fn write(writer: Arc<SocketWriter>, mut session: Session) {
    let queue = &writer.client.queue;
    let mut asked = 0u64;
    let mut unconfirmed = 0;
    // Some clients know no pings and want to hear words.
    let spoken = writer.client.dialect.heartbeat();
    let beat = spoken.unwrap_or(HEARTBEAT);
    let mut heartbeat = Instant::now() + beat;
    let closing = loop {
        let next = tokio::select! {
            next = queue.next() => next,
            () = sleep_until(heartbeat) => {
                heartbeat = Instant::now() + beat;
                let heard = Duration::from_millis(writer.heard.load(Ordering::Relaxed));
                if writer.opened.elapsed() > heard + SILENCE {
                    queue.close(Closing::Gone);
                }
                if spoken.is_some() && writer.client.caller().is_some() {
                    queue.say(adw::heartbeat());
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
        unconfirmed += message.text.len();
        tokio::select! {
            sent = session.text(message.text) => if sent.is_err() {
                queue.close(Closing::Gone);
            },
            _ = queue.closed() => {}
        }
        if unconfirmed > WINDOW {
            // What lies between us and the client cannot be seen from here; its pong shows it has read.
            unconfirmed = 0;
            asked += 1;
            let confirmed = async {
                let _ = session.ping(&asked.to_be_bytes()).await;
                while writer.confirmed.load(Ordering::Acquire) < asked {
                    writer.confirmation.notified().await;
                }
            };
            tokio::select! {
                late = tokio::time::timeout(CONFIRMATION, confirmed) => if late.is_err() {
                    queue.close(Closing::TooSlow);
                },
                _ = queue.closed() => {}
            }
        }
    };
    let reason = Some(closing.reason().to_owned()).filter(|reason| !reason.is_empty());
    let reason = CloseReason { code: CloseCode::from(closing.code()), description: reason };
    let _ = tokio::time::timeout(FAREWELL, session.close(Some(reason))).await;
}
