//! The parts of an engine's ticket: `parent_id` is the ticket's parent, with its rules.

use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, open, signed_in_user};
use super::listeners::listen;
use crate::client::Client;

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_is_a_ticket_of_the_same_project_and_no_descendant() {
    let server = open("engine_parents").await;
    let engine = listen(&server, "engine=127.0.0.1:0").await;
    let owner = signed_in_user(&server, "ann").await;
    let (here, elsewhere) = (TestWorkflow::of(&owner).await, TestWorkflow::of(&owner).await);
    let ann = Client { url: engine.url.clone(), ..owner.clone() };
    let new = async |title: &str, parent: Value| {
        ann.post("/api/tickets", json!({"title": title, "project_id": here.workflow, "parent_id": parent})).await
    };
    let whole = new("The whole", Value::Null).await.created()["ticket"].clone();
    assert_eq!(whole["parent_id"], Value::Null);
    let part = new("A part", whole["key"].clone()).await.created()["ticket"].clone();
    assert_eq!(part["parent_id"], whole["id"]);
    let foreign = elsewhere.ticket("Somewhere else").await;
    for wrong in [json!(foreign), json!("ticket-none"), json!("nonsense")] {
        let refused = new("Another part", wrong.clone()).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], "parent_id", "{wrong}: {refused}");
    }
    let path = |ticket: &Value| format!("/api/tickets/{}", ticket["id"].as_str().expect("an id"));
    let cycle = ann.patch(&path(&whole), json!({"parent_id": part["id"]})).await;
    assert_eq!((cycle.json["field"].clone(), cycle.refused(409).as_str()), (json!("parent_id"), "dependency_cycle"));
    // Nothing said leaves it, an empty text removes it.
    assert_eq!(ann.patch(&path(&part), json!({"title": "The part"})).await.ok()["ticket"]["parent_id"], whole["id"]);
    assert_eq!(ann.patch(&path(&part), json!({"parent_id": ""})).await.ok()["ticket"]["parent_id"], Value::Null);
}
