//! Milestones.

use serde_json::{Value, json};

/// An example request for an operation on milestones.
pub fn find(name: &str) -> Option<Value> {
    Some(match name {
        "GET /api/workflows/{id}/milestones" => {
            json!({"path": {"id": "$workflow"}, "query": {"include_closed": "true"}})
        }
        "POST /api/workflows/{id}/milestones" => {
            json!({"path": {"id": "$workflow"}, "body": {"name": "Version 2", "description": "The second one",
                "starts_on": "2026-01-05", "due_on": "2026-01-31", "agent_id": Value::Null}})
        }
        "GET /api/milestones/{id}" | "DELETE /api/milestones/{id}" => json!({"path": {"id": "$milestone"}}),
        "PATCH /api/milestones/{id}" => json!({"path": {"id": "$milestone"}, "body": {"name": "Version 1.1",
            "description": "Changed", "starts_on": "2026-01-05", "due_on": Value::Null, "is_closed": false,
            "agent_id": Value::Null}}),
        _ => return None,
    })
}
