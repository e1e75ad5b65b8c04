//! `POST /api/tickets/search` as people and agents use it.

use proptest::prelude::{ProptestConfig, any};
use proptest::test_runner::TestRunner;
use serde_json::{Value, json};

use super::{embedded, local};
use crate::client::{Client, server};
use crate::http::fixtures::{Desk, person};

/// What a search answers.
async fn search(desk: &Desk, query: &str, more: Value) -> Value {
    let mut body = json!({"workflow_id": desk.workflow, "query": query});
    crate::http::fixtures::merge(&mut body, &more);
    desk.owner.post("/api/tickets/search", body).await.ok()
}

/// The titles found, in order.
fn titles(answer: &Value) -> Vec<&str> {
    answer["results"].as_array().expect("results").iter().map(|r| r["title"].as_str().expect("a title")).collect()
}

async fn stocked(owner: &Client) -> Desk {
    let desk = Desk::of(owner).await;
    for (title, description) in [
        ("Users are signed out too early", "The session ends after a minute. Cookies are dropped when the tab sleeps."),
        ("Chart colours are hard to tell apart", "Red and green look the same to many people."),
        ("Nightly backup fills the disk", "Old archives are never removed from the volume."),
        ("Speed up the list of invoices", "It takes ten seconds; see fn load_invoices in src/billing/InvoiceList.rs."),
        ("Write the release notes", "For version two, with screenshots."),
    ] {
        desk.ticket_with(title, json!({"description": description})).await;
    }
    desk
}

#[tokio::test]
async fn what_is_meant_is_found_and_what_is_written_too() {
    let server = local("meant").await;
    let desk = stocked(&person(&server, "ada").await).await;
    embedded(&server).await;
    // None of these words is in the ticket.
    let answer = search(&desk, "people have to log in again all the time", json!({})).await;
    assert_eq!(titles(&answer)[0], "Users are signed out too early", "{answer}");
    assert_eq!(
        (&answer["mode"], &answer["notice"], &answer["stale_embeddings"]),
        (&json!("hybrid"), &Value::Null, &json!(false))
    );
    assert!(answer["results"][0]["matched_in"].as_array().expect("places").contains(&json!("meaning")), "{answer}");
    let score = answer["results"][0]["relevance_score"].as_f64().expect("a score");
    assert!((0.0..=1.0).contains(&score), "{score}");
    assert_eq!(
        titles(&search(&desk, "colour blindness", json!({"search_type": "semantic"})).await)[0],
        "Chart colours are hard to tell apart"
    );
    // Words: a stem, a beginning, a piece of a name from code, a key, an id.
    for (query, title) in [
        ("backups", "Nightly backup fills the disk"),
        ("scree", "Write the release notes"),
        ("InvoiceList", "Speed up the list of invoices"),
        ("load invoices", "Speed up the list of invoices"),
        ("tkt-5", "Write the release notes"),
        ("#2", "Chart colours are hard to tell apart"),
    ] {
        let answer = search(&desk, query, json!({})).await;
        assert_eq!(titles(&answer)[0], title, "{query}: {answer}");
    }
    let named = search(&desk, "TKT-5", json!({})).await;
    assert_eq!(
        (&named["results"][0]["relevance_score"], &named["results"][0]["matched_in"][0]),
        (&json!(1.0), &json!("key"))
    );
    // Operators hold for both sides.
    assert!(!titles(&search(&desk, "list -invoices", json!({})).await).contains(&"Speed up the list of invoices"));
    assert_eq!(titles(&search(&desk, "\"release notes\"", json!({})).await), ["Write the release notes"]);
    assert_eq!(search(&desk, "\"notes release\"", json!({})).await["total_found"], 0);
}

#[tokio::test]
async fn filters_comments_and_highlights_hold_without_a_model_too() {
    let server = server("words").await;
    let desk = stocked(&person(&server, "ada").await).await;
    let urgent = desk
        .ticket_with("Invoices <b>vanish</b> & reappear", json!({"priority": "critical", "tags": ["billing"]}))
        .await;
    desk.comment(&urgent, "A wombat was seen <script>alert(1)</script> near the invoices").await;
    let answer = search(&desk, "invoices", json!({})).await;
    assert_eq!((&answer["mode"], &answer["stale_embeddings"]), (&json!("keyword"), &json!(true)));
    assert!(answer["notice"].as_str().expect("a notice").contains("switched off"), "{answer}");
    assert_eq!(answer["total_found"], 2);
    assert_eq!(search(&desk, "invoices", json!({"search_type": "keyword"})).await["notice"], Value::Null);
    for (filters, count) in [
        (json!({"priority": ["critical"]}), 1),
        (json!({"tags": ["billing", "other"]}), 1),
        (json!({"status": ["done"]}), 0),
        (json!({"is_blocked": false}), 2),
        (json!({"created_after": "2999-01-01"}), 0),
        (json!({"unassigned": true, "include_completed": false}), 2),
    ] {
        let found = search(&desk, "invoices", json!({"filters": filters})).await;
        assert_eq!(found["total_found"], count, "{filters}: {found}");
    }
    let found = search(&desk, "vanish", json!({})).await;
    assert_eq!(
        found["results"][0]["highlighted_title"],
        "Invoices &lt;b&gt;<mark>vanish</mark>&lt;/b&gt; &amp; reappear"
    );
    let found = search(&desk, "wombat", json!({})).await;
    let preview = found["results"][0]["preview"].as_str().expect("a preview");
    assert!(
        preview.contains("<mark>wombat</mark>") && preview.contains("&lt;script&gt;") && !preview.contains("<script"),
        "{preview}"
    );
    assert_eq!(found["results"][0]["matched_in"], json!(["comments"]));
    assert_eq!(search(&desk, "wombat", json!({"include_comments": false})).await["total_found"], 0);
    // Gone from search with the ticket, and back with it.
    desk.owner.delete(&format!("/api/tickets/{urgent}")).await.ok();
    assert_eq!(search(&desk, "wombat", json!({})).await["total_found"], 0);
    desk.owner.post(&format!("/api/tickets/{urgent}/restore"), json!({})).await.ok();
    assert_eq!(search(&desk, "wombat", json!({})).await["total_found"], 1);
}

/// No query is an error, whatever is in it.
#[test]
fn any_query_is_answered() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let (_server, desk) = runtime.block_on(async {
        let server = server("garbage").await;
        let desk = stocked(&person(&server, "ada").await).await;
        (server, desk)
    });
    let ask = |query: &str| {
        let body = json!({"workflow_id": desk.workflow, "query": query});
        let status = runtime.block_on(desk.owner.post("/api/tickets/search", body)).status;
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
