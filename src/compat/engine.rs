//! Tickets, their history and timeline in the words of an engine's clients, and the calls behind their address.

mod activity;
mod queries;

use serde_json::{Map, Value, json};

pub use self::activity::{entry, of_unknown};
pub use self::queries::*;

/// The name of the API keys that a sign-in to the dashboard makes.
pub const KEY_NAME: &str = "Engine dashboard";

/// The fields of a ticket that Callboard has no field for. They are kept with it, and shown as they came.
const KEPT: [&str; 14] = [
    "acceptance_criteria",
    "assigned_agent",
    "branch_name",
    "design_session",
    "epic",
    "estimated_scope",
    "files_hint",
    "pr_url",
    "rag_context",
    "rejection_count",
    "repo_url",
    "verification_evidence",
    "verification_status",
    "vm_id",
];

/// The given fields that are kept. The clients send a scope as S, M or L, and show it only in full.
pub fn kept(given: &Map<String, Value>) -> Map<String, Value> {
    let known = given.iter().filter(|(name, _)| KEPT.contains(&name.as_str()));
    known
        .map(|(name, value)| match value.as_str() {
            Some("") => (name.clone(), Value::Null),
            Some(scope) if name == "estimated_scope" => (name.clone(), json!(self::scope(scope))),
            _ => (name.clone(), value.clone()),
        })
        .collect()
}

/// A scope in full.
fn scope(word: &str) -> String {
    match word.to_ascii_lowercase().as_str() {
        "s" | "small" => "small".to_owned(),
        "m" | "medium" => "medium".to_owned(),
        "l" | "large" | "xl" => "large".to_owned(),
        other => other.to_owned(),
    }
}

/// The state that a column stands for, as far as its id tells; `logic.engine_column_state` also knows its category.
pub fn state(column: &str) -> &str {
    match column {
        "backlog" | "icebox" => "draft",
        "todo" | "idle" | "open" => "ready",
        "doing" | "build" | "plan" => "in_progress",
        "review" | "code_review" | "reviewing" => "in_review",
        "testing" | "test" | "verification" | "qa" => "verifying",
        "errored" | "failed" | "error" => "needs_review",
        "shipped" | "completed" | "closed" => "done",
        "canceled" | "archived" => "cancelled",
        column => column,
    }
}

/// A ticket from `logic.engine_ticket_json`, with its dependencies and events if they were read.
pub fn ticket(row: &Value) -> Value {
    let mut ticket = Map::new();
    let kept = row["custom_fields"].as_object().cloned().unwrap_or_default();
    for name in KEPT {
        ticket.insert(name.to_owned(), kept.get(name).cloned().unwrap_or(Value::Null));
    }
    let assignee_type = match row["assignee_kind"].as_str() {
        None => Value::Null,
        Some("user") => json!("human"),
        Some(_) => json!("agent"),
    };
    let own = json!({
        "id": row["ticket_id"],
        "key": row["key"],
        "title": row["title"],
        "description": description(row),
        "state": row["state"],
        "project_id": row["workflow_id"],
        "parent_id": row["parent_ticket_id"],
        "scope": ticket["estimated_scope"],
        "priority": row["priority"],
        "assignee_id": row["assigned_agent_id"],
        "assignee_type": assignee_type,
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    });
    ticket.extend(own.as_object().cloned().unwrap_or_default());
    if ticket["assigned_agent"].is_null() {
        ticket.insert("assigned_agent".to_owned(), row["assignee_name"].clone());
    }
    for name in ["blocked_by", "blocks"] {
        if row[name].is_array() {
            ticket.insert(name.to_owned(), row[name].clone());
        }
    }
    if let Some(history) = row["history"].as_array() {
        let id = row["ticket_id"].as_str().unwrap_or_default();
        ticket.insert("events".to_owned(), history.iter().map(|change| event(id, change)).collect());
    }
    Value::Object(ticket)
}

