//! The language of an engine and its dashboard, at an address of its own.

use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, open, service_client, signed_in_user, text};
use super::listeners::{TestListener, listen};
use crate::client::Client;
use crate::live::socket::{Socket, SocketEvent};

/// A client of the listener that is signed in as this one is at the server.
fn at(listener: &TestListener, who: &Client) -> Client {
    Client { url: listener.url.clone(), ..who.clone() }
}

async fn socket(listener: &TestListener, who: &Client, rooms: &[&str]) -> Socket {
    let token = who.token.as_deref().expect("a token");
    let mut socket = Socket::try_open(&format!("{}/ws?token={token}", listener.url), &[]).await.expect("a socket");
    for room in rooms {
        // The client does so twice.
        socket.subscribe(room, None).await;
        socket.subscribe(room, None).await;
    }
    socket
}

/// The next entry with this message.
async fn entry(socket: &mut Socket, message: &str) -> Value {
    loop {
        let activity = socket.until("ticket:activity").await;
        if activity["entry"]["message"] == message {
            return activity;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sign_in_is_a_key_that_ends_with_it() {
    let server = open("engine_auth").await;
    let engine = listen(&server, "engine=127.0.0.1:0").await;
    let ann = server.user("ann").await;
    let who = json!({"email": "ann@example.org", "password": "correct horse"});
    let wrong = engine.client.post("/api/auth/login", json!({"email": who["email"], "password": "wrong"})).await;
    assert_eq!((wrong.status, &wrong.json["error"]), (401, &wrong.json["detail"]));
    assert_eq!(engine.client.get("/api/auth/me").await.status, 401);
    let answer = engine.client.post("/api/auth/login", who.clone()).await;
    let cookie = answer.header("set-cookie").expect("a cookie").to_owned();
    for part in ["callboard_engine=", "HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=2592000"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let signed_in = answer.ok();
    assert_eq!(
        (&signed_in["user"]["id"], &signed_in["user"]["tenant_id"], &signed_in["user"]["role"]),
        (&json!(ann.id), &json!(ann.id), &json!("user"))
    );
    // It is listed among her keys, and lasts thirty days.
    let keys = ann.get("/api/keys").await.ok();
    assert_eq!(
        (&keys["keys"][0]["name"], &keys["keys"][0]["scopes"]),
        (&json!("Engine dashboard"), &json!(["read", "write", "approve"]))
    );
    assert!(keys["keys"][0]["expires_at"].is_string());
    // The cookie counts where there is no token, also beside the words for none.
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    for token in [None, Some("null"), Some("undefined")] {
        let client = Client { token: token.map(str::to_owned), ..engine.client.clone() };
        let request = client.request(reqwest::Method::GET, "/api/auth/me").header("cookie", &pair);
        assert_eq!(client.send(request).await.ok()["id"], json!(ann.id), "{token:?}");
        assert_eq!(client.get("/api/auth/me").await.status, 401);
        // Not for pages of other origins.
        let request = client
            .request(reqwest::Method::GET, "/api/auth/me")
            .header("cookie", &pair)
            .header("origin", "http://evil.example");
        let foreign = client.send(request).await;
        assert_eq!((foreign.status, &foreign.json["error"]), (403, &foreign.json["detail"]));
        // The main address knows no such cookie.
        let main = Client { url: server.url.clone(), ..client.clone() };
        assert_eq!(
            main.send(main.request(reqwest::Method::GET, "/api/auth/me").header("cookie", &pair)).await.status,
            401
        );
    }
    // What the dashboard asks for and is not here is missing, not forbidden.
    let client = engine.client.with(signed_in["token"].as_str().expect("a token"));
    assert_eq!(client.get("/api/vms").await.refused(404), "not_found");
    let mut open = socket(&engine, &client, &[]).await;
    open.until("authenticated").await;
    let out = client.post("/api/auth/logout", json!({})).await;
    assert!(out.header("set-cookie").is_some_and(|gone| gone.contains("Max-Age=0")));
    assert_eq!(client.get("/api/auth/me").await.status, 401);
    assert_eq!(open.closed().await, 4001);
    assert_eq!(ann.get("/api/keys").await.ok()["keys"], json!([]));
    // A key of her own is not revoked, and without a credential there is nothing to do.
    let own = ann.post("/api/keys", json!({"name": "Mine"})).await.created();
    engine.client.with(own["key"].as_str().expect("a key")).post("/api/auth/logout", json!({})).await.ok();
    assert_eq!(ann.get("/api/keys").await.ok()["keys"][0]["name"], "Mine");
    engine.client.post("/api/auth/logout", json!({})).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn tickets_of_all_workflows_in_their_states() {
    let server = open("engine_tickets").await;
    let engine = listen(&server, "engine=127.0.0.1:0").await;
    let owner = signed_in_user(&server, "ann").await;
    let (first, second) = (TestWorkflow::of(&owner).await, TestWorkflow::of(&owner).await);
    let ann = at(&engine, &owner);
    let new = json!({"title": "Engine ticket", "description": "Do it", "project_id": first.workflow, "estimated_scope": "L", "unknown": 1});
    let made = ann.post("/api/tickets", new).await.created()["ticket"].clone();
    assert_eq!(
        (&made["state"], &made["estimated_scope"], &made["description"]),
        (&json!("draft"), &json!("large"), &json!("Do it"))
    );
    let id = text(&made, "id");
    let other = text(
        &ann.post("/api/tickets", json!({"title": "Another", "project_id": second.workflow})).await.created()["ticket"],
        "id",
    );
    let path = format!("/api/tickets/{id}");
    // A refused change changes nothing.
    let refused = ann.patch(&path, json!({"title": "Written in spite of it", "project_id": second.workflow})).await;
    assert_eq!(refused.refused(422), "invalid");
    assert_eq!(ann.get(&path).await.ok()["ticket"]["title"], "Engine ticket");
    // States with a column, and those without one.
    for state in [
        "ready",
        "in_progress",
        "in_review",
        "verifying",
        "on_hold",
        "changes_requested",
        "needs_review",
        "blocked",
        "done",
        "cancelled",
        "draft",
    ] {
        assert_eq!(ann.put(&path, json!({"state": state})).await.ok()["ticket"]["state"], state);
        let found = ann.get(&format!("/api/tickets?limit=100&offset=0&state={state}")).await.ok();
        assert!(
            found["tickets"].as_array().expect("tickets").iter().any(|ticket| ticket["id"] == json!(id)),
            "{state}"
        );
    }
    // A word that the board has no column for is left behind by a move.
    ann.put(&path, json!({"state": "on_hold"})).await.ok();
    first.move_to(&id, "in_progress").await.ok();
    first.move_to(&id, "backlog").await.ok();
    assert_eq!(ann.get(&path).await.ok()["ticket"]["state"], "draft");
    let refused = ann.put(&path, json!({"state": "dancing"})).await;
    assert_eq!((refused.status, &refused.json["error"]), (422, &refused.json["detail"]));
    // Edits, with empty texts too.
    let edit = json!({"title": "Engine ticket, edited", "description": "", "acceptance_criteria": "It works", "epic": "", "estimated_scope": "small"});
    let edited = ann.patch(&path, edit).await.ok()["ticket"].clone();
    assert_eq!(
        (&edited["title"], &edited["acceptance_criteria"], &edited["scope"]),
        (&json!("Engine ticket, edited"), &json!("It works"), &json!("small"))
    );
    // Lists, numbers and projects.
    let list = ann.get("/api/tickets?limit=1&offset=1").await.ok();
    assert_eq!(
        (&list["count"], &list["tickets"][0]["id"], list["tickets"].as_array().map(Vec::len)),
        (&json!(2), &json!(id), Some(1))
    );
    let of_second = ann.get(&format!("/api/tickets?project_id={}", second.workflow)).await.ok();
    assert_eq!((&of_second["count"], &of_second["tickets"][0]["id"]), (&json!(1), &json!(other)));
    assert_eq!(ann.get("/api/tickets/stats").await.ok(), json!({"total": 2, "byState": {"draft": 2}}));
    assert_eq!(ann.get("/api/projects").await.ok()["projects"].as_array().map(Vec::len), Some(2));
    // What blocks a ticket, and its history.
    let blocked = first.ticket_with("Is blocked", json!({"blocked_by_ticket_ids": [id]})).await;
    let detail = ann.get(&format!("/api/tickets/{blocked}?include=dependencies,events")).await.ok()["ticket"].clone();
    assert_eq!((&detail["state"], &detail["blocked_by"][0]["id"]), (&json!("blocked"), &json!(id)));
    let refused = ann.put(&format!("/api/tickets/{blocked}"), json!({"state": "in_progress"})).await;
    assert_eq!((refused.status, &refused.json["code"]), (409, &json!("blocked")));
    let detail = ann.get(&format!("{path}?include=dependencies,events")).await.ok()["ticket"].clone();
    assert_eq!(detail["blocks"][0]["state"], "blocked");
    let edits: Vec<&Value> =
        detail["events"].as_array().expect("events").iter().filter(|event| event["event_type"] == "edited").collect();
    assert!(
        edits
            .iter()
            .all(|event| event["metadata"].as_str().is_some_and(|text| serde_json::from_str::<Value>(text).is_ok()))
    );
    // Again, without its agent.
    ann.put(&path, json!({"assignee_id": "agent-7", "state": "in_progress"})).await.ok();
    let requeued = ann.post(&format!("{path}/requeue"), json!({"reason": "try again"})).await.ok()["ticket"].clone();
    assert_eq!((&requeued["state"], &requeued["assignee_id"]), (&json!("ready"), &Value::Null));
    let detail = ann.get(&format!("{path}?include=events")).await.ok()["ticket"].clone();
    assert!(detail["events"].as_array().expect("events").iter().any(|event| event["event_type"] == "requeued"));
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_arrive_as_entries_and_are_sent_again() {
    let server = open("engine_reports").await;
    let engine = listen(&server, "engine=127.0.0.1:0").await;
    let owner = signed_in_user(&server, "ann").await;
    let work = TestWorkflow::of(&owner).await;
    let ann = at(&engine, &owner);
    let id = work.ticket("Is worked on").await;
    let (room, tenant) = (format!("ticket:{id}"), format!("tenant:{}", owner.id));
    let mut page = socket(&engine, &ann, &[&room]).await;
    let mut list = socket(&engine, &ann, &[&tenant]).await;
    assert_eq!(list.until("ticket:update").await["action"], "refresh");
    let report = async |body: Value| ann.post("/api/internal/ticket-event", body).await.ok();
    report(json!({"ticketId": id, "event": "state_change", "state": "in_progress", "message": "It begins"})).await;
    assert_eq!(entry(&mut page, "It begins").await["ticket_id"], json!(id));
    loop {
        // Its list also receives the ticket's creation, if it subscribed before the relay saw it.
        let update = list.until("ticket:update").await;
        if update["state"] == "in_progress" {
            assert_eq!(update["action"], "state_change");
            break;
        }
    }
    report(json!({"ticketId": id, "event": "progress", "phase": "executing", "message": "Writing code"})).await;
    report(json!({"ticketId": id, "event": "pr_created", "prUrl": "https://git.example/pr/1", "branch": "fix"})).await;
    report(json!({"ticketId": id, "event": "activity", "category": "file_created", "message": "Wrote a file", "actorId": "forge-v3"})).await;
    report(json!({"ticketId": id, "event": "state_change", "state": "changes_requested"})).await;
    let received = entry(&mut page, "Wrote a file").await["entry"].clone();
    assert_eq!(
        (&received["category"], &received["actor"]),
        (&json!("file_created"), &json!({"id": "forge-v3", "type": "agent"}))
    );
    let ticket = ann.get(&format!("/api/tickets/{id}")).await.ok()["ticket"].clone();
    assert_eq!(
        (&ticket["pr_url"], &ticket["branch_name"], &ticket["state"]),
        (&json!("https://git.example/pr/1"), &json!("fix"), &json!("changes_requested"))
    );
    // The list has the same entries, each with a time of its own in its category.
    let activity = ann.get(&format!("/api/tickets/{id}/activity")).await.ok()["activity"].clone();
    let entries = activity.as_array().expect("entries");
    assert!(entries.contains(&received), "{activity}");
    let mut places: Vec<String> =
        entries.iter().map(|entry| format!("{} {}", entry["timestamp"], entry["category"])).collect();
    let times: Vec<&str> = entries.iter().filter_map(|entry| entry["timestamp"].as_str()).collect();
    assert!(times.is_sorted(), "{activity}");
    places.sort();
    places.dedup();
    assert_eq!(places.len(), entries.len());
    // A new socket sends them again, as they were.
    drop(page);
    let mut page = socket(&engine, &ann, &[&room]).await;
    assert_eq!(entry(&mut page, "Wrote a file").await["entry"], received);
    let body = json!({"agent_id": "forge-v3", "category": "error", "message": "It broke"});
    assert_eq!(ann.post(&format!("/api/tickets/{id}/activity"), body).await.created()["success"], true);
    entry(&mut page, "It broke").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_about_unknown_tickets_reach_those_who_wait() {
    let server = open("engine_unknown").await;
    let engine = listen(&server, "engine=127.0.0.1:0").await;
    let ann = at(&engine, &signed_in_user(&server, "ann").await);
    let bob = at(&engine, &signed_in_user(&server, "bob").await);
    let forge = at(&engine, &service_client(&server, "forge", &["read", "write"]).await);
    let (mut hers, mut his) =
        (socket(&engine, &ann, &["ticket:TKT-TEST-001"]).await, socket(&engine, &bob, &["ticket:TKT-TEST-001"]).await);
    hers.until("subscribed").await;
    his.until("subscribed").await;
    let event = json!({"ticketId": "TKT-TEST-001", "event": "state_change", "state": "in_progress", "message": "Test broadcast"});
    let answer = forge.post("/api/internal/ticket-event", event.clone()).await.ok();
    assert_eq!((&answer["success"], &answer["recorded"], &answer["sockets"]), (&json!(true), &json!(false), &json!(1)));
    let update = hers.until("ticket:update").await;
    assert_eq!((&update["ticketId"], &update["state"]), (&json!("TKT-TEST-001"), &json!("in_progress")));
    entry(&mut hers, "Test broadcast").await;
    his.send(json!({"type": "ping"})).await;
    while let SocketEvent::Message(message) = his.receive().await {
        assert_ne!(message["type"], "ticket:update", "another tenant heard of it");
        if message["type"] == "pong" {
            break;
        }
    }
    assert_eq!(
        forge.post("/api/internal/ticket-event", json!({"ticketId": "TKT-X", "event": "dance"})).await.refused(404),
        "not_found"
    );
    assert_eq!(forge.post("/api/internal/ticket-event", json!({"event": "progress"})).await.refused(422), "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn workers_claim_and_end_tickets() {
    let server = open("engine_workers").await;
    let engine = listen(&server, "engine=127.0.0.1:0").await;
    let owner = signed_in_user(&server, "ann").await;
    let work = TestWorkflow::of(&owner).await;
    let forge = service_client(&server, "forge", &["read", "write", "act_for"]).await;
    super::fixtures::add_member_of(&owner, &work.workflow, &forge, "member", &owner).await;
    // The engine's workers send their key in a header of their own.
    let send = async |path: &str, body: Value| {
        let request = engine
            .client
            .request(reqwest::Method::POST, path)
            .header("x-agent-key", forge.token.as_deref().expect("a key"));
        engine.client.send(request.json(&body)).await
    };
    let ann = at(&engine, &owner);
    let claim = json!({"agent_id": "coder-1", "project_id": work.workflow, "ticket_filter": "ready"});
    work.ticket("A draft").await;
    assert_eq!(send("/claim", claim.clone()).await.status, 204, "drafts are not ready");
    let ids: Vec<String> = futures_util::future::join_all(["One", "Two"].map(|title| {
        let ann = ann.clone();
        let body = json!({"title": format!("Ticket {title}"), "project_id": work.workflow, "state": "ready"});
        async move { text(&ann.post("/tickets", body).await.created()["ticket"], "id") }
    }))
    .await;
    let claimed = send("/claim", claim.clone()).await.ok()["ticket"].clone();
    let id = text(&claimed, "id");
    assert!(ids.contains(&id));
    assert_eq!(
        (&claimed["state"], &claimed["assignee_id"], &claimed["assignee_type"]),
        (&json!("assigned"), &json!("coder-1"), &json!("agent"))
    );
    assert_eq!(send(&format!("/tickets/{id}/heartbeat"), json!({"agent_id": "coder-1"})).await.ok()["success"], true);
    assert_eq!(
        send(&format!("/tickets/{id}/heartbeat"), json!({"agent_id": "coder-2"})).await.refused(409),
        "lease_lost"
    );
    let about = |more: Value| {
        let mut body = json!({"ticket_id": id, "agent_id": "coder-1"});
        super::fixtures::merge(&mut body, &more);
        body
    };
    send("/status", about(json!({"state": "in_progress"}))).await.ok();
    assert_eq!(ann.get(&format!("/tickets/{id}")).await.ok()["ticket"]["state"], "in_progress");
    let failed = send("/fail", about(json!({"error_message": "No network", "should_retry": true}))).await.ok();
    assert_eq!((&failed["ticket"]["state"], &failed["ticket"]["assignee_id"]), (&json!("ready"), &Value::Null));
    let failed = send("/fail", about(json!({"error_message": "No network"}))).await.ok();
    assert_eq!(failed["ticket"]["state"], "needs_review");
    let done = send("/complete", about(json!({"pr_url": "https://git.example/pr/2", "branch_name": "fix"}))).await.ok();
    assert_eq!(
        (&done["ticket"]["state"], &done["ticket"]["pr_url"]),
        (&json!("in_review"), &json!("https://git.example/pr/2"))
    );
    assert_eq!(send("/complete", about(json!({}))).await.ok()["ticket"]["state"], "done");
    assert_eq!(send("/complete", json!({"agent_id": "coder-1"})).await.refused(422), "invalid");
}

#[tokio::test(flavor = "multi_thread")]
async fn ready_tickets_are_queued_for_the_worker() {
    let server = open("engine_queue").await;
    let engine = listen(&server, "engine=127.0.0.1:0,auto_queue=simulated").await;
    let owner = signed_in_user(&server, "ann").await;
    let work = TestWorkflow::of(&owner).await;
    let ann = at(&engine, &owner);
    let id = text(
        &ann.post("/tickets", json!({"title": "Soon ready", "project_id": work.workflow})).await.created()["ticket"],
        "id",
    );
    assert_eq!(server.number("select count(*) from jobs").await, 0);
    ann.put(&format!("/tickets/{id}"), json!({"state": "ready"})).await.ok();
    let key = std::fs::read_to_string(&engine.key_file).expect("a key");
    let claimed = server.bearer(key.trim()).post("/api/jobs/claim", json!({"job_types": ["simulated"]})).await.ok();
    assert_eq!(claimed["job"]["ticket_id"], json!(id));
}

#[tokio::test(flavor = "multi_thread")]
async fn others_see_nothing() {
    let server = open("engine_tenants").await;
    let engine = listen(&server, "engine=127.0.0.1:0").await;
    let owner = signed_in_user(&server, "ann").await;
    let work = TestWorkflow::of(&owner).await;
    let id = work.ticket("A secret").await;
    let bob = at(&engine, &signed_in_user(&server, "bob").await);
    assert_eq!(bob.get("/tickets").await.ok(), json!({"tickets": [], "count": 0}));
    assert_eq!(bob.get("/tickets/stats").await.ok(), json!({"total": 0, "byState": {}}));
    assert_eq!(bob.get("/projects").await.ok(), json!({"projects": []}));
    for path in
        [format!("/tickets/{id}"), format!("/tickets/{id}/activity"), format!("/tickets?project_id={}", work.workflow)]
    {
        assert_eq!(bob.get(&path).await.refused(404), "not_found", "{path}");
        assert_eq!(engine.client.get(&path).await.refused(401), "unauthenticated", "{path}");
    }
    for (path, body) in [
        (format!("/tickets/{id}/requeue"), json!({})),
        ("/complete".to_owned(), json!({"ticket_id": id})),
        ("/claim".to_owned(), json!({"project_id": work.workflow})),
        (format!("/tickets/{id}/activity"), json!({"message": "Hello"})),
    ] {
        assert_eq!(bob.post(&path, body).await.refused(404), "not_found", "{path}");
    }
    assert_eq!(bob.put(&format!("/tickets/{id}"), json!({"state": "done"})).await.refused(404), "not_found");
    let foreign = bob.post("/tickets", json!({"title": "Not there", "project_id": work.workflow})).await;
    assert_eq!(foreign.refused(404), "not_found");
    // A report about a ticket of somebody else reaches nobody.
    let report = json!({"ticketId": id, "event": "activity", "message": "Let me in"});
    assert_eq!(bob.post("/internal/ticket-event", report).await.ok()["sockets"], 0);
    for (body, status) in [(json!({}), 422), (json!({"title": 5}), 422), (json!({"title": "x"}), 422), (json!([]), 422)]
    {
        assert_eq!(at(&engine, &owner).post("/tickets", body.clone()).await.status, status, "{body}");
    }
    for query in ["limit=x", "offset=-99999999999999999999"] {
        assert_eq!(bob.get(&format!("/tickets?{query}")).await.refused(422), "invalid", "{query}");
    }
    // Large numbers are cut to what a page has.
    bob.get("/tickets?limit=100000&offset=100000000").await.ok();
}
