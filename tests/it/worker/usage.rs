//! Usage: what commands print and agents state is reported for the attempt.

use serde_json::{Value, json};

use super::WorkerFixture;
use super::acp::agent;
use crate::http::fixtures::text;

impl WorkerFixture {
    async fn usage(&self, job: &Value) -> Value {
        self.owner.get(&format!("/api/jobs/{}/usage", text(job, "id"))).await.ok()
    }
}

#[tokio::test]
async fn a_command_reports_what_it_used() {
    let fixture = WorkerFixture::open("worker_usage").await;
    let job = fixture.job(json!({})).await;
    let config = r#"
        name = "meter"
        [jobs.task]
        command = '''
            echo '@callboard usage {"model": "large", "input_tokens": 1200, "output_tokens": 80, "cost": 0.0125, "currency": "USD", "report_id": "turn-1"}'
            echo '@callboard usage {"model": "large", "input_tokens": 1200, "output_tokens": 80, "cost": 0.0125, "currency": "USD", "report_id": "turn-1"}'
            echo '@callboard usage {"model": "small", "cache_read_tokens": 5}'
            echo '@callboard usage {"input_tokens": -5}'
            echo '@callboard usage {"input_tokens": "many"}'
        '''
    "#;
    assert_eq!(fixture.worker(config, &["--once"]).code().await, 0);
    let used = fixture.usage(&job).await;
    let totals = &used["usage"];
    assert_eq!(
        (&totals["reports"], &totals["input_tokens"], &totals["output_tokens"]),
        (&json!(2), &json!(1200), &json!(80))
    );
    assert_eq!((&totals["cache_read_tokens"], &totals["cache_write_tokens"]), (&json!(5), &Value::Null));
    assert_eq!(totals["costs"], json!([{"currency": "USD", "amount": "0.0125"}]));
    let attempt = &used["attempts"][0];
    assert_eq!(
        (&attempt["attempt"], &attempt["worker"], &attempt["agent_id"]),
        (&json!(1), &json!("meter"), &json!("builder"))
    );
    let steps = fixture.transcript_text(&job, "step").await;
    assert!(steps.contains("The usage was not counted: The field input_tokens must be"), "{steps}");
    assert!(steps.contains("The worker cannot read this report of usage"), "{steps}");
    assert_eq!(fixture.server.number("select count(*) from usage_reports where source = 'worker'").await, 2);
}

#[tokio::test]
async fn an_attempt_without_a_report_is_missing_and_not_free() {
    let fixture = WorkerFixture::open("worker_no_usage").await;
    let job = fixture.job(json!({})).await;
    fixture.worker("[jobs.task]\ncommand = 'true'\n", &["--once"]).code().await;
    let used = fixture.usage(&job).await;
    assert_eq!((&used["usage"]["reported"], &used["usage"]["input_tokens"]), (&json!(false), &Value::Null));
    assert_eq!((&used["attempts_without_usage"], &used["attempts"][0]["usage"]["costs"]), (&json!(1), &json!([])));
}

#[tokio::test]
async fn what_an_agent_states_is_reported() {
    let fixture = WorkerFixture::open("acp_usage").await;
    let job = fixture.job(json!({"stages": ["build"]})).await;
    assert_eq!(fixture.worker(&agent("usage", ""), &["--drain"]).code().await, 0);
    let used = fixture.usage(&job).await;
    let totals = &used["usage"];
    // Its tokens of reasoning are among those of the output, as the total says.
    assert_eq!((&totals["input_tokens"], &totals["output_tokens"]), (&json!(40), &json!(12)));
    assert_eq!((&totals["cache_read_tokens"], &totals["cache_write_tokens"]), (&json!(300), &json!(20)));
    assert_eq!(totals["costs"], json!([{"currency": "USD", "amount": "0.3"}]));
    assert_eq!(used["models"][0]["model"], "opus");
}

#[tokio::test]
async fn an_interrupted_agent_and_one_that_resumes_are_counted_once() {
    let fixture = WorkerFixture::open("acp_usage_twice").await;
    let job = fixture.job(json!({"stages": ["build"]})).await;
    let mut worker = fixture.worker(&agent("usage-wait", "grace_seconds = 0"), &[]);
    fixture.written("ready").await;
    worker.signal(libc::SIGTERM);
    worker.code().await;
    let used = fixture.usage(&job).await;
    assert_eq!(used["usage"]["costs"], json!([{"currency": "USD", "amount": "0.2"}]), "the turn did not end: {used}");
    // The session goes on, and so does its cost.
    fixture.set(&job, "not_before = now()").await;
    assert_eq!(fixture.worker(&agent("usage", ""), &["--drain"]).code().await, 0);
    let used = fixture.usage(&job).await;
    assert_eq!(used["usage"]["costs"], json!([{"currency": "USD", "amount": "0.3"}]), "{used}");
    assert_eq!(used["attempts"].as_array().map(Vec::len), Some(2));
    assert_eq!(used["attempts"][0]["usage"]["costs"][0]["amount"], "0.1");
}
