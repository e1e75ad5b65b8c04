//! Callboard's own messages. An event is rendered once and shared by every client of a room, and says a long text once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::history::Event;

#[derive(Serialize)]
struct Envelope<'a> {
    r#type: &'a str,
    workflow_id: &'a str,
    ticket_id: Option<&'a str>,
    job_id: Option<&'a str>,
    agent_id: &'a str,
    data: &'a RawValue,
    timestamp: jiff::Timestamp,
    stream: &'a str,
    seq: i64,
    epoch: &'a str,
    prev: i64,
}

#[derive(Deserialize)]
struct TicketRef {
    ticket_id: Option<String>,
}

/// The message of an event. `prev` is the seq before it in its room.
pub fn message(event: &Event, epoch: &str, prev: i64) -> String {
    let once = without_repeats(event);
    render(event, once.as_deref().unwrap_or(&event.metadata), epoch, prev, true)
}

/// The type and the message of an event for webhooks, with `prev` of the workflow's room and both spellings of a
/// transcript's text.
pub fn webhook_body(event: &Event, epoch: &str) -> (String, String) {
    let name = kind(&event.change_type, event.field_name.as_deref()).to_owned();
    (name, render(event, &event.metadata, epoch, event.prev, false))
}

fn render(event: &Event, metadata: &RawValue, epoch: &str, prev: i64, once: bool) -> String {
    let data = data(event, metadata, once);
    // Rows of a job's stream name their ticket only in their data.
    let job_ticket = (event.ticket_id.is_none() && event.job_id.is_some())
        .then(|| serde_json::from_str::<TicketRef>(event.metadata.get()).ok())
        .flatten();
    let envelope = Envelope {
        r#type: kind(&event.change_type, event.field_name.as_deref()),
        workflow_id: &event.workflow_id,
        ticket_id: event.ticket_id.as_deref().or(job_ticket.as_ref().and_then(|job| job.ticket_id.as_deref())),
        job_id: event.job_id.as_deref(),
        agent_id: event.on_behalf_of.as_deref().unwrap_or(&event.actor_id),
        data: data.as_deref().unwrap_or(metadata),
        timestamp: event.changed_at,
        stream: &event.stream_id,
        seq: event.seq,
        epoch,
        prev,
    };
    without_spaces(&serde_json::to_string(&envelope).unwrap_or_default())
}

/// JSON without the spaces that Postgres writes after `:` and `,`: every socket of a room would get them with every event.
fn without_spaces(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    json.chars()
        .filter(|&c| {
            let is_kept = in_string || c != ' ';
            in_string ^= c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            is_kept
        })
        .collect()
}

/// The message type of a kind of change; other kinds keep their name.
fn kind<'a>(change_type: &'a str, field: Option<&str>) -> &'a str {
    match change_type {
        // To a board, a restored ticket is a new card.
        "created" | "restored" => "ticket_created",
        // So is an unmerged duplicate; the event of its original keeps its name.
        "ticket_unmerged" if field.is_some() => "ticket_created",
        "field_updated" => "ticket_updated",
        "assigned" => "ticket_assigned",
        "commented" => "comment_added",
        "blocked" => "ticket_blocked",
        "unblocked" => "ticket_unblocked",
        "resolved" => "ticket_resolved",
        "reopened" => "ticket_reopened",
        "deleted" => "ticket_deleted",
        // Reviews of tickets and clarifications have the names that existing clients expect.
        "approval_requested" if field == Some("review") => "ticket_pending_review",
        "approval_approved" if field == Some("review") => "ticket_approved",
        "approval_rejected" if field == Some("review") => "ticket_rejected",
        "approval_requested" if field == Some("clarification") => "ticket_clarification_requested",
        other => other,
    }
}

#[derive(Serialize)]
struct Status<'a> {
    old_status: Option<&'a str>,
    new_status: Option<&'a str>,
}

#[derive(Serialize)]
struct Assignment<'a> {
    old_agent_id: Option<&'a str>,
    new_agent_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Field<'a> {
    field: Option<&'a str>,
    old_value: Option<Box<RawValue>>,
    new_value: Option<Box<RawValue>>,
}

/// The bytes of a text beyond which an event says it once: thousands of sockets get every event, and history has the old
/// and the new value.
const MAX_REPEATED_VALUE: usize = 100;

