//! Messages for the clients of a workflow board's own address. They know a task by its `adw_id`, which events of such tickets have
//! in their data; others go by the ticket's id, as in the lists.

use serde_json::{Value, json};

use super::data;
use crate::compat::workflow_board as board;
use crate::domain::history::Event;

/// The first message of a socket.
pub fn greeting(session: &str) -> String {
    json!({"type": "connection_ack", "data": {"session": session}}).to_string()
}

/// The messages of an event in a workflow's stream.
pub fn messages(event: &Event) -> Vec<Value> {
    let Some(ticket_id) = event.ticket_id.as_deref() else { return Vec::new() };
    let data = data(event);
    let adw_id = data["adw_id"].as_str().unwrap_or(ticket_id);
    let Some((kind, mut said)) = content(event, &data, adw_id) else { return Vec::new() };
    let activity = &data["activity"]["metadata"];
    let names = [&data["workflow_name"], &activity["workflow_name"], &data["job"]["title"], &data["job_title"]];
    said["adw_id"] = adw_id.into();
    said["workflow_name"] = names.into_iter().find(|name| name.is_string()).cloned().unwrap_or_else(|| "".into());
    said["timestamp"] = json!(event.changed_at);
    vec![json!({"type": kind, "data": said})]
}

/// The type and the own data of an event's message.
fn content(event: &Event, data: &Value, adw_id: &str) -> Option<(&'static str, Value)> {
    let (old, new) = (event.old_value.as_deref(), event.new_value.as_deref());
    let stage = |column: &str| board::stage(column, "");
    let line = |message: &Value, level: &str| Some(("workflow_log", json!({"message": message, "level": level})));
    let job = &data["job"];
    let update = |status: &str, message: &Value| {
        let mut update = json!({"status": status, "message": message});
        for (name, value) in [("progress_percent", &job["progress"]), ("current_step", &job["stage"])] {
            if !value.is_null() {
                update[name] = value.clone();
            }
        }
        Some(("status_update", update))
    };
    match event.change_type.as_str() {
        "status_changed" => {
            let message = data["reported"]["message"].as_str().unwrap_or(&event.change_description);
            Some((
                "stage_transition",
                json!({"from_stage": old.map(stage), "to_stage": new.map(stage), "message": message}),
            ))
        }
        "job_status" => match new {
            Some("cancelled") => line(&json!(event.change_description), "WARNING"),
            Some("failed") => update("failed", if job["error"].is_string() { &job["error"] } else { &data["message"] }),
            Some("succeeded") => update("completed", &json!(event.change_description)),
            Some("running" | "paused" | "waiting") => update("in_progress", &json!(event.change_description)),
            _ => update("started", &json!(event.change_description)),
        },
        "job_progress" => update("in_progress", &data["message"]),
        "job_stage" => update("in_progress", &json!(event.change_description)),
        "job_message" if data["message"]["deleted"].is_null() => {
            let message = &data["message"];
            let level = message["metadata"]["level"].as_str().or_else(|| message["level"].as_str());
            line(&message["content"], board::log_level(level))
        }
        "ticket_progress" => {
            let activity = &data["activity"];
            let reported = &activity["metadata"];
            let mut update =
                json!({"status": reported["status"].as_str().unwrap_or("in_progress"), "message": activity["message"]});
            for name in ["progress_percent", "current_step"] {
                if !reported[name].is_null() {
                    update[name] = reported[name].clone();
                }
            }
            Some(("status_update", update))
        }
        "activity" | "ticket_state" | "pr_created" => {
            let level = data["activity"]["metadata"]["level"].as_str();
            line(&json!(event.change_description), board::log_level(level))
        }
        "deleted" => {
            let message = format!("ADW {adw_id} was deleted.");
            let context = json!({"event_type": "worktree_deleted", "adw_id": adw_id});
            Some(("system_log", json!({"level": "INFO", "message": message, "context": context})))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::change;
    use super::*;

    #[test]
    fn every_event() {
        let named = |mut data: Value| {
            data["adw_id"] = "ab12cd34".into();
            data["workflow_name"] = "adw_plan_build_iso".into();
            data
        };
        let job = |status: &str| {
            named(json!({"job": {"status": status, "stage": "build", "progress": 40.0, "title": "Build it",
            "error": (status == "failed").then_some("It broke")}, "message": "Half"}))
        };
        let said = named(json!({"message": {"content": "Reading", "level": "info", "metadata": {"level": "SUCCESS"}}}));
        let progress =
            named(json!({"activity": {"message": "Half", "metadata": {"status": "in_progress", "progress_percent": 50,
            "current_step": "Stage: Build"}}}));
        let mut table = vec![
            change("status_changed", (Some("status"), Some("backlog"), Some("in_progress")), &named(json!({}))),
            change(
                "status_changed",
                (Some("status"), Some("plan"), Some("done")),
                &json!({"reported": {"message": "Shipped"}}),
            ),
            change("job_progress", (Some("progress"), None, Some("40")), &job("running")),
            change("job_stage", (Some("stage"), Some("plan"), Some("build")), &job("running")),
            change("job_message", (Some("step"), None, Some("m")), &said),
            change("job_message", (Some("step"), None, Some("m")), &json!({"message": {"id": "m", "deleted": true}})),
            change("ticket_progress", (None, None, None), &progress),
            change(
                "activity",
                (None, None, None),
                &json!({"activity": {"metadata": {"level": "ERROR", "workflow_name": "w"}}}),
            ),
            change("deleted", (Some("deleted_at"), None, None), &named(json!({}))),
            change("created", (None, None, None), &json!({"ticket": {}})),
        ];
        for status in ["queued", "running", "succeeded", "failed", "cancelled"] {
            table.push(change("job_status", (Some("status"), None, Some(status)), &job(status)));
        }
        let sent: Vec<Vec<Value>> = table.iter().map(messages).collect();
        insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(sent) });
    }
}
