//! Messages for the clients of a job builder's own address. Two generations of them exist, which name the kinds of messages
//! differently and ignore what they do not know, so each message is sent under both names.
//!
//! Their sockets watch a job and, for its ticket, the events of the workflow's stream. They fetch the transcript themselves.

use serde_json::{Value, json};

use super::{add_missing, data};
use crate::compat::job_builder;
use crate::domain::history::{Event, Room};

/// The messages of an event in a job's stream, or of its ticket in the workflow's.
pub fn messages(event: &Event) -> Vec<Value> {
    let data = data(event);
    if event.stream_id.starts_with("workflow:") {
        return ticket_update(event, &data).into_iter().collect();
    }
    let job = &data["job"];
    let description = event.change_description.as_str();
    let mut sent = match event.change_type.as_str() {
        "job_status" if event.new_value.as_deref() == Some("failed") => {
            let mut sent = status(job, description);
            sent.push(json!({"kind": "error", "message": job["error"].as_str().unwrap_or("The job failed.")}));
            sent
        }
        "job_status" | "job_stage" | "job_updated" => status(job, description),
        // Clients fetch the job upon each `jobStatus`, which progress is too frequent for.
        "job_progress" => status(job, data["message"].as_str().unwrap_or_default()).into_iter().take(1).collect(),
        "job_message" if data["message"]["deleted"].is_null() => line(&data["message"]),
        "app_ready" if data["app"]["deleted"].is_null() => app(&data["app"]),
        "job_deleted" => vec![json!({"kind": "error", "message": "The job was deleted."})],
        _ => Vec::new(),
    };
    for message in &mut sent {
        add_missing(message, &json!({"jobId": event.job_id, "timestamp": event.changed_at}));
    }
    sent
}

/// The state of a job, or of its ticket.
pub fn state(room: &Room, state: &Value) -> Vec<Value> {
    let mut sent = match room {
        Room::Job(_) => status(state, state["progress_message"].as_str().unwrap_or_default()),
        _ => {
            let column = state["status"].as_str().unwrap_or_default();
            let status = if state["is_resolved"] == true { "done" } else { job_builder::ticket_status(column, "") };
            vec![
                json!({"kind": "ticketUpdate", "ticketId": state["ticket_id"], "title": state["title"], "status": status,
                "type": "task", "assignedTo": state["assigned_agent_id"], "metadata": {"event": "state"}}),
            ]
        }
    };
    for message in &mut sent {
        add_missing(message, &json!({"timestamp": state["updated_at"]}));
        if let Room::Job(id) = room {
            message["jobId"] = json!(id);
        }
    }
    sent
}

fn status(job: &Value, message: &str) -> Vec<Value> {
    let of = |kind: &str| {
        json!({"kind": kind, "status": job_builder::status(job), "message": message, "is_paused": job_builder::is_paused(job),
            "stage": job["stage"], "progress": job["progress"]})
    };
    vec![of("status"), of("jobStatus")]
}

/// A line of the transcript. Output of commands is not sent.
fn line(row: &Value) -> Vec<Value> {
    match row["kind"].as_str() {
        Some("step") => ["step", "agentDialogue"]
            .map(|kind| json!({"kind": kind, "agent": job_builder::sender(row), "message": row["content"], "order": row["order"]}))
            .into(),
        Some("chat") => {
            let message = job_builder::message(row);
            ["chat", "stageUpdate"]
                .map(|kind| {
                    json!({"kind": kind, "id": message["id"], "role": message["role"], "sender": message["sender"],
                        "content": message["content"], "metadata": message["metadata"]})
                })
                .into()
        }
        _ => Vec::new(),
    }
}

fn app(app: &Value) -> Vec<Value> {
    let of = |kind: &str| {
        let mut message =
            json!({"kind": kind, "appId": app["app_id"], "title": app["title"], "spec": job_builder::spec(app)});
        if app["prd_markdown"].as_str().is_some_and(|text| !text.is_empty()) {
            message["prdMarkdown"] = app["prd_markdown"].clone();
        }
        message
    };
    vec![of("app"), of("prdReady")]
}

/// A change of the job's ticket.
fn ticket_update(event: &Event, data: &Value) -> Option<Value> {
    let status = match event.change_type.as_str() {
        "status_changed" => json!(job_builder::ticket_status(event.new_value.as_deref().unwrap_or_default(), "")),
        "resolved" => json!("done"),
        "reopened" => json!("todo"),
        "assigned" => Value::Null,
        _ => return None,
    };
    let title = data["changes"]["title"].as_str().unwrap_or(event.change_description.as_str());
    Some(json!({"kind": "ticketUpdate", "ticketId": event.ticket_id, "title": title, "status": status, "type": "task",
        "assignedTo": data["changes"]["assigned_agent_id"], "metadata": {"event": event.change_type}, "timestamp": event.changed_at}))
}

#[cfg(test)]
mod tests {
    use super::super::samples::change;
    use super::*;

    #[test]
    fn every_event() {
        let job = |status: &str, error: Value| json!({"job": {"job_id": "job-1", "status": status, "stage": "build", "progress": 40.0, "error": error}, "message": "Half"});
        let message = |kind: &str| {
            json!({"message": {"id": "m", "kind": kind, "role": "agent", "sender": "planner", "content": "Working", "order": 3,
                "metadata": {"a": 1}, "stage": "plan"}})
        };
        let app =
            json!({"app": {"app_id": "app-1", "title": "A shop", "spec": {"pages": 3}, "prd_markdown": "# A shop"}});
        let deleted = json!({"message": {"id": "m", "deleted": true}, "app": {"id": "a", "deleted": true}});
        let of_job = |mut event: Event| {
            event.stream_id = "job:job-1".to_owned();
            event
        };
        let table = [
            of_job(change("job_status", (Some("status"), None, Some("collecting")), &job("collecting", Value::Null))),
            of_job(change(
                "job_status",
                (Some("status"), Some("running"), Some("failed")),
                &job("failed", json!("It broke")),
            )),
            of_job(change("job_stage", (Some("stage"), None, Some("build")), &job("running", Value::Null))),
            of_job(change("job_progress", (Some("progress"), Some("0"), Some("40")), &job("running", Value::Null))),
            of_job(change("job_message", (Some("step"), None, Some("m")), &message("step"))),
            of_job(change("job_message", (Some("chat"), None, Some("m")), &message("chat"))),
            of_job(change("job_message", (Some("log"), None, Some("m")), &message("log"))),
            of_job(change("job_message", (Some("chat"), None, Some("m")), &deleted)),
            of_job(change("app_ready", (None, None, Some("app-1")), &app)),
            of_job(change("job_deleted", (None, None, None), &json!({}))),
            change("job_message", (Some("chat"), None, Some("m")), &message("chat")),
            change("status_changed", (Some("status"), Some("idle"), Some("build")), &json!({"changes": {}})),
            change("resolved", (Some("is_resolved"), None, None), &json!({"changes": {"is_resolved": true}})),
            change("commented", (None, None, None), &json!({"changes": {}})),
        ];
        let sent: Vec<Vec<Value>> = table.iter().map(messages).collect();
        let first = state(
            &Room::Job("job-1".to_owned()),
            &json!({"status": "running", "stage": "build", "progress": 10.0, "progress_message": "On it"}),
        );
        let ticket = state(
            &Room::Ticket("t".to_owned()),
            &json!({"ticket_id": "t", "title": "A shop", "status": "shipped", "is_resolved": true}),
        );
        insta::with_settings!({sort_maps => true}, {
            insta::assert_json_snapshot!(json!({"live": sent, "job": first, "ticket": ticket}))
        });
    }
}
