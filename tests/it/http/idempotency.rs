//! Idempotency-Key over HTTP: fifty concurrent requests, another body, another caller.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, at_once, open, signed_in_user};

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
