//! File mode: jobs from files, and results next to them.

use serde_json::{Value, json};

use super::WorkerFixture;
use crate::harness::eventually;

impl WorkerFixture {
    /// Writes a temporary file and renames it, so that it appears atomically.
    fn drop_file(&self, name: &str, text: &str) {
        std::fs::write(self.path("beside"), text).expect("a file");
        std::fs::rename(self.path("beside"), self.path("inbox").join(name)).expect("a name");
    }

    fn result(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(&format!("inbox/{name}"))).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    async fn jobs(&self) -> usize {
        let path = format!("/api/jobs?workflow_id={}", self.workflow);
        self.owner.get(&path).await.ok()["jobs"].as_array().expect("jobs").len()
    }

    fn inbox(&self) -> String {
        let inbox = self.path("inbox");
        std::fs::create_dir_all(&inbox).expect("a folder");
        inbox.display().to_string()
    }
}

#[tokio::test]
async fn each_file_becomes_one_job_with_a_result_file() {
    let fixture = WorkerFixture::open("worker_inbox").await;
    let inbox = fixture.inbox();
    let config = r#"
        workflow = "Delivery"
        concurrency = 2
        [jobs.task]
        command = 'cat "$CALLBOARD_PROMPT_FILE"'
        [jobs.broken]
        command = "exit 64"
        no_retry_codes = [64]
    "#;
    fixture.drop_file("good.json", r#"{"title": "From a file", "description": "legacy format"}"#);
    fixture.drop_file("fails.json", r#"{"prompt": "x", "type": "broken"}"#);
    fixture.drop_file("refused.json", r#"{"prompt": "x", "max_attempts": 0}"#);
    fixture.drop_file("unknown.json", r#"{"prompt": "x", "colour": "red"}"#);
    fixture.drop_file("notes.txt", "not a job");
    fixture.drop_file(".hidden.json", "{}");
    assert_eq!(fixture.worker(config, &["--drain", "--inbox", &inbox]).code().await, 1);
    let done = fixture.result("done/good.result.json");
    assert_eq!((&done["status"], &done["title"]), (&json!("succeeded"), &json!("From a file")));
    assert_eq!(fixture.transcript_text(&done, "log").await, "legacy format");
    assert!(done["ticket_id"].is_string());
    assert_eq!(fixture.result("failed/fails.result.json")["error"], "The command ended with status 64.");
    assert_eq!(fixture.result("failed/refused.error.json")["errors"][0]["field"], "max_attempts");
    let unknown = fixture.result("failed/unknown.error.json");
    assert!(unknown["error"].as_str().expect("a sentence").contains("colour"), "{unknown}");
    for place in ["done/good.json", "failed/fails.json", "failed/refused.json", "notes.txt", ".hidden.json"] {
        assert!(fixture.path("inbox").join(place).is_file(), "{place}");
    }
    assert_eq!(std::fs::read_dir(fixture.path("inbox/working")).expect("a folder").count(), 0);
    assert_eq!(fixture.jobs().await, 2);
}

#[tokio::test]
async fn incomplete_files_wait_and_invalid_ones_are_moved_aside() {
    let fixture = WorkerFixture::open("worker_halves").await;
    let inbox = fixture.inbox();
    let file = fixture.path("inbox/slow.json");
    std::fs::write(&file, r#"{"title": "Half"#).expect("a file");
    std::fs::write(fixture.path("inbox/bad.json"), "no JSON at all").expect("a file");
    let _worker = fixture.worker("workflow = 'Delivery'\n[jobs.task]\ncommand = 'true'", &["--inbox", &inbox]);
    // The folders exist before the first scan; once a later file is done, this one has been scanned.
    eventually("the folders", async || fixture.path("inbox/failed").is_dir()).await;
    fixture.drop_file("other.json", r#"{"title": "Other"}"#);
    eventually("the other", async || fixture.path("inbox/done/other.json").is_file()).await;
    std::fs::write(&file, r#"{"title": "Half", "initial_prompt": "and the other half"}"#).expect("a file");
    eventually("the slow one", async || fixture.path("inbox/done/slow.json").is_file()).await;
    assert_eq!(fixture.result("done/slow.result.json")["initial_prompt"], "and the other half");
    // The file has not changed for five seconds.
    eventually("the bad one", async || fixture.path("inbox/failed/bad.json").is_file()).await;
    assert!(fixture.result("failed/bad.error.json")["error"].as_str().expect("a sentence").contains("not valid JSON"));
    assert_eq!(fixture.jobs().await, 2);
}

#[tokio::test]
async fn a_restarted_worker_finds_the_jobs_of_its_files() {
    let fixture = WorkerFixture::open("worker_halfway").await;
    let inbox = fixture.inbox();
    let config = r#"
        workflow = "Delivery"
        lease_seconds = 5
        [jobs.task]
        command = 'echo once >> runs; echo ready > ready; while [ ! -e go ]; do sleep 0.05; done'
    "#;
    fixture.drop_file("long.json", r#"{"title": "Long"}"#);
    let mut worker = fixture.worker(config, &["--inbox", &inbox]);
    fixture.written("ready").await;
    assert!(fixture.path("inbox/working/long.json").is_file());
    worker.signal(libc::SIGKILL);
    worker.ends().await;
    // The worker may have died before or after writing the result; the next one handles both cases alike.
    std::fs::write(fixture.path("go"), "").expect("a file");
    let path = format!("/api/jobs?workflow_id={}", fixture.workflow);
    let job = fixture.owner.get(&path).await.ok()["jobs"][0].clone();
    fixture.reaches(&job, "queued").await;
    fixture.set(&job, "not_before = now()").await;
    assert_eq!(fixture.worker(config, &["--drain", "--inbox", &inbox]).code().await, 0);
    assert_eq!(fixture.result("done/long.result.json")["id"], job["id"]);
    assert_eq!(fixture.jobs().await, 1);
    assert_eq!(fixture.read("runs").lines().count(), 2, "killed once midway, then run to the end");
}
