//! The reading side of one WebSocket. Writing is separate (`socket_writer`), so that a client that does not read cannot
//! block reading from it, closing it or feeding others.

mod frames;
mod messages;
mod rooms;

use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::web::Payload;
use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep_until};

use self::frames::{Frames, ReadError, Received};
use self::messages::{ClientMessage, Since};
use self::rooms::{Followers, MAX_ROOMS};
use super::Live;
use super::client::{Client, NOT_READABLE};
use super::deflate::Window;
use super::dialects::Dialect;
use super::message::{Control, Message};
use super::send_queue::Closing;
use super::socket_writer::{SocketBody, SocketWriter};
use crate::Result;
use crate::domain::accounts::{Accounts, Authenticated, Caller};
use crate::domain::history::{Cursor, Room};

/// Maximum bytes of a message from a client.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// Rate limit of messages from a client: the burst, and messages per second.
const BURST: f64 = 250.0;
const RATE: f64 = 25.0;
/// Time limit for signing in, after which a client is closed.
const SIGN_IN_TIMEOUT: Duration = Duration::from_secs(10);
/// Time without a message or pong after which a client counts as disconnected.
const SILENCE_TIMEOUT: Duration = Duration::from_secs(70);

/// What answers the messages of a client's own protocol: it gets the caller and the message, and returns the messages to send.
#[derive(Clone)]
pub struct ClientRequests(pub Arc<dyn Fn(Caller, Value) -> LocalBoxFuture<'static, Vec<Value>>>);

impl std::fmt::Debug for ClientRequests {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ClientRequests")
    }
}

/// The options in the address of a socket.
#[derive(Debug, Default)]
pub struct SocketOptions {
    /// The format of the messages.
    pub dialect: Dialect,
    /// The rooms to watch from the start; the only ones in a dialect without rooms.
    pub rooms: Vec<Room>,
    /// Whether to watch the caller's default workflow if `rooms` is empty.
    pub default_room: bool,
    /// Whether to watch all workflows of the caller, also those that come later.
    pub all_rooms: bool,
    /// The position to resume from; without an epoch the seq is trusted.
    pub since: Option<(Option<String>, i64)>,
    /// The client's address.
    pub address: Option<std::net::IpAddr>,
    /// Set if both sides may compress messages.
    pub window: Option<Window>,
    /// Answers the messages of the client's own protocol.
    pub requests: Option<ClientRequests>,
}

/// Serves one socket until it ends: reads from `payload`, and returns the body of the response to the handshake. `first`
/// is the credential of the handshake; an invalid one closes the socket, because some clients cannot see the status of a
/// refused handshake.
pub fn serve(
    live: Arc<Live>,
    accounts: Accounts,
    payload: Payload,
    first: Result<Option<Authenticated>>,
    options: SocketOptions,
) -> impl MessageBody + 'static {
    let client = Client::new(&live, None, options.dialect, options.dialect == Dialect::Native);
    let frames = Frames::new(payload, options.window.is_some());
    if let Some(window) = options.window {
        let _ = client.window.set(window);
    }
    live.rooms.add(client.clone());
    if live.is_stopping() {
        client.queue.close(Closing::Restarting);
    }
    let first = first.unwrap_or_else(|error| {
        client.queue.close(refused_credential(&error));
        None
    });
    let writer = SocketWriter::new(client);
    let body = SocketBody::new(writer.clone());
    let opened = Instant::now();
    let reader = Reader {
        live,
        accounts,
        writer,
        options,
        signed_in: None,
        followers: Followers::default(),
        tokens: BURST,
        refilled: opened,
        opened,
        heard: opened,
    };
    actix_web::rt::spawn(reader.run(frames, first));
    body
}

/// When a credential expires, and when to request a new one.
#[derive(Clone, Copy)]
struct CredentialExpiry {
    remind: Option<Instant>,
    end: Option<Instant>,
}

struct Reader {
    live: Arc<Live>,
    accounts: Accounts,
    writer: Arc<SocketWriter>,
    options: SocketOptions,
    signed_in: Option<CredentialExpiry>,
    /// The tasks that watch all workflows.
    followers: Followers,
    tokens: f64,
    refilled: Instant,
    opened: Instant,
    /// When the client last sent anything.
    heard: Instant,
}

