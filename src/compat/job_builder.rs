//! Jobs, messages, apps and tickets in the words of a job builder's clients, and the calls behind their address.

mod queries;

use serde_json::{Value, json};

pub use self::queries::*;

/// The status of a job in the clients' words, from its own status and its stage.
///
/// A worker may name its stages as the clients name their statuses; then these are shown.
pub fn status(job: &Value) -> &'static str {
    match job["status"].as_str().unwrap_or_default() {
        "collecting" => "collecting",
        "succeeded" => "done",
        "failed" | "cancelled" => "failed",
        status => match stage_status(job["stage"].as_str().unwrap_or_default()) {
            // Nobody has begun with it.
            _ if status == "queued" => "queued",
            None if status == "paused" => "queued",
            known => known.unwrap_or("planning"),
        },
    }
}

/// The status that a stage means; none before the first stage.
fn stage_status(stage: &str) -> Option<&'static str> {
    let known = ["planning", "prd_ready", "ticketing", "tickets_ready", "building", "build_done"];
    if let Some(known) = known.into_iter().find(|known| *known == stage) {
        return Some(known);
    }
    match stage {
        "" => None,
        "plan" | "spec" | "prd" | "design" | "analysis" | "requirements" => Some("planning"),
        "tickets" => Some("ticketing"),
        _ => Some("building"),
    }
}

/// Whether a job is paused. One that collects its prompt has only a mark.
pub fn is_paused(job: &Value) -> bool {
    job["status"] == "paused" || (job["status"] == "collecting" && job["payload"]["paused"] == true)
}

/// A job as lists and details show it, from `logic.job_json` or `logic.get_builder_job`.
pub fn job(row: &Value) -> Value {
    let error = match row["status"].as_str() {
        Some("cancelled") => json!(row["error"].as_str().unwrap_or("The job was cancelled.")),
        _ => row["error"].clone(),
    };
    let mut job = json!({
        "id": row["job_id"],
        "title": row["title"],
        "initial_prompt": row["initial_prompt"].as_str().unwrap_or_default(),
        "prompt": row["initial_prompt"].as_str().unwrap_or_default(),
        "requirements_summary": row["title"],
        "status": status(row),
        "is_paused": is_paused(row),
        "error_message": error,
        "progress": row["progress"],
        "workflow_id": row["workflow_id"],
        "ticket_id": row["ticket_id"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    });
    if let (Some(chat), Some(steps)) = (row["chat"].as_array(), row["steps"].as_array()) {
        job["messages"] = chat.iter().map(message).collect();
        job["steps"] = steps.iter().map(step).collect();
    }
    job
}

/// The answer to pausing and resuming.
pub fn paused(row: &Value) -> Value {
    let paused = is_paused(row);
    let detail = if paused { "The job is paused." } else { "The job goes on." };
    json!({"detail": detail, "is_paused": paused, "status": status(row)})
}

/// A line of the chat.
pub fn message(row: &Value) -> Value {
    let role = match row["role"].as_str() {
        Some("user") => "user",
        Some("system") => "system",
        _ => "agent",
    };
    let mut metadata = row["metadata"].clone();
    if !metadata.is_object() {
        metadata = json!({});
    }
    if let (Some(stage), Some(fields)) = (row["stage"].as_str(), metadata.as_object_mut()) {
        fields.entry("stage").or_insert_with(|| json!(stage));
    }
    json!({"id": row["id"], "job_id": row["job_id"], "role": role, "sender": sender(row), "content": text(row, "content"),
        "metadata": metadata, "created_at": row["created_at"]})
}

/// A step of an agent.
pub fn step(row: &Value) -> Value {
    json!({"id": row["id"], "agent_name": sender(row), "message": text(row, "content"), "order": row["order"],
        "created_at": row["created_at"]})
}

/// The author of a line; the clients need a text.
pub fn sender(row: &Value) -> &str {
    row["sender"].as_str().unwrap_or("agent")
}

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_default()
}

/// An app. The clients show the requirements as its title, so an app without them has its title there.
pub fn app(row: &Value) -> Value {
    let mut app = json!({"id": row["app_id"], "job_id": row["job_id"], "title": row["title"], "spec": spec(row),
        "created_at": row["created_at"], "updated_at": row["updated_at"]});
    if row["prd_markdown"].as_str().is_some_and(|text| !text.is_empty()) {
        app["prd_markdown"] = row["prd_markdown"].clone();
    }
    app
}

