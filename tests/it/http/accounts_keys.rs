//! Agents, services, their keys, delegation, and socket tickets.

use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Client, Server, server};

async fn workflow(server: &Server, owner: &Client) -> String {
    let caller = callboard::domain::accounts::Caller::trusted(&owner.id).to_sql();
    server.sql("insert into workflows (id, name) values ('w1', 'one') on conflict do nothing", &[]).await;
    server.sql("insert into workflow_members values ('w1', $1, 'owner', $1)", &[&caller]).await;
    "w1".to_owned()
}

fn key_of(created: &Value) -> &str {
    created["key"].as_str().expect("a key")
}

#[tokio::test]
async fn keys_are_created_used_and_revoked() {
    let server = server("keys").await;
    let ada = server.user("ada").await;
    let agent = ada.post("/api/agents", json!({"id": "agent-1", "name": "One"})).await.created();
    assert_eq!((&agent["kind"], &agent["owner_id"]), (&json!("agent"), &json!(ada.id)));
    ada.post("/api/agents", json!({"id": "agent-1"})).await.refused(409);
    ada.post("/api/agents", json!({"id": "no spaces"})).await.refused(422);
    ada.post("/api/agents", json!({"kind": "user"})).await.refused(422);
    let created = ada.post("/api/keys", json!({"name": "ci", "actor_id": "agent-1"})).await.created();
    assert_eq!(created["scopes"], json!(["read", "write"]));
    let key = key_of(&created);
    let holder = server.bearer(key);
    let me = holder.get("/api/auth/me").await.ok();
    assert_eq!(
        (&me["user"]["id"], &me["key_id"], &me["session_id"]),
        (&json!("agent-1"), &created["id"], &Value::Null)
    );
    // The key is shown once, only its hash is stored, and its use is recorded.
    let listed = ada.get("/api/keys").await.ok();
    assert!(!listed.to_string().contains(key) && listed["keys"][0]["last_used_at"].is_string());
    let kept = server.sql("select row_to_json(k)::text from api_keys k", &[]).await;
    assert!(!kept[0].get::<_, String>(0).contains(&key[36..]));
    // The checksum rejects a typo, the hash rejects a wrong secret.
    for wrong in
        [key.replace(&key[40..41], "?"), key[..key.len() - 1].to_owned(), format!("{key}0"), "cb_x_y".to_owned()]
    {
        server.bearer(&wrong).get("/api/auth/me").await.refused(401);
    }
    let id = created["id"].as_str().expect("an id");
    let foreign = callboard::domain::accounts::keys::generate().expect("a key");
    server.sql("update api_keys set secret_hash = $1 where id = $2", &[&foreign.hash, &id]).await;
    crate::harness::eventually("the changed key is refused", async || holder.get("/api/auth/me").await.status == 401)
        .await;

    let created = ada.post("/api/keys", json!({"name": "second", "actor_id": "agent-1"})).await.created();
    let holder = server.bearer(key_of(&created));
    holder.get("/api/auth/me").await.ok();
    let path = format!("/api/keys/{}", created["id"].as_str().expect("an id"));
    server.user("bob").await.delete(&path).await.refused(404);
    assert_eq!(ada.delete(&path).await.status, 204);
    holder.get("/api/auth/me").await.refused(401);
    ada.delete(&path).await.refused(404);
}

#[tokio::test]
async fn expired_keys_and_disabled_actors_are_rejected() {
    let server = server("keyend").await;
    let ada = server.user("ada").await;
    ada.post("/api/agents", json!({"id": "agent-1"})).await.created();
    let past = json!({"name": "k", "actor_id": "agent-1", "expires_at": "2020-01-01T00:00:00Z"});
    for wrong in ["2100-01-01", "soon", "2100-01-01T00:00:00+25:00"] {
        let refused = ada.post("/api/keys", json!({"name": "k", "actor_id": "agent-1", "expires_at": wrong})).await;
        let error = &refused.expect(422)["errors"][0];
        assert_eq!(error["field"], "expires_at");
        assert_eq!(error["rule"], format!("must be a time like 2026-01-31T12:00:00Z, not string \"{wrong}\""));
    }
    ada.post("/api/keys", past).await.refused(422);
    let created = ada
        .post("/api/keys", json!({"name": "k", "actor_id": "agent-1", "expires_at": "2100-01-01T00:00:00Z"}))
        .await
        .created();
    assert_eq!(created["expires_at"], "2100-01-01T00:00:00Z");
    let holder = server.bearer(key_of(&created));
    holder.get("/api/auth/me").await.ok();
    server.sql("update api_keys set expires_at = now()", &[]).await;
    // SQL checks the key on every call, without the cache's delay.
    holder.get("/api/auth/me").await.refused(401);
    server.sql("update api_keys set expires_at = null", &[]).await;
    holder.get("/api/auth/me").await.ok();
    ada.patch("/api/agents/agent-1", json!({"disabled": true})).await.ok();
    holder.get("/api/auth/me").await.refused(401);
    ada.patch("/api/agents/agent-1", json!({"disabled": false, "name": "Uno"})).await.ok();
    assert_eq!(holder.get("/api/auth/me").await.ok()["user"]["name"], "Uno");
}

