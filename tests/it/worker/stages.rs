//! Job execution: stages, the environment of their commands, and their output.

use serde_json::json;

use super::WorkerFixture;
use crate::harness::eventually;
use crate::http::fixtures::text;

#[tokio::test]
async fn a_job_runs_its_stages_and_moves_its_ticket() {
    let fixture = WorkerFixture::open("worker_stages").await;
    let job = fixture.job(json!({"stages": ["plan", "build", "review"], "payload": {"colour": "red"}})).await;
    let config = r#"
        name = "bench"
        workflow = "Delivery"
        [environment]
        GREETING = "good morning"
        [[jobs.task.stage]]
        name = "plan"
        command = '''
            echo "$GREETING, $CALLBOARD_JOB_TITLE of $CALLBOARD_TICKET_KEY in $CALLBOARD_STAGE"
            echo '@callboard progress 30 "a third"'
            echo '@callboard message "The plan is ready."'
            echo "and a warning" >&2
        '''
        [[jobs.task.stage]]
        name = "build"
        command = 'cat > job.json; cat "$CALLBOARD_PROMPT_FILE"; echo; echo "@callboard commit abcdef12 \"Build it\""'
        [[jobs.task.stage]]
        name = "review"
        command = ["sh", "-c", 'echo "$0"; echo "@callboard dance"; echo "no end of line" | tr -d "\n"', "two words"]
    "#;
    assert_eq!(fixture.worker(config, &["--once"]).code().await, 0);
    let done = fixture.get(&job).await;
    assert_eq!((&done["status"], &done["attempt"], &done["worker"]), (&json!("succeeded"), &json!(1), &json!("bench")));
    assert_eq!(done["commit_sha"], "abcdef12");
    assert_eq!(fixture.columns(&job).await, ["plan", "build", "review", "shipped"]);
    let ticket = fixture.ticket(&job).await;
    assert_eq!(ticket["is_resolved"], true);
    assert_eq!(ticket["commits"][0]["commit_message"], "Build it");
    let lines: Vec<(String, String, String)> = fixture
        .transcript(&job, "log")
        .await
        .iter()
        .map(|line| (text(line, "stage"), text(&line["metadata"], "stream"), text(line, "content")))
        .collect();
    let line = |stage: &str, stream: &str, content: &str| (stage.to_owned(), stream.to_owned(), content.to_owned());
    let greeting = format!("good morning, Build it of {} in plan", text(&done, "ticket_key"));
    let (plan, rest) = lines.split_at(2);
    // The order between stdout and stderr is undefined.
    for expected in [line("plan", "stdout", &greeting), line("plan", "stderr", "and a warning")] {
        assert!(plan.contains(&expected), "{lines:?}");
    }
    assert_eq!(
        rest,
        [
            line("build", "stdout", "Please build it."),
            line("review", "stdout", "two words"),
            line("review", "stdout", "no end of line")
        ]
    );
    assert_eq!(fixture.transcript_text(&job, "chat").await, "The plan is ready.");
    assert!(fixture.transcript_text(&job, "step").await.contains("does not understand: @callboard dance"));
    let given: serde_json::Value = serde_json::from_str(&fixture.read("job.json")).expect("the job on standard input");
    assert_eq!((&given["id"], &given["payload"]["colour"]), (&job["id"], &json!("red")));
}

#[tokio::test]
async fn output_is_streamed_while_the_command_runs_and_none_is_lost() {
    let fixture = WorkerFixture::open("worker_output").await;
    let job = fixture.job(json!({})).await;
    let config = r#"
        [jobs.task]
        command = '''
            i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "line $i of many that are written one after another"; done
            while [ ! -e go ]; do sleep 0.05; done
            head -c 100000 /dev/zero | tr '\0' 'x'
            echo; echo the end
        '''
    "#;
    let mut worker = fixture.worker(config, &["--drain"]);
    eventually("the output is there before the command ends", async || {
        fixture.transcript_text(&job, "log").await.contains("line 3000 ")
    })
    .await;
    assert_eq!(fixture.get(&job).await["status"], "running");
    std::fs::write(fixture.path("go"), "").expect("a file");
    assert_eq!(worker.code().await, 0);
    let output = fixture.transcript_text(&job, "log").await;
    let numbers: Vec<usize> =
        output.lines().filter_map(|line| line.strip_prefix("line ")?.split(' ').next()?.parse().ok()).collect();
    assert_eq!(numbers, (1..=3000).collect::<Vec<_>>());
    assert_eq!(output.chars().filter(|letter| *letter == 'x').count(), 100_000);
    assert!(output.ends_with("the end"));
}

