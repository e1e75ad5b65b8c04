//! The line to one client on a WebSocket, and the task that writes to it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_ws::{CloseCode, CloseReason, Session};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::client::Client;
use super::dialects::adw;
use super::outbox::Closing;

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
pub(super) struct Line {
    pub(super) client: Arc<Client>,
    /// The last pong with a number.
    pub(super) confirmed: AtomicU64,
    pub(super) confirmation: Notify,
    /// Milliseconds after `opened` at which the client was last heard.
    pub(super) heard: AtomicU64,
    pub(super) opened: Instant,
}

impl Line {
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

/// Sends what the outbox holds, pings, and says why at the end.
pub(super) async fn write(line: Arc<Line>, mut session: Session) {
    let outbox = &line.client.outbox;
    let mut asked = 0u64;
    let mut unconfirmed = 0;
    // Some clients know no pings and want to hear words.
    let spoken = line.client.dialect.heartbeat();
    let beat = spoken.unwrap_or(HEARTBEAT);
    let mut heartbeat = Instant::now() + beat;
    let closing = loop {
        let next = tokio::select! {
            next = outbox.next() => next,
            () = sleep_until(heartbeat) => {
                heartbeat = Instant::now() + beat;
                let heard = Duration::from_millis(line.heard.load(Ordering::Relaxed));
                if line.opened.elapsed() > heard + SILENCE {
                    outbox.close(Closing::Gone);
                }
                if spoken.is_some() && line.client.caller().is_some() {
                    outbox.say(adw::heartbeat());
                }
                tokio::select! {
                    _ = session.ping(&[]) => {}
                    _ = outbox.closed() => {}
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
                outbox.close(Closing::Gone);
            },
            _ = outbox.closed() => {}
        }
        if unconfirmed > WINDOW {
            // What lies between us and the client cannot be seen from here; its pong shows it has read.
            unconfirmed = 0;
            asked += 1;
            let confirmed = async {
                let _ = session.ping(&asked.to_be_bytes()).await;
                while line.confirmed.load(Ordering::Acquire) < asked {
                    line.confirmation.notified().await;
                }
            };
            tokio::select! {
                late = tokio::time::timeout(CONFIRMATION, confirmed) => if late.is_err() {
                    outbox.close(Closing::TooSlow);
                },
                _ = outbox.closed() => {}
            }
        }
    };
    let reason = Some(closing.reason().to_owned()).filter(|reason| !reason.is_empty());
    let reason = CloseReason { code: CloseCode::from(closing.code()), description: reason };
    let _ = tokio::time::timeout(FAREWELL, session.close(Some(reason))).await;
}
