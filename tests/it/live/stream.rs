//! The stream property: for any writes by any writer, every client sees every sequence number of its stream
//! once and in order, however often it reconnects, and a snapshot plus the later events equals the
//! state.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::board_replica::BoardReplica;
use super::fixtures::LiveFixture;
use super::socket::{Socket, SocketEvent};
use super::writers;
use crate::harness;

const WRITERS: u64 = 8;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_sees_every_event_once_in_order() {
    property("stream", 8_000, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_sees_every_event_despite_listener_kills() {
    property("streamkilled", 20_000, true).await;
}

/// One client of one room: connects and disconnects at random until `head` is known and reached.
async fn follow(
    url: String,
    key: String,
    workflow: String,
    seed: u64,
    restless: bool,
    head: Arc<std::sync::atomic::AtomicI64>,
) -> BoardReplica {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut board_replica = BoardReplica::default();
    loop {
        let mut socket = Socket::open(&url, &key).await;
        let since = board_replica.cursor.clone();
        socket.subscribe(&format!("workflow:{workflow}"), since.as_ref().map(|(e, s)| (e.as_str(), *s))).await;
        let leave = Instant::now() + Duration::from_millis(if restless { random.u64(20..900) } else { 3_600_000 });
        loop {
            let done = head.load(Ordering::Relaxed);
            if done > 0 && board_replica.cursor.as_ref().is_some_and(|(_, seq)| *seq >= done) {
                return board_replica;
            }
            if Instant::now() > leave {
                break;
            }
            match socket.receive_within(Duration::from_millis(50)).await {
                Some(SocketEvent::Message(message)) => board_replica.apply(&message),
                Some(SocketEvent::Closed(code)) => panic!("closed with {code}"),
                None => {}
            }
        }
        drop(socket);
        tokio::time::sleep(Duration::from_millis(random.u64(..300))).await;
    }
}

async fn property(hint: &str, events: i64, kill: bool) {
    let fixture = LiveFixture::open(hint).await;
    let (_, key) = fixture.key("ann").await;
    let mut workflows = Vec::new();
    for _ in 0..4 {
        workflows.push(fixture.workflow("ann", 60).await);
    }
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let stop = Arc::new(AtomicBool::new(false));
    let heads: Vec<_> = workflows.iter().map(|_| Arc::new(std::sync::atomic::AtomicI64::new(0))).collect();
    let mut readers = Vec::new();
    for number in 0..8 {
        let place = number % workflows.len();
        let follow = follow(
            fixture.server.url.clone(),
            key.clone(),
            workflows[place].clone(),
            seed + number as u64,
            number >= 2,
            heads[place].clone(),
        );
        readers.push((place, tokio::spawn(follow)));
    }
    let began = Instant::now();
    let writers: Vec<_> = (0..WRITERS)
        .map(|n| tokio::spawn(writers::write(fixture.server.db.url.clone(), seed ^ n, workflows.clone(), stop.clone())))
        .collect();
    let killer = tokio::spawn({
        let (url, stop) = (fixture.server.db.url.clone(), stop.clone());
        async move {
            let mut killed = 0u64;
            while kill && !stop.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(200)).await;
                let client = harness::connect(&url).await;
                killed += client
                    .execute(
                        // Once it has read something, or has had the time to: a relay that is killed before each first read
                        // falls so far behind on a slow machine that a snapshot is the right answer.
                        "select pg_terminate_backend(pid) from pg_stat_activity
                          where application_name = 'callboard-relay' and datname = current_database()
                            and query like '%became visible since%' and (state = 'idle' or backend_start < now() - interval '1 second')",
                        &[],
                    )
                    .await
                    .expect("terminate");
            }
            killed
        }
    });
    loop {
        let row = fixture.sql.query_one("select sum(last_seq)::bigint from streams", &[]).await.expect("a sum");
        let written: i64 = row.get(0);
        if written >= events {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "only {written} events were written");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    stop.store(true, Ordering::Relaxed);
    let mut committed = 0;
    for writer in writers {
        committed += writer.await.expect("a writer");
    }
    let wrote = began.elapsed();
    for (workflow, head) in workflows.iter().zip(&heads) {
        head.store(fixture.head(workflow).await, Ordering::Relaxed);
    }
    let mut replicas = Vec::new();
    for (place, reader) in readers {
        let board_replica =
            tokio::time::timeout(Duration::from_secs(30), reader).await.expect("a reader ends").expect("a reader");
        replicas.push((place, board_replica));
    }
    println!(
        "{committed} transactions in {wrote:?}, {} events taken, caught up {:?} later, listener killed {} times",
        replicas.iter().map(|(_, board_replica)| board_replica.events).sum::<usize>(),
        began.elapsed() - wrote,
        killer.await.expect("the killer")
    );
    for (place, workflow) in workflows.iter().enumerate() {
        // The history has no gap and no duplicate. Findings may be recorded meanwhile.
        let last = heads[place].load(Ordering::Relaxed);
        let row = fixture
            .sql
            .query_one(
                "select count(*), count(distinct seq), max(seq) from history where workflow_id = $1 and seq <= $2",
                &[workflow, &last],
            )
            .await
            .expect("a count");
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, i64>(2)), (last, last, last));
        let board = fixture.board(workflow).await;
        for (_, board_replica) in replicas.iter().filter(|(p, _)| *p == place) {
            assert_eq!(board_replica.snapshots, 1, "no client got a snapshot instead of events");
            board_replica.assert_equals(&board);
        }
    }
}
