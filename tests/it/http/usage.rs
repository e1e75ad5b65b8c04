//! Usage over REST: what a report may hold, how often it counts, and who sees it.

use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, open, signed_in_user, text};
use crate::client::Server;

/// A server, a workflow, and a job that its owner holds: its path and lease token.
async fn held(hint: &str) -> (Server, TestWorkflow, String, String) {
    let server = open(hint).await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ada").await).await;
    let job = json!({"workflow_id": fixture.workflow, "with_ticket": true, "initial_prompt": "Measure the login.", "queue": true});
    fixture.owner.post("/api/jobs", job).await.created();
    let claimed = fixture.owner.post("/api/jobs/claim", json!({"workflow_id": fixture.workflow})).await.ok();
    let (job, token) = (text(&claimed["job"], "id"), text(&claimed, "lease_token"));
    (server, fixture, format!("/api/jobs/{job}"), token)
}

#[tokio::test]
async fn usage_is_reported_and_read() {
    let (_server, fixture, job, token) = held("usage_rest").await;
    let report = json!({"lease_token": token, "model": "large", "input_tokens": 10, "output_tokens": 2, "cost": "0.0125", "currency": "USD"});
    let answer = fixture.owner.post(&format!("{job}/usage"), report).await.ok();
    assert_eq!((&answer["attempt"], &answer["counted"]), (&json!(1), &json!(true)));
    // A number is rounded to 12 digits, a text is exact.
    for cost in [json!(0.1 + 0.2), json!("0.000000000001")] {
        let report = json!({"cost": cost, "currency": "USD"});
        fixture.owner.post(&format!("{job}/usage"), report).await.ok();
    }
    let one = fixture.owner.get(&job).await.ok();
    assert_eq!(one["usage"]["costs"], json!([{"currency": "USD", "amount": "0.312500000001"}]));
    let ticket = text(&one, "ticket_id");
    let report = json!({"input_tokens": 5, "output_tokens": 0});
    fixture.owner.post(&format!("/api/tickets/{ticket}/usage"), report).await.ok();
    let used = fixture.owner.get(&format!("/api/tickets/{ticket}/usage")).await.ok();
    assert_eq!((&used["usage"]["input_tokens"], &used["without_job"]["input_tokens"]), (&json!(15), &json!(5)));
    assert_eq!((&used["without_job"]["output_tokens"], &used["jobs"][0]["usage"]["reports"]), (&json!(0), &json!(3)));
    let used = fixture.owner.get(&format!("/api/tickets/{ticket}")).await.ok();
    assert_eq!(used["usage"]["reports"], 4);
    let path = format!("/api/usage?workflow_id={}&group_by=model", fixture.workflow);
    let all = fixture.owner.get(&path).await.ok();
    assert_eq!((&all["groups"][0]["key"], &all["usage"]["reports_without_tokens"]), (&json!("large"), &json!(2)));
    assert_eq!(fixture.owner.get("/api/usage").await.ok()["groups"], json!([]));
    // Lists of jobs stay short.
    let list = fixture.owner.get(&format!("/api/jobs?workflow_id={}", fixture.workflow)).await.ok();
    assert_eq!(list["jobs"][0].get("usage"), None);
}

#[tokio::test]
async fn wrong_values_are_refused_by_field() {
    let (server, fixture, job, token) = held("usage_wrong").await;
    for (report, field) in [
        (r#"{"input_tokens": "ten"}"#, "input_tokens"),
        (r#"{"input_tokens": 1.5}"#, "input_tokens"),
        (r#"{"input_tokens": -1}"#, "input_tokens"),
        (r#"{"output_tokens": 9223372036854775808}"#, "output_tokens"),
        (r#"{"output_tokens": 1e30}"#, "output_tokens"),
        (r#"{"cost": true, "currency": "USD"}"#, "cost"),
        (r#"{"cost": "NaN", "currency": "USD"}"#, "cost"),
        (r#"{"cost": -1, "currency": "USD"}"#, "cost"),
        (r#"{"cost": 1e300, "currency": "USD"}"#, "cost"),
        (r#"{"cost": 1}"#, "currency"),
        (r#"{"cost": 1, "currency": "US"}"#, "currency"),
        (r#"{"cumulative": "yes", "input_tokens": 1}"#, "cumulative"),
        (r#"{"source": "dream", "input_tokens": 1}"#, "source"),
        (r#"{"tokens": 1}"#, "tokens"),
        (r"{}", "input_tokens"),
    ] {
        let body: Value = serde_json::from_str(report).expect("JSON");
        let refused = fixture.owner.post(&format!("{job}/usage"), body).await;
        let problem = refused.json.clone();
        assert_eq!(refused.refused(422), "invalid", "{report}");
        assert_eq!(problem["errors"][0]["field"], field, "{report}: {problem}");
    }
    assert_eq!(server.number("select count(*) from usage_reports").await, 0);
    let stranger = signed_in_user(&server, "eve").await;
    let report = json!({"lease_token": token, "input_tokens": 1});
    assert_eq!(stranger.post(&format!("{job}/usage"), report).await.refused(404), "not_found");
    assert_eq!(stranger.get(&format!("{job}/usage")).await.refused(404), "not_found");
    let others = format!("/api/usage?workflow_id={}", fixture.workflow);
    assert_eq!(stranger.get(&others).await.refused(404), "not_found");
    assert_eq!(stranger.get("/api/usage?group_by=workflow").await.ok()["groups"], json!([]));
    for query in ["limit=0", "limit=501", "group_by=mood", "first_day=soon", "tz=Mars"] {
        fixture.owner.get(&format!("/api/usage?{query}")).await.refused(422);
    }
}
