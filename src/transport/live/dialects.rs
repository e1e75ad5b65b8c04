//! Dialects: pure functions from a row of history to the messages that one kind of client expects.
//!
//! Callboard's own clients speak `native`. The others belong to programs that exist already: each hears of
//! the same events in the words it knows. A dialect decides nothing but words: who may hear what, in which
//! order and from where on is the same for all.

pub mod adw;
pub mod jobs;
pub mod native;
pub mod rooms;
pub mod stages;

use std::sync::Arc;
use std::time::Duration;

use bytestring::ByteString;
use serde_json::{Value, json};

use crate::domain::history::{Cursor, Event, Room};

/// What one event says in a dialect: nothing, one message or several, shared by all who hear it.
pub type Texts = Arc<[ByteString]>;

/// How a client's messages are worded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// Callboard's own.
    #[default]
    Native,
    /// Boards that follow stages: `stage_updated`, `workflow_started`, …
    Stages,
    /// Tickets as rooms: `ticket:update`, `ticket:progress`, …
    Rooms,
    /// One job: `kind` is status, step, chat, app or error.
    Jobs,
    /// One job as a workflow: `{type, data}`.
    Adw,
}

/// Where a client begins that names no place to continue from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// With the room's present state, then what happens.
    Snapshot,
    /// With what happens from now on: its clients fetch the state themselves.
    Now,
    /// With the present state in a sentence, then everything that was said, then what happens.
    Transcript,
}

impl Dialect {
    /// The dialects that a client of `/ws` can ask for.
    pub const CHOICES: &'static str = "native, stages, rooms";

    /// Finds one of [`Self::CHOICES`].
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "native" => Some(Self::Native),
            "stages" => Some(Self::Stages),
            "rooms" => Some(Self::Rooms),
            _ => None,
        }
    }

    /// What an event says. `prev` is the number before it in the room it goes to; `past` is true for what
    /// happened before the state that the client was told.
    pub fn messages(self, event: &Event, epoch: &str, prev: i64, past: bool) -> Texts {
        match self {
            Self::Native => Arc::new([native::message(event, epoch, prev).into()]),
            Self::Stages => texts(resumable(stages::messages(event, epoch))),
            Self::Rooms => texts(resumable(rooms::messages(event, epoch))),
            Self::Jobs => texts(resumable(jobs::messages(event, epoch, past))),
            Self::Adw => texts(resumable(adw::messages(event, epoch, past))),
        }
    }

    /// Where a client begins that names no place.
    pub fn beginning(self) -> Beginning {
        match self {
            Self::Native => Beginning::Snapshot,
            Self::Stages | Self::Rooms => Beginning::Now,
            Self::Jobs | Self::Adw => Beginning::Transcript,
        }
    }

    /// The present state of a job, as JSON that SQL made, in the words of a dialect that begins with it.
    pub fn state(self, body: &str) -> Texts {
        let job: Value = serde_json::from_str(body).unwrap_or_default();
        match self {
            Self::Jobs => texts(jobs::state(&job)),
            Self::Adw => texts(adw::state(&job)),
            Self::Native | Self::Stages | Self::Rooms => Arc::new([]),
        }
    }

    /// Whether its clients know `connected`, `authenticated` and rooms.
    pub fn greets(self) -> bool {
        !matches!(self, Self::Jobs | Self::Adw)
    }

    /// What is said once a client has caught up in a room, which it called `name`.
    pub fn subscribed(self, name: &str, room: &Room, at: &Cursor) -> Option<String> {
        let mut said = json!({"type": "subscribed", "room": name, "epoch": at.epoch, "seq": at.seq});
        if let (Self::Stages, Room::Workflow(id)) = (self, room) {
            said["workflow_id"] = json!(id);
        }
        self.greets().then(|| said.to_string())
    }

    /// What is said where the events a client missed cannot be told any more: it has to fetch the state.
    pub fn resync(self, name: &str, at: &Cursor) -> String {
        json!({"type": "resync", "room": name, "epoch": at.epoch, "seq": at.seq}).to_string()
    }

    /// A refusal.
    pub fn refusal(self, code: &str, detail: &str, room: Option<&str>) -> String {
        let mut said = match self {
            Self::Native | Self::Stages | Self::Rooms => json!({"type": "error", "code": code, "detail": detail}),
            Self::Jobs => {
                json!({"kind": "error", "code": code, "message": detail, "timestamp": jiff::Timestamp::now()})
            }
            Self::Adw => {
                json!({"type": "error", "data": {"error_type": code, "message": detail, "details": {}}})
            }
        };
        if let Some(room) = room {
            said["room"] = room.into();
        }
        said.to_string()
    }

    /// How often its clients want to hear that the connection lives, in words of their own.
    pub fn heartbeat(self) -> Option<Duration> {
        (self == Self::Adw).then_some(adw::HEARTBEAT)
    }
}

