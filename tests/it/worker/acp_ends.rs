//! How the stages of agents end: cancelled, stopped, refused, broken, and resumed after the worker's death.

use serde_json::json;

use super::acp::agent;
use super::{Worker, WorkerFixture, gone};
use crate::harness::eventually;
use crate::http::fixtures::text;

#[tokio::test]
async fn cancelling_a_job_cancels_the_turn_and_then_kills() {
    let fixture = WorkerFixture::open("acp_cancel").await;
    let job = fixture.job(json!({"stages": ["build"]})).await;
    let mut worker = fixture.worker(&agent("wait", ""), &["--drain"]);
    fixture.written("ready").await;
    fixture.act(&job, "cancel").await;
    fixture.reaches(&job, "cancelled").await;
    assert_eq!(fixture.read("cancelled"), "cancelled", "the agent was asked to stop");
    assert_eq!(worker.code().await, 0);
    gone(&fixture.processes("pid")).await;
    // An agent that does not react is killed.
    std::fs::remove_file(fixture.path("ready")).expect("a file");
    let job = fixture.job(json!({"stages": ["build"]})).await;
    let mut worker = fixture.worker(&agent("deaf", ""), &["--drain"]);
    fixture.written("ready").await;
    fixture.act(&job, "cancel").await;
    fixture.reaches(&job, "cancelled").await;
    assert_eq!(worker.code().await, 0);
    gone(&fixture.processes("pid")).await;
}

#[tokio::test]
async fn cancelling_a_job_that_waits_ends_its_question() {
    let fixture = WorkerFixture::open("acp_cancel_question").await;
    let job = fixture.job(json!({"stages": ["build"]})).await;
    let mut worker = fixture.worker(&agent("permission", ""), &["--drain"]);
    let asked = fixture.question(&job).await;
    fixture.act(&job, "cancel").await;
    fixture.reaches(&job, "cancelled").await;
    assert_eq!(worker.code().await, 0);
    let path = format!("/api/approvals/{}", text(&asked, "approval_id"));
    assert_eq!(fixture.owner.get(&path).await.ok()["status"], "withdrawn");
    assert!(fixture.transcript_text(&job, "chat").await.contains("The outcome is cancelled."));
}

#[tokio::test]
async fn a_paused_agent_is_stopped_and_continued() {
    let fixture = WorkerFixture::open("acp_pause").await;
    let job = fixture.job(json!({"stages": ["build"]})).await;
    let mut worker = fixture.worker(&agent("wait", ""), &["--drain"]);
    fixture.written("ready").await;
    let process = fixture.processes("pid")[0];
    fixture.act(&job, "pause").await;
    eventually("it is stopped", async || super::state(process) == Some('T')).await;
    fixture.act(&job, "resume").await;
    eventually("it is continued", async || super::state(process) != Some('T')).await;
    fixture.act(&job, "pause").await;
    eventually("it is stopped again", async || super::state(process) == Some('T')).await;
    fixture.act(&job, "cancel").await;
    fixture.reaches(&job, "cancelled").await;
    assert_eq!(fixture.read("cancelled"), "cancelled", "a paused agent is continued to be cancelled");
    assert_eq!(worker.code().await, 0);
}

#[tokio::test]
async fn stop_reasons_and_faults_are_plain_errors() {
    let fixture = WorkerFixture::open("acp_faults").await;
    for (script, part) in [
        ("refusal", "The agent refused to go on."),
        ("max_tokens", "The agent reached its limit of tokens."),
        ("max_turn_requests", "The agent reached its limit of requests in a turn."),
        ("malformed", "The agent sent a message that is not JSON-RPC: {\"jsonrpc\": \"2.0\", \"method\": oh no"),
        ("too-long", "The agent sent a line of more than 8 MiB."),
        ("exit", "The agent of the stage build ended with status 3.\nno more memory"),
        ("not-acp", "The agent of the stage build ended with status 2.\ncannot open the terminal"),
        ("version", "version"),
        ("signed-out", "The agent is not signed in: Authentication required; it offers api-key."),
    ] {
        let job = fixture.job(json!({"stages": ["build"], "max_attempts": 1})).await;
        assert_eq!(fixture.worker(&agent(script, ""), &["--drain"]).code().await, 1, "{script}");
        let failed = fixture.get(&job).await;
        assert_eq!(failed["status"], "failed", "{script}");
        assert!(text(&failed, "error").contains(part), "{script}: {}", failed["error"]);
    }
    gone(&fixture.processes("pid")).await;
    let job = fixture.job(json!({"stages": ["build"]})).await;
    let config = format!("{}auth_method = \"other\"\n", agent("refusal", ""));
    assert_eq!(fixture.worker(&config, &["--drain"]).code().await, 1);
    let error = text(&fixture.get(&job).await, "error");
    assert_eq!(error, "The agent has no way to sign in named other; it offers api-key.");
}

