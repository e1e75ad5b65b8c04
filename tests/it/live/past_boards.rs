//! Boards of the past: whatever was written by whom, replaying history gives the board as it was.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};

use super::board_replica::{cards, normal};
use super::fixtures::LiveFixture;
use super::writers;
use crate::client::Client;
use crate::harness::eventually;

/// A board as it was read while others wrote, and the time of the last event that it contains.
struct Sample {
    time: String,
    board: Value,
}

async fn sample(fixture: &LiveFixture, workflow: &str) -> Sample {
    let statement = "select b.body, to_jsonb(h.changed_at) #>> '{}'
          from logic.board_snapshot('ann', $1) b
          join history h on h.stream_id = 'workflow:' || $1 and h.seq = b.seq";
    let row = fixture.sql.query_one(statement, &[&workflow]).await.expect("a board and its last event");
    Sample { time: row.get(1), board: serde_json::from_str(row.get(0)).expect("JSON") }
}

async fn board_at(client: &Client, workflow: &str, time: &str) -> Value {
    let time = time.replace('+', "%2B");
    client.get(&format!("/api/board/{workflow}?at={time}")).await.ok()
}

fn assert_same(past: &Value, sample: &Sample) {
    let all = |board: &Value| {
        cards(board).into_iter().map(|(id, card)| (id, normal(&card))).collect::<BTreeMap<String, Value>>()
    };
    assert_eq!((&past["epoch"], &past["seq"]), (&sample.board["epoch"], &sample.board["seq"]));
    assert_eq!(past["board_config"], sample.board["board_config"], "at {}", sample.time);
    let plans =
        |board: &Value| board["milestones"].as_array().expect("milestones").iter().map(normal).collect::<Vec<_>>();
    assert_eq!(plans(past), plans(&sample.board), "at {}", sample.time);
    let (past, then) = (all(past), all(&sample.board));
    assert_eq!(past.keys().collect::<Vec<_>>(), then.keys().collect::<Vec<_>>(), "at {}", sample.time);
    for (id, card) in &then {
        assert_eq!(&past[id], card, "the card of {id} at {}", sample.time);
    }
}

/// Adds a column to the board, or removes it.
async fn change_board(fixture: &LiveFixture, workflow: &str, added: bool) {
    let statement = if added {
        "select logic.set_board('ann', $1, jsonb_set(c, '{columns}', (c -> 'columns') || jsonb_build_array(
             '{\"id\": \"later\", \"name\": \"Later\", \"category\": \"todo\"}'::jsonb))) from logic.board_config($1) c"
    } else {
        "select logic.set_board('ann', $1, jsonb_set(c, '{columns}', (c -> 'columns') - (jsonb_array_length(c -> 'columns') - 1)))
           from logic.board_config($1) c"
    };
    fixture.run(statement, workflow).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replaying_history_gives_every_board_of_the_past() {
    let fixture = LiveFixture::open("pastboards").await;
    let (_, key) = fixture.key("ann").await;
    let ann = fixture.server.bearer(&key);
    let workflow = fixture.workflow("ann", 60).await;
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let stop = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|n| {
            let (url, workflows) = (fixture.server.db.url.clone(), vec![workflow.clone()]);
            tokio::spawn(writers::write(url, seed ^ n, workflows, stop.clone()))
        })
        .collect();
    let mut samples = vec![sample(&fixture, &workflow).await];
    for round in 0..12 {
        if round % 4 == 1 {
            change_board(&fixture, &workflow, round % 8 == 1).await;
        }
        let reached = samples.last().map_or(0, |last| last.board["seq"].as_i64().expect("a seq")) + 150;
        eventually("150 more events", async || fixture.head(&workflow).await >= reached).await;
        samples.push(sample(&fixture, &workflow).await);
    }
    stop.store(true, Ordering::Relaxed);
    for writer in writers {
        writer.await.expect("a writer");
    }
    samples.push(sample(&fixture, &workflow).await);
    for sample in &samples {
        assert_same(&board_at(&ann, &workflow, &sample.time).await, sample);
    }

    // Half of the history becomes older than is kept.
    let middle = &samples[samples.len() / 2];
    fixture
        .sql
        .batch_execute(&format!(
            "create table history_2020_01 partition of history for values from ('2020-01-01') to ('2020-02-01');
             update history set changed_at = '2020-01-10'::timestamptz + (changed_at - '{}') where seq <= {} and stream_id = 'workflow:{workflow}';
             select logic.prune_history(1)",
            middle.time, middle.board["seq"]
        ))
        .await
        .expect("pruned history");
    for sample in &samples[samples.len() / 2 + 1..] {
        assert_same(&board_at(&ann, &workflow, &sample.time).await, sample);
    }
    let early = format!("/api/board/{workflow}?at={}", samples[1].time.replace('+', "%2B"));
    assert_eq!(ann.get(&early).await.expect(422)["errors"][0]["field"], "at");
}

