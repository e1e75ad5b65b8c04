//! Messages for clients that watch a ticket as a room: its state, progress, pull request and a timeline of activity. Each
//! message has the ticket's id in both spellings.

use serde_json::{Value, json};

use super::{add_missing, data};
use crate::domain::history::Event;

/// The messages of an event in a workflow's stream.
pub fn messages(event: &Event, epoch: &str) -> Vec<Value> {
    let data = data(event);
    let activity = &data["activity"];
    let messages = match event.change_type.as_str() {
        "status_changed" => vec![update(event, &data)],
        "assigned" => vec![update(event, &data)],
        "ticket_state" => {
            vec![reported("ticket:update", activity, &["state", "status", "phase", "message", "moved", "notice"])]
        }
        "ticket_progress" => vec![reported("ticket:progress", activity, &["phase", "message"])],
        "pr_created" => ["ticket:pr", "pr:created"]
            .map(|kind| reported(kind, activity, &["prUrl", "pr_url", "branch", "message"]))
            .into(),
        "activity" => vec![entry(
            event,
            activity["category"].as_str().unwrap_or_default(),
            &activity["message"],
            &activity["actor_id"],
            &activity["metadata"],
        )],
        "job_status" => {
            let phase = event.new_value.as_deref().unwrap_or_default();
            let mut progress = json!({"type": "ticket:progress", "phase": phase, "message": event.change_description});
            if !data["job"]["error"].is_null() {
                progress["error"] = data["job"]["error"].clone();
            }
            vec![progress]
        }
        "job_stage" => {
            vec![json!({"type": "ticket:progress", "phase": data["to_stage"], "message": event.change_description})]
        }
        "job_progress" => {
            vec![json!({"type": "ticket:progress", "phase": data["job"]["stage"], "message": data["message"],
            "progress": data["progress"]})]
        }
        "job_message" if data["message"]["deleted"].is_null() => {
            let line = &data["message"];
            let category = if line["kind"] == "chat" { "chat" } else { "agent" };
            vec![entry(event, category, &line["content"], &line["sender"], &line["metadata"])]
        }
        "commented" => {
            let comment = &data["comment"];
            vec![entry(event, "comment", &comment["comment_text"], &comment["agent_id"], &json!({}))]
        }
        "commit_linked" => {
            vec![entry(event, "git", &json!(event.change_description), &Value::Null, &data["commit"])]
        }
        _ if data["changes"].as_object().is_some_and(|changes| !changes.is_empty()) => vec![update(event, &data)],
        _ => Vec::new(),
    };
    messages.into_iter().map(|message| addressed(message, event, epoch)).collect()
}

/// A change of the ticket, with `state` if the state changed. A change reported by a program keeps the program's fields.
fn update(event: &Event, data: &Value) -> Value {
    let mut message = json!({"type": "ticket:update"});
    add_missing(&mut message, &data["reported"]);
    match event.change_type.as_str() {
        "status_changed" => add_missing(
            &mut message,
            &json!({"state": event.new_value, "status": event.new_value, "old_state": event.old_value,
                "message": event.change_description}),
        ),
        "assigned" => {
            let state = if event.new_value.is_some() { "assigned" } else { "unassigned" };
            add_missing(
                &mut message,
                &json!({"state": state, "assignee_id": event.new_value, "message": event.change_description}),
            );
        }
        _ => message["changes"] = data["changes"].clone(),
    }
    message
}

/// A report of a program: the named fields, and its metadata.
pub(super) fn reported(kind: &str, activity: &Value, names: &[&str]) -> Value {
    let mut message = json!({"type": kind});
    for name in names {
        if !activity[*name].is_null() {
            message[*name] = activity[*name].clone();
        }
    }
    add_missing(&mut message, &activity["metadata"]);
    message
}

/// An entry of the ticket's timeline.
fn entry(event: &Event, category: &str, message: &Value, actor: &Value, metadata: &Value) -> Value {
    let actor = match actor {
        Value::Null => json!(event.on_behalf_of.as_deref().unwrap_or(&event.actor_id)),
        actor => actor.clone(),
    };
    json!({"type": "ticket:activity", "entry": {"category": category, "message": message, "actor_id": actor,
        "metadata": metadata, "timestamp": event.changed_at}})
}

fn addressed(mut message: Value, event: &Event, epoch: &str) -> Value {
    let address = json!({"ticketId": event.ticket_id, "ticket_id": event.ticket_id, "workflow_id": event.workflow_id,
        "seq": event.seq, "epoch": epoch, "timestamp": event.changed_at});
    // Metadata of a program never replaces the address of the message.
    for (name, value) in address.as_object().into_iter().flatten() {
        message[name] = value.clone();
    }
    if let Some(job) = &event.job_id {
        message["job_id"] = json!(job);
    }
    message
}

#[cfg(test)]
mod tests {
    use super::super::samples::change;
    use super::*;

    #[test]
    fn every_event() {
        let reported = json!({"changes": {"status": "build"}, "reported": {"state": "in_progress", "phase": "starting",
            "message": "Agent execution starting", "vmId": 7}});
        let activity = |fields: Value| json!({"changes": {}, "activity": fields});
        let job = json!({"job": {"stage": "build", "error": "It broke"}, "progress": 40.0, "message": "Half"});
        let table = [
            change("status_changed", (Some("status"), Some("idle"), Some("plan")), &json!({"changes": {}})),
            change("status_changed", (Some("status"), Some("idle"), Some("build")), &reported),
            change("assigned", (Some("assigned_agent_id"), None, Some("agent-7")), &json!({"changes": {}})),
            change(
                "ticket_state",
                (Some("state_change"), None, None),
                &activity(json!({"state": "failed", "status": "build",
                "moved": false, "notice": "No column.", "metadata": {"error": "x", "ticketId": "forged", "seq": 99}})),
            ),
            change(
                "ticket_progress",
                (Some("progress"), None, None),
                &activity(json!({"phase": "vm_assigned",
                "message": "VM 7 assigned", "metadata": {"vmId": 7}})),
            ),
            change(
                "pr_created",
                (Some("pr_created"), None, None),
                &activity(json!({"prUrl": "https://git/pr/1",
                "pr_url": "https://git/pr/1", "branch": "fix"})),
            ),
            change(
                "activity",
                (Some("activity"), None, None),
                &activity(json!({"category": "execution",
                "message": "Execution started", "actor_id": "forge-v3", "metadata": {"trigger": "engine_poll"}})),
            ),
            change("job_status", (Some("status"), Some("running"), Some("failed")), &job),
            change("job_stage", (Some("stage"), Some("plan"), Some("build")), &json!({"to_stage": "build"})),
            change("job_progress", (Some("progress"), Some("0"), Some("40")), &job),
            change(
                "job_message",
                (Some("step"), None, Some("m")),
                &json!({"message": {"kind": "step", "content": "Working",
                "sender": "forge-v3", "metadata": {}}}),
            ),
            change(
                "commented",
                (None, None, None),
                &json!({"changes": {"comment_count": 1},
                "comment": {"comment_text": "Well", "agent_id": "agent-7"}}),
            ),
            change("commit_linked", (None, None, None), &json!({"commit": {"commit_sha": "abcdef"}})),
            change("resolved", (Some("is_resolved"), None, None), &json!({"changes": {"is_resolved": true}})),
            change("ticket_unmerged", (None, None, None), &json!({"changes": {}})),
        ];
        let sent: Vec<Vec<Value>> = table.iter().map(|event| messages(event, "e-1")).collect();
        insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(sent) });
    }
}