impl Reader {
    async fn run(mut self, mut frames: Frames, first: Option<Authenticated>) {
        let client = self.writer.client.clone();
        if let Some(greeting) = self.options.dialect.greeting(&format!("socket-{}", uuid::Uuid::new_v4())) {
            client.queue.push_text(greeting);
        }
        if let Some(first) = first {
            self.sign_in(first);
        }
        loop {
            let silent = self.heard + SILENCE_TIMEOUT;
            let deadline = match self.signed_in {
                None => Some(self.opened + SIGN_IN_TIMEOUT),
                Some(expiry) => expiry.remind.or(expiry.end),
            };
            tokio::select! {
                message = frames.next() => match message {
                    Ok(message) => self.receive(message).await,
                    Err(ReadError::Ended) => client.queue.close(Closing::Gone),
                    Err(error) => {
                        tracing::debug!(%error, "protocol error on a socket");
                        client.queue.close(Closing::Protocol("the message is too large or malformed"));
                    }
                },
                () = sleep_until(deadline.map_or(silent, |deadline| deadline.min(silent))) => {
                    if Instant::now() >= silent {
                        client.queue.close(Closing::Gone);
                    } else {
                        self.on_deadline();
                    }
                }
                _ = client.queue.closed() => {}
            }
            if client.queue.closing().is_some() {
                break;
            }
        }
        self.live.rooms.remove(&client);
    }