/// History's data without the texts that it holds twice; `None` if there are none.
fn without_repeats(event: &Event) -> Option<Box<RawValue>> {
    let repeats = match event.change_type.as_str() {
        // `message.message` is the same as `message.content`.
        "job_message" => true,
        // `message` is the same as `job.progress_message`.
        "job_progress" | "job_stage" => event.metadata.get().len() > MAX_REPEATED_VALUE,
        _ => false,
    };
    let mut data: BTreeMap<&str, &RawValue> = serde_json::from_str(event.metadata.get()).ok().filter(|_| repeats)?;
    if event.change_type != "job_message" {
        data.remove("message").filter(|message| message.get().len() > MAX_REPEATED_VALUE)?;
        return serde_json::value::to_raw_value(&data).ok();
    }
    let mut message: BTreeMap<&str, &RawValue> = serde_json::from_str(data.get("message")?.get()).ok()?;
    message
        .remove("message")
        .filter(|text| message.get("content").is_some_and(|content| content.get() == text.get()))?;
    let message = serde_json::value::to_raw_value(&message).ok()?;
    data.insert("message", &message);
    serde_json::value::to_raw_value(&data).ok()
}

/// The event's data with the extra fields of its type; `None` if history's data has all of them. `once`: a workflow's long
/// texts are said only in `workflow`.
fn data(event: &Event, metadata: &RawValue, once: bool) -> Option<Box<RawValue>> {
    let (old, new) = (event.old_value.as_deref(), event.new_value.as_deref());
    let extra = match event.change_type.as_str() {
        "status_changed" => serde_json::to_string(&Status { old_status: old, new_status: new }),
        "assigned" => serde_json::to_string(&Assignment { old_agent_id: old, new_agent_id: new }),
        "restored" => Ok(r#"{"restored":true}"#.to_owned()),
        "ticket_unmerged" if event.field_name.is_some() => Ok(r#"{"unmerged":true}"#.to_owned()),
        "field_updated" | "workflow_updated" | "milestone_updated" => {
            let field = event.field_name.as_deref();
            let is_ticket = event.change_type == "field_updated";
            let is_shown = is_ticket || (once && matches!(field, Some("name" | "description")));
            let is_long = |text: &str| text.len() > MAX_REPEATED_VALUE || (is_ticket && field == Some("description"));
            let value = |text: Option<&str>| {
                text.filter(|text| !(is_shown && is_long(text))).and_then(|text| typed(field, text))
            };
            serde_json::to_string(&Field { field, old_value: value(old), new_value: value(new) })
        }
        _ => return None,
    };
    merge(metadata.get(), &extra.ok()?)
}

/// A field's text as JSON: lists and numbers keep their type, everything else is a string.
fn typed(field: Option<&str>, text: &str) -> Option<Box<RawValue>> {
    const JSON: [&str; 6] =
        ["tags", "related_task_ids", "related_ticket_ids", "story_points", "estimate_minutes", "spent_minutes"];
    if field.is_some_and(|field| JSON.contains(&field))
        && let Ok(value) = RawValue::from_string(text.to_owned())
    {
        return Some(value);
    }
    serde_json::to_string(text).ok().and_then(|text| RawValue::from_string(text).ok())
}

/// Merges two JSON objects.
fn merge(first: &str, second: &str) -> Option<Box<RawValue>> {
    let first = first.trim().strip_suffix('}')?;
    let second = second.strip_prefix('{')?;
    let comma = if first.trim_end().ends_with('{') || second.starts_with('}') { "" } else { "," };
    RawValue::from_string(format!("{first}{comma}{second}")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn event(change_type: &str, field: Option<&str>, old: Option<&str>, new: Option<&str>, metadata: &str) -> Event {
        Event {
            stream_id: "workflow:w".to_owned(),
            seq: 7,
            prev: 6,
            workflow_id: "w".to_owned(),
            ticket_id: Some("ticket-1".to_owned()),
            job_id: None,
            change_type: change_type.to_owned(),
            field_name: field.map(str::to_owned),
            old_value: old.map(str::to_owned),
            new_value: new.map(str::to_owned),
            change_description: String::new(),
            metadata: RawValue::from_string(metadata.to_owned()).expect("JSON"),
            actor_id: "service".to_owned(),
            on_behalf_of: Some("agent-7".to_owned()),
            changed_at: "2026-11-21T10:00:00Z".parse().expect("time"),
        }
    }

    fn read(event: &Event) -> Value {
        serde_json::from_str(&message(event, "e-1", 6)).expect("JSON")
    }

    #[test]
    fn a_status_change_has_the_full_envelope() {
        let metadata = r#"{"changes": {"status": "done"}}"#;
        let sent = read(&event("status_changed", Some("status"), Some("todo"), Some("done"), metadata));
        assert_eq!(
            sent,
            json!({"type": "status_changed", "workflow_id": "w", "ticket_id": "ticket-1", "job_id": null,
                "agent_id": "agent-7", "timestamp": "2026-11-21T10:00:00Z", "stream": "workflow:w",
                "seq": 7, "epoch": "e-1", "prev": 6,
                "data": {"changes": {"status": "done"}, "old_status": "todo", "new_status": "done"}})
        );
    }

    #[test]
    fn fields_keep_their_types() {
        let sent = read(&event("field_updated", Some("tags"), Some("[]"), Some(r#"["a"]"#), "{}"));
        assert_eq!(sent["data"], json!({"field": "tags", "old_value": [], "new_value": ["a"]}));
        let sent = read(&event("field_updated", Some("title"), Some("12"), Some("[3]"), r#"{"changes": {}}"#));
        assert_eq!(sent["data"], json!({"changes": {}, "field": "title", "old_value": "12", "new_value": "[3]"}));
        // A long value is said once, in `changes`.
        let long = "x".repeat(101);
        let sent = read(&event("field_updated", Some("title"), Some(&long), Some("short"), r#"{"changes": {}}"#));
        assert_eq!(sent["data"], json!({"changes": {}, "field": "title", "old_value": null, "new_value": "short"}));
        let sent = read(&event("workflow_updated", Some("repository_path"), None, Some(&long), "{}"));
        assert_eq!(sent["data"]["new_value"], long);
        let sent = read(&event("commented", None, None, Some("c"), r#"{"comment": {"a": "}"}}"#));
        assert_eq!((&sent["type"], &sent["data"]), (&json!("comment_added"), &json!({"comment": {"a": "}"}})));
    }

    #[test]
    fn spaces_are_left_out_between_values_only() {
        let data = r#"{"comment": {"text": "a:  \" , b", "next": [1, "\\", 2]}}"#;
        let sent = message(&event("commented", None, None, None, data), "e", 6);
        assert!(sent.contains(r#""data":{"comment":{"text":"a:  \" , b","next":[1,"\\",2]}}"#), "{sent}");
    }

    #[test]
    fn long_texts_are_said_once() {
        let long = "A transcript's \"text\". ".repeat(40);
        let quoted = json!(long).to_string();
        let line = json!({"message": {"message_id": "m", "content": long, "message": long}, "counts": {"messages": 1}});
        let workflow = json!({"workflow": {"name": "W", "description": long}});
        let progress = json!({"job": {"progress_message": long}, "message": long, "progress": 40});
        for (event, said_by_webhook) in [
            (event("job_message", Some("step"), None, None, &line.to_string()), 2),
            (event("workflow_updated", Some("description"), Some(&long), Some(&long), &workflow.to_string()), 3),
            (event("job_progress", Some("progress"), None, Some("40"), &progress.to_string()), 2),
            (event("job_stage", Some("stage"), None, Some("build"), &progress.to_string()), 2),
        ] {
            assert_eq!(message(&event, "e", 6).matches(&quoted).count(), 1, "{}", event.change_type);
            assert_eq!(webhook_body(&event, "e").1.matches(&quoted).count(), said_by_webhook, "{}", event.change_type);
        }
        let sent = read(&event("job_message", Some("step"), None, None, &line.to_string()));
        assert_eq!(sent["data"], json!({"message": {"message_id": "m", "content": long}, "counts": {"messages": 1}}));
        // Data of a removed message, and short texts, stay as they are.
        for (change_type, data) in [
            ("job_message", json!({"message": {"id": "m", "deleted": true}})),
            ("job_progress", json!({"job": {"progress_message": "Half"}, "message": "Half", "filler": long})),
        ] {
            assert_eq!(read(&event(change_type, None, None, None, &data.to_string()))["data"], data);
        }
    }
}
