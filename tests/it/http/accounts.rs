//! Accounts: registration, sign-in, passwords, sessions.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::client::{server, server_with};

#[tokio::test]
async fn users_register_sign_in_and_sign_out() {
    let server = server("people").await;
    let ada = server.user("ada").await;
    let me = ada.get("/api/auth/me/").await.ok();
    assert_eq!(me["user"]["email"], "ada@example.org");
    assert_eq!(me["user"]["is_admin"], false);
    let anonymous = server.anonymous();
    // The e-mail address is case-insensitive and unique.
    let taken = json!({"email": " ADA@example.org ", "password": "correct horse", "name": "x"});
    // The answer of a taken address is that of one which is not valid.
    let malformed = json!({"email": "ada", "password": "correct horse", "name": "x"});
    let (taken, malformed) =
        (anonymous.post("/api/auth/register", taken).await, anonymous.post("/api/auth/register", malformed).await);
    assert_eq!(taken.json["errors"], malformed.json["errors"]);
    assert_eq!((taken.refused(422), malformed.refused(422)), ("invalid".to_owned(), "invalid".to_owned()));
    let login = json!({"email": "Ada@Example.org", "password": "correct horse"});
    let signed_in = anonymous.post("/api/auth/login/", login).await.ok();
    assert!(signed_in["refresh"].is_string() && signed_in["expires_in"] == 900);
    let second = server.bearer(signed_in["access"].as_str().expect("a token"));
    assert_eq!(second.post("/api/auth/logout/", json!({})).await.status, 204);
    // The second session ends at once; the first continues.
    second.get("/api/auth/me").await.refused(401);
    ada.get("/api/auth/me").await.ok();
    anonymous.get("/api/auth/me").await.refused(401);
    assert_eq!(anonymous.post("/api/auth/logout", json!({})).await.refused(401), "unauthenticated");
}

#[tokio::test]
async fn refuses_bad_registrations() {
    let server = server("badreg").await;
    let anonymous = server.anonymous();
    for (body, field) in [
        (json!({"email": "ada", "password": "correct horse"}), "email"),
        (json!({"email": "a@b.c", "password": "short"}), "password"),
        (json!({"email": "a@b.c", "password": "x".repeat(1025)}), "password"),
        (json!({"email": "a@b.c", "password": "password1234"}), "password"),
        (json!({"email": "somebody@example.org", "password": "somebody@example.org"}), "password"),
        (json!({"email": "a@b.c", "password": 12345678}), "password"),
        (json!({"email": "a@b.c", "password": "correct\u{0}horse"}), "password"),
        (json!({"email": "a@b.c", "password": "correct horse", "admin": true}), "admin"),
        (json!({"email": "a@b.c", "password": "correct horse", "token_mode": "url"}), "token_mode"),
        (json!({"email": "a@b.c", "password": "correct horse", "invite": "nothing"}), "invite"),
    ] {
        let answer = anonymous.post("/api/auth/register", body).await;
        assert_eq!(answer.json["errors"][0]["field"], field, "{}", answer.json);
        answer.refused(422);
    }
    let long = json!({"email": "x".repeat(2000), "password": "correct horse"});
    anonymous.post("/api/auth/login", long).await.refused(422);
    let raw = |kind: &'static str, body: &'static str| {
        anonymous.send(anonymous.request(Method::POST, "/api/auth/login").header("content-type", kind).body(body))
    };
    assert_eq!(raw("text/plain", "{}").await.refused(415), "unsupported_media_type");
    assert_eq!(raw("application/json", "{oops").await.refused(400), "malformed_json");
}

#[tokio::test]
async fn registration_can_be_off_or_by_invitation() {
    let off = server_with("regoff", &["--registration", "off"], vec![]).await;
    let body = json!({"email": "a@b.c", "password": "correct horse"});
    off.anonymous().post("/api/auth/register", body.clone()).await.refused(403);
    assert_eq!(off.anonymous().get("/api/auth/options").await.ok()["registration"], "off");

    let server = server_with("reginv", &["--registration", "invite"], vec![]).await;
    let anonymous = server.anonymous();
    anonymous.post("/api/auth/register", body).await.refused(403);
    server.sql("insert into actors (id, kind, name, is_admin) values ('user-root', 'user', 'root', true)", &[]).await;
    let root = server.state.accounts.tokens().issue("user-root", "s").expect("a token");
    server
        .sql("insert into sessions (id, actor_id, expires_at) values ('s', 'user-root', now() + interval '1 day')", &[])
        .await;
    let root = server.bearer(&root);
    let invite = root.post("/api/invites", json!({"email": "New@example.org"})).await.created();
    let with = |email: &str| json!({"email": email, "password": "correct horse", "invite": invite["invite"]});
    anonymous.post("/api/auth/register", with("other@example.org")).await.refused(422);
    anonymous.post("/api/auth/register", with("new@example.org")).await.created();
    anonymous.post("/api/auth/register", with("new@example.org")).await.refused(422);
    // Only the hash of an invitation is stored.
    let kept = server.sql("select encode(token_hash, 'escape') from invites", &[]).await;
    assert_ne!(kept[0].get::<_, String>(0), invite["invite"].as_str().expect("text"));
}

