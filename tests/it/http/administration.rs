//! Administration of the whole server: passwords, sessions, who may sign up, agents with their keys, webhooks, the state.

use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, open, signed_in_user, text};
use crate::client::{Client, Server, server_with};

const PASSWORD: &str = "a quite new password";

/// Makes a link for a person and returns its token.
async fn link(admin: &Client, person: &str, body: Value) -> String {
    let made = admin.post(&format!("/api/users/{person}/password-reset"), body).await.created();
    text(&made, "token")
}

async fn follow(server: &Server, token: &str, password: &str) -> crate::client::Answer {
    let body = json!({"token": token, "password": password});
    server.anonymous().post("/api/auth/password-reset", body).await
}

/// The newest security event of a kind.
async fn last(admin: &Client, kind: &str) -> Value {
    admin.get(&format!("/api/security-events?kind={kind}&limit=1")).await.ok()["events"][0].clone()
}

#[tokio::test]
async fn an_administrator_makes_a_link_with_which_a_person_chooses_a_new_password() {
    let server = server_with("reset_link", &["--public-url", "https://board.example.org/"], Vec::new()).await;
    let (admin, ada) = (server.admin("root").await, signed_in_user(&server, "ada").await);
    let key = ada.with(&text(&ada.post("/api/keys", json!({"name": "ci"})).await.created(), "key"));

    let made = admin.post("/api/users/ADA@example.org/password-reset", json!({"expires_in_hours": 2})).await.created();
    let token = text(&made, "token");
    assert_eq!(made["url"], format!("https://board.example.org/reset-password?token={token}"));
    assert_eq!((&made["user"]["id"], &made["revokes_keys"]), (&json!(ada.id), &json!(false)));
    let event = last(&admin, "password_reset_created").await;
    assert_eq!((&event["subject_id"], &event["actor_name"]), (&json!(ada.id), &json!("root")));
    assert!(!admin.get("/api/security-events").await.ok().to_string().contains(&token), "no secret is recorded");

    // A refused password leaves the link as it is, and sessions hold until it is used.
    follow(&server, &token, "ada@example.org").await.refused(422);
    ada.get("/api/auth/me").await.ok();
    let signed_in = follow(&server, &token, PASSWORD).await.created();
    assert_eq!(signed_in["user"]["id"], ada.id);
    assert_eq!(ada.get("/api/auth/me").await.refused(401), "unauthenticated");
    key.get("/api/auth/me").await.ok();
    server.bearer(&text(&signed_in, "access")).get("/api/auth/me").await.ok();
    let login = json!({"email": "ada@example.org", "password": PASSWORD});
    server.anonymous().post("/api/auth/login", login).await.ok();
    assert_eq!(last(&admin, "password_reset").await["subject_id"], ada.id);
    assert_eq!(follow(&server, &token, "one more good password").await.refused(410), "gone");
    assert_eq!(follow(&server, "invented", "one more good password").await.refused(410), "gone");

    // A link may also revoke the keys.
    let token = link(&admin, &ada.id, json!({"revoke_keys": true})).await;
    follow(&server, &token, "one more good password").await.created();
    crate::harness::eventually("the key is refused", async || key.get("/api/auth/me").await.status == 401).await;
}

