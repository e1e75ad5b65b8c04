//! Warnings about duplicate and related tickets.

use serde_json::{Value, json};

use super::{embedded, server_with_local_model};
use crate::client::{server, server_with};
use crate::embeddings::fake_provider::{Behavior, FakeProvider};
use crate::embeddings::fixtures::register;
use crate::harness::eventually;
use crate::http::fixtures::{TestWorkflow, signed_in_user, text};
use crate::logic::fixtures::Fixture;

const TITLE: &str = "Login fails with an error after the update";
const DESCRIPTION: &str = "Since version 2.4 people who sign in with their company account see error 500. \
    The log says that the token could not be decoded. Going back to 2.3 helps.";

fn of_type<'a>(similar: &'a Value, ticket: &str) -> Option<&'a str> {
    similar.as_array()?.iter().find(|s| s["ticket_id"] == ticket)?["relation_type"].as_str()
}

#[tokio::test]
async fn a_near_copy_is_a_duplicate_and_an_unrelated_ticket_is_not() {
    let server = server_with_local_model("copies").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ada").await).await;
    let original = fixture.ticket_with(TITLE, json!({"description": DESCRIPTION})).await;
    fixture.ticket_with("Order new chairs", json!({"description": "The ones in the kitchen are broken."})).await;
    embedded(&server).await;
    let copy = json!({"workflow_id": fixture.workflow, "title": "Login fails with error after update",
        "description": format!("{DESCRIPTION} It happened to me this morning.")});
    let check = fixture.owner.post("/api/tickets/check-duplicate", copy.clone()).await.ok();
    assert_eq!(
        (&check["is_duplicate"], &check["mode"], &check["notice"]),
        (&json!(true), &json!("semantic"), &Value::Null),
        "{check}"
    );
    assert_eq!(check["duplicate_of"]["ticket_id"], original.as_str());
    assert_eq!(
        check["similar_tickets"].as_array().expect("a list").len(),
        1,
        "the unrelated ticket is not similar: {check}"
    );
    let other = json!({"workflow_id": fixture.workflow, "title": "Translate the handbook into French",
        "description": "All chapters, with new screenshots."});
    let check = fixture.owner.post("/api/tickets/check-duplicate", other.clone()).await.ok();
    assert_eq!((&check["is_duplicate"], &check["similar_tickets"]), (&json!(false), &json!([])), "{check}");
    // Creating a ticket reports the same; on a busy machine the ticket shows it later instead.
    let made = fixture.owner.post("/api/tickets/create", copy).await.ok();
    let id = text(&made, "ticket_id");
    if made["embedding_created"] == true && made["similar_tickets"] != json!([]) {
        assert_eq!(of_type(&made["similar_tickets"], &original), Some("duplicate"), "{made}");
        assert!(of_type(&made["similar_tickets"], &id).is_none(), "a ticket is not similar to itself: {made}");
    }
    embedded(&server).await;
    let related = fixture.owner.get(&format!("/api/tickets/{id}/related")).await.ok();
    assert_eq!(of_type(&related["related"], &original), Some("duplicate"), "{related}");
    let made = fixture.owner.post("/api/tickets/create", other).await.ok();
    assert_eq!(made["similar_tickets"], json!([]));
}

#[tokio::test]
async fn related_tickets_include_existing_links() {
    let server = server_with_local_model("related").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ada").await).await;
    let original = fixture.ticket_with(TITLE, json!({"description": DESCRIPTION})).await;
    let child = fixture
        .ticket_with(
            "Find out why the token cannot be decoded after the update",
            json!({"parent_ticket_id": original,
            "description": "Company accounts see error 500 when they sign in since version 2.4."}),
        )
        .await;
    embedded(&server).await;
    let related = fixture.owner.get(&format!("/api/tickets/{original}/related")).await.ok();
    assert_eq!((&related["mode"], &related["stale_embeddings"]), (&json!("semantic"), &json!(false)));
    assert_eq!(
        (&related["related"][0]["ticket_id"], &related["related"][0]["link"]),
        (&json!(child), &json!("child")),
        "{related}"
    );
    let back = fixture.owner.get(&format!("/api/tickets/{child}/related?limit=1")).await.ok();
    assert_eq!(back["related"][0]["link"], "parent");
    fixture.owner.get(&format!("/api/tickets/{original}/related?limit=0")).await.refused(422);
    // An outsider sees no ticket.
    let outsider = signed_in_user(&server, "eve").await;
    assert_eq!(outsider.get(&format!("/api/tickets/{original}/related")).await.status, 404);
    let body = json!({"workflow_id": fixture.workflow, "title": TITLE});
    assert_eq!(outsider.post("/api/tickets/check-duplicate", body).await.status, 404);
}

