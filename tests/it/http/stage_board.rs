//! The language of a stage board's clients, at an address of its own.

use serde_json::{Value, json};

use super::fixtures::open;
use super::listeners::listen;
use crate::live::socket::{Socket, SocketEvent};

async fn message(socket: &mut Socket, kind: &str) -> Value {
    socket.until(kind).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ticket_keeps_its_request_model_and_codebase() {
    let server = open("stage_board").await;
    let board = listen(&server, "stage-board=127.0.0.1:0").await;
    let request = json!({"title": "A shop for bicycles", "content_user_request_prompt": "Build a shop that sells bicycles.",
        "model": "claude-sonnet-4-20250514", "parent_codebase_path": "./apps", "unknown": {"a": 1}});
    let made = board.client.post("/tickets", request.clone()).await.created();
    let short = board
        .client
        .post("/api/tickets", json!({"title": "Short", "content_user_request_prompt": "Go."}))
        .await
        .created();
    assert_eq!((&short["content_user_request_prompt"], &short["parent_codebase_path"]), (&json!("Go."), &json!(".")));
    let list = board.client.get("/tickets").await.ok();
    let detail = board.client.get(&format!("/tickets/{}", made["id"].as_str().expect("an id"))).await.ok();
    for ticket in [&made, &list[0], &detail] {
        for field in ["title", "content_user_request_prompt", "model", "parent_codebase_path"] {
            assert_eq!(ticket[field], request[field], "{field}");
        }
        assert_eq!((&ticket["stage"], &ticket["total_build_messages"]), (&json!("idle"), &json!(0)));
    }
    // It is in history like any other, with the fields.
    let rows = server.sql("select metadata -> 'ticket' -> 'custom_fields' ->> 'model' from history where change_type = 'created' order by seq limit 1", &[]).await;
    assert_eq!(rows[0].get::<_, String>(0), "claude-sonnet-4-20250514");
}

#[tokio::test(flavor = "multi_thread")]
async fn long_requests_are_cut_in_the_list_only() {
    let server = open("stage_board_long").await;
    let board = listen(&server, "stage-board=127.0.0.1:0,auto_queue=simulated").await;
    let request = "A shop. ".repeat(20_000).trim_end().to_owned();
    let new = |title: &str| json!({"title": title, "content_user_request_prompt": request, "model": "large"});
    for title in ["One", "Two", "Three"] {
        board.client.post("/tickets", new(title)).await.created();
    }
    let list = board.client.get("/tickets").await.ok();
    let tickets = list.as_array().expect("tickets");
    assert_eq!(tickets.len(), 3);
    for ticket in tickets {
        let shown = ticket["content_user_request_prompt"].as_str().expect("a request");
        assert!(
            shown.len() < 33_000 && shown.ends_with("(cut in this list; the ticket has the whole text)"),
            "{}",
            shown.len()
        );
        let detail = board.client.get(&format!("/tickets/{}", ticket["id"].as_str().expect("an id"))).await.ok();
        assert_eq!((&detail["content_user_request_prompt"], &detail["model"]), (&json!(request), &json!("large")));
    }
    // The work in progress is listed without the texts.
    let path = format!("/tickets/{}/stage", list[0]["id"].as_str().expect("an id"));
    board.client.put(&path, json!({"stage": "plan"})).await.ok();
    let status = board.client.get("/workflows/status").await.ok();
    assert_eq!(status["workflows"].as_object().map(serde_json::Map::len), Some(1));
    assert!(status.to_string().len() < 1000, "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn moves_errors_and_archived() {
    let server = open("stage_board_moves").await;
    let board = listen(&server, "stage-board=127.0.0.1:0,auto_queue=simulated").await;
    let made = board.client.post("/tickets", json!({"title": "Goes everywhere"})).await.created();
    let path = format!("/tickets/{}/stage", made["id"].as_str().expect("an id"));
    for stage in ["plan", "build", "review", "shipped", "errored", "archived", "idle"] {
        assert_eq!(board.client.put(&path, json!({"stage": stage})).await.ok()["stage"], stage);
    }
    // As on the clients' own server, a card cannot skip the work.
    let skipped = board.client.put(&path, json!({"stage": "shipped"})).await;
    assert!(skipped.json["detail"].as_str().is_some_and(|detail| detail.contains("plan")), "{}", skipped.json);
    assert_eq!(skipped.refused(409), "transition_not_allowed");
    // Entering `plan` queued one job, with the ticket's text.
    let rows = server.sql("select job_type, status, title from jobs", &[]).await;
    let jobs: Vec<(String, String, String)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    assert_eq!(jobs.len(), 1);
    assert_eq!((jobs[0].0.as_str(), jobs[0].2.as_str()), ("simulated", "Goes everywhere"));
    for (body, status) in
        [(json!({"stage": "nowhere"}), 422), (json!({}), 422), (json!({"stage": 5}), 422), (json!([]), 422)]
    {
        let answer = board.client.put(&path, body.clone()).await;
        assert_eq!(answer.status, status, "{body}: {}", answer.json);
        assert!(answer.json["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
    assert_eq!(
        board.client.put("/tickets/ticket-none/stage", json!({"stage": "plan"})).await.refused(404),
        "not_found"
    );
    assert_eq!(board.client.post("/tickets", json!({"title": "x"})).await.refused(422), "invalid");
    assert_eq!(board.client.get("/nothing").await.refused(404), "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_socket_hears_of_everything_and_of_what_it_missed() {
    let server = open("stage_board_socket").await;
    let board = listen(&server, "stage-board=127.0.0.1:0").await;
    let first = board.client.post("/tickets", json!({"title": "First of them", "model": "large"})).await.created();
    let mut socket = Socket::try_open(&format!("{}/ws", board.url), &[]).await.expect("a socket");
    // The client says nothing; the socket starts with the stage of every ticket.
    assert_eq!(message(&mut socket, "stage_updated").await["ticket_id"], first["id"]);
    let second = board.client.post("/tickets", json!({"title": "Second of them", "model": "small"})).await.created();
    let heard = message(&mut socket, "ticket_created").await;
    assert_eq!((&heard["ticket"]["id"], &heard["ticket"]["model"]), (&second["id"], &json!("small")));
    let path = format!("/tickets/{}/stage", second["id"].as_str().expect("an id"));
    board.client.put(&path, json!({"stage": "plan"})).await.ok();
    let moved = message(&mut socket, "stage_updated").await;
    assert_eq!((&moved["old_stage"], &moved["new_stage"]), (&json!("idle"), &json!("plan")));
    // Away while it moves on.
    drop(socket);
    board.client.put(&path, json!({"stage": "build"})).await.ok();
    let mut socket = Socket::try_open(&format!("{}/ws", board.url), &[]).await.expect("a socket");
    let mut standing = Vec::new();
    while standing.len() < 2 {
        if let SocketEvent::Message(message) = socket.receive().await
            && message["type"] == "stage_updated"
        {
            standing.push((message["ticket_id"].clone(), message["new_stage"].clone()));
        }
    }
    assert!(standing.contains(&(second["id"].clone(), json!("build"))), "{standing:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_of_agents_arrive_with_the_counts_of_their_stage() {
    let server = open("stage_board_lines").await;
    let board = listen(&server, "stage-board=127.0.0.1:0,auto_queue=simulated").await;
    let made = board.client.post("/tickets", json!({"title": "Talks a lot"})).await.created();
    let id = made["id"].as_str().expect("an id").to_owned();
    board.client.put(&format!("/tickets/{id}/stage"), json!({"stage": "plan"})).await.ok();
    let mut socket = Socket::try_open(&format!("{}/ws", board.url), &[]).await.expect("a socket");
    socket.until("subscribed").await;
    let key = std::fs::read_to_string(&board.key_file).expect("a key");
    let worker = server.bearer(key.trim());
    let claimed = worker.post("/api/jobs/claim", json!({"job_types": ["simulated"]})).await.ok();
    let job = claimed["job"]["id"].as_str().expect("a job").to_owned();
    let messages = json!({"lease_token": claimed["lease_token"], "messages": [
        {"kind": "chat", "content": "I look around."},
        {"kind": "step", "content": "Read README", "metadata": {"type": "tool_use"}},
        {"kind": "log", "content": "a line of output"}]});
    worker.post(&format!("/api/jobs/{job}/messages"), messages).await.ok();
    assert_eq!(message(&mut socket, "workflow_started").await["ticket_id"], made["id"]);
    let mut heard = message(&mut socket, "agent_message").await;
    assert_eq!(heard["message"]["content"], "I look around.");
    heard = message(&mut socket, "agent_message").await;
    assert_eq!(heard["counts"], json!({"total_plan_messages": 2, "total_plan_tool_calls": 1}));
    let detail = board.client.get(&format!("/tickets/{id}")).await.ok();
    assert_eq!((&detail["total_plan_messages"], &detail["total_plan_tool_calls"]), (&json!(2), &json!(1)));
    assert_eq!(detail["agent_messages"].as_array().map(Vec::len), Some(2));
    assert_eq!(detail["agent_messages"][1]["type"], "tool_use");
    let status = board.client.get("/workflows/status").await.ok();
    assert_eq!((&status["running_count"], &status["workflows"][&id]["status"]), (&json!(1), &json!("running")));
}
