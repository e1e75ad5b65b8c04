//! The timeline of a ticket: each event of its history as an entry. Lists and sockets make the same entry of the same event, because
//! the clients recognize an entry that they have by its timestamp and category.

use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::domain::history::Event;

/// The entry of an event; none for an event that says nothing to people.
///
/// ```json
/// {"timestamp": "2026-11-21T10:00:00.123456007Z", "category": "pr_created", "message": "…", "actor": {"id": "agent-7", "type": "agent"},
///  "actor_id": "agent-7", "metadata": {}}
/// ```
pub fn entry(event: &Event) -> Option<Value> {
    let data: Value = serde_json::from_str(event.metadata.get()).unwrap_or_default();
    let activity = &data["activity"];
    let described = || json!(event.change_description);
    let said = || data["reported"]["message"].as_str().map_or_else(described, |message| json!(message));
    let nothing = || json!({});
    let reported = || activity["metadata"].clone();
    let (category, message, metadata) = match event.change_type.as_str() {
        "created" => ("created", described(), nothing()),
        "status_changed" => ("state_change", said(), json!({"from": event.old_value, "to": event.new_value})),
        "assigned" if event.new_value.is_some() => ("ticket_claimed", said(), nothing()),
        "ticket_state" => {
            ("state_change", described(), json!({"state": activity["state"], "notice": activity["notice"]}))
        }
        "ticket_progress" => ("progress", described(), json!({"phase": activity["phase"], "details": reported()})),
        "pr_created" => ("pr_created", described(), json!({"prUrl": activity["prUrl"], "branch": activity["branch"]})),
        "activity" => (activity["category"].as_str().unwrap_or("activity"), activity["message"].clone(), reported()),
        "job_status" => match event.new_value.as_deref() {
            Some("running") => ("ticket_claimed", described(), nothing()),
            Some("failed") => {
                ("error", json!(data["job"]["error"].as_str().unwrap_or(&event.change_description)), nothing())
            }
            _ => ("state_change", described(), nothing()),
        },
        "job_stage" => ("progress", described(), json!({"phase": data["to_stage"]})),
        "job_progress" => ("progress", data["message"].clone(), json!({"progress": data["progress"]})),
        "job_message" if data["message"]["deleted"].is_null() => {
            ("code_generation", data["message"]["content"].clone(), data["message"]["metadata"].clone())
        }
        "usage_reported" => return None,
        "commented" => ("comment", data["comment"]["comment_text"].clone(), nothing()),
        "commit_linked" => ("git_operation", described(), data["commit"].clone()),
        "field_updated" => match (event.field_name.as_deref(), event.new_value.as_deref()) {
            // A state that the board has no column for; its end is another change of state.
            (Some("engine_state"), Some(state)) => ("state_change", json!(format!("State: {state}.")), nothing()),
            // Kept beside the report of a pull request, which is an entry.
            (Some("rank" | "engine_state" | "pr_url" | "branch_name"), _) => return None,
            _ => ("update", described(), nothing()),
        },
        _ if event.change_description.is_empty() => return None,
        _ => ("update", described(), nothing()),
    };
    let message = match message.as_str() {
        Some(text) if !text.is_empty() => text.to_owned(),
        _ if event.change_description.is_empty() => category.to_owned(),
        _ => event.change_description.clone(),
    };
    let actor = match event.change_type.as_str() {
        "job_message" => data["message"]["sender"].as_str(),
        _ => activity["actor_id"].as_str(),
    };
    let actor = actor.or(event.on_behalf_of.as_deref()).unwrap_or(&event.actor_id);
    Some(json!({"timestamp": timestamp(event), "category": category, "message": message,
        "actor": {"id": actor, "type": actor_type(actor)}, "actor_id": actor, "metadata": metadata}))
}

/// The time of an event, which the events of one statement share, made distinct below the microsecond by its number. With all its
/// digits, so that texts are in the order of the times.
fn timestamp(event: &Event) -> String {
    let apart = SignedDuration::from_nanos(event.seq.rem_euclid(1000));
    format!("{:.9}", event.changed_at.checked_add(apart).unwrap_or(event.changed_at))
}

fn actor_type(actor: &str) -> &'static str {
    match actor {
        "system" | "callboard" => "system",
        _ if actor.starts_with("user-") => "human",
        _ => "agent",
    }
}

/// What an engine reports about a ticket that Callboard does not know, as the event it would be. Nothing is stored.
pub fn of_unknown(ticket: &str, actor: &str, kind: &str, payload: &Value) -> Option<Event> {
    let change = match kind {
        "state_change" => "ticket_state",
        "progress" => "ticket_progress",
        "pr_created" | "activity" => kind,
        _ => return None,
    };
    let text = |names: [&str; 2]| names.iter().find_map(|name| payload[*name].as_str());
    let activity = json!({"state": payload["state"], "phase": payload["phase"], "message": payload["message"],
        "category": payload["category"], "prUrl": text(["prUrl", "pr_url"]), "branch": payload["branch"],
        "actor_id": text(["actorId", "actor_id"]), "metadata": if payload["metadata"].is_object() { payload["metadata"].clone() } else { json!({}) }});
    let now = Timestamp::now();
    Some(Event {
        stream_id: "unknown".to_owned(),
        seq: now.subsec_nanosecond().into(),
        prev: 0,
        workflow_id: String::new(),
        ticket_id: Some(ticket.to_owned()),
        job_id: None,
        change_type: change.to_owned(),
        field_name: Some(kind.to_owned()),
        old_value: None,
        new_value: None,
        change_description: text(["message", "phase"]).or(payload["state"].as_str()).unwrap_or(kind).to_owned(),
        metadata: RawValue::from_string(json!({"changes": {}, "activity": activity}).to_string()).ok()?,
        actor_id: actor.to_owned(),
        on_behalf_of: None,
        changed_at: now,
    })
}
