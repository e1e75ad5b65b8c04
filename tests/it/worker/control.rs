//! Interventions and faults during a job: cancel, pause, questions, lost leases, and workers that are stopped
//! or killed.

use serde_json::{Value, json};

use super::{Worker, WorkerFixture, gone, state};
use crate::harness::eventually;
use crate::http::fixtures::text;

/// Records its process id and that of a child that ignores SIGTERM, then waits forever.
const IGNORES_SIGTERM: &str = r#"
    lease_seconds = 5
    kill_seconds = 0.2
    [jobs.task]
    command = '''
        sh -c 'trap "" TERM; echo $$ >> pids; while :; do sleep 1; done' &
        echo $$ >> pids
        while [ "$(wc -l < pids)" -lt 2 ]; do sleep 0.05; done
        echo ready > ready
        wait
    '''
"#;

/// A file whose command finishes the same job at once.
const FINISHES_AT_ONCE: &str = "name = 'second'\n[jobs.task]\ncommand = 'echo done by another'";

#[tokio::test]
async fn cancelling_a_job_kills_its_command_and_all_its_processes() {
    let fixture = WorkerFixture::open("worker_cancel").await;
    let job = fixture.job(json!({})).await;
    // The next heartbeat is due in twenty minutes, so only a notification can stop the command.
    let patient = IGNORES_SIGTERM.replace("lease_seconds = 5", "lease_seconds = 3600");
    let mut worker = fixture.worker(&patient, &["--drain"]);
    fixture.written("ready").await;
    fixture.act(&job, "cancel").await;
    fixture.reaches(&job, "cancelled").await;
    gone(&fixture.processes("pids")).await;
    assert_eq!(worker.code().await, 0, "a cancelled job is not a failure");
}

#[tokio::test]
async fn a_paused_job_is_suspended_and_resumed() {
    let fixture = WorkerFixture::open("worker_pause").await;
    let job = fixture.job(json!({})).await;
    let config = r#"
        lease_seconds = 15
        timeout_seconds = 60
        [jobs.task]
        command = '''
            echo $$ > pids; echo ready > ready
            while [ ! -e go ]; do sleep 0.05; done
            echo gone on
        '''
    "#;
    let mut worker = fixture.worker(config, &["--drain"]);
    fixture.written("ready").await;
    let process = fixture.processes("pids")[0];
    fixture.act(&job, "pause").await;
    eventually("it is stopped", async || state(process) == Some('T')).await;
    std::fs::write(fixture.path("go"), "").expect("a file");
    // Heartbeats continue and keep the lease.
    let expiry = text(&fixture.get(&job).await, "lease_expires_at");
    eventually("the lease is extended", async || text(&fixture.get(&job).await, "lease_expires_at") > expiry).await;
    assert_eq!(state(process), Some('T'));
    fixture.act(&job, "resume").await;
    assert_eq!(worker.code().await, 0);
    let done = fixture.get(&job).await;
    assert_eq!((&done["status"], &done["attempt"]), (&json!("succeeded"), &json!(1)));
    assert_eq!(fixture.transcript_text(&job, "log").await, "gone on");
}

#[tokio::test]
async fn a_question_is_answered_through_a_file() {
    let fixture = WorkerFixture::open("worker_ask").await;
    let job = fixture.job(json!({"stages": ["plan", "review"]})).await;
    let config = r#"
        lease_seconds = 5
        [[jobs.task.stage]]
        name = "plan"
        command = 'echo "@callboard ask \"Which colour?\" red blue"; echo planned'
        [[jobs.task.stage]]
        name = "review"
        command = 'echo "reviewed: $(tr -d "\n" < "$CALLBOARD_ANSWERS")"'
    "#;
    let mut worker = fixture.worker(config, &["--drain"]);
    fixture.reaches(&job, "waiting").await;
    let path = format!("/api/approvals?job_id={}", text(&job, "id"));
    let asked = fixture.owner.get(&path).await.ok()["approvals"][0].clone();
    assert_eq!((&asked["question"], &asked["options"]), (&json!("Which colour?"), &json!(["red", "blue"])));
    // The first stage has ended; the next one waits for the answer.
    eventually("the first stage has ended", async || fixture.transcript_text(&job, "log").await.contains("planned"))
        .await;
    let path = format!("/api/approvals/{}/answer", text(&asked, "approval_id"));
    assert!(!fixture.transcript_text(&job, "log").await.contains("reviewed"));
    fixture.owner.post(&path, json!({"answer": "blue"})).await.ok();
    assert_eq!(worker.code().await, 0);
    let output = fixture.transcript_text(&job, "log").await;
    let answers = output.lines().find_map(|line| line.strip_prefix("reviewed: ")).expect("a review");
    let answers: Value = serde_json::from_str(answers).expect("the answers");
    assert_eq!((&answers[0]["question"], &answers[0]["answer"]), (&json!("Which colour?"), &json!("blue")));
    assert_eq!(fixture.columns(&job).await, ["plan", "review", "shipped"]);
}

