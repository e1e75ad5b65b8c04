//! Rooms and sockets: protocol, slow readers, ticket rooms, resuming where it is no longer possible.

use std::time::Duration;

use futures_util::SinkExt;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

use super::fixtures::Stage;
use super::mirror::Mirror;
use super::socket::{Heard, Socket};
use crate::harness;

#[tokio::test]
async fn what_is_not_understood() {
    let stage = Stage::open("protocol").await;
    let mut socket = stage.socket("ann").await;
    for nonsense in ["", "[]", "{", r#"{"type":"dance"}"#, r#"{"type":"subscribe"}"#, "\"\\u0000\""] {
        socket.0.send(Message::text(nonsense)).await.expect("send");
        assert_eq!(socket.until("error").await["code"], "bad_request", "{nonsense}");
    }
    for room in ["", "workflow:", "ticket", "workflow:a\u{0}b", &"x".repeat(300)] {
        socket.subscribe(room, None).await;
        socket.until("error").await;
    }
    let workflow = stage.workflow("ann", 1).await;
    socket.subscribe(&format!("workflow:{workflow}"), Some(("e", -1))).await;
    assert_eq!(socket.until("error").await["code"], "invalid");
    socket.say(json!({"type": "ping"})).await;
    socket.until("pong").await;

    for breach in [Message::text("x".repeat(70_000)), Message::binary(vec![1, 2, 3])] {
        let mut socket = stage.socket("ann").await;
        socket.0.send(breach).await.expect("send");
        assert_eq!(socket.closed().await, 4009);
    }
    let mut flood = stage.socket("ann").await;
    for _ in 0..400 {
        let _ = flood.0.feed(Message::text(r#"{"type":"ping"}"#)).await;
    }
    let _ = flood.0.flush().await;
    assert_eq!(flood.closed().await, 4009);
    let mut greedy = stage.socket("ann").await;
    for n in 0..201 {
        greedy.subscribe(&format!("workflow:none-{n}"), None).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_is_closed_and_resumes_while_others_go_on() {
    let stage = Stage::with("slow", &["--socket-buffer", "65536"]).await;
    let workflow = stage.workflow("ann", 100).await;
    let room = format!("workflow:{workflow}");
    let mut slow = stage.socket("ann").await;
    slow.subscribe(&room, None).await;
    let mut slow_mirror = Mirror::default();
    loop {
        let Heard::Message(message) = slow.hear().await else { panic!("closed") };
        slow_mirror.take(&message);
        if message["type"] == "subscribed" {
            break;
        }
    }
    let mut quick = stage.socket("ann").await;
    quick.subscribe(&room, None).await;
    let mut quick_mirror = Mirror::default();
    // The slow one stops reading now.
    for round in 0..25 {
        stage
            .sql
            .execute("update tickets set title = 'Title ' || $2::int where workflow_id = $1", &[&workflow, &round])
            .await
            .expect("an update");
        let head = stage.head(&workflow).await;
        while quick_mirror.cursor.as_ref().is_none_or(|(_, seq)| *seq < head) {
            match quick.within(Duration::from_secs(5)).await {
                Some(Heard::Message(message)) => quick_mirror.take(&message),
                other => panic!("the quick one suffers: {other:?}"),
            }
        }
    }
    let board = stage.board(&workflow).await;
    quick_mirror.assert_equals(&board);
    let code = loop {
        match slow.hear().await {
            Heard::Message(message) => slow_mirror.take(&message),
            Heard::Closed(code) => break code,
        }
    };
    assert_eq!(code, 4008);
    let mut again = stage.socket("ann").await;
    let (epoch, seq) = slow_mirror.cursor.clone().expect("a cursor");
    again.subscribe(&room, Some((&epoch, seq))).await;
    while slow_mirror.cursor.as_ref().is_some_and(|(_, seq)| *seq < stage_head(&board)) {
        let Heard::Message(message) = again.hear().await else { panic!("closed") };
        slow_mirror.take(&message);
    }
    assert_eq!(slow_mirror.snapshots, 1);
    slow_mirror.assert_equals(&board);
}

fn stage_head(board: &serde_json::Value) -> i64 {
    board["seq"].as_i64().expect("a seq")
}

#[tokio::test]
async fn a_tickets_room() {
    let stage = Stage::open("ticketroom").await;
    let workflow = stage.workflow("ann", 5).await;
    let ticket: String =
        stage.sql.query_one("select id from tickets where number = 3", &[]).await.expect("a ticket").get(0);
    let room = format!("ticket:{ticket}");
    let mut socket = stage.socket("ann").await;
    socket.subscribe(&room, None).await;
    let snapshot = socket.until("snapshot").await;
    assert_eq!((&snapshot["ticket"]["number"], snapshot["ticket"]["description"].is_string()), (&json!(3), true));
    let mut last = socket.until("subscribed").await["seq"].as_i64().expect("a seq");
    let epoch = snapshot["epoch"].as_str().expect("an epoch").to_owned();
    let mut seqs = Vec::new();
    for round in 0..6 {
        // Others' events lie between.
        stage.run("update tickets set spent_minutes = spent_minutes + 1 where workflow_id = $1", &workflow).await;
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
    // Resumed from its second event, another client gets the rest with the same links.
    let mut again = stage.socket("ann").await;
    again.subscribe(&room, Some((&epoch, seqs[1]))).await;
    for pair in seqs[1..].windows(2) {
        let event = again.until("ticket_updated").await;
        assert_eq!((event["prev"].as_i64(), event["seq"].as_i64()), (Some(pair[0]), Some(pair[1])));
    }
    again.until("subscribed").await;
    // Deleted, its room looks absent to those who come, and those who are there hear of it.
    stage.run("update tickets set deleted_at = now() where id = $1", &ticket).await;
    socket.until("ticket_deleted").await;
    let mut late = stage.socket("ann").await;
    late.subscribe(&room, None).await;
    assert_eq!(late.until("error").await["code"], "not_found");
    socket.say(json!({"type": "unsubscribe", "room": room})).await;
    assert_eq!(socket.until("unsubscribed").await["reason"], "asked");
}

#[tokio::test]
async fn where_resuming_is_impossible_a_fresh_board_comes() {
    let stage = Stage::open("resync").await;
    let workflow = stage.workflow("ann", 5).await;
    let room = format!("workflow:{workflow}");
    let mut socket = stage.socket("ann").await;
    socket.subscribe(&room, None).await;
    let snapshot = socket.until("snapshot").await;
    let (epoch, seq) =
        (snapshot["epoch"].as_str().expect("an epoch").to_owned(), snapshot["seq"].as_i64().expect("seq"));
    socket.until("subscribed").await;
    stage.run("update streams set pruned_seq = 3 where workflow_id = $1", &workflow).await;
    let (_, key) = stage.key("ann").await;
    let rest = stage.server.bearer(&key);
    for (reason, epoch, since) in [("epoch", "other", seq), ("ahead", &epoch, seq + 1), ("pruned", &epoch, 2)] {
        let mut late = Socket::open(&stage.server.url, &key).await;
        late.subscribe(&room, Some((epoch, since))).await;
        let fresh = late.until("resync").await;
        assert_eq!((fresh["seq"].as_i64(), fresh["board"]["tickets"].as_array().map(Vec::len)), (Some(seq), Some(5)));
        late.until("subscribed").await;
        let refused = rest.get(&format!("/api/workflows/{workflow}/events?since={since}&epoch={epoch}")).await;
        assert_eq!((refused.status, &refused.json["reason"]), (410, &json!(reason)));
    }
    // Another life of the database, while the socket is open: it is told by itself.
    stage.run("update settings set value = to_jsonb($1::text) where key = 'restores'", "7").await;
    let fresh = socket.until("resync").await;
    assert_ne!(fresh["epoch"], epoch.as_str());
    stage.run("update tickets set priority = 'low' where workflow_id = $1", &workflow).await;
    let event = socket.until("ticket_updated").await;
    assert_eq!((&event["epoch"], event["seq"].as_i64()), (&fresh["epoch"], Some(seq + 1)));
}

#[tokio::test]
async fn a_stopping_server_says_so() {
    let stage = Stage::open("stopping").await;
    let mut socket = stage.socket("ann").await;
    socket.until("authenticated").await;
    stage.server.live.begin_stop();
    assert_eq!(socket.closed().await, 1012);
    harness::eventually("the relay of a stopped server leaves", async || {
        stage.sql.query("select from relays", &[]).await.expect("marks").is_empty()
    })
    .await;
}

#[tokio::test]
async fn rows_removed_in_psql_leave_every_board() {
    let stage = Stage::open("removal").await;
    let workflow = stage.workflow("ann", 6).await;
    stage
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
    let mut socket = stage.socket("ann").await;
    socket.subscribe(&format!("workflow:{workflow}"), None).await;
    let mut mirror = Mirror::default();
    mirror.take(&socket.until("snapshot").await);
    stage.run("delete from ticket_comments where id like 'c1%' and workflow_id = $1", &workflow).await;
    stage.run("delete from ticket_commits where ticket_id = (select id from tickets where number = 1) and workflow_id = $1", &workflow).await;
    stage.run("delete from tickets where number in (3, 4) and workflow_id = $1", &workflow).await;
    stage
        .run(
            "update tickets set started_at = now(), created_by_agent_id = 'bob' where number = 5 and workflow_id = $1",
            &workflow,
        )
        .await;
    let board = stage.board(&workflow).await;
    while mirror.cursor.as_ref().is_none_or(|(_, seq)| *seq < stage_head(&board)) {
        let Heard::Message(message) = socket.hear().await else { panic!("closed") };
        mirror.take(&message);
    }
    assert_eq!(mirror.cards.len(), 4);
    mirror.assert_equals(&board);
}
