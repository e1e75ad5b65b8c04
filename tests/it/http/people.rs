//! Members, roles and acting for agents, over HTTP.

use insta::assert_json_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, open, redacted, service_client, signed_in_user, text};

#[tokio::test]
async fn roles_decide_what_members_may_do() {
    let server = open("roles").await;
    let (ann, bob) = (signed_in_user(&server, "ann").await, signed_in_user(&server, "bob").await);
    let fixture = TestWorkflow::of(&ann).await;
    let ticket = fixture.ticket("Shared").await;
    let members = format!("/api/workflows/{}/members", fixture.workflow);
    let bobs = format!("{members}/{}", bob.id);
    let workflow = format!("/api/workflows/{}", fixture.workflow);
    assert_eq!(bob.get(&workflow).await.refused(404), "not_found");

    let set = ann.put(&format!("{members}/BOB@example.org"), json!({"role": "viewer"})).await.expect(202);
    assert_eq!((&set["actor_id"], &set["status"]), (&json!("BOB@example.org"), &json!("invited")));
    let accept = format!("/api/membership-invitations/{}/accept", text(&set, "invitation_id"));
    bob.post(&accept, json!({})).await.ok();
    let set = ann.put(&format!("{members}/bob@example.org"), json!({"role": "viewer"})).await.ok();
    assert_eq!(set, json!({"actor_id": bob.id, "role": "viewer"}));
    assert_json_snapshot!("members", redacted(&bob.get(&members).await.ok()));
    assert_eq!(bob.get(&workflow).await.ok()["role"], "viewer");
    let comment = json!({"ticket_id": ticket, "comment_text": "May I?"});
    let refused = bob.post("/api/tickets/comment", comment.clone()).await;
    assert_eq!((&refused.json["role"], &refused.json["required"]), (&json!("viewer"), &json!("member")));
    assert_eq!(refused.refused(403), "forbidden");
    ann.put(&bobs, json!({"role": "member"})).await.ok();
    bob.post("/api/tickets/comment", comment).await.ok();
    assert_eq!(bob.patch(&workflow, json!({"name": "Bob's"})).await.refused(403), "forbidden");
    assert_eq!(bob.put(&bobs, json!({"role": "owner"})).await.refused(403), "forbidden");

    let anns = format!("{members}/{}", ann.id);
    assert_eq!(ann.delete(&anns).await.refused(409), "conflict");
    assert_eq!(ann.put(&anns, json!({"role": "viewer"})).await.refused(409), "conflict");
    ann.put(&bobs, json!({"role": "owner"})).await.ok();
    assert_eq!(ann.delete(&anns).await.ok()["removed"], true);
    assert_eq!(ann.get(&workflow).await.refused(404), "not_found");
    assert_eq!(bob.delete(&anns).await.refused(404), "not_found");
    let role = bob.put(&bobs, json!({"role": "king"})).await;
    assert_eq!(
        role.json["errors"][0],
        json!({"field": "role", "rule": "must be one of viewer, member, owner, not king"})
    );
    role.refused(422);
}

