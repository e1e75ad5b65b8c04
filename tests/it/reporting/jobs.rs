//! Jobs: how long they waited, ran and paused, and what became of each attempt.

use serde_json::json;

use super::rows;
use crate::logic::fixtures::Fixture;

#[tokio::test]
async fn attempts_have_their_times_and_reasons() {
    let fixture = Fixture::open("attempts").await;
    let steps = [
        (
            "09:00",
            "insert into jobs (id, workflow_id, title, status, created_at) select 'job-1', id, 'A job', 'queued', '2025-03-03 09:00+00' from workflows",
        ),
        (
            "09:10",
            "update jobs set status = 'running', attempt = 1, worker = 'one', started_at = '2025-03-03 09:10+00'",
        ),
        ("09:20", "update jobs set status = 'paused'"),
        ("09:50", "update jobs set status = 'running'"),
        ("10:00", "update jobs set status = 'queued', error = 'No space left'"),
        ("10:05", "update jobs set status = 'running', attempt = 2, worker = 'two'"),
        ("10:15", "update jobs set status = 'succeeded', error = null"),
    ];
    for (time, sql) in steps {
        let before = "select coalesce(max(last_seq), 0) from streams where stream_id = 'job:job-1'";
        let before: i64 = fixture.client.query_one(before, &[]).await.expect("a number").get(0);
        fixture.client.execute(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let dated = format!(
            "update history set changed_at = '2025-03-03 {time}+00' where stream_id = 'job:job-1' and seq > {before}"
        );
        fixture.client.execute(&dated, &[]).await.expect("a time");
    }
    // Ran from 09:10 to 09:20, from 09:50 to 10:00 and from 10:05 to 10:15; paused for half an hour.
    let job = "select waited, ran, paused from reporting.jobs where job_id = 'job-1'";
    assert_eq!(rows(&fixture, job).await, json!([{"waited": "00:10:00", "ran": "00:30:00", "paused": "00:30:00"}]));
    let attempts = "select attempt, worker, waited, ran, paused, outcome, error from reporting.job_attempts where job_id = 'job-1' order by 1";
    assert_eq!(
        rows(&fixture, attempts).await,
        json!([
            {"attempt": 1, "worker": "one", "waited": "00:10:00", "ran": "00:20:00", "paused": "00:30:00", "outcome": "requeued", "error": "No space left"},
            {"attempt": 2, "worker": "two", "waited": "00:05:00", "ran": "00:10:00", "paused": "00:00:00", "outcome": "succeeded", "error": null},
        ])
    );
}

#[tokio::test]
async fn questions_have_the_time_to_their_answer() {
    let fixture = Fixture::open("answers").await;
    let sql = "insert into approvals (id, workflow_id, ticket_id, kind, question, status, created_at, decided_at)
               select 'approval-' || n, id, null, 'question', 'Which one?', status, '2025-03-03 09:00+00', decided
                 from workflows, (values (1, 'answered', '2025-03-03 09:30+00'::timestamptz), (2, 'expired', '2025-03-04 09:00+00'), (3, 'pending', null))
                      v (n, status, decided)";
    fixture.client.execute(sql, &[]).await.expect("questions");
    let times = "select status, time_to_answer, pending_for > '1 day' as waits from reporting.approvals where workflow_id = $W order by approval_id";
    assert_eq!(
        rows(&fixture, times).await,
        json!([
            {"status": "answered", "time_to_answer": "00:30:00", "waits": null}, {"status": "expired", "time_to_answer": null, "waits": null},
            {"status": "pending", "time_to_answer": null, "waits": true},
        ])
    );
}
