//! Importing over the network: preview, mapping, import, and who may.

use std::time::Duration;

use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, add_member, open, signed_in_user};
use crate::client::{Answer, Client, server_with};
use crate::harness::eventually;

const LINEAR: &str = include_str!("../../fixtures/import/linear.csv");

async fn send(client: &Client, workflow: &str, path: &str, body: &Value) -> Answer {
    client.post(&format!("/api/workflows/{workflow}/import{path}"), body.clone()).await
}

#[tokio::test]
async fn a_file_is_previewed_and_imported() {
    let server = open("http_imports").await;
    let test = TestWorkflow::of(&server.user("owner").await).await;
    let (owner, workflow) = (&test.owner, test.workflow.as_str());

    let formats = owner.get("/api/import-formats").await;
    let formats = formats.expect(200);
    assert_eq!(formats["formats"].as_array().map(Vec::len), Some(11));

    let preview =
        send(owner, workflow, "/preview", &json!({"content": LINEAR, "file_name": "linear.csv"})).await.expect(200);
    assert_eq!((&preview["format"], &preview["looks_like"]), (&json!("linear"), &json!("a Linear CSV export")));
    assert_eq!((&preview["tickets"], &preview["existing"]), (&json!(5), &json!(0)));
    assert_eq!(preview["samples"][0]["title"], "Berth plan, week view");
    let parked =
        preview["mapping"]["states"].as_array().and_then(|rows| rows.iter().find(|row| row["name"] == "Parked"));
    assert_eq!(parked.map(|row| (&row["to"], &row["how"])), Some((&json!("backlog"), &json!("unknown"))));
    assert!(
        preview["not_taken"]
            .as_array()
            .is_some_and(|list| list.iter().any(|loss| loss["kind"] == "column Initiatives"))
    );

    let body = json!({"content": LINEAR, "mapping": {"states": {"Parked": "review"},
        "people": {"grace@port.example": owner.id}}, "dry_run": true});
    let tried = send(owner, workflow, "", &body).await.expect(200);
    assert_eq!((&tried["outcome"]["imported"], &tried["dry_run"]), (&json!(5), &json!(true)));
    let listed = owner.get(&format!("/api/tickets?workflow_id={workflow}&include_completed=true")).await.expect(200);
    assert_eq!(listed["total_count"], 0, "a dry run is undone");

    let mut body = body;
    body["dry_run"] = json!(false);
    let done = send(owner, workflow, "", &body).await.expect(200);
    assert_eq!((&done["outcome"]["imported"], &done["outcome"]["agents"]), (&json!(5), &json!(0)));
    let sql = "select count(*) from tickets where external_ref = 'PORT-5' and status = 'review' and assigned_agent_id is null";
    assert_eq!(server.number(sql).await, 1, "the parked one");
    let sql = format!(
        "select count(*) from tickets where external_ref in ('PORT-1', 'PORT-2') and assigned_agent_id = '{}'",
        owner.id
    );
    assert_eq!(server.number(&sql).await, 2, "Grace is the owner here");
    let sql = "select count(*) from tickets where external_ref = 'PORT-2' and due_on = date '2025-03-01'";
    assert_eq!(server.number(sql).await, 1, "its due date");
    let again = send(owner, workflow, "", &body).await.expect(200);
    assert_eq!((&again["outcome"]["imported"], &again["outcome"]["existing"]), (&json!(0), &json!(5)));
    let preview = send(owner, workflow, "/preview", &json!({"content": LINEAR})).await.expect(200);
    assert_eq!(preview["existing"], 5);
}

