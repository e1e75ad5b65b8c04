//! The folders of a workflow board's file mode. A file `adws/trigger_<id>.json` starts the task in `agents/<id>/state.json`. Beside
//! the task stands how far it is: `state.json` for the programs that work with it, `adw_state.json` for the pages that poll it. A file
//! `stop_signal.txt` there asks to stop.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};

use super::{MAX_FILE_BYTES, read_text, write_json};
use crate::client::watch::Event;
use crate::domain::jobs::{CreateJob, JobStatus, JobSummary};
use crate::domain::tickets::Priority;

/// How many log lines the files keep, the newest.
const MAX_LINES: usize = 100;
/// How long a log line may be, in characters.
const MAX_LINE: usize = 500;
/// The stages of a task that names none.
const STAGES: [&str; 2] = ["plan", "implement"];
/// The members of `state.json` that are the task's own. Its programs refuse unknown ones.
const TASK: [&str; 13] = [
    "adw_id",
    "title",
    "description",
    "type",
    "priority",
    "stages",
    "created_at",
    "project_context",
    "execution_mode",
    "triggered_at",
    "kanban_integration",
    "trigger_source",
    "ui_metadata",
];

/// Whether a file is a trigger.
pub(super) fn is_trigger(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().starts_with("trigger_"))
}

/// The files of one task.
#[derive(Debug)]
pub(super) struct TaskFiles {
    folder: PathBuf,
    id: String,
    task: Map<String, Value>,
    job: Option<JobSummary>,
    lines: VecDeque<Value>,
    /// Whether there is something that the files do not have yet.
    changed: bool,
}