#[tokio::test]
async fn a_key_cannot_create_one_with_wider_scopes() {
    let server = server("wider").await;
    let ada = server.user("ada").await;
    ada.post("/api/agents", json!({"id": "svc", "kind": "service"})).await.created();
    let key = |body: Value| {
        let ada = ada.clone();
        async move { ada.post("/api/keys", body).await.created() }
    };
    let service = key(json!({"name": "s", "actor_id": "svc"})).await;
    assert_eq!(service["scopes"], json!(["read", "write", "manage", "act_for"]));
    let plain = key(json!({"name": "p", "scopes": ["read", "write"]})).await;
    let manager = key(json!({"name": "m", "scopes": ["read", "manage"], "expires_at": "2100-01-01T00:00:00Z"})).await;
    let plain = server.bearer(key_of(&plain));
    assert_eq!(plain.post("/api/keys", json!({"name": "x"})).await.refused(403), "forbidden");
    plain.get("/api/keys").await.refused(403);
    let manager = server.bearer(key_of(&manager));
    for scopes in [json!(["write"]), json!(["*"]), json!(["read", "act_for"])] {
        manager.post("/api/keys", json!({"name": "x", "scopes": scopes})).await.refused(403);
    }
    manager.post("/api/keys", json!({"name": "x", "scopes": ["fly"]})).await.refused(422);
    manager.post("/api/keys", json!({"name": "x", "scopes": []})).await.refused(422);
    manager
        .post("/api/keys", json!({"name": "x", "scopes": ["read"], "expires_at": "2101-01-01T00:00:00Z"}))
        .await
        .refused(403);
    let child = manager.post("/api/keys", json!({"name": "x", "scopes": ["read"]})).await.created();
    assert_eq!(child["expires_at"], "2100-01-01T00:00:00Z");
    // act_for requires a service; another user's agent gets 404; a key cannot sign out.
    ada.post("/api/agents", json!({"id": "agent-1"})).await.created();
    ada.post("/api/keys", json!({"name": "x", "actor_id": "agent-1", "scopes": ["act_for"]})).await.refused(422);
    let bob = server.user("bob").await;
    bob.post("/api/keys", json!({"name": "x", "actor_id": "agent-1"})).await.refused(404);
    bob.post("/api/keys", json!({"name": "x", "actor_id": ada.id})).await.refused(404);
    bob.patch("/api/agents/agent-1", json!({"disabled": true})).await.refused(404);
    manager.post("/api/auth/logout", json!({})).await.refused(403);
    manager
        .post("/api/auth/password", json!({"current_password": "correct horse", "new_password": "battery staple"}))
        .await
        .refused(403);
}