    fn on_deadline(&mut self) {
        let client = &self.writer.client;
        match &mut self.signed_in {
            None => client.queue.close(Closing::Unauthenticated("sign in within ten seconds")),
            Some(expiry) => match (expiry.remind.take(), expiry.end) {
                (Some(_), Some(end)) => {
                    let left = end.saturating_duration_since(Instant::now()).as_secs();
                    client.queue.push_text(json!({"type": "reauthenticate", "expires_in": left}).to_string());
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
        self.signed_in = Some(CredentialExpiry {
            remind: left.map(|left| now + Duration::from_secs_f64(left - (left / 3.0).min(60.0))),
            end: left.map(|left| now + Duration::from_secs_f64(left.min(1e9))),
        });
        let actor = who.caller.actor.clone();
        client.set_caller(who.caller);
        if self.options.dialect.has_rooms() {
            let text = json!({"type": "authenticated", "actor": actor, "expires_at": who.expires_at});
            client.queue.push_text(text.to_string());
        }
        self.enter_rooms();
    }

    /// Enters the rooms that the address names, at the first sign-in only.
    fn enter_rooms(&mut self) {
        let rooms = std::mem::take(&mut self.options.rooms);
        let default_room = std::mem::take(&mut self.options.default_room) && rooms.is_empty();
        let since = self
            .options
            .since
            .take()
            .map(|(epoch, seq)| Cursor { epoch: epoch.unwrap_or_else(|| self.live.epoch().to_string()), seq });
        for room in rooms {
            let name = room.to_string();
            let since = since.clone().filter(|_| self.options.dialect.resumes(&room));
            rooms::enter(&self.live, &self.writer.client, room, since, name, true);
        }
        // After the rooms that are named, which are resumed.
        if std::mem::take(&mut self.options.all_rooms) {
            self.followers.start(&self.live, &self.writer.client, String::new());
        }
        if default_room {
            let (live, client) = (self.live.clone(), self.writer.client.clone());
            tokio::spawn(async move {
                match rooms::find(&live, &client, None).await {
                    Ok(room) => {
                        let name = room.to_string();
                        rooms::enter(&live, &client, room, since, name, true);
                    }
                    Err(error) if error.as_problem().status >= 500 => client.queue.close(Closing::Restarting),
                    Err(_) => client.queue.close(Closing::Forbidden(NOT_READABLE)),
                }
            });
        }
    }

    async fn receive(&mut self, message: Received) {
        let queue = &self.writer.client.queue;
        self.heard = Instant::now();
        let text = match message {
            Received::Text(text) => text,
            Received::Ping(bytes) => {
                queue.push_message(Message::control(Control::Pong, &bytes));
                return self.count_message();
            }
            Received::Pong(bytes) => {
                if let Ok(number) = <[u8; 8]>::try_from(bytes.as_ref()) {
                    self.writer.acknowledge(u64::from_be_bytes(number));
                }
                return;
            }
            Received::Close => return queue.close(Closing::Gone),
            Received::Binary => return queue.close(Closing::Protocol("messages are JSON text")),
        };
        self.count_message();
        let message = match messages::read(&text) {
            Ok(message) => message,
            Err(detail) => return self.refuse("bad_request", detail, None),
        };
        if let Some(requests) = self.options.requests.clone()
            && self.signed_in.is_some()
            && !messages::is_own(&message)
            && let Some(caller) = self.writer.client.caller()
        {
            // One after the other, in the order of the messages.
            for answer in (requests.0)(caller, message).await {
                self.writer.client.queue.push_text(answer.to_string());
            }
            return;
        }
        match ClientMessage::parse(message) {
            // Boxed, so that an idle socket does not keep the memory of signing in.
            Ok(message) => Box::pin(self.handle(message)).await,
            Err(detail) => self.refuse("bad_request", detail, None),
        }
    }

    /// Counts a message against the rate limit.
    fn count_message(&mut self) {
        self.tokens = (self.tokens + self.refilled.elapsed().as_secs_f64() * RATE).min(BURST) - 1.0;
        self.refilled = Instant::now();
        if self.tokens < 0.0 {
            self.writer.client.queue.close(Closing::Protocol("too many messages"));
        }
    }

    fn refuse(&self, code: &str, detail: String, room: Option<&str>) {
        self.writer.client.queue.push_text(self.options.dialect.refusal(code, &detail, room));
    }

    async fn handle(&mut self, message: ClientMessage) {
        let client = self.writer.client.clone();
        match message {
            ClientMessage::Auth { token } => {
                match self.accounts.authenticate(&token, self.options.address).await {
                    Ok(who) => self.sign_in(who),
                    // The credential of a signed-in socket still holds, so that socket stays open.
                    Err(error) if self.signed_in.is_some() && refused_credential(&error) == Closing::TryAgain => {
                        self.refuse("unavailable", "The credential cannot be checked now; try again.".to_owned(), None);
                    }
                    Err(error) => client.queue.close(refused_credential(&error)),
                }
            }
            ClientMessage::Ping => client.queue.push_text(r#"{"type":"pong"}"#),
            _ if self.signed_in.is_none() => client.queue.close(Closing::Unauthenticated("sign in first")),
            ClientMessage::Subscribe { room, workflow_id, since } => match room_name(room, workflow_id) {
                Some(name) => self.subscribe(name, since),
                None => self.refuse("bad_request", "The message must name a room.".to_owned(), None),
            },
            ClientMessage::Unsubscribe { room, workflow_id } => {
                let room = room_name(room, workflow_id).unwrap_or_default();
                self.followers.stop(&room);
                client.forget_room(&room);
                while let Some(member) = client.exit(&room) {
                    self.live.rooms.leave(&member);
                }
                client.queue.push_text(json!({"type": "unsubscribed", "room": room, "reason": "asked"}).to_string());
            }
        }
    }

    fn subscribe(&mut self, name: String, since: Option<Since>) {
        let client = &self.writer.client;
        if self.options.dialect.is_tenant(&name) {
            return self.followers.start(&self.live, client, name);
        }
        let room = match Room::parse(&name) {
            Ok(room) if self.options.dialect.has_rooms() => room,
            Ok(_) => {
                return self.refuse(
                    "fixed",
                    "This socket watches only what its address names.".to_owned(),
                    Some(&name),
                );
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
        if self.options.dialect == Dialect::Native {
            return rooms::enter(&self.live, client, room, cursor, name, false);
        }
        // Clients of other dialects may name a ticket by its key.
        let (live, client) = (self.live.clone(), client.clone());
        tokio::spawn(rooms::enter_named(live, client, room, cursor, name));
    }
}

/// How a socket is closed whose credential was not accepted: a fault of the server says nothing about the credential.
fn refused_credential(error: &crate::Error) -> Closing {
    match error.as_problem().status {
        429 | 500.. => Closing::TryAgain,
        _ => Closing::Unauthenticated("the credential is not valid"),
    }
}

/// The room that a message names, directly or by its workflow.
fn room_name(room: Option<String>, workflow_id: Option<String>) -> Option<String> {
    room.or_else(|| workflow_id.map(|id| Room::Workflow(id).to_string()))
}
