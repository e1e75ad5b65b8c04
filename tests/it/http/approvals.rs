//! Approvals over HTTP: response shapes, permissions, long polling, and reviews and clarifications
//! under the names used by ticket tracking clients.

use std::time::{Duration, Instant};

use insta::assert_json_snapshot;
use reqwest::Method;
use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, add_member, at_once, open, redacted, service_client, signed_in_user, text};
use crate::client::{Client, Server};

/// A workflow with another member and a service client for an agent.
struct ApprovalsFixture {
    server: Server,
    base: TestWorkflow,
    member: Client,
    robot: Client,
}

impl ApprovalsFixture {
    async fn open(hint: &str) -> Self {
        let server = open(hint).await;
        let base = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
        let member = signed_in_user(&server, "ben").await;
        let robot = service_client(&server, "robot", &["read", "write", "act_for"]).await;
        for actor in [&member, &robot] {
            add_member(&base.owner, &base.workflow, actor, "member").await;
        }
        Self { server, base, member, robot }
    }

    async fn ask(&self, more: Value) -> Value {
        let mut body = json!({"workflow_id": self.base.workflow, "question": "Which one?"});
        super::fixtures::merge(&mut body, &more);
        self.robot.post("/api/approvals", body).await.expect(202)
    }

    /// All events since the start of the stream.
    async fn events(&self) -> Vec<Value> {
        let path = format!("/api/workflows/{}/events?since=0", self.base.workflow);
        self.base.owner.get(&path).await.ok()["events"].as_array().expect("events").clone()
    }
}

fn path(approval: &Value, deed: &str) -> String {
    format!("/api/approvals/{}/{deed}", text(approval, "id"))
}

#[tokio::test]
async fn a_question_is_stored_and_answered() {
    let fixture = ApprovalsFixture::open("asking").await;
    let ticket = fixture.base.ticket("Deploy").await;
    let asked = fixture
        .ask(json!({"ticket_id": "TKT-1", "context": "Both are *up*.", "options": ["staging", "production", "staging"],
            "expires_in_seconds": 600, "agent_id": "coder-1"}))
        .await;
    assert_json_snapshot!("asked", redacted(&asked));
    assert_eq!((&asked["ticket_id"], &asked["asked_by"]), (&json!(ticket), &json!("coder-1")));
    let one = format!("/api/approvals/{}", text(&asked, "id"));
    assert_eq!(fixture.member.get(&one).await.ok(), asked);

    let ann = &fixture.base.owner;
    let body = json!({"answer": " staging ", "reason": "It is safer.", "comment": "Mind the load."});
    let decided = ann.post(&path(&asked, "answer"), body.clone()).await.ok();
    assert_json_snapshot!("answered", redacted(&decided));
    // Repeating the same decision succeeds, also for another user; a different one conflicts.
    assert_eq!(ann.post(&path(&asked, "answer"), body).await.ok(), decided);
    assert_eq!(fixture.member.post(&path(&asked, "answer"), json!({"answer": "staging"})).await.ok(), decided);
    for (deed, body) in [("answer", json!({"answer": "production"})), ("approve", json!({})), ("reject", json!({}))] {
        let refused = fixture.member.post(&path(&asked, deed), body).await;
        assert_eq!((&refused.json["status"], &refused.json["decided_by"]), (&json!(409), &json!(ann.id)));
        assert_eq!(refused.refused(409), "conflict");
    }
    assert_eq!(fixture.robot.post(&path(&asked, "withdraw"), json!({})).await.refused(409), "conflict");
    assert_eq!(fixture.base.read(&ticket).await["comments"][0]["comment_text"], "Mind the load.");

    let events = fixture.events().await;
    let received: Vec<&Value> =
        events.iter().filter(|e| e["type"].as_str().is_some_and(|t| t.starts_with("approval"))).collect();
    assert_eq!(received.len(), 2);
    assert_eq!((&received[0]["type"], &received[0]["agent_id"]), (&json!("approval_requested"), &json!("coder-1")));
    assert_eq!((&received[1]["type"], &received[1]["ticket_id"]), (&json!("approval_answered"), &json!(ticket)));
    assert_eq!(received[1]["data"]["approval"], decided);
}

