//! Example requests for the compatibility endpoints.

use serde_json::{Value, json};

/// The example request for a compatibility endpoint.
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
            "body": {"stage": "todo", "comment": "Because of this.", "workflow_id": null, "agent_id": null}}),
        "POST /api/internal/ticket-event" => {
            let report = |ticket: &str, other: &str| {
                json!({ticket: "$ticket", other: null, "event": "state_change", "state": "in_progress",
                    "phase": "starting", "message": "On it", "category": "execution", "prUrl": "https://git.example/pr/1",
                    "pr_url": null, "branch": "fix", "actorId": "forge", "actor_id": null, "metadata": {"a": 1}})
            };
            json!({"body": report("ticketId", "ticket_id"), "also": report("ticket_id", "ticketId")})
        }
        "POST /api/v1/workflows/create" => {
            json!({"body": {"title": "Test", "description": "Test task", "type": "feature",
            "stages": ["plan", "implement"], "priority": "high", "workflow_id": "$workflow", "agent_id": null}})
        }
        "GET /api/v1/workflows/{adw_id}" | "DELETE /api/v1/workflows/{adw_id}" => {
            json!({"path": {"adw_id": "$draft"}})
        }
        "PUT /api/v1/workflows/{adw_id}/status" => json!({"path": {"adw_id": "$draft"},
            "body": {"status": "in_progress", "message": "On it", "agent_id": null}}),
        "GET /api/workflow-definitions" => json!({}),
        "POST /api/workflow-definitions" => {
            let board = json!({"name": "Board", "columns": [
                    {"id": "todo", "name": "To do", "order": 0, "color": "#123456", "wip_limit": 5, "category": "todo",
                     "ticket_count": 0, "previous_id": "todo"}, {"id": "done"}],
                "ticket_types": [{"id": "task", "name": "Task", "icon": "x", "color": "#123456"}],
                "default_ticket_type": "task", "initial_status": "todo",
                "settings": {"auto_assign": false, "require_comments_on_status_change": false, "allow_reopen": true,
                             "track_time": true, "wip_policy": "warn"},
                "transitions": [{"from": "todo", "to": "done"}]});
            json!({"body": {"name": "Mine", "description": "For work", "phases": ["plan", "build"], "board_config": board}})
        }
        "GET /api/workflow-executions" => json!({"query": {"status": "active", "limit": "10"}}),
        "POST /api/workflow-executions" => {
            json!({"body": {"definition_id": "sdlc", "name": "New", "description": "Fresh",
            "launch_params": {"a": 1}, "prompt": "Begin with this.", "agent_id": null}})
        }
        "GET /api/workflow-executions/{id}" => json!({"path": {"id": "$workflow"}}),
        _ => return None,
    })
}
