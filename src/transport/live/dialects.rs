//! Dialects: pure functions from a row of history to the messages that one kind of client expects.
//!
//! Callboard's own clients use `native`; the others serve existing programs. A dialect decides only the format of
//! messages: access, order and resuming are the same for all.

pub mod adw;
pub mod engine;
pub mod job_builder;
pub mod jobs;
pub mod native;
pub mod rooms;
pub mod stage_board;
pub mod stages;
pub mod workflow_board;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::message::Message;
use crate::domain::history::{Cursor, Event, Room};

/// The messages of one event in a dialect (none, one or several), shared by all clients that get them.
pub type Messages = Arc<[Arc<Message>]>;

/// The format of a client's messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Dialect {
    /// Callboard's own format.
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
    /// Clients of a stage board's own address.
    StageBoard,
    /// Clients of a job builder's own address.
    JobBuilder,
    /// Clients of an engine's own address.
    Engine,
    /// Clients of a ticket tracker's own address: as native, from now on.
    Tracker,
    /// Clients of a workflow board's own address.
    WorkflowBoard,
}

/// What a client gets first if it gives no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitialState {
    /// A snapshot of the room, then new events.
    Snapshot,
    /// New events only: the client fetches the state over HTTP.
    None,
    /// A summary of the current state, then the whole transcript, then new events.
    Transcript,
    /// The current state as messages, then new events.
    State,
    /// The newest events again in the room of a ticket, then new events: the client recognizes those that it has.
    Recent,
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

    /// The messages of an event. `prev` is the seq before it in its room; `past` is true for events up to the state that
    /// was sent to the client.
    pub fn messages(self, event: &Event, epoch: &str, prev: i64, past: bool) -> Messages {
        match self {
            Self::Native | Self::Tracker => Arc::new([Arc::new(Message::new(native::message(event, epoch, prev)))]),
            Self::Stages => encoded(resumable(stages::messages(event, epoch))),
            Self::Rooms => encoded(resumable(rooms::messages(event, epoch))),
            Self::Jobs => encoded(resumable(jobs::messages(event, epoch, past))),
            Self::Adw => encoded(resumable(adw::messages(event, epoch, past))),
            Self::StageBoard => encoded(placed(stage_board::messages(event), event.seq, epoch)),
            // Of its two streams a cursor can only be of the job's.
            Self::JobBuilder if event.stream_id.starts_with("job:") => {
                encoded(placed(job_builder::messages(event), event.seq, epoch))
            }
            Self::JobBuilder => encoded(job_builder::messages(event)),
            Self::Engine => encoded(placed(engine::messages(event, past), event.seq, epoch)),
            Self::WorkflowBoard => encoded(placed(workflow_board::messages(event), event.seq, epoch)),
        }
    }

    /// What a client gets first if it gives no cursor.
    pub fn initial_state(self) -> InitialState {
        match self {
            Self::Native => InitialState::Snapshot,
            Self::Stages | Self::Rooms | Self::Tracker | Self::WorkflowBoard => InitialState::None,
            Self::Jobs | Self::Adw => InitialState::Transcript,
            Self::StageBoard | Self::JobBuilder => InitialState::State,
            Self::Engine => InitialState::Recent,
        }
    }

    /// The messages for a room's current state, given as JSON from SQL, which is that of `at`. Empty in dialects that do not start with
    /// it.
    pub fn state(self, room: &Room, body: &str, at: &Cursor) -> Messages {
        let state: Value = serde_json::from_str(body).unwrap_or_default();
        match self {
            Self::Jobs => encoded(jobs::state(&state)),
            Self::Adw => encoded(adw::state(&state)),
            Self::StageBoard => encoded(stage_board::state(&state)),
            Self::JobBuilder if self.resumes(room) => {
                encoded(placed(job_builder::state(room, &state), at.seq, &at.epoch))
            }
            Self::JobBuilder => encoded(job_builder::state(room, &state)),
            Self::Native | Self::Stages | Self::Rooms | Self::Engine | Self::Tracker | Self::WorkflowBoard => {
                Arc::new([])
            }
        }
    }

    /// Whether the cursor in a socket's address is one of this room.
    pub fn resumes(self, room: &Room) -> bool {
        self != Self::JobBuilder || matches!(room, Room::Job(_))
    }

    /// Whether its protocol has `connected`, `authenticated` and rooms.
    pub fn has_rooms(self) -> bool {
        !matches!(self, Self::Jobs | Self::Adw | Self::JobBuilder | Self::WorkflowBoard)
    }

    /// The message that greets a client before it signs in.
    pub fn greeting(self, session: &str) -> Option<String> {
        match self {
            Self::WorkflowBoard => Some(workflow_board::greeting(session)),
            dialect => dialect.has_rooms().then(|| json!({"type": "connected", "session": session}).to_string()),
        }
    }

    /// Whether a room's name stands for all workflows of the caller.
    pub fn is_tenant(self, room: &str) -> bool {
        self == Self::Engine && room.starts_with("tenant:")
    }

    /// Whether a socket whose room was deleted, or can no longer be read, ends like every other. A job builder's client would take
    /// 4003 for the end of its session, and sign its user out.
    pub fn ends_with_its_room(self) -> bool {
        self == Self::JobBuilder
    }

    /// The message for a client that has begun to watch further workflows under a name: it fetches what they hold.
    pub fn refresh(self, name: &str) -> Option<String> {
        (self == Self::Engine).then(|| engine::refresh(name))
    }

    /// The message for a client that has caught up in a room, which it calls `name`.
    pub fn subscribed(self, name: &str, room: &Room, at: &Cursor) -> Option<String> {
        let mut message = json!({"type": "subscribed", "room": name, "epoch": at.epoch, "seq": at.seq});
        if let (Self::Stages, Room::Workflow(id)) = (self, room) {
            message["workflow_id"] = json!(id);
        }
        self.has_rooms().then(|| message.to_string())
    }

    /// The message for a client whose missed events are not available: it must fetch the state.
    pub fn resync(self, name: &str, at: &Cursor) -> String {
        json!({"type": "resync", "room": name, "epoch": at.epoch, "seq": at.seq}).to_string()
    }

    /// The message that refuses a request.
    pub fn refusal(self, code: &str, detail: &str, room: Option<&str>) -> String {
        let mut message = match self {
            Self::Native | Self::Stages | Self::Rooms | Self::StageBoard | Self::Engine | Self::Tracker => {
                json!({"type": "error", "code": code, "detail": detail})
            }
            Self::Jobs | Self::JobBuilder => {
                json!({"kind": "error", "code": code, "message": detail, "timestamp": jiff::Timestamp::now()})
            }
            Self::Adw | Self::WorkflowBoard => {
                json!({"type": "error", "data": {"error_type": code, "message": detail, "details": {}}})
            }
        };
        if let Some(room) = room {
            message["room"] = room.into();
        }
        message.to_string()
    }

    /// The interval of heartbeat messages, if the dialect has them.
    pub fn heartbeat(self) -> Option<Duration> {
        (self == Self::Adw).then_some(adw::HEARTBEAT_INTERVAL)
    }
}

