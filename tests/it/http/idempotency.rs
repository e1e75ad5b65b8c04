//! Idempotency-Key over HTTP: every write, fifty concurrent requests, another body, another caller.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::example_requests::{TestTenant, example_requests};
use super::fixtures::{TestWorkflow, at_once, open, service_client, signed_in_user, text};
use super::spec::Spec;

/// Operations that only read; a webhook's test and a replay send an event each time.
const WITHOUT_KEY: &[&str] = &[
    "POST /api/tickets/search",
    "POST /api/tickets/search/export",
    "POST /api/tickets/check-duplicate",
    "POST /api/invites/look-up",
    "POST /api/workflows/{id}/import/preview",
    "POST /api/webhooks/{id}/test",
    "POST /api/webhooks/{id}/dead-letters/{dead_letter_id}/replay",
];

#[tokio::test]
async fn every_write_is_carried_out_once_for_a_key() {
    let server = open("replay_all").await;
    let operations = Spec::of(&server).await.operations();
    let writes = operations
        .iter()
        .filter(|operation| operation.method != Method::GET && !WITHOUT_KEY.contains(&operation.name.as_str()));
    let mut tenants = 0;
    let mut tenant = None;
    let mut tried = 0;
    let mut types = BTreeSet::new();
    let known: Vec<String> = server.sql("select logic.event_types()", &[]).await[0].get(0);
    for operation in writes {
        for (number, example) in example_requests(operation).iter().filter(|example| example.succeeds).enumerate() {
            let key = format!("{} {number}", operation.name);
            let send = async |tenant: &TestTenant| {
                let request = tenant.request(operation, example).header("Idempotency-Key", &key);
                tenant.client.send(request).await
            };
            let mut first = match &tenant {
                Some(tenant) => Some(send(tenant).await),
                None => None,
            };
            // An earlier write may have removed what this one needs; then it gets a tenant of its own.
            if first.as_ref().is_none_or(|answer| answer.status >= 300) {
                tenants += 1;
                first = Some(send(tenant.insert(TestTenant::build(&server, &format!("tenant{tenants}")).await)).await);
            }
            let first = first.expect("an answer");
            assert!(first.status < 300, "{}: {}", operation.name, first.json);
            assert_eq!(first.header("idempotency-replayed"), None, "{}", operation.name);
            // Findings are recorded in the background.
            let count = "select count(*) from history where field_name is distinct from 'finding'";
            let written = server.number(count).await;
            let second = send(tenant.as_ref().expect("a tenant")).await;
            assert_eq!((second.status, &second.json), (first.status, &first.json), "{}", operation.name);
            assert_eq!(second.header("idempotency-replayed"), Some("true"), "{}", operation.name);
            assert_eq!(server.number(count).await, written, "{}", operation.name);
            tried += 1;
            // Webhooks can be limited to every type of event that a write makes.
            let tenant = tenant.as_ref().expect("a tenant");
            let events =
                tenant.client.get(&format!("/api/workflows/{}/events?since=0", tenant.resources["workflow"])).await;
            for event in events.json["events"].as_array().into_iter().flatten() {
                let name = event["type"].as_str().expect("a type");
                assert!(known.iter().any(|type_| type_ == name), "{name} is missing in logic.event_types");
                types.insert(name.to_owned());
            }
        }
    }
    assert!(tried > 60, "only {tried} writes were tried");
    assert!(types.len() > 30, "only {types:?}");
}

#[tokio::test]
async fn secrets_are_repeated_although_only_their_hashes_are_stored() {
    let server = open("replay_secrets").await;
    let ann = signed_in_user(&server, "ann").await;
    let body = json!({"name": "Mine", "scopes": ["read"]});
    let made = at_once(&ann, 3, "/api/keys", "k", &body).await;
    let keys: BTreeSet<String> = made.iter().map(|answer| text(&answer.json, "key")).collect();
    assert_eq!((keys.len(), server.number("select count(*) from api_keys").await), (1, 1));
    let key = keys.first().expect("a key");
    assert_eq!(server.bearer(key).get("/api/auth/me").await.ok()["user"]["id"], ann.id.as_str());
    let secret = key.rsplit('_').next().expect("a secret");
    let part = &secret[..20];
    let stored = format!("select count(*) from idempotency_keys where answers::text like '%{part}%'");
    assert_eq!(server.number(&stored).await, 0);
    // Another key, another secret; and no key at all.
    let other = at_once(&ann, 1, "/api/keys", "k2", &body).await.remove(0).created();
    assert_ne!(text(&other, "key").rsplit('_').next(), Some(secret));
    let fixture = TestWorkflow::of(&ann).await;
    let invite = json!({"workflow_id": fixture.workflow, "role": "member"});
    let invites = at_once(&ann, 2, "/api/invites", "i", &invite).await;
    assert_eq!(invites[0].json, invites[1].json);
    let hook = json!({"workflow_id": fixture.workflow, "url": "https://93.184.216.34/hook", "events": ["app_ready"]});
    let hooks = at_once(&ann, 2, "/api/webhooks", "w", &hook).await;
    let rotate = format!("/api/webhooks/{}/rotate-secret", text(&hooks[0].json, "id"));
    let rotated = at_once(&ann, 2, &rotate, "r", &json!({})).await;
    for (first, second) in [(&hooks[0], &hooks[1]), (&rotated[0], &rotated[1])] {
        assert_eq!(first.json, second.json);
    }
    let stored = server.sql("select secret from webhooks", &[]).await;
    assert_eq!(stored[0].get::<_, String>(0), text(&rotated[0].json, "secret"));
    let bob = signed_in_user(&server, "bob").await;
    bob.post("/api/invites/accept", json!({"invite": invites[0].json["invite"]})).await.ok();
}

