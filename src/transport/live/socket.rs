//! A client on a WebSocket: reading what it asks. Writing what its queue holds is a task of its own
//! (`socket_writer`), so that a client which does not read never keeps us from hearing it, closing it or feeding
//! others.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_ws::{AggregatedMessage, AggregatedMessageStream, Session};
use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tokio::time::{Instant, sleep_until};

use super::client::{Client, NOT_YOURS};
use super::dialects::Dialect;
use super::send_queue::Closing;
use super::socket_writer::{self, SocketWriter};
use super::{Live, catch_up};
use crate::Result;
use crate::domain::accounts::{Accounts, Authenticated};
use crate::domain::history::{self, Cursor, Room};

/// Longest message a client may send.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// Rooms one client may watch.
const MAX_ROOMS: usize = 200;
/// Messages a client may send at once, and each second in the long run.
const BURST: f64 = 250.0;
const RATE: f64 = 25.0;
/// A client that has not signed in by then is closed.
const SIGN_IN: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Asked {
    Auth { token: String },
    Subscribe { room: Option<String>, workflow_id: Option<String>, since: Option<Since> },
    Unsubscribe { room: Option<String>, workflow_id: Option<String> },
    Ping,
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    epoch: String,
    seq: i64,
}

/// The door a client came in by: what its address says.
#[derive(Debug, Default)]
pub struct Door {
    /// How its messages are worded.
    pub dialect: Dialect,
    /// The rooms it watches from the beginning, and no others where it does not know rooms.
    pub rooms: Vec<Room>,
    /// Whether, where none is named, it watches the workflow that its caller works in by default.
    pub default_room: bool,
    /// The place it continues from; without an epoch the number is trusted.
    pub since: Option<(Option<String>, i64)>,
}

/// Serves one socket until it ends. `first` is the credential given with the handshake; one that is no good
/// closes the socket, so that clients which cannot see an answer's status learn of it.
pub fn serve(
    live: Arc<Live>,
    accounts: Accounts,
    session: Session,
    messages: AggregatedMessageStream,
    first: Result<Option<Authenticated>>,
    door: Door,
) {
    let client = Client::new(&live, None, door.dialect, door.dialect == Dialect::Native);
    live.rooms.add(client.clone());
    if live.is_stopping() {
        client.queue.close(Closing::Restarting);
    }
    let first = first.unwrap_or_else(|_| {
        client.queue.close(Closing::Unauthenticated("the credential is not valid"));
        None
    });
    let writer = SocketWriter::new(client);
    actix_web::rt::spawn(socket_writer::write(writer.clone(), session.clone()));
    let reader =
        Reader { live, accounts, writer, session, door, signed_in: None, tokens: BURST, refilled: Instant::now() };
    actix_web::rt::spawn(reader.run(messages, first));
}

/// When a credential ends, and when to remind the client.
#[derive(Clone, Copy)]
struct Term {
    remind: Option<Instant>,
    end: Option<Instant>,
}

struct Reader {
    live: Arc<Live>,
    accounts: Accounts,
    writer: Arc<SocketWriter>,
    session: Session,
    door: Door,
    signed_in: Option<Term>,
    tokens: f64,
    refilled: Instant,
}

