//! The file mode of workflow boards: triggers start tasks, and the state is where their tools look for it.

use serde_json::{Value, json};

use super::WorkerFixture;
use crate::harness::eventually;

const CONFIG: &str = r#"
    workflow = "Delivery"
    [jobs.feature]
    command = 'cat "$CALLBOARD_PROMPT_FILE" > prompt; echo "@callboard progress 40 Halfway"'
    [jobs.bug]
    [[jobs.bug.stage]]
    name = "plan"
    command = "true"
    [[jobs.bug.stage]]
    name = "implement"
    command = 'echo ready > ready; while [ ! -e go ]; do sleep 0.05; done; exit $(cat go)'
    no_retry_codes = [64]
"#;

impl WorkerFixture {
    /// Writes a task and its trigger as a board's pages do.
    fn trigger(&self, id: &str, task: Value) {
        let (adws, agent) = (self.path("agentics/adws"), self.path("agentics/agents").join(id));
        std::fs::create_dir_all(&adws).expect("a folder");
        std::fs::create_dir_all(&agent).expect("a folder");
        let mut task = task;
        task["adw_id"] = id.into();
        std::fs::write(agent.join("state.json"), task.to_string()).expect("a task");
        let trigger = json!({"adw_id": id, "action": "execute", "task_file": format!("../agents/{id}/state.json"),
            "created_at": "2026-11-21T10:00:00Z", "status": "pending"});
        std::fs::write(adws.join(format!("trigger_{id}.json")), trigger.to_string()).expect("a trigger");
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(&format!("agentics/{name}"))).unwrap_or_default()
    }

    fn flags(&self) -> [String; 4] {
        [
            "--inbox".to_owned(),
            self.path("agentics").display().to_string(),
            "--inbox-layout".to_owned(),
            "adw".to_owned(),
        ]
    }

    async fn jobs_listed(&self) -> Vec<Value> {
        let path = format!("/api/jobs?workflow_id={}", self.workflow);
        self.owner.get(&path).await.ok()["jobs"].as_array().expect("jobs").clone()
    }
}

