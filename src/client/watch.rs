//! Following a room: a stream of updates that survives lost connections and restarts of the server. It resumes
//! where it was, and never yields a number of a room twice or out of order; what it cannot resume it says
//! ([`Update::Resync`]).

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

const PING: Duration = Duration::from_secs(20);
const SILENCE: Duration = Duration::from_secs(60);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// How far a watcher has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The life of the stream; numbers of another one mean something else.
    pub epoch: String,
    /// The last number that was seen.
    pub seq: i64,
}

/// What happened in a room, as the server told it.
#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    /// What happened, e.g. `status_changed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where.
    pub workflow_id: String,
    /// About which ticket.
    pub ticket_id: Option<String>,
    /// About which job.
    pub job_id: Option<String>,
    /// By whom.
    pub agent_id: Option<String>,
    /// What it says.
    pub data: Value,
    /// When.
    pub timestamp: String,
    /// Its number in the room.
    pub seq: i64,
    /// The life of the stream.
    pub epoch: String,
    /// The number before it in the room.
    pub prev: i64,
    /// The message as it came.
    #[serde(skip)]
    pub raw: Value,
}

/// What a watcher is told.
#[derive(Debug, Clone)]
pub enum Update {
    /// The room as it is where the watching begins.
    Snapshot(Cursor, Value),
    /// Something happened.
    Event(Box<Event>),
    /// The room as it is now: what was known before no longer holds.
    Resync(Cursor, Value),
    /// Everything up to here has been told; from now on it is live.
    Live(Cursor),
}

/// A stream of updates; the connection ends with it.
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
    /// Follows a room (`workflow:<id>`, `ticket:<id>`, `job:<id>`, `search:<id>`) from a cursor, or from a snapshot.
    /// The stream ends only with an error that trying again cannot help.
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
        let follower = Follower { client: self.clone(), room: room.to_owned(), cursor: since, sender };
        Watch { updates, task: tokio::spawn(follower.run()) }
    }
}

/// Why a connection ended.
enum End {
    /// Nobody listens any more.
    Unheard,
    /// Trying again cannot help.
    Fatal(Error),
    /// Connect again; true where it had been live.
    Again(bool),
    /// The credential has ended.
    Expired(String),
}

struct Follower {
    client: Client,
    room: String,
    cursor: Option<Cursor>,
    sender: mpsc::Sender<Result<Update>>,
}

impl Follower {
    async fn run(mut self) {
        let mut pause = Duration::from_millis(100);
        let mut expired = 0;
        loop {
            match self.connection().await {
                End::Unheard => return,
                End::Fatal(error) => return drop(self.sender.send(Err(error)).await),
                End::Again(true) => {
                    pause = Duration::from_millis(100);
                    expired = 0;
                }
                End::Again(false) => {}
                End::Expired(used) => {
                    expired += 1;
                    match self.client.renew(&used).await {
                        Ok(true) if expired < 3 => {}
                        Err(error) if error.is_temporary() => {}
                        Err(error) => return drop(self.sender.send(Err(error)).await),
                        Ok(_) => {
                            return drop(
                                self.sender
                                    .send(Err(refused(401, "unauthenticated", "The credential is no longer valid.")))
                                    .await,
                            );
                        }
                    }
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause.mul_f64(0.8 + 0.4 * fastrand::f64())) => {}
                () = self.sender.closed() => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    async fn connection(&mut self) -> End {
        let bearer = self.client.inner.credential.current().await.bearer().unwrap_or_default();
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
                429 | 500.. => return End::Again(false),
                status => {
                    return End::Fatal(refused(
                        status,
                        "refused",
                        &format!("The server answered {status} to the socket."),
                    ));
                }
            },
            _ => return End::Again(false),
        };
        let subscribe = match &self.cursor {
            Some(since) => json!({"type": "subscribe", "room": self.room, "since": since}),
            None => json!({"type": "subscribe", "room": self.room}),
        };
        if socket.send(Message::text(subscribe.to_string())).await.is_err() {
            return End::Again(false);
        }
        let mut live = false;
        let mut heard = tokio::time::Instant::now();
        let mut ping = tokio::time::interval(PING);
        loop {
            let message = tokio::select! {
                () = self.sender.closed() => return End::Unheard,
                _ = ping.tick() => {
                    if heard.elapsed() > SILENCE || socket.send(Message::text(r#"{"type":"ping"}"#)).await.is_err() {
                        return End::Again(live);
                    }
                    continue;
                }
                message = socket.next() => message,
            };
            heard = tokio::time::Instant::now();
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Close(frame))) => {
                    return match frame.map(|frame| u16::from(frame.code)) {
                        Some(4001) => End::Expired(bearer),
                        Some(4003) => End::Fatal(refused(403, "forbidden", "The room may not be watched any more.")),
                        _ => End::Again(live),
                    };
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return End::Again(live),
            };
            let Ok(message) = serde_json::from_str::<Value>(&text) else { return End::Again(live) };
            if message["type"] == "reauthenticate" {
                if let Ok(true) = self.client.renew(&bearer).await
                    && let Some(token) = self.client.inner.credential.current().await.bearer()
                    && socket.send(Message::text(json!({"type": "auth", "token": token}).to_string())).await.is_err()
                {
                    return End::Again(live);
                }
                continue;
            }
            match self.take(message, &mut live).await {
                Ok(()) => {}
                Err(end) => return end,
            }
        }
    }