#[tokio::test]
async fn known_and_unknown_accounts_are_indistinguishable() {
    let server = server_with("alike", &["--sign-in-rate", "1000"], vec![]).await;
    server.user("ada").await;
    let anonymous = server.anonymous();
    let attempt = async |email: &str| {
        let started = Instant::now();
        let answer = anonymous.post("/api/auth/login", json!({"email": email, "password": "wrong horse"})).await;
        let json = answer.json.clone();
        assert_eq!(answer.refused(401), "wrong_credentials");
        (started.elapsed(), json)
    };
    // A busy machine only adds to the time, so the fastest of each comes closer to the true time with every round, while an
    // answer without a password hash stays at a fraction of one.
    let (mut known, mut unknown) = (Duration::MAX, Duration::MAX);
    for round in 0..300 {
        let (time, answer) = attempt("ada@example.org").await;
        let (other_time, other) = attempt(&format!("nobody{round}@example.org")).await;
        assert_eq!(answer, other);
        (known, unknown) = (known.min(time), unknown.min(other_time));
        if round >= 15 && (0.6..1.7).contains(&known.div_duration_f64(unknown)) {
            break;
        }
    }
    assert!((0.6..1.7).contains(&known.div_duration_f64(unknown)), "{known:?} known, {unknown:?} unknown");
    // Only argon2id hashes are stored.
    let row = server.sql("select password_hash from users", &[]).await;
    assert!(row[0].get::<_, String>(0).starts_with("$argon2id$v=19$m="));
}

#[tokio::test]
async fn failed_sign_ins_are_throttled_and_successful_ones_are_not() {
    let server = server_with("throttle", &["--sign-in-rate", "3"], vec![]).await;
    server.user("ada").await;
    server.user("bob").await;
    let anonymous = server.anonymous();
    let login = async |name: &str, password: &str, forwarded: &str| {
        let body = json!({"email": format!("{name}@example.org"), "password": password});
        let request =
            anonymous.request(Method::POST, "/api/auth/login").header("x-forwarded-for", forwarded).json(&body);
        anonymous.send(request).await
    };
    // Correct passwords do not count against the limit, also when sent concurrently.
    let many = futures_util::future::join_all((0..12).map(|_| login("bob", "correct horse", "1.1.1.1"))).await;
    assert!(many.iter().all(|answer| answer.status == 200));
    // Wrong passwords do, also when sent concurrently, and a forged X-Forwarded-For does not help.
    let forwarded: Vec<String> = (0..8).map(|n| format!("1.1.1.{n}")).collect();
    let guesses = futures_util::future::join_all(forwarded.iter().map(|from| login("ada", "wrong horse", from))).await;
    assert_eq!(guesses.iter().filter(|answer| answer.status == 401).count(), 3);
    let refused = login("ada", "correct horse", "9.9.9.9").await;
    assert!(refused.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|s| s > 0)));
    assert_eq!(refused.refused(429), "too_many_requests");
    login("bob", "correct horse", "1.1.1.1").await.ok();
    // The limit per IP address is ten times higher: registration used two and ada three,
    // and one is restored every two seconds.
    let started = Instant::now();
    let names: Vec<String> = (0..60).map(|n| format!("guess{n}")).collect();
    let guesses = futures_util::future::join_all(names.iter().map(|name| login(name, "wrong horse", "1.1.1.1"))).await;
    let passed = guesses.iter().filter(|answer| answer.status == 401).count();
    let returned = usize::try_from(started.elapsed().as_secs() / 2 + 3).expect("a few");
    assert!((24..=25 + returned).contains(&passed), "{passed} guesses passed");
    assert!(guesses.iter().all(|answer| matches!(answer.status, 401 | 429)));
}

#[tokio::test]
async fn strangers_do_not_lock_out_a_browser_that_signed_in_before() {
    let server = server_with("device", &["--sign-in-rate", "3"], vec![]).await;
    let anonymous = server.anonymous();
    let account = |password: &str| json!({"email": "ada@example.org", "password": password, "token_mode": "cookie"});
    let registered = anonymous.post("/api/auth/register", account("correct horse")).await;
    let cookies: Vec<&str> =
        registered.headers.get_all("set-cookie").iter().filter_map(|cookie| cookie.to_str().ok()).collect();
    let mark = cookies.iter().find(|cookie| cookie.starts_with("callboard_device=")).expect("a mark");
    assert!(mark.contains("HttpOnly") && mark.contains("SameSite=Strict") && mark.contains("Path=/api/auth"), "{mark}");
    let mark = mark.split(';').next().expect("a pair").to_owned();
    assert_eq!(registered.status, 201);
    let login = async |password: &str, cookie: &str| {
        let request = anonymous.request(Method::POST, "/api/auth/login").header("cookie", cookie);
        anonymous.send(request.json(&account(password))).await
    };
    for _ in 0..3 {
        login("wrong horse", "").await.refused(401);
    }
    login("correct horse", "").await.refused(429);
    login("correct horse", "callboard_device=forged.mark").await.refused(429);
    login("correct horse", &mark).await.ok();
    // A browser is limited, too.
    for _ in 0..3 {
        login("wrong horse", &mark).await.refused(401);
    }
    login("correct horse", &mark).await.refused(429);
}

