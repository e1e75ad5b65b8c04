//! Security events: what is recorded, of whom, from where, who may read it, and that it stays.

use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, add_member, service_client, signed_in_user};
use crate::client::{Client, server_with};

/// The events of a page as `kind outcome`, oldest first.
fn kinds(page: &Value) -> Vec<String> {
    let events = page["events"].as_array().expect("events").iter().rev();
    let word = |event: &Value, field: &str| event[field].as_str().expect("a word").to_owned();
    events.map(|event| format!("{} {}", word(event, "kind"), word(event, "outcome"))).collect()
}

/// The newest event of a kind.
async fn last(admin: &Client, kind: &str) -> Value {
    let page = admin.get(&format!("/api/security-events?kind={kind}&limit=1")).await.ok();
    page["events"][0].clone()
}

async fn post_from(client: &Client, address: &str, path: &str, body: Value) -> crate::client::Answer {
    client.send(client.request(Method::POST, path).header("x-forwarded-for", address).json(&body)).await
}

#[tokio::test]
async fn sign_ins_keys_and_passwords_are_recorded_with_their_address() {
    let server = server_with("security_accounts", &["--trusted-proxies", "127.0.0.1"], Vec::new()).await;
    let admin = server.admin("root").await;
    let (anonymous, password) = (server.anonymous(), "correct horse battery");
    let new = json!({"email": "ada@example.org", "password": password, "name": "Ada"});
    let made = post_from(&anonymous, "192.0.2.7", "/api/auth/register", new).await.created();
    let ada = made["user"]["id"].as_str().expect("an id").to_owned();
    let created = last(&admin, "person_created").await;
    assert_eq!((&created["actor_id"], &created["address"]), (&json!(ada), &json!("192.0.2.7")));

    // A failed request is recorded too; an unknown e-mail address is not, because it may be a password.
    let wrong = json!({"email": "ada@example.org", "password": "not the password"});
    post_from(&anonymous, "192.0.2.9", "/api/auth/login", wrong).await.refused(401);
    let failed = last(&admin, "sign_in_failed").await;
    assert_eq!((&failed["outcome"], &failed["subject_id"]), (&json!("failed"), &json!(ada)));
    assert_eq!((&failed["actor_id"], &failed["address"]), (&Value::Null, &json!("192.0.2.9")));
    let unknown = json!({"email": "my-secret-password", "password": "x"});
    post_from(&anonymous, "192.0.2.9", "/api/auth/login", unknown).await.refused(401);
    let failed = last(&admin, "sign_in_failed").await;
    assert!(failed["subject_id"].is_null() && !failed.to_string().contains("my-secret"), "{failed}");

    let right = json!({"email": "ada@example.org", "password": password});
    let signed_in = post_from(&anonymous, "192.0.2.7", "/api/auth/login", right).await.ok();
    let person = server.bearer(signed_in["access"].as_str().expect("a token"));
    let made = post_from(&person, "192.0.2.8", "/api/keys", json!({"name": "ci"})).await.created();
    let (id, key) = (made["id"].as_str().expect("an id"), made["key"].as_str().expect("a key"));
    server.bearer(key).get("/api/auth/me").await.ok();
    let forged = callboard::domain::accounts::keys::generate().expect("a key");
    server.sql("update api_keys set secret_hash = $1 where id = $2", &[&forged.hash, &id]).await;
    crate::harness::eventually("the key is refused", async || {
        server.bearer(key).get("/api/auth/me").await.status == 401
    })
    .await;
    let changed = last(&admin, "key_changed").await;
    assert_eq!((&changed["subject_id"], &changed["details"]["changed"]), (&json!(id), &json!(["secret"])));
    assert!(changed["actor_id"].as_str().expect("who").starts_with("db:"), "{changed}");
    assert_eq!(person.delete(&format!("/api/keys/{id}")).await.status, 204);
    let change = json!({"current_password": "wrong one", "new_password": "another good password"});
    person.post("/api/auth/password", change).await.refused(422);
    let change = json!({"current_password": password, "new_password": "another good password"});
    assert_eq!(person.post("/api/auth/password", change).await.status, 204);
    assert_eq!(person.post("/api/auth/logout", json!({})).await.status, 204);
    let created = last(&admin, "key_created").await;
    assert_eq!((&created["actor_id"], &created["address"]), (&json!(ada), &json!("192.0.2.8")));
    assert_eq!(created["details"]["scopes"], json!(["read", "write"]));
    let page = admin.get("/api/security-events?limit=200").await.ok();
    assert!(!page.to_string().contains(&key[40..]) && !page.to_string().contains("argon2"), "no secret is recorded");
    let recorded = kinds(&page);
    for kind in ["sign_in ok", "key_first_used ok", "key_refused failed", "key_revoked ok", "sign_out ok"] {
        assert!(recorded.contains(&kind.to_owned()), "{kind}: {recorded:?}");
    }
    for kind in ["password_change_failed failed", "password_changed ok", "admin_granted ok"] {
        assert!(recorded.contains(&kind.to_owned()), "{kind}: {recorded:?}");
    }
    assert_eq!(last(&admin, "key_first_used").await["key_id"], id);
}