#[tokio::test]
async fn a_lost_lease_ends_the_command_and_stops_all_writes() {
    let fixture = WorkerFixture::open("worker_lost").await;
    let job = fixture.job(json!({"max_attempts": 1})).await;
    let config = r#"
        lease_seconds = 5
        kill_seconds = 60
        [jobs.task]
        command = '''
            trap 'echo never output; echo "@callboard commit abcdef12"' TERM
            echo $$ > pids; echo ready > ready
            while :; do sleep 0.1; done
        '''
    "#;
    let worker = fixture.worker(config, &[]);
    fixture.written("ready").await;
    let before = fixture.transcript(&job, "log").await.len();
    fixture.set(&job, "lease_expires_at = now() - interval '1 second'").await;
    let failed = fixture.reaches(&job, "failed").await;
    // The command is killed at once, without the grace period set in the file.
    gone(&fixture.processes("pids")).await;
    eventually("the worker has been notified", async || worker.logged().contains("the lease was lost")).await;
    assert_eq!(fixture.transcript(&job, "log").await.len(), before);
    assert_eq!(fixture.get(&job).await["updated_at"], failed["updated_at"]);
    // The worker continues with the next job.
    std::fs::remove_file(fixture.path("ready")).expect("a file");
    let next = fixture.job(json!({})).await;
    fixture.written("ready").await;
    assert_eq!(fixture.get(&next).await["status"], "running");
}

#[tokio::test]
async fn a_worker_suspended_past_its_lease_is_rejected() {
    let fixture = WorkerFixture::open("worker_frozen").await;
    let job = fixture.job(json!({})).await;
    let config = r#"
        lease_seconds = 5
        [jobs.task]
        command = '''
            echo $$ > pids; echo ready > ready
            while [ ! -e go ]; do sleep 0.05; done
            echo "@callboard commit abcdef12"; echo "too late"; sleep 1000
        '''
    "#;
    let worker = fixture.worker(config, &[]);
    fixture.written("ready").await;
    worker.signal(libc::SIGSTOP);
    fixture.reaches(&job, "queued").await;
    fixture.set(&job, "not_before = now()").await;
    assert_eq!(fixture.worker(FINISHES_AT_ONCE, &["--drain"]).code().await, 0);
    std::fs::write(fixture.path("go"), "").expect("a file");
    worker.signal(libc::SIGCONT);
    gone(&fixture.processes("pids")).await;
    eventually("the worker has been notified", async || worker.logged().contains("the lease was lost")).await;
    let done = fixture.get(&job).await;
    assert_eq!((&done["worker"], &done["commit_sha"]), (&json!("second"), &Value::Null));
    assert_eq!(fixture.transcript_text(&job, "log").await, "done by another");
}