#[tokio::test]
async fn fifty_sign_ins_do_not_stall_health() {
    let server = server_with("fifty", &["--sign-in-rate", "1000"], vec![]).await;
    server.user("ada").await;
    let anonymous = server.anonymous();
    let sign_ins = tokio::spawn({
        let anonymous = anonymous.clone();
        async move {
            let body = json!({"email": "ada@example.org", "password": "correct horse"});
            futures_util::future::join_all((0..50).map(|_| anonymous.post("/api/auth/login", body.clone()))).await
        }
    });
    let mut slowest = Duration::ZERO;
    while !sign_ins.is_finished() {
        let started = Instant::now();
        anonymous.get("/health").await.ok();
        slowest = slowest.max(started.elapsed());
    }
    let answers = sign_ins.await.expect("the concurrent requests");
    assert!(answers.iter().all(|answer| answer.status == 200));
    assert!(slowest < Duration::from_millis(500), "/health took {slowest:?}");
}

#[tokio::test]
async fn changing_the_password_ends_other_sessions() {
    let server = server("password").await;
    let ada = server.user("ada").await;
    let login = |password: &str| json!({"email": "ada@example.org", "password": password});
    let other = server.anonymous().post("/api/auth/login", login("correct horse")).await.ok();
    let other = server.bearer(other["access"].as_str().expect("a token"));
    let change = |current: &str, new: &str| json!({"current_password": current, "new_password": new});
    ada.post("/api/auth/password", change("wrong horse", "battery staple")).await.refused(422);
    ada.post("/api/auth/password", change("correct horse", "short")).await.refused(422);
    other.get("/api/auth/me").await.ok();
    assert_eq!(ada.post("/api/auth/password", change("correct horse", "battery staple")).await.status, 204);
    ada.get("/api/auth/me").await.ok();
    other.get("/api/auth/me").await.refused(401);
    server.anonymous().post("/api/auth/login", login("correct horse")).await.refused(401);
    server.anonymous().post("/api/auth/login", login("battery staple")).await.ok();
}

#[tokio::test]
async fn sessions_are_listed_and_ended_by_their_owner_only() {
    let server = server("sessions").await;
    let ada = server.user("ada").await;
    let bob = server.user("bob").await;
    let login = json!({"email": "ada@example.org", "password": "correct horse"});
    server.anonymous().post("/api/auth/login", login.clone()).await.ok();
    server.anonymous().post("/api/auth/login", login).await.ok();
    let sessions = ada.get("/api/auth/sessions").await.ok();
    let sessions = sessions["sessions"].as_array().expect("a list");
    assert_eq!(sessions.len(), 3);
    assert_eq!(sessions.iter().filter(|session| session["current"] == true).count(), 1);
    let other = sessions.iter().find(|session| session["current"] == false).expect("another");
    let path = format!("/api/auth/sessions/{}", other["id"].as_str().expect("an id"));
    let hidden = bob.delete(&path).await;
    let absent = bob.delete("/api/auth/sessions/session-none").await;
    assert_eq!(hidden.json, absent.json);
    assert_eq!(hidden.refused(404), "not_found");
    assert_eq!(ada.delete(&path).await.status, 204);
    assert_eq!(ada.delete("/api/auth/sessions").await.ok()["revoked"], 1);
    assert_eq!(ada.get("/api/auth/sessions").await.ok()["sessions"].as_array().expect("a list").len(), 1);
}

#[tokio::test]
async fn size_depth_and_rate_limits_hold() {
    let server = server_with("limits", &["--max-body", "10000", "--request-rate", "2"], vec![]).await;
    let ada = server.user("ada").await;
    let long = json!({"email": "x".repeat(20_000), "password": "correct horse"});
    assert_eq!(ada.post("/api/auth/login", long).await.refused(413), "too_large");
    let deep = format!("{{\"email\":{}1{}}}", "[".repeat(4000), "]".repeat(4000));
    let post = |body: Vec<u8>| {
        ada.request(Method::POST, "/api/auth/login").header("content-type", "application/json").body(body)
    };
    assert!(matches!(ada.send(post(deep.into_bytes())).await.status, 400 | 422));
    let zipped = post(vec![0x1f, 0x8b, 8, 0]).header("content-encoding", "gzip");
    assert_eq!(ada.send(zipped).await.refused(415), "unsupported_encoding");
    // A burst of twenty, then two per second, for this actor only.
    let mut passed = 0;
    let refused = loop {
        match ada.get("/api/auth/me").await {
            answer if answer.status == 200 => passed += 1,
            answer => break answer,
        }
        assert!(passed < 60, "never limited");
    };
    assert!(passed >= 15, "{passed} passed");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.refused(429), "too_many_requests");
    server.anonymous().get("/health").await.ok();
}
