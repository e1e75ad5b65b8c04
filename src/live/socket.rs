//! A native client on a WebSocket: reading what it asks, writing what its outbox holds. Two tasks, so
//! that a client which does not read never keeps us from hearing it, closing it or feeding others.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseCode, CloseReason, Session};
use futures_util::FutureExt;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::client::Client;
use super::outbox::Closing;
use super::{Live, catch_up};
use crate::accounts::{Accounts, Authenticated};
use crate::history::{Cursor, Room};

/// Longest message a client may send.
pub const MAX_MESSAGE: usize = 64 * 1024;
/// Rooms one client may watch.
const MAX_ROOMS: usize = 200;
/// Messages a client may send at once, and each second in the long run.
const BURST: f64 = 250.0;
const RATE: f64 = 25.0;
/// A client that has not signed in by then is closed.
const SIGN_IN: Duration = Duration::from_secs(10);
/// Between two pings, and the silence after which a client counts as gone.
const HEARTBEAT: Duration = Duration::from_secs(25);
const SILENCE: Duration = Duration::from_secs(70);
/// Bytes under way before the client must confirm (by a pong) that it has read them.
const WINDOW: usize = 256 * 1024;
/// How long it may take over that.
const CONFIRMATION: Duration = Duration::from_secs(60);
/// How long a closing client may take to hear why.
const FAREWELL: Duration = Duration::from_secs(3);

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Asked {
    Auth { token: String },
    Subscribe { room: String, since: Option<Since> },
    Unsubscribe { room: String },
    Ping,
}

#[derive(Deserialize)]
struct Since {
    #[serde(default)]
    epoch: String,
    seq: i64,
}

/// What reader and writer tell each other.
struct Line {
    client: Arc<Client>,
    /// The last pong with a number.
    confirmed: AtomicU64,
    confirmation: Notify,
    /// Milliseconds after `opened` at which the client was last heard.
    heard: AtomicU64,
    opened: Instant,
}

/// Serves one socket until it ends. `first` is a credential given with the handshake.
pub fn serve(
    live: Arc<Live>,
    accounts: Accounts,
    session: Session,
    messages: AggregatedMessageStream,
    first: Option<Authenticated>,
) {
    let client = Client::new(&live, None, true);
    live.rooms.add(client.clone());
    if live.is_stopping() {
        client.outbox.close(Closing::Restarting);
    }
    let line = Arc::new(Line {
        client,
        confirmed: AtomicU64::new(0),
        confirmation: Notify::new(),
        heard: AtomicU64::new(0),
        opened: Instant::now(),
    });
    actix_web::rt::spawn(write(line.clone(), session.clone()));
    let reader = Reader { live, accounts, line, session, signed_in: None, tokens: BURST, refilled: Instant::now() };
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
    line: Arc<Line>,
    session: Session,
    signed_in: Option<Term>,
    tokens: f64,
    refilled: Instant,
}