/// The document of an app, with a title for the clients.
pub fn spec(row: &Value) -> Value {
    let mut spec = row["spec"].clone();
    if let Some(fields) = spec.as_object_mut()
        && fields.get("requirements").is_none_or(Value::is_null)
    {
        fields.insert("requirements".to_owned(), row["title"].clone());
    }
    spec
}

/// A ticket of a job, from `logic.list_builder_tickets`. Tickets with sub-tickets are epics, and stories below the first level.
pub fn ticket(row: &Value) -> Value {
    let kind = match (row["has_children"] == true, row["level"].as_i64()) {
        (true, Some(0)) => "epic",
        (true, _) => "story",
        _ => "task",
    };
    json!({
        "id": row["ticket_id"],
        "job_id": row["job_id"],
        "parent_id": if row["level"] == 0 { Value::Null } else { row["parent_ticket_id"].clone() },
        "type": kind,
        "title": row["title"],
        "description": text(row, "description"),
        "status": ticket_status(text(row, "status"), text(row, "category")),
        "assigned_to": row["assigned_agent_id"],
        "dependencies": row["blocked_by_ticket_ids"].as_array().cloned().unwrap_or_default(),
        "key": row["key"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
    })
}

/// The status of a ticket: todo, in_progress or done. Events do not carry the column's category (then it is empty).
pub fn ticket_status(column: &str, category: &str) -> &'static str {
    match (category, column) {
        ("todo", _) => "todo",
        ("done", _) => "done",
        ("", "backlog" | "todo" | "ready" | "open" | "idle" | "found" | "identified") => "todo",
        (
            "",
            "done" | "shipped" | "completed" | "closed" | "fixed" | "documented" | "cancelled" | "archived" | "fp",
        ) => "done",
        _ => "in_progress",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statuses_in_their_words() {
        let table = [
            ("collecting", None, "collecting"),
            ("queued", None, "queued"),
            ("queued", Some("build"), "queued"),
            ("running", None, "planning"),
            ("running", Some("plan"), "planning"),
            ("running", Some("tickets_ready"), "tickets_ready"),
            ("running", Some("build"), "building"),
            ("running", Some("review"), "building"),
            ("waiting", Some("build"), "building"),
            ("paused", None, "queued"),
            ("paused", Some("build"), "building"),
            ("succeeded", Some("build"), "done"),
            ("failed", Some("build"), "failed"),
            ("cancelled", None, "failed"),
        ];
        for (own, stage, expected) in table {
            assert_eq!(status(&json!({"status": own, "stage": stage})), expected, "{own} {stage:?}");
        }
    }

    #[test]
    fn every_shape() {
        let row = json!({"job_id": "job-1", "title": "A shop", "initial_prompt": "A shop\nfor maps", "status": "running", "stage": "build",
            "error": null, "progress": 40.0, "payload": {}, "workflow_id": "w", "ticket_id": "ticket-1",
            "created_at": "2026-11-21T10:00:00Z", "updated_at": "2026-11-21T10:00:01Z",
            "chat": [{"id": "m", "job_id": "job-1", "role": "assistant", "sender": null, "content": "Hello", "stage": "build", "metadata": {"a": 1}},
                {"id": "n", "role": "user", "sender": "Ann", "content": "Blue", "stage": null, "metadata": {}}],
            "steps": [{"id": "s", "sender": "planner", "content": "Drew a page", "order": 3}]});
        let collecting =
            json!({"job_id": "job-2", "status": "collecting", "initial_prompt": "A", "payload": {"paused": true}});
        let cancelled = json!({"job_id": "job-3", "status": "cancelled", "initial_prompt": "A", "error": null});
        let apps = [
            json!({"app_id": "app-1", "job_id": "job-1", "title": "Maps", "spec": {"pages": 3}, "prd_markdown": "# Maps"}),
            json!({"app_id": "app-2", "job_id": "job-1", "title": "Maps", "spec": {"requirements": "Sell maps"}, "prd_markdown": ""}),
        ];
        let card = |level: i64, children: bool| {
            json!({"ticket_id": "t", "level": level, "has_children": children, "title": "T",
            "description": "D", "status": "plan", "category": "active", "assigned_agent_id": "agent-7", "parent_ticket_id": "p",
            "blocked_by_ticket_ids": ["ticket-9"], "job_id": "job-1", "key": "TKT-1"})
        };
        let shapes = json!({"jobs": [job(&row), job(&collecting), job(&cancelled)], "paused": [paused(&collecting), paused(&row)],
            "apps": apps.iter().map(app).collect::<Vec<_>>(),
            "tickets": [ticket(&card(0, true)), ticket(&card(1, true)), ticket(&card(2, false))]});
        insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(shapes) });
    }
}