    /// Takes one message in; tells what it means.
    async fn take(&mut self, mut message: Value, live: &mut bool) -> Result<(), End> {
        let at = |message: &Value| {
            let (epoch, seq) = (message["epoch"].as_str()?.to_owned(), message["seq"].as_i64()?);
            Some(Cursor { epoch, seq })
        };
        let update = match message["type"].as_str().unwrap_or_default() {
            kind @ ("snapshot" | "resync") => {
                let Some(cursor) = at(&message) else { return Err(End::Again(*live)) };
                let again = kind == "resync" || self.cursor.is_some();
                let body = ["board", "ticket", "job", "search"]
                    .into_iter()
                    .find_map(|part| message.get_mut(part).map(Value::take))
                    .unwrap_or_default();
                self.cursor = Some(cursor.clone());
                if again { Update::Resync(cursor, body) } else { Update::Snapshot(cursor, body) }
            }
            "subscribed" => {
                *live = true;
                let Some(cursor) = at(&message) else { return Err(End::Again(true)) };
                self.cursor = Some(cursor.clone());
                Update::Live(cursor)
            }
            "error" | "unsubscribed" => {
                let code = message["code"].as_str().or(message["reason"].as_str()).unwrap_or("refused").to_owned();
                let detail = message["detail"].as_str().unwrap_or("The room may not be watched any more.").to_owned();
                let status = match code.as_str() {
                    "not_found" => 404,
                    "unauthenticated" => 401,
                    "too_many_requests" | "busy" | "unavailable" => return Err(End::Again(*live)),
                    _ => 403,
                };
                return Err(End::Fatal(refused(status, &code, &detail)));
            }
            _ if message.get("seq").is_some() && message.get("stream").is_some() => {
                let Ok(mut event) = serde_json::from_value::<Event>(message.clone()) else {
                    return Err(End::Again(*live));
                };
                if let Some(cursor) = &self.cursor {
                    if cursor.epoch == event.epoch && event.seq <= cursor.seq {
                        return Ok(());
                    }
                    if cursor.epoch != event.epoch || event.prev > cursor.seq {
                        // Something is missing: the server tells it again from where we are.
                        return Err(End::Again(*live));
                    }
                }
                self.cursor = Some(Cursor { epoch: event.epoch.clone(), seq: event.seq });
                event.raw = message;
                Update::Event(Box::new(event))
            }
            _ => return Ok(()),
        };
        self.sender.send(Ok(update)).await.map_err(|_| End::Unheard)
    }
}

fn refused(status: u16, code: &str, detail: &str) -> Error {
    Error::Refused(Box::new(Problem {
        status,
        code: code.to_owned(),
        detail: detail.to_owned(),
        errors: Vec::new(),
        extra: serde_json::Map::new(),
    }))
}