#[tokio::test]
async fn agents_may_join_workflows_of_their_creator() {
    let server = server("join").await;
    let (ada, bob) = (server.user("ada").await, server.user("bob").await);
    let w = workflow(&server, &ada).await;
    bob.post("/api/agents", json!({"id": "b1", "workflows": [w]})).await.refused(404);
    assert_eq!(bob.get("/api/agents").await.ok()["agents"], json!([]));
    ada.post("/api/agents", json!({"id": "a1", "workflows": [w]})).await.created();
    ada.post("/api/agents", json!({"id": "a2"})).await.created();
    ada.post("/api/keys", json!({"name": "k", "actor_id": "a2", "workflows": [w]})).await.created();
    let members = server
        .sql("select actor_id, role from workflow_members where workflow_id = 'w1' and role = 'member'", &[])
        .await;
    assert_eq!(members.len(), 2);
    let page = ada.get("/api/agents?limit=1").await.ok();
    assert_eq!((&page["agents"][0]["id"], &page["has_more"]), (&json!("a1"), &json!(true)));
    let cursor = page["next_cursor"].as_str().expect("a cursor");
    let page = ada.get(&format!("/api/agents?limit=1&cursor={cursor}")).await.ok();
    assert_eq!(
        (&page["agents"][0]["id"], &page["has_more"], &page["next_cursor"]),
        (&json!("a2"), &json!(false), &Value::Null)
    );
    for wrong in
        ["limit=0", "limit=501", "limit=x", "limits=1", "cursor=%00", "cursor=a1", "limit=99999999999999999999"]
    {
        ada.get(&format!("/api/agents?{wrong}")).await.refused(422);
    }
    // An invitation accepted by an existing account; valid once.
    bob.post("/api/invites", json!({"workflow_id": w})).await.refused(404);
    bob.post("/api/invites", json!({})).await.refused(403);
    let invite = ada.post("/api/invites", json!({"workflow_id": w, "role": "viewer"})).await.created();
    let accepted = bob.post("/api/invites/accept", json!({"invite": invite["invite"]})).await.ok();
    assert_eq!(accepted, json!({"workflow_id": "w1", "role": "viewer"}));
    bob.post("/api/invites/accept", json!({"invite": invite["invite"]})).await.refused(422);
    bob.post("/api/invites", json!({"workflow_id": w})).await.refused(403);
    assert_eq!(bob.get("/api/agents").await.ok()["agents"].as_array().expect("a list").len(), 2);
}

#[tokio::test]
async fn services_act_for_agents() {
    let server = server("actfor").await;
    let ada = server.user("ada").await;
    let w = workflow(&server, &ada).await;
    ada.post("/api/agents", json!({"id": "svc", "kind": "service", "workflows": [w]})).await.created();
    let service = ada.post("/api/keys", json!({"name": "s", "actor_id": "svc"})).await.created();
    let service = server.bearer(key_of(&service));
    let me =
        |agent: &'static str| service.send(service.request(Method::GET, "/api/auth/me").header("x-agent-id", agent));
    assert_eq!(me("agent-x").await.ok()["acting_for"], "agent-x");
    assert_eq!(me("svc").await.ok()["acting_for"], Value::Null);
    for wrong in ["no spaces", "-x", "a\tb"] {
        assert_eq!(me(wrong).await.refused(422), "invalid");
    }
    let writes =
        async |caller: &str| server.state.db.rows("select logic.authorize($1, 'w1', 'member')", &[&caller]).await;
    let caller = |actor: &str, agent: &str| json!({"actor": actor, "for": agent}).to_string();
    writes(&caller("svc", "agent-x")).await.expect("a service may");
    let made = server.sql("select kind, owner_id from actors where id = 'agent-x'", &[]).await;
    assert_eq!((made[0].get::<_, String>(0), made[0].get::<_, String>(1)), ("agent".to_owned(), "svc".to_owned()));
    let refused =
        |outcome: callboard::Result<Vec<tokio_postgres::Row>>| outcome.expect_err("refused").as_problem().status;
    assert_eq!(refused(writes(&caller("svc", &ada.id)).await), 403);
    assert_eq!(refused(writes(&caller(&ada.id, "agent-x")).await), 403);
}

#[tokio::test]
async fn socket_tickets_are_single_use() {
    let server = server("wstickets").await;
    let ada = server.user("ada").await;
    let issue =
        async || ada.post("/api/auth/ws-ticket", json!({})).await.ok()["ticket"].as_str().expect("a ticket").to_owned();
    let redeem = async |ticket: &str| callboard::domain::accounts::redeem_ws_ticket(&server.state.db, ticket).await;
    let ticket = issue().await;
    let who = redeem(&ticket).await.expect("redeemed");
    assert_eq!(who.caller.actor, ada.id);
    assert!(who.caller.session.is_some() && who.expires_at.is_some());
    assert_eq!(redeem(&ticket).await.expect_err("used").as_problem().status, 401);
    assert_eq!(redeem("invented").await.expect_err("unknown").as_problem().status, 401);
    let late = issue().await;
    server.sql("update ws_tickets set expires_at = now()", &[]).await;
    assert_eq!(redeem(&late).await.expect_err("late").as_problem().status, 401);
    let orphan = issue().await;
    ada.post("/api/auth/logout", json!({})).await;
    assert_eq!(redeem(&orphan).await.expect_err("signed out").as_problem().status, 401);
    let both = futures_util::future::join_all((0..5).map(|_| redeem(&ticket))).await;
    assert!(both.iter().all(Result::is_err));
}
