//! The relay: idle mode, wake-ups, several servers, an oversized backlog, a dead peer.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use callboard::db::{Db, pool};
use callboard::domain::accounts::Caller;
use callboard::domain::history::Room;
use callboard::transport::live::client::Client;
use callboard::transport::live::dialects::Dialect;
use callboard::transport::live::relay::State;
use callboard::transport::live::{Live, Settings};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{UnixListener, UnixStream};

use super::board_replica::BoardReplica;
use super::fixtures::LiveFixture;
use super::socket::{Socket, SocketEvent};
use crate::harness;

async fn wait_until_idle(fixture: &LiveFixture) {
    let mut state = fixture.server.live.relay_state();
    let sleeping = state.wait_for(|state| *state == State::Asleep);
    tokio::time::timeout(Duration::from_secs(60), sleeping).await.expect("the relay becomes idle").expect("a state");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_writer_wakes_the_relay() {
    let fixture = LiveFixture::open("wakeups").await;
    let workflow = fixture.workflow("ann", 30).await;
    let mut socket = fixture.socket("ann").await;
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
        wait_until_idle(&fixture).await;
        let statement = writers[round % writers.len()].replace('W', &format!("'{workflow}'"));
        let written = Instant::now();
        fixture.sql.batch_execute(&statement).await.expect("a write");
        let event = socket.receive_within(Duration::from_secs(5)).await;
        assert!(matches!(event, Some(SocketEvent::Message(_))), "{statement}: {event:?}");
        slowest = slowest.max(written.elapsed());
        while socket.receive_within(Duration::from_millis(5)).await.is_some() {}
    }
    let (sleeps, notified, missed) = fixture.server.live.sleep_counts();
    println!("{sleeps} idle periods, {notified} wake-ups, {missed} missing, slowest {slowest:?}");
    assert_eq!(missed, 0, "every writer sent a wake-up");
    assert!(notified >= 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_relay_keeps_polling_during_open_transactions() {
    let fixture = LiveFixture::open("busy_writers").await;
    let workflow = fixture.workflow("ann", 2).await;
    let mut socket = fixture.socket("ann").await;
    socket.subscribe(&format!("workflow:{workflow}"), None).await;
    socket.until("subscribed").await;
    let state = fixture.server.live.relay_state();
    let mut polling = 0;
    let writer = harness::connect(&fixture.server.db.url).await;
    let hold = format!(
        "begin; update tickets set spent_minutes = spent_minutes + 1 where number = 1 and workflow_id = '{workflow}'"
    );
    for _ in 0..6 {
        // Enough writes to switch the relay to polling.
        let write = "update tickets set spent_minutes = spent_minutes + 1 where number = 2 and workflow_id = $1";
        for _ in 0..100 {
            fixture.run(write, &workflow).await;
            socket.until("ticket_updated").await;
            if *state.borrow() == State::Busy {
                break;
            }
        }
        // Writes while the relay polls, so it sends no wake-up, and commits much later.
        writer.batch_execute(&hold).await.expect("a write");
        if *state.borrow() != State::Asleep {
            polling += 1;
            tokio::time::sleep(Duration::from_millis(700)).await;
            assert_ne!(*state.borrow(), State::Asleep, "the relay waits for the writer");
        }
        writer.batch_execute("commit").await.expect("a commit");
        socket.until("ticket_updated").await;
    }
    println!("{polling} of 6 writers began while the relay was polling");
    assert_eq!(fixture.server.live.sleep_counts().2, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_share_one_database() {
    let fixture = LiveFixture::open("two").await;
    let other = fixture.server.second_server(&[]).await;
    let workflow = fixture.workflow("ann", 20).await;
    let (_, key) = fixture.key("ann").await;
    let mut replicas = Vec::new();
    for url in [&fixture.server.url, &other.url] {
        let mut socket = Socket::open(url, &key).await;
        socket.subscribe(&format!("workflow:{workflow}"), None).await;
        replicas.push((socket, BoardReplica::default()));
    }
    for round in 0..40 {
        let (client, id) = (if round % 2 == 0 { &fixture.server } else { &other }.bearer(&key), round % 20 + 1);
        let key = format!("TKT-{id}");
        let ticket = client.get(&format!("/api/tickets/{key}?workflow_id={workflow}")).await.ok();
        let ticket_id = ticket["ticket_id"].as_str().expect("an id");
        let body = serde_json::json!({"ticket_id": ticket_id, "comment_text": "From one of the two"});
        client.post("/api/tickets/comment", body).await.ok();
    }
    let board = fixture.board(&workflow).await;
    for (socket, board_replica) in &mut replicas {
        while board_replica.cursor.as_ref().is_none_or(|(_, seq)| *seq < board["seq"].as_i64().expect("a seq")) {
            let Some(SocketEvent::Message(message)) = socket.receive_within(Duration::from_secs(10)).await else {
                panic!("silence")
            };
            board_replica.apply(&message);
        }
        board_replica.assert_equals(&board);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_oversized_backlog_makes_clients_resync() {
    let fixture = LiveFixture::open("far").await;
    let workflow = fixture.workflow("ann", 2).await;
    let small = fixture.workflow("ann", 2).await;
    let mut socket = fixture.socket("ann").await;
    for id in [&workflow, &small] {
        socket.subscribe(&format!("workflow:{id}"), None).await;
        socket.until("subscribed").await;
    }
    // One transaction of 10,500 events, a small concurrent one, and one of 3,000 read in pages.
    fixture
        .sql
        .execute("insert into tickets (workflow_id, title, description) select $1, 'Of many', 'One of many' from generate_series(1, 10500)", &[&workflow])
        .await
        .expect("tickets");
    let fresh = socket.until("resync").await;
    assert_eq!(fresh["board"]["tickets"].as_array().map(Vec::len), Some(10_502));
    fixture.run("update tickets set priority = 'low' where workflow_id = $1", &small).await;
    assert_eq!(socket.until("ticket_updated").await["workflow_id"], small.as_str());
    fixture.run("update tickets set priority = 'high' where workflow_id = $1 and number <= 3000", &workflow).await;
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

/// Forwards bytes between unix sockets. Connections accepted before `frozen` stall without closing.
async fn proxy(
    listener: UnixListener,
    target: std::path::PathBuf,
    frozen: Arc<AtomicUsize>,
    accepted: Arc<AtomicUsize>,
) {
    loop {
        let (client, _) = listener.accept().await.expect("a connection");
        let number = accepted.fetch_add(1, Ordering::SeqCst);
        let server = UnixStream::connect(&target).await.expect("Postgres");
        let (client, server) = (client.into_split(), server.into_split());
        for (mut from, mut to) in [(client.0, server.1), (server.0, client.1)] {
            let frozen = frozen.clone();
            tokio::spawn(async move {
                let mut buffer = vec![0; 8192];
                while let Ok(count @ 1..) = from.read(&mut buffer).await {
                    while number < frozen.load(Ordering::SeqCst) {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    if to.write_all(&buffer[..count]).await.is_err() {
                        break;
                    }
                }
            });
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silently_dead_peer_is_detected() {
    let fixture = LiveFixture::open("halfopen").await;
    let workflow = fixture.workflow("ann", 2).await;
    let config: tokio_postgres::Config = fixture.server.db.url.parse().expect("a connection string");
    let tokio_postgres::config::Host::Unix(host) = &config.get_hosts()[0] else { panic!("a unix socket") };
    let target = host.join(format!(".s.PGSQL.{}", config.get_ports().first().unwrap_or(&5432)));
    let folder = tempfile::tempdir().expect("a folder");
    let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).expect("a socket");
    let (frozen, accepted) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    tokio::spawn(proxy(listener, target, frozen.clone(), accepted.clone()));
    let (user, name) = (config.get_user().expect("a user"), config.get_dbname().expect("a name"));
    let listen_url = format!("host={} port=5432 user={user} dbname={name}", folder.path().display());
    let db = Db::new(pool::pool(&fixture.server.db.url, 4, Duration::from_secs(30)).expect("a pool"));
    let live = Live::new(db, Settings { listen_url, buffer: 1 << 20, compress: true });
    let relay = tokio::spawn(callboard::transport::live::relay::run(live.clone()));
    harness::eventually("the relay catches up", async || live.ready().is_ok()).await;

    let client = Client::new(&live, Some(Caller::trusted("ann")), Dialect::Native, true);
    live.rooms.add(client.clone());
    let (member, _) = client.enter(Room::Workflow(workflow.clone()), None);
    live.catch_up(member, true);
    let mut caught_up = false;
    while !caught_up {
        let message = tokio::time::timeout(Duration::from_secs(10), client.queue.next()).await.expect("a message");
        caught_up = message.expect("an open client").message.text().contains(r#""type":"subscribed""#);
    }
    for _ in 0..3 {
        let before = accepted.load(Ordering::SeqCst);
        frozen.store(before, Ordering::SeqCst);
        let died = Instant::now();
        fixture
            .run(
                "update tickets set spent_minutes = spent_minutes + 1 where number = 1 and workflow_id = $1",
                &workflow,
            )
            .await;
        loop {
            let message = tokio::time::timeout(Duration::from_secs(10), client.queue.next()).await.expect("an event");
            if message.expect("an open client").message.text().contains("ticket_updated") {
                break;
            }
        }
        println!("event {:?} after its connection died", died.elapsed());
        assert!(died.elapsed() < Duration::from_secs(4), "{:?}", died.elapsed());
        assert!(accepted.load(Ordering::SeqCst) > before);
    }
    live.begin_stop();
    relay.await.expect("the relay ends");
}
