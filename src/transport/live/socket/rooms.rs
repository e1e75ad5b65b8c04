//! Which rooms a socket enters: those that its address or its messages name, its caller's default room, or the rooms of all
//! workflows of its caller.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use crate::domain::history::{self, Cursor, Room};
use crate::transport::live::Live;
use crate::transport::live::client::Client;
use crate::{Error, Result};

/// Maximum rooms that one client may watch.
pub const MAX_ROOMS: usize = 200;
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

/// The tasks of one socket that watch all workflows of its caller, by the name that the client gives them. Dropping this
/// ends them.
#[derive(Debug, Default)]
pub struct Followers(HashMap<String, JoinHandle<()>>);

impl Followers {
    /// Watches all workflows under a name, also those that come later; without one, each under the name of its room.
    pub fn start(&mut self, live: &Arc<Live>, client: &Arc<Client>, name: String) {
        if !self.0.contains_key(&name) {
            let task = tokio::spawn(follow(live.clone(), client.clone(), name.clone()));
            self.0.insert(name, task);
        }
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

async fn follow(live: Arc<Live>, client: Arc<Client>, name: String) {
    while client.queue.closing().is_none() {
        let Some(caller) = client.caller() else { return };
        match history::own_workflow_rooms(&live.db, &caller).await {
            Ok(rooms) => {
                let known: Vec<Room> = client.members().iter().map(|member| member.room.clone()).collect();
                let left = MAX_ROOMS.saturating_sub(known.len());
                for room in rooms.into_iter().filter(|room| !known.contains(room)).take(left) {
                    let called = if name.is_empty() { room.to_string() } else { name.clone() };
                    enter(&live, &client, room, None, called, false);
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
