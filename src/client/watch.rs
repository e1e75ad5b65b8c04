//! Subscribes to a room: a stream of updates that survives lost connections and restarts of the server. It resumes from
//! its cursor and yields each number of a room at most once and in order. If it cannot resume, it yields
//! [`Update::Resync`] with a snapshot.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{SinkExt, Stream, StreamExt};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{self, Message};

use super::{Client, Error, Result};
use crate::error::Problem;

/// Interval of pings.
const PING_INTERVAL: Duration = Duration::from_secs(20);
/// A connection without messages for this long counts as lost.
const READ_TIMEOUT: Duration = Duration::from_secs(60);
/// Upper limit of the delay between reconnects.
const MAX_BACKOFF: Duration = Duration::from_secs(10);

/// A position in a stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The epoch of the stream; numbers of different epochs are unrelated.
    pub epoch: String,
    /// The number of the last event seen.
    pub seq: i64,
}

/// An event in a room.
#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    /// The event type, e.g. `status_changed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The workflow.
    pub workflow_id: String,
    /// The ticket concerned.
    pub ticket_id: Option<String>,
    /// The job concerned.
    pub job_id: Option<String>,
    /// The actor who caused it.
    pub agent_id: Option<String>,
    /// The payload, by event type.
    pub data: Value,
    /// The time of the event.
    pub timestamp: String,
    /// Its number in the stream.
    pub seq: i64,
    /// The epoch of the stream.
    pub epoch: String,
    /// The number of the previous event in the room.
    pub prev: i64,
    /// The unparsed message.
    #[serde(skip)]
    pub raw: Value,
}

/// An item of a [`Watch`].
#[derive(Debug, Clone)]
pub enum Update {
    /// The state of the room at the start of the subscription.
    Snapshot(Cursor, Value),
    /// An event.
    Event(Box<Event>),
    /// A new snapshot: earlier state must be discarded.
    Resync(Cursor, Value),
    /// All past events were delivered; from here on events are live.
    Live(Cursor),
}

/// A stream of updates; dropping it closes the connection.
#[derive(Debug)]
pub struct Watch {
    updates: mpsc::Receiver<Result<Update>>,
    task: tokio::task::JoinHandle<()>,
}

impl Stream for Watch {
    type Item = Result<Update>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.updates.poll_recv(context)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Client {
    /// Subscribes to a room (`workflow:<id>`, `ticket:<id>`, `job:<id>`, `search:<id>`) from a cursor or a snapshot. The
    /// stream ends only with an error that a retry cannot fix.
    ///
    /// ```no_run
    /// # async fn example(client: callboard::client::Client) -> callboard::client::Result<()> {
    /// use callboard::client::Update;
    /// use futures_util::StreamExt;
    ///
    /// let mut room = client.watch("workflow:wf-1", None);
    /// while let Some(update) = room.next().await {
    ///     if let Update::Event(event) = update? {
    ///         println!("{} {}", event.seq, event.kind);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch(&self, room: &str, since: Option<Cursor>) -> Watch {
        let (sender, updates) = mpsc::channel(256);
        let subscription = Subscription { client: self.clone(), room: room.to_owned(), cursor: since, sender };
        Watch { updates, task: tokio::spawn(subscription.run()) }
    }
}

/// Why a connection ended.
enum End {
    /// The [`Watch`] was dropped.
    Dropped,
    /// A reconnect cannot help.
    Fatal(Error),
    /// Reconnect; true if the subscription was live.
    Reconnect(bool),
    /// The access token has expired.
    Expired(String),
}

struct Subscription {
    client: Client,
    room: String,
    cursor: Option<Cursor>,
    sender: mpsc::Sender<Result<Update>>,
}

