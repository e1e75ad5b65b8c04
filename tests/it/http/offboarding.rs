//! People who leave: disabling them, and what keys take along.

use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, add_member, open, signed_in_user, text};
use crate::client::Client;
use crate::harness::eventually;
use crate::live::socket::Socket;

/// A key of the caller or of its agent; returns its id and a client with it.
async fn key(owner: &Client, body: Value) -> (String, Client) {
    let created = owner.post("/api/keys", body).await.created();
    (text(&created, "id"), owner.with(&text(&created, "key")))
}

async fn works(client: &Client) -> bool {
    client.get("/api/auth/me").await.status == 200
}

#[tokio::test]
async fn a_disabled_person_stops_with_everything_that_is_theirs() {
    let server = open("disable").await;
    let (ada, root) = (signed_in_user(&server, "ada").await, signed_in_user(&server, "root").await);
    server.sql("update actors set is_admin = true where id = $1", &[&root.id]).await;
    let fixture = TestWorkflow::of(&ada).await;
    ada.post("/api/agents", json!({"id": "svc", "kind": "service", "workflows": [fixture.workflow]})).await.created();
    ada.post("/api/agents", json!({"id": "resting"})).await.created();
    ada.patch("/api/agents/resting", json!({"disabled": true})).await.ok();
    let (_, own) = key(&ada, json!({"name": "own"})).await;
    let (_, service) = key(&ada, json!({"name": "service", "actor_id": "svc"})).await;
    let link = ada.post("/api/invites", json!({"workflow_id": fixture.workflow, "role": "owner"})).await.created();
    let mut socket = Socket::open(&server.url, ada.token.as_deref().expect("a token")).await;
    assert!(works(&own).await && works(&service).await);

    ada.get("/api/users").await.refused(403);
    ada.post(&format!("/api/users/{}/disable", root.id), json!({})).await.refused(403);
    root.post(&format!("/api/users/{}/disable", root.id), json!({})).await.refused(409);
    root.post("/api/users/nobody@example.org/disable", json!({})).await.refused(404);
    let listed = root.get("/api/users?limit=1").await.ok();
    assert_eq!((listed["users"].as_array().expect("a list").len(), &listed["has_more"]), (1, &json!(true)));

    let changed = root.post("/api/users/ADA@example.org/disable", json!({})).await.ok();
    assert_eq!((&changed["sessions_ended"], &changed["agents_changed"]), (&json!(1), &json!(1)));
    assert!(changed["user"]["disabled_at"].is_string());
    for client in [&ada, &own, &service] {
        assert_eq!(client.get("/api/auth/me").await.refused(401), "unauthenticated");
    }
    assert_eq!(socket.closed().await, 4001);
    // Nor does a link of theirs bring them back.
    root.post("/api/invites/accept", json!({"invite": link["invite"]})).await.refused(422);

    // Enabling brings back keys and agents that stopped with the person, and no session.
    let changed = root.post(&format!("/api/users/{}/enable", ada.id), json!({})).await.ok();
    assert_eq!(changed["agents_changed"], 1);
    assert!(works(&own).await && works(&service).await && !works(&ada).await);
    let resting = server.sql("select disabled_at is not null from actors where id = 'resting'", &[]).await;
    assert!(resting[0].get::<_, bool>(0), "what its owner had disabled stays so");
    root.post("/api/invites/accept", json!({"invite": link["invite"]})).await.ok();
}

#[tokio::test]
async fn keys_take_along_what_they_made_and_end_nothing_wider() {
    let server = open("lineage").await;
    let ada = signed_in_user(&server, "ada").await;
    ada.post("/api/agents", json!({"id": "agent-1"})).await.created();
    let (manager_id, manager) = key(&ada, json!({"name": "m", "scopes": ["read", "manage"]})).await;
    let (wide_id, wide) = key(&ada, json!({"name": "w", "scopes": ["*"]})).await;
    let (_, agent) = key(&ada, json!({"name": "a", "actor_id": "agent-1"})).await;
    let (child_id, child) = key(&manager, json!({"name": "c", "scopes": ["read", "manage"]})).await;
    let (_, grandchild) = key(&child, json!({"name": "g", "actor_id": "agent-1", "scopes": ["read"]})).await;
    let listed = ada.get("/api/keys").await.ok();
    let shown = listed["keys"].as_array().expect("a list").iter().find(|key| key["id"] == child_id.as_str());
    assert_eq!(shown.expect("the child")["created_by_key"], manager_id.as_str());

    // A narrow key ends no session, revokes no wider key and stops no agent that has one.
    assert_eq!(manager.delete("/api/auth/sessions").await.refused(403), "forbidden");
    assert_eq!(manager.delete("/api/auth/sessions/session-none").await.refused(403), "forbidden");
    assert_eq!(manager.delete(&format!("/api/keys/{wide_id}")).await.refused(403), "forbidden");
    assert_eq!(manager.patch("/api/agents/agent-1", json!({"disabled": true})).await.refused(403), "forbidden");
    manager.patch("/api/agents/agent-1", json!({"name": "One"})).await.ok();
    assert!(works(&ada).await && works(&wide).await && works(&agent).await);

    assert!(works(&grandchild).await);
    assert_eq!(ada.delete(&format!("/api/keys/{manager_id}")).await.status, 204);
    for gone in [&manager, &child, &grandchild] {
        assert_eq!(gone.get("/api/auth/me").await.refused(401), "unauthenticated");
    }
    assert!(works(&wide).await && works(&agent).await);

    // A reset revokes what the person holds or made, unless asked to keep it.
    let (email, hash) = ("ada@example.org", "x");
    server.sql("select logic.reset_password($1, $2, true)", &[&email, &hash]).await;
    assert!(!works(&ada).await && works(&wide).await && works(&agent).await);
    let reset = server.sql("select (logic.reset_password($1, $2) ->> 'keys_revoked')::int", &[&email, &hash]).await;
    assert_eq!(reset[0].get::<_, i32>(0), 2);
    eventually("the keys are refused", async || !works(&wide).await && !works(&agent).await).await;
}

#[tokio::test]
async fn people_who_know_each_other_need_no_invitation() {
    let server = open("known").await;
    let (ada, bob) = (signed_in_user(&server, "ada").await, signed_in_user(&server, "bob").await);
    let (first, second) = (TestWorkflow::of(&ada).await, TestWorkflow::of(&ada).await);
    add_member(&ada, &first.workflow, &bob, "viewer").await;
    let path = format!("/api/workflows/{}/members/bob@example.org", second.workflow);
    assert_eq!(ada.put(&path, json!({"role": "member"})).await.ok()["actor_id"], bob.id.as_str());
}
