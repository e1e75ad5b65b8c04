//! Behaviour common to all requests: probes, refusals, headers, the API description.

use crate::client::{server, server_with};

#[tokio::test]
async fn probes_respond_and_errors_are_problem_documents() {
    let server = server_with("core", &["--metrics-token", "a-token-of-metrics"], Vec::new()).await;
    let anonymous = server.anonymous();
    assert_eq!(anonymous.get("/health").await.ok()["status"], "ok");
    assert_eq!(anonymous.get("/health/").await.ok()["status"], "ok");
    assert_eq!(anonymous.get("/ready").await.ok()["status"], "ready");
    assert!(anonymous.get("/metrics").await.ok().as_str().expect("text").contains("callboard_http_requests_total"));
    // Metrics are for the server's host, a token, and administrators; a forwarded request comes from another host.
    let metrics = |client: &crate::client::Client, forwarded: bool| {
        let request = client.request(reqwest::Method::GET, "/metrics");
        let request = if forwarded { request.header("x-forwarded-for", "192.0.2.1") } else { request };
        let client = client.clone();
        async move { client.send(request).await }
    };
    metrics(&anonymous, true).await.refused(401);
    let (admin, person) = (server.admin("root").await, server.user("ada").await);
    metrics(&person, true).await.refused(403);
    let text = metrics(&admin, true).await.ok();
    let series =
        text.as_str().expect("text").lines().filter(|line| line.starts_with("callboard_http_request_seconds_bucket"));
    assert!(
        series.clone().count() > 0 && series.clone().all(|line| line.contains("area=") && !line.contains("route="))
    );
    assert_eq!(metrics(&server.bearer("a-token-of-metrics"), true).await.status, 200);
    metrics(&server.bearer("another-token"), true).await.refused(401);
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
