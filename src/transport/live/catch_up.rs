//! Catching up: how a member becomes live in its room.
//!
//! The member joins first and buffers new events. The missed events are then read from history and sent at the client's
//! pace, the buffered ones follow, and from there the relay feeds the member. `subscribed` is sent only then.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;

use super::Live;
use super::client::{Member, NOT_READABLE};
use super::dialects::InitialState;
use super::message::Message;
use super::send_queue::{Closing, Outgoing};
use crate::db::gate::Lane;
use crate::domain::history::{self, Cursor};
use crate::{Error, Result};

/// Events in one read.
const PAGE_SIZE: i64 = 250;
/// Missed events beyond which a client gets a new snapshot instead.
const MAX_GAP: i64 = 5000;
/// Events of a ticket that are sent again with a new socket.
const RECENT_EVENTS: i64 = 100;
/// Messages of a state that are queued at once.
const MESSAGES_AT_ONCE: usize = 200;
/// Time limit for a client to take a snapshot or a page.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(60);

/// Catches a member up, with retries. `entering`: the client asked to enter the room, so the outcome is sent to it.
pub async fn run(live: Arc<Live>, member: Arc<Member>, entering: bool) {
    let mut pause = Duration::from_millis(50);
    while !member.has_left() && member.client.queue.closing().is_none() {
        // Boxed, so that an idle client does not keep the memory of its first read.
        let error = match Box::pin(attempt(&live, &member, entering)).await {
            Ok(true) => return,
            Ok(false) => continue,
            Err(error) => error,
        };
        let problem = error.as_problem();
        match problem.status {
            401 => return member.client.queue.close(Closing::Unauthenticated("the credential is no longer valid")),
            500.. => {
                tracing::debug!(%error, room = %member.room, "catching up failed; it will be retried");
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = member.client.queue.closed() => {}
                }
                pause = (pause * 2).min(Duration::from_secs(2));
            }
            _ => {
                let room = member.name.as_str();
                if member.fixed {
                    member.client.queue.close(Closing::Forbidden(NOT_READABLE));
                } else if member.client.exit_member(&member) {
                    member.client.queue.push_text(if entering {
                        member.client.dialect.refusal(&problem.code, &problem.detail, Some(room))
                    } else {
                        json!({"type": "unsubscribed", "room": room, "reason": problem.code}).to_string()
                    });
                }
                live.rooms.leave(&member);
                return;
            }
        }
    }
}

/// One attempt; false if history must be read again, or the client has left.
async fn attempt(live: &Arc<Live>, member: &Arc<Member>, entering: bool) -> Result<bool> {
    let caller = member.client.caller().ok_or_else(|| Error::unauthenticated("Sign in first."))?;
    if member.stream().is_none() {
        let stream = history::open_room(&live.db, &caller, &member.room).await?;
        live.rooms.join(member, &stream);
    }
    let reached = match member.begin_attempt() {
        Some(cursor) => pages(live, member, cursor).await?,
        None => match member.client.dialect.initial_state() {
            InitialState::Snapshot => Some(snapshot(live, member, "snapshot").await?),
            InitialState::None => Some(current_position(live, member).await?),
            InitialState::State => state(live, member).await?,
            InitialState::Recent => recent(live, member).await?,
            InitialState::Transcript => {
                let cursor = transcript(live, member).await?;
                pages(live, member, cursor).await?
            }
        },
    };
    let Some(reached) = reached else { return Ok(false) };
    Ok(member.go_live(&reached, |seq| {
        let at = Cursor { epoch: reached.epoch.clone(), seq };
        entering.then(|| member.client.dialect.subscribed(&member.name, &member.room, &at)).flatten()
    }))
}

/// The room's newest position; nothing before it is sent.
async fn current_position(live: &Arc<Live>, member: &Arc<Member>) -> Result<Cursor> {
    let caller = member.client.caller().ok_or_else(|| Error::unauthenticated("Sign in first."))?;
    let end = history::events_since(&live.db, &caller, &member.room, i64::MAX, None, 1).await?;
    let cursor = Cursor { epoch: end.epoch, seq: end.last_seq };
    member.advance(&cursor);
    Ok(cursor)
}

/// Sends the current state as messages of the dialect; `None` if the client disconnected.
async fn state(live: &Arc<Live>, member: &Arc<Member>) -> Result<Option<Cursor>> {
    let caller = member.client.caller().ok_or_else(|| Error::unauthenticated("Sign in first."))?;
    let _permit = live.snapshots.enter(Lane::Read, &member.room.to_string().into(), DRAIN_TIMEOUT).await?;
    let snapshot = history::snapshot(&live.db, &caller, &member.room).await?;
    let messages = member.client.dialect.state(&member.room, &snapshot.body, &snapshot.cursor);
    drop(snapshot.body);
    for some in messages.chunks(MESSAGES_AT_ONCE) {
        member.push(&some.into(), 0, true);
        drained(member).await;
    }
    member.advance(&snapshot.cursor);
    Ok((member.client.queue.closing().is_none() && !member.has_left()).then_some(snapshot.cursor))
}