#[tokio::test]
async fn only_permitted_callers_may_decide() {
    let fixture = ApprovalsFixture::open("deciding").await;
    let (ann, workflow) = (&fixture.base.owner, &fixture.base.workflow);
    let viewer = signed_in_user(&fixture.server, "vic").await;
    add_member(ann, workflow, &viewer, "viewer").await;
    let outsider = signed_in_user(&fixture.server, "sue").await;
    let asked = fixture.ask(json!({"agent_id": "coder-1"})).await;
    let approve = path(&asked, "approve");
    // Neither the requesting agent nor the requesting credential may decide.
    assert_eq!(fixture.robot.post(&approve, json!({})).await.refused(403), "forbidden");
    assert_eq!(viewer.post(&approve, json!({})).await.refused(403), "forbidden");
    assert_eq!(outsider.post(&approve, json!({})).await.refused(404), "not_found");
    assert_eq!(outsider.get(&format!("/api/approvals/{}", text(&asked, "id"))).await.refused(404), "not_found");
    let writer = service_client(&fixture.server, "writer", &["read", "write"]).await;
    let judge = service_client(&fixture.server, "judge", &["read", "approve"]).await;
    let both = service_client(&fixture.server, "both", &["read", "write", "approve", "act_for"]).await;
    for actor in [&writer, &judge, &both] {
        let path = format!("/api/workflows/{workflow}/members/{}", actor.id);
        ann.put(&path, json!({"role": "member"})).await.ok();
    }
    let refused = writer.post(&approve, json!({})).await;
    assert_eq!(refused.json["scope"], "approve");
    assert_eq!(refused.refused(403), "forbidden");
    assert_eq!(judge.post(&approve, json!({})).await.ok()["decided_by"], "judge");

    // Acting for an agent does not change who decides.
    let body = json!({"workflow_id": workflow, "question": "Again?", "agent_id": "coder-2"});
    let asked = both.post("/api/approvals", body).await.expect(202);
    for agent in ["coder-2", "coder-3"] {
        let answer = both.post(&path(&asked, "approve"), json!({"agent_id": agent})).await;
        assert_eq!(answer.refused(403), "forbidden");
    }
    // The same holds for a user's own question.
    let body = json!({"workflow_id": workflow, "question": "Shall we?"});
    let asked = ann.post("/api/approvals", body).await.expect(202);
    assert_eq!(ann.post(&path(&asked, "approve"), json!({})).await.refused(403), "forbidden");
    assert_eq!(fixture.member.post(&path(&asked, "approve"), json!({})).await.ok()["status"], "approved");

    // The scope is granted like any other: to a key, by a holder of the scope.
    let agent = ann.post("/api/agents", json!({"name": "An agent", "workflows": [workflow]})).await.created();
    let key = json!({"name": "k", "actor_id": agent["id"], "scopes": ["read", "approve"]});
    assert_eq!(ann.post("/api/keys", key).await.created()["scopes"], json!(["read", "approve"]));
    let maker = service_client(&fixture.server, "maker", &["read", "write", "manage"]).await;
    let wider = json!({"name": "k", "scopes": ["approve"]});
    assert_eq!(maker.post("/api/keys", wider).await.refused(403), "forbidden");
    // An archived workflow accepts no decisions.
    let asked = fixture.ask(json!({})).await;
    ann.delete(&format!("/api/workflows/{workflow}")).await.ok();
    assert_eq!(ann.post(&path(&asked, "approve"), json!({})).await.refused(409), "conflict");
    let body = json!({"workflow_id": workflow, "question": "Still there?"});
    assert_eq!(fixture.robot.post("/api/approvals", body).await.refused(409), "conflict");
}