impl TaskFiles {
    /// The files of the task that a trigger names.
    pub fn of_trigger(root: &Path, trigger: &str) -> Result<Self, String> {
        let trigger: Value =
            serde_json::from_str(trigger).map_err(|error| format!("The file is not valid JSON: {error}"))?;
        let is_id = |id: &&str| {
            (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
        };
        let id = trigger["adw_id"].as_str().filter(is_id);
        let id = id.ok_or("The field adw_id must have 1 to 64 letters, digits, _ or -")?.to_owned();
        if trigger["action"].as_str().is_some_and(|action| action != "execute") {
            return Err("The field action must be execute".to_owned());
        }
        let expected = format!("../agents/{id}/state.json");
        if trigger["task_file"].as_str().is_some_and(|file| file != expected) {
            return Err(format!("The field task_file must be {expected}"));
        }
        let folder = root.join("agents").join(&id);
        // A worker before this one may have written lines.
        let written: Value = read_text(&folder.join("adw_state.json"))
            .ok()
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default();
        let lines = written["logs"].as_array().into_iter().flatten().take(MAX_LINES).cloned().collect();
        Ok(Self { folder, id, task: Map::new(), job: None, lines, changed: false })
    }

    /// Reads the task, as the job to create.
    pub fn read_task(&mut self) -> Result<CreateJob, String> {
        let file = self.folder.join("state.json");
        let size =
            std::fs::metadata(&file).map_err(|_| format!("There is no file agents/{}/state.json", self.id))?.len();
        if size > MAX_FILE_BYTES {
            return Err("The file state.json is larger than 2 MiB".to_owned());
        }
        let task: Map<String, Value> = serde_json::from_str(&read_text(&file)?)
            .map_err(|error| format!("The file state.json is not a JSON object: {error}"))?;
        let job = job_of(&self.id, &task)?;
        self.task = task;
        Ok(job)
    }

    /// Takes what an event says about the job; changes of its status and stage are written at once.
    pub fn note(&mut self, event: &Event) {
        let (job, message) = (&event.data["job"], &event.data["message"]);
        let text = match event.kind.as_str() {
            "job_message" if message["kind"] != "log" => message["content"].as_str().map(str::to_owned),
            "job_stage" => job["stage"].as_str().map(|stage| format!("Entered the stage {stage}.")),
            "job_status" => job["status"].as_str().map(|status| format!("The job is {status}.")),
            _ => None,
        };
        if let Some(text) = text {
            let stage = job["stage"].as_str().or(message["stage"].as_str()).unwrap_or_default();
            let level = message["level"].as_str().unwrap_or("info");
            self.lines.push_back(json!({"timestamp": event.timestamp, "level": level, "stage": stage,
                "message": text.chars().take(MAX_LINE).collect::<String>()}));
            while self.lines.len() > MAX_LINES {
                self.lines.pop_front();
            }
            self.changed = true;
        }
        if let Ok(job) = serde_json::from_value::<JobSummary>(job.clone()) {
            self.job = Some(job);
            self.changed = true;
        }
        if matches!(event.kind.as_str(), "job_stage" | "job_status") {
            self.flush();
        }
    }

    /// Writes how far the job is.
    pub fn write(&mut self, job: &JobSummary) {
        self.job = Some(job.clone());
        self.changed = true;
        self.flush();
    }

    /// Writes what has changed since the last time.
    pub fn flush(&mut self) {
        if let Some(job) = self.job.as_ref().filter(|_| self.changed) {
            let state = state(&self.task, job, &self.lines);
            self.changed = false;
            self.save(&state);
        }
    }

    /// Writes that the task could not be started.
    pub fn fail(&mut self, error: &str) {
        let mut state = Value::Object(self.task.clone());
        state["workflow_status"] = "failed".into();
        state["error_message"] = error.into();
        state["adw_id"] = self.id.as_str().into();
        state["updated_at"] = jiff::Timestamp::now().to_string().into();
        state["stages"] = stages(&self.task).into();
        self.save(&state);
    }

    fn save(&self, state: &Value) {
        let saved = std::fs::create_dir_all(&self.folder)
            .and_then(
                |()| if self.task.is_empty() { Ok(()) } else { write_json(&self.folder.join("state.json"), state) },
            )
            .and_then(|()| write_json(&self.folder.join("adw_state.json"), &polled(state)));
        if let Err(error) = saved {
            tracing::error!(%error, task = self.id, "the state of a task could not be written");
        }
    }

    /// Whether somebody asked to stop the task since the last time.
    pub fn take_stop_signal(&self) -> bool {
        std::fs::remove_file(self.folder.join("stop_signal.txt")).is_ok()
    }
}

/// The stages of a task.
fn stages(task: &Map<String, Value>) -> Vec<String> {
    match task.get("stages").and_then(Value::as_array).filter(|stages| !stages.is_empty()) {
        Some(stages) => stages.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        None => STAGES.map(str::to_owned).to_vec(),
    }
}

/// The job for a task.
fn job_of(id: &str, task: &Map<String, Value>) -> Result<CreateJob, String> {
    let text = |name: &str| task.get(name).and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    if text("adw_id").is_some_and(|own| own != id) {
        return Err(format!("The field adw_id of state.json must be {id}"));
    }
    let prompt = text("description").or(text("title")).ok_or("The task has neither a title nor a description")?;
    let priority = match text("priority") {
        None | Some("medium") => Priority::Medium,
        Some("low") => Priority::Low,
        Some("high") => Priority::High,
        Some("urgent" | "critical") => Priority::Critical,
        Some(other) => return Err(format!("The field priority must be low, medium, high or urgent, not {other}")),
    };
    let mut payload = json!({"adw_id": id});
    if let Some(context) = task.get("project_context").filter(|context| !context.is_null()) {
        payload["project_context"] = context.clone();
    }
    Ok(CreateJob {
        title: text("title").map(str::to_owned),
        initial_prompt: Some(prompt.to_owned()),
        job_type: Some(text("type").unwrap_or("feature").to_owned()),
        stages: Some(stages(task)),
        priority: Some(priority),
        payload: Some(payload),
        ..CreateJob::default()
    })
}

/// The task with its state, as the programs keep it in `state.json`.
fn state(task: &Map<String, Value>, job: &JobSummary, lines: &VecDeque<Value>) -> Value {
    let status = match job.status {
        JobStatus::Collecting | JobStatus::Queued => "pending",
        JobStatus::Running | JobStatus::Paused | JobStatus::Waiting => "executing",
        JobStatus::Succeeded => "completed",
        JobStatus::Failed => "failed",
        JobStatus::Cancelled => "cancelled",
    };
    let current = job.stage.as_deref().unwrap_or_default();
    let reached = job.stages.iter().position(|stage| stage == current).unwrap_or(0);
    let succeeded = job.status == JobStatus::Succeeded;
    let done = if succeeded { job.stages.as_slice() } else { &job.stages[..reached] };
    let stopped = matches!(job.status, JobStatus::Failed | JobStatus::Cancelled);
    let failed: Vec<&str> = if stopped && !current.is_empty() { vec![current] } else { Vec::new() };
    let action = match job.status {
        JobStatus::Succeeded => "Task execution completed",
        JobStatus::Paused => "Paused",
        JobStatus::Waiting => "Waiting for a decision",
        _ => job.progress_message.as_str(),
    };
    let mut state: Map<String, Value> = task.clone();
    state.retain(|name, _| TASK.contains(&name.as_str()));
    let own = json!({
        "workflow_status": status,
        "current_stage": if succeeded { "completed" } else { current },
        "completed_stages": done,
        "failed_stages": failed,
        "current_action": action,
        "progress": if succeeded { 100.0 } else { job.progress },
        "stages": stages(task),
        "updated_at": job.updated_at,
        "logs": lines,
        "metrics": {"attempt": job.attempt},
        "error_message": job.error,
    });
    state.extend(own.as_object().cloned().unwrap_or_default());
    state.into()
}

/// The state as the pages poll it: they look for `overall_status`, and know only some names of stages.
fn polled(state: &Value) -> Value {
    let mut polled = state.clone();
    polled["overall_status"] = match state["workflow_status"].as_str() {
        // The pages poll until one of two words.
        Some("cancelled") => "failed".into(),
        _ => state["workflow_status"].clone(),
    };
    if state["current_stage"] == "implement" {
        polled["current_stage"] = "build".into();
    }
    polled["total_stages"] = state["stages"].as_array().map_or(0, Vec::len).into();
    polled["completed"] = (state["workflow_status"] == "completed").into();
    polled["data_source"] = "kanban".into();
    polled["issue_json"] = json!({"title": state["title"], "body": state["description"]});
    polled
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(status: &str, stage: Option<&str>) -> JobSummary {
        let job = json!({"job_id": "job-1", "workflow_id": "w", "ticket_id": null, "title": "T", "job_type": "feature", "status": status,
            "stages": ["plan", "implement"], "stage": stage, "progress": 40.0, "progress_message": "Half", "attempt": 1,
            "max_attempts": 3, "worker": null, "agent_id": null, "error": null, "updated_at": "2026-11-21T10:00:00Z"});
        serde_json::from_value(job).expect("a job")
    }

    #[test]
    fn states_in_both_files() {
        let task = json!({"adw_id": "adw_1", "title": "T", "colour": "red"});
        let task = task.as_object().expect("an object");
        for (status, stage, word, overall, shown, done, failed) in [
            ("queued", None, "pending", "pending", "", json!([]), json!([])),
            ("running", Some("plan"), "executing", "executing", "plan", json!([]), json!([])),
            ("waiting", Some("implement"), "executing", "executing", "build", json!(["plan"]), json!([])),
            ("failed", Some("implement"), "failed", "failed", "build", json!(["plan"]), json!(["implement"])),
            ("cancelled", Some("plan"), "cancelled", "failed", "plan", json!([]), json!(["plan"])),
            (
                "succeeded",
                Some("implement"),
                "completed",
                "completed",
                "completed",
                json!(["plan", "implement"]),
                json!([]),
            ),
        ] {
            let state = state(task, &summary(status, stage), &VecDeque::new());
            let polled = polled(&state);
            assert_eq!(
                (&state["workflow_status"], &polled["overall_status"]),
                (&json!(word), &json!(overall)),
                "{status}"
            );
            assert_eq!((&state["completed_stages"], &state["failed_stages"]), (&done, &failed), "{status}");
            assert_eq!((&polled["current_stage"], &polled["total_stages"]), (&json!(shown), &json!(2)), "{status}");
            assert_eq!(state["colour"], Value::Null);
        }
    }

    #[test]
    fn triggers_lead_to_their_own_task_only() {
        let of =
            |trigger: Value| TaskFiles::of_trigger(Path::new("/nowhere"), &trigger.to_string()).map(|files| files.id);
        assert_eq!(
            of(json!({"adw_id": "adw_1_x", "action": "execute", "task_file": "../agents/adw_1_x/state.json"})),
            Ok("adw_1_x".to_owned())
        );
        for wrong in [
            json!([]),
            json!({"adw_id": "../x"}),
            json!({"adw_id": ""}),
            json!({"adw_id": "a", "action": "delete"}),
            json!({"adw_id": "a", "task_file": "/etc/passwd"}),
        ] {
            assert!(of(wrong.clone()).is_err(), "{wrong}");
        }
    }
}