#[tokio::test]
async fn an_answer_is_not_repeated_after_access_was_revoked() {
    let server = open("replay_revoked").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let robot = service_client(&server, "robot", &["read", "write"]).await;
    let member = format!("/api/workflows/{}/members/robot", fixture.workflow);
    fixture.owner.put(&member, json!({"role": "member"})).await.ok();
    let body = json!({"workflow_id": fixture.workflow, "title": "Only once", "description": "However often."});
    let create = async || at_once(&robot, 1, "/api/tickets/create", "k", &body).await.remove(0);
    let made = create().await.ok();
    assert_eq!(create().await.ok(), made);
    fixture.owner.delete(&member).await.ok();
    assert_eq!(create().await.refused(404), "not_found");
    server.sql("update api_keys set revoked_at = now() where actor_id = 'robot'", &[]).await;
    crate::harness::eventually("the key is refused", async || create().await.status == 401).await;
}

#[tokio::test]
async fn fifty_concurrent_requests_create_one_of_each() {
    let server = open("replay").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let ticket = fixture.ticket("Talked about").await;
    let calls = [
        (
            "/api/tickets/create",
            json!({"workflow_id": fixture.workflow, "title": "Only once", "description": "However often."}),
        ),
        ("/api/tickets/comment", json!({"ticket_id": ticket, "comment_text": "Said once"})),
        ("/api/workflows", json!({"name": "Made once", "template": "sdlc"})),
    ];
    for (n, (path, body)) in calls.iter().enumerate() {
        let key = format!("key-{n}");
        let answers = at_once(&ann, 50, path, &key, body).await;
        let different: BTreeSet<String> =
            answers.iter().map(|answer| format!("{} {}", answer.status, answer.json)).collect();
        assert_eq!(different.len(), 1, "{path}: {different:?}");
        assert!(answers[0].status < 300, "{path}: {}", answers[0].json);
        // A later repetition, then a different request under the same key.
        let again = at_once(&ann, 1, path, &key, body).await.remove(0);
        assert_eq!(again.json, answers[0].json);
        let mut other = body.clone();
        let field = ["title", "comment_text", "name"][n];
        other[field] = json!("Something else");
        let refused = at_once(&ann, 1, path, &key, &other).await.remove(0);
        assert_eq!(refused.refused(422), "idempotency_key_reused");
        // A key covers one call: another endpoint is a different request.
        let (elsewhere, its_body) = &calls[(n + 1) % 3];
        let refused = at_once(&ann, 1, elsewhere, &key, its_body).await.remove(0);
        assert_eq!(refused.refused(422), "idempotency_key_reused");
    }
    let stats = ann.get(&format!("/api/tickets/stats/{}", fixture.workflow)).await.ok();
    assert_eq!(stats["stats"]["total_tickets"], 2);
    assert_eq!(fixture.read(&ticket).await["comment_count"], 1);
    assert_eq!(ann.get("/api/workflows").await.ok()["workflows"].as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn idempotency_keys_are_scoped_to_the_caller() {
    let server = open("replay_own").await;
    let (ann, bob) = (signed_in_user(&server, "ann").await, signed_in_user(&server, "bob").await);
    let body = json!({"name": "Mine"});
    let hers = at_once(&ann, 1, "/api/workflows", "k", &body).await.remove(0).created();
    let his = at_once(&bob, 1, "/api/workflows", "k", &body).await.remove(0).created();
    assert_ne!(hers["id"], his["id"]);
    // A refused call does not consume the key.
    let fixture = TestWorkflow::of(&ann).await;
    let bad = json!({"workflow_id": fixture.workflow, "title": "x", "description": "Too short a title"});
    assert_eq!(at_once(&ann, 1, "/api/tickets/create", "k2", &bad).await.remove(0).refused(422), "invalid");
    let good = json!({"workflow_id": fixture.workflow, "title": "Long enough", "description": "And described."});
    at_once(&ann, 1, "/api/tickets/create", "k2", &good).await.remove(0).ok();
    for key in ["", " ", "é", &"k".repeat(256)] {
        let request = ann.request(Method::POST, "/api/workflows").header("Idempotency-Key", key).json(&body);
        let answer = ann.send(request).await;
        assert_eq!(answer.json["errors"][0]["field"], "Idempotency-Key", "{key:?}");
        assert_eq!(answer.refused(422), "invalid");
    }
    let longest = at_once(&ann, 1, "/api/workflows", &"k".repeat(255), &body).await.remove(0).created();
    assert_ne!(longest["id"], Value::Null);
}
