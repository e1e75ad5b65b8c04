//! `POST /api/tickets/search` as used by people and agents.

use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{embedded, server_with_local_model};
use crate::client::{Client, server};
use crate::http::fixtures::{TestWorkflow, signed_in_user};

/// The response of a search.
async fn search(fixture: &TestWorkflow, query: &str, more: Value) -> Value {
    let mut body = json!({"workflow_id": fixture.workflow, "query": query});
    crate::http::fixtures::merge(&mut body, &more);
    fixture.owner.post("/api/tickets/search", body).await.ok()
}

/// The titles found, in order.
fn titles(answer: &Value) -> Vec<&str> {
    answer["results"].as_array().expect("results").iter().map(|r| r["title"].as_str().expect("a title")).collect()
}

async fn server_with_tickets(owner: &Client) -> TestWorkflow {
    let fixture = TestWorkflow::of(owner).await;
    for (title, description) in [
        ("Users are signed out too early", "The session ends after a minute. Cookies are dropped when the tab sleeps."),
        ("Chart colours are hard to tell apart", "Red and green look the same to many people."),
        ("Nightly backup fills the disk", "Old archives are never removed from the volume."),
        ("Speed up the list of invoices", "It takes ten seconds; see fn load_invoices in src/billing/InvoiceList.rs."),
        ("Write the release notes", "For version two, with screenshots."),
    ] {
        fixture.ticket_with(title, json!({"description": description})).await;
    }
    fixture
}

#[tokio::test]
async fn search_finds_by_meaning_and_by_words() {
    let server = server_with_local_model("meant").await;
    let fixture = server_with_tickets(&signed_in_user(&server, "ada").await).await;
    embedded(&server).await;
    // None of these words is in the ticket.
    let answer = search(&fixture, "people have to log in again all the time", json!({})).await;
    assert_eq!(titles(&answer)[0], "Users are signed out too early", "{answer}");
    assert_eq!(
        (&answer["mode"], &answer["notice"], &answer["stale_embeddings"]),
        (&json!("hybrid"), &Value::Null, &json!(false))
    );
    assert!(answer["results"][0]["matched_in"].as_array().expect("places").contains(&json!("meaning")), "{answer}");
    let score = answer["results"][0]["relevance_score"].as_f64().expect("a score");
    assert!((0.0..=1.0).contains(&score), "{score}");
    assert_eq!(
        titles(&search(&fixture, "colour blindness", json!({"search_type": "semantic"})).await)[0],
        "Chart colours are hard to tell apart"
    );
    // Keyword matches: a stem, a prefix, a part of an identifier, a key, an id.
    for (query, title) in [
        ("backups", "Nightly backup fills the disk"),
        ("scree", "Write the release notes"),
        ("InvoiceList", "Speed up the list of invoices"),
        ("load invoices", "Speed up the list of invoices"),
        ("tkt-5", "Write the release notes"),
        ("#2", "Chart colours are hard to tell apart"),
    ] {
        let answer = search(&fixture, query, json!({})).await;
        assert_eq!(titles(&answer)[0], title, "{query}: {answer}");
    }
    let named = search(&fixture, "TKT-5", json!({})).await;
    assert_eq!(
        (&named["results"][0]["relevance_score"], &named["results"][0]["matched_in"][0]),
        (&json!(1.0), &json!("key"))
    );
    // Operators apply to keyword and semantic search.
    assert!(!titles(&search(&fixture, "list -invoices", json!({})).await).contains(&"Speed up the list of invoices"));
    assert_eq!(titles(&search(&fixture, "\"release notes\"", json!({})).await), ["Write the release notes"]);
    assert_eq!(search(&fixture, "\"notes release\"", json!({})).await["total_found"], 0);
}

