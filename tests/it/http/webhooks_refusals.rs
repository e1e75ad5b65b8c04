//! Webhooks whose receiver refuses events, and rotation of secrets.

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::fixtures::{TestWorkflow, signed_in_user, text};
use super::webhooks::{Receiver, create_webhook, server_with_private_webhooks, verify_any};
use crate::harness;

#[tokio::test]
async fn a_refused_event_is_set_aside_and_can_be_sent_again() {
    let server = server_with_private_webhooks("hookrefused").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let receiver = Receiver::start().await;
    let (id, _) = create_webhook(&fixture, &receiver.url(), json!(["ticket_created"])).await;
    let hook = format!("/api/webhooks/{id}");
    let letters = format!("{hook}/dead-letters");
    fixture.owner.patch(&hook, json!({"refusal_attempts": 2})).await.ok();
    // A failure of the receiver is no refusal.
    receiver.answer([500, 400, 422].map(ResponseTemplate::new));
    for title in ["Refused", "Accepted"] {
        fixture.ticket(title).await;
    }
    for attempt in 1..=2 {
        harness::eventually("an attempt", async || fixture.owner.get(&hook).await.ok()["attempt"] == attempt).await;
        server.sql("update webhooks set not_before = now()", &[]).await;
    }
    harness::eventually("the next event was delivered", async || receiver.requests().len() == 4).await;
    let got = receiver.requests();
    assert!(got[..3].iter().all(|one| one.id == got[0].id) && got[3].id != got[0].id);
    harness::eventually("nothing is pending", async || {
        let now = fixture.owner.get(&hook).await.ok();
        now["behind"] == 0 && now["dead_letters"] == 1 && now["failing_since"].is_null() && now["active"] == true
    })
    .await;
    let list = fixture.owner.get(&letters).await.ok();
    let letter = &list["dead_letters"][0];
    assert_eq!(
        [&letter["event_type"], &letter["status_code"], &letter["error"], &letter["message_id"]],
        [&json!("ticket_created"), &json!(422), &json!("The receiver answered 422."), &json!(got[0].id)]
    );
    // Sent again: refused once more, then accepted as the same message.
    let replay = format!("{letters}/{}/replay", text(letter, "dead_letter_id"));
    receiver.answer([ResponseTemplate::new(400)]);
    assert_eq!(fixture.owner.post(&replay, json!({})).await.ok()["success"], false);
    assert_eq!(fixture.owner.post(&replay, json!({})).await.ok()["success"], true);
    let got = receiver.requests();
    assert!(got[4..].iter().all(|one| (&one.id, &one.body) == (&got[0].id, &got[0].body)));
    assert_eq!(fixture.owner.get(&letters).await.ok()["dead_letters"], json!([]));
    assert_eq!(fixture.owner.post(&replay, json!({})).await.status, 404);

    // A receiver that refuses everything is stopped, and loses nothing.
    fixture.owner.patch(&hook, json!({"refusal_attempts": 1})).await.ok();
    server.sql("update webhooks set refused_in_a_row = 16", &[]).await;
    receiver.answer((0..4).map(|_| ResponseTemplate::new(403)));
    for n in 0..5 {
        fixture.ticket(&format!("Ticket {n}")).await;
    }
    harness::eventually("it was stopped", async || fixture.owner.get(&hook).await.ok()["active"] == false).await;
    let stopped = fixture.owner.get(&hook).await.ok();
    assert_eq!(
        (&stopped["dead_letters"], &stopped["disabled_reason"]),
        (&json!(4), &json!("the receiver refused 20 events in a row; the last answer: The receiver answered 403."))
    );
    let page = fixture.owner.get(&format!("{letters}?limit=3")).await.ok();
    let rest = fixture.owner.get(&format!("{letters}?limit=3&cursor={}", text(&page, "next_cursor"))).await.ok();
    assert_eq!((rest["dead_letters"].as_array().map(Vec::len), &rest["has_more"]), (Some(1), &json!(false)));
    let discarded = format!("{letters}/{}", text(&rest["dead_letters"][0], "dead_letter_id"));
    assert_eq!(fixture.owner.delete(&discarded).await.status, 204);
    assert_eq!(fixture.owner.delete(&discarded).await.status, 404);
    // It goes on with the event after them.
    fixture.owner.post(&format!("{hook}/resume"), json!({})).await.ok();
    harness::eventually("the last one was delivered", async || {
        receiver.requests().last().is_some_and(|one| one.json()["data"]["ticket"]["title"] == "Ticket 4")
    })
    .await;
}

