//! The property of the stream: whatever is written by whomever, every client sees every number of its
//! stream once and in order, however often it comes and goes; and a snapshot with the events after it is
//! the state.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::fixtures::Stage;
use super::mirror::Mirror;
use super::socket::{Heard, Socket};
use super::writers;
use crate::harness;

const WRITERS: u64 = 8;
const EVENTS: i64 = 20_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_client_sees_every_event_once_in_order() {
    property("stream", false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn also_while_the_listener_is_killed_again_and_again() {
    property("streamkilled", true).await;
}

/// One client of one room: comes and goes as chance has it, until `head` is known and reached.
async fn follow(
    url: String,
    key: String,
    workflow: String,
    seed: u64,
    restless: bool,
    head: Arc<std::sync::atomic::AtomicI64>,
) -> Mirror {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut mirror = Mirror::default();
    loop {
        let mut socket = Socket::open(&url, &key).await;
        let since = mirror.cursor.clone();
        socket.subscribe(&format!("workflow:{workflow}"), since.as_ref().map(|(e, s)| (e.as_str(), *s))).await;
        let leave = Instant::now() + Duration::from_millis(if restless { random.u64(20..900) } else { 3_600_000 });
        loop {
            let done = head.load(Ordering::Relaxed);
            if done > 0 && mirror.cursor.as_ref().is_some_and(|(_, seq)| *seq >= done) {
                return mirror;
            }
            if Instant::now() > leave {
                break;
            }
            match socket.within(Duration::from_millis(50)).await {
                Some(Heard::Message(message)) => mirror.take(&message),
                Some(Heard::Closed(code)) => panic!("closed with {code}"),
                None => {}
            }
        }
        drop(socket);
        tokio::time::sleep(Duration::from_millis(random.u64(..300))).await;
    }
}

async fn property(hint: &str, kill: bool) {
    let stage = Stage::open(hint).await;
    let (_, key) = stage.key("ann").await;
    let mut workflows = Vec::new();
    for _ in 0..4 {
        workflows.push(stage.workflow("ann", 60).await);
    }
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let stop = Arc::new(AtomicBool::new(false));
    let heads: Vec<_> = workflows.iter().map(|_| Arc::new(std::sync::atomic::AtomicI64::new(0))).collect();
    let mut readers = Vec::new();
    for number in 0..8 {
        let place = number % workflows.len();
        let follow = follow(
            stage.server.url.clone(),
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
        .map(|n| tokio::spawn(writers::write(stage.server.db.url.clone(), seed ^ n, workflows.clone(), stop.clone())))
        .collect();
    let killer = tokio::spawn({
        let (url, stop) = (stage.server.db.url.clone(), stop.clone());
        async move {
            let mut killed = 0u64;
            while kill && !stop.load(Ordering::Relaxed) {
                tokio::time::sleep(Duration::from_millis(200)).await;
                let client = harness::connect(&url).await;
                killed += client
                    .execute(
                        "select pg_terminate_backend(pid) from pg_stat_activity
                          where application_name = 'callboard-relay' and datname = current_database()",
                        &[],
                    )
                    .await
                    .expect("terminate");
            }
            killed
        }
    });
    loop {
        let row = stage.sql.query_one("select sum(last_seq)::bigint from streams", &[]).await.expect("a sum");
        let written: i64 = row.get(0);
        if written >= EVENTS {
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
        head.store(stage.head(workflow).await, Ordering::Relaxed);
    }
    let mut mirrors = Vec::new();
    for (place, reader) in readers {
        let mirror =
            tokio::time::timeout(Duration::from_secs(30), reader).await.expect("a reader ends").expect("a reader");
        mirrors.push((place, mirror));
    }
    println!(
        "{committed} transactions in {wrote:?}, {} events taken, caught up {:?} later, listener killed {} times",
        mirrors.iter().map(|(_, mirror)| mirror.events).sum::<usize>(),
        began.elapsed() - wrote,
        killer.await.expect("the killer")
    );
    for (place, workflow) in workflows.iter().enumerate() {
        // History itself: no gap, no repeat.
        let row = stage
            .sql
            .query_one(
                "select count(*), count(distinct seq), max(seq) from history where workflow_id = $1",
                &[workflow],
            )
            .await
            .expect("a count");
        let last = heads[place].load(Ordering::Relaxed);
        assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1), row.get::<_, i64>(2)), (last, last, last));
        let board = stage.board(workflow).await;
        for (_, mirror) in mirrors.iter().filter(|(p, _)| *p == place) {
            assert_eq!(mirror.snapshots, 1, "no client was sent a board in place of events");
            mirror.assert_equals(&board);
        }
    }
}