#[tokio::test]
async fn owners_read_their_workflow_and_administrators_everything() {
    let server = server_with("security_access", &["--request-rate", "1000000"], Vec::new()).await;
    let (owner, member) = (signed_in_user(&server, "owner").await, signed_in_user(&server, "member").await);
    let outsider = signed_in_user(&server, "outsider").await;
    let base = TestWorkflow::of(&owner).await;
    let path = format!("/api/security-events?workflow_id={}", base.workflow);
    let members = format!("/api/workflows/{}/members/{}", base.workflow, member.id);
    add_member(&owner, &base.workflow, &member, "member").await;
    owner.put(&members, json!({"role": "viewer"})).await.ok();
    owner.post("/api/invites", json!({"workflow_id": base.workflow})).await.created();
    let hook = json!({"workflow_id": base.workflow, "url": "https://user:word@example.org/hook?secret=1"});
    let hooked = owner.post("/api/webhooks", hook).await.status;
    owner.get(&format!("/api/workflows/{}/export?format=json", base.workflow)).await;
    let found = json!({"workflow_id": base.workflow, "format": "json"});
    let exported = member.post("/api/tickets/search/export", found).await.status;
    let page = owner.get(&format!("{path}&limit=200")).await.ok();
    let recorded = kinds(&page);
    let joined = ["invitation_created ok", "invitation_accepted ok", "member_added ok", "member_role_changed ok"];
    for kind in joined {
        assert!(recorded.contains(&kind.to_owned()), "{kind}: {recorded:?}");
    }
    assert_eq!(hooked == 201, recorded.contains(&"webhook_created ok".to_owned()), "{recorded:?}");
    assert_eq!(exported == 200, recorded.contains(&"export ok".to_owned()), "{exported} {recorded:?}");
    assert!(!page.to_string().contains("secret=1") && !page.to_string().contains("user:word"));
    let changed =
        page["events"].as_array().expect("events").iter().find(|event| event["kind"] == "member_role_changed");
    let changed = changed.expect("recorded");
    assert_eq!(changed["details"], json!({"role": "viewer", "previous_role": "member"}));
    assert_eq!((&changed["actor_id"], &changed["subject_name"]), (&json!(owner.id), &json!("member")));

    member.get(&path).await.refused(403);
    outsider.get(&path).await.refused(404);
    owner.get("/api/security-events").await.refused(403);
    let reader = service_client(&server, "reader", &["read", "write"]).await;
    server.sql("update actors set is_admin = true where id = 'reader'", &[]).await;
    reader.get("/api/security-events").await.refused(403);
    server.sql("update actors set is_admin = true where id = $1", &[&outsider.id]).await;
    outsider.get(&path).await.ok();

    // Pages by key: nothing is repeated or left out while events are added.
    let mut seen: Vec<i64> = Vec::new();
    let mut next = Some(String::new());
    while let Some(cursor) = next {
        let cursor = if cursor.is_empty() { cursor } else { format!("&cursor={cursor}") };
        let page = outsider.get(&format!("/api/security-events?limit=3{cursor}")).await.ok();
        seen.extend(
            page["events"].as_array().expect("events").iter().map(|event| event["id"].as_i64().expect("an id")),
        );
        next = page["next_cursor"].as_str().map(str::to_owned);
        signed_in_user(&server, &format!("late{}", seen.len())).await;
    }
    assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "{seen:?}");
    let first = seen[0];
    assert_eq!(
        seen.len() as i64,
        server.number(&format!("select count(*) from security_events where id <= {first}")).await
    );
    let about = outsider.get(&format!("/api/security-events?actor={}", member.id)).await.ok();
    assert!(kinds(&about).contains(&"member_added ok".to_owned()));
    for (query, status) in
        [("kind=sleep", 422), ("limit=0", 422), ("cursor=x", 422), ("since=noon", 422), ("wo=1", 422)]
    {
        let answer = outsider.get(&format!("/api/security-events?{query}")).await;
        assert!((400..=status).contains(&answer.status), "{query}: {}", answer.status);
    }
}