impl Reader {
    async fn run(mut self, mut messages: AggregatedMessageStream, first: Option<Authenticated>) {
        let client = self.line.client.clone();
        client
            .outbox
            .say(json!({"type": "connected", "session": format!("socket-{}", uuid::Uuid::new_v4())}).to_string());
        if let Some(first) = first {
            self.sign_in(first);
        }
        loop {
            let wake = match self.signed_in {
                None => Some(self.line.opened + SIGN_IN),
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
                        client.outbox.close(Closing::Protocol("the message is too large or malformed"));
                    }
                    None => client.outbox.close(Closing::Gone),
                },
                () = alarm => self.alarm(),
                _ = client.outbox.closed() => {}
            }
            if client.outbox.closing().is_some() {
                break;
            }
        }
        self.live.rooms.remove(&client);
    }

    fn alarm(&mut self) {
        let client = &self.line.client;
        match &mut self.signed_in {
            None => client.outbox.close(Closing::Unauthenticated("sign in within ten seconds")),
            Some(term) => match (term.remind.take(), term.end) {
                (Some(_), Some(end)) => {
                    let left = end.saturating_duration_since(Instant::now()).as_secs();
                    client.outbox.say(json!({"type": "reauthenticate", "expires_in": left}).to_string());
                }
                _ => client.outbox.close(Closing::Unauthenticated("the access token expired")),
            },
        }
    }

    fn sign_in(&mut self, who: Authenticated) {
        let client = &self.line.client;
        if client.caller().is_some_and(|known| known.actor != who.caller.actor) {
            return client.outbox.close(Closing::Unauthenticated("another actor needs a socket of its own"));
        }
        let left = who.expires_at.map(|end| end.duration_since(Timestamp::now()).as_secs_f64().max(0.0));
        let now = Instant::now();
        self.signed_in = Some(Term {
            remind: left.map(|left| now + Duration::from_secs_f64(left - (left / 3.0).min(60.0))),
            end: left.map(|left| now + Duration::from_secs_f64(left.min(1e9))),
        });
        let actor = who.caller.actor.clone();
        client.set_caller(who.caller);
        client.outbox.say(json!({"type": "authenticated", "actor": actor, "expires_at": who.expires_at}).to_string());
    }

    async fn hear(&mut self, message: AggregatedMessage) {
        let outbox = &self.line.client.outbox;
        self.line.heard.store(self.line.opened.elapsed().as_millis() as u64, Ordering::Relaxed);
        let text = match message {
            AggregatedMessage::Text(text) => text,
            AggregatedMessage::Ping(bytes) => {
                // A client that does not read gets no answer either; the reader does not wait for it.
                let _ = self.session.pong(&bytes).now_or_never();
                return self.spend();
            }
            AggregatedMessage::Pong(bytes) => {
                if let Ok(number) = <[u8; 8]>::try_from(bytes.as_ref()) {
                    self.line.confirmed.fetch_max(u64::from_be_bytes(number), Ordering::AcqRel);
                    self.line.confirmation.notify_one();
                }
                return;
            }
            AggregatedMessage::Close(_) => return outbox.close(Closing::Gone),
            AggregatedMessage::Binary(_) => return outbox.close(Closing::Protocol("messages are JSON text")),
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
            self.line.client.outbox.close(Closing::Protocol("too many messages"));
        }
    }

    fn refuse(&self, code: &str, detail: String, room: Option<&str>) {
        let mut text = json!({"type": "error", "code": code, "detail": detail});
        if let Some(room) = room {
            text["room"] = room.into();
        }
        self.line.client.outbox.say(text.to_string());
    }

    async fn answer(&mut self, asked: Asked) {
        let client = self.line.client.clone();
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
                Err(_) => client.outbox.close(Closing::Unauthenticated("the credential is not valid")),
            },
            Asked::Ping => client.outbox.say(r#"{"type":"pong"}"#),
            _ if self.signed_in.is_none() => client.outbox.close(Closing::Unauthenticated("sign in first")),
            Asked::Subscribe { room, since } => self.subscribe(room, since),
            Asked::Unsubscribe { room } => {
                let member = Room::parse(&room).ok().and_then(|room| client.exit(&room));
                if let Some(member) = member {
                    self.live.rooms.leave(&member);
                }
                client.outbox.say(json!({"type": "unsubscribed", "room": room, "reason": "asked"}).to_string());
            }
        }
    }

    fn subscribe(&self, name: String, since: Option<Since>) {
        let client = &self.line.client;
        let room = match Room::parse(&name) {
            Ok(room) => room,
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
        let (member, before) = client.enter(room, since.map(|since| Cursor { epoch: since.epoch, seq: since.seq }));
        if let Some(before) = before {
            self.live.rooms.leave(&before);
        }
        tokio::spawn(catch_up::run(self.live.clone(), member, true));
    }
}

/// Sends what the outbox holds, pings, and says why at the end.
async fn write(line: Arc<Line>, mut session: Session) {
    let outbox = &line.client.outbox;
    let mut asked = 0u64;
    let mut unconfirmed = 0;
    let mut heartbeat = Instant::now() + HEARTBEAT;
    let closing = loop {
        let next = tokio::select! {
            next = outbox.next() => next,
            () = sleep_until(heartbeat) => {
                heartbeat = Instant::now() + HEARTBEAT;
                let heard = Duration::from_millis(line.heard.load(Ordering::Relaxed));
                if line.opened.elapsed() > heard + SILENCE {
                    outbox.close(Closing::Gone);
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