#[tokio::test]
async fn a_trigger_becomes_a_job_and_its_state_is_written() {
    let fixture = WorkerFixture::open("worker_adw").await;
    fixture.trigger(
        "adw_17_a",
        json!({"title": "A calendar", "description": "Show the rehearsals.", "type": "feature", "priority": "urgent",
            "stages": ["plan", "implement"], "workflow_status": "initialized", "ui_metadata": {"browser": "b"}}),
    );
    std::fs::write(fixture.path("agentics/adws/other.json"), "{}").expect("a file");
    std::fs::write(fixture.path("agentics/adws/trigger_bad.json"), r#"{"adw_id": "../../x"}"#).expect("a file");
    std::fs::write(fixture.path("agentics/adws/trigger_gone.json"), r#"{"adw_id": "gone"}"#).expect("a file");
    fixture.trigger("adw_17_b", json!({"title": "Soon", "priority": "yesterday"}));
    let flags = fixture.flags();
    let flags: Vec<&str> = flags.iter().map(String::as_str).chain(["--drain"]).collect();
    assert_eq!(fixture.worker(CONFIG, &flags).code().await, 1);

    let jobs = fixture.jobs_listed().await;
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    assert_eq!((&jobs[0]["title"], &jobs[0]["priority"]), (&json!("A calendar"), &json!("critical")));
    assert_eq!(fixture.read("prompt"), "Show the rehearsals.");
    let state = fixture.json("agents/adw_17_a/state.json");
    assert_eq!((&state["workflow_status"], &state["progress"]), (&json!("completed"), &json!(100.0)), "{state}");
    assert_eq!((&state["current_stage"], &state["ui_metadata"]["browser"]), (&json!("completed"), &json!("b")));
    assert!(state["overall_status"].is_null(), "its programs refuse unknown members: {state}");
    let polled = fixture.json("agents/adw_17_a/adw_state.json");
    assert_eq!(
        (&polled["overall_status"], &polled["completed_stages"]),
        (&json!("completed"), &json!(["plan", "implement"]))
    );
    assert_eq!((&polled["total_stages"], &polled["completed"]), (&json!(2), &json!(true)));
    let lines: Vec<&str> =
        polled["logs"].as_array().expect("lines").iter().filter_map(|line| line["message"].as_str()).collect();
    assert!(lines.contains(&"Entered the stage implement."), "{lines:?}");
    assert_eq!(fixture.json("adws/done/trigger_adw_17_a.result.json")["status"], "succeeded");

    // What cannot be started is answered in both places.
    for name in ["bad", "gone", "adw_17_b"] {
        assert!(fixture.json(&format!("adws/failed/trigger_{name}.error.json"))["error"].is_string(), "{name}");
    }
    for id in ["gone", "adw_17_b"] {
        let polled = fixture.json(&format!("agents/{id}/adw_state.json"));
        assert_eq!(polled["overall_status"], "failed", "{polled}");
    }
    assert!(fixture.path("agentics/adws/other.json").is_file());
    assert!(!fixture.path("agentics/adws/trigger_adw_17_a.json").exists());
}

#[tokio::test]
async fn the_state_follows_the_stages_over_a_restart() {
    let fixture = WorkerFixture::open("worker_adw_restart").await;
    fixture.trigger(
        "ab12cd34",
        json!({"title": "It breaks", "description": "Mend it.", "type": "bug", "stages": ["plan", "implement"]}),
    );
    let flags = fixture.flags();
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let config = format!("lease_seconds = 5\n{CONFIG}");
    let mut worker = fixture.worker(&config, &flags);
    fixture.written("ready").await;
    let polled = || fixture.json("agents/ab12cd34/adw_state.json");
    eventually("the second stage", async || polled()["current_stage"] == "build").await;
    assert_eq!(polled()["completed_stages"], json!(["plan"]));
    assert_eq!(fixture.json("agents/ab12cd34/state.json")["current_stage"], "implement");
    worker.signal(libc::SIGKILL);
    worker.ends().await;
    std::fs::write(fixture.path("go"), "64").expect("a file");
    let job = fixture.jobs_listed().await.remove(0);
    fixture.reaches(&job, "queued").await;
    fixture.set(&job, "not_before = now()").await;
    let flags: Vec<&str> = flags.into_iter().chain(["--drain"]).collect();
    assert_eq!(fixture.worker(&config, &flags).code().await, 1);
    assert_eq!((&polled()["overall_status"], &polled()["failed_stages"]), (&json!("failed"), &json!(["implement"])));
    assert!(polled()["error_message"].as_str().is_some_and(|error| error.contains("64")), "{}", polled());
    assert_eq!(fixture.jobs_listed().await.len(), 1);
}

#[tokio::test]
async fn a_stop_signal_cancels_the_job() {
    let fixture = WorkerFixture::open("worker_adw_stop").await;
    fixture.trigger("ab12cd34", json!({"title": "It breaks", "type": "bug", "stages": ["implement"]}));
    let flags = fixture.flags();
    let flags: Vec<&str> = flags.iter().map(String::as_str).chain(["--drain"]).collect();
    let mut worker = fixture.worker(CONFIG, &flags);
    fixture.written("ready").await;
    std::fs::write(fixture.path("agentics/agents/ab12cd34/stop_signal.txt"), "STOP").expect("a signal");
    assert_eq!(worker.code().await, 1);
    assert_eq!(fixture.json("agents/ab12cd34/state.json")["workflow_status"], "cancelled");
    assert_eq!(fixture.json("agents/ab12cd34/adw_state.json")["overall_status"], "failed");
    assert!(!fixture.path("agentics/agents/ab12cd34/stop_signal.txt").exists());
}
