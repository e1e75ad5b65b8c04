//! Secrets stay secret: passwords, tokens, keys and the database URL appear in no log (at any level),
//! no metric, no error and no process argument.

use std::process::{Command, Stdio};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::harness;

/// Sends what is not HTTP.
fn send_malformed(port: u16) {
    use std::io::{Read, Write};
    let mut socket = std::net::TcpStream::connect(("127.0.0.1", port)).expect("connect");
    socket.write_all(b"GET / HTTP/1.1\r\nbad header\r\n\r\n").expect("send");
    let _ = socket.read_to_end(&mut Vec::new());
}

/// A warning that every request causes is shown a few times, then counted.
#[tokio::test]
async fn repeated_warnings_are_sampled_in_either_format() {
    for (format, expected) in [("human", " WARN "), ("json", "\"level\":\"WARN\"")] {
        let db = harness::database("sampled").await;
        let log = tempfile::NamedTempFile::new().expect("a file");
        let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
        let mut process = Command::new(env!("CARGO_BIN_EXE_callboard"))
            .arg("serve")
            .env("DATABASE_URL", &db.url)
            .env("CALLBOARD_LISTEN", format!("127.0.0.1:{port}"))
            .env("CALLBOARD_LOG_FORMAT", format)
            .env("CALLBOARD_EMBEDDING_PROVIDER", "none")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.reopen().expect("a handle"))
            .spawn()
            .expect("start the server");
        let anonymous = Client::anonymous(format!("http://127.0.0.1:{port}"));
        harness::eventually("the server is ready", async || {
            anonymous.request(Method::GET, "/ready").send().await.is_ok_and(|answer| answer.status() == 200)
        })
        .await;
        let owner = harness::connect(&db.url).await;
        let away = "create or replace function logic.admin_exists() returns boolean language plpgsql stable as
                    $$ begin raise exception 'away' using errcode = '57P03'; end $$";
        owner.batch_execute(away).await.expect("a function that fails");
        for _ in 0..60 {
            anonymous.get("/api/auth/options").await;
        }
        // SAFETY: the process is a child of this test that has not been reaped.
        unsafe { libc::kill(i32::try_from(process.id()).expect("a pid"), libc::SIGTERM) };
        harness::eventually("the server has stopped", async || matches!(process.try_wait(), Ok(Some(_)))).await;
        let log = std::fs::read_to_string(log.path()).expect("the log");
        // Also those of the time before it was ready, which are of the same kind.
        let shown = log.lines().filter(|line| line.contains("request not answered")).count();
        assert!((1..40).contains(&shown), "{shown}: {log}");
        assert!(log.contains(expected), "{log}");
        assert!(log.lines().all(|line| line.starts_with('{') == (format == "json")), "{log}");
    }
}

