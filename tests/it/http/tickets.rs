//! The ticket tracking endpoints used by existing clients: the fields they send and the fields they
//! read. Response shapes are snapshots.

use insta::assert_json_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, open, redacted, signed_in_user, text};
use crate::client::Client;

/// Checks that a response has at least these members.
#[track_caller]
fn has(answer: &Value, members: &[&str]) {
    for member in members {
        assert!(answer.get(member).is_some(), "{member} is missing in {answer}");
    }
}

#[tokio::test]
async fn create_takes_every_field() {
    let server = open("create").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let parent = fixture.ticket("A parent").await;
    let blocker = fixture.ticket("A blocker").await;
    let body = json!({
        "workflow_id": fixture.workflow, "agent_id": ann.id, "title": "  Sign in with a passkey ",
        "description": "Nobody likes **passwords**.", "ticket_type": "feature", "priority": "critical",
        "initial_status": "todo", "assigned_agent_id": "agent-7", "parent_ticket_id": parent,
        "blocked_by_ticket_ids": [blocker, "TKT-2"], "tags": ["auth", " ui ", "auth"], "related_task_ids": ["JIRA-1"],
        "related_ticket_ids": ["TKT-1"], "story_points": 2.5, "estimate_minutes": 90,
    });
    let made = ann.post("/api/tickets/create", body).await.ok();
    has(&made, &["success", "ticket_id", "status", "message", "embedding_created", "similar_tickets"]);
    assert_json_snapshot!("create", redacted(&made));
    let read = fixture.read(&text(&made, "ticket_id")).await;
    assert_json_snapshot!("get", redacted(&read));
    for (name, value) in read["ticket"].as_object().expect("fields") {
        assert_eq!(&read[name], value, "{name} at the top level and under `ticket`");
    }
}

#[tokio::test]
async fn explicit_nulls_are_absent_fields() {
    let server = open("nulls").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let made = ann
        .post(
            "/api/tickets/create/",
            json!({
                "workflow_id": fixture.workflow, "agent_id": null, "title": "All the rest is null",
                "description": "Clients send null for what they leave out.", "ticket_type": null, "priority": null,
                "initial_status": null, "assigned_agent_id": null, "parent_ticket_id": null,
                "blocked_by_ticket_ids": null, "tags": null, "related_task_ids": null,
            }),
        )
        .await
        .ok();
    let id = text(&made, "ticket_id");
    let body = json!({"ticket_id": id, "agent_id": null, "updates": {"title": null}, "update_comment": null,
                      "title": null, "priority": "high", "assigned_agent_id": null});
    let answer = ann.post("/api/tickets/update/", body).await.ok();
    assert_eq!(answer["fields_updated"], json!(["priority"]));
    let body = json!({"ticket_id": id, "agent_id": null, "new_status": "todo", "comment": null, "commit_sha": null});
    assert_eq!(ann.post("/api/tickets/change-status/", body).await.ok()["success"], true);
    let body = json!({"ticket_id": id, "agent_id": null, "comment_text": "Good.", "comment_type": null,
                      "mentions": null, "attachments": null});
    assert_eq!(ann.post("/api/tickets/comment/", body).await.ok()["success"], true);
    let body = json!({"workflow_id": fixture.workflow, "agent_id": null, "query": "null", "search_type": null,
                      "filters": null, "limit": null, "include_comments": null});
    assert_eq!(ann.post("/api/tickets/search/", body).await.ok()["total_found"], 1);
    let body = json!({"ticket_id": id, "commit_sha": "ab12cd", "commit_message": null});
    assert_eq!(ann.post("/api/tickets/link-commit/", body).await.ok()["success"], true);
    let body = json!({"ticket_id": id, "agent_id": null, "resolution_comment": "All is done now.", "commit_sha": null});
    assert_eq!(ann.post("/api/tickets/resolve/", body).await.ok()["success"], true);
    for path in ["tickets/", "tickets/get/"] {
        let path = format!("/api/{path}?workflow_id={}", fixture.workflow);
        assert_eq!(ann.get(&path).await.ok()["total_count"], 1, "{path}");
    }
    for path in
        [format!("{id}/"), format!("board-config/{}/", fixture.workflow), format!("stats/{}/", fixture.workflow)]
    {
        assert_eq!(ann.get(&format!("/api/tickets/{path}")).await.ok()["success"], true, "{path}");
    }
}

