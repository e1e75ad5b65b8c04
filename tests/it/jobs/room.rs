//! A job's room: its snapshot, its events in order with their texts, resuming, and the events on the board.

use serde_json::{Value, json};

use super::text;
use crate::live::fixtures::LiveFixture;
use crate::live::socket::{Socket, SocketEvent};

/// Collects events up to one of a type.
async fn until(socket: &mut Socket, last: &str) -> Vec<Value> {
    let mut messages = Vec::new();
    loop {
        let SocketEvent::Message(message) = socket.receive().await else { panic!("the socket closed") };
        let found = message["type"] == last || message["data"]["new_status"] == last;
        if message.get("seq").is_some() && message.get("stream").is_some() {
            messages.push(message);
        }
        if found {
            return messages;
        }
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().filter_map(|event| event["type"].as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn job_events_arrive_in_order() {
    let fixture = LiveFixture::open("job_room").await;
    let workflow = fixture.workflow("ann", 1).await;
    let (_, key) = fixture.key("ann").await;
    let ann = fixture.server.bearer(&key);
    let job = json!({"workflow_id": workflow, "ticket_id": "TKT-1", "title": "Work", "initial_prompt": "Do it", "queue": true});
    let job = text(&ann.post("/api/jobs", job).await.created(), "id");
    let room = format!("job:{job}");
    let mut socket = fixture.socket("ann").await;
    socket.subscribe(&room, None).await;
    let snapshot = socket.until("snapshot").await;
    assert_eq!((&snapshot["job"]["status"], &snapshot["seq"]), (&json!("queued"), &json!(1)));
    socket.until("subscribed").await;
    let mut board = fixture.socket("ann").await;
    board.subscribe(&format!("workflow:{workflow}"), None).await;
    let snapshot = board.until("snapshot").await;
    assert_eq!(snapshot["board"]["jobs"][0]["job_id"], job.as_str());
    board.until("subscribed").await;

    let token =
        text(&ann.post("/api/jobs/claim", json!({"workflow_id": workflow, "worker": "w"})).await.ok(), "lease_token");
    let path = |what: &str| format!("/api/jobs/{job}/{what}");
    let lines = json!([{"kind": "log", "content": "compiling"}, {"kind": "chat", "content": "Hello", "role": "assistant", "sender": "bot"},
        {"kind": "step", "content": "Planned"}]);
    ann.post(&path("messages"), json!({"lease_token": token, "messages": lines})).await.ok();
    ann.post(&path("stage"), json!({"lease_token": token, "stage": "in_progress", "message": "At it"})).await.ok();
    ann.post(&path("progress"), json!({"lease_token": token, "progress": 40.5, "message": "Nearly half"})).await.ok();
    let app = json!({"spec": {"pages": ["home"]}, "prd_markdown": "# Home"});
    ann.post(&path("complete"), json!({"lease_token": token, "app": app})).await.ok();

    let events = until(&mut socket, "succeeded").await;
    assert_eq!(
        types(&events),
        [
            "job_status",
            "job_message",
            "job_message",
            "job_message",
            "job_stage",
            "job_progress",
            "app_ready",
            "job_status"
        ]
    );
    for (place, event) in events.iter().enumerate() {
        let seq = place as i64 + 2;
        assert_eq!((&event["seq"], &event["prev"], &event["stream"]), (&json!(seq), &json!(seq - 1), &json!(room)));
        assert_eq!((&event["job_id"], event["ticket_id"].is_string()), (&json!(job), true));
    }
    let message = &events[2]["data"]["message"];
    assert_eq!(
        (&message["content"], &message["sender"], &message["order"]),
        (&json!("Hello"), &json!("bot"), &json!(2))
    );
    assert_eq!(events[4]["data"]["to_stage"], "in_progress");
    assert_eq!((&events[5]["data"]["progress"], &events[5]["data"]["message"]), (&json!(40.5), &json!("Nearly half")));
    assert_eq!(events[6]["data"]["app"]["spec"], json!({"pages": ["home"]}));

    // The board gets the same events except the log, plus the moves of the ticket.
    let messages = until(&mut board, "succeeded").await;
    assert_eq!(
        types(&messages),
        [
            "job_status",
            "ticket_assigned",
            "job_message",
            "job_message",
            "job_stage",
            "status_changed",
            "job_progress",
            "app_ready",
            "status_changed",
            "ticket_resolved",
            "comment_added",
            "job_status"
        ]
    );
    assert!(messages.iter().all(|event| event["ticket_id"].is_string()));

    // Resuming in the middle, over the socket and over REST, yields the same events with their texts.
    let epoch = text(&events[0], "epoch");
    let mut again = fixture.socket("ann").await;
    again.subscribe(&room, Some((&epoch, 4))).await;
    assert_eq!(until(&mut again, "succeeded").await, events[3..]);
    let page = ann.get(&format!("/api/jobs/{job}/events?since=1&limit=3")).await.ok();
    assert_eq!(page["events"], json!(events[..3]));
    assert_eq!(page["has_more"], true);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rooms_of_other_tenants_and_deleted_jobs_are_closed() {
    let fixture = LiveFixture::open("job_closed").await;
    let workflow = fixture.workflow("ann", 1).await;
    let (_, key) = fixture.key("ann").await;
    let ann = fixture.server.bearer(&key);
    let job = json!({"workflow_id": workflow, "ticket_id": "TKT-1", "initial_prompt": "Do it"});
    let job = text(&ann.post("/api/jobs", job).await.created(), "id");
    let room = format!("job:{job}");
    let mut outsider = fixture.socket("bob").await;
    outsider.subscribe(&room, None).await;
    let refused = outsider.until("error").await;
    outsider.subscribe("job:job-none", None).await;
    assert_eq!(outsider.until("error").await["code"], refused["code"], "same error as for a missing room");
    let message = ann.post("/api/job-messages", json!({"job_id": job, "content": "Look"})).await.created();
    let mut socket = fixture.socket("ann").await;
    socket.subscribe(&room, None).await;
    socket.until("subscribed").await;
    ann.delete(&format!("/api/job-messages/{}", text(&message, "id"))).await.expect(204);
    assert_eq!(socket.until("job_message_deleted").await["data"]["message_id"], message["id"]);
    // Later readers see that the message was deleted, without its text.
    let page = ann.get(&format!("/api/jobs/{job}/events?since=1")).await.ok();
    assert_eq!(page["events"][0]["data"]["message"]["deleted"], true);
    ann.delete(&format!("/api/jobs/{job}")).await.expect(204);
    socket.until("job_deleted").await;
    socket.until("unsubscribed").await;
}
