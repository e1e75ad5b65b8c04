//! The relay: its sleep, the bell, other servers beside it, a tail too long to be read.

use std::time::{Duration, Instant};

use callboard::live::relay::State;

use super::mirror::Mirror;
use super::socket::{Heard, Socket};
use super::stage::Stage;
use crate::house;

async fn asleep(stage: &Stage) {
    let mut state = stage.server.live.relay_state();
    let sleeping = state.wait_for(|state| *state == State::Asleep);
    tokio::time::timeout(Duration::from_secs(60), sleeping).await.expect("the relay falls asleep").expect("a state");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_writer_wakes_it() {
    let stage = Stage::open("bell").await;
    let workflow = stage.workflow("ann", 30).await;
    let mut socket = stage.socket("ann").await;
    socket.subscribe(&format!("workflow:{workflow}"), None).await;
    socket.until("subscribed").await;
    let writers = [
        "update tickets set status = case status when 'todo' then 'review' else 'todo' end where number = 1 and workflow_id = W",
        "update tickets set spent_minutes = spent_minutes + 1 where number = 2 and workflow_id = W",
        "insert into ticket_comments (id, ticket_id, workflow_id, comment_text) select logic.new_id('comment'), id, workflow_id, 'Ring' from tickets where number = 3 and workflow_id = W",
        "insert into tickets (workflow_id, title, description) values (W, 'A new one', 'That rings')",
        "begin isolation level repeatable read; update tickets set spent_minutes = spent_minutes + 1 where number = 4 and workflow_id = W; commit",
        "begin isolation level serializable; update tickets set spent_minutes = spent_minutes + 1 where number = 5 and workflow_id = W; commit",
        "begin; savepoint a; update tickets set spent_minutes = spent_minutes + 1 where number = 6 and workflow_id = W; release a; commit",
        "select logic.add_comment('ann', id, 'Said by the function') from tickets where number = 7 and workflow_id = W",
        "update workflows set name = name || '!' where id = W",
        "update boards set allow_reopen = not allow_reopen where workflow_id = W",
    ];
    let mut slowest = Duration::ZERO;
    for round in 0..50 {
        asleep(&stage).await;
        let statement = writers[round % writers.len()].replace('W', &format!("'{workflow}'"));
        let written = Instant::now();
        stage.sql.batch_execute(&statement).await.expect("a write");
        let heard = socket.within(Duration::from_secs(5)).await;
        assert!(matches!(heard, Some(Heard::Message(_))), "{statement}: {heard:?}");
        slowest = slowest.max(written.elapsed());
        while socket.within(Duration::from_millis(5)).await.is_some() {}
    }
    let (sleeps, rings, unrung) = stage.server.live.sleeps();
    println!("{sleeps} waits, {rings} rings, {unrung} without a bell, slowest {slowest:?}");
    assert_eq!(unrung, 0, "nobody forgot to ring");
    assert!(rings >= 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_does_not_sleep_while_a_writer_may_not_know() {
    let stage = Stage::open("doze").await;
    let workflow = stage.workflow("ann", 2).await;
    let mut socket = stage.socket("ann").await;
    socket.subscribe(&format!("workflow:{workflow}"), None).await;
    socket.until("subscribed").await;
    let state = stage.server.live.relay_state();
    let mut awake = 0;
    let writer = house::connect(&stage.server.db.url).await;
    let hold = format!(
        "begin; update tickets set spent_minutes = spent_minutes + 1 where number = 1 and workflow_id = '{workflow}'"
    );
    for _ in 0..6 {
        // Enough bustle for it to poll.
        let bustle = "update tickets set spent_minutes = spent_minutes + 1 where number = 2 and workflow_id = $1";
        for _ in 0..100 {
            stage.run(bustle, &workflow).await;
            socket.until("ticket_updated").await;
            if *state.borrow() == State::Busy {
                break;
            }
        }
        // Writes while the relay is awake, so it need not ring, and commits long after.
        writer.batch_execute(&hold).await.expect("a write");
        if *state.borrow() != State::Asleep {
            awake += 1;
            tokio::time::sleep(Duration::from_millis(700)).await;
            assert_ne!(*state.borrow(), State::Asleep, "it waits for the writer");
        }
        writer.batch_execute("commit").await.expect("a commit");
        socket.until("ticket_updated").await;
    }
    println!("{awake} of 6 writers began while it was awake");
    assert_eq!(stage.server.live.sleeps().2, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_on_one_database() {
    let stage = Stage::open("two").await;
    let other = stage.server.beside(&[]).await;
    let workflow = stage.workflow("ann", 20).await;
    let (_, key) = stage.key("ann").await;
    let mut mirrors = Vec::new();
    for url in [&stage.server.url, &other.url] {
        let mut socket = Socket::open(url, &key).await;
        socket.subscribe(&format!("workflow:{workflow}"), None).await;
        mirrors.push((socket, Mirror::default()));
    }
    for round in 0..40 {
        let (client, id) = (if round % 2 == 0 { &stage.server } else { &other }.bearer(&key), round % 20 + 1);
        let key = format!("TKT-{id}");
        let ticket = client.get(&format!("/api/tickets/{key}?workflow_id={workflow}")).await.ok();
        let ticket_id = ticket["ticket_id"].as_str().expect("an id");
        let body = serde_json::json!({"ticket_id": ticket_id, "comment_text": "From one of the two"});
        client.post("/api/tickets/comment", body).await.ok();
    }
    let board = stage.board(&workflow).await;
    for (socket, mirror) in &mut mirrors {
        while mirror.cursor.as_ref().is_none_or(|(_, seq)| *seq < board["seq"].as_i64().expect("a seq")) {
            let Some(Heard::Message(message)) = socket.within(Duration::from_secs(10)).await else { panic!("silence") };
            mirror.take(&message);
        }
        mirror.assert_equals(&board);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tail_too_long_is_left_to_the_members() {
    let stage = Stage::open("far").await;
    let workflow = stage.workflow("ann", 2).await;
    let small = stage.workflow("ann", 2).await;
    let mut socket = stage.socket("ann").await;
    for id in [&workflow, &small] {
        socket.subscribe(&format!("workflow:{id}"), None).await;
        socket.until("subscribed").await;
    }
    // One transaction of 10,500 events, a small one beside it, and one of 3,000 in pages.
    stage
        .sql
        .execute("insert into tickets (workflow_id, title, description) select $1, 'Of many', 'One of many' from generate_series(1, 10500)", &[&workflow])
        .await
        .expect("tickets");
    let fresh = socket.until("resync").await;
    assert_eq!(fresh["board"]["tickets"].as_array().map(Vec::len), Some(10_502));
    stage.run("update tickets set priority = 'low' where workflow_id = $1", &small).await;
    assert_eq!(socket.until("ticket_updated").await["workflow_id"], small.as_str());
    stage.run("update tickets set priority = 'high' where workflow_id = $1 and number <= 3000", &workflow).await;
    let mut last = fresh["seq"].as_i64().expect("a seq");
    let end = last + 3000;
    while last < end {
        let event = loop {
            let event = socket.until("ticket_updated").await;
            if event["workflow_id"] == workflow.as_str() {
                break event;
            }
        };
        assert_eq!(event["seq"], last + 1);
        last += 1;
    }
}