impl Subscription {
    async fn run(mut self) {
        let mut backoff = Duration::from_millis(100);
        let mut expired = 0;
        loop {
            match self.connection().await {
                End::Dropped => return,
                End::Fatal(error) => return drop(self.sender.send(Err(error)).await),
                End::Reconnect(true) => {
                    backoff = Duration::from_millis(100);
                    expired = 0;
                }
                End::Reconnect(false) => {}
                End::Expired(used) => {
                    expired += 1;
                    match self.client.refresh(&used).await {
                        Ok(true) if expired < 3 => {}
                        Err(error) if error.is_temporary() => {}
                        Err(error) => return drop(self.sender.send(Err(error)).await),
                        Ok(_) => {
                            return drop(
                                self.sender
                                    .send(Err(rejected(401, "unauthenticated", "The credential is no longer valid.")))
                                    .await,
                            );
                        }
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(backoff.mul_f64(0.8 + 0.4 * fastrand::f64())) => {}
                () = self.sender.closed() => return,
            }
            backoff = (backoff * 2).min(MAX_BACKOFF);
        }
    }

    async fn connection(&mut self) -> End {
        let mut bearer = self.client.inner.credential.current().await.bearer().unwrap_or_default();
        let address = format!("{}/ws", self.client.inner.url.replacen("http", "ws", 1));
        let request = address.into_client_request().map(|mut request| {
            if let Ok(value) = format!("Bearer {bearer}").parse() {
                request.headers_mut().insert("authorization", value);
            }
            request
        });
        let request = match request {
            Ok(request) => request,
            Err(error) => return End::Fatal(Error::Unusable(error.to_string())),
        };
        let connected = tokio::time::timeout(Duration::from_secs(15), tokio_tungstenite::connect_async(request)).await;
        let mut socket = match connected {
            Ok(Ok((socket, _))) => socket,
            Ok(Err(tungstenite::Error::Http(answer))) => match answer.status().as_u16() {
                401 => return End::Expired(bearer),
                429 | 500.. => return End::Reconnect(false),
                status => {
                    return End::Fatal(rejected(
                        status,
                        "refused",
                        &format!("The server responded with {status} to the WebSocket request."),
                    ));
                }
            },
            _ => return End::Reconnect(false),
        };
        let subscribe = match &self.cursor {
            Some(since) => json!({"type": "subscribe", "room": self.room, "since": since}),
            None => json!({"type": "subscribe", "room": self.room}),
        };
        if socket.send(Message::text(subscribe.to_string())).await.is_err() {
            return End::Reconnect(false);
        }
        let mut live = false;
        let mut last_message = tokio::time::Instant::now();
        let mut ping = tokio::time::interval(PING_INTERVAL);
        loop {
            let message = tokio::select! {
                () = self.sender.closed() => return End::Dropped,
                _ = ping.tick() => {
                    let silent = last_message.elapsed() > READ_TIMEOUT;
                    if silent || socket.send(Message::text(r#"{"type":"ping"}"#)).await.is_err() {
                        return End::Reconnect(live);
                    }
                    continue;
                }
                message = socket.next() => message,
            };
            last_message = tokio::time::Instant::now();
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(frame))) => {
                    return match frame.map(|frame| u16::from(frame.code)) {
                        Some(4001) => End::Expired(bearer),
                        Some(4003) => End::Fatal(rejected(403, "forbidden", "Access to the room was revoked.")),
                        _ => End::Reconnect(live),
                    };
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return End::Reconnect(live),
            };
            let Ok(message) = serde_json::from_str::<Value>(&text) else { return End::Reconnect(live) };
            if message["type"] == "reauthenticate" {
                if let Ok(true) = self.client.refresh(&bearer).await
                    && let Some(token) = self.client.inner.credential.current().await.bearer()
                {
                    // The next time, this token is the one to refresh.
                    bearer = token;
                    let message = json!({"type": "auth", "token": bearer});
                    if socket.send(Message::text(message.to_string())).await.is_err() {
                        return End::Reconnect(live);
                    }
                }
                continue;
            }
            match self.handle(message, &mut live).await {
                Ok(()) => {}
                Err(end) => return end,
            }
        }
    }

    /// Handles one message; an error ends the connection.
    async fn handle(&mut self, mut message: Value, live: &mut bool) -> Result<(), End> {
        let cursor_of = |message: &Value| {
            let (epoch, seq) = (message["epoch"].as_str()?.to_owned(), message["seq"].as_i64()?);
            Some(Cursor { epoch, seq })
        };
        let update = match message["type"].as_str().unwrap_or_default() {
            kind @ ("snapshot" | "resync") => {
                let Some(cursor) = cursor_of(&message) else { return Err(End::Reconnect(*live)) };
                let resumed = kind == "resync" || self.cursor.is_some();
                let body = ["board", "ticket", "job", "search"]
                    .into_iter()
                    .find_map(|part| message.get_mut(part).map(Value::take))
                    .unwrap_or_default();
                self.cursor = Some(cursor.clone());
                if resumed { Update::Resync(cursor, body) } else { Update::Snapshot(cursor, body) }
            }
            "subscribed" => {
                *live = true;
                let Some(cursor) = cursor_of(&message) else { return Err(End::Reconnect(true)) };
                self.cursor = Some(cursor.clone());
                Update::Live(cursor)
            }
            "error" | "unsubscribed" => {
                let code = message["code"].as_str().or(message["reason"].as_str()).unwrap_or("refused").to_owned();
                let detail = message["detail"].as_str().unwrap_or("Access to the room was revoked.").to_owned();
                let status = match code.as_str() {
                    "not_found" => 404,
                    "unauthenticated" => 401,
                    "too_many_requests" | "busy" | "unavailable" => return Err(End::Reconnect(*live)),
                    _ => 403,
                };
                return Err(End::Fatal(rejected(status, &code, &detail)));
            }
            _ if message.get("seq").is_some() && message.get("stream").is_some() => {
                let Ok(mut event) = serde_json::from_value::<Event>(message.clone()) else {
                    return Err(End::Reconnect(*live));
                };
                if let Some(cursor) = &self.cursor {
                    if cursor.epoch == event.epoch && event.seq <= cursor.seq {
                        return Ok(());
                    }
                    if cursor.epoch != event.epoch || event.prev > cursor.seq {
                        // There is a gap: reconnect, and the server resends from our cursor.
                        return Err(End::Reconnect(*live));
                    }
                }
                self.cursor = Some(Cursor { epoch: event.epoch.clone(), seq: event.seq });
                event.raw = message;
                Update::Event(Box::new(event))
            }
            _ => return Ok(()),
        };
        self.sender.send(Ok(update)).await.map_err(|_| End::Dropped)
    }
}

fn rejected(status: u16, code: &str, detail: &str) -> Error {
    Error::Refused(Box::new(Problem {
        status,
        code: code.to_owned(),
        detail: detail.to_owned(),
        errors: Vec::new(),
        extra: serde_json::Map::new(),
    }))
}
