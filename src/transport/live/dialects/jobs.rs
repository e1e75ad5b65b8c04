//! Messages for clients that watch one job build an app: each has a `kind` and the job's id. Output of commands (`log`)
//! is not sent; clients read it from the transcript.

use serde_json::{Value, json};

use super::{add_missing, data};
use crate::domain::history::Event;

/// The messages of an event in a job's stream. `past` events leave out states that are over.
pub fn messages(event: &Event, epoch: &str, past: bool) -> Vec<Value> {
    let data = data(event);
    let job = &data["job"];
    let mut sent = match event.change_type.as_str() {
        "job_status" => {
            let mut status_messages = Vec::new();
            if !past {
                status_messages.push(status(job, &event.change_description));
            }
            if event.new_value.as_deref() == Some("failed") {
                status_messages.push(json!({"kind": "error", "message": job["error"]}));
            }
            status_messages
        }
        "job_stage" | "job_progress" | "job_updated" if past => Vec::new(),
        "job_stage" | "job_updated" => vec![status(job, &event.change_description)],
        "job_progress" => vec![status(job, data["message"].as_str().unwrap_or_default())],
        "job_message" => line(&data["message"]).into_iter().collect(),
        "app_ready" if data["app"]["deleted"].is_null() => vec![app(&data["app"])],
        "job_deleted" => vec![json!({"kind": "error", "message": "The job was deleted."})],
        _ => Vec::new(),
    };
    for message in &mut sent {
        add_missing(
            message,
            &json!({"jobId": event.job_id, "timestamp": event.changed_at, "seq": event.seq, "epoch": epoch}),
        );
    }
    sent
}

/// The messages for the job's current state, sent first to clients without a cursor.
pub fn state(job: &Value) -> Vec<Value> {
    let mut message = status(job, job["progress_message"].as_str().unwrap_or_default());
    add_missing(&mut message, &json!({"jobId": job["job_id"], "timestamp": job["updated_at"]}));
    vec![message]
}

fn status(job: &Value, message: &str) -> Value {
    json!({"kind": "status", "status": job["status"], "message": message, "stage": job["stage"], "progress": job["progress"]})
}

/// A transcript line; `None` for output of commands and for deleted lines.
fn line(message: &Value) -> Option<Value> {
    match message["kind"].as_str()? {
        "step" => Some(json!({"kind": "step", "agent": message["sender"], "message": message["content"],
            "order": message["order"], "id": message["id"], "level": message["level"], "stage": message["stage"]})),
        "chat" => Some(json!({"kind": "chat", "role": message["role"], "sender": message["sender"],
            "content": message["content"], "metadata": message["metadata"], "order": message["order"], "id": message["id"]})),
        _ => None,
    }
}

fn app(app: &Value) -> Value {
    let mut message = json!({"kind": "app", "appId": app["app_id"], "title": app["title"], "spec": app["spec"]});
    if app["prd_markdown"].as_str().is_some_and(|text| !text.is_empty()) {
        message["prdMarkdown"] = app["prd_markdown"].clone();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::super::samples::change;
    use super::*;

    #[test]
    fn every_event() {
        let job = |status: &str, error: Value| {
            json!({"job": {"job_id": "job-1", "status": status, "stage": "plan", "progress": 40.0, "error": error,
                "progress_message": "Half"}, "message": "Half", "progress": 40.0})
        };
        let message = |kind: &str| {
            json!({"message": {"id": "m", "kind": kind, "role": "agent", "sender": "planner",
            "content": "Working", "level": "info", "order": 3, "metadata": {"a": 1}, "stage": "plan"}})
        };
        let app = |prd: &str| json!({"app": {"app_id": "app-1", "title": "A shop", "spec": {"pages": 3}, "prd_markdown": prd}});
        let deleted = json!({"message": {"id": "m", "deleted": true}, "app": {"id": "a", "deleted": true}});
        let table = [
            change("job_status", (Some("status"), None, Some("collecting")), &job("collecting", Value::Null)),
            change("job_status", (Some("status"), Some("running"), Some("failed")), &job("failed", json!("It broke"))),
            change("job_stage", (Some("stage"), None, Some("plan")), &job("running", Value::Null)),
            change("job_progress", (Some("progress"), None, Some("40")), &job("running", Value::Null)),
            change("job_message", (Some("step"), None, Some("m")), &message("step")),
            change("job_message", (Some("chat"), None, Some("m")), &message("chat")),
            change("job_message", (Some("log"), None, Some("m")), &message("log")),
            change("job_message", (Some("step"), None, Some("m")), &deleted),
            change("job_app_ready", (None, None, None), &json!({})),
            change("job_deleted", (None, None, None), &json!({})),
        ];
        let mut apps = [app("# PRD"), app(""), deleted].map(|data| change("app_ready", (None, None, Some("a")), &data));
        apps.iter_mut().for_each(|event| event.job_id = Some("job-1".to_owned()));
        let rendered = |past: bool| -> Vec<Vec<Value>> {
            table.iter().chain(&apps).map(|event| messages(event, "e-1", past)).collect()
        };
        let first = state(&job("running", Value::Null)["job"]);
        insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(json!({"live": rendered(false), "past": rendered(true), "state": first})) });
    }
}
