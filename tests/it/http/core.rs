//! Behaviour common to all requests: probes, refusals, headers, the API description.

use std::io::Read;

use serde_json::json;

use super::fixtures::{TestWorkflow, open, signed_in_user, text};
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
    let page = anonymous.request(reqwest::Method::GET, "/w/workflow-1").header("accept", "text/html,*/*;q=0.8");
    let page = anonymous.send(page).await;
    assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
    assert!(page.header("content-security-policy").is_some_and(|policy| policy.contains("frame-ancestors 'none'")));
    assert!(page.header("x-request-id").is_some());
    assert_eq!(anonymous.get("/missing.js").await.refused(404), "not_found");
}

/// Client libraries look for authorization servers and older transports; a page would break their JSON parsers.
#[tokio::test]
async fn only_pages_of_the_dashboard_are_html() {
    let server = server("pages").await;
    let anonymous = server.anonymous();
    let load = async |method: reqwest::Method, path: &str, accept: Option<&str>| {
        let request = anonymous.request(method, path);
        anonymous.send(accept.into_iter().fold(request, |request, accept| request.header("accept", accept))).await
    };
    let browser = Some("text/html,application/xhtml+xml,*/*;q=0.8");
    for path in [
        "/.well-known/oauth-protected-resource",
        "/.well-known/oauth-protected-resource/mcp",
        "/.well-known/oauth-authorization-server",
        "/.well-known/openid-configuration",
        "/mcp/.well-known/openid-configuration",
        "/sse",
        "/messages",
        "/authorize",
        "/token",
        "/nothing/at/all",
    ] {
        for accept in [None, Some("*/*"), Some("application/json"), browser] {
            let answer = load(reqwest::Method::GET, path, accept).await;
            assert_eq!(answer.header("content-type"), Some("application/problem+json"), "{path} {accept:?}");
            assert_eq!(answer.refused(404), "not_found", "{path} {accept:?}");
        }
    }
    for path in ["/", "/register", "/sign-in", "/w/workflow-1", "/w/workflow-1/t/TKT-1.2"] {
        let page = load(reqwest::Method::GET, path, browser).await;
        assert_eq!(page.status, 200, "{path}");
        assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), "{path}");
    }
    // Dynamic client registration is a POST; a program that reads the page's path gets no page.
    assert_eq!(load(reqwest::Method::POST, "/register", browser).await.refused(404), "not_found");
    assert_eq!(load(reqwest::Method::GET, "/register", Some("application/json")).await.refused(404), "not_found");
    assert_eq!(load(reqwest::Method::GET, "/", None).await.status, 200, "the start page");
}

#[tokio::test]
async fn files_of_the_dashboard_are_sent_as_small_as_the_client_takes_them() {
    let server = server("compressed").await;
    let anonymous = server.anonymous();
    let page = anonymous.get("/").await.ok();
    let page = page.as_str().expect("a page");
    let script = page
        .split("src=\"")
        .find(|rest| rest.starts_with("/assets/"))
        .and_then(|rest| rest.split('"').next())
        .expect("a script")
        .to_owned();
    let load = async |name: &str, value: &str| {
        let request = anonymous.request(reqwest::Method::GET, &script).header(name, value);
        let answer = request.send().await.expect("an answer");
        let header =
            |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned();
        let varies = answer.headers().get_all("vary").iter().any(|value| value.as_bytes() == b"accept-encoding");
        assert!(varies, "{value}: {:?}", answer.headers());
        assert!(header("cache-control").contains("immutable"), "{value}");
        let (status, encoding, tag) = (answer.status().as_u16(), header("content-encoding"), header("etag"));
        (status, encoding, tag, answer.bytes().await.expect("a body"))
    };
    let (_, encoding, tag, plain) = load("accept-encoding", "identity").await;
    assert_eq!(encoding, "");
    let (_, encoding, tag_of_gzip, gzip) = load("accept-encoding", "gzip, deflate").await;
    assert_eq!(encoding, "gzip");
    let mut content = Vec::new();
    flate2::read::GzDecoder::new(&gzip[..]).read_to_end(&mut content).expect("gzip");
    assert!(content == plain, "the same script");
    // Browsers list gzip first.
    let (_, encoding, tag_of_brotli, brotli) = load("accept-encoding", "gzip, deflate, br, zstd").await;
    assert_eq!(encoding, "br");
    assert!(brotli.len() < gzip.len() && gzip.len() * 2 < plain.len());
    assert_eq!(load("accept-encoding", "gzip, br;q=0").await.1, "gzip");
    // Forms differ, so their tags do.
    assert!(tag != tag_of_gzip && tag_of_gzip != tag_of_brotli);
    let (status, _, _, content) = load("if-none-match", &tag).await;
    assert_eq!((status, content.len()), (304, 0));
    assert_eq!(load("if-none-match", &tag_of_brotli).await.0, 200);
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
