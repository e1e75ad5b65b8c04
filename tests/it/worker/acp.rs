//! Agents that speak the Agent Client Protocol: what they report, what they may do, and what people decide for them.

use serde_json::{Value, json};

use super::WorkerFixture;
use crate::harness::eventually;
use crate::http::fixtures::text;

/// A stage `build` with the scripted agent, and more options.
pub fn agent(script: &str, more: &str) -> String {
    let program = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/acp_agent.py");
    format!(
        "lease_seconds = 5\nkill_seconds = 1\n{more}\n[[jobs.task.stage]]\nname = \"build\"\nkind = \"acp\"\n\
         command = [\"python3\", \"{program}\", \"{script}\"]\n"
    )
}

impl WorkerFixture {
    /// Waits for the pending question of a job.
    pub async fn question(&self, job: &Value) -> Value {
        let path = format!("/api/approvals?status=pending&job_id={}", text(job, "id"));
        let mut asked = Value::Null;
        eventually("a question is asked", async || {
            asked = self.owner.get(&path).await.ok()["approvals"][0].clone();
            asked.is_object()
        })
        .await;
        asked
    }

    /// Answers a question.
    pub async fn answer(&self, asked: &Value, answer: &str) {
        let path = format!("/api/approvals/{}/answer", text(asked, "approval_id"));
        self.owner.post(&path, json!({"answer": answer})).await.ok();
    }

    /// Every prompt that the agent has received.
    pub fn prompts(&self) -> Vec<String> {
        self.read("prompts").lines().map(|line| serde_json::from_str(line).expect("a prompt")).collect()
    }

    /// The last message from the worker to the agent with this method.
    fn received(&self, method: &str) -> Value {
        let all = self.read("received.jsonl");
        let mut messages = all.lines().map(|line| serde_json::from_str::<Value>(line).expect("a message"));
        messages.rfind(|message| message["method"] == method).unwrap_or_default()
    }
}

#[tokio::test]
async fn an_agent_works_and_a_person_permits() {
    let fixture = WorkerFixture::open("acp_work").await;
    std::fs::write(fixture.path("greet.txt"), "hello").expect("a file");
    let job = fixture.job(json!({"stages": ["plan", "build"], "payload": {"colour": "red"}})).await;
    let config = format!(
        "{}prompt = \"Use small commits.\"\nmcp = true\n[[jobs.task.stage]]\nname = \"plan\"\ncommand = \"true\"\n",
        agent("work", "[environment]\nAPI_TOKEN = \"tok-0815\"")
    );
    let mut worker = fixture.worker(&config, &["--drain"]);
    let asked = fixture.question(&job).await;
    assert_eq!(asked["question"], "May the agent do this: Write greet.txt with [redacted]");
    assert_eq!(asked["options"], json!(["Allow once", "Always allow", "Reject"]));
    assert!(text(&asked, "context").contains("rm -r build"), "{asked}");
    let waiting = fixture.reaches(&job, "waiting").await;
    // The lease is kept while a person thinks, and the agent is not stopped.
    let expiry = text(&waiting, "lease_expires_at");
    eventually("the lease is extended", async || text(&fixture.get(&job).await, "lease_expires_at") > expiry).await;
    assert_ne!(super::state(fixture.processes("pid")[0]), Some('T'));
    fixture.answer(&asked, "allow once").await;
    assert_eq!(worker.code().await, 0);

    let done = fixture.get(&job).await;
    assert_eq!((&done["status"], &done["commit_sha"]), (&json!("succeeded"), &json!("abcdef12")));
    assert_eq!(fixture.read("new/greet.txt"), "hello by name");
    assert_eq!(
        fixture.transcript_text(&job, "chat").await,
        "I read the file first.\nDone: yes. The token is [redacted]."
    );
    let chat = &fixture.transcript(&job, "chat").await[0];
    assert_eq!((&chat["role"], &chat["sender"]), (&json!("assistant"), &json!("Scripted agent")));
    let log = fixture.transcript_text(&job, "log").await;
    for part in
        ["Let me think.", "[x] Read\n[>] Write", "a line outside of the protocol", "a warning on standard error"]
    {
        assert!(log.contains(part), "{log}");
    }
    let steps = fixture.transcript_text(&job, "step").await;
    for part in [
        "Scripted agent starts the session session-",
        "Read greet.txt\n",
        "Read greet.txt: completed\nhello",
        "Permission for “Write greet.txt with [redacted]”: Allow once (",
        "Run the tests: failed",
        "Scripted agent ended its turn (end_turn).",
    ] {
        assert!(steps.contains(part), "{part}: {steps}");
    }
    let end = fixture.transcript(&job, "step").await;
    let usage = end.iter().find_map(|step| step["metadata"]["acp"].get("usage").cloned()).expect("usage");
    assert_eq!((&usage["turn"]["totalTokens"], &usage["context"]["used"]), (&json!(42), &json!(1200)));
    assert_eq!(fixture.columns(&job).await, ["plan", "build", "shipped"]);
    let prompt = &fixture.prompts()[0];
    for part in ["# Build it", "Please build it.", "Use small commits.", "stage build", "\"colour\": \"red\"", "TKT-1"]
    {
        assert!(prompt.contains(part), "{part}: {prompt}");
    }
    let opened = fixture.received("session/new");
    let server = &opened["params"]["mcpServers"][0];
    assert_eq!((&server["type"], &server["name"]), (&json!("http"), &json!("callboard")));
    assert_eq!(server["url"], format!("{}/mcp", fixture.server.url));
    let bearer = format!("Bearer {}", fixture.agent.token.as_deref().expect("a key"));
    assert_eq!(server["headers"], json!([{"name": "Authorization", "value": bearer}]));
    let capabilities = &fixture.received("initialize")["params"]["clientCapabilities"];
    assert_eq!(capabilities["fs"], json!({"readTextFile": true, "writeTextFile": true}));
    assert!(!capabilities["terminal"].as_bool().unwrap_or(false), "terminals are not offered");
}