#[tokio::test]
async fn an_event_is_sent_again_by_one_request_at_a_time() {
    let server = server_with_private_webhooks("hookreplays").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let receiver = Receiver::start().await;
    let (id, _) = create_webhook(&fixture, &receiver.url(), json!(["ticket_created"])).await;
    let hook = format!("/api/webhooks/{id}");
    fixture.owner.patch(&hook, json!({"refusal_attempts": 1})).await.ok();
    receiver.answer([ResponseTemplate::new(400)]);
    fixture.ticket("Refused").await;
    harness::eventually("it was set aside", async || fixture.owner.get(&hook).await.ok()["dead_letters"] == 1).await;
    let list = fixture.owner.get(&format!("{hook}/dead-letters")).await.ok();
    let replay = format!("{hook}/dead-letters/{}/replay", text(&list["dead_letters"][0], "dead_letter_id"));
    receiver.answer([ResponseTemplate::new(400).set_delay(std::time::Duration::from_secs(1))]);
    let answers = futures_util::future::join_all((0..5).map(|_| fixture.owner.post(&replay, json!({})))).await;
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(
        (statuses.iter().filter(|status| **status == 409).count(), receiver.requests().len()),
        (4, 2),
        "{statuses:?}"
    );
    // Refused once more, it can be sent once more.
    assert_eq!(fixture.owner.post(&replay, json!({})).await.ok()["success"], true);
}

#[tokio::test]
async fn unknown_types_of_events_are_refused() {
    let server = server_with_private_webhooks("hooktypes").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let known: Vec<String> = server.sql("select logic.event_types()", &[]).await[0].get(0);
    let (id, _) = create_webhook(&fixture, "http://127.0.0.1:9/", json!(known)).await;
    let wrong = json!(["status_changed", "status_chnaged"]);
    let body = json!({"workflow_id": fixture.workflow, "url": "http://127.0.0.1:9/", "events": wrong});
    for answer in [
        fixture.owner.post("/api/webhooks", body).await,
        fixture.owner.patch(&format!("/api/webhooks/{id}"), json!({"events": wrong})).await,
    ] {
        let error = &answer.expect(422)["errors"][0];
        assert_eq!(error["field"], "events");
        assert!(error["rule"].as_str().is_some_and(|rule| rule.contains("status_chnaged")), "{error}");
    }
    assert_eq!(fixture.owner.get(&format!("/api/webhooks/{id}")).await.ok()["events"], json!(known));
}

#[tokio::test]
async fn both_secrets_are_valid_while_one_replaces_the_other() {
    let server = server_with_private_webhooks("hookrotate").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let receiver = Receiver::start().await;
    let (id, old) = create_webhook(&fixture, &receiver.url(), json!(["ticket_created"])).await;
    let rotate = format!("/api/webhooks/{id}/rotate-secret");
    for overlap in [-1, 2_592_001] {
        assert_eq!(fixture.owner.post(&rotate, json!({"overlap_seconds": overlap})).await.status, 422);
    }
    assert_eq!(fixture.owner.post(&rotate, json!({"secret": "short"})).await.status, 422);
    let rotated = fixture.owner.post(&rotate, json!({"overlap_seconds": 3600})).await.ok();
    let new = text(&rotated, "secret");
    assert!(new != old && rotated["previous_secret_expires_at"].is_string());
    assert_eq!(fixture.owner.get(&format!("/api/webhooks/{id}")).await.ok()["secret"], Value::Null);
    fixture.ticket("During the overlap").await;
    harness::eventually("it was delivered", async || receiver.requests().len() == 1).await;
    fixture.owner.post(&format!("/api/webhooks/{id}/test"), json!({})).await.ok();
    for request in receiver.requests() {
        assert!(verify_any(&new, &request) && verify_any(&old, &request));
    }
    server.sql("update webhooks set previous_secret_expires_at = now() - interval '1 second'", &[]).await;
    fixture.ticket("After it").await;
    harness::eventually("it was delivered", async || receiver.requests().len() == 3).await;
    let last = receiver.requests().pop().expect("a request");
    assert!(verify_any(&new, &last) && !verify_any(&old, &last));
    assert_eq!(fixture.owner.get(&format!("/api/webhooks/{id}")).await.ok()["previous_secret_expires_at"], Value::Null);
}

#[tokio::test]
async fn tags_with_a_comma_can_be_filtered() {
    let server = server_with_private_webhooks("tagcomma").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let comma = fixture.ticket_with("With a comma", json!({"tags": ["red, green"]})).await;
    let plain = fixture.ticket_with("Without", json!({"tags": ["blue"]})).await;
    fixture.ticket_with("Another", json!({"tags": ["red"]})).await;
    let list = format!("/api/tickets?workflow_id={}&sort_order=asc", fixture.workflow);
    for (query, wanted) in [
        ("tag=red,%20green", vec![&comma]),
        ("tag=red%2C+green&tag=blue", vec![&comma, &plain]),
        ("tag[]=red,%20green&tags[]=blue", vec![&comma, &plain]),
        ("tag=red,%20green&tags=blue,violet", vec![&comma, &plain]),
        ("tags=red,%20green", vec![]),
    ] {
        let found = fixture.owner.get(&format!("{list}&{query}")).await.ok();
        let found: Vec<&Value> =
            found["tickets"].as_array().expect("tickets").iter().map(|one| &one["ticket_id"]).collect();
        if query == "tags=red,%20green" {
            assert_eq!(found.len(), 1, "the comma separates: {query}");
            continue;
        }
        assert_eq!(json!(found), json!(wanted), "{query}");
    }
    assert_eq!(fixture.owner.get("/api/workflows?tag=a&tag=b").await.status, 422);
}