#[tokio::test]
async fn a_link_stops_with_what_it_rests_on() {
    let server = open("reset_stops").await;
    let (admin, other) = (server.admin("root").await, server.admin("second").await);
    let ada = signed_in_user(&server, "ada").await;
    ada.post("/api/users/second@example.org/password-reset", json!({})).await.refused(403);
    admin.post("/api/users/nobody@example.org/password-reset", json!({})).await.refused(404);
    admin.post("/api/users/root@example.org/password-reset", json!({})).await.refused(409);
    let path = format!("/api/users/{}/password-reset", ada.id);
    for hours in [0, 169] {
        admin.post(&path, json!({"expires_in_hours": hours})).await.refused(422);
    }
    // Only the newest link works.
    let (first, second) = (link(&admin, &ada.id, json!({})).await, link(&other, &ada.id, json!({})).await);
    follow(&server, &first, PASSWORD).await.refused(410);
    // Its maker has to be an administrator still.
    server.sql("update actors set is_admin = false where name = 'second'", &[]).await;
    follow(&server, &second, PASSWORD).await.refused(410);
    // Time, a change of the password and a disabled account end it.
    let token = link(&admin, &ada.id, json!({})).await;
    server.sql("update password_resets set expires_at = now() - interval '1 second' where used_at is null", &[]).await;
    follow(&server, &token, PASSWORD).await.refused(410);
    let token = link(&admin, &ada.id, json!({})).await;
    server.sql("update users set password_changed_at = clock_timestamp() where actor_id = $1", &[&ada.id]).await;
    follow(&server, &token, PASSWORD).await.refused(410);
    let token = link(&admin, &ada.id, json!({})).await;
    admin.post(&format!("/api/users/{}/disable", ada.id), json!({})).await.ok();
    follow(&server, &token, PASSWORD).await.refused(410);
    admin.post(&path, json!({})).await.refused(409);
    // Of two uses at once one succeeds.
    admin.post(&format!("/api/users/{}/enable", ada.id), json!({})).await.ok();
    let token = link(&admin, &ada.id, json!({})).await;
    let uses =
        futures_util::future::join_all([PASSWORD, "one more good password"].map(|one| follow(&server, &token, one)));
    let mut statuses: Vec<u16> = uses.await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 410]);
}

#[tokio::test]
async fn an_administrator_finds_people_and_ends_their_sessions() {
    let server = open("admin_people").await;
    let (admin, ada) = (server.admin("root").await, signed_in_user(&server, "ada").await);
    ada.post("/api/agents", json!({"id": "bot"})).await.created();
    let found = admin.get("/api/users?search=ADA%40").await.ok();
    let rows = found["users"].as_array().expect("a list");
    assert_eq!((rows.len(), &rows[0]["id"]), (1, &json!(ada.id)));
    assert_eq!((&rows[0]["sessions"], &rows[0]["agents"]), (&json!(1), &json!(1)));
    let first = admin.get("/api/users?search=example&limit=1").await.ok();
    let cursor = text(&first, "next_cursor");
    let rest = admin.get(&format!("/api/users?search=example&limit=1&cursor={cursor}")).await.ok();
    assert_ne!(rest["users"][0]["id"], first["users"][0]["id"]);
    admin.get(&format!("/api/users?search=other&cursor={cursor}")).await.refused(422);
    admin.get(&format!("/api/users?search={}", "x".repeat(201))).await.refused(422);

    let path = format!("/api/users/{}/sessions", ada.id);
    let sessions = admin.get(&path).await.ok();
    assert_eq!(
        (sessions["sessions"].as_array().expect("a list").len(), &sessions["sessions"][0]["current"]),
        (1, &json!(false))
    );
    ada.get(&path).await.refused(403);
    ada.delete(&path).await.refused(403);
    assert_eq!(admin.delete(&path).await.ok()["revoked"], 1);
    assert_eq!(ada.get("/api/auth/me").await.refused(401), "unauthenticated");
    assert_eq!(last(&admin, "session_ended").await["details"]["reason"], "ended by an administrator");
    // One's own session stays.
    assert_eq!(admin.delete("/api/users/root@example.org/sessions").await.ok()["revoked"], 0);
    admin.get("/api/auth/me").await.ok();
}

