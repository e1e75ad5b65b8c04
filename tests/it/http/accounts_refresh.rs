//! Refresh tokens: rotation, grace period, theft detection, cookies.

use std::collections::HashSet;

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client, Server, server, server_with};

async fn refresh(client: &Client, token: &str) -> Answer {
    client.post("/api/auth/token/refresh/", json!({"refresh": token})).await
}

fn token(answer: &Value) -> String {
    answer["refresh"].as_str().expect("a refresh token").to_owned()
}

/// Makes every exchange so far older than the grace period.
async fn expire_grace_period(server: &Server) {
    server.sql("update refresh_tokens set used_at = used_at - interval '11 seconds'", &[]).await;
}

#[tokio::test]
async fn concurrent_refreshes_get_one_successor() {
    let server = server("twenty").await;
    let ada = server.user("ada").await;
    let first = ada.refresh.clone().expect("a refresh token");
    let anonymous = server.anonymous();
    let answers = futures_util::future::join_all((0..20).map(|_| refresh(&anonymous, &first))).await;
    let successors: HashSet<String> = answers.into_iter().map(|answer| token(&answer.ok())).collect();
    assert_eq!(successors.len(), 1);
    let live = server.sql("select count(*) from refresh_tokens where used_at is null", &[]).await;
    assert_eq!(live[0].get::<_, i64>(0), 1);
    // The successor works after the lost response was fetched again.
    let successor = successors.into_iter().next().expect("one");
    let next = refresh(&anonymous, &successor).await.ok();
    assert!(next["user"]["id"].is_string());
    server.bearer(next["access"].as_str().expect("a token")).get("/api/auth/me").await.ok();
}

#[tokio::test]
async fn reuse_of_an_older_token_revokes_only_its_family() {
    let server = server("grandparent").await;
    let ada = server.user("ada").await;
    let login = json!({"email": "ada@example.org", "password": "correct horse"});
    let other = server.anonymous().post("/api/auth/login", login).await.ok();
    let anonymous = server.anonymous();
    let first = ada.refresh.clone().expect("a refresh token");
    let second = token(&refresh(&anonymous, &first).await.ok());
    let third = token(&refresh(&anonymous, &second).await.ok());
    // Within the grace period, but its successor has been used: treated as theft.
    refresh(&anonymous, &first).await.refused(401);
    refresh(&anonymous, &third).await.refused(401);
    ada.get("/api/auth/me").await.refused(401);
    server.bearer(other["access"].as_str().expect("a token")).get("/api/auth/me").await.ok();
    refresh(&anonymous, &token(&other)).await.ok();
}

#[tokio::test]
async fn reuse_after_the_grace_period_revokes_the_family() {
    let server = server("parent").await;
    let ada = server.user("ada").await;
    let anonymous = server.anonymous();
    let first = ada.refresh.clone().expect("a refresh token");
    let second = token(&refresh(&anonymous, &first).await.ok());
    assert_eq!(token(&refresh(&anonymous, &first).await.ok()), second);
    expire_grace_period(&server).await;
    refresh(&anonymous, &first).await.refused(401);
    refresh(&anonymous, &second).await.refused(401);
}

#[tokio::test]
async fn a_signed_out_token_has_no_effect() {
    let server = server("signedout").await;
    let ada = server.user("ada").await;
    let login = json!({"email": "ada@example.org", "password": "correct horse"});
    let other = server.anonymous().post("/api/auth/login", login).await.ok();
    let old = ada.refresh.clone().expect("a refresh token");
    let anonymous = server.anonymous();
    assert_eq!(anonymous.post("/api/auth/logout", json!({"refresh": old})).await.status, 204);
    let before = server.sql("select count(*) from sessions where revoked_at is null", &[]).await[0].get::<_, i64>(0);
    refresh(&anonymous, &old).await.refused(401);
    refresh(&anonymous, "cbr_never_issued").await.refused(401);
    let after = server.sql("select count(*) from sessions where revoked_at is null", &[]).await[0].get::<_, i64>(0);
    assert_eq!((before, after), (1, 1));
    refresh(&anonymous, &token(&other)).await.ok();
    // Access tokens and refresh tokens are not interchangeable.
    refresh(&anonymous, other["access"].as_str().expect("a token")).await.refused(401);
    server.bearer(&token(&other)).get("/api/auth/me").await.refused(401);
}

#[tokio::test]
async fn only_hashes_are_kept_and_sessions_end() {
    let server = server("hashes").await;
    let ada = server.user("ada").await;
    let first = ada.refresh.clone().expect("a refresh token");
    let second = token(&refresh(&server.anonymous(), &first).await.ok());
    let rows =
        server.sql("select row_to_json(r)::text || row_to_json(s)::text from refresh_tokens r, sessions s", &[]).await;
    for row in rows {
        let text: String = row.get(0);
        assert!(!text.contains(&first) && !text.contains(&second) && !text.contains(&second[4..]));
    }
    server.sql("update sessions set expires_at = now()", &[]).await;
    refresh(&server.anonymous(), &second).await.refused(401);
    ada.get("/api/auth/me").await.refused(401);
}

#[tokio::test]
async fn browsers_refresh_with_cookies() {
    let proxied = ["--public-url", "http://board.example", "--trusted-proxies", "127.0.0.1"];
    let server = server_with("cookies", &proxied, vec![]).await;
    server.user("ada").await;
    let browser = server.anonymous();
    let login = json!({"email": "ada@example.org", "password": "correct horse", "token_mode": "cookie"});
    let answer = browser.post("/api/auth/login", login.clone()).await;
    let cookie = answer.header("set-cookie").expect("a cookie").to_owned();
    assert!(answer.ok().get("refresh").is_none());
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/api/auth", "Max-Age="] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert!(!cookie.contains("Secure"));
    // Behind a trusted proxy that terminates TLS the cookie is Secure.
    let secure = browser.request(Method::POST, "/api/auth/login").header("x-forwarded-proto", "https").json(&login);
    assert!(browser.send(secure).await.header("set-cookie").is_some_and(|cookie| cookie.contains("Secure")));

    let pair = cookie.split(';').next().expect("a pair").to_owned();
    let post = async |path: &str, origin: Option<&str>, cookie: &str| {
        let mut request = browser.request(Method::POST, path).header("cookie", cookie);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        browser.send(request).await
    };
    for foreign in ["https://evil.example", "null", "http://board.example.evil.org", "http://xboard.example"] {
        for path in ["/api/auth/token/refresh", "/api/auth/logout"] {
            assert_eq!(post(path, Some(foreign), &pair).await.refused(403), "foreign_origin", "{foreign}");
        }
    }
    let answer = post("/api/auth/token/refresh", Some("http://board.example"), &pair).await;
    let renewed = answer.header("set-cookie").expect("a new cookie").split(';').next().expect("a pair").to_owned();
    assert_ne!(pair, renewed);
    let body = answer.ok();
    assert!(body.get("refresh").is_none() && body["access"].is_string());
    // Same-origin requests, also under the address seen by the browser.
    let own = server.url.clone();
    post("/api/auth/token/refresh", Some(&own), &renewed).await.ok();
    let gone = post("/api/auth/logout", Some("http://board.example"), &renewed).await;
    assert_eq!(gone.status, 204);
    assert!(gone.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    post("/api/auth/token/refresh", None, &renewed).await.refused(401);
    post("/api/auth/token/refresh", None, "other=1").await.refused(401);
}
