//! Broken connections to the server: output is delivered once, and results are not lost.

use serde_json::{Value, json};

use super::{Worker, WorkerFixture};
use crate::harness::eventually;
use crate::rust_client::faulty_proxy::FaultyProxy;

impl WorkerFixture {
    /// The numbers of the output lines `line 1`, `line 2`… that have arrived.
    async fn numbers(&self, job: &Value) -> Vec<usize> {
        let output = self.transcript_text(job, "log").await;
        output.lines().filter_map(|line| line.strip_prefix("line ")?.parse().ok()).collect()
    }
}

#[tokio::test]
async fn output_arrives_once_despite_lost_responses_and_an_outage() {
    let fixture = WorkerFixture::open("worker_lines").await;
    let job = fixture.job(json!({"stages": ["plan", "build"]})).await;
    let proxy = FaultyProxy::to(&fixture.server.url).await;
    let config = r#"
        [jobs.task]
        command = '''
            [ "$CALLBOARD_STAGE" = plan ] || { echo built > built; exit 0; }
            i=0
            while [ ! -e enough ]; do i=$((i+1)); echo "line $i"; sleep 0.02; done
            while [ ! -e away ]; do sleep 0.02; done
            j=0
            while [ $j -lt 500 ]; do j=$((j+1)); i=$((i+1)); echo "line $i"; done
            echo $i > last
        '''
    "#;
    let key = fixture.agent.token.as_deref();
    let mut worker = Worker::start(fixture.folder.path(), &proxy.url, key, config, &["--drain"]);
    for _ in 0..5 {
        let before = fixture.numbers(&job).await.len();
        proxy.drop_responses(1);
        eventually("more has arrived", async || {
            proxy.responses_to_drop() == 0 && fixture.numbers(&job).await.len() > before + 20
        })
        .await;
    }
    std::fs::write(fixture.path("enough"), "").expect("a file");
    // The server is unreachable while the command prints the rest and exits, and returns before the lease expires.
    proxy.disconnect();
    std::fs::write(fixture.path("away"), "").expect("a file");
    let last: usize = fixture.written("last").await.parse().expect("a number");
    assert!(fixture.numbers(&job).await.len() < last && !fixture.path("built").exists());
    proxy.redirect_to(&fixture.server.url);
    assert_eq!(worker.code().await, 0);
    assert_eq!(fixture.numbers(&job).await, (1..=last).collect::<Vec<_>>());
    let done = fixture.get(&job).await;
    assert_eq!((&done["status"], &done["attempt"]), (&json!("succeeded"), &json!(1)));
}

#[tokio::test]
async fn each_job_runs_once_in_random_cuts() {
    let fixture = WorkerFixture::open("worker_cuts").await;
    let rounds = std::env::var("CALLBOARD_CUT_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(40);
    let total: usize = (rounds / 5).max(8);
    let mut jobs = Vec::new();
    for _ in 0..total {
        jobs.push(fixture.job(json!({})).await);
    }
    let proxy = FaultyProxy::to(&fixture.server.url).await;
    proxy.cut_at_random(100);
    let config = r#"
        concurrency = 4
        poll_seconds = 0.5
        [jobs.task]
        command = 'echo "$CALLBOARD_JOB_ID" >> ran; echo "line 1"; echo "line 2"'
    "#;
    let key = fixture.agent.token.as_deref();
    let worker = Worker::start(fixture.folder.path(), &proxy.url, key, config, &[]);
    for job in &jobs {
        fixture.reaches(job, "succeeded").await;
    }
    let ran = fixture.read("ran");
    let different: std::collections::BTreeSet<&str> = ran.lines().collect();
    assert_eq!((ran.lines().count(), different.len()), (total, total));
    for job in &jobs {
        assert_eq!(fixture.numbers(job).await, [1, 2]);
        assert_eq!(fixture.get(job).await["attempt"], 1);
    }
    drop(worker);
}

#[tokio::test]
async fn an_app_is_stored_and_an_unreadable_one_is_reported() {
    let fixture = WorkerFixture::open("worker_app").await;
    let job = fixture.job(json!({"title": "A map shop"})).await;
    let config = r##"
        [jobs.task]
        command = '''
            echo "not JSON" > broken.json
            echo '{"pages": 3}' > spec.json
            echo "# Map shop" > prd.md
            echo "@callboard app missing.json"
            echo "@callboard app broken.json"
            echo "@callboard app spec.json prd.md"
        '''
    "##;
    assert_eq!(fixture.worker(config, &["--once"]).code().await, 0);
    let path = format!("/api/apps/by-job/{}", job["id"].as_str().expect("an id"));
    let app = fixture.owner.get(&path).await.ok();
    assert_eq!((&app["spec"], &app["prd_markdown"]), (&json!({"pages": 3}), &json!("# Map shop\n")));
    let output = fixture.transcript_text(&job, "step").await;
    assert!(
        output.contains("missing.json of the app cannot be read") && output.contains("broken.json is not valid JSON"),
        "{output}"
    );
}