#[tokio::test]
async fn who_may_sign_up_is_narrowed_at_once_and_never_widened_beyond_the_setting() {
    let server = open("sign_up").await;
    let (admin, ada) = (server.admin("root").await, signed_in_user(&server, "ada").await);
    let change = async |client: &Client, policy: &str| {
        client.patch("/api/server/registration", json!({"registration": policy})).await
    };
    let register = async |name: &str| {
        let body = json!({"email": format!("{name}@example.org"), "password": "correct horse battery"});
        server.anonymous().post("/api/auth/register", body).await.status
    };
    change(&ada, "off").await.refused(403);
    change(&admin, "everybody").await.refused(422);
    assert_eq!(register("one").await, 201);
    assert_eq!(change(&admin, "off").await.ok(), json!({"registration": "off", "configured": "open"}));
    assert_eq!(server.anonymous().get("/api/auth/options").await.ok()["registration"], "off");
    assert_eq!(register("two").await, 403);
    let event = last(&admin, "setting_changed").await;
    assert_eq!((&event["subject_id"], &event["details"]["value"]), (&json!("registration"), &json!("off")));
    // Another server of the database knows it too; one that is started with less allows less.
    let narrow = server.second_server(&["--registration", "invite"]).await;
    let there = narrow.bearer(admin.token.as_deref().expect("a token"));
    assert_eq!(change(&there, "open").await.refused(422), "invalid");
    assert_eq!(change(&there, "invite").await.ok()["registration"], "invite");
    assert_eq!(change(&admin, "open").await.ok()["registration"], "open");
    assert_eq!(narrow.anonymous().get("/api/auth/options").await.ok()["registration"], "invite");
    assert_eq!(register("two").await, 201);
}

#[tokio::test]
async fn agents_are_listed_below_their_owners_with_the_lineage_of_their_keys() {
    let server = open("admin_agents").await;
    let (admin, ada) = (server.admin("root").await, signed_in_user(&server, "ada").await);
    ada.post("/api/agents", json!({"id": "builder", "kind": "service"})).await.created();
    let manager =
        ada.post("/api/keys", json!({"name": "manager", "scopes": ["read", "write", "manage"]})).await.created();
    let by_key = ada.with(&text(&manager, "key"));
    by_key.post("/api/keys", json!({"name": "nightly", "actor_id": "builder", "scopes": ["read"]})).await.created();
    server.sql("insert into actors (id, kind, name) values ('imported', 'agent', 'imported')", &[]).await;

    let roots = admin.get("/api/server/agents").await.ok();
    let names: Vec<&str> =
        roots["actors"].as_array().expect("a list").iter().filter_map(|one| one["name"].as_str()).collect();
    assert_eq!(names, ["ada", "root"], "people by name, without names of imported tickets");
    let person = &roots["actors"][0];
    assert_eq!(
        (&person["agents"], &person["key_count"], &person["keys"][0]["name"]),
        (&json!(1), &json!(1), &json!("manager"))
    );
    assert!(person["last_used_at"].is_string());
    let below = admin.get(&format!("/api/server/agents?owner_id={}", ada.id)).await.ok();
    let agent = &below["actors"][0];
    assert_eq!((&agent["id"], &agent["owner_name"]), (&json!("builder"), &json!("ada")));
    let key = &agent["keys"][0];
    assert_eq!((&key["created_by_name"], &key["created_by_key_name"]), (&json!("ada"), &json!("manager")));
    let found = admin.get("/api/server/agents?search=NIGHT").await.ok();
    assert_eq!((found["actors"].as_array().expect("a list").len(), &found["actors"][0]["id"]), (1, &json!("builder")));
    let first = admin.get("/api/server/agents?limit=1").await.ok();
    let next = admin.get(&format!("/api/server/agents?limit=1&cursor={}", text(&first, "next_cursor"))).await.ok();
    assert_eq!((&next["actors"][0]["name"], &next["has_more"]), (&json!("root"), &json!(false)));
    // What the list shows can be ended from there.
    assert_eq!(admin.delete(&format!("/api/keys/{}", text(key, "id"))).await.status, 204);
    admin.patch("/api/agents/builder", json!({"disabled": true})).await.ok();
    let agent = admin.get("/api/server/agents?search=builder").await.ok()["actors"][0].clone();
    assert!(agent["disabled_at"].is_string() && agent["keys"] == json!([]), "{agent}");
}

