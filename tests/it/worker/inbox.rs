//! The file mode: jobs from files, and results beside them.

use serde_json::{Value, json};

use super::Shop;
use crate::house::eventually;

impl Shop {
    /// Writes a file beside and renames it, as programs should.
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
async fn each_file_becomes_one_job_and_its_result_lies_beside_it() {
    let shop = Shop::open("worker_inbox").await;
    let inbox = shop.inbox();
    let config = r#"
        workflow = "Delivery"
        concurrency = 2
        [jobs.task]
        command = 'cat "$CALLBOARD_PROMPT_FILE"'
        [jobs.broken]
        command = "exit 64"
        no_retry_codes = [64]
    "#;
    shop.drop_file("good.json", r#"{"title": "From a file", "description": "as older programs say"}"#);
    shop.drop_file("fails.json", r#"{"prompt": "x", "type": "broken"}"#);
    shop.drop_file("refused.json", r#"{"prompt": "x", "max_attempts": 0}"#);
    shop.drop_file("unknown.json", r#"{"prompt": "x", "colour": "red"}"#);
    shop.drop_file("notes.txt", "not a job");
    shop.drop_file(".hidden.json", "{}");
    assert_eq!(shop.worker(config, &["--drain", "--inbox", &inbox]).code().await, 1);
    let done = shop.result("done/good.result.json");
    assert_eq!((&done["status"], &done["title"]), (&json!("succeeded"), &json!("From a file")));
    assert_eq!(shop.said(&done, "log").await, "as older programs say");
    assert!(done["ticket_id"].is_string());
    assert_eq!(shop.result("failed/fails.result.json")["error"], "The command ended with status 64.");
    assert_eq!(shop.result("failed/refused.error.json")["errors"][0]["field"], "max_attempts");
    let unknown = shop.result("failed/unknown.error.json");
    assert!(unknown["error"].as_str().expect("a sentence").contains("colour"), "{unknown}");
    for place in ["done/good.json", "failed/fails.json", "failed/refused.json", "notes.txt", ".hidden.json"] {
        assert!(shop.path("inbox").join(place).is_file(), "{place}");
    }
    assert_eq!(std::fs::read_dir(shop.path("inbox/working")).expect("a folder").count(), 0);
    assert_eq!(shop.jobs().await, 2);
}

#[tokio::test]
async fn a_file_that_is_still_being_written_is_waited_for_and_a_bad_one_is_put_aside() {
    let shop = Shop::open("worker_halves").await;
    let inbox = shop.inbox();
    let file = shop.path("inbox/slow.json");
    std::fs::write(&file, r#"{"title": "Half"#).expect("a file");
    std::fs::write(shop.path("inbox/bad.json"), "no JSON at all").expect("a file");
    let _worker = shop.worker("workflow = 'Delivery'\n[jobs.task]\ncommand = 'true'", &["--inbox", &inbox]);
    // The folders are made before the first look; by the time a later file is done, this one was looked at.
    eventually("the folders", async || shop.path("inbox/failed").is_dir()).await;
    shop.drop_file("other.json", r#"{"title": "Other"}"#);
    eventually("the other", async || shop.path("inbox/done/other.json").is_file()).await;
    std::fs::write(&file, r#"{"title": "Half", "initial_prompt": "and the other half"}"#).expect("a file");
    eventually("the slow one", async || shop.path("inbox/done/slow.json").is_file()).await;
    assert_eq!(shop.result("done/slow.result.json")["initial_prompt"], "and the other half");
    // Nobody wrote to it for five seconds.
    eventually("the bad one", async || shop.path("inbox/failed/bad.json").is_file()).await;
    assert!(shop.result("failed/bad.error.json")["error"].as_str().expect("a sentence").contains("not valid JSON"));
    assert_eq!(shop.jobs().await, 2);
}

#[tokio::test]
async fn a_worker_that_starts_again_finds_the_jobs_of_the_files_it_had_taken() {
    let shop = Shop::open("worker_halfway").await;
    let inbox = shop.inbox();
    let config = r#"
        workflow = "Delivery"
        lease_seconds = 5
        [jobs.task]
        command = 'echo once >> runs; echo ready > ready; while [ ! -e go ]; do sleep 0.05; done'
    "#;
    shop.drop_file("long.json", r#"{"title": "Long"}"#);
    let mut worker = shop.worker(config, &["--inbox", &inbox]);
    shop.written("ready").await;
    assert!(shop.path("inbox/working/long.json").is_file());
    worker.signal(libc::SIGKILL);
    worker.ends().await;
    // It died between the result and the file's last move, or before; the next one cannot know, and need not.
    std::fs::write(shop.path("go"), "").expect("a file");
    let path = format!("/api/jobs?workflow_id={}", shop.workflow);
    let job = shop.owner.get(&path).await.ok()["jobs"][0].clone();
    shop.reaches(&job, "queued").await;
    shop.set(&job, "not_before = now()").await;
    assert_eq!(shop.worker(config, &["--drain", "--inbox", &inbox]).code().await, 0);
    assert_eq!(shop.result("done/long.result.json")["id"], job["id"]);
    assert_eq!(shop.jobs().await, 1);
    assert_eq!(shop.read("runs").lines().count(), 2, "killed in the middle, and once to the end");
}
