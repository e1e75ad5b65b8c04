//! Which rooms a socket enters: those that its address or its messages name, its caller's default room, or the rooms of all
//! workflows of its caller.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinHandle;

use crate::domain::history::{self, Cursor, Room};
use crate::transport::live::Live;
use crate::transport::live::client::Client;
use crate::transport::live::dialects::Dialect;
use crate::{Error, Result};

/// Maximum rooms that one client may watch.
pub const MAX_ROOMS: usize = 200;
/// Interval at which a socket that began to watch workflows looks whether it has caught up.
const CATCH_UP_INTERVAL: Duration = Duration::from_millis(20);
/// Interval at which a socket that watches all workflows looks for new ones.
const FOLLOW_INTERVAL: Duration = Duration::from_secs(5);

/// Enters a room from a cursor, or with the dialect's initial state.
pub fn enter(live: &Arc<Live>, client: &Arc<Client>, room: Room, cursor: Option<Cursor>, name: String, fixed: bool) {
    let (member, earlier) = client.enter_as(room, cursor, name, fixed);
    if let Some(earlier) = earlier {
        live.rooms.leave(&earlier);
    }
    live.catch_up(member, true);
}

/// The room that a client names, or the default room of its caller.
pub async fn find(live: &Arc<Live>, client: &Arc<Client>, room: Option<&Room>) -> Result<Room> {
    let caller = client.caller().ok_or_else(|| Error::unauthenticated("Sign in first."))?;
    history::find_room(&live.db, &caller, room).await
}

/// Enters a room that a client of another dialect names, perhaps by the key of a ticket.
pub async fn enter_named(live: Arc<Live>, client: Arc<Client>, room: Room, cursor: Option<Cursor>, name: String) {
    let error = match find(&live, &client, Some(&room)).await {
        Ok(room) => return enter(&live, &client, room, cursor, name, false),
        Err(error) => error,
    };
    let problem = error.as_problem();
    // Engines report about tickets that are not here: `Live::send_to_awaiting`.
    let answer =
        if client.dialect == Dialect::Engine && problem.status == 404 && client.await_room(name.clone(), MAX_ROOMS) {
            json!({"type": "subscribed", "room": name}).to_string()
        } else {
            client.dialect.refusal(&problem.code, &problem.detail, Some(&name))
        };
    client.queue.push_text(answer);
}

/// The tasks of one socket that watch all workflows of its caller, by the name that the client gives them. Dropping this
/// ends them.
#[derive(Debug, Default)]
pub struct Followers(HashMap<String, JoinHandle<()>>);

impl Followers {
    /// Watches all workflows under a name, also those that come later; without one, each under the name of its room.
    pub fn start(&mut self, live: &Arc<Live>, client: &Arc<Client>, name: String) {
        let follower = || tokio::spawn(follow(live.clone(), client.clone(), name.clone()));
        self.0.entry(name.clone()).or_insert_with(follower);
    }

    /// Looks for no further workflows under a name.
    pub fn stop(&mut self, name: &str) {
        if let Some(task) = self.0.remove(name) {
            task.abort();
        }
    }
}

impl Drop for Followers {
    fn drop(&mut self) {
        for task in self.0.values() {
            task.abort();
        }
    }
}

/// Waits until a client gets the events of these rooms, or cannot have them.
async fn caught_up(client: &Arc<Client>, rooms: &[Room]) {
    let waits = || client.members().iter().any(|member| rooms.contains(&member.room) && !member.is_live());
    while client.queue.closing().is_none() && waits() {
        tokio::time::sleep(CATCH_UP_INTERVAL).await;
    }
}

async fn follow(live: Arc<Live>, client: Arc<Client>, name: String) {
    while client.queue.closing().is_none() {
        let Some(caller) = client.caller() else { return };
        match history::own_workflow_rooms(&live.db, &caller).await {
            Ok(rooms) => {
                let known: Vec<Room> = client.members().iter().map(|member| member.room.clone()).collect();
                let left = MAX_ROOMS.saturating_sub(known.len());
                let new: Vec<Room> = rooms.into_iter().filter(|room| !known.contains(room)).take(left).collect();
                for room in &new {
                    let called = if name.is_empty() { room.to_string() } else { name.clone() };
                    enter(&live, &client, room.clone(), None, called, false);
                }
                if let Some(refresh) = client.dialect.refresh(&name).filter(|_| !new.is_empty()) {
                    caught_up(&client, &new).await;
                    client.queue.push_text(refresh);
                }
            }
            Err(error) => tracing::debug!(%error, "the workflows of a socket could not be read"),
        }
        tokio::select! {
            () = tokio::time::sleep(FOLLOW_INTERVAL) => {}
            _ = client.queue.closed() => {}
        }
    }
}
