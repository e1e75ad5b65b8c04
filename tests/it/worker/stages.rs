//! What a job goes through: its stages, what their commands are told, and what they say.

use serde_json::json;

use super::Shop;
use crate::house::eventually;
use crate::http::stage::text;

#[tokio::test]
async fn a_job_goes_through_its_stages_and_its_ticket_goes_along() {
    let shop = Shop::open("worker_stages").await;
    let job = shop.job(json!({"stages": ["plan", "build", "review"], "payload": {"colour": "red"}})).await;
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
    assert_eq!(shop.worker(config, &["--once"]).code().await, 0);
    let done = shop.get(&job).await;
    assert_eq!((&done["status"], &done["attempt"], &done["worker"]), (&json!("succeeded"), &json!(1), &json!("bench")));
    assert_eq!(done["commit_sha"], "abcdef12");
    assert_eq!(shop.columns(&job).await, ["plan", "build", "review", "shipped"]);
    let ticket = shop.ticket(&job).await;
    assert_eq!(ticket["is_resolved"], true);
    assert_eq!(ticket["commits"][0]["commit_message"], "Build it");
    let lines: Vec<(String, String, String)> = shop
        .transcript(&job, "log")
        .await
        .iter()
        .map(|line| (text(line, "stage"), text(&line["metadata"], "stream"), text(line, "content")))
        .collect();
    let line = |stage: &str, stream: &str, content: &str| (stage.to_owned(), stream.to_owned(), content.to_owned());
    let greeting = format!("good morning, Build it of {} in plan", text(&done, "ticket_key"));
    let (plan, rest) = lines.split_at(2);
    // Two streams have no order between them.
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
    assert_eq!(shop.said(&job, "chat").await, "The plan is ready.");
    assert!(shop.said(&job, "step").await.contains("does not understand: @callboard dance"));
    let given: serde_json::Value = serde_json::from_str(&shop.read("job.json")).expect("the job on standard input");
    assert_eq!((&given["id"], &given["payload"]["colour"]), (&job["id"], &json!("red")));
}

#[tokio::test]
async fn output_is_streamed_while_the_command_runs_and_none_is_lost() {
    let shop = Shop::open("worker_output").await;
    let job = shop.job(json!({})).await;
    let config = r#"
        [jobs.task]
        command = '''
            i=0; while [ $i -lt 3000 ]; do i=$((i+1)); echo "line $i of many that are written one after another"; done
            while [ ! -e go ]; do sleep 0.05; done
            head -c 100000 /dev/zero | tr '\0' 'x'
            echo; echo the end
        '''
    "#;
    let mut worker = shop.worker(config, &["--drain"]);
    eventually("the output is there before the command ends", async || {
        shop.said(&job, "log").await.contains("line 3000 ")
    })
    .await;
    assert_eq!(shop.get(&job).await["status"], "running");
    std::fs::write(shop.path("go"), "").expect("a file");
    assert_eq!(worker.code().await, 0);
    let said = shop.said(&job, "log").await;
    let numbers: Vec<usize> =
        said.lines().filter_map(|line| line.strip_prefix("line ")?.split(' ').next()?.parse().ok()).collect();
    assert_eq!(numbers, (1..=3000).collect::<Vec<_>>());
    assert_eq!(said.chars().filter(|letter| *letter == 'x').count(), 100_000);
    assert!(said.ends_with("the end"));
}

#[tokio::test]
async fn secrets_stay_with_the_worker() {
    let shop = Shop::open("worker_secrets").await;
    let job = shop.job(json!({"max_attempts": 1})).await;
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
    assert_eq!(shop.worker(config, &["--once"]).code().await, 1);
    let job = shop.get(&job).await;
    let key = shop.agent.token.clone().expect("a key");
    let told = format!("{} {} {job}", shop.said(&job, "log").await, shop.said(&job, "chat").await);
    for secret in [key.as_str(), "hunter22", "tok-0815"] {
        assert!(!told.contains(secret), "{told}");
    }
    assert!(told.contains("[redacted] [redacted] [redacted]") && told.contains("failed with [redacted]"), "{told}");
}

#[tokio::test]
async fn the_key_is_not_given_to_commands_unless_the_file_says_so() {
    let shop = Shop::open("worker_key").await;
    let job = shop.job(json!({})).await;
    let config = "[jobs.task]\ncommand = 'echo \"the key: <$CALLBOARD_API_KEY>\"'";
    assert_eq!(shop.worker(config, &["--once"]).code().await, 0);
    assert_eq!(shop.said(&job, "log").await, "the key: <>");
}

#[tokio::test]
async fn several_jobs_run_at_once_and_no_more_than_allowed() {
    let shop = Shop::open("worker_many").await;
    let mut jobs = Vec::new();
    for _ in 0..4 {
        jobs.push(shop.job(json!({})).await);
    }
    // Each waits until three are there; with the fourth they would be too many.
    let config = r#"
        concurrency = 3
        [jobs.task]
        command = '''
            mkdir -p here; touch "here/$CALLBOARD_JOB_ID"
            while [ ! -e go ]; do sleep 0.05; done
        '''
    "#;
    let mut worker = shop.worker(config, &["--drain"]);
    let count = || std::fs::read_dir(shop.path("here")).map_or(0, |entries| entries.count());
    eventually("three run", async || count() == 3).await;
    let waiting = shop.owner.get(&format!("/api/jobs?workflow_id={}&status=queued", shop.workflow)).await.ok();
    assert_eq!(waiting["jobs"].as_array().map(Vec::len), Some(1));
    std::fs::write(shop.path("go"), "").expect("a file");
    assert_eq!(worker.code().await, 0);
    for job in &jobs {
        assert_eq!(shop.get(job).await["status"], "succeeded");
    }
}

#[tokio::test]
async fn a_waiting_worker_is_told_of_new_jobs_at_once_and_takes_only_its_types() {
    let shop = Shop::open("worker_bell").await;
    // It would ask again in an hour; only the bell can tell it sooner.
    let worker = shop.worker("poll_seconds = 3600\n[jobs.paint]\ncommand = 'echo painted'", &[]);
    eventually("it has started", async || worker.logged().contains("worker started")).await;
    let other = shop.job(json!({"job_type": "dig"})).await;
    let mine = shop.job(json!({"job_type": "paint"})).await;
    shop.reaches(&mine, "succeeded").await;
    let next = shop.job(json!({"job_type": "paint"})).await;
    shop.reaches(&next, "succeeded").await;
    assert_eq!(shop.get(&other).await["status"], "queued");
}