#[tokio::test]
async fn rejections_and_remarks_reach_the_agent() {
    let fixture = WorkerFixture::open("acp_reject").await;
    let job = fixture.job(json!({"stages": ["build"]})).await;
    let mut worker = fixture.worker(&agent("permission", "pass_key = true"), &["--drain"]);
    let asked = fixture.question(&job).await;
    // A text that is no option rejects, and the agent receives it.
    fixture.answer(&asked, "Move it to attic/ instead").await;
    assert_eq!(worker.code().await, 0);
    let chat = fixture.transcript_text(&job, "chat").await;
    assert!(chat.starts_with("The outcome is no."), "{chat}");
    assert!(chat.contains("I received: About “Delete build/”, a person wrote: Move it to attic/ instead"), "{chat}");
    // `mcp` follows `pass_key`; this agent has no MCP over HTTP.
    assert_eq!(fixture.received("session/new")["params"]["mcpServers"], json!([]));
    assert!(fixture.transcript_text(&job, "step").await.contains("cannot use MCP servers over HTTP"));
}

#[tokio::test]
async fn an_agent_that_stops_after_a_rejection_is_not_tried_again() {
    let fixture = WorkerFixture::open("acp_stops").await;
    let job = fixture.job(json!({"stages": ["build"]})).await;
    let mut worker = fixture.worker(&agent("stops", ""), &["--drain"]);
    let asked = fixture.question(&job).await;
    let path = format!("/api/approvals/{}/reject", text(&asked, "approval_id"));
    fixture.owner.post(&path, json!({})).await.ok();
    assert_eq!(worker.code().await, 1);
    let failed = fixture.get(&job).await;
    assert_eq!(failed["status"], "failed");
    assert_eq!(failed["error"], "The agent stopped because it was not permitted to go on.");
}

#[tokio::test]
async fn permissions_can_be_allowed_or_denied_without_asking() {
    let fixture = WorkerFixture::open("acp_preset").await;
    for (permissions, outcome) in [("allow", "yes"), ("deny", "no")] {
        let job = fixture.job(json!({"stages": ["build"]})).await;
        let config = format!("{}permissions = \"{permissions}\"\n", agent("permission", ""));
        assert_eq!(fixture.worker(&config, &["--drain"]).code().await, 0);
        assert_eq!(fixture.transcript_text(&job, "chat").await, format!("The outcome is {outcome}."));
        let path = format!("/api/approvals?job_id={}", text(&job, "id"));
        assert_eq!(fixture.owner.get(&path).await.ok()["approvals"], json!([]));
    }
}

#[tokio::test]
async fn an_expired_question_cancels_the_request() {
    let fixture = WorkerFixture::open("acp_expired").await;
    let job = fixture.job(json!({"stages": ["build"]})).await;
    let mut worker = fixture.worker(&agent("permission", ""), &["--drain"]);
    let asked = fixture.question(&job).await;
    let soon = "update approvals set expires_at = now() + interval '100 milliseconds' where id = $1";
    fixture.server.sql(soon, &[&text(&asked, "approval_id")]).await;
    assert_eq!(worker.code().await, 0);
    assert_eq!(fixture.transcript_text(&job, "chat").await, "The outcome is cancelled.");
    assert!(fixture.transcript_text(&job, "step").await.contains("Permission for “Delete build/”: expired"));
}

#[tokio::test]
async fn files_outside_of_the_directory_are_out_of_reach() {
    let fixture = WorkerFixture::open("acp_escape").await;
    let job = fixture.job(json!({"stages": ["build"]})).await;
    std::fs::create_dir(fixture.path("project")).expect("a folder");
    std::fs::write(fixture.path("outside.txt"), "outside").expect("a file");
    std::os::unix::fs::symlink(fixture.path("outside.txt"), fixture.path("project/link.txt")).expect("a link");
    let mut worker = fixture.worker(&agent("escape", "directory = \"project\""), &["--drain"]);
    assert_eq!(worker.code().await, 0);
    let chat = fixture.transcript_text(&job, "chat").await;
    assert_eq!(chat.matches("is outside of the stage's directory").count(), 3, "{chat}");
    assert!(chat.contains("must be an absolute path without") && chat.contains("terminal: -32601"), "{chat}");
    assert!(!chat.contains("allowed"), "{chat}");
    assert_eq!(fixture.read("outside.txt"), "outside");
}
