//! For clients that watch one job build an app: each message has a `kind` and the job's id. Output of
//! commands (`log`) is not told here; it is read from the transcript.

use serde_json::{Value, json};

use super::{complete, data};
use crate::domain::history::Event;

/// What an event of a job's stream says. What is past is told without the states that were.
pub fn messages(event: &Event, epoch: &str, past: bool) -> Vec<Value> {
    let data = data(event);
    let job = &data["job"];
    let mut said = match event.change_type.as_str() {
        "job_status" => {
            let mut said = Vec::new();
            if !past {
                said.push(status(job, &event.change_description));
            }
            if event.new_value.as_deref() == Some("failed") {
                said.push(json!({"kind": "error", "message": job["error"]}));
            }
            said
        }
        "job_stage" | "job_progress" | "job_updated" if past => Vec::new(),
        "job_stage" | "job_updated" => vec![status(job, &event.change_description)],
        "job_progress" => vec![status(job, data["message"].as_str().unwrap_or_default())],
        "job_message" => line(&data["message"]).into_iter().collect(),
        "app_ready" if data["app"]["deleted"].is_null() => vec![app(&data["app"])],
        "job_deleted" => vec![json!({"kind": "error", "message": "The job was deleted."})],
        _ => Vec::new(),
    };
    for message in &mut said {
        complete(
            message,
            &json!({"jobId": event.job_id, "timestamp": event.changed_at, "seq": event.seq, "epoch": epoch}),
        );
    }
    said
}

/// How the job stands, told first to whoever names no place to continue from.
pub fn state(job: &Value) -> Vec<Value> {
    let mut said = status(job, job["progress_message"].as_str().unwrap_or_default());
    complete(&mut said, &json!({"jobId": job["job_id"], "timestamp": job["updated_at"]}));
    vec![said]
}

fn status(job: &Value, message: &str) -> Value {
    json!({"kind": "status", "status": job["status"], "message": message, "stage": job["stage"], "progress": job["progress"]})
}

/// A line of the transcript; none for output of commands and for what was removed since.
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
    let mut said = json!({"kind": "app", "appId": app["app_id"], "title": app["title"], "spec": app["spec"]});
    if app["prd_markdown"].as_str().is_some_and(|text| !text.is_empty()) {
        said["prdMarkdown"] = app["prd_markdown"].clone();
    }
    said
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
        let gone = json!({"message": {"id": "m", "deleted": true}, "app": {"id": "a", "deleted": true}});
        let table = [
            change("job_status", (Some("status"), None, Some("collecting")), &job("collecting", Value::Null)),
            change("job_status", (Some("status"), Some("running"), Some("failed")), &job("failed", json!("It broke"))),
            change("job_stage", (Some("stage"), None, Some("plan")), &job("running", Value::Null)),
            change("job_progress", (Some("progress"), None, Some("40")), &job("running", Value::Null)),
            change("job_message", (Some("step"), None, Some("m")), &message("step")),
            change("job_message", (Some("chat"), None, Some("m")), &message("chat")),
            change("job_message", (Some("log"), None, Some("m")), &message("log")),
            change("job_message", (Some("step"), None, Some("m")), &gone),
            change("job_app_ready", (None, None, None), &json!({})),
            change("job_deleted", (None, None, None), &json!({})),
        ];
        let mut apps = [app("# PRD"), app(""), gone].map(|data| change("app_ready", (None, None, Some("a")), &data));
        apps.iter_mut().for_each(|event| event.job_id = Some("job-1".to_owned()));
        let told = |past: bool| -> Vec<Vec<Value>> {
            table.iter().chain(&apps).map(|event| messages(event, "e-1", past)).collect()
        };
        let first = state(&job("running", Value::Null)["job"]);
        insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(json!({"live": told(false), "past": told(true), "state": first})) });
    }
}
