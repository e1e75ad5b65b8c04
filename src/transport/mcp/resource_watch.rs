//! Watching one resource: a client in its live room that reports that something changed, not what. It ends with its
//! credential.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::watch;

use crate::Result;
use crate::domain::accounts::Caller;
use crate::domain::history::{self, Cursor, Room};
use crate::transport::live::Live;
use crate::transport::live::client::Client;
use crate::transport::live::dialects::Dialect;
use crate::transport::live::send_queue::{Closing, Outgoing};

/// Maximum resources that one session or stream may watch.
pub const MAX_RESOURCES: usize = 100;
/// Changes within this time are reported once.
const COALESCE_WINDOW: Duration = Duration::from_millis(100);

/// Why a watch ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatchEnd {
    /// The credential expired or was revoked.
    Unauthenticated,
    /// The resource can no longer be read, the server stops, or the receiver is gone.
    Closed,
}

/// A client in one room; leaves it when dropped.
pub struct ResourceWatch {
    live: Arc<Live>,
    client: Arc<Client>,
}

impl Drop for ResourceWatch {
    fn drop(&mut self) {
        self.client.queue.close(Closing::Gone);
        self.live.rooms.remove(&self.client);
    }
}

#[derive(Deserialize)]
struct MessageType<'a> {
    #[serde(rename = "type", borrow)]
    kind: std::borrow::Cow<'a, str>,
}

impl ResourceWatch {
    /// Joins the room at its current position. A room that the caller cannot read gets the same 404 as a missing one.
    pub async fn open(live: &Arc<Live>, caller: Caller, room: Room) -> Result<Self> {
        let now = history::events_since(&live.db, &caller, &room, i64::MAX, None, 1).await?;
        let client = Client::new(live, Some(caller), Dialect::Native, false);
        live.rooms.add(client.clone());
        let resource_watch = Self { live: live.clone(), client: client.clone() };
        if live.is_stopping() {
            client.queue.close(Closing::Restarting);
        }
        let (member, _) = client.enter(room, Some(Cursor { epoch: now.epoch, seq: now.last_seq }));
        live.catch_up(member, true);
        Ok(resource_watch)
    }

    /// Calls `notify` on changes until the watch ends; false from it means that the receiver is gone. `expiry` is when the
    /// credential expires, which a later request may extend.
    pub async fn run(
        self,
        mut expiry: watch::Receiver<Option<Timestamp>>,
        notify: impl Fn() -> BoxFuture<'static, bool> + Send,
    ) -> WatchEnd {
        let mut due: Option<tokio::time::Instant> = None;
        loop {
            let left = (*expiry.borrow_and_update())
                .map(|end| Duration::from_secs_f64(end.duration_since(Timestamp::now()).as_secs_f64().clamp(0.0, 1e8)));
            let expired = async {
                match left {
                    Some(left) => tokio::time::sleep(left).await,
                    None => std::future::pending().await,
                }
            };
            let coalesced = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                next = self.client.queue.next() => match next {
                    Ok(message) => match meaning(&message) {
                        Meaning::Nothing => {}
                        Meaning::Change => {
                            due.get_or_insert_with(|| tokio::time::Instant::now() + COALESCE_WINDOW);
                        }
                        Meaning::End => return WatchEnd::Closed,
                    },
                    Err(Closing::Unauthenticated(_)) => return WatchEnd::Unauthenticated,
                    Err(_) => return WatchEnd::Closed,
                },
                () = coalesced => {
                    due = None;
                    if !notify().await {
                        return WatchEnd::Closed;
                    }
                }
                () = expired => return WatchEnd::Unauthenticated,
                Ok(()) = expiry.changed() => {}
            }
        }
    }
}

enum Meaning {
    Nothing,
    Change,
    End,
}

fn meaning(message: &Outgoing) -> Meaning {
    match serde_json::from_str::<MessageType<'_>>(message.message.text()) {
        Ok(MessageType { kind }) => match kind.as_ref() {
            "subscribed" => Meaning::Nothing,
            "unsubscribed" | "error" => Meaning::End,
            // An event, or `resync` after missed events.
            _ => Meaning::Change,
        },
        Err(_) => Meaning::Nothing,
    }
}