#[tokio::test]
async fn webhooks_of_all_workflows_show_their_state() {
    let server = open("admin_webhooks").await;
    let (admin, ada) = (server.admin("root").await, signed_in_user(&server, "ada").await);
    let workflow = TestWorkflow::of(&ada).await.workflow;
    let create = async |url: &str| {
        // Of an event that does not happen, so that nothing is sent.
        let body = json!({"workflow_id": workflow, "url": url, "events": ["ticket_merged"]});
        text(&ada.post("/api/webhooks", body).await.created(), "id")
    };
    let (quiet, broken) = (create("https://example.com/a").await, create("https://example.com/b").await);
    server
        .sql(
            "insert into webhook_deliveries (webhook_id, workflow_id, message_id, event_type, attempt, status_code, delivered, error, duration_ms)
             values ($1, $2, 'm', 'ticket_created', 1, 500, false, 'no', 3)",
            &[&broken, &workflow],
        )
        .await;
    server
        .sql("update webhooks set attempt = 1, not_before = now() + interval '1 hour' where id = $1", &[&broken])
        .await;
    server
        .sql("update webhooks set active = false, disabled_reason = 'paused by its owner' where id = $1", &[&quiet])
        .await;
    let all = admin.get("/api/server/webhooks?limit=1").await.ok();
    assert_eq!((&all["webhooks"][0]["id"], &all["webhooks"][0]["state"]), (&json!(broken), &json!("failing")));
    assert_eq!(all["webhooks"][0]["last_delivery"]["status_code"], 500);
    let rest = admin.get(&format!("/api/server/webhooks?limit=1&cursor={}", text(&all, "next_cursor"))).await.ok();
    assert_eq!((&rest["webhooks"][0]["id"], &rest["webhooks"][0]["last_delivery"]), (&json!(quiet), &Value::Null));
    let paused = admin.get("/api/server/webhooks?state=paused").await.ok();
    assert_eq!(
        (paused["webhooks"].as_array().expect("a list").len(), &paused["webhooks"][0]["id"]),
        (1, &json!(quiet))
    );
    admin.get("/api/server/webhooks?state=asleep").await.refused(422);
}

#[tokio::test]
async fn the_state_of_the_server_is_for_administrators() {
    let folder = tempfile::tempdir().expect("a folder");
    let backups = folder.path().join("backups");
    let flags = ["--backup-dir", backups.to_str().expect("a path"), "--history-months", "6"];
    let server = server_with("server_state", &flags, Vec::new()).await;
    let (admin, ada) = (server.admin("root").await, signed_in_user(&server, "ada").await);
    for path in ["/api/server", "/api/server/agents", "/api/server/webhooks", "/api/users"] {
        assert_eq!(ada.get(path).await.refused(403), "forbidden", "{path}");
    }
    // A key of an administrator counts only with all scopes.
    let key = admin.post("/api/keys", json!({"name": "narrow", "scopes": ["read", "write", "manage"]})).await.created();
    admin.with(&text(&key, "key")).get("/api/server").await.refused(403);
    let state = admin.get("/api/server").await.ok();
    assert_eq!(
        (&state["version"], &state["retention"]["history_months"]),
        (&json!(env!("CARGO_PKG_VERSION")), &json!(6))
    );
    let database = &state["database"];
    assert!(database["schema"].as_i64() >= Some(36) && database["bytes"].as_i64() > Some(1_000_000), "{database}");
    assert_eq!(database["tables"].as_array().expect("a list").len(), 10);
    assert!(database["history"]["count"].as_i64() >= Some(4), "{database}");
    assert_eq!(state["registration"], json!({"registration": "open", "configured": "open"}));
    assert_eq!(state["embeddings"]["provider"], "none");
    let known = &state["backups"];
    assert_eq!((&known["folder"], &known["count"], &known["problem"]), (&json!(backups), &json!(0), &Value::Null));
    // A folder that describes no backup is said to be a problem.
    std::fs::create_dir_all(backups.join("one")).expect("a folder");
    std::fs::write(backups.join("one/backup.json"), "{").expect("a file");
    let problem = admin.get("/api/server").await.ok()["backups"]["problem"].clone();
    assert!(problem.as_str().is_some_and(|why| why.contains("does not describe a backup")), "{problem}");
}
