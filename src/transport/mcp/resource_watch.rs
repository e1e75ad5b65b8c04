//! News of a resource, from the live rooms: a watcher joins the room as any client does, and says that
//! something changed, not what. It ends with the credential it began with.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::watch;

use crate::Result;
use crate::domain::accounts::Caller;
use crate::domain::history::{self, Cursor, Room};
use crate::transport::live::client::Client;
use crate::transport::live::dialects::Dialect;
use crate::transport::live::send_queue::{Closing, Outgoing};
use crate::transport::live::{Live, catch_up};

/// Resources one session or stream may watch.
pub const MOST: usize = 100;
/// What happens within this time is told once.
const TOGETHER: Duration = Duration::from_millis(100);

/// Why a watcher ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// The credential ended or was revoked.
    Unauthenticated,
    /// What was watched may not be read any more, or the server stops, or nobody listens.
    Over,
}

/// A client in one room; leaves it when dropped.
pub struct Watcher {
    live: Arc<Live>,
    client: Arc<Client>,
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.client.queue.close(Closing::Gone);
        self.live.rooms.remove(&self.client);
    }
}

#[derive(Deserialize)]
struct Kind<'a> {
    #[serde(rename = "type", borrow)]
    kind: std::borrow::Cow<'a, str>,
}

impl Watcher {
    /// Joins the room from now on; what the caller may not read is refused like what is not there.
    pub async fn open(live: &Arc<Live>, caller: Caller, room: Room) -> Result<Self> {
        let now = history::events_since(&live.db, &caller, &room, i64::MAX, None, 1).await?;
        let client = Client::new(live, Some(caller), Dialect::Native, false);
        live.rooms.add(client.clone());
        let watcher = Self { live: live.clone(), client: client.clone() };
        if live.is_stopping() {
            client.queue.close(Closing::Restarting);
        }
        let (member, _) = client.enter(room, Some(Cursor { epoch: now.epoch, seq: now.last_seq }));
        tokio::spawn(catch_up::run(live.clone(), member, true));
        Ok(watcher)
    }

    /// Tells of changes until it ends; `tell` says whether anybody still listens. `ends` is when the
    /// credential ends, which a later request may put off.
    pub async fn run(
        self,
        mut ends: watch::Receiver<Option<Timestamp>>,
        tell: impl Fn() -> BoxFuture<'static, bool> + Send,
    ) -> End {
        let mut due: Option<tokio::time::Instant> = None;
        loop {
            let left = (*ends.borrow_and_update())
                .map(|end| Duration::from_secs_f64(end.duration_since(Timestamp::now()).as_secs_f64().clamp(0.0, 1e8)));
            let alarm = async {
                match left {
                    Some(left) => tokio::time::sleep(left).await,
                    None => std::future::pending().await,
                }
            };
            let quiet = async {
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
                            due.get_or_insert_with(|| tokio::time::Instant::now() + TOGETHER);
                        }
                        Meaning::End => return End::Over,
                    },
                    Err(Closing::Unauthenticated(_)) => return End::Unauthenticated,
                    Err(_) => return End::Over,
                },
                () = quiet => {
                    due = None;
                    if !tell().await {
                        return End::Over;
                    }
                }
                () = alarm => return End::Unauthenticated,
                Ok(()) = ends.changed() => {}
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
    match serde_json::from_str::<Kind<'_>>(&message.text) {
        Ok(Kind { kind }) => match kind.as_ref() {
            "subscribed" => Meaning::Nothing,
            "unsubscribed" | "error" => Meaning::End,
            // An event, or word that several were missed.
            _ => Meaning::Change,
        },
        Err(_) => Meaning::Nothing,
    }
}
