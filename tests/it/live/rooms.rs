//! Rooms and sockets: protocol, slow readers, ticket rooms, and cursors that cannot be resumed.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::board_replica::BoardReplica;
use super::fixtures::LiveFixture;
use super::socket::{Socket, SocketEvent};
use crate::harness;

#[tokio::test]
async fn malformed_messages_get_errors() {
    let fixture = LiveFixture::open("protocol").await;
    let mut socket = fixture.socket("ann").await;
    for nonsense in ["", "[]", "{", r#"{"type":"dance"}"#, r#"{"type":"subscribe"}"#, "\"\\u0000\""] {
        socket.0.send(Message::text(nonsense)).await.expect("send");
        let error = socket.until("error").await;
        assert_eq!(error["code"], "bad_request", "{nonsense}");
        let detail = error["detail"].as_str().expect("a sentence");
        assert!(!["expected", "variant", "enum", "struct"].iter().any(|word| detail.contains(word)), "{detail}");
    }
    for room in ["", "workflow:", "ticket", "workflow:a\u{0}b", &"x".repeat(300)] {
        socket.subscribe(room, None).await;
        socket.until("error").await;
    }
    let workflow = fixture.workflow("ann", 1).await;
    socket.subscribe(&format!("workflow:{workflow}"), Some(("e", -1))).await;
    assert_eq!(socket.until("error").await["code"], "invalid");
    socket.send(json!({"type": "ping"})).await;
    socket.until("pong").await;

    for breach in [Message::text("x".repeat(70_000)), Message::binary(vec![1, 2, 3])] {
        let mut socket = fixture.socket("ann").await;
        socket.0.send(breach).await.expect("send");
        assert_eq!(socket.closed().await, 4009);
    }
    let mut flood = fixture.socket("ann").await;
    for _ in 0..400 {
        let _ = flood.0.feed(Message::text(r#"{"type":"ping"}"#)).await;
    }
    let _ = flood.0.flush().await;
    assert_eq!(flood.closed().await, 4009);
    let mut greedy = fixture.socket("ann").await;
    for n in 0..201 {
        greedy.subscribe(&format!("workflow:none-{n}"), None).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_is_closed_and_resumes_without_affecting_others() {
    let fixture = LiveFixture::with("slow", &["--socket-buffer", "65536"]).await;
    let workflow = fixture.workflow("ann", 100).await;
    let room = format!("workflow:{workflow}");
    let mut slow = fixture.socket("ann").await;
    slow.subscribe(&room, None).await;
    let mut slow_replica = BoardReplica::default();
    loop {
        let SocketEvent::Message(message) = slow.receive().await else { panic!("closed") };
        slow_replica.apply(&message);
        if message["type"] == "subscribed" {
            break;
        }
    }
    let mut quick = fixture.socket("ann").await;
    quick.subscribe(&room, None).await;
    let mut quick_replica = BoardReplica::default();
    // The slow reader stops reading.
    for round in 0..25 {
        fixture
            .sql
            .execute("update tickets set title = 'Title ' || $2::int where workflow_id = $1", &[&workflow, &round])
            .await
            .expect("an update");
        let head = fixture.head(&workflow).await;
        while quick_replica.cursor.as_ref().is_none_or(|(_, seq)| *seq < head) {
            match quick.receive_within(Duration::from_secs(5)).await {
                Some(SocketEvent::Message(message)) => quick_replica.apply(&message),
                other => panic!("the quick one suffers: {other:?}"),
            }
        }
    }
    let board = fixture.board(&workflow).await;
    quick_replica.assert_equals(&board);
    let code = loop {
        match slow.receive().await {
            SocketEvent::Message(message) => slow_replica.apply(&message),
            SocketEvent::Closed(code) => break code,
        }
    };
    assert_eq!(code, 4008);
    let mut again = fixture.socket("ann").await;
    let (epoch, seq) = slow_replica.cursor.clone().expect("a cursor");
    again.subscribe(&room, Some((&epoch, seq))).await;
    while slow_replica.cursor.as_ref().is_some_and(|(_, seq)| *seq < snapshot_seq(&board)) {
        let SocketEvent::Message(message) = again.receive().await else { panic!("closed") };
        slow_replica.apply(&message);
    }
    assert_eq!(slow_replica.snapshots, 1);
    slow_replica.assert_equals(&board);
}

fn snapshot_seq(board: &serde_json::Value) -> i64 {
    board["seq"].as_i64().expect("a seq")
}

#[tokio::test]
async fn a_ticket_room_gets_only_its_events() {
    let fixture = LiveFixture::open("ticketroom").await;
    let workflow = fixture.workflow("ann", 5).await;
    let ticket: String =
        fixture.sql.query_one("select id from tickets where number = 3", &[]).await.expect("a ticket").get(0);
    let room = format!("ticket:{ticket}");
    let mut socket = fixture.socket("ann").await;
    socket.subscribe(&room, None).await;
    let snapshot = socket.until("snapshot").await;
    assert_eq!((&snapshot["ticket"]["number"], snapshot["ticket"]["description"].is_string()), (&json!(3), true));
    let mut last = socket.until("subscribed").await["seq"].as_i64().expect("a seq");
    let epoch = snapshot["epoch"].as_str().expect("an epoch").to_owned();
    let mut seqs = Vec::new();
    for round in 0..6 {
        // Events of other tickets lie between.
        fixture.run("update tickets set spent_minutes = spent_minutes + 1 where workflow_id = $1", &workflow).await;
        let event = socket.until("ticket_updated").await;
        assert_eq!(event["ticket_id"], ticket.as_str());
        let (prev, seq) = (event["prev"].as_i64().expect("prev"), event["seq"].as_i64().expect("seq"));
        assert!(prev <= last && seq > last, "{prev} {last} {seq}");
        if round > 0 {
            assert_eq!(prev, last);
        }
        last = seq;
        seqs.push(seq);
    }
    // Resuming from the second event, another client gets the rest with the same links.
    let mut again = fixture.socket("ann").await;
    again.subscribe(&room, Some((&epoch, seqs[1]))).await;
    for pair in seqs[1..].windows(2) {
        let event = again.until("ticket_updated").await;
        assert_eq!((event["prev"].as_i64(), event["seq"].as_i64()), (Some(pair[0]), Some(pair[1])));
    }
    again.until("subscribed").await;
    // After deletion the room looks absent to new subscribers, and current subscribers get an event.
    fixture.run("update tickets set deleted_at = now() where id = $1", &ticket).await;
    socket.until("ticket_deleted").await;
    let mut late = fixture.socket("ann").await;
    late.subscribe(&room, None).await;
    assert_eq!(late.until("error").await["code"], "not_found");
    socket.send(json!({"type": "unsubscribe", "room": room})).await;
    assert_eq!(socket.until("unsubscribed").await["reason"], "asked");
}

#[tokio::test]
async fn an_unusable_cursor_gets_a_fresh_snapshot() {
    let fixture = LiveFixture::open("resync").await;
    let workflow = fixture.workflow("ann", 5).await;
    let room = format!("workflow:{workflow}");
    let mut socket = fixture.socket("ann").await;
    socket.subscribe(&room, None).await;
    let snapshot = socket.until("snapshot").await;
    let (epoch, seq) =
        (snapshot["epoch"].as_str().expect("an epoch").to_owned(), snapshot["seq"].as_i64().expect("seq"));
    socket.until("subscribed").await;
    fixture.run("update streams set pruned_seq = 3 where workflow_id = $1", &workflow).await;
    let (_, key) = fixture.key("ann").await;
    let rest = fixture.server.bearer(&key);
    for (reason, epoch, since) in [("epoch", "other", seq), ("ahead", &epoch, seq + 1), ("pruned", &epoch, 2)] {
        let mut late = Socket::open(&fixture.server.url, &key).await;
        late.subscribe(&room, Some((epoch, since))).await;
        let fresh = late.until("resync").await;
        assert_eq!((fresh["seq"].as_i64(), fresh["board"]["tickets"].as_array().map(Vec::len)), (Some(seq), Some(5)));
        late.until("subscribed").await;
        let refused = rest.get(&format!("/api/workflows/{workflow}/events?since={since}&epoch={epoch}")).await;
        assert_eq!((refused.status, &refused.json["reason"]), (410, &json!(reason)));
    }
    // A new epoch while the socket is open triggers a resync without a request.
    fixture.run("update settings set value = to_jsonb($1::text) where key = 'restores'", "7").await;
    let fresh = socket.until("resync").await;
    assert_ne!(fresh["epoch"], epoch.as_str());
    fixture.run("update tickets set priority = 'low' where workflow_id = $1", &workflow).await;
    let event = socket.until("ticket_updated").await;
    assert_eq!((&event["epoch"], event["seq"].as_i64()), (&fresh["epoch"], Some(seq + 1)));
}

#[tokio::test]
async fn a_stopping_server_sends_a_close_code() {
    let fixture = LiveFixture::open("stopping").await;
    let mut socket = fixture.socket("ann").await;
    socket.until("authenticated").await;
    fixture.server.live.begin_stop();
    assert_eq!(socket.closed().await, 1012);
    harness::eventually("the relay of a stopped server leaves", async || {
        fixture.sql.query("select from relays", &[]).await.expect("marks").is_empty()
    })
    .await;
}

#[tokio::test]
async fn rows_deleted_in_psql_disappear_from_every_board() {
    let fixture = LiveFixture::open("removal").await;
    let workflow = fixture.workflow("ann", 6).await;
    fixture
        .sql
        .batch_execute(
            "insert into ticket_comments (id, ticket_id, workflow_id, comment_text)
             select 'c' || n || id, id, workflow_id, 'To be removed' from tickets, generate_series(1, 2) n;
             insert into ticket_commits (id, ticket_id, workflow_id, commit_sha) select 'm' || id, id, workflow_id, 'abcdef' from tickets;
             insert into ticket_blockers (ticket_id, blocked_by_ticket_id, workflow_id)
             select a.id, b.id, a.workflow_id from tickets a, tickets b where a.number = 2 and b.number = 3",
        )
        .await
        .expect("attachments");
    let mut socket = fixture.socket("ann").await;
    socket.subscribe(&format!("workflow:{workflow}"), None).await;
    let mut board_replica = BoardReplica::default();
    board_replica.apply(&socket.until("snapshot").await);
    fixture.run("delete from ticket_comments where id like 'c1%' and workflow_id = $1", &workflow).await;
    fixture.run("delete from ticket_commits where ticket_id = (select id from tickets where number = 1) and workflow_id = $1", &workflow).await;
    fixture.run("delete from tickets where number in (3, 4) and workflow_id = $1", &workflow).await;
    fixture
        .run(
            "update tickets set started_at = now(), created_by_agent_id = 'bob' where number = 5 and workflow_id = $1",
            &workflow,
        )
        .await;
    let board = fixture.board(&workflow).await;
    while board_replica.cursor.as_ref().is_none_or(|(_, seq)| *seq < snapshot_seq(&board)) {
        let SocketEvent::Message(message) = socket.receive().await else { panic!("closed") };
        board_replica.apply(&message);
    }
    assert_eq!(board_replica.cards.len(), 4);
    board_replica.assert_equals(&board);
}