#[tokio::test]
async fn update_accepts_flat_and_nested_fields() {
    let server = open("update").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let id = fixture.ticket_with("Before", json!({"assigned_agent_id": "agent-1", "estimate_minutes": 5})).await;
    let answer = ann
        .post(
            "/api/tickets/update",
            json!({"ticket_id": id, "updates": {"title": "After", "tags": ["x"], "assigned_agent_id": null,
                   "estimate_minutes": null, "spent_minutes": 3}, "update_comment": "It was wrong."}),
        )
        .await
        .ok();
    has(&answer, &["success", "ticket_id", "fields_updated", "message", "embedding_updated"]);
    assert_json_snapshot!("update", redacted(&answer));
    let read = fixture.read(&id).await;
    assert_eq!(read["assigned_agent_id"], Value::Null);
    assert_eq!(read["estimate_minutes"], Value::Null);
    assert_eq!(read["comments"][0]["comment_text"], "It was wrong.");

    let answer = ann.post("/api/tickets/update", json!({"ticket_id": id, "title": "Flat", "priority": "low"})).await;
    assert_eq!(answer.ok()["fields_updated"], json!(["priority", "title"]));
    let same = ann.post("/api/tickets/update", json!({"ticket_id": id, "title": "Flat"})).await.ok();
    assert_eq!(same["fields_updated"], json!([]));

    // A concurrent change by another user.
    let body = json!({"ticket_id": id, "title": "Too late", "version": 1});
    let late = ann.post("/api/tickets/update", body).await;
    assert_eq!(late.json["version"], same["version"]);
    assert_eq!(late.refused(409), "stale_version");
    let body = json!({"ticket_id": id, "title": "In time", "version": same["version"]});
    assert_eq!(ann.post("/api/tickets/update", body).await.ok()["fields_updated"], json!(["title"]));
    // An update cannot move a ticket, and the error says so.
    let answer = ann.post("/api/tickets/update", json!({"ticket_id": id, "updates": {"status": "done"}})).await;
    assert_eq!(answer.json["errors"][0]["field"], "updates.status");
    assert_eq!(answer.refused(422), "invalid");
}

#[tokio::test]
async fn a_blocked_ticket_answers_200_and_stays() {
    let server = open("blocked").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let first = fixture.ticket("The first").await;
    let second = fixture.ticket_with("The second", json!({"blocked_by_ticket_ids": [first]})).await;
    let answer = fixture.move_to(&second, "in_progress").await.ok();
    assert_eq!(answer["blocking_ticket_ids"], json!([first]));
    assert_json_snapshot!("blocked", redacted(&answer));
    let early = json!({"ticket_id": second, "resolution_comment": "Is it not done?"});
    let early = ann.post("/api/tickets/resolve", early).await;
    assert_eq!(early.json["blocking_ticket_ids"], json!([first]));
    assert_eq!(early.refused(409), "blocked");

    let body = json!({"ticket_id": first, "resolution": "It works at last.", "commit_sha": "ABCDEF12"});
    let answer = ann.post("/api/tickets/resolve", body).await.ok();
    has(&answer, &["success", "ticket_id", "message", "unblocked_tickets"]);
    assert_eq!(answer["unblocked_tickets"], json!([second]));
    assert_json_snapshot!("resolve", redacted(&answer));
    assert_eq!(fixture.read(&first).await["commits"][0]["commit_sha"], "abcdef12");

    let body = json!({"ticket_id": second, "new_status": "review", "comment": "Off it goes.", "commit_sha": "abcd"});
    let answer = ann.post("/api/tickets/change-status", body).await.ok();
    has(&answer, &["success", "ticket_id", "old_status", "new_status", "message", "blocked", "blocking_ticket_ids"]);
    assert_json_snapshot!("change_status", redacted(&answer));
    let read = fixture.read(&second).await;
    let last = read["comments"].as_array().and_then(|all| all.last()).expect("a comment");
    assert_eq!(
        (last["comment_text"].as_str(), last["comment_type"].as_str()),
        (Some("Off it goes."), Some("status_change"))
    );
    assert_eq!(read["commits"][0]["commit_sha"], "abcd");
}

