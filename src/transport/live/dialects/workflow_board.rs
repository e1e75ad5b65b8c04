//! Messages for the clients of a workflow board's own address.

use serde_json::{Value, json};

use crate::domain::history::Event;

/// The messages of an event.
pub fn messages(_event: &Event) -> Vec<Value> {
    Vec::new()
}

/// The first message of a socket.
pub fn greeting(session: &str) -> String {
    json!({"type": "connection_ack", "data": {"session": session}}).to_string()
}
