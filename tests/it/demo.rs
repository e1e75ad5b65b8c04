//! The demo against a real server: its agents use the API, and a restart continues with the same board.

use callboard::db::{Db, pool};
use callboard::tools::demo;
use tokio::sync::oneshot;

use crate::{client, harness};

#[tokio::test]
async fn demo_agents_use_the_api_and_resume_after_a_restart() {
    let server = client::server("demo").await;
    let db = Db::new(pool::pool(&server.db.url, 4, std::time::Duration::from_secs(30)).expect("a pool"));
    let behind = harness::connect(&server.db.url).await;
    let count = async |sql: &str| -> i64 { behind.query_one(sql, &[]).await.expect(sql).get(0) };
    let run = || {
        let (stop, stopped) = oneshot::channel::<()>();
        let (url, db) = (server.url.clone(), db.clone());
        let running = tokio::spawn(async move { demo::run(&url, &db, async { drop(stopped.await) }).await });
        (stop, running)
    };

    let (stop, running) = run();
    harness::eventually("the first tickets", async || count("select count(*) from tickets").await >= 32).await;
    let seeded = count("select max(seq) from history").await;
    // Each of the four agents has changed a ticket since.
    let at_work = format!(
        "select count(distinct actor_id) from history where seq > {seeded} and actor_id in ('demo/ada', 'demo/brook', 'demo/cass', 'demo/dot')"
    );
    harness::eventually("four agents at work", async || count(&at_work).await == 4).await;
    let telling = "select count(distinct kind) from job_messages where agent_id in ('demo/echo', 'demo/finch')";
    harness::eventually("workers claim jobs and report progress", async || count(telling).await == 3).await;
    drop(stop);
    running.await.expect("the demo ends").expect("in order");

    let tickets = count("select count(*) from tickets").await;
    let before = count("select max(seq) from history").await;
    let (stop, running) = run();
    harness::eventually("work continues", async || count("select max(seq) from history").await >= before + 3).await;
    drop(stop);
    running.await.expect("the demo ends").expect("in order");
    assert_eq!(count("select count(*) from workflows").await, 1);
    assert!(count("select count(*) from tickets").await <= tickets + 3, "the data was not generated twice");
    let gaps = "select count(*) from streams s where s.last_seq <> (select count(*) from history h where h.stream_id = s.stream_id)";
    assert_eq!(count(gaps).await, 0);
    let by_key = "select count(*) from api_keys where actor_id like 'demo/%' and last_used_at is not null";
    assert!(count(by_key).await >= 4, "the agents used their keys");
}
