//! Messages for the clients of a job builder's own address.

use serde_json::Value;

use crate::domain::history::Event;

/// The messages of an event.
pub fn messages(_event: &Event) -> Vec<Value> {
    Vec::new()
}

/// The state of a job.
pub fn state(_job: &Value) -> Vec<Value> {
    Vec::new()
}