#[tokio::test]
async fn lists_are_filtered_and_paged() {
    let fixture = ApprovalsFixture::open("listing").await;
    let ticket = fixture.base.ticket("A ticket").await;
    let mut ids = Vec::new();
    for n in 0..5 {
        let more = if n % 2 == 0 { json!({"ticket_id": ticket}) } else { json!({}) };
        ids.insert(0, text(&fixture.ask(more).await, "id"));
    }
    let ann = &fixture.base.owner;
    ann.post(&format!("/api/approvals/{}/reject", ids[0]), json!({})).await.ok();
    let listed = |answer: Value| -> Vec<String> {
        answer["approvals"].as_array().expect("approvals").iter().map(|a| text(a, "id")).collect()
    };
    let workflow = &fixture.base.workflow;
    let page = ann.get(&format!("/api/approvals?workflow_id={workflow}&limit=2")).await.ok();
    assert_eq!((listed(page.clone()), &page["has_more"]), (ids[..2].to_vec(), &json!(true)));
    let cursor = text(&page, "next_cursor");
    let next = ann.get(&format!("/api/approvals?workflow_id={workflow}&limit=3&cursor={cursor}")).await.ok();
    assert_eq!(
        (listed(next.clone()), &next["has_more"], &next["next_cursor"]),
        (ids[2..].to_vec(), &json!(false), &Value::Null)
    );
    for (query, wanted) in [
        ("status=pending".to_owned(), ids[1..].to_vec()),
        ("status=rejected,expired".to_owned(), ids[..1].to_vec()),
        (format!("ticket_id={ticket}&status=pending"), vec![ids[2].clone(), ids[4].clone()]),
        ("kind=review".to_owned(), vec![]),
        ("mine=true".to_owned(), vec![]),
    ] {
        assert_eq!(listed(ann.get(&format!("/api/approvals?{query}")).await.ok()), wanted, "{query}");
    }
    assert_eq!(listed(fixture.robot.get("/api/approvals?mine=true").await.ok()), ids);
    let outsider = signed_in_user(&fixture.server, "sue").await;
    assert_eq!(listed(outsider.get("/api/approvals").await.ok()), Vec::<String>::new());
    for query in ["status=lost", "kind=x", "cursor=approval-1", "limit=0", "limit=201", "wait=3", "job_id=job-1"] {
        let answer = ann.get(&format!("/api/approvals?{query}")).await;
        assert!([404, 422].contains(&answer.status), "{query}: {}", answer.json);
    }
}

