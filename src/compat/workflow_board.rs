//! Tasks in the words of a workflow board's clients: a task is a ticket with an `adw_id`, its stage is the ticket's column.

mod queries;
mod reports;

use serde_json::{Map, Value, json};

pub use self::queries::*;
pub use self::reports::{Report, log_level, report};

/// The stages that the clients have a column for, or a list of ended tasks.
const STAGES: [&str; 9] =
    ["backlog", "plan", "build", "test", "review", "document", "ready-to-merge", "errored", "completed"];
/// The stages of work, in order, for a workflow that names none.
const WORK: [&str; 5] = ["plan", "build", "test", "review", "document"];
/// The fields of a task that are kept with its ticket.
const KEPT: [&str; 15] = [
    "issue_number",
    "issue_class",
    "branch_name",
    "worktree_path",
    "workflow_name",
    "workflow_stages",
    "model_set",
    "data_source",
    "orchestrator_state",
    "plan_file",
    "patch_history",
    "backend_port",
    "websocket_port",
    "frontend_port",
    "issue_json",
];

/// Whether a client may give a task this id: eight letters and digits.
pub fn is_adw_id(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether a task can have this id: one of a client, a ticket's or a job's.
pub fn is_task_id(text: &str) -> bool {
    let is_own = |prefix: &str| text.strip_prefix(prefix).is_some_and(|rest| uuid::Uuid::try_parse(rest).is_ok());
    is_adw_id(text) || is_own("ticket-") || is_own("job-")
}

/// The stage of a column: the column itself if the clients know it, else the one that means the same. Events do not carry the
/// column's category (then it is empty).
pub fn stage(column: &str, category: &str) -> String {
    match column {
        _ if STAGES.contains(&column) => column,
        "done" | "shipped" | "closed" | "fixed" | "documented" | "archived" | "cancelled" => "completed",
        "todo" | "idle" | "ready" | "open" | "found" | "identified" => "backlog",
        "in_review" | "reviewing" => "review",
        "testing" => "test",
        "failed" | "error" => "errored",
        _ => match category {
            "done" => "completed",
            "todo" => "backlog",
            _ => "build",
        },
    }
    .to_owned()
}

/// A column's word for a stage that a client names: some name the work instead of its column.
pub fn column_word(stage: &str) -> &str {
    match stage.trim() {
        "implement" => "build",
        "pr" | "merge" | "ready_to_merge" => "ready-to-merge",
        other => other,
    }
}

/// The stages of a workflow: those that are given, else those in its name (`adw_plan_build_iso`), else all.
pub fn stages(workflow: &str, given: &Value) -> Vec<String> {
    let given = given.as_array().map(Vec::as_slice).unwrap_or_default();
    let mut found: Vec<String> =
        given.iter().filter_map(Value::as_str).map(|name| column_word(name).to_owned()).collect();
    if found.is_empty() {
        let named = workflow.split('_').map(column_word).filter(|part| STAGES.contains(part));
        found = named.map(str::to_owned).collect();
    }
    if found.is_empty() && !["patch", "merge"].iter().any(|part| workflow.contains(part)) {
        found = WORK.map(str::to_owned).to_vec();
    }
    found
}

/// A task from `logic.workflow_board_json`.
///
/// ```json
/// {"adw_id": "ab12cd34", "issue_number": 7, "issue_title": "…", "issue_body": "…", "issue_class": "feature", "current_stage": "plan",
///  "status": "in_progress", "is_stuck": false, "workflow_name": "adw_plan_build_iso", "created_at": "…"}
/// ```
pub fn record(row: &Value) -> Value {
    let fields = &row["custom_fields"];
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    let stage = stage(text("status"), text("category"));
    let job = &row["job"];
    let status = match (stage.as_str(), job["status"].as_str()) {
        ("completed", _) => "completed",
        ("errored", _) => "errored",
        ("backlog", Some("running" | "paused" | "waiting")) => "in_progress",
        ("backlog", _) => fields["status"].as_str().filter(|kept| *kept == "in_progress").unwrap_or("pending"),
        _ => "in_progress",
    };
    let is_of_client = fields["adw_id"].is_string();
    let otherwise =
        |name: &str, value: &Value| if fields[name].is_null() { value.clone() } else { fields[name].clone() };
    let mut record = json!({
        "adw_id": otherwise("adw_id", &row["ticket_id"]),
        "ticket_id": row["ticket_id"],
        "issue_number": otherwise("issue_number", if is_of_client { &Value::Null } else { &row["number"] }),
        "issue_title": row["title"],
        "issue_body": otherwise("issue_body", &row["description"]),
        "issue_class": otherwise("issue_class", &row["ticket_type"]),
        "current_stage": stage,
        "status": status,
        "is_stuck": job["no_worker"] == true,
        "workflow_name": otherwise("workflow_name", &job["title"]),
        "workflow_stages": otherwise("workflow_stages", &job["stages"]),
        "model_set": otherwise("model_set", &json!("base")),
        "data_source": otherwise("data_source", &json!("kanban")),
        "error": job["error"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "completed_at": row["completed_at"],
    });
    for name in KEPT {
        if record[name].is_null() {
            record[name] = fields[name].clone();
        }
    }
    record
}

/// Tasks, all or those with a status.
pub fn records(rows: &Value, status: Option<&str>) -> Vec<Value> {
    let rows = rows.as_array().map(Vec::as_slice).unwrap_or_default();
    let records = rows.iter().map(record);
    records.filter(|record| status.is_none_or(|wanted| record["status"] == wanted)).collect()
}

/// What a client sends to create or change a task, as the ticket has it.
#[derive(Debug, Default, PartialEq)]
pub struct TaskFields {
    /// The title.
    pub title: Option<String>,
    /// The description.
    pub description: Option<String>,
    /// feature, bug, chore or patch.
    pub issue_class: Option<String>,
    /// A stage, as a column's word.
    pub stage: Option<String>,
    /// What is kept with the ticket.
    pub kept: Map<String, Value>,
}

/// Reads a task. A title or body that is too short for a ticket is completed; such a body is kept as it was.
pub fn fields(body: &Value) -> TaskFields {
    let text = |name: &str| body[name].as_str().map(str::to_owned);
    let mut read = TaskFields {
        title: text("issue_title").map(|title| title.trim().to_owned()).filter(|title| !title.is_empty()),
        issue_class: text("issue_class").map(|class| class.trim_start_matches('/').to_owned()),
        stage: body["current_stage"].as_str().map(|stage| column_word(stage).to_owned()),
        ..TaskFields::default()
    };
    if let Some(title) = read.title.take_if(|title| title.chars().count() < 3) {
        read.title = Some(format!("Task {title}"));
    }
    if let Some(status) = body["status"].as_str() {
        match status {
            "completed" if read.stage.as_deref().is_none_or(|stage| stage != "ready-to-merge") => {
                read.stage = Some("completed".to_owned());
            }
            "errored" | "failed" => read.stage = Some("errored".to_owned()),
            _ => {}
        }
        read.kept.insert("status".to_owned(), status.into());
    }
    if let Some(issue) = text("issue_body") {
        let is_short = issue.trim().chars().count() < 10;
        let about =
            read.title.as_ref().map_or_else(|| "As its title says.".to_owned(), |title| format!("Work on: {title}"));
        read.description =
            Some(if is_short { format!("{}\n\n{about}", issue.trim()).trim().to_owned() } else { issue.clone() });
        read.kept.insert("issue_body".to_owned(), if is_short { issue.into() } else { Value::Null });
    }
    for name in KEPT {
        if let Some(value) = body.get(name).filter(|value| !value.is_null()) {
            read.kept.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(class) = &read.issue_class {
        read.kept.insert("issue_class".to_owned(), class.as_str().into());
    }
    read
}

/// A line of a transcript as the detail of a stage shows it.
pub fn log_line(row: &Value) -> Value {
    let kind = row["metadata"]["type"].as_str().unwrap_or(row["kind"].as_str().unwrap_or_default());
    json!({"timestamp": row["created_at"], "level": log_level(row["level"].as_str()), "message": row["content"],
        "current_step": row["stage"], "event_category": "response", "event_type": kind, "entry_type": "assistant",
        "subtype": kind, "agent_role": row["sender"], "payload": row["metadata"]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_with_everything_one_of_the_board_and_one_with_a_job() {
        let full = json!({"ticket_id": "ticket-1", "number": 3, "title": "Fix it", "description": "\n\nWork on: Fix it",
            "status": "backlog", "category": "todo", "ticket_type": "bug",
            "custom_fields": {"adw_id": "ab12cd34", "issue_class": "patch", "issue_body": "Now", "branch_name": "fix-it",
                "issue_number": 7, "status": "in_progress", "model_set": "heavy"},
            "created_at": "2026-11-21T10:00:00Z", "updated_at": "2026-11-21T10:00:01Z"});
        let ours = json!({"ticket_id": "ticket-2", "number": 4, "title": "Two", "description": "Made on the board.",
            "status": "done", "category": "done", "ticket_type": "task", "completed_at": "2026-11-21T10:00:02Z"});
        let working = json!({"ticket_id": "ticket-3", "number": 5, "title": "Three", "description": "", "status": "build",
            "category": "active", "ticket_type": "feature", "custom_fields": {"adw_id": "job-1"},
            "job": {"id": "job-1", "status": "queued", "stages": ["build"], "title": "Build it", "no_worker": true}});
        insta::with_settings!({sort_maps => true}, {
            insta::assert_json_snapshot!([record(&full), record(&ours), record(&working)])
        });
        let rows = json!([full, ours, working]);
        assert_eq!(records(&rows, Some("completed")).len(), 1);
        assert_eq!(records(&rows, None).len(), 3);
    }

    #[test]
    fn short_texts_are_completed_and_kept() {
        let read = fields(
            &json!({"issue_title": " X ", "issue_body": "Go", "issue_class": "/bug", "current_stage": "implement",
            "branch_name": "b", "unknown": 1, "worktree_path": null}),
        );
        assert_eq!(read.title.as_deref(), Some("Task X"));
        assert_eq!(read.description.as_deref(), Some("Go\n\nWork on: Task X"));
        assert_eq!((read.issue_class.as_deref(), read.stage.as_deref()), (Some("bug"), Some("build")));
        assert_eq!(Value::from(read.kept), json!({"issue_body": "Go", "branch_name": "b", "issue_class": "bug"}));
        let read = fields(&json!({"issue_body": "Long enough to stand alone.", "status": "completed"}));
        assert_eq!((read.title, read.stage.as_deref()), (None, Some("completed")));
        assert_eq!(read.kept["issue_body"], Value::Null);
        assert_eq!(fields(&json!({})), TaskFields::default());
    }

    #[test]
    fn stages_are_given_named_or_all() {
        assert_eq!(stages("adw_orchestrator", &json!(["plan", "implement"])), ["plan", "build"]);
        assert_eq!(stages("adw_plan_build_iso", &Value::Null), ["plan", "build"]);
        assert_eq!(stages("adw_orchestrator", &json!([])), WORK);
        assert_eq!(stages("adw_patch_iso", &Value::Null), [""; 0]);
        assert_eq!(stages("adw_merge_iso", &Value::Null), ["ready-to-merge"]);
        for (column, category, expected) in [
            ("in_progress", "active", "build"),
            ("todo", "", "backlog"),
            ("done", "", "completed"),
            ("pr", "done", "completed"),
        ] {
            assert_eq!(stage(column, category), expected, "{column}");
        }
    }

    #[test]
    fn ids_have_eight_letters_and_digits_or_are_ours() {
        for (id, ok) in [
            ("testadw1", true),
            ("short", false),
            ("test@123", false),
            ("ünïcödeé", false),
            ("job-x", false),
            ("job-01935f5e-0000-7000-8000-000000000000", true),
        ] {
            assert_eq!(is_task_id(id), ok, "{id}");
        }
    }
}
