//! People and faults in the middle of a job: cancelling, pausing, asking, lost leases, workers that are stopped
//! or killed.

use serde_json::{Value, json};

use super::{Shop, Worker, gone, state};
use crate::house::eventually;
use crate::http::stage::text;

/// Notes its process and that of a child that ignores SIGTERM, then waits for ever.
const STUBBORN: &str = r#"
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

/// The same job done at once.
const QUICK: &str = "name = 'second'\n[jobs.task]\ncommand = 'echo done by another'";

#[tokio::test]
async fn a_cancelled_job_takes_its_command_and_all_it_started_with_it() {
    let shop = Shop::open("worker_cancel").await;
    let job = shop.job(json!({})).await;
    // The next heartbeat by itself would be in twenty minutes: it is told.
    let patient = STUBBORN.replace("lease_seconds = 5", "lease_seconds = 3600");
    let mut worker = shop.worker(&patient, &["--drain"]);
    shop.written("ready").await;
    shop.act(&job, "cancel").await;
    shop.reaches(&job, "cancelled").await;
    gone(&shop.processes("pids")).await;
    assert_eq!(worker.code().await, 0, "a cancelled job is none that failed");
}

#[tokio::test]
async fn a_paused_job_stands_still_and_goes_on() {
    let shop = Shop::open("worker_pause").await;
    let job = shop.job(json!({})).await;
    let config = r#"
        lease_seconds = 5
        timeout_seconds = 60
        [jobs.task]
        command = '''
            echo $$ > pids; echo ready > ready
            while [ ! -e go ]; do sleep 0.05; done
            echo gone on
        '''
    "#;
    let mut worker = shop.worker(config, &["--drain"]);
    shop.written("ready").await;
    let process = shop.processes("pids")[0];
    shop.act(&job, "pause").await;
    eventually("it is stopped", async || state(process) == Some('T')).await;
    std::fs::write(shop.path("go"), "").expect("a file");
    // Heartbeats go on meanwhile: the claim is kept.
    let expiry = text(&shop.get(&job).await, "lease_expires_at");
    eventually("the lease is extended", async || text(&shop.get(&job).await, "lease_expires_at") > expiry).await;
    assert_eq!(state(process), Some('T'));
    shop.act(&job, "resume").await;
    assert_eq!(worker.code().await, 0);
    let done = shop.get(&job).await;
    assert_eq!((&done["status"], &done["attempt"]), (&json!("succeeded"), &json!(1)));
    assert_eq!(shop.said(&job, "log").await, "gone on");
}

#[tokio::test]
async fn a_question_to_a_person_is_answered_in_the_commands_file() {
    let shop = Shop::open("worker_ask").await;
    let job = shop.job(json!({"stages": ["plan", "review"]})).await;
    let config = r#"
        lease_seconds = 5
        [[jobs.task.stage]]
        name = "plan"
        command = 'echo "@callboard ask \"Which colour?\" red blue"; echo planned'
        [[jobs.task.stage]]
        name = "review"
        command = 'echo "reviewed: $(tr -d "\n" < "$CALLBOARD_ANSWERS")"'
    "#;
    let mut worker = shop.worker(config, &["--drain"]);
    shop.reaches(&job, "waiting").await;
    let path = format!("/api/approvals?job_id={}", text(&job, "id"));
    let asked = shop.owner.get(&path).await.ok()["approvals"][0].clone();
    assert_eq!((&asked["question"], &asked["options"]), (&json!("Which colour?"), &json!(["red", "blue"])));
    // The first stage has ended; the next does not begin before somebody has answered.
    eventually("the first stage has ended", async || shop.said(&job, "log").await.contains("planned")).await;
    let path = format!("/api/approvals/{}/answer", text(&asked, "approval_id"));
    assert!(!shop.said(&job, "log").await.contains("reviewed"));
    shop.owner.post(&path, json!({"answer": "blue"})).await.ok();
    assert_eq!(worker.code().await, 0);
    let said = shop.said(&job, "log").await;
    let answers = said.lines().find_map(|line| line.strip_prefix("reviewed: ")).expect("a review");
    let answers: Value = serde_json::from_str(answers).expect("the answers");
    assert_eq!((&answers[0]["question"], &answers[0]["answer"]), (&json!("Which colour?"), &json!("blue")));
    assert_eq!(shop.columns(&job).await, ["plan", "review", "shipped"]);
}

#[tokio::test]
async fn a_lost_lease_ends_the_command_and_nothing_more_is_written() {
    let shop = Shop::open("worker_lost").await;
    let job = shop.job(json!({"max_attempts": 1})).await;
    let config = r#"
        lease_seconds = 5
        kill_seconds = 60
        [jobs.task]
        command = '''
            trap 'echo never said; echo "@callboard commit abcdef12"' TERM
            echo $$ > pids; echo ready > ready
            while :; do sleep 0.1; done
        '''
    "#;
    let worker = shop.worker(config, &[]);
    shop.written("ready").await;
    let before = shop.transcript(&job, "log").await.len();
    shop.set(&job, "lease_expires_at = now() - interval '1 second'").await;
    let failed = shop.reaches(&job, "failed").await;
    // At once: it is not asked first, however patient the file is.
    gone(&shop.processes("pids")).await;
    eventually("the worker knows", async || worker.logged().contains("the lease was lost")).await;
    assert_eq!(shop.transcript(&job, "log").await.len(), before);
    assert_eq!(shop.get(&job).await["updated_at"], failed["updated_at"]);
    // It goes on with what comes next.
    std::fs::remove_file(shop.path("ready")).expect("a file");
    let next = shop.job(json!({})).await;
    shop.written("ready").await;
    assert_eq!(shop.get(&next).await["status"], "running");
}