#[tokio::test]
async fn secrets_appear_nowhere() {
    let db = harness::database("secrets").await;
    let log = tempfile::NamedTempFile::new().expect("a file");
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let mut process = Command::new(env!("CARGO_BIN_EXE_callboard"))
        .arg("serve")
        .env("DATABASE_URL", format!("{}&application_name=canary-url", db.url))
        .env("CALLBOARD_LISTEN", format!("127.0.0.1:{port}"))
        .env("CALLBOARD_LOG", "trace")
        .env("CALLBOARD_ADMIN_EMAIL", "root@example.org")
        .env("CALLBOARD_ADMIN_PASSWORD", "canary-admin-password")
        // The receiver is unreachable, which is logged on every retry.
        .env("CALLBOARD_EMBEDDING_PROVIDER", "openai")
        .env("CALLBOARD_EMBEDDING_BASE_URL", "http://127.0.0.1:9/v1")
        .env("CALLBOARD_EMBEDDING_MODEL", "unknown")
        .env("CALLBOARD_EMBEDDING_API_KEY", "canary-embedding-key")
        .env("CALLBOARD_WEBHOOK_ALLOW_PRIVATE", "true")
        .stdin(Stdio::null())
        .stdout(log.reopen().expect("a handle"))
        .stderr(log.reopen().expect("a handle"))
        .spawn()
        .expect("start the server");
    let anonymous = Client::anonymous(format!("http://127.0.0.1:{port}"));
    harness::eventually("the server is ready", async || {
        let request = anonymous.request(Method::GET, "/ready");
        request.send().await.is_ok_and(|answer| answer.status() == 200)
    })
    .await;
    let arguments = std::fs::read(format!("/proc/{}/cmdline", process.id())).expect("the arguments");

    let mut seen = String::new();
    let mut note = |value: &Value| {
        seen.push_str(&value.to_string());
        value.clone()
    };
    let login = json!({"email": "root@example.org", "password": "canary-admin-password"});
    let signed_in = anonymous.post("/api/auth/login", login).await.ok();
    let text = |value: &Value, name: &str| value[name].as_str().expect("text").to_owned();
    let (access, refresh) = (text(&signed_in, "access"), text(&signed_in, "refresh"));
    let root = anonymous.with(&access);
    let refreshed = anonymous.post("/api/auth/token/refresh", json!({"refresh": refresh})).await.ok();
    let key = text(&root.post("/api/keys", json!({"name": "k"})).await.created(), "key");
    let ticket = text(&root.post("/api/auth/ws-ticket", json!({})).await.ok(), "ticket");
    let invite = text(&root.post("/api/invites", json!({})).await.created(), "invite");
    anonymous.with(&key).get("/api/auth/me").await.ok();
    // One generated and one provided secret; both sign a request that is not accepted.
    let workflow = text(&root.post("/api/workflows", json!({"name": "W"})).await.created(), "id");
    let hook = json!({"workflow_id": workflow, "url": "http://127.0.0.1:9/"});
    let made = root.post("/api/webhooks", hook.clone()).await.created();
    let signing = text(&made, "secret");
    let mut theirs = hook;
    theirs["secret"] = json!("canary-webhook-secret-of-theirs");
    let theirs = text(&root.post("/api/webhooks", theirs).await.created(), "id");
    for id in [text(&made, "id"), theirs] {
        let path = format!("/api/webhooks/{id}");
        note(&root.post(&format!("{path}/test"), json!({})).await.ok());
        note(&root.get(&format!("{path}/deliveries")).await.ok());
        note(&root.patch(&path, json!({"active": false})).await.ok());
    }
    note(&root.get(&format!("/api/webhooks?workflow_id={workflow}")).await.ok());
    note(&root.get(&format!("/api/workflows/{workflow}/events")).await.ok());
    note(&root.post("/api/webhooks", json!({"workflow_id": workflow, "url": "x", "secret": "canary!"})).await.json);
    // Error responses contain no secrets either.
    let bad = json!({"email": "root@example.org", "password": "canary-wrong-password", "name": ["x"]});
    for path in ["/api/auth/login", "/api/auth/register", "/api/auth/setup", "/api/auth/password"] {
        note(&anonymous.post(path, bad.clone()).await.json);
    }
    let broken = root.request(Method::POST, "/api/auth/login").header("content-type", "application/json");
    note(&root.send(broken.body("{\"password\": \"canary-broken-password\" !")).await.json);
    note(&anonymous.with(&format!("{key}canary-key")).get("/api/auth/me").await.json);
    note(&anonymous.get("/api/auth/me?token=canary-query").await.json);
    note(&root.post("/api/auth/register", json!({"email": "a@b.c", "password": {"canary-object": 1}})).await.json);
    note(&anonymous.get("/metrics").await.json);
    // Secrets that a client puts into a path are answered, but not logged.
    for path in [format!("/api/tickets/{key}"), format!("/setup/{invite}"), format!("/api/{access}")] {
        root.get(&path).await;
    }
    send_malformed(port);
    harness::eventually("the provider was tried", async || {
        let ready = anonymous.get("/ready").await.json;
        note(&ready);
        ready["embeddings"]["state"] == "failing"
    })
    .await;
    note(&anonymous.get("/openapi.json").await.json);

    // SAFETY: the process is a child of this test that has not been reaped.
    unsafe { libc::kill(i32::try_from(process.id()).expect("a pid"), libc::SIGTERM) };
    harness::eventually("the server has stopped", async || {
        tokio::time::sleep(Duration::from_millis(20)).await;
        matches!(process.try_wait(), Ok(Some(_)))
    })
    .await;
    let log = std::fs::read_to_string(log.path()).expect("the log");
    assert!(log.contains("/api/auth/register"), "the log shows requests at this level");
    for line in log.lines().filter(|line| line.starts_with('{')) {
        let line: Value = serde_json::from_str(line).expect("a JSON line");
        let by_client = line["target"].as_str().is_some_and(|target| target.starts_with("actix"));
        assert!(line["level"] != "ERROR" || !by_client, "a client's fault is no error of the server: {line}");
    }
    assert!(!log.contains("/registry/src/") && !log.contains("NOTICE"), "no source files, no notices of the database");
    let everywhere = [log.as_str(), seen.as_str(), &String::from_utf8_lossy(&arguments)].concat();
    let next = text(&refreshed, "refresh");
    for secret in [&access, &refresh, &next, &key, &ticket, &invite, &signing, &db.url] {
        assert!(!everywhere.contains(secret.as_str()), "{secret}");
    }
    for canary in ["canary", "argon2"] {
        let line = everywhere.lines().find(|line| line.contains(canary));
        assert!(line.is_none(), "{line:?}");
    }
    // Analysts may read the history, so it contains no account data.
    let client = harness::connect(&db.url).await;
    let rows = client.query("select history::text from history where history::text like '%canary%'", &[]).await;
    assert!(rows.expect("history").is_empty());
}
