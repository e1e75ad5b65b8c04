//! What the programs that work for a workflow board report, as states, lines and activities of a ticket.

use serde_json::{Map, Value, json};

use super::column_word;

/// The longest line that is kept, in characters.
const MAX_LINE: usize = 8000;
/// The largest data that is kept with a report, in bytes of JSON.
const MAX_DATA: usize = 16 * 1024;

/// The longest path of a file that is kept, in characters.
const MAX_PATH: usize = 1000;

/// A report, as `logic.record_workflow_board_report` takes it.
#[derive(Debug, PartialEq)]
pub struct Report {
    /// The task.
    pub adw_id: String,
    /// The stage that the task enters.
    pub state: Option<String>,
    /// A line of the transcript.
    pub line: Option<String>,
    /// debug, info, warning or error.
    pub level: &'static str,
    /// The event of the ticket: its `event`, `message`, `phase`, `category` and `metadata`.
    pub report: Value,
    /// Fields of the task that the report sets.
    pub fields: Map<String, Value>,
}

/// How the clients write a level.
pub fn log_level(level: Option<&str>) -> &'static str {
    match level.unwrap_or_default().to_ascii_lowercase().as_str() {
        "error" | "critical" => "ERROR",
        "warning" | "warn" => "WARNING",
        "success" => "SUCCESS",
        _ => "INFO",
    }
}

/// Reads a report of a kind, which is the last part of its address; none if it does not name its task.
pub fn report(kind: &str, body: &Value) -> Option<Report> {
    // Updates and agents' states wrap what they say.
    let data = if kind == "workflow-updates" || kind == "agent-state-update" { &body["data"] } else { body };
    let adw_id = body["adw_id"].as_str().or_else(|| data["adw_id"].as_str()).filter(|id| !id.is_empty())?.to_owned();
    let text = |name: &str| data[name].as_str().map(str::trim).filter(|text| !text.is_empty());
    let level = match log_level(text("level")) {
        "ERROR" => "error",
        "WARNING" => "warning",
        _ => "info",
    };
    let event = body["event_type"].as_str().unwrap_or_default();
    let (state, line) = match kind {
        "workflow-updates" if body["type"] == "status_update" => (state_of_update(data), None),
        "workflow-updates" => (None, text("message").map(str::to_owned)),
        "stage-event" => (state_of_event(event, data), text("message").map(str::to_owned)),
        "workflow-phase-transition" => (text("phase_to").map(|phase| column_word(phase).to_owned()), None),
        "agent-output-chunk" => (None, text("content").map(str::to_owned)),
        "agent-state-update" => (None, Some(line_of_agent(event, data))),
        "screenshot-available" => (None, text("screenshot_path").map(|path| format!("Screenshot: {path}"))),
        "spec-created" => (None, text("spec_path").map(|path| format!("Specification: {path}"))),
        _ => (None, text("message").map(str::to_owned)),
    };
    let is_progress = kind == "workflow-updates" && body["type"] == "status_update";
    let message = line.clone().or_else(|| text("message").map(str::to_owned)).map(cut);
    let mut kept = if data.to_string().len() <= MAX_DATA { data.clone() } else { json!({"cut": true}) };
    if !kept.is_object() {
        kept = json!({});
    }
    kept["reported_as"] = kind.into();
    kept["type"] = match event {
        "tool_execution_pre" | "tool_execution_post" => "tool_use".into(),
        "thinking" => "thinking".into(),
        _ => kept["type"].take(),
    };
    let phase = text("current_step").or_else(|| text("stage_name")).or_else(|| text("status"));
    let report = json!({
        "event": if is_progress { "progress" } else { "activity" },
        "phase": phase.unwrap_or("reported").chars().take(200).collect::<String>(),
        "category": kind,
        "message": message.clone().unwrap_or_else(|| format!("Reported {}.", kind.replace('-', " "))),
        "metadata": kept,
    });
    // The specification that was written is the plan of the task.
    let plan = text("spec_path").filter(|path| kind == "spec-created" && path.chars().count() <= MAX_PATH);
    let fields = plan.map(|path| ("plan_file".to_owned(), path.into())).into_iter().collect();
    Some(Report { adw_id, state, line: message.filter(|_| !is_progress), level, report, fields })
}

/// The stage that an update means: a failure, or the one that its step names (`Stage: Build`).
fn state_of_update(data: &Value) -> Option<String> {
    if data["status"] == "failed" {
        return Some("errored".to_owned());
    }
    let step = data["current_step"].as_str()?.strip_prefix("Stage:")?.trim().to_lowercase();
    Some(column_word(&step).to_owned())
}

