//! Access tokens: only unexpired tokens signed by this server are accepted.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

use crate::client::{Server, server, server_with};

struct TokenSigner {
    kid: String,
    secret: Vec<u8>,
    claims: Value,
}

impl TokenSigner {
    async fn of(server: &Server, token: &str) -> Self {
        let row = server.sql("select kid, secret from signing_keys where purpose = 'access'", &[]).await;
        let payload = token.split('.').nth(1).expect("a payload");
        let claims = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).expect("base64")).expect("JSON");
        Self { kid: row[0].get(0), secret: row[0].get(1), claims }
    }

    fn sign(&self, change: impl Fn(&mut Value)) -> String {
        self.sign_as(Algorithm::HS256, &self.secret, Some(&self.kid), change)
    }

    fn sign_as(&self, algorithm: Algorithm, secret: &[u8], kid: Option<&str>, change: impl Fn(&mut Value)) -> String {
        let mut claims = self.claims.clone();
        change(&mut claims);
        let mut header = Header::new(algorithm);
        header.kid = kid.map(str::to_owned);
        encode(&header, &claims, &EncodingKey::from_secret(secret)).expect("a token")
    }
}

#[tokio::test]
async fn only_tokens_signed_by_this_server_are_accepted() {
    let server = server("jwt").await;
    let ada = server.user("ada").await;
    let token = ada.token.clone().expect("a token");
    let signer = TokenSigner::of(&server, &token).await;
    let now = signer.claims["iat"].as_i64().expect("a time");
    assert_eq!(signer.claims["typ"], "access");
    let same = server.bearer(&signer.sign(|_| ()));
    same.get("/api/auth/me").await.ok();

    let kid = Some(signer.kid.as_str());
    let set = |name: &'static str, value: Value| signer.sign(move |claims| claims[name] = value.clone());
    let drop = |name: &'static str| {
        signer.sign(move |claims| {
            claims.as_object_mut().expect("an object").remove(name);
        })
    };
    let parts: Vec<&str> = token.split('.').collect();
    let none = URL_SAFE_NO_PAD.encode(json!({"alg": "none", "typ": "JWT", "kid": signer.kid}).to_string());
    let forged = [
        ("alg none", format!("{none}.{}.", parts[1])),
        ("alg none, signed", format!("{none}.{}.{}", parts[1], parts[2])),
        ("HS512", signer.sign_as(Algorithm::HS512, &signer.secret, kid, |_| ())),
        ("HS384", signer.sign_as(Algorithm::HS384, &signer.secret, kid, |_| ())),
        ("another key", signer.sign_as(Algorithm::HS256, b"another secret of thirty-two byte", kid, |_| ())),
        ("empty key", signer.sign_as(Algorithm::HS256, b"", kid, |_| ())),
        ("no kid", signer.sign_as(Algorithm::HS256, &signer.secret, None, |_| ())),
        ("unknown kid", signer.sign_as(Algorithm::HS256, &signer.secret, Some("nobody"), |_| ())),
        ("issuer", set("iss", json!("someone"))),
        ("audience", set("aud", json!("someone"))),
        ("list audience", set("aud", json!(["callboard-api"]))),
        ("typ refresh", set("typ", json!("refresh"))),
        ("no typ", drop("typ")),
        ("string exp", set("exp", json!((now + 900).to_string()))),
        ("float exp", set("exp", json!(now as f64 + 900.5))),
        ("no exp", drop("exp")),
        ("huge exp", set("exp", json!(u64::MAX))),
        ("negative exp", set("exp", json!(-1))),
        ("expired", set("exp", json!(now - 60))),
        ("not yet", set("nbf", json!(now + 60))),
        ("issued later", set("iat", json!(now + 60))),
        ("another session", set("sid", json!("session-none"))),
        ("another user", set("sub", json!("user-none"))),
        ("changed signature", format!("{}.{}.{}A", parts[0], parts[1], &parts[2][..parts[2].len() - 1])),
        ("no signature", format!("{}.{}.", parts[0], parts[1])),
        ("garbage", "a.b.c".to_owned()),
        ("two parts", format!("{}.{}", parts[0], parts[1])),
    ];
    for (what, token) in forged {
        if token == *ada.token.as_ref().expect("a token") {
            continue;
        }
        let answer = server.bearer(&token).get("/api/auth/me").await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.json);
        assert!(answer.header("www-authenticate").is_some());
    }
    ada.get("/api/auth/me").await.ok();
}

#[tokio::test]
async fn tokens_end_and_keys_rotate() {
    let server = server_with("rotate", &["--access-token-seconds", "900"], vec![]).await;
    let ada = server.user("ada").await;
    let before = ada.token.clone().expect("a token");
    // Another server on the same database accepts the new key without a notification.
    let elsewhere =
        callboard::domain::accounts::Accounts::load(&server.state.db, &server.state.config).await.expect("load");
    server.state.accounts.rotate_signing_key().await.expect("rotate");
    let refreshed = server.anonymous().post("/api/auth/token/refresh", json!({"refresh": ada.refresh})).await.ok();
    let after = refreshed["access"].as_str().expect("a token");
    server.bearer(&before).get("/api/auth/me").await.ok();
    server.bearer(after).get("/api/auth/me").await.ok();
    crate::harness::eventually("the other server has read the new key", async || {
        elsewhere.authenticate(after, None).await.is_ok()
    })
    .await;
    assert!(elsewhere.authenticate(&before, None).await.is_ok());
}

#[tokio::test]
async fn servers_that_start_together_share_their_keys() {
    let db = crate::harness::database("together").await;
    let pool = callboard::db::pool::pool(&db.url, 8, std::time::Duration::from_secs(30)).expect("a pool");
    let db_handle = callboard::db::Db::new(pool);
    let config = crate::client::config(&[]);
    let loaded = futures_util::future::join_all(
        (0..8).map(|_| callboard::domain::accounts::Accounts::load(&db_handle, &config)),
    )
    .await;
    let accounts: Vec<_> = loaded.into_iter().map(|one| one.expect("load")).collect();
    let token = accounts[0].tokens().issue("user-x", "session-x").expect("a token");
    for one in &accounts {
        assert_eq!(one.authenticate(&token, None).await.expect("verified").caller.actor, "user-x");
        assert_eq!(one.tokens().successor("x"), accounts[0].tokens().successor("x"));
    }
}