impl Reader {
    async fn run(mut self, mut messages: AggregatedMessageStream, first: Option<Authenticated>) {
        let client = self.writer.client.clone();
        if self.door.dialect.greets() {
            let session = format!("socket-{}", uuid::Uuid::new_v4());
            client.queue.say(json!({"type": "connected", "session": session}).to_string());
        }
        if let Some(first) = first {
            self.sign_in(first);
        }
        loop {
            let wake = match self.signed_in {
                None => Some(self.writer.opened + SIGN_IN),
                Some(term) => term.remind.or(term.end),
            };
            let alarm = async {
                match wake {
                    Some(at) => sleep_until(at).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                message = messages.recv() => match message {
                    Some(Ok(message)) => self.hear(message).await,
                    Some(Err(error)) => {
                        tracing::debug!(%error, "a socket broke the protocol");
                        client.queue.close(Closing::Protocol("the message is too large or malformed"));
                    }
                    None => client.queue.close(Closing::Gone),
                },
                () = alarm => self.alarm(),
                _ = client.queue.closed() => {}
            }
            if client.queue.closing().is_some() {
                break;
            }
        }
        self.live.rooms.remove(&client);
    }

    fn alarm(&mut self) {
        let client = &self.writer.client;
        match &mut self.signed_in {
            None => client.queue.close(Closing::Unauthenticated("sign in within ten seconds")),
            Some(term) => match (term.remind.take(), term.end) {
                (Some(_), Some(end)) => {
                    let left = end.saturating_duration_since(Instant::now()).as_secs();
                    client.queue.say(json!({"type": "reauthenticate", "expires_in": left}).to_string());
                }
                _ => client.queue.close(Closing::Unauthenticated("the access token expired")),
            },
        }
    }

    fn sign_in(&mut self, who: Authenticated) {
        let client = &self.writer.client;
        if client.caller().is_some_and(|known| known.actor != who.caller.actor) {
            return client.queue.close(Closing::Unauthenticated("another actor needs a socket of its own"));
        }
        let left = who.expires_at.map(|end| end.duration_since(Timestamp::now()).as_secs_f64().max(0.0));
        let now = Instant::now();
        self.signed_in = Some(Term {
            remind: left.map(|left| now + Duration::from_secs_f64(left - (left / 3.0).min(60.0))),
            end: left.map(|left| now + Duration::from_secs_f64(left.min(1e9))),
        });
        let actor = who.caller.actor.clone();
        client.set_caller(who.caller);
        if self.door.dialect.greets() {
            let text = json!({"type": "authenticated", "actor": actor, "expires_at": who.expires_at});
            client.queue.say(text.to_string());
        }
        self.enter_rooms();
    }

    /// Enters the rooms that the address names; once, however often the client signs in.
    fn enter_rooms(&mut self) {
        let rooms = std::mem::take(&mut self.door.rooms);
        let default_room = std::mem::take(&mut self.door.default_room) && rooms.is_empty();
        let since = self
            .door
            .since
            .take()
            .map(|(epoch, seq)| Cursor { epoch: epoch.unwrap_or_else(|| self.live.epoch().to_string()), seq });
        for room in rooms {
            let name = room.to_string();
            enter(&self.live, &self.writer.client, room, since.clone(), name, true);
        }
        if default_room {
            let (live, client) = (self.live.clone(), self.writer.client.clone());
            tokio::spawn(async move {
                match find(&live, &client, None).await {
                    Ok(room) => {
                        let name = room.to_string();
                        enter(&live, &client, room, since, name, true);
                    }
                    Err(error) if error.as_problem().status >= 500 => client.queue.close(Closing::Restarting),
                    Err(_) => client.queue.close(Closing::Forbidden(NOT_YOURS)),
                }
            });
        }
    }

    async fn hear(&mut self, message: AggregatedMessage) {
        let queue = &self.writer.client.queue;
        self.writer.heard.store(self.writer.opened.elapsed().as_millis() as u64, Ordering::Relaxed);
        let text = match message {
            AggregatedMessage::Text(text) => text,
            AggregatedMessage::Ping(bytes) => {
                // A client that does not read gets no answer either; the reader does not wait for it.
                let _ = self.session.pong(&bytes).now_or_never();
                return self.spend();
            }
            AggregatedMessage::Pong(bytes) => {
                if let Ok(number) = <[u8; 8]>::try_from(bytes.as_ref()) {
                    self.writer.confirmed.fetch_max(u64::from_be_bytes(number), Ordering::AcqRel);
                    self.writer.confirmation.notify_one();
                }
                return;
            }
            AggregatedMessage::Close(_) => return queue.close(Closing::Gone),
            AggregatedMessage::Binary(_) => return queue.close(Closing::Protocol("messages are JSON text")),
        };
        self.spend();
        match serde_json::from_str::<Asked>(&text) {
            // Boxed: an idle socket does not keep room for the work of signing in.
            Ok(asked) => Box::pin(self.answer(asked)).await,
            Err(error) => self.refuse("bad_request", format!("The message is not understood: {error}."), None),
        }
    }

    /// Counts a message against the client's allowance.
    fn spend(&mut self) {
        self.tokens = (self.tokens + self.refilled.elapsed().as_secs_f64() * RATE).min(BURST) - 1.0;
        self.refilled = Instant::now();
        if self.tokens < 0.0 {
            self.writer.client.queue.close(Closing::Protocol("too many messages"));
        }
    }

    fn refuse(&self, code: &str, detail: String, room: Option<&str>) {
        self.writer.client.queue.say(self.door.dialect.refusal(code, &detail, room));
    }

    async fn answer(&mut self, asked: Asked) {
        let client = self.writer.client.clone();
        match asked {
            Asked::Auth { token } => match self.accounts.authenticate(&token).await {
                Ok(who) => self.sign_in(who),
                Err(error) if error.as_problem().status >= 500 => {
                    self.refuse(
                        "unavailable",
                        "The credential cannot be checked right now; try again.".to_owned(),
                        None,
                    );
                }
                Err(_) => client.queue.close(Closing::Unauthenticated("the credential is not valid")),
            },
            Asked::Ping => client.queue.say(r#"{"type":"pong"}"#),
            _ if self.signed_in.is_none() => client.queue.close(Closing::Unauthenticated("sign in first")),
            Asked::Subscribe { room, workflow_id, since } => match named(room, workflow_id) {
                Some(name) => self.subscribe(name, since),
                None => self.refuse("bad_request", "The message is not understood: it names no room.".to_owned(), None),
            },
            Asked::Unsubscribe { room, workflow_id } => {
                let room = named(room, workflow_id).unwrap_or_default();
                if let Some(member) = client.exit(&room) {
                    self.live.rooms.leave(&member);
                }
                client.queue.say(json!({"type": "unsubscribed", "room": room, "reason": "asked"}).to_string());
            }
        }
    }

    fn subscribe(&self, name: String, since: Option<Since>) {
        let client = &self.writer.client;
        let room = match Room::parse(&name) {
            Ok(room) if self.door.dialect.greets() => room,
            Ok(_) => {
                return self.refuse("fixed", "This socket watches what its address names.".to_owned(), Some(&name));
            }
            Err(error) => {
                let problem = error.as_problem();
                return self.refuse(&problem.code, problem.detail, Some(&name));
            }
        };
        if since.as_ref().is_some_and(|since| since.seq < 0) {
            return self.refuse("invalid", "The field since.seq must not be negative.".to_owned(), Some(&name));
        }
        if client.room_count() >= MAX_ROOMS {
            let detail = format!("One socket watches at most {MAX_ROOMS} rooms; leave some first.");
            return self.refuse("too_many_rooms", detail, Some(&name));
        }
        let cursor = since.map(|since| Cursor { epoch: since.epoch, seq: since.seq });
        if self.door.dialect == Dialect::Native {
            return enter(&self.live, client, room, cursor, name, false);
        }
        // Others may name a ticket by its key.
        let (live, client) = (self.live.clone(), client.clone());
        tokio::spawn(async move {
            match find(&live, &client, Some(&room)).await {
                Ok(room) => enter(&live, &client, room, cursor, name, false),
                Err(error) => {
                    let problem = error.as_problem();
                    client.queue.say(client.dialect.refusal(&problem.code, &problem.detail, Some(&name)));
                }
            }
        });
    }
}

/// The room that a message names, itself or by its workflow.
fn named(room: Option<String>, workflow_id: Option<String>) -> Option<String> {
    room.or_else(|| workflow_id.map(|id| Room::Workflow(id).to_string()))
}

fn enter(live: &Arc<Live>, client: &Arc<Client>, room: Room, cursor: Option<Cursor>, name: String, bound: bool) {
    let (member, before) = client.enter_as(room, cursor, name, bound);
    if let Some(before) = before {
        live.rooms.leave(&before);
    }
    tokio::spawn(catch_up::run(live.clone(), member, true));
}

/// The room that a caller means by a name, or by none.
async fn find(live: &Arc<Live>, client: &Arc<Client>, room: Option<&Room>) -> Result<Room> {
    let caller = client.caller().ok_or_else(|| crate::Error::unauthenticated("Sign in first."))?;
    let _turn = live.reading.acquire().await;
    history::find_room(&live.db, &caller, room).await
}