/// Kills a worker while its agent waits for a permission, answers, and starts another worker; returns the job.
async fn answered_between(fixture: &WorkerFixture, script: &str) -> serde_json::Value {
    let job = fixture.job(json!({"stages": ["build"]})).await;
    let mut first: Worker = fixture.worker(&agent(script, ""), &[]);
    let asked = fixture.question(&job).await;
    fixture.reaches(&job, "waiting").await;
    first.signal(libc::SIGKILL);
    first.ends().await;
    gone(&fixture.processes("pid")).await;
    eventually("the lease is gone", async || fixture.get(&job).await["lease_expires_at"].is_null()).await;
    assert_eq!(fixture.get(&job).await["status"], "waiting", "the question stays");
    fixture.answer(&asked, "Always allow").await;
    fixture.set(&job, "not_before = now()").await;
    assert_eq!(fixture.worker(&agent(script, ""), &["--drain"]).code().await, 0);
    let path = format!("/api/approvals?job_id={}", text(&job, "id"));
    let all = fixture.owner.get(&path).await.ok();
    assert_eq!(all["approvals"].as_array().map(Vec::len), Some(1), "nobody is asked twice: {all}");
    assert_eq!(fixture.transcript_text(&job, "chat").await, "The outcome is always.");
    assert_eq!(fixture.get(&job).await["status"], "succeeded");
    job
}

#[tokio::test]
async fn a_session_is_resumed_after_the_death_of_its_worker() {
    let fixture = WorkerFixture::open("acp_resume").await;
    let job = answered_between(&fixture, "permission").await;
    let steps = fixture.transcript_text(&job, "step").await;
    assert!(steps.contains("The agent resumes its session session-"), "{steps}");
    assert!(!steps.contains("REPEATED"), "the past is not written again: {steps}");
    let prompts = fixture.prompts();
    assert_eq!(prompts.len(), 2);
    assert!(prompts[1].contains("Go on with the task where you stopped"), "{prompts:?}");
    assert!(prompts[1].contains("May the agent do this: Delete build/: Always allow"), "{prompts:?}");
    assert!(!prompts[1].contains("Please build it."), "{prompts:?}");
}

#[tokio::test]
async fn an_agent_that_cannot_resume_starts_again_with_the_decision() {
    let fixture = WorkerFixture::open("acp_again").await;
    let job = answered_between(&fixture, "permission-new").await;
    let steps = fixture.transcript_text(&job, "step").await;
    assert!(steps.contains("it starts a new one"), "{steps}");
    let prompts = fixture.prompts();
    assert!(prompts[1].contains("An earlier attempt at this was interrupted"), "{prompts:?}");
    assert!(prompts[1].contains("Please build it."), "{prompts:?}");
}

#[tokio::test]
async fn a_stopped_worker_leaves_the_session_to_the_next() {
    let fixture = WorkerFixture::open("acp_stop").await;
    let job = fixture.job(json!({"stages": ["build"]})).await;
    let mut first = fixture.worker(&agent("wait", "grace_seconds = 0.1"), &[]);
    fixture.written("ready").await;
    first.signal(libc::SIGTERM);
    assert_eq!(first.code().await, 0);
    assert_eq!(fixture.read("cancelled"), "cancelled");
    let back = fixture.get(&job).await;
    assert_eq!((&back["status"], &back["attempt"]), (&json!("queued"), &json!(0)));
    let config = agent("allowed", "");
    assert_eq!(fixture.worker(&config, &["--drain"]).code().await, 0);
    assert!(fixture.transcript_text(&job, "step").await.contains("The agent resumes its session session-"));
}

#[tokio::test]
async fn agents_are_checked_without_a_server() {
    let fixture = WorkerFixture::open("acp_check").await;
    let check = |config: &str| Worker::start(fixture.folder.path(), "http://127.0.0.1:1", None, config, &["--check"]);
    assert_eq!(check(&agent("work", "")).code().await, 0);
    let mut broken = check(&agent("not-acp", ""));
    assert_eq!(broken.code().await, 1);
    let output = broken.logged();
    assert!(output.contains("jobs.task, stage build: The agent ended before it answered."), "{output}");
    assert!(output.contains("cannot open the terminal"), "{output}");
    assert_eq!(check("nonsense = 1").code().await, 2);
    gone(&fixture.processes("pid")).await;
}
