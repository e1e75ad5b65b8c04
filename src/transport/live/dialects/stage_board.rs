//! Messages for the clients of a stage board's own address. They keep no cursor and fetch nothing when they reconnect, so each
//! new socket starts with the stage of every ticket.

use serde_json::{Value, json};

use super::data;
use crate::compat::stage_board;
use crate::domain::history::Event;

/// The messages of an event in a workflow's stream.
pub fn messages(event: &Event) -> Vec<Value> {
    let Some(ticket_id) = event.ticket_id.as_deref() else { return Vec::new() };
    let data = data(event);
    let (old, new) = (event.old_value.as_deref(), event.new_value.as_deref());
    let stage = |column: &str| stage_board::stage(column, "");
    let message = match (event.change_type.as_str(), event.field_name.as_deref()) {
        ("created" | "restored", _) | ("ticket_unmerged", Some(_)) => {
            json!({"type": "ticket_created", "ticket": stage_board::ticket(&data["ticket"])})
        }
        ("status_changed" | "column_renamed", _) => json!({"type": "stage_updated", "ticket_id": ticket_id,
            "old_stage": old.map(stage), "new_stage": new.map(stage)}),
        ("job_status", _) => match (old, new) {
            (Some("queued"), Some("running")) => json!({"type": "workflow_started", "ticket_id": ticket_id}),
            (_, Some("succeeded")) => {
                let status = data["ticket_status"].as_str().map_or_else(|| "shipped".to_owned(), stage);
                json!({"type": "workflow_completed", "ticket_id": ticket_id, "status": status})
            }
            (_, Some("failed" | "cancelled")) => {
                let error = data["job"]["error"].as_str().unwrap_or("The work was cancelled.");
                json!({"type": "workflow_error", "ticket_id": ticket_id, "error": error})
            }
            _ => return Vec::new(),
        },
        ("job_message", Some("chat" | "step")) if data["message"]["deleted"].is_null() => {
            json!({"type": "agent_message", "ticket_id": ticket_id, "message": stage_board::message(&data["message"]),
                "counts": stage_board::counts(&data["stage_counts"])})
        }
        _ => return Vec::new(),
    };
    vec![message]
}

/// Where each ticket of a board stands.
pub fn state(board: &Value) -> Vec<Value> {
    let tickets = board["tickets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let standing = |ticket: &Value| {
        let stage = stage_board::stage(ticket["status"].as_str().unwrap_or_default(), "");
        json!({"type": "stage_updated", "ticket_id": ticket["ticket_id"], "old_stage": stage, "new_stage": stage})
    };
    tickets.iter().map(standing).collect()
}

#[cfg(test)]
mod tests {
    use super::super::samples::change;
    use super::*;

    #[test]
    fn every_event() {
        let created = json!({"ticket": {"ticket_id": "ticket-1", "title": "One", "status": "idle", "description": "As it is.",
            "custom_fields": {"model": "large"}}});
        let job =
            |status: &str, error: Value| json!({"job": {"status": status, "error": error}, "ticket_status": "shipped"});
        let message = json!({"message": {"kind": "step", "stage": "build", "content": "Working", "metadata": {"type": "tool_use"}},
            "counts": {"messages": 3}, "stage_counts": {"build": {"messages": 2, "tool_calls": 1}}});
        let deleted = json!({"message": {"id": "m", "deleted": true}, "counts": {"messages": 3}});
        let table = [
            change("created", (None, None, Some("One")), &created),
            change("restored", (Some("deleted_at"), None, None), &created),
            change("status_changed", (Some("status"), Some("plan"), Some("testing")), &json!({"changes": {}})),
            change("job_status", (Some("status"), None, Some("queued")), &job("queued", Value::Null)),
            change("job_status", (Some("status"), Some("queued"), Some("running")), &job("running", Value::Null)),
            change("job_status", (Some("status"), Some("running"), Some("succeeded")), &job("succeeded", Value::Null)),
            change("job_status", (Some("status"), Some("running"), Some("failed")), &job("failed", json!("It broke"))),
            change("job_status", (Some("status"), Some("queued"), Some("cancelled")), &job("cancelled", Value::Null)),
            change("job_message", (Some("step"), None, Some("m")), &message),
            change("job_message", (Some("step"), None, Some("m")), &deleted),
            change("commented", (None, None, None), &json!({"changes": {"comment_count": 1}})),
        ];
        let sent: Vec<Vec<Value>> = table.iter().map(messages).collect();
        let board = json!({"tickets": [{"ticket_id": "ticket-1", "status": "plan"}, {"ticket_id": "ticket-2", "status": "done"}]});
        insta::with_settings!({sort_maps => true}, {
            insta::assert_json_snapshot!(json!({"live": sent, "first": state(&board)}))
        });
    }
}
