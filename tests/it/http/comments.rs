//! Comments over HTTP: threads, mentions, edits, deletion, reactions and refusals.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, add_member, open, redacted, signed_in_user, text};

#[tokio::test]
async fn comments_have_threads_mentions_and_attachments() {
    let server = open("threads").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let ticket = fixture.ticket_with("Talked about", json!({"assigned_agent_id": "agent-7"})).await;
    let body = json!({"ticket_id": ticket, "agent_id": ann.id, "comment_text": "@agent-7, see #TKT-1.",
                      "comment_type": "blocker", "mentions": ["agent-9"], "attachments": ["https://example.org/a.png", "logs/run.txt"]});
    let answer = ann.post("/api/tickets/comment", body).await.ok();
    assert_json_snapshot!("comment", redacted(&answer));
    let parent = text(&answer, "comment_id");
    let body = json!({"ticket_id": ticket, "comment_text": "I see.", "parent_id": parent});
    ann.post("/api/tickets/comment", body).await.ok();
    let comments = fixture.read(&ticket).await["comments"].clone();
    assert_eq!(comments[1]["parent_id"], parent.as_str());
    assert_json_snapshot!("comments", redacted(&comments));

    let other = fixture.ticket("Another").await;
    for (more, field) in [
        (json!({"parent_id": parent, "ticket_id": other}), "parent_id"),
        (json!({"comment_type": "shout"}), "comment_type"),
        (json!({"attachments": ["javascript:alert(1)"]}), "attachments"),
        (json!({"attachments": ["java\tscript:alert(1)"]}), "attachments"),
        (json!({"comment_text": " \n\t"}), "comment_text"),
        (json!({"comment_text": "x".repeat(100_001)}), "comment_text"),
        (json!({"mentions": vec!["a"; 10_000]}), "mentions"),
        (json!({"attachments": ["x".repeat(3000)]}), "attachments"),
    ] {
        let mut body = json!({"ticket_id": ticket, "comment_text": "Hello."});
        super::fixtures::merge(&mut body, &more);
        let answer = ann.post("/api/tickets/comment", body).await;
        assert_eq!(answer.json["errors"][0]["field"], field, "{}", answer.json);
        assert_eq!(answer.refused(422), "invalid");
    }
    assert_eq!(fixture.read(&ticket).await["comment_count"], 2);
}

#[tokio::test]
async fn authors_and_owners_edit_and_delete() {
    let server = open("edits").await;
    let (ann, bob, eve) = (
        signed_in_user(&server, "ann").await,
        signed_in_user(&server, "bob").await,
        signed_in_user(&server, "eve").await,
    );
    let fixture = TestWorkflow::of(&ann).await;
    for (who, role) in [(&bob, "member"), (&eve, "viewer")] {
        add_member(&ann, &fixture.workflow, who, role).await;
    }
    let ticket = fixture.ticket("Talked about").await;
    let body = json!({"ticket_id": ticket, "comment_text": "A first thought"});
    let path = format!("/api/comments/{}", text(&bob.post("/api/tickets/comment", body).await.ok(), "comment_id"));
    let edit = json!({"comment_text": "A second thought"});
    assert_eq!(eve.patch(&path, edit.clone()).await.refused(403), "forbidden");
    let edited = bob.patch(&path, edit.clone()).await.ok();
    assert_json_snapshot!("edit_comment", redacted(&edited));
    assert_eq!(ann.patch(&path, json!({"comment_text": "The owner's"})).await.ok()["is_edited"], true);
    let hers = format!("/api/comments/{}", fixture.comment(&ticket, "Ann's").await);
    assert_eq!(bob.patch(&hers, edit).await.refused(403), "forbidden");
    assert_eq!(bob.delete(&hers).await.refused(403), "forbidden");

    let answer = bob.delete(&path).await.ok();
    assert_json_snapshot!("delete_comment", redacted(&answer));
    assert_eq!(bob.delete(&path).await.refused(404), "not_found");
    let read = fixture.read(&ticket).await;
    assert_eq!(read["comment_count"], 1);
    let types: Vec<String> =
        read["history"].as_array().expect("history").iter().map(|entry| text(entry, "change_type")).collect();
    assert_eq!(types[0], "created");
    assert!(types.iter().any(|kind| kind == "comment_deleted"), "{types:?}");
}

#[tokio::test]
async fn reactions_accept_any_emoji() {
    let server = open("react").await;
    let (ann, bob) = (signed_in_user(&server, "ann").await, signed_in_user(&server, "bob").await);
    let fixture = TestWorkflow::of(&ann).await;
    add_member(&ann, &fixture.workflow, &bob, "member").await;
    let comment = fixture.comment(&fixture.ticket("Liked").await, "Good work").await;
    let path = |emoji: &str| format!("/api/comments/{comment}/reactions/{emoji}");
    // Raw, percent-encoded, with a joiner and a skin tone, and `+1`.
    for emoji in ["👍", "%F0%9F%91%8D", "%F0%9F%91%A9%F0%9F%8F%BD%E2%80%8D%F0%9F%9A%80", "+1"] {
        ann.put(&path(emoji), json!({})).await.ok();
    }
    let answer = bob.put(&path("👍"), Value::Null).await.ok();
    let reactions: Vec<(String, i64)> = answer["reactions"]
        .as_array()
        .expect("reactions")
        .iter()
        .map(|reaction| (text(reaction, "emoji"), reaction["count"].as_i64().expect("a count")))
        .collect();
    assert_eq!(reactions, [("👍".to_owned(), 2), ("👩🏽\u{200d}🚀".to_owned(), 1), ("+1".to_owned(), 1)]);
    let answer = ann.delete(&path("👍")).await.ok();
    let left = answer["reactions"].as_array().expect("reactions").iter().find(|reaction| reaction["emoji"] == "👍");
    assert_eq!(left.expect("bob's")["agent_ids"], json!([bob.id]));
    ann.delete(&path("👍")).await.ok();
    for bad in ["x".repeat(17).as_str(), "%20", "%F0%9F", "a%00b", "%0A"] {
        let answer = ann.put(&path(bad), json!({})).await;
        assert_eq!(answer.json["errors"][0]["field"], "emoji", "{bad}: {}", answer.json);
        assert_eq!(answer.refused(422), "invalid");
    }
}