#[tokio::test]
async fn a_worker_that_was_frozen_past_its_lease_is_not_believed() {
    let shop = Shop::open("worker_frozen").await;
    let job = shop.job(json!({})).await;
    let config = r#"
        lease_seconds = 5
        [jobs.task]
        command = '''
            echo $$ > pids; echo ready > ready
            while [ ! -e go ]; do sleep 0.05; done
            echo "@callboard commit abcdef12"; echo "too late"; sleep 1000
        '''
    "#;
    let worker = shop.worker(config, &[]);
    shop.written("ready").await;
    worker.signal(libc::SIGSTOP);
    shop.reaches(&job, "queued").await;
    shop.set(&job, "not_before = now()").await;
    assert_eq!(shop.worker(QUICK, &["--drain"]).code().await, 0);
    std::fs::write(shop.path("go"), "").expect("a file");
    worker.signal(libc::SIGCONT);
    gone(&shop.processes("pids")).await;
    eventually("the worker knows", async || worker.logged().contains("the lease was lost")).await;
    let done = shop.get(&job).await;
    assert_eq!((&done["worker"], &done["commit_sha"]), (&json!("second"), &Value::Null));
    assert_eq!(shop.said(&job, "log").await, "done by another");
}

#[tokio::test]
async fn a_stopped_worker_gives_its_job_back_and_another_takes_it() {
    let shop = Shop::open("worker_stop").await;
    let job = shop.job(json!({"stages": ["plan", "build"]})).await;
    let first = format!("grace_seconds = 0.3\n{}", STUBBORN.replace("[jobs.task]", "[jobs.task]\n"));
    let mut worker = shop.worker(&first, &[]);
    shop.written("ready").await;
    worker.signal(libc::SIGTERM);
    assert_eq!(worker.code().await, 0);
    gone(&shop.processes("pids")).await;
    let back = shop.get(&job).await;
    assert_eq!((&back["status"], &back["stage"], &back["attempt"]), (&json!("queued"), &json!("plan"), &json!(0)));
    assert_eq!(shop.worker(QUICK, &["--drain"]).code().await, 0);
    let done = shop.get(&job).await;
    assert_eq!(
        (&done["status"], &done["attempt"], &done["worker"]),
        (&json!("succeeded"), &json!(1), &json!("second"))
    );
}

#[tokio::test]
async fn a_stage_that_ends_within_the_grace_is_not_done_again() {
    let shop = Shop::open("worker_grace").await;
    let job = shop.job(json!({"stages": ["plan", "build"]})).await;
    let config = r#"
        grace_seconds = 60
        [jobs.task]
        command = '''
            echo "$CALLBOARD_STAGE" >> stages; echo ready > ready
            while [ ! -e go ]; do sleep 0.05; done
        '''
    "#;
    let mut worker = shop.worker(config, &[]);
    shop.written("ready").await;
    worker.signal(libc::SIGTERM);
    eventually("it was told", async || worker.logged().contains("worker stopping")).await;
    std::fs::write(shop.path("go"), "").expect("a file");
    assert_eq!(worker.code().await, 0);
    let back = shop.get(&job).await;
    assert_eq!((&back["status"], &back["stage"]), (&json!("queued"), &json!("build")));
    assert_eq!(shop.worker(config, &["--drain"]).code().await, 0);
    assert_eq!(shop.read("stages"), "plan\nbuild");
}

#[tokio::test]
async fn a_killed_worker_leaves_no_command_behind_and_another_finishes() {
    let shop = Shop::open("worker_killed").await;
    let job = shop.job(json!({})).await;
    let mut worker = shop.worker(STUBBORN, &[]);
    shop.written("ready").await;
    worker.signal(libc::SIGKILL);
    worker.ends().await;
    gone(&shop.processes("pids")).await;
    // The lease of five seconds ends by itself.
    shop.reaches(&job, "queued").await;
    shop.set(&job, "not_before = now()").await;
    assert_eq!(shop.worker(QUICK, &["--drain"]).code().await, 0);
    let done = shop.get(&job).await;
    assert_eq!(
        (&done["status"], &done["attempt"], &done["worker"]),
        (&json!("succeeded"), &json!(2), &json!("second"))
    );
    assert_eq!(shop.said(&job, "log").await, "done by another");
}

#[tokio::test]
async fn a_second_signal_ends_the_worker_and_its_commands_at_once() {
    let shop = Shop::open("worker_twice").await;
    shop.job(json!({})).await;
    let mut worker = shop.worker(&format!("grace_seconds = 600\n{STUBBORN}"), &[]);
    shop.written("ready").await;
    worker.signal(libc::SIGINT);
    eventually("it was told", async || worker.logged().contains("worker stopping")).await;
    worker.signal(libc::SIGINT);
    assert_eq!(worker.code().await, 130);
    gone(&shop.processes("pids")).await;
}

#[tokio::test]
async fn a_key_that_is_revoked_ends_the_worker_and_what_it_runs() {
    let shop = Shop::open("worker_revoked").await;
    shop.job(json!({})).await;
    let mut worker: Worker = shop.worker(&format!("poll_seconds = 0.2\nconcurrency = 2\n{STUBBORN}"), &[]);
    shop.written("ready").await;
    shop.server.sql("update api_keys set revoked_at = now()", &[]).await;
    assert_eq!(worker.code().await, 1);
    assert!(worker.logged().contains("The server does not accept the key"), "{}", worker.logged());
    gone(&shop.processes("pids")).await;
}
