//! Creation of the first administrator.

use callboard::domain::accounts;
use secrecy::ExposeSecret;
use serde_json::json;

use crate::client::{config, server, server_with};

#[tokio::test]
async fn the_first_admin_is_created_by_a_one_time_link() {
    let server = server("setuplink").await;
    let anonymous = server.anonymous();
    let options = anonymous.get("/api/auth/options").await.ok();
    assert_eq!((&options["setup_required"], &options["dev_mode"]), (&true.into(), &false.into()));
    let link = async || accounts::first_start(&server.state.db, &server.state.config).await.expect("first start");
    let (first, second) = (link().await.expect("a link"), link().await.expect("another"));
    let setup =
        |token: &str| json!({"token": token, "email": "root@example.org", "password": "correct horse", "name": "Root"});
    anonymous.post("/api/auth/setup", setup("invented")).await.refused(410);
    let bodies: Vec<_> = [&first, &first, &second].into_iter().map(|token| setup(token.expose_secret())).collect();
    let answers =
        futures_util::future::join_all(bodies.into_iter().map(|body| anonymous.post("/api/auth/setup", body))).await;
    let made: Vec<_> = answers.into_iter().filter(|answer| answer.status == 201).collect();
    assert_eq!(made.len(), 1);
    assert_eq!(made[0].json["user"]["is_admin"], true);
    assert!(link().await.is_none());
    anonymous.post("/api/auth/setup", setup(second.expose_secret())).await.refused(410);
    assert_eq!(anonymous.get("/api/auth/options").await.ok()["setup_required"], false);
}

#[tokio::test]
async fn the_first_admin_is_created_by_settings() {
    let flags = ["--admin-email", "Root@Example.org", "--admin-password", "correct horse"];
    let server = server_with("setupenv", &flags, vec![]).await;
    // The administrator's e-mail address was already registered by someone else.
    let squatter = server.user("root").await;
    assert!(accounts::first_start(&server.state.db, &server.state.config).await.expect("first start").is_none());
    squatter.get("/api/auth/me").await.refused(401);
    let login = json!({"email": "root@example.org", "password": "correct horse"});
    assert_eq!(server.anonymous().post("/api/auth/login", login).await.ok()["user"]["is_admin"], true);
    // A later start with another password changes nothing.
    let later = config(&["--admin-email", "root@example.org", "--admin-password", "battery staple"]);
    assert!(accounts::first_start(&server.state.db, &later).await.expect("first start").is_none());
    let login = json!({"email": "root@example.org", "password": "battery staple"});
    server.anonymous().post("/api/auth/login", login).await.refused(401);
    let half = config(&["--admin-email", "root@example.org"]);
    assert!(accounts::first_start(&server.state.db, &half).await.expect("an administrator exists").is_none());
}

#[tokio::test]
async fn the_first_admin_is_created_through_the_database() {
    let server = server("setupcli").await;
    let password = || secrecy::SecretString::from("correct horse").into();
    let db = &server.state.db;
    let made = accounts::people::create(db, "Root@example.org", None, password(), true).await.expect("a person");
    assert_eq!((made.name.as_str(), made.is_admin), ("root", true));
    assert!(accounts::people::create(db, "root@example.org", None, password(), false).await.is_err());
    let service =
        accounts::agents::provision(db, "ci", accounts::agents::Kind::Service, None).await.expect("a service");
    let request = accounts::keys::KeyRequest { name: "ci".into(), ..Default::default() };
    let caller = accounts::Caller::trusted(&service.id);
    let key = accounts::keys::create(db, &caller, &request).await.expect("a key");
    assert_eq!(server.bearer(&key.key).get("/api/auth/me").await.ok()["user"]["kind"], "service");
}