/// A client continues after the `seq` of the last message it got. Where one event says several, only the
/// last of them carries the event's own: who loses the connection in between is told the event again,
/// rather than never hear the rest.
fn resumable(mut messages: Vec<Value>) -> Vec<Value> {
    if let Some((_, earlier)) = messages.split_last_mut() {
        for message in earlier {
            if let Some(seq) = message["seq"].as_i64() {
                message["seq"] = json!(seq - 1);
            }
        }
    }
    messages
}

fn texts(messages: Vec<Value>) -> Texts {
    messages.into_iter().map(|message| message.to_string().into()).collect()
}

/// An event's data.
fn data(event: &Event) -> Value {
    serde_json::from_str(event.metadata.get()).unwrap_or_default()
}

/// Adds the members of `more` to an object; what stands there already stays.
fn complete(into: &mut Value, more: &Value) {
    if let (Some(into), Some(more)) = (into.as_object_mut(), more.as_object()) {
        for (name, value) in more {
            into.entry(name.as_str()).or_insert_with(|| value.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_says_several_is_told_again_rather_than_in_part() {
        let data = json!({"activity": {"prUrl": "https://git/pr/1"}});
        let event = samples::change("pr_created", (None, None, None), &data);
        let texts = Dialect::Rooms.messages(&event, "e-1", 6, false);
        let seqs: Vec<Value> =
            texts.iter().map(|text| serde_json::from_str::<Value>(text).expect("JSON")["seq"].clone()).collect();
        assert_eq!(seqs, [6, 7]);
        assert_eq!(Dialect::Stages.messages(&event, "e-1", 6, false).len(), 0);
        assert_eq!(Dialect::Native.messages(&event, "e-1", 6, false).len(), 1);
    }
}

/// Events as tests need them.
#[cfg(test)]
pub(super) mod samples {
    use serde_json::Value;
    use serde_json::value::RawValue;

    use crate::domain::history::Event;

    /// A change in a workflow's stream.
    pub fn change(change_type: &str, values: (Option<&str>, Option<&str>, Option<&str>), data: &Value) -> Event {
        Event {
            stream_id: "workflow:w".to_owned(),
            seq: 7,
            prev: 6,
            workflow_id: "w".to_owned(),
            ticket_id: Some("ticket-1".to_owned()),
            job_id: change_type.starts_with("job").then(|| "job-1".to_owned()),
            change_type: change_type.to_owned(),
            field_name: values.0.map(str::to_owned),
            old_value: values.1.map(str::to_owned),
            new_value: values.2.map(str::to_owned),
            change_description: "So it went.".to_owned(),
            metadata: RawValue::from_string(data.to_string()).expect("JSON"),
            actor_id: "service".to_owned(),
            on_behalf_of: Some("agent-7".to_owned()),
            changed_at: "2026-11-21T10:00:00Z".parse().expect("time"),
        }
    }
}
