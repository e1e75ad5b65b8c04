//! Failing commands: exit statuses, time limits, missing commands, and which failures are retried.

use serde_json::json;

use super::{WorkerFixture, gone};
use crate::http::fixtures::text;

#[tokio::test]
async fn failures_are_retried_from_the_same_stage() {
    let fixture = WorkerFixture::open("worker_retry").await;
    let job = fixture.job(json!({"stages": ["plan", "build"], "max_attempts": 2})).await;
    let config = r#"
        [[jobs.task.stage]]
        name = "plan"
        command = 'echo planned >> plans; echo "@callboard commit 1234abcd planned"'
        [[jobs.task.stage]]
        name = "build"
        command = 'echo "attempt $CALLBOARD_ATTEMPT"; echo "no nails" >&2; [ -e nails ] || exit 3'
    "#;
    assert_eq!(fixture.worker(config, &["--drain"]).code().await, 1);
    let failed = fixture.get(&job).await;
    assert_eq!(
        (&failed["status"], &failed["stage"], &failed["attempt"]),
        (&json!("queued"), &json!("build"), &json!(1))
    );
    assert_eq!(failed["error"], "The stage build ended with status 3.\nno nails");
    std::fs::write(fixture.path("nails"), "").expect("a file");
    fixture.set(&job, "not_before = now()").await;
    assert_eq!(fixture.worker(config, &["--drain"]).code().await, 0);
    let done = fixture.get(&job).await;
    assert_eq!((&done["status"], &done["attempt"]), (&json!("succeeded"), &json!(2)));
    // Commits of the first attempt count.
    assert_eq!(done["commit_sha"], "1234abcd");
    assert_eq!(fixture.read("plans"), "planned", "the finished stage is not repeated");
}

#[tokio::test]
async fn the_last_failure_is_final_and_some_statuses_are_not_retried() {
    let fixture = WorkerFixture::open("worker_final").await;
    let last = fixture.job(json!({"job_type": "last", "max_attempts": 1})).await;
    let hopeless = fixture.job(json!({"job_type": "hopeless"})).await;
    let absent = fixture.job(json!({"job_type": "absent"})).await;
    let unknown = fixture.job(json!({"job_type": "unknown", "stages": ["plan"]})).await;
    let killed = fixture.job(json!({"job_type": "killed", "max_attempts": 1})).await;
    let config = r#"
        no_retry_codes = [64]
        [jobs.last]
        command = "echo the reason; exit 1"
        [jobs.hopeless]
        command = "exit 64"
        [jobs.absent]
        command = ["./is-not-there"]
        [jobs.killed]
        command = "kill -9 $$"
        [[jobs.unknown.stage]]
        name = "build"
        command = "true"
    "#;
    assert_eq!(fixture.worker(config, &["--drain"]).code().await, 1);
    for (job, part) in [
        (&last, "The command ended with status 1.\nthe reason"),
        (&hopeless, "The command ended with status 64."),
        (&absent, "The command ./is-not-there cannot be started"),
        (&unknown, "This worker has no command for the stage plan of unknown."),
        (&killed, "The command was killed by a signal."),
    ] {
        let job = fixture.get(job).await;
        assert_eq!((&job["status"], &job["attempt"]), (&json!("failed"), &json!(1)), "{job}");
        assert!(text(&job, "error").starts_with(part), "{}", job["error"]);
        assert_eq!(fixture.ticket(&job).await["status"], "errored");
    }
}

#[tokio::test]
async fn a_stage_timeout_kills_all_its_processes() {
    let fixture = WorkerFixture::open("worker_timeout").await;
    let job = fixture.job(json!({"stages": ["plan"], "max_attempts": 1})).await;
    let config = r#"
        kill_seconds = 0.2
        [jobs.task]
        timeout_seconds = 0.7
        command = '''
            echo before
            sh -c 'trap "" TERM; echo $$ >> pids; while :; do sleep 1; done' &
            echo $$ >> pids
            wait
        '''
    "#;
    assert_eq!(fixture.worker(config, &["--drain"]).code().await, 1);
    let job = fixture.get(&job).await;
    assert_eq!(job["error"], "The stage plan took longer than 0.7 s and was stopped.");
    assert_eq!(fixture.transcript_text(&job, "log").await, "before");
    gone(&fixture.processes("pids")).await;
}

#[tokio::test]
async fn background_processes_end_with_their_command() {
    let fixture = WorkerFixture::open("worker_leftovers").await;
    let job = fixture.job(json!({})).await;
    let config = "[jobs.task]\ncommand = 'sleep 1000 & echo $! > pids; echo done'";
    assert_eq!(fixture.worker(config, &["--once"]).code().await, 0);
    assert_eq!(fixture.get(&job).await["status"], "succeeded");
    assert_eq!(fixture.transcript_text(&job, "log").await, "done");
    gone(&fixture.processes("pids")).await;
}