/// The stage that a stage's event leads to.
fn state_of_event(event: &str, data: &Value) -> Option<String> {
    let named = |name: &str| data[name].as_str().map(str::trim).filter(|stage| !stage.is_empty());
    let to = match event {
        "stage_started" => named("to_stage").or_else(|| named("stage_name")),
        "stage_failed" | "workflow_failed" => Some("errored"),
        "workflow_completed" => named("to_stage").or(Some("ready-to-merge")),
        "stage_completed" | "stage_skipped" => named("to_stage").or_else(|| named("next_stage")),
        _ => named("to_stage"),
    };
    to.map(|stage| column_word(&stage.to_lowercase()).to_owned())
}

/// What an agent does, in a line.
fn line_of_agent(event: &str, data: &Value) -> String {
    let text = |name: &str| data[name].as_str().filter(|text| !text.is_empty());
    let said = text("content").or_else(|| text("message")).or_else(|| text("summary"));
    match (event, text("tool_name"), text("file_path")) {
        (_, Some(tool), _) if event.ends_with("_post") => format!("{tool} has finished."),
        (_, Some(tool), _) => format!("Uses {tool}."),
        (_, _, Some(path)) => format!("{} {path}", text("operation").unwrap_or("file")),
        _ => said.map_or_else(|| event.replace('_', " "), str::to_owned),
    }
}

fn cut(text: String) -> String {
    text.char_indices().nth(MAX_LINE).map(|(end, _)| text[..end].to_owned()).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_report() {
        let adw = "ab12cd34";
        let update = |kind: &str, data: Value| ("workflow-updates", json!({"type": kind, "data": data}));
        let table = [
            update(
                "workflow_log",
                json!({"adw_id": adw, "workflow_name": "adw_plan", "message": "Reading", "level": "SUCCESS"}),
            ),
            update(
                "status_update",
                json!({"adw_id": adw, "status": "in_progress", "message": "Half", "progress_percent": 50, "current_step": "Stage: Build"}),
            ),
            update("status_update", json!({"adw_id": adw, "status": "failed", "message": "It broke"})),
            (
                "stage-event",
                json!({"adw_id": adw, "workflow_name": "w", "from_stage": "plan", "to_stage": "implement", "message": "On"}),
            ),
            (
                "stage-event",
                json!({"adw_id": adw, "event_type": "stage_completed", "stage_name": "plan", "next_stage": "build"}),
            ),
            ("stage-event", json!({"adw_id": adw, "event_type": "workflow_completed", "stage_name": "document"})),
            ("stage-event", json!({"adw_id": adw, "event_type": "stage_failed", "stage_name": "test"})),
            (
                "agent-state-update",
                json!({"adw_id": adw, "event_type": "tool_execution_pre", "data": {"tool_name": "Bash", "input": null}}),
            ),
            (
                "agent-state-update",
                json!({"adw_id": adw, "event_type": "file_operation", "data": {"operation": "write", "file_path": "a.py"}}),
            ),
            ("agent-state-update", json!({"adw_id": adw, "event_type": "thinking", "data": {"content": "Hm."}})),
            ("agent-state-update", json!({"adw_id": adw, "event_type": "log_entry", "data": null})),
            (
                "workflow-phase-transition",
                json!({"adw_id": adw, "phase_from": "plan", "phase_to": "build", "metadata": {}}),
            ),
            ("agent-output-chunk", json!({"adw_id": adw, "agent_role": "planner", "content": "Some output"})),
            ("screenshot-available", json!({"adw_id": adw, "screenshot_path": "a.png"})),
            ("spec-created", json!({"adw_id": adw, "spec_path": "specs/a.md"})),
        ];
        let read: Vec<Value> = table
            .iter()
            .map(|(kind, body)| {
                let report = report(kind, body).expect("a report");
                json!({"kind": kind, "state": report.state, "line": report.line, "level": report.level, "report": report.report,
                    "fields": report.fields})
            })
            .collect();
        insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!(read) });
    }

    #[test]
    fn a_report_names_its_task_and_is_cut() {
        assert_eq!(report("stage-event", &json!({"adw_id": ""})), None);
        assert_eq!(report("workflow-updates", &json!([])), None);
        let long =
            report("agent-output-chunk", &json!({"adw_id": "a", "content": "é".repeat(40_000)})).expect("a report");
        assert_eq!(long.line.map(|line| line.chars().count()), Some(MAX_LINE));
        assert_eq!(long.report["metadata"]["cut"], true);
    }
}
