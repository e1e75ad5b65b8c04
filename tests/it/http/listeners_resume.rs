//! Resuming at the sockets of listeners: clients that keep their place get what they missed, and nothing twice.

use std::time::Duration;

use serde_json::{Value, json};

use super::fixtures::{open, signed_in_user, text};
use super::listeners::listen;
use crate::client::Client;
use crate::live::socket::{Socket, SocketEvent};

async fn socket(address: &str) -> Socket {
    Socket::try_open(address, &[]).await.expect("a socket")
}

/// The address of a socket that resumes after a message.
fn after(path: &str, message: &Value) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}since={}&epoch={}", message["seq"], message["epoch"].as_str().expect("an epoch"))
}

/// The first message that is neither greeting nor state.
async fn first(socket: &mut Socket, kinds: &[&str]) -> Value {
    let wait = async {
        loop {
            match socket.receive().await {
                SocketEvent::Message(message) => {
                    let kind = message["kind"].as_str().or_else(|| message["type"].as_str()).unwrap_or_default();
                    if !kinds.contains(&kind) {
                        return message;
                    }
                }
                SocketEvent::Closed(code) => panic!("closed with {code}"),
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), wait).await.expect("a message")
}

const GREETINGS: [&str; 4] = ["connected", "authenticated", "connection_ack", "subscribed"];

#[tokio::test(flavor = "multi_thread")]
async fn a_stage_board_resumes() {
    let server = open("resume_stage_board").await;
    let board = listen(&server, "stage-board=127.0.0.1:0").await;
    let id = text(&board.client.post("/tickets", json!({"title": "Moves on"})).await.created(), "id");
    let address = format!("{}/ws", board.url);
    let mut open = socket(&address).await;
    let place = open.until("subscribed").await;
    let path = format!("/tickets/{id}/stage");
    board.client.put(&path, json!({"stage": "plan"})).await.ok();
    let moved = open.until("stage_updated").await;
    assert!(moved["seq"].as_i64() > place["seq"].as_i64(), "{moved} {place}");
    drop(open);
    board.client.put(&path, json!({"stage": "build"})).await.ok();
    let missed = first(&mut socket(&after(&address, &moved)).await, &GREETINGS).await;
    assert_eq!((&missed["old_stage"], &missed["new_stage"]), (&json!("plan"), &json!("build")));
    // A place that cannot be continued is answered with the state.
    let stale = first(&mut socket(&format!("{address}?since=1&epoch=gone")).await, &GREETINGS).await;
    assert_eq!((&stale["old_stage"], &stale["new_stage"]), (&json!("build"), &json!("build")));
    for (query, field) in [("since=x", "since"), ("since=-1", "since")] {
        let refused = board.client.get(&format!("/ws?{query}")).await.expect(422);
        assert_eq!(refused["errors"][0]["field"], field, "{query}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_builder_resumes() {
    let server = open("resume_job_builder").await;
    let builder = listen(&server, "job-builder=127.0.0.1:0").await;
    let ann = Client { url: builder.url.clone(), ..signed_in_user(&server, "ann").await };
    let id = text(&ann.post("/jobs", json!({"prompt": "A shop for maps"})).await.created(), "id");
    let address = format!("{}/ws/jobs/{id}?token={}", builder.url, ann.token.as_deref().expect("a token"));
    let say = async |words: &str| {
        ann.post("/job-messages", json!({"job_id": id, "content": words})).await.created();
    };
    let mut open = socket(&address).await;
    // Already the state says where it stands.
    let state = first(&mut open, &["ticketUpdate", "status"]).await;
    assert!(state["kind"] == "jobStatus" && state["seq"].is_i64(), "{state}");
    say("The first").await;
    let chat = first(&mut open, &["ticketUpdate", "status", "jobStatus", "chat"]).await;
    assert_eq!((&chat["kind"], &chat["content"]), (&json!("stageUpdate"), &json!("The first")));
    drop(open);
    say("The second").await;
    let mut again = socket(&after(&address, &chat)).await;
    // Its ticket is of another stream, and begins with its state.
    let missed = first(&mut again, &["ticketUpdate"]).await;
    assert_eq!((&missed["kind"], &missed["content"]), (&json!("chat"), &json!("The second")));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_board_resumes() {
    let server = open("resume_workflow_board").await;
    let board = listen(&server, "workflow-board=127.0.0.1:0").await;
    let client = &board.client;
    let new =
        json!({"title": "Built elsewhere", "description": "Build it elsewhere, please.", "stages": ["plan", "build"]});
    let adw = text(&client.post("/v1/workflows/create", new).await.created(), "adw_id");
    let say = async |words: &str| {
        let line = json!({"type": "workflow_log", "data": {"adw_id": adw, "message": words, "level": "INFO"}});
        client.post("/workflow-updates", line).await.ok();
    };
    for path in [format!("/ws/workflows/{adw}"), "/ws/trigger".to_owned()] {
        let address = format!("{}{path}", board.url);
        let mut open = socket(&address).await;
        let line = loop {
            // The client does not learn when its socket has entered the room.
            say("The first").await;
            if let Some(SocketEvent::Message(message)) = open.receive_within(Duration::from_secs(1)).await
                && message["data"]["message"] == "The first"
            {
                break message;
            }
        };
        drop(open);
        say("The second").await;
        let mut again = socket(&after(&address, &line)).await;
        loop {
            let missed = first(&mut again, &GREETINGS).await;
            assert_eq!(missed["type"], "workflow_log", "{missed}");
            assert!(missed["seq"].as_i64() > line["seq"].as_i64(), "{missed}");
            if missed["data"]["message"] == "The second" {
                break;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tracker_resumes_in_the_workflow_that_it_names() {
    let server = open("resume_tracker").await;
    let board = listen(&server, "tracker=127.0.0.1:0").await;
    let client = &board.client;
    let create = async |title: &str| {
        let new = json!({"title": title, "description": "Made by an agent, long enough.", "agent_id": "agent-1"});
        text(&client.post("/tickets/create", new).await.ok(), "ticket_id")
    };
    let address = format!("{}/ws", board.url);
    let mut open = socket(&address).await;
    open.until("subscribed").await;
    create("The first of all").await;
    let heard = open.until("ticket_created").await;
    drop(open);
    let second = create("The second of all").await;
    let workflow = heard["workflow_id"].as_str().expect("a workflow");
    let mut again = socket(&after(&format!("{address}?workflow_id={workflow}"), &heard)).await;
    assert_eq!(first(&mut again, &GREETINGS).await["ticket_id"], json!(second));
}
