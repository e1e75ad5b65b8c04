//! The limits of a job's fields hold for plain statements too, and say which rule was broken.

use serde_json::json;

use super::JobFixture;

#[tokio::test]
async fn a_statement_that_breaks_a_limit_is_refused_by_the_name_of_the_rule() {
    let fixture = JobFixture::open("job_values").await;
    let job = fixture.job(json!({})).await;
    let before = fixture.get(&job).await;
    for (assignment, rule) in [
        ("title = ''", "jobs_title_length"),
        ("title = repeat('x', 501)", "jobs_title_length"),
        ("initial_prompt = repeat('x', 200001)", "jobs_prompt_length"),
        ("job_type = ''", "jobs_type_length"),
        ("stages = array_fill('s'::text, array[51])", "jobs_stages_count"),
        ("status = 'lost'", "jobs_status"),
        ("error = repeat('x', 20001)", "jobs_error_length"),
        ("priority = 'urgent'", "jobs_priority"),
        ("payload = jsonb_build_object('a', repeat('x', 262144))", "jobs_payload_size"),
        ("result = jsonb_build_object('a', repeat('x', 262144))", "jobs_result_size"),
        ("progress = 100.5", "jobs_progress"),
        ("progress = 'NaN'", "jobs_progress"),
        ("progress_message = repeat('x', 2001)", "jobs_progress_message_length"),
        ("max_attempts = 0", "jobs_max_attempts"),
        ("worker = repeat('x', 201)", "jobs_worker_length"),
        ("commit_sha = 'HEAD'", "jobs_commit_sha"),
    ] {
        let sql = format!("update jobs set {assignment} where id = $1");
        let error = fixture.base.client.execute(&sql, &[&job]).await.expect_err(assignment);
        let database = error.as_db_error().unwrap_or_else(|| panic!("{assignment}: {error:?}"));
        assert_eq!((database.code().code(), database.constraint()), ("23514", Some(rule)), "{assignment}");
        assert_eq!(database.table(), Some("jobs"));
    }
    assert_eq!(fixture.get(&job).await, before);
    // What the limits allow.
    fixture
        .set(&job, "title = repeat('x', 500), progress = 100, error = null, worker = null, commit_sha = 'abcd'")
        .await;
}
