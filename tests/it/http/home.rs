//! Home over HTTP: typed answers, the limits of its inputs, and that a visit holds in every session of a person.

use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, add_member, open, service_client, signed_in_user};

#[tokio::test]
async fn a_visit_holds_for_the_person_and_nobody_else() {
    let server = open("home").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let (ben, eve) = (signed_in_user(&server, "ben").await, signed_in_user(&server, "eve").await);
    add_member(&fixture.owner, &fixture.workflow, &ben, "viewer").await;
    let ticket = fixture.ticket("Fix the login").await;
    fixture.comment(&ticket, &format!("Look, @{}", ben.id)).await;
    fixture.move_to(&ticket, "done").await.ok();

    let shown = ben.get("/api/home").await.ok();
    assert_eq!(
        shown["counts"],
        json!({"waiting": 0, "failed": 0, "stuck": 0, "mentions": 1, "finished": 1, "expired": 0})
    );
    assert_eq!((&shown["finished"][0]["id"], &shown["finished"][0]["kind"]), (&json!(ticket), &json!("ticket")));
    assert_eq!(shown["workflows"][0]["role"], "viewer");
    let seen = json!({"epoch": shown["epoch"], "handled": true,
        "workflows": [{"workflow_id": fixture.workflow, "seq": shown["workflows"][0]["seq"]}]});
    let marked = ben.post("/api/home/visited", seen.clone()).await.ok();
    assert_eq!((&marked["success"], &marked["workflows"][0]["seq"]), (&json!(true), &shown["workflows"][0]["seq"]));
    assert_eq!(ben.post("/api/home/visited", seen.clone()).await.ok(), marked);
    let after = ben.get(&format!("/api/home?workflow_id={}&limit=1", fixture.workflow)).await.ok();
    assert_eq!((&after["mentions"], &after["finished"]), (&json!([]), &json!([])));
    assert_eq!(fixture.owner.get("/api/home").await.ok()["counts"]["finished"], 1);

    // Others see nothing of it, and cannot mark it.
    assert_eq!(eve.get("/api/home").await.ok()["workflows"], json!([]));
    assert_eq!(eve.get(&format!("/api/home?workflow_id={}", fixture.workflow)).await.refused(404), "not_found");
    assert_eq!(eve.post("/api/home/visited", seen).await.refused(404), "not_found");
    assert_eq!(eve.post("/api/home/visited", json!({"items": [ticket]})).await.refused(404), "not_found");

    // Nor by acting for another, known or not; and nobody reads so what waits for that one.
    for reader in [fixture.owner.id.as_str(), "nobody-we-know"] {
        let acting = |request: RequestBuilder| request.header("X-Agent-ID", reader);
        let body = json!({"items": [ticket]});
        let marking = ben.request(Method::POST, "/api/home/visited").json(&body);
        assert_eq!(ben.send(acting(marking)).await.refused(403), "forbidden", "{reader}");
        let read = ben.send(acting(ben.request(Method::GET, "/api/home"))).await.ok();
        assert_eq!(read["counts"]["finished"], 0, "what ben has seen: {read}");
    }
    assert_eq!(fixture.owner.get("/api/home").await.ok()["counts"]["finished"], 1);
}

#[tokio::test]
async fn wrong_input_names_its_field() {
    let server = open("home_input").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    for limit in ["0", "101", "-1"] {
        let answer = fixture.owner.get(&format!("/api/home?limit={limit}")).await;
        assert_eq!(answer.json["errors"][0]["field"], "limit", "{}", answer.json);
        answer.refused(422);
    }
    let seq = |seq: Value| json!({"workflows": [{"workflow_id": fixture.workflow, "seq": seq}]});
    for body in [
        json!({}),
        json!({"items": vec!["x"; 201]}),
        seq(json!(1_000)),
        seq(json!(-1)),
        seq(json!("1")),
        json!({"seen": true}),
    ] {
        fixture.owner.post("/api/home/visited", body.clone()).await.refused(422);
    }
    let mut stale = seq(json!(0));
    stale["epoch"] = json!("of-another-database");
    let answer = fixture.owner.post("/api/home/visited", stale).await;
    assert_eq!(answer.json["field"], "epoch", "{}", answer.json);
    assert_eq!(answer.refused(409), "conflict");
    let writer = service_client(&server, "writer", &["write"]).await;
    assert_eq!(writer.get("/api/home").await.refused(403), "forbidden");
}
