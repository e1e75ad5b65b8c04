//! Messages for clients that see a job as a workflow of agents: `{type, data}`, with heartbeat messages.

use std::time::Duration;

use serde_json::{Value, json};

use super::{add_missing, data};
use crate::domain::history::Event;

/// Time between two heartbeat messages.
pub const HEARTBEAT_INTERVAL: Duration = Duration::from_secs(15);

/// The name of a job's status in this dialect.
pub fn status(status: &str) -> &'static str {
    match status {
        "running" | "paused" | "waiting" => "in_progress",
        "succeeded" => "completed",
        "failed" => "failed",
        "cancelled" => "cancelled",
        _ => "started",
    }
}

/// The messages of an event in a job's stream. `past` events leave out states that are over.
pub fn messages(event: &Event, epoch: &str, past: bool) -> Vec<Value> {
    let data = data(event);
    let job = &data["job"];
    let log = |message: &Value, level: &str| {
        vec![json!({"type": "workflow_log", "data": {"message": message, "level": level}})]
    };
    let mut sent = match event.change_type.as_str() {
        "job_status" => {
            let mut status_messages = Vec::new();
            if !past {
                status_messages.push(update(job, &event.change_description));
            }
            if event.new_value.as_deref() == Some("failed") {
                status_messages
                    .push(json!({"type": "error", "data": {"error_type": "workflow_failed", "message": job["error"],
                    "details": {"attempt": job["attempt"], "stage": job["stage"]}}}));
            }
            status_messages
        }
        "job_progress" | "job_updated" if past => Vec::new(),
        "job_progress" => vec![update(job, data["message"].as_str().unwrap_or_default())],
        "job_updated" => vec![update(job, &event.change_description)],
        "job_stage" => {
            let message = data["message"].as_str().filter(|text| !text.is_empty()).unwrap_or(&event.change_description);
            vec![json!({"type": "stage_transition", "data": {"from_stage": data["from_stage"],
                "to_stage": data["to_stage"], "message": message}})]
        }
        "job_message" if data["message"]["deleted"].is_null() => {
            log(&data["message"]["content"], data["message"]["level"].as_str().unwrap_or("info"))
        }
        "app_ready" if data["app"]["deleted"].is_null() => log(&json!(event.change_description), "info"),
        "job_deleted" => vec![json!({"type": "error", "data": {"error_type": "workflow_deleted",
            "message": "The workflow was deleted.", "details": {}}})],
        _ => Vec::new(),
    };
    for message in &mut sent {
        add_missing(&mut message["data"], &json!({"adw_id": event.job_id, "timestamp": event.changed_at}));
        let title = if job["title"].is_null() { &data["job_title"] } else { &job["title"] };
        if !title.is_null() {
            add_missing(&mut message["data"], &json!({"workflow_name": title}));
        }
        add_missing(message, &json!({"seq": event.seq, "epoch": epoch}));
    }
    sent
}

/// The messages for the job's current state, sent first to clients without a cursor.
pub fn state(job: &Value) -> Vec<Value> {
    let mut message = update(job, job["progress_message"].as_str().unwrap_or_default());
    add_missing(
        &mut message["data"],
        &json!({"adw_id": job["job_id"], "workflow_name": job["title"], "timestamp": job["updated_at"]}),
    );
    vec![message]
}

/// A heartbeat message.
pub fn heartbeat() -> String {
    json!({"type": "heartbeat", "data": {"timestamp": jiff::Timestamp::now()}}).to_string()
}

fn update(job: &Value, message: &str) -> Value {
    json!({"type": "status_update", "data": {"status": status(job["status"].as_str().unwrap_or_default()), "message": message,
        "progress_percent": job["progress"], "current_step": job["stage"]}})
}

#[cfg(test)]
mod tests {
    use super::super::samples::change;
    use super::*;

    #[test]
    fn every_event() {
        let job = |status: &str| {
            json!({"job": {"job_id": "job-1", "title": "Build it", "status": status, "stage": "plan", "progress": 40.0,
                "error": (status == "failed").then_some("It broke"), "attempt": 1, "progress_message": "Half"},
                "message": "Half", "progress": 40.0, "from_stage": "plan", "to_stage": "build"})
        };
        let message = |kind: &str| json!({"job_title": "Build it", "message": {"id": "m", "kind": kind, "content": "Working", "level": "warning"}});
        let deleted = json!({"message": {"id": "m", "deleted": true}, "app": {"id": "a", "deleted": true}});
        let statuses = ["collecting", "queued", "running", "paused", "waiting", "succeeded", "failed", "cancelled"];
        let mut table: Vec<Event> = statuses
            .iter()
            .map(|status| change("job_status", (Some("status"), Some("queued"), Some(status)), &job(status)))
            .collect();
        table.extend([
            change("job_progress", (Some("progress"), None, Some("40")), &job("running")),
            change("job_updated", (None, None, None), &job("running")),
            change("job_stage", (Some("stage"), Some("plan"), Some("build")), &job("running")),
            change("job_message", (Some("log"), None, Some("m")), &message("log")),
            change("job_message", (Some("chat"), None, Some("m")), &message("chat")),
            change("job_message", (Some("step"), None, Some("m")), &deleted),
            change("job_deleted", (None, None, None), &json!({"job_title": "Build it"})),
        ]);
        let rendered =
            |past: bool| -> Vec<Vec<Value>> { table.iter().map(|event| messages(event, "e-1", past)).collect() };
        insta::with_settings!({sort_maps => true}, {
        insta::assert_json_snapshot!(
            json!({"live": rendered(false), "past": rendered(true), "state": state(&job("running")["job"])})
        )
        });
    }
}