#[tokio::test]
async fn two_moments_of_a_board_are_compared() {
    let fixture = LiveFixture::open("boardchanges").await;
    let (_, key) = fixture.key("ann").await;
    let ann = fixture.server.bearer(&key);
    let workflow = fixture.workflow("ann", 4).await;
    let before = sample(&fixture, &workflow).await.time;
    for change in [
        "update tickets set status = 'in_progress', title = 'Another title' where number = 1 and workflow_id = $1",
        "update tickets set deleted_at = now() where number = 2 and workflow_id = $1",
        "update tickets set priority = 'low' where number = 3 and workflow_id = $1",
        "insert into tickets (workflow_id, title, description) values ($1, 'A new one', 'Made later')",
    ] {
        fixture.run(change, &workflow).await;
    }
    let after = sample(&fixture, &workflow).await.time;
    fixture.run("update tickets set priority = 'medium' where number = 3 and workflow_id = $1", &workflow).await;

    let path = format!("/api/board/{workflow}/changes");
    let between =
        |from: &str, to: &str| format!("{path}?from={}&to={}", from.replace('+', "%2B"), to.replace('+', "%2B"));
    let changes = ann.get(&between(&before, &after)).await.ok();
    let found: Vec<_> =
        changes["tickets"].as_array().expect("tickets").iter().map(|t| json!([t["key"], t["change"]])).collect();
    assert_eq!(
        json!(found),
        json!([["TKT-1", "changed"], ["TKT-2", "removed"], ["TKT-3", "changed"], ["TKT-5", "added"]])
    );
    let first = &changes["tickets"][0];
    assert_eq!(first["title"], "Another title");
    assert_eq!(first["fields"]["status"], json!({"old_value": "backlog", "new_value": "in_progress"}));
    assert_eq!(first["fields"]["title"], json!({"old_value": "Ticket number 1", "new_value": "Another title"}));
    assert_eq!((&changes["from"]["seq"], &changes["has_more"]), (&json!(5), &json!(false)));
    // Until now, the priority is what it was.
    let until_now = ann.get(&format!("{path}?from={}", before.replace('+', "%2B"))).await.ok();
    let keys: Vec<_> = until_now["tickets"].as_array().expect("tickets").iter().map(|t| t["key"].clone()).collect();
    assert_eq!(json!(keys), json!(["TKT-1", "TKT-2", "TKT-5"]));

    // Analysts read the same.
    let counts = "select (select count(*) from reporting.board_at($1, $2::text::timestamptz)),
                         (select count(distinct key) from reporting.board_diff($1, $2::text::timestamptz, $3::text::timestamptz))";
    fixture.sql.batch_execute("set role callboard_reporting").await.expect("the role of analysts");
    let row = fixture.sql.query_one(counts, &[&workflow, &before, &after]).await.expect("the reports");
    fixture.sql.batch_execute("reset role").await.expect("the owner's role");
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (4, 4));

    let board = format!("/api/board/{workflow}");
    for (path, field) in [
        (format!("{board}?at=2999-01-01T00:00:00Z"), "at"),
        (format!("{board}?at=2001-01-01T00:00:00Z"), "at"),
        (format!("{board}?at=yesterday"), "at"),
        (format!("{board}?when=2026-01-01T00:00:00Z"), "when"),
        (path.clone(), "from"),
        (between(&after, &before), "from"),
        (between("2001-01-01T00:00:00Z", &after), "from"),
        (between(&before, "2999-01-01T00:00:00Z"), "to"),
    ] {
        assert_eq!(ann.get(&path).await.expect(422)["errors"][0]["field"], field, "{path}");
    }
    let (_, key) = fixture.key("bob").await;
    let bob = fixture.server.bearer(&key);
    for path in [format!("{board}?at={}", after.replace('+', "%2B")), between(&before, &after)] {
        assert_eq!(bob.get(&path).await.status, 404, "{path}");
    }
}
