//! Good requests for the doors of other systems' clients.

use serde_json::{Value, json};

/// The request for an operation of a door.
pub fn find(name: &str) -> Option<Value> {
    Some(match name {
        "GET /tickets" | "GET /workflows/status" => json!({"query": {"workflow_id": "$workflow"}}),
        "GET /session" => json!({}),
        "POST /tickets" => {
            json!({"body": {"title": "A ticket", "description": "Short", "stage": "todo", "priority": "high",
            "ticket_type": "bug", "tags": ["t"], "assigned_agent_id": "$actor", "workflow_id": "$workflow", "agent_id": null}})
        }
        "GET /tickets/{id}" => json!({"path": {"id": "$ticket"}, "query": {"workflow_id": "$workflow"}}),
        "PUT /tickets/{id}/stage" | "PUT /api/tickets/{id}/stage" => json!({"path": {"id": "$ticket"},
            "body": {"stage": "todo", "comment": "Because of this.", "workflow_id": "$workflow", "agent_id": null}}),
        "POST /api/internal/ticket-event" => {
            let told = |ticket: &str, other: &str| {
                json!({ticket: "$ticket", other: null, "event": "state_change", "state": "in_progress",
                    "phase": "starting", "message": "On it", "category": "execution", "prUrl": "https://git.example/pr/1",
                    "pr_url": null, "branch": "fix", "actorId": "forge", "actor_id": null, "metadata": {"a": 1}})
            };
            json!({"body": told("ticketId", "ticket_id"), "also": told("ticket_id", "ticketId")})
        }
        _ => return None,
    })
}