/// The description without the words that `logic.engine_description` completed it with.
fn description(row: &Value) -> &str {
    let text = row["description"].as_str().unwrap_or_default();
    match text.rsplit_once("\n\nWork on: ") {
        Some((own, title)) if !own.is_empty() && own.chars().count() < 10 && !title.contains('\n') => own,
        _ => text,
    }
}

/// A row of a ticket's history. The clients parse the metadata of an edit themselves, so there it is a text.
fn event(ticket: &str, row: &Value) -> Value {
    let change = row["change_type"].as_str().unwrap_or_default();
    let field = row["field_name"].as_str().unwrap_or_default();
    let states = |name: &str| row[name].as_str().map(|column| json!(state(column))).unwrap_or_default();
    let values = |name: &str| row[name].clone();
    let (kind, previous, new) = match change {
        "status_changed" | "column_renamed" => ("state_changed", states("old_value"), states("new_value")),
        "created" | "assigned" => (change, values("old_value"), values("new_value")),
        "resolved" => ("completed", Value::Null, Value::Null),
        "blocked" => ("dependency_added", values("old_value"), values("new_value")),
        "unblocked" => ("dependency_removed", values("old_value"), values("new_value")),
        "field_updated" if field == "engine_state" => ("state_changed", values("old_value"), values("new_value")),
        "field_updated" => ("edited", values("old_value"), values("new_value")),
        "activity" if row["metadata"]["activity"]["category"] == "requeued" => ("requeued", Value::Null, Value::Null),
        other => (other, Value::Null, Value::Null),
    };
    let metadata = match kind {
        "edited" => json!(json!({"fields_changed": [field]}).to_string()),
        _ => Value::Null,
    };
    json!({"id": format!("{ticket}-{}", row["seq"]), "event_type": kind, "previous_value": previous, "new_value": new,
        "actor_id": row["agent_id"], "rationale": row["change_description"], "metadata": metadata, "created_at": row["changed_at"]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_with_everything_and_one_with_nothing() {
        let full = json!({"ticket_id": "ticket-1", "key": "TKT-1", "workflow_id": "w", "title": "Fix it", "description": "Do it\n\nWork on: Fix it",
            "state": "in_review", "priority": "high", "parent_ticket_id": "ticket-3", "assigned_agent_id": "agent-7", "assignee_kind": "agent", "assignee_name": "Seven",
            "custom_fields": {"estimated_scope": "large", "pr_url": "https://git/pr/1", "engine_state": "on_hold", "other": 1},
            "blocked_by": [], "blocks": [{"id": "ticket-2", "title": "Two", "state": "blocked"}],
            "history": [
                {"seq": 1, "change_type": "created", "new_value": "Fix it", "agent_id": "user-1", "change_description": "Created TKT-1.", "changed_at": "2026-11-21T10:00:00Z"},
                {"seq": 2, "change_type": "field_updated", "field_name": "title", "old_value": "Fix", "new_value": "Fix it", "agent_id": "user-1", "change_description": "Changed the title."},
                {"seq": 3, "change_type": "status_changed", "field_name": "status", "old_value": "backlog", "new_value": "review"},
                {"seq": 4, "change_type": "activity", "metadata": {"activity": {"category": "requeued"}}, "change_description": "Try again."},
                {"seq": 5, "change_type": "commented", "change_description": "Commented."}]});
        let card = json!({"ticket_id": "ticket-2", "title": "Two", "state": "ready", "description": "A long description that stays."});
        insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!([ticket(&full), ticket(&card)]) });
    }

    #[test]
    fn kept_fields_and_scopes() {
        let given = json!({"estimated_scope": "L", "epic": "", "title": "Not kept", "vm_id": 7});
        let kept = kept(given.as_object().expect("an object"));
        assert_eq!(Value::Object(kept), json!({"estimated_scope": "large", "epic": null, "vm_id": 7}));
    }
}
