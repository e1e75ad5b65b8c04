//! Messages for the clients of an engine's own address. Lists watch the room of their tenant and fetch again upon each
//! `ticket:update` with an action; pages of a ticket watch its room and append each `ticket:activity`.
//!
//! So each event of a ticket is sent as an entry of its timeline, and a change of the ticket also as an update. Output and progress of
//! jobs do not change lists, and come as entries only.

use serde_json::{Value, json};

use super::rooms::reported;
use super::{add_missing, data};
use crate::compat::engine;
use crate::domain::history::Event;

/// The messages of an event in a workflow's stream. `past` events are only entries of the timeline.
pub fn messages(event: &Event, past: bool) -> Vec<Value> {
    let Some(ticket) = event.ticket_id.as_deref() else { return Vec::new() };
    let data = data(event);
    let mut sent = if past { Vec::new() } else { changes(event, &data) };
    sent.extend(engine::entry(event).map(|entry| json!({"type": "ticket:activity", "entry": entry})));
    for message in &mut sent {
        add_missing(message, &json!({"timestamp": event.changed_at}));
        // Fields of a program never replace the address of the message.
        message["ticketId"] = json!(ticket);
        message["ticket_id"] = json!(ticket);
    }
    sent
}

/// The message that makes a list fetch its tickets again.
pub fn refresh(room: &str) -> String {
    json!({"type": "ticket:update", "room": room, "action": "refresh"}).to_string()
}

fn changes(event: &Event, data: &Value) -> Vec<Value> {
    let activity = &data["activity"];
    let kind = event.change_type.as_str();
    match kind {
        "ticket_progress" => vec![reported("ticket:progress", activity, &["phase", "message"])],
        "pr_created" => ["ticket:pr", "pr:created"]
            .map(|kind| reported(kind, activity, &["prUrl", "branch", "message"]))
            .into_iter()
            .chain([update("pr_created", event)])
            .collect(),
        "ticket_state" => {
            let mut message = reported("ticket:update", activity, &["state", "phase", "message", "notice"]);
            add_missing(&mut message, &json!({"action": "state_change"}));
            vec![message]
        }
        "activity" | "job_progress" | "job_message" | "job_stage" | "usage_reported" | "commented"
        | "commit_linked" => Vec::new(),
        "status_changed" => {
            let state = engine::state(event.new_value.as_deref().unwrap_or_default());
            let mut message = reported_update("state_change", event, data);
            add_missing(&mut message, &json!({"state": state}));
            vec![message]
        }
        "assigned" => {
            let action = if event.new_value.is_some() { "assigned" } else { "unassigned" };
            let mut message = reported_update(action, event, data);
            message["assignee_id"] = json!(event.new_value);
            vec![message]
        }
        "created" | "restored" => vec![update("created", event)],
        "deleted" | "ticket_merged" => vec![update("deleted", event)],
        _ => vec![update("updated", event)],
    }
}

/// A change that a program may have reported, with the program's words and fields.
fn reported_update(action: &str, event: &Event, data: &Value) -> Value {
    let mut message = update(action, event);
    let reported = &data["reported"];
    if let Some(said) = reported["message"].as_str() {
        message["message"] = said.into();
    }
    add_missing(&mut message, reported);
    message
}

fn update(action: &str, event: &Event) -> Value {
    json!({"type": "ticket:update", "action": action, "message": event.change_description, "project_id": event.workflow_id})
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
            change("created", (None, None, Some("One")), &json!({"ticket": {}})),
            change("status_changed", (Some("status"), Some("todo"), Some("review")), &json!({"changes": {}})),
            change("status_changed", (Some("status"), Some("idle"), Some("build")), &reported),
            change("assigned", (Some("assigned_agent_id"), None, Some("agent-7")), &json!({"changes": {}})),
            change("assigned", (Some("assigned_agent_id"), Some("agent-7"), None), &json!({"changes": {}})),
            change(
                "assigned",
                (Some("assigned_agent_id"), None, Some("agent-7")),
                &json!({"changes": {}, "reported": {"state": "assigned", "message": "Engine claims it", "action": "forged"}}),
            ),
            change(
                "ticket_state",
                (Some("state_change"), None, None),
                &activity(json!({"state": "failed", "notice": "No column.",
                "metadata": {"error": "x", "ticketId": "forged"}})),
            ),
            change(
                "ticket_progress",
                (Some("progress"), None, None),
                &activity(json!({"phase": "vm_assigned", "message": "VM 7 assigned",
                "metadata": {"vmId": 7}})),
            ),
            change(
                "pr_created",
                (Some("pr_created"), None, None),
                &activity(json!({"prUrl": "https://git/pr/1", "branch": "fix"})),
            ),
            change(
                "activity",
                (Some("activity"), None, None),
                &activity(json!({"category": "execution", "message": "Execution started",
                "actor_id": "forge-v3", "metadata": {"trigger": "engine_poll"}})),
            ),
            change("job_status", (Some("status"), Some("queued"), Some("running")), &job),
            change("job_status", (Some("status"), Some("running"), Some("failed")), &job),
            change("job_stage", (Some("stage"), Some("plan"), Some("build")), &json!({"to_stage": "build"})),
            change("job_progress", (Some("progress"), Some("0"), Some("40")), &job),
            change(
                "job_message",
                (Some("step"), None, Some("m")),
                &json!({"message": {"kind": "step", "content": "Working",
                "sender": "forge-v3", "metadata": {}}}),
            ),
            change("job_message", (Some("step"), None, Some("m")), &json!({"message": {"id": "m", "deleted": true}})),
            change(
                "commented",
                (None, None, None),
                &json!({"comment": {"comment_text": "Well", "agent_id": "agent-7"}}),
            ),
            change("commit_linked", (None, None, None), &json!({"commit": {"commit_sha": "abcdef"}})),
            change("field_updated", (Some("rank"), None, None), &json!({"changes": {"rank": "b"}})),
            change("deleted", (Some("deleted_at"), None, None), &json!({"changes": {}})),
        ];
        let sent: Vec<Vec<Value>> = table.iter().map(|event| messages(event, false)).collect();
        assert!(
            table.iter().flat_map(|event| messages(event, true)).all(|message| message["type"] == "ticket:activity")
        );
        insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(sent) });
    }

    #[test]
    fn reports_about_unknown_tickets() {
        let payload =
            json!({"state": "in_progress", "message": "Off it goes", "category": "git", "prUrl": "https://git/pr/1"});
        for (kind, count) in [("state_change", 2), ("progress", 2), ("pr_created", 4), ("activity", 1)] {
            let event = engine::of_unknown("TKT-TEST-001", "agent-7", kind, &payload).expect("an event");
            let sent = messages(&event, false);
            assert_eq!(sent.len(), count, "{kind}: {sent:?}");
            assert!(sent.iter().all(|message| message["ticket_id"] == "TKT-TEST-001"));
        }
        assert!(engine::of_unknown("TKT-TEST-001", "agent-7", "other", &payload).is_none());
    }
}
