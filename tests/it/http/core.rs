//! Behaviour common to all requests: probes, refusals, headers, the API description.

use serde_json::json;

use super::fixtures::{TestWorkflow, open, signed_in_user, text};
use crate::client::server;

#[tokio::test]
async fn probes_respond_and_errors_are_problem_documents() {
    let server = server("core").await;
    let anonymous = server.anonymous();
    assert_eq!(anonymous.get("/health").await.ok()["status"], "ok");
    assert_eq!(anonymous.get("/health/").await.ok()["status"], "ok");
    assert_eq!(anonymous.get("/ready").await.ok()["status"], "ready");
    assert!(anonymous.get("/metrics").await.ok().as_str().expect("text").contains("callboard_http_requests_total"));
    let head = anonymous.send(anonymous.request(reqwest::Method::HEAD, "/health")).await;
    assert_eq!((head.status, head.json), (200, serde_json::Value::Null));
    assert_eq!(anonymous.get("/api/nothing").await.refused(404), "not_found");
    let answer = anonymous.delete("/health").await;
    assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    assert_eq!(answer.refused(405), "method_not_allowed");
    let page = anonymous.get("/workflows/1").await;
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("frame-ancestors 'none'")));
    assert!(page.header("x-request-id").is_some());
    assert_eq!(anonymous.get("/missing.js").await.refused(404), "not_found");
}

#[tokio::test]
async fn the_description_and_docs_are_served() {
    let server = server("docs").await;
    let anonymous = server.anonymous();
    let doc = anonymous.get("/openapi.json").await.ok();
    assert!(doc["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    assert!(doc["paths"]["/health"]["get"].is_object());
    for path in ["/docs", "/docs/"] {
        let page = anonymous.get(path).await.ok();
        let page = page.as_str().expect("a page");
        assert!(page.contains("<base href=\"/docs/\">") && !page.contains("http"), "{page}");
    }
    for asset in ["swagger-ui-bundle.js", "swagger-ui.css", "swagger-initializer.js"] {
        assert_eq!(anonymous.get(&format!("/docs/{asset}")).await.status, 200, "{asset}");
    }
}

/// Postgres writes large numbers with all their digits; reading them must not fail or change them.
#[tokio::test]
async fn numbers_are_read_back_as_they_were_written() {
    let server = open("numbers").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let payload = json!({"max": f64::MAX, "min": -f64::MAX, "tiny": 5e-324, "odd": 0.1 + 0.2, "whole": 9_007_199_254_740_993_i64});
    let body = json!({"workflow_id": fixture.workflow, "title": "Numbers", "initial_prompt": "Count.", "with_ticket": true,
        "payload": payload});
    let made = fixture.owner.post("/api/jobs", body).await.created();
    assert_eq!(made["payload"], payload);
    let read = fixture.owner.get(&format!("/api/jobs/{}", text(&made, "job_id"))).await.ok();
    assert_eq!(read["payload"], payload);
}
