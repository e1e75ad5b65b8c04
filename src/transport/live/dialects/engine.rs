//! Messages for the clients of an engine's own address.

use serde_json::Value;

use crate::domain::history::{Event, Room};

/// The messages of an event.
pub fn messages(_event: &Event) -> Vec<Value> {
    Vec::new()
}

/// The state of a room.
pub fn state(_room: &Room, _state: &Value) -> Vec<Value> {
    Vec::new()
}