#[tokio::test]
async fn filters_comments_and_highlights_work_without_a_model() {
    let server = server("words").await;
    let fixture = server_with_tickets(&signed_in_user(&server, "ada").await).await;
    let urgent = fixture
        .ticket_with("Invoices <b>vanish</b> & reappear", json!({"priority": "critical", "tags": ["billing"]}))
        .await;
    fixture.comment(&urgent, "A wombat was seen <script>alert(1)</script> near the invoices").await;
    let answer = search(&fixture, "invoices", json!({})).await;
    assert_eq!((&answer["mode"], &answer["stale_embeddings"]), (&json!("keyword"), &json!(true)));
    assert!(answer["notice"].as_str().expect("a notice").contains("switched off"), "{answer}");
    assert_eq!(answer["total_found"], 2);
    assert_eq!(search(&fixture, "invoices", json!({"search_type": "keyword"})).await["notice"], Value::Null);
    for (filters, count) in [
        (json!({"priority": ["critical"]}), 1),
        (json!({"tags": ["billing", "other"]}), 1),
        (json!({"status": ["done"]}), 0),
        (json!({"is_blocked": false}), 2),
        (json!({"created_after": "2999-01-01"}), 0),
        (json!({"unassigned": true, "include_completed": false}), 2),
    ] {
        let found = search(&fixture, "invoices", json!({"filters": filters})).await;
        assert_eq!(found["total_found"], count, "{filters}: {found}");
    }
    let found = search(&fixture, "vanish", json!({})).await;
    assert_eq!(
        found["results"][0]["highlighted_title"],
        "Invoices &lt;b&gt;<mark>vanish</mark>&lt;/b&gt; &amp; reappear"
    );
    let found = search(&fixture, "wombat", json!({})).await;
    let preview = found["results"][0]["preview"].as_str().expect("a preview");
    assert!(
        preview.contains("<mark>wombat</mark>") && preview.contains("&lt;script&gt;") && !preview.contains("<script"),
        "{preview}"
    );
    assert_eq!(found["results"][0]["matched_in"], json!(["comments"]));
    assert_eq!(search(&fixture, "wombat", json!({"include_comments": false})).await["total_found"], 0);
    // Deleting the ticket removes it from search, restoring brings it back.
    fixture.owner.delete(&format!("/api/tickets/{urgent}")).await.ok();
    assert_eq!(search(&fixture, "wombat", json!({})).await["total_found"], 0);
    fixture.owner.post(&format!("/api/tickets/{urgent}/restore"), json!({})).await.ok();
    assert_eq!(search(&fixture, "wombat", json!({})).await["total_found"], 1);
}

/// No query text causes an error.
#[test]
fn any_query_is_answered() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (_server, fixture) = runtime.block_on(async {
        let server = server("garbage").await;
        let fixture = server_with_tickets(&signed_in_user(&server, "ada").await).await;
        (server, fixture)
    });
    let ask = |query: &str| {
        let body = json!({"workflow_id": fixture.workflow, "query": query});
        let status = runtime.block_on(fixture.owner.post("/api/tickets/search", body)).status;
        assert!([200, 422].contains(&status), "{status} for {query:?}");
    };
    let dashes = format!("{}x", "-".repeat(60));
    for query in [
        &dashes,
        &"- ".repeat(40),
        "a & | !",
        ":*",
        "'",
        "\"",
        "\\",
        "()",
        "!!!",
        "%_",
        "-",
        "the",
        "\"-\" or -or",
        "<->",
        "🦀",
        "| a | b |\n|---|---|",
    ] {
        ask(query);
        ask(&format!("disk {query} backup"));
    }
    let mut runner = TestRunner::new(ProptestConfig { cases: 150, ..ProptestConfig::default() });
    runner
        .run(&any::<String>(), |query| {
            ask(&query);
            Ok(())
        })
        .expect("every query is answered");
    runner
        .run(&"[-!&|()<>:*'\"\\\\ a-c\n]{1,60}", |query| {
            ask(&query);
            Ok(())
        })
        .expect("every query of operators is answered");
}