/// Makes every message safe to resume from. A client resumes after the `seq` of its last message, so of several messages
/// for one event only the last carries the event's seq: a client that disconnects in between gets the event again.
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

/// Adds the place in the stream, to resume from; clients that cannot be changed ignore it. What was only passed on has none.
fn placed(mut messages: Vec<Value>, seq: i64, epoch: &str) -> Vec<Value> {
    if epoch.is_empty() {
        return messages;
    }
    for message in &mut messages {
        message["seq"] = seq.into();
        message["epoch"] = epoch.into();
    }
    resumable(messages)
}

fn encoded(messages: Vec<Value>) -> Messages {
    messages.into_iter().map(|message| Arc::new(Message::new(message.to_string()))).collect()
}

/// An event's data.
fn data(event: &Event) -> Value {
    serde_json::from_str(event.metadata.get()).unwrap_or_default()
}

/// Adds the members of `more` to an object without replacing existing ones.
fn add_missing(into: &mut Value, more: &Value) {
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
    fn only_the_last_message_of_an_event_carries_its_seq() {
        let data = json!({"activity": {"prUrl": "https://git/pr/1"}});
        let event = samples::change("pr_created", (None, None, None), &data);
        let messages = Dialect::Rooms.messages(&event, "e-1", 6, false);
        let read = |message: &Arc<Message>| serde_json::from_str::<Value>(message.text()).expect("JSON");
        let seqs: Vec<Value> = messages.iter().map(|message| read(message)["seq"].clone()).collect();
        assert_eq!(seqs, [6, 7]);
        assert_eq!(Dialect::Stages.messages(&event, "e-1", 6, false).len(), 0);
        assert_eq!(Dialect::Native.messages(&event, "e-1", 6, false).len(), 1);
    }

    #[test]
    fn messages_of_listeners_say_where_to_resume() {
        let read = |messages: Messages| -> Vec<(Value, Value)> {
            let read = |message: &Arc<Message>| serde_json::from_str::<Value>(message.text()).expect("JSON");
            messages.iter().map(read).map(|message| (message["seq"].clone(), message["epoch"].clone())).collect()
        };
        let at = |seq: i64| (json!(seq), json!("e-1"));
        let moved = samples::change("status_changed", (Some("status"), Some("plan"), Some("build")), &json!({}));
        for (dialect, places) in [
            (Dialect::StageBoard, vec![at(7)]),
            (Dialect::Engine, vec![at(6), at(7)]),
            (Dialect::WorkflowBoard, vec![at(7)]),
            // An event of its ticket, in another stream.
            (Dialect::JobBuilder, vec![(Value::Null, Value::Null)]),
        ] {
            assert_eq!(read(dialect.messages(&moved, "e-1", 6, false)), places, "{dialect:?}");
        }
        let mut step = samples::change(
            "job_message",
            (Some("step"), None, Some("m")),
            &json!({"message": {"kind": "step", "content": "Working"}}),
        );
        step.stream_id = "job:job-1".to_owned();
        assert_eq!(read(Dialect::JobBuilder.messages(&step, "e-1", 6, false)), [at(6), at(7)]);
        let first = Dialect::JobBuilder.state(
            &Room::Job("job-1".to_owned()),
            "{}",
            &Cursor { epoch: "e-1".to_owned(), seq: 7 },
        );
        assert_eq!(read(first), [at(6), at(7)]);
        assert_eq!(read(Dialect::Engine.messages(&moved, "", 6, false))[0], (Value::Null, Value::Null));
    }
}

/// Events for tests.
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