#[tokio::test]
async fn tickets_are_searched_listed_and_counted() {
    let server = open("search").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let id = fixture.ticket_with("The printer <b>burns</b>", json!({"priority": "high", "tags": ["fire"]})).await;
    fixture.ticket("Another matter").await;
    let body = json!({"workflow_id": fixture.workflow, "agent_id": "any-agent", "query": "printer", "search_type": "hybrid",
                      "limit": 5, "include_comments": true, "filters": {
                      "status": ["backlog"], "priority": ["high", "critical"], "ticket_type": ["task"],
                      "tags": ["fire"], "created_after": "2020-01-01", "created_before": "2999-01-01T00:00:00+02:00",
                      "is_blocked": false}});
    let found = ann.post("/api/tickets/search", body).await.ok();
    has(&found, &["success", "query", "results", "total_found", "search_time_ms"]);
    has(
        &found["results"][0],
        &[
            "ticket_id",
            "title",
            "description",
            "status",
            "priority",
            "ticket_type",
            "relevance_score",
            "matched_in",
            "preview",
            "created_at",
            "assigned_agent_id",
            "tags",
        ],
    );
    assert_json_snapshot!("search", redacted(&found));
    let body = json!({"workflow_id": fixture.workflow, "query": "pr"});
    assert_eq!(ann.post("/api/tickets/search", body).await.ok()["results"][0]["ticket_id"], id.as_str());

    let path = format!(
        "/api/tickets/get?workflow_id={}&status=backlog,todo&ticket_type=task&priority=high&limit=1&offset=0\
        &include_completed=true&sort_by=priority&sort_order=asc&assigned_agent_id=",
        fixture.workflow
    );
    assert_json_snapshot!("list", redacted(&ann.get(&path).await.ok()));
    let path = format!("/api/tickets?workflow_id={}&limit=1&sort_by=created_at&sort_order=asc", fixture.workflow);
    let page = ann.get(&path).await.ok();
    assert_eq!((page["total_count"].as_i64(), page["has_more"].as_bool()), (Some(2), Some(true)));
    let page = ann.get(&format!("{path}&offset=1")).await.ok();
    assert_eq!(
        (page["tickets"][0]["title"].as_str(), page["has_more"].as_bool()),
        (Some("Another matter"), Some(false))
    );
    let page = ann.get(&format!("{path}&offset=7")).await.ok();
    assert_eq!((page["tickets"].clone(), page["total_count"].clone()), (json!([]), json!(2)));

    assert_json_snapshot!("stats", redacted(&ann.get(&format!("/api/tickets/stats/{}", fixture.workflow)).await.ok()));
    let board = ann.get(&format!("/api/tickets/board-config/{}", fixture.workflow)).await.ok();
    assert_json_snapshot!("board_config", redacted(&board));
}

#[tokio::test]
async fn tickets_are_read_by_key_with_etags() {
    let server = open("etag").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let id = fixture.ticket("Read me").await;
    let path = format!("/api/tickets/tkt-1?workflow_id={}", fixture.workflow);
    assert_eq!(ann.get(&path).await.ok()["ticket_id"], id.as_str());
    assert_eq!(ann.get("/api/tickets/TKT-1").await.refused(404), "not_found");

    let path = format!("/api/tickets/{id}");
    let known = async |client: &Client, tag: &str| {
        client.send(client.request(Method::GET, &path).header("If-None-Match", tag)).await
    };
    let tag = ann.get(&path).await.header("etag").expect("an ETag").to_owned();
    for same in [tag.clone(), format!("\"x\", {tag}"), "*".to_owned()] {
        let answer = known(&ann, &same).await;
        assert_eq!((answer.status, answer.json), (304, Value::Null), "{same}");
    }
    fixture.comment(&id, "A comment makes it another answer.").await;
    let fresh = known(&ann, &tag).await;
    assert_ne!(fresh.header("etag"), Some(tag.as_str()));
    assert_eq!(fresh.ok()["comments"][0]["comment_text"], "A comment makes it another answer.");
    // A resource of another tenant has no ETag either.
    let bob = signed_in_user(&server, "bob").await;
    assert_eq!(known(&bob, "*").await.refused(404), "not_found");
}

#[tokio::test]
async fn commits_are_linked_once() {
    let server = open("link").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let id = fixture.ticket("With a commit").await;
    let body = json!({"ticket_id": id, "commit_sha": "DEADBEEF", "commit_message": "Fix it"});
    let first = ann.post("/api/tickets/link-commit", body.clone()).await.ok();
    has(&first, &["success", "ticket_id", "commit_sha", "message"]);
    assert_json_snapshot!("link_commit", redacted(&first));
    assert_eq!(ann.post("/api/tickets/link-commit", body).await.ok()["message"], "This commit is linked already.");
    assert_eq!(fixture.read(&id).await["commits"].as_array().map(Vec::len), Some(1));
    for sha in ["abc", "-1234", "zzzz", "../../etc", &"a".repeat(65), ""] {
        let answer = ann.post("/api/tickets/link-commit", json!({"ticket_id": id, "commit_sha": sha})).await;
        assert_eq!(answer.json["errors"][0]["field"], "commit_sha", "{sha}");
        assert_eq!(answer.refused(422), "invalid");
    }
}
