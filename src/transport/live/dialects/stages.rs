//! Messages for boards that follow stages: a ticket's `stage` is its column. There are six messages; clients find other
//! changes of a ticket when they revalidate their state.

use serde_json::{Value, json};

use super::{add_missing, data};
use crate::domain::history::Event;

/// The messages of an event in a workflow's stream.
pub fn messages(event: &Event, epoch: &str) -> Vec<Value> {
    let Some(ticket_id) = event.ticket_id.as_deref() else { return Vec::new() };
    let data = data(event);
    let (old, new) = (event.old_value.as_deref(), event.new_value.as_deref());
    let mut message = match (event.change_type.as_str(), event.field_name.as_deref()) {
        // A ticket that returns to the board is a new card.
        ("created" | "restored", _) | ("ticket_unmerged", Some(_)) => {
            json!({"type": "ticket_created", "ticket": ticket(&data["ticket"])})
        }
        // A renamed column is another stage to a client that knows stages by name.
        ("status_changed" | "column_renamed", _) => {
            json!({"type": "stage_updated", "ticket_id": ticket_id, "old_stage": old, "new_stage": new})
        }
        ("job_status", _) => match (old, new) {
            (Some("queued"), Some("running")) => json!({"type": "workflow_started", "ticket_id": ticket_id}),
            (_, Some("succeeded")) => {
                let status = data["ticket_status"].as_str().unwrap_or("completed");
                json!({"type": "workflow_completed", "ticket_id": ticket_id, "status": status})
            }
            (_, Some("failed")) => {
                json!({"type": "workflow_error", "ticket_id": ticket_id, "error": data["job"]["error"]})
            }
            (_, Some("cancelled")) => {
                let error = data["job"]["error"].as_str().unwrap_or("The work was cancelled.");
                json!({"type": "workflow_error", "ticket_id": ticket_id, "error": error})
            }
            _ => return Vec::new(),
        },
        ("job_message", Some("chat" | "step")) if data["message"]["deleted"].is_null() => {
            json!({"type": "agent_message", "ticket_id": ticket_id, "message": data["message"], "counts": data["counts"]})
        }
        _ => return Vec::new(),
    };
    add_missing(
        &mut message,
        &json!({"workflow_id": event.workflow_id, "seq": event.seq, "epoch": epoch, "timestamp": event.changed_at}),
    );
    if let Some(job) = &event.job_id {
        message["job_id"] = json!(job);
    }
    vec![message]
}

/// A card with the field names of this dialect added.
fn ticket(card: &Value) -> Value {
    let mut ticket = card.clone();
    add_missing(&mut ticket, &json!({"id": card["ticket_id"], "stage": card["status"]}));
    ticket
}

#[cfg(test)]
mod tests {
    use super::super::samples::change;
    use super::*;

    #[test]
    fn every_event() {
        let card = json!({"ticket": {"ticket_id": "ticket-1", "key": "TKT-1", "title": "One", "status": "idle"}});
        let job = |status: &str, error: Value| json!({"job": {"job_id": "job-1", "status": status, "error": error}, "ticket_status": "shipped"});
        let message = json!({"message": {"id": "m", "role": "agent", "content": "Working", "order": 3}, "counts": {"messages": 3}});
        let deleted = json!({"message": {"id": "m", "deleted": true}, "counts": {"messages": 3}});
        let table = [
            change("created", (None, None, Some("One")), &card),
            change("restored", (Some("deleted_at"), None, None), &card),
            change("ticket_unmerged", (None, None, None), &json!({})),
            change("status_changed", (Some("status"), Some("plan"), Some("build")), &json!({"changes": {}})),
            change("job_status", (Some("status"), None, Some("queued")), &job("queued", Value::Null)),
            change("job_status", (Some("status"), Some("queued"), Some("running")), &job("running", Value::Null)),
            change("job_status", (Some("status"), Some("waiting"), Some("running")), &job("running", Value::Null)),
            change("job_status", (Some("status"), Some("running"), Some("succeeded")), &job("succeeded", Value::Null)),
            change("job_status", (Some("status"), Some("running"), Some("failed")), &job("failed", json!("It broke"))),
            change("job_status", (Some("status"), Some("queued"), Some("cancelled")), &job("cancelled", Value::Null)),
            change("job_message", (Some("step"), None, Some("m")), &message),
            change("job_message", (Some("step"), None, Some("m")), &deleted),
            change("commented", (None, None, None), &json!({"changes": {"comment_count": 1}})),
        ];
        let sent: Vec<Vec<Value>> = table.iter().map(|event| messages(event, "e-1")).collect();
        insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(sent) });
    }
}