#[tokio::test]
async fn a_stopped_worker_releases_its_job_to_another() {
    let fixture = WorkerFixture::open("worker_stop").await;
    let job = fixture.job(json!({"stages": ["plan", "build"]})).await;
    let first = format!("grace_seconds = 0.3\n{}", IGNORES_SIGTERM.replace("[jobs.task]", "[jobs.task]\n"));
    let mut worker = fixture.worker(&first, &[]);
    fixture.written("ready").await;
    worker.signal(libc::SIGTERM);
    assert_eq!(worker.code().await, 0);
    gone(&fixture.processes("pids")).await;
    let back = fixture.get(&job).await;
    assert_eq!((&back["status"], &back["stage"], &back["attempt"]), (&json!("queued"), &json!("plan"), &json!(0)));
    assert_eq!(fixture.worker(FINISHES_AT_ONCE, &["--drain"]).code().await, 0);
    let done = fixture.get(&job).await;
    assert_eq!(
        (&done["status"], &done["attempt"], &done["worker"]),
        (&json!("succeeded"), &json!(1), &json!("second"))
    );
}

#[tokio::test]
async fn a_stage_that_ends_within_the_grace_period_is_not_repeated() {
    let fixture = WorkerFixture::open("worker_grace").await;
    let job = fixture.job(json!({"stages": ["plan", "build"]})).await;
    let config = r#"
        grace_seconds = 60
        [jobs.task]
        command = '''
            echo "$CALLBOARD_STAGE" >> stages; echo ready > ready
            while [ ! -e go ]; do sleep 0.05; done
        '''
    "#;
    let mut worker = fixture.worker(config, &[]);
    fixture.written("ready").await;
    worker.signal(libc::SIGTERM);
    eventually("the shutdown was logged", async || worker.logged().contains("worker stopping")).await;
    std::fs::write(fixture.path("go"), "").expect("a file");
    assert_eq!(worker.code().await, 0);
    let back = fixture.get(&job).await;
    assert_eq!((&back["status"], &back["stage"]), (&json!("queued"), &json!("build")));
    assert_eq!(fixture.worker(config, &["--drain"]).code().await, 0);
    assert_eq!(fixture.read("stages"), "plan\nbuild");
}

#[tokio::test]
async fn a_killed_worker_leaves_no_processes_and_another_finishes() {
    let fixture = WorkerFixture::open("worker_killed").await;
    let job = fixture.job(json!({})).await;
    let mut worker = fixture.worker(IGNORES_SIGTERM, &[]);
    fixture.written("ready").await;
    worker.signal(libc::SIGKILL);
    worker.ends().await;
    gone(&fixture.processes("pids")).await;
    // The lease of five seconds expires.
    fixture.reaches(&job, "queued").await;
    fixture.set(&job, "not_before = now()").await;
    assert_eq!(fixture.worker(FINISHES_AT_ONCE, &["--drain"]).code().await, 0);
    let done = fixture.get(&job).await;
    assert_eq!(
        (&done["status"], &done["attempt"], &done["worker"]),
        (&json!("succeeded"), &json!(2), &json!("second"))
    );
    assert_eq!(fixture.transcript_text(&job, "log").await, "done by another");
}

#[tokio::test]
async fn a_second_signal_ends_the_worker_and_its_commands_at_once() {
    let fixture = WorkerFixture::open("worker_twice").await;
    fixture.job(json!({})).await;
    let mut worker = fixture.worker(&format!("grace_seconds = 600\n{IGNORES_SIGTERM}"), &[]);
    fixture.written("ready").await;
    worker.signal(libc::SIGINT);
    eventually("the shutdown was logged", async || worker.logged().contains("worker stopping")).await;
    worker.signal(libc::SIGINT);
    assert_eq!(worker.code().await, 130);
    gone(&fixture.processes("pids")).await;
}

#[tokio::test]
async fn a_revoked_key_ends_the_worker_and_its_commands() {
    let fixture = WorkerFixture::open("worker_revoked").await;
    fixture.job(json!({})).await;
    let mut worker: Worker = fixture.worker(&format!("poll_seconds = 0.2\nconcurrency = 2\n{IGNORES_SIGTERM}"), &[]);
    fixture.written("ready").await;
    fixture.server.sql("update api_keys set revoked_at = now()", &[]).await;
    assert_eq!(worker.code().await, 1);
    assert!(worker.logged().contains("The server does not accept the key"), "{}", worker.logged());
    gone(&fixture.processes("pids")).await;
}