#[tokio::test]
async fn events_are_append_only_and_failures_cannot_fill_the_disk() {
    let server = server_with("security_kept", &[], Vec::new()).await;
    let count = "select count(*) from security_events where kind = 'sign_in_failed'";
    let fail = "select count(logic.record_failed_sign_in(null, '192.0.2.' || n % 200)) from generate_series(1, 1000) n";
    server.sql(fail, &[]).await;
    assert_eq!(server.number(count).await, 300);
    let client = crate::harness::connect(&server.db.url).await;
    for statement in [
        "update security_events set kind = 'sign_in'",
        "delete from security_events",
        "truncate security_events",
        "select set_config('callboard.prune_security_events', 'on', false); delete from security_events",
    ] {
        let refused = client.batch_execute(statement).await.expect_err(statement);
        assert!(refused.as_db_error().is_some_and(|error| error.message().contains("only added")), "{refused:?}");
    }
    // What was counted in an hour becomes one event.
    client.batch_execute("update security_event_repeats set hour = hour - interval '1 hour'").await.expect("earlier");
    server.sql("select logic.run_maintenance(0, 365)", &[]).await;
    let summary = server.sql("select occurrences, details::text from security_events where occurrences > 1", &[]).await;
    assert_eq!(summary[0].get::<_, i64>(0), 700);
    assert!(summary[0].get::<_, String>(1).contains("192.0.2."));
    // Of a workflow's events too, and its owner sees it.
    let counted = "insert into security_event_repeats (kind, workflow_id, hour, counted)
                   values ('export', 'workflow-1', date_trunc('hour', now()) - interval '1 hour', 3);
                   select logic.summarize_repeated_events()";
    client.batch_execute(counted).await.expect("counted exports");
    let sql = "select count(*) from security_events where workflow_id = 'workflow-1' and occurrences = 3";
    assert_eq!(server.number(sql).await, 1);
    // Retention removes old events, and only those.
    client
        .batch_execute("insert into security_events (occurred_at, kind, outcome) values (now() - interval '40 days', 'sign_in', 'ok')")
        .await
        .expect("an old event");
    assert_eq!(server.number("select logic.prune_security_events(0)").await, 0);
    assert_eq!(server.number("select logic.prune_security_events(50)").await, 0);
    assert_eq!(server.number("select logic.prune_security_events(1)").await, 1);
    // The command line and analysts name the same kinds.
    let kinds = server.sql("select distinct kind from reporting.security_events", &[]).await;
    for kind in kinds {
        let kind: String = kind.get(0);
        assert!(callboard::domain::security_events::KINDS.contains(&kind.as_str()), "{kind}");
    }
}