#[tokio::test]
async fn long_polling_ends_with_the_decision() {
    let fixture = ApprovalsFixture::open("waiting").await;
    let second = fixture.server.second_server(&["--request-rate", "1000000"]).await;
    let asked = fixture.ask(json!({})).await;
    let one = format!("/api/approvals/{}", text(&asked, "id"));
    // Without a decision the long poll returns the unchanged approval after the time limit.
    let began = Instant::now();
    let same = fixture.robot.get(&format!("{one}?wait=1")).await.ok();
    assert_eq!(same, asked);
    assert!(began.elapsed() >= Duration::from_secs(1));
    assert_eq!(fixture.robot.get(&format!("{one}?wait=31")).await.refused(422), "invalid");
    // More long polls than connections on both servers do not block other requests.
    let began = Instant::now();
    let there = second.bearer(fixture.robot.token.as_deref().expect("a key"));
    let waiting: Vec<_> = (0..60)
        .map(|n| {
            let (client, path) =
                (if n % 2 == 0 { fixture.robot.clone() } else { there.clone() }, format!("{one}?wait=30"));
            tokio::spawn(async move { client.get(&path).await.ok() })
        })
        .collect();
    for _ in 0..20 {
        fixture.base.owner.get("/api/workflows").await.ok();
    }
    assert!(waiting.iter().all(|one| !one.is_finished()), "all requests wait");
    let decided = fixture.member.post(&path(&asked, "approve"), json!({})).await.ok();
    for one in waiting {
        assert_eq!(one.await.expect("an answer"), decided);
    }
    assert!(began.elapsed() < Duration::from_secs(15), "returned before the time limit");
    // Expiry ends the long poll as well.
    let asked = fixture.ask(json!({"expires_in_seconds": 1})).await;
    let ended = fixture.robot.get(&format!("/api/approvals/{}?wait=30", text(&asked, "id"))).await.ok();
    assert_eq!(ended["status"], "expired");
    assert!(began.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_repeated_request_with_a_key_creates_one_approval() {
    let fixture = ApprovalsFixture::open("askonce").await;
    let body = json!({"workflow_id": fixture.base.workflow, "question": "Once?"});
    let answers = at_once(&fixture.robot, 8, "/api/approvals", "key-1", &body).await;
    let ids: Vec<String> = answers.into_iter().map(|answer| text(&answer.expect(202), "id")).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let other = json!({"workflow_id": fixture.base.workflow, "question": "Twice?"});
    let request = fixture.robot.request(Method::POST, "/api/approvals").header("Idempotency-Key", "key-1").json(&other);
    assert_eq!(fixture.robot.send(request).await.refused(422), "idempotency_key_reused");
}

#[tokio::test]
async fn agent_tickets_require_review_if_the_board_requires_it() {
    let fixture = ApprovalsFixture::open("reviews").await;
    let (ann, workflow) = (&fixture.base.owner, &fixture.base.workflow);
    let board = json!({"board_config": {"settings": {"human_review": true}}});
    let set = ann.put(&format!("/api/workflows/{workflow}/board"), board).await.ok();
    assert_eq!(set["board_config"]["settings"]["human_review"], true);
    let by_person = fixture.base.ticket("By a person").await;
    assert_eq!(fixture.base.read(&by_person).await["approval_status"], Value::Null);
    ann.post("/api/tickets/claim", json!({"workflow_id": workflow})).await.ok();

    let body = json!({"workflow_id": workflow, "title": "By an agent", "description": "Found on the way."});
    let made = fixture.robot.post("/api/tickets/create", body).await.ok();
    assert_eq!(made["message"], "Created TKT-2 in backlog. It waits for review.");
    let ticket = text(&made, "ticket_id");
    let count = format!("/api/tickets/pending-review-count?workflow_id={workflow}");
    assert_eq!(ann.get(&count).await.ok(), json!({"count": 1, "ticket_ids": [ticket]}));
    assert_eq!(ann.get("/api/tickets/pending-review-count").await.ok()["count"], 1);
    // A ticket under review cannot be claimed or moved; comments are allowed.
    let held = fixture.robot.post("/api/tickets/claim", json!({"workflow_id": workflow})).await.ok();
    assert_eq!((&held["ticket_id"], &held["message"]), (&Value::Null, &json!("No ticket is ready.")));
    let moved = fixture.base.move_to(&ticket, "todo").await;
    assert_eq!(moved.json["approval_status"], "pending_review");
    assert_eq!(moved.refused(409), "review_pending");
    let done = json!({"ticket_id": ticket, "resolution_comment": "Done already."});
    assert_eq!(ann.post("/api/tickets/resolve", done).await.refused(409), "review_pending");
    let many = json!({"workflow_id": workflow, "ticket_ids": [ticket], "new_status": "todo"});
    assert_eq!(ann.post("/api/tickets/bulk-update", many).await.refused(409), "review_pending");
    fixture.base.comment(&ticket, "Looking at it.").await;
    let body = json!({"ticket_id": ticket, "updates": {"title": "By an agent, reworded"}});
    fixture.robot.post("/api/tickets/update", body).await.ok();
    // The requester may neither review nor withdraw it.
    assert_eq!(
        fixture.robot.post("/api/tickets/approve", json!({"ticket_id": ticket})).await.refused(403),
        "forbidden"
    );
    let review = ann.get("/api/approvals?kind=review").await.ok()["approvals"][0].clone();
    assert_eq!(fixture.robot.post(&path(&review, "withdraw"), json!({})).await.refused(409), "conflict");

    let reject = json!({"ticket_id": ticket, "rejection_reason": "A duplicate of TKT-1."});
    let rejected = ann.post("/api/tickets/reject", reject.clone()).await.ok();
    assert_json_snapshot!("rejected", redacted(&rejected));
    assert_eq!(ann.post("/api/tickets/reject", reject).await.ok(), rejected);
    assert_eq!(ann.post("/api/tickets/approve", json!({"ticket_id": ticket})).await.refused(409), "conflict");
    let detail = fixture.base.read(&ticket).await;
    assert_eq!((&detail["approval_status"], &detail["status"]), (&json!("rejected"), &json!("backlog")));
    assert_eq!(detail["comments"][1]["comment_text"], "Rejected: A duplicate of TKT-1.");
    assert_eq!(fixture.base.move_to(&ticket, "todo").await.refused(409), "review_pending");
    assert_eq!(ann.get(&count).await.ok()["count"], 0);

    let again = json!({"ticket_id": ticket, "comment": "It is not: see the log."});
    assert_eq!(
        fixture.robot.post("/api/tickets/request-review", again.clone()).await.ok()["approval_status"],
        "pending_review"
    );
    let twice = fixture.robot.post("/api/tickets/request-review", again).await.ok();
    assert_eq!(twice["message"], "TKT-2 waits for review already.");
    fixture.member.post("/api/tickets/approve", json!({"ticket_id": ticket, "comment": "Right."})).await.ok();
    assert_eq!(fixture.base.read(&ticket).await["approval_status"], "approved");
    let claimed = fixture.robot.post("/api/tickets/claim", json!({"workflow_id": workflow})).await.ok();
    assert_eq!(claimed["ticket_id"], json!(ticket));

    let events = fixture.events().await;
    let received: Vec<(&str, &Value)> = events
        .iter()
        .filter(|event| event["data"]["approval"].is_object())
        .map(|event| (event["type"].as_str().expect("a type"), &event["data"]["changes"]["approval_status"]))
        .collect();
    let wanted = [
        ("ticket_pending_review", "pending_review"),
        ("ticket_rejected", "rejected"),
        ("ticket_pending_review", "pending_review"),
        ("ticket_approved", "approved"),
    ];
    assert_eq!(
        received,
        wanted.map(|(kind, status)| (kind, json!(status))).iter().map(|(k, s)| (*k, s)).collect::<Vec<_>>()
    );
    assert!(events.iter().any(
        |event| event["type"] == "ticket_created" && event["data"]["ticket"]["approval_status"] == "pending_review"
    ));
}

#[tokio::test]
async fn a_voluntary_review_may_be_withdrawn() {
    let fixture = ApprovalsFixture::open("voluntary").await;
    let ticket = fixture.base.ticket("Of its own accord").await;
    let none = fixture.base.owner.post("/api/tickets/approve", json!({"ticket_id": ticket})).await;
    assert_eq!(none.refused(409), "conflict");
    let asked = fixture.ask(json!({"ticket_id": ticket, "kind": "review", "question": "Fine so?"})).await;
    let body = json!({"ticket_id": ticket, "kind": "review", "question": "And now?"});
    let twice = fixture.robot.post("/api/approvals", body).await;
    assert_eq!(twice.json["approval_id"], asked["id"]);
    assert_eq!(twice.refused(409), "conflict");
    let answer = fixture.member.post(&path(&asked, "answer"), json!({"answer": "Well."})).await;
    assert_eq!(answer.refused(409), "conflict");
    assert_eq!(fixture.member.post(&path(&asked, "withdraw"), json!({})).await.refused(403), "forbidden");
    let taken = fixture.robot.post(&path(&asked, "withdraw"), json!({"reason": "Not yet."})).await.ok();
    assert_eq!((&taken["status"], &taken["reason"]), (&json!("withdrawn"), &json!("Not yet.")));
    assert_eq!(fixture.robot.post(&path(&asked, "withdraw"), json!({})).await.ok(), taken);
    assert_eq!(fixture.base.read(&ticket).await["approval_status"], Value::Null);
    fixture.base.move_to(&ticket, "todo").await.ok();
    // An earlier rejection stays.
    fixture.robot.post("/api/tickets/request-review", json!({"ticket_id": ticket})).await.ok();
    fixture.base.owner.post("/api/tickets/reject", json!({"ticket_id": ticket})).await.ok();
    let asked = fixture.robot.post("/api/tickets/request-review", json!({"ticket_id": ticket})).await.ok();
    let withdraw = format!("/api/approvals/{}/withdraw", text(&asked, "approval_id"));
    fixture.robot.post(&withdraw, json!({})).await.ok();
    assert_eq!(fixture.base.read(&ticket).await["approval_status"], "rejected");
}

#[tokio::test]
async fn a_clarification_is_shown_on_the_ticket() {
    let fixture = ApprovalsFixture::open("clarify").await;
    let ticket = fixture.base.ticket("Two wishes").await;
    let body = json!({"ticket_id": ticket, "conflict_description": "It shall be fast and it shall be slow.",
        "context": "Lines 3 and 9.", "potential_solutions": ["Fast", "Slow"], "agent_id": "coder-1"});
    let request = |body: &Value| {
        fixture
            .robot
            .request(Method::POST, "/api/tickets/request-clarification")
            .header("Idempotency-Key", "k")
            .json(body)
    };
    let asked = fixture.robot.send(request(&body)).await.ok();
    assert_json_snapshot!("clarification", redacted(&asked));
    assert_eq!(fixture.robot.send(request(&body)).await.ok(), asked);
    let short = json!({"ticket_id": ticket, "conflict_description": "Too short"});
    let short = fixture.robot.post("/api/tickets/request-clarification", short).await;
    assert_eq!(short.json["errors"][0]["field"], "conflict_description");
    assert_eq!(short.refused(422), "invalid");

    let answer = format!("/api/approvals/{}/answer", text(&asked, "approval_id"));
    fixture.member.post(&answer, json!({"answer": "Fast"})).await.ok();
    let detail = fixture.base.read(&ticket).await;
    let comments = detail["comments"].as_array().expect("comments");
    let shown: Vec<_> = comments.iter().map(|c| (&c["comment_type"], &c["comment_text"], &c["parent_id"])).collect();
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[0], (&json!("clarification"), &asked["clarification"], &Value::Null));
    assert_eq!(shown[1], (&json!("clarification"), &json!("Fast"), &asked["comment_id"]));
    let types: Vec<Value> = fixture.events().await.iter().map(|event| event["type"].clone()).collect();
    assert!(types.contains(&json!("ticket_clarification_requested")), "{types:?}");
    assert!(types.contains(&json!("approval_answered")), "{types:?}");
}