/// Sends the newest events of a ticket's room again; `None` if the client disconnected. Other rooms begin with new events.
async fn recent(live: &Arc<Live>, member: &Arc<Member>) -> Result<Option<Cursor>> {
    if !matches!(member.room, history::Room::Ticket(_)) {
        return current_position(live, member).await.map(Some);
    }
    let caller = member.client.caller().ok_or_else(|| Error::unauthenticated("Sign in first."))?;
    let newest = history::recent_events(&live.db, &caller, &member.room, RECENT_EVENTS).await?;
    for event in &newest.events {
        member.push(&member.client.dialect.messages(event, &newest.epoch, event.prev, true), 0, true);
    }
    let cursor = Cursor { epoch: newest.epoch, seq: newest.last_seq };
    member.advance(&cursor);
    drained(member).await;
    Ok((member.client.queue.closing().is_none() && !member.has_left()).then_some(cursor))
}

/// Sends the current state; returns the cursor before the room's first event, after which the transcript follows.
async fn transcript(live: &Arc<Live>, member: &Arc<Member>) -> Result<Cursor> {
    let caller = member.client.caller().ok_or_else(|| Error::unauthenticated("Sign in first."))?;
    let snapshot = history::snapshot(&live.db, &caller, &member.room).await?;
    member.snapshot_seq.store(snapshot.cursor.seq, Ordering::Release);
    member.push(&member.client.dialect.state(&member.room, &snapshot.body, &snapshot.cursor), 0, true);
    let cursor = Cursor { epoch: snapshot.cursor.epoch, seq: 0 };
    member.advance(&cursor);
    Ok(cursor)
}

/// Sends the events after a cursor, page by page; `None` if the client disconnected or left.
async fn pages(live: &Arc<Live>, member: &Arc<Member>, mut reached: Cursor) -> Result<Option<Cursor>> {
    let dialect = member.client.dialect;
    loop {
        let caller = member.client.caller().ok_or_else(|| Error::unauthenticated("Sign in first."))?;
        let epoch = Some(reached.epoch.as_str());
        let missed = history::events_since(&live.db, &caller, &member.room, reached.seq, epoch, PAGE_SIZE).await?;
        if dialect.initial_state() == InitialState::Transcript {
            match missed.resync.as_deref() {
                None => {}
                // The events that are left are sent all the same.
                Some("pruned") => {
                    reached.seq = missed.pruned_seq;
                    continue;
                }
                Some(_) => {
                    reached = transcript(live, member).await?;
                    continue;
                }
            }
        } else if missed.resync.is_some() || missed.last_seq - reached.seq > MAX_GAP {
            if dialect.initial_state() == InitialState::State {
                return state(live, member).await;
            }
            if !member.client.snapshots {
                let cursor = Cursor { epoch: missed.epoch, seq: missed.last_seq };
                send(member, dialect.resync(&member.name, &cursor), &cursor).await;
                return Ok(Some(cursor));
            }
            return Ok(Some(snapshot(live, member, "resync").await?));
        }
        let mut bytes = 0;
        for event in &missed.events {
            let past = event.seq <= member.snapshot_seq.load(Ordering::Acquire);
            let messages = dialect.messages(event, &missed.epoch, event.prev, past);
            bytes += messages.iter().map(|message| message.size()).sum::<usize>();
            member.push(&messages, event.seq, true);
            reached.seq = event.seq;
        }
        if !missed.has_more {
            // A ticket room has no other events up to the last seq of its stream.
            reached.seq = missed.last_seq;
        }
        member.advance(&reached);
        if missed.has_more || bytes > 64 * 1024 {
            drained(member).await;
        }
        if member.client.queue.closing().is_some() || member.has_left() {
            return Ok(None);
        }
        if !missed.has_more {
            return Ok(Some(reached));
        }
    }
}

/// Sends the room's current state.
async fn snapshot(live: &Arc<Live>, member: &Arc<Member>, kind: &str) -> Result<Cursor> {
    let caller = member.client.caller().ok_or_else(|| Error::unauthenticated("Sign in first."))?;
    // Held until the client has taken the snapshot: bounds the snapshots in memory when many clients reconnect.
    let _permit = live.snapshots.enter(Lane::Read, &member.room.to_string().into(), DRAIN_TIMEOUT).await?;
    let snapshot = history::snapshot(&live.db, &caller, &member.room).await?;
    let part = match &member.room {
        history::Room::Workflow(_) => "board",
        history::Room::Ticket(_) => "ticket",
        history::Room::Search(_) => "search",
        history::Room::Job(_) => "job",
    };
    let text = format!(
        r#"{{"type":"{kind}","room":{},"epoch":{},"seq":{},"{part}":{}}}"#,
        json!(member.name),
        json!(snapshot.cursor.epoch),
        snapshot.cursor.seq,
        snapshot.body
    );
    drop(snapshot.body);
    member.advance(&snapshot.cursor);
    send(member, text, &snapshot.cursor).await;
    Ok(snapshot.cursor)
}

async fn send(member: &Arc<Member>, text: String, at: &Cursor) {
    let message = Arc::new(Message::new(&text));
    drop(text);
    if member.client.window.get().is_some() {
        // Not in the thread that serves sockets, because a large board takes milliseconds.
        let message = message.clone();
        let _ = tokio::task::spawn_blocking(move || message.compress()).await;
    }
    member.client.queue.push(Outgoing { message, seq: Some(at.seq), paced: true });
    drained(member).await;
}

/// Waits until the client has taken everything that was sent; closes it after the time limit.
async fn drained(member: &Arc<Member>) {
    if tokio::time::timeout(DRAIN_TIMEOUT, member.client.queue.drained()).await.is_err() {
        member.client.queue.close(Closing::TooSlow);
    }
}