#[tokio::test]
async fn secrets_stay_with_the_worker() {
    let fixture = WorkerFixture::open("worker_secrets").await;
    let job = fixture.job(json!({"max_attempts": 1})).await;
    let config = r#"
        pass_key = true
        redact = ["hunter22"]
        [environment]
        API_TOKEN = "tok-0815"
        [jobs.task]
        command = '''
            echo "$CALLBOARD_API_KEY hunter22 $API_TOKEN"
            echo "@callboard message \"it is $API_TOKEN\""
            echo "failed with $CALLBOARD_API_KEY" >&2
            exit 1
        '''
    "#;
    assert_eq!(fixture.worker(config, &["--once"]).code().await, 1);
    let job = fixture.get(&job).await;
    let key = fixture.agent.token.clone().expect("a key");
    let received =
        format!("{} {} {job}", fixture.transcript_text(&job, "log").await, fixture.transcript_text(&job, "chat").await);
    for secret in [key.as_str(), "hunter22", "tok-0815"] {
        assert!(!received.contains(secret), "{received}");
    }
    assert!(
        received.contains("[redacted] [redacted] [redacted]") && received.contains("failed with [redacted]"),
        "{received}"
    );
}

#[tokio::test]
async fn the_key_is_not_given_to_commands_unless_the_file_says_so() {
    let fixture = WorkerFixture::open("worker_key").await;
    let job = fixture.job(json!({})).await;
    let config = "[jobs.task]\ncommand = 'echo \"the key: <$CALLBOARD_API_KEY>\"'";
    assert_eq!(fixture.worker(config, &["--once"]).code().await, 0);
    assert_eq!(fixture.transcript_text(&job, "log").await, "the key: <>");
}

#[tokio::test]
async fn concurrent_jobs_stay_within_the_limit() {
    let fixture = WorkerFixture::open("worker_many").await;
    let mut jobs = Vec::new();
    for _ in 0..4 {
        jobs.push(fixture.job(json!({})).await);
    }
    // Each job waits until three run; a fourth would exceed the limit.
    let config = r#"
        concurrency = 3
        [jobs.task]
        command = '''
            mkdir -p here; touch "here/$CALLBOARD_JOB_ID"
            while [ ! -e go ]; do sleep 0.05; done
        '''
    "#;
    let mut worker = fixture.worker(config, &["--drain"]);
    let count = || std::fs::read_dir(fixture.path("here")).map_or(0, |entries| entries.count());
    eventually("three run", async || count() == 3).await;
    let waiting = fixture.owner.get(&format!("/api/jobs?workflow_id={}&status=queued", fixture.workflow)).await.ok();
    assert_eq!(waiting["jobs"].as_array().map(Vec::len), Some(1));
    std::fs::write(fixture.path("go"), "").expect("a file");
    assert_eq!(worker.code().await, 0);
    for job in &jobs {
        assert_eq!(fixture.get(job).await["status"], "succeeded");
    }
}

#[tokio::test]
async fn an_idle_worker_is_notified_of_new_jobs_of_its_types() {
    let fixture = WorkerFixture::open("worker_bell").await;
    // The poll interval is an hour; only a notification can start the job sooner.
    let worker = fixture.worker("poll_seconds = 3600\n[jobs.paint]\ncommand = 'echo painted'", &[]);
    eventually("it has started", async || worker.logged().contains("worker started")).await;
    let other = fixture.job(json!({"job_type": "dig"})).await;
    let mine = fixture.job(json!({"job_type": "paint"})).await;
    fixture.reaches(&mine, "succeeded").await;
    let next = fixture.job(json!({"job_type": "paint"})).await;
    fixture.reaches(&next, "succeeded").await;
    assert_eq!(fixture.get(&other).await["status"], "queued");
}