#[tokio::test]
async fn without_a_model_titles_are_compared() {
    let server = server("titles").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ada").await).await;
    let original = fixture.ticket(TITLE).await;
    fixture.ticket("Order new chairs").await;
    let check = async |title: &str| {
        let body = json!({"workflow_id": fixture.workflow, "title": title});
        fixture.owner.post("/api/tickets/check-duplicate", body).await.ok()
    };
    let same = check("  login FAILS with an  error after the update ").await;
    assert_eq!(
        (&same["is_duplicate"], &same["duplicate_of"]["ticket_id"], &same["mode"]),
        (&json!(true), &json!(original), &json!("keyword"))
    );
    assert!(same["notice"].is_string() && same["stale_embeddings"] == true, "{same}");
    let near = check("Login fails after the update with this error").await;
    assert_eq!(
        (&near["is_duplicate"], &near["similar_tickets"][0]["relation_type"]),
        (&json!(false), &json!("related")),
        "{near}"
    );
    assert_eq!(check("Update the chairs").await["is_duplicate"], false);
    let related = fixture.owner.get(&format!("/api/tickets/{original}/related")).await.ok();
    assert_eq!((&related["mode"], &related["related"]), (&json!("keyword"), &json!([])));
    // The response to a create says so at once.
    let twin = json!({"workflow_id": fixture.workflow, "title": "Login fails with an ÉRROR – after the “update”!",
        "description": "Other words altogether."});
    let made = fixture.owner.post("/api/tickets/create", twin).await.ok();
    assert_eq!(of_type(&made["similar_tickets"], &original), Some("duplicate"), "{made}");
    assert_eq!((&made["meaning_checked"], &made["embedding_created"]), (&json!(false), &json!(false)));
    assert!(made["notice"].as_str().is_some_and(|notice| notice.contains("titles")), "{made}");
}

#[tokio::test]
async fn titles_are_compared_while_embeddings_wait() {
    let fixture = Fixture::open("waiting").await;
    let model = register(&fixture, "test/plane").await;
    let (original, other) = (fixture.ticket(TITLE).await, fixture.ticket("Order new chairs").await);
    let near = fixture.ticket("After the update, login fails with errors").await;
    for n in 0..30 {
        fixture.ticket(&format!("Chair {n} of the update fails")).await;
    }
    let embed = async |ticket: &str, vector: &str| {
        let sql = "with gone as (delete from embedding_queue where ticket_id = $2)
                   insert into ticket_embeddings (workflow_id, model_id, ticket_id, content_hash, embedding)
                   values ($3, $1, $2, '', $4::text::halfvec)";
        fixture.client.execute(sql, &[&model, &ticket, &fixture.workflow, &vector]).await.expect("a vector");
    };
    let check = async |title: &str| {
        fixture.ok("check_duplicate", json!({"title": title, "model": model, "vector": "[1,0,0]"})).await
    };
    // Only another ticket has its vector yet.
    embed(&other, "[0,1,0]").await;
    let found = check("login fails — with an error after the UPDATE").await;
    assert_eq!(found["duplicate_of"]["ticket_id"], original.as_str(), "{found}");
    assert_eq!((&found["meaning_checked"], &found["mode"]), (&json!(false), &json!("semantic")));
    assert!(found["notice"].as_str().is_some_and(|notice| notice.contains("wait")), "{found}");
    assert_eq!(of_type(&found["similar_tickets"], &near), Some("related"), "{found}");
    // An equal title whose text means something else is no duplicate.
    embed(&original, "[0,1,0]").await;
    let found = check(TITLE).await;
    assert_eq!(
        (&found["is_duplicate"], of_type(&found["similar_tickets"], &original)),
        (&json!(false), Some("related")),
        "{found}"
    );
    // Once all are embedded, meaning counts.
    let sql = "select array_agg(ticket_id) from embedding_queue";
    let waiting: Vec<String> = fixture.client.query_one(sql, &[]).await.expect("the queue").get(0);
    for ticket in &waiting {
        embed(ticket, "[0,0,1]").await;
    }
    embed_again(&fixture, &original).await;
    let found = check(TITLE).await;
    assert_eq!(
        (&found["is_duplicate"], &found["meaning_checked"], &found["notice"]),
        (&json!(true), &json!(true), &Value::Null),
        "{found}"
    );
}

/// Gives a ticket the vector of the draft.
async fn embed_again(fixture: &Fixture, ticket: &str) {
    let sql = "update ticket_embeddings set embedding = '[1,0,0]' where ticket_id = $1";
    fixture.client.execute(sql, &[&ticket]).await.expect("a vector");
}

#[tokio::test]
async fn a_fast_provider_is_awaited() {
    let fake = FakeProvider::start(Behavior::Healthy(3)).await;
    let url = fake.url();
    let flags = [
        "--request-rate",
        "1000000",
        "--embedding-provider",
        "openai",
        "--embedding-model",
        "fake",
        "--embedding-dimensions",
        "3",
    ];
    let server = server_with("in-time", &[&flags[..], &["--embedding-base-url", &url]].concat(), Vec::new()).await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ada").await).await;
    // The first request waits until the model is known; each uses its own text.
    let mut count = 0;
    eventually("a new ticket is embedded at once", async || {
        count += 1;
        let body =
            json!({"workflow_id": fixture.workflow, "title": format!("Ticket {count}"), "description": "The same words."});
        fixture.owner.post("/api/tickets/create", body).await.ok()["embedding_created"] == true
    })
    .await;
    // The same text has the same vector.
    let twin = json!({"workflow_id": fixture.workflow, "title": "Ticket 1", "description": "The same words."});
    let mut made = Value::Null;
    eventually("its twin is found at once", async || {
        made = fixture.owner.post("/api/tickets/create", twin.clone()).await.ok();
        made["embedding_created"] == true
    })
    .await;
    let first = &made["similar_tickets"][0];
    assert_eq!((&first["title"], &first["relation_type"]), (&json!("Ticket 1"), &json!("duplicate")), "{made}");
    let ticket = text(&made, "ticket_id");
    let update = json!({"ticket_id": ticket, "description": "Other words altogether."});
    eventually("a reworded ticket is embedded at once", async || {
        fixture.owner.post("/api/tickets/update", update.clone()).await.ok()["embedding_updated"] == true
            || server.number("select count(*) from embedding_queue").await == 0
    })
    .await;
}
