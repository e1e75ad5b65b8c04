//! How a member comes to be live in its room: it joins first and collects, then what it missed is read
//! from history and sent at the client's pace, then what was collected is added, and from there the
//! relay feeds it. "Subscribed" is said only then.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;

use super::Live;
use super::client::{Member, NOT_YOURS};
use super::dialects::Beginning;
use super::send_queue::{Closing, Outgoing};
use crate::domain::history::{self, Cursor};
use crate::{Error, Result};

/// Events read at once.
const PAGE: i64 = 250;
/// A client that missed more than this is given a fresh board instead.
const LONGEST_GAP: i64 = 5000;
/// How long a client may take over a board or a page.
const PATIENCE: Duration = Duration::from_secs(60);

/// Catches a member up. `entering`: the client asked, and is told the outcome.
pub async fn run(live: Arc<Live>, member: Arc<Member>, entering: bool) {
    let mut pause = Duration::from_millis(50);
    while !member.has_left() && member.client.queue.closing().is_none() {
        // Boxed: an idle client should not keep room for the work of its beginning.
        let error = match Box::pin(round(&live, &member, entering)).await {
            Ok(true) => return,
            Ok(false) => continue,
            Err(error) => error,
        };
        let problem = error.as_problem();
        match problem.status {
            401 => return member.client.queue.close(Closing::Unauthenticated("the credential is no longer valid")),
            500.. => {
                tracing::debug!(%error, room = %member.room, "catching up will be tried again");
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    _ = member.client.queue.closed() => {}
                }
                pause = (pause * 2).min(Duration::from_secs(2));
            }
            _ => {
                let room = member.name.as_str();
                if member.bound {
                    member.client.queue.close(Closing::Forbidden(NOT_YOURS));
                } else if member.client.exit_member(&member) {
                    member.client.queue.say(if entering {
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

/// One attempt; false if so much happened meanwhile that history must be read again.
async fn round(live: &Arc<Live>, member: &Arc<Member>, entering: bool) -> Result<bool> {
    let caller = member.client.caller().ok_or_else(|| Error::unauthenticated("Sign in first."))?;
    if member.stream().is_none() {
        let _turn = live.reading.acquire().await;
        let stream = history::open_room(&live.db, &caller, &member.room).await?;
        live.rooms.join(member, &stream);
    }
    let reached = match member.begin_round() {
        Some(cursor) => pages(live, member, cursor).await?,
        None => match member.client.dialect.beginning() {
            Beginning::Snapshot => Some(snapshot(live, member, "snapshot").await?),
            Beginning::Now => Some(now(live, member).await?),
            Beginning::Transcript => {
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

/// The room's end: nothing before it is told.
async fn now(live: &Arc<Live>, member: &Arc<Member>) -> Result<Cursor> {
    let caller = member.client.caller().ok_or_else(|| Error::unauthenticated("Sign in first."))?;
    let _turn = live.reading.acquire().await;
    let end = history::events_since(&live.db, &caller, &member.room, i64::MAX, None, 1).await?;
    let cursor = Cursor { epoch: end.epoch, seq: end.last_seq };
    member.advance(&cursor);
    Ok(cursor)
}

/// Tells the present state; answers the room's beginning, from where everything that was said follows.
async fn transcript(live: &Arc<Live>, member: &Arc<Member>) -> Result<Cursor> {
    let caller = member.client.caller().ok_or_else(|| Error::unauthenticated("Sign in first."))?;
    let snapshot = {
        let _turn = live.reading.acquire().await;
        history::snapshot(&live.db, &caller, &member.room).await?
    };
    member.told.store(snapshot.cursor.seq, Ordering::Release);
    member.say(&member.client.dialect.state(&snapshot.body), 0, true);
    let cursor = Cursor { epoch: snapshot.cursor.epoch, seq: 0 };
    member.advance(&cursor);
    Ok(cursor)
}

/// Sends what came after a cursor, page by page; none if the client went away.
async fn pages(live: &Arc<Live>, member: &Arc<Member>, mut reached: Cursor) -> Result<Option<Cursor>> {
    let dialect = member.client.dialect;
    loop {
        let caller = member.client.caller().ok_or_else(|| Error::unauthenticated("Sign in first."))?;
        let missed = {
            let _turn = live.reading.acquire().await;
            let epoch = Some(reached.epoch.as_str());
            history::events_since(&live.db, &caller, &member.room, reached.seq, epoch, PAGE).await?
        };
        if dialect.beginning() == Beginning::Transcript {
            match missed.resync.as_deref() {
                None => {}
                // What is left of it is told all the same.
                Some("pruned") => {
                    reached.seq = missed.pruned_seq;
                    continue;
                }
                Some(_) => {
                    reached = transcript(live, member).await?;
                    continue;
                }
            }
        } else if missed.resync.is_some() || missed.last_seq - reached.seq > LONGEST_GAP {
            if !member.client.snapshots {
                let cursor = Cursor { epoch: missed.epoch, seq: missed.last_seq };
                send(member, dialect.resync(&member.name, &cursor), &cursor).await;
                return Ok(Some(cursor));
            }
            return Ok(Some(snapshot(live, member, "resync").await?));
        }
        let mut bytes = 0;
        for event in &missed.events {
            let past = event.seq <= member.told.load(Ordering::Acquire);
            let texts = dialect.messages(event, &missed.epoch, event.prev, past);
            bytes += texts.iter().map(|text| text.len()).sum::<usize>();
            member.say(&texts, event.seq, true);
            reached.seq = event.seq;
        }
        if !missed.has_more {
            // In a ticket's room nothing else happened up to here.
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

/// Sends the room's present state.
async fn snapshot(live: &Arc<Live>, member: &Arc<Member>, kind: &str) -> Result<Cursor> {
    let caller = member.client.caller().ok_or_else(|| Error::unauthenticated("Sign in first."))?;
    // Held until the client has taken it: so many boards are in memory at once, however many reconnect.
    let _bulk = live.bulk.acquire().await;
    let snapshot = {
        let _turn = live.reading.acquire().await;
        history::snapshot(&live.db, &caller, &member.room).await?
    };
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
    member.client.queue.push(Outgoing { text: text.into(), seq: Some(at.seq), patient: true });
    drained(member).await;
}

/// Waits until the client has taken what it was sent; one that does not is closed.
async fn drained(member: &Arc<Member>) {
    if tokio::time::timeout(PATIENCE, member.client.queue.drained()).await.is_err() {
        member.client.queue.close(Closing::TooSlow);
    }
}