#[tokio::test]
async fn a_service_acts_for_agents() {
    let server = open("acting").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let robot = service_client(&server, "robot", &["read", "write", "act_for"]).await;
    let path = format!("/api/workflows/{}/members/robot", fixture.workflow);
    ann.put(&path, json!({"role": "member"})).await.ok();

    let mut body =
        json!({"workflow_id": fixture.workflow, "title": "By an agent", "description": "Through its service."});
    let request = robot.request(Method::POST, "/api/tickets/create").header("X-Agent-ID", "coder-1").json(&body);
    let by_header = text(&robot.send(request).await.ok(), "ticket_id");
    body["agent_id"] = json!("coder-2");
    let by_body = text(&robot.post("/api/tickets/create", body.clone()).await.ok(), "ticket_id");
    for (ticket, agent) in [(&by_header, "coder-1"), (&by_body, "coder-2")] {
        let read = fixture.read(ticket).await;
        assert_eq!(read["created_by_agent_id"], agent);
        let made = &read["history"][0];
        assert_eq!(
            (&made["actor_id"], &made["on_behalf_of"], &made["agent_id"]),
            (&json!("robot"), &json!(agent), &json!(agent))
        );
    }
    // Two different agents in header and body are ambiguous.
    let request = robot.request(Method::POST, "/api/tickets/create").header("X-Agent-ID", "coder-1").json(&body);
    let answer = robot.send(request).await;
    assert_eq!(answer.json["errors"][0]["field"], "agent_id");
    answer.refused(422);
    // The claim belongs to the agent.
    let claim = json!({"workflow_id": fixture.workflow, "agent_id": "coder-3"});
    assert_eq!(robot.post("/api/tickets/claim", claim).await.ok()["ticket"]["assigned_agent_id"], "coder-3");

    // A service cannot act for users, existing or not.
    for someone in [ann.id.as_str(), "user-00000000-0000-7000-8000-000000000000"] {
        body["agent_id"] = json!(someone);
        assert_eq!(robot.post("/api/tickets/create", body.clone()).await.refused(403), "forbidden", "{someone}");
    }
    // Acting for others requires a service with the scope.
    let plain = service_client(&server, "plain", &["read", "write"]).await;
    ann.put(&format!("/api/workflows/{}/members/plain", fixture.workflow), json!({"role": "member"})).await.ok();
    body["agent_id"] = json!("coder-4");
    for client in [&plain, &ann] {
        assert_eq!(client.post("/api/tickets/create", body.clone()).await.refused(403), "forbidden");
    }
    let known = server.sql("select from actors where id = 'coder-4'", &[]).await;
    assert!(known.is_empty(), "a refused call provisions no agent");
    for bad in ["", " ", "a b", "é", "-x", &"x".repeat(129)] {
        let request = robot.request(Method::GET, "/api/workflows").header("X-Agent-ID", bad);
        let answer = robot.send(request).await;
        assert_eq!(answer.json["errors"][0]["field"], "X-Agent-ID", "{bad:?}");
        answer.refused(422);
    }
}

#[tokio::test]
async fn keys_do_only_what_their_scopes_say() {
    let server = open("scopes").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let reader = service_client(&server, "reader", &["read"]).await;
    ann.put(&format!("/api/workflows/{}/members/reader", fixture.workflow), json!({"role": "owner"})).await.ok();
    assert_eq!(reader.get(&format!("/api/workflows/{}", fixture.workflow)).await.ok()["role"], "owner");
    let body = json!({"workflow_id": fixture.workflow, "title": "Not by me", "description": "Reading only."});
    let refused = reader.post("/api/tickets/create", body).await;
    assert_eq!(refused.json["scope"], "write");
    assert_eq!(refused.refused(403), "forbidden");
    assert_eq!(reader.post("/api/workflows", json!({"name": "x"})).await.refused(403), "forbidden");
    let path = format!("/api/workflows/{}", fixture.workflow);
    assert_eq!(reader.patch(&path, json!({"name": "x"})).await.refused(403), "forbidden");

    server.sql("update api_keys set revoked_at = now() where actor_id = 'reader'", &[]).await;
    assert_eq!(reader.get("/api/workflows").await.refused(401), "unauthenticated");
    server.sql("update sessions set revoked_at = now() where actor_id = $1", &[&ann.id]).await;
    assert_eq!(ann.get("/api/workflows").await.refused(401), "unauthenticated");
    assert_eq!(server.anonymous().get("/api/workflows").await.refused(401), "unauthenticated");
    assert_eq!(server.bearer("cb_x_y").get("/api/workflows").await.refused(401), "unauthenticated");
    let twice = ann.request(Method::GET, "/api/workflows").header("Authorization", "Bearer x");
    assert_eq!(ann.send(twice).await.refused(401), "unauthenticated");
    assert_eq!(Value::Null, server.anonymous().get("/health").await.ok()["none"]);
}