#[tokio::test]
async fn refusals_name_field_and_rule_and_change_nothing() {
    let server =
        server_with("http_imports_refused", &["--request-rate", "1000000", "--max-import", "20000"], Vec::new()).await;
    let test = TestWorkflow::of(&server.user("owner").await).await;
    let (owner, workflow) = (&test.owner, test.workflow.as_str());
    for (body, field) in [
        (json!({}), "content"),
        (json!({"content": "x", "content_base64": "eA=="}), "content_base64"),
        (json!({"content_base64": "!!"}), "content_base64"),
        (json!({"content": "Hello"}), "content"),
        (json!({"content": "[{]", "format": "github"}), "content"),
        (json!({"content": LINEAR, "mapping": {"states": {"Todo": "garage"}}}), "mapping.states"),
        (json!({"content": LINEAR, "mapping": {"people": {"Intern": "somebody"}}}), "mapping.people"),
        (json!({"content": LINEAR, "mapping": {"priorities": {"Low": "tiny"}}}), "mapping.priorities.Low"),
        (json!({"content": LINEAR, "strict": true}), "content"),
        (json!({"content": LINEAR, "format": "lotus"}), "format"),
        (json!({"content": LINEAR, "mapping": {"columns": {}}}), "mapping.columns"),
    ] {
        let refused = send(owner, workflow, "", &body).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    send(owner, workflow, "", &json!({"content": "x".repeat(30_000)})).await.expect(413);

    // Members may not import, because an import speaks for others; others do not learn of the workflow.
    let member = signed_in_user(&server, "member").await;
    add_member(owner, workflow, &member, "member").await;
    let outsider = signed_in_user(&server, "outsider").await;
    for path in ["", "/preview"] {
        send(&member, workflow, path, &json!({"content": LINEAR})).await.expect(403);
        send(&outsider, workflow, path, &json!({"content": LINEAR})).await.expect(404);
    }
    let listed = owner.get(&format!("/api/tickets?workflow_id={workflow}&include_completed=true")).await.expect(200);
    assert_eq!(listed["total_count"], 0);
}

/// A lock holds up the import where it makes tickets searchable.
#[tokio::test]
async fn an_import_takes_longer_than_a_request_may_and_tells_how_far_it_is() {
    let server = server_with("http_imports_long", &["--statement-timeout", "1"], Vec::new()).await;
    let test = TestWorkflow::of(&server.user("owner").await).await;
    let (owner, workflow) = (&test.owner, test.workflow.as_str());
    let other = TestWorkflow::of(owner).await;
    let member = signed_in_user(&server, "member").await;
    add_member(owner, workflow, &member, "member").await;
    let address = format!("/api/workflows/{workflow}/import");
    assert_eq!(owner.get(&address).await.expect(200), json!({"progress": null}));
    member.get(&address).await.expect(403);

    let holder = crate::harness::connect(&server.db.url).await;
    holder.batch_execute("begin; lock table ticket_search in share mode").await.expect("a lock");
    let meanwhile = async {
        let waiting = json!({"step": "search", "done": 0, "total": 5});
        eventually("the import waits for the lock", async || {
            owner.get(&address).await.expect(200)["progress"] == waiting
        })
        .await;
        // This waits as long as a request may.
        let ticket =
            json!({"workflow_id": other.workflow, "title": "Not in time", "description": "Waits for too long."});
        owner.post("/api/tickets/create", ticket).await.expect(503);
        assert_eq!(owner.get(&address).await.expect(200)["progress"], waiting);
        holder.batch_execute("commit").await.expect("no lock");
    };
    let body = json!({"content": LINEAR});
    let (done, ()) = tokio::join!(send(owner, workflow, "", &body), meanwhile);
    assert_eq!(done.expect(200)["outcome"]["imported"], 5);
    assert_eq!(owner.get(&address).await.expect(200), json!({"progress": null}));
    let found = json!({"workflow_id": workflow, "query": "berth plan", "search_type": "keyword"});
    let found = owner.post("/api/tickets/search", found).await.expect(200);
    assert_eq!(found["results"][0]["title"], "Berth plan, week view");
}

/// Clients that go away do not start more work than a server allows; what runs is carried out.
#[tokio::test]
async fn abandoned_imports_are_carried_out_two_at_a_time() {
    let server = open("http_imports_abandoned").await;
    let owner = server.user("owner").await;
    let holder = crate::harness::connect(&server.db.url).await;
    holder.batch_execute("begin; lock table ticket_search in share mode").await.expect("a lock");
    for _ in 0..4 {
        let test = TestWorkflow::of(&owner).await;
        let body = json!({"content": LINEAR});
        let import = send(&owner, &test.workflow, "", &body);
        // Longer than an import takes to come to the lock.
        let answer = tokio::time::timeout(Duration::from_secs(2), import).await;
        assert!(answer.is_err(), "it waits for the lock or for its turn");
    }
    let running = "select count(*) from pg_stat_activity
                    where query like '%logic.import_file(%' and state = 'active' and pid <> pg_backend_pid()";
    assert_eq!(server.number(running).await, 2);
    holder.batch_execute("commit").await.expect("no lock");
    eventually("both are carried out", async || {
        server.number("select count(distinct workflow_id) from tickets where external_ref = 'PORT-1'").await >= 2
    })
    .await;
}
