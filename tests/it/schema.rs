//! The schema that migrations lead to, as a file that shows every change of it in review; and that
//! migrating is safe to do at once, again, and under writers.

use std::process::Command;

use callboard::db::migrate;

use crate::house;

#[tokio::test]
async fn the_schema_is_the_one_in_review() {
    let db = house::database("schema").await;
    let output = Command::new(house::runtime_dir().join("postgres-18/bin/pg_dump"))
        .args([
            "--schema-only",
            "--no-owner",
            "--no-privileges",
            "--schema=public",
            "--exclude-table=history_2*",
            "-d",
            &db.url,
        ])
        .output()
        .expect("run pg_dump");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let dump = String::from_utf8(output.stdout).expect("UTF-8");
    // Versions and pg_dump's random marks are no part of the schema.
    let dump: Vec<&str> = dump
        .lines()
        .filter(|line| {
            !line.starts_with("--") && !line.starts_with('\\') && !line.starts_with("SET ") && !line.is_empty()
        })
        .filter(|line| !line.contains("refinery_schema_history") && !line.contains("history_2"))
        .collect();
    // pg_dump's order follows dependencies, also those of functions outside the dump.
    let dump = dump.join("\n");
    let mut statements: Vec<&str> = dump.split_inclusive(";\n").map(str::trim_end).collect();
    statements.sort_unstable();
    insta::assert_snapshot!("schema", statements.join("\n"));
}

#[tokio::test]
async fn five_nodes_that_start_at_once_all_succeed() {
    let db = house::empty_database(18, "nodes").await;
    let nodes = (0..5).map(|_| migrate::run(&db.url));
    let outcomes: Vec<_> =
        futures_util::future::join_all(nodes).await.into_iter().map(|o| o.expect("migrate")).collect();
    assert_eq!(outcomes.iter().filter(|o| !o.applied.is_empty()).count(), 1, "one applies");
    assert_eq!(outcomes.iter().filter(|o| o.rebuilt).count(), 1, "one rebuilds");
    let again = migrate::run(&db.url).await.expect("migrate again");
    assert!(again.applied.is_empty() && !again.rebuilt, "a rerun changes nothing");
}

/// Writers never meet a table without its triggers: every change made during rebuilds is in history.
#[tokio::test]
async fn a_rebuild_loses_no_history() {
    let db = house::database("rebuild").await;
    let setup = house::connect(&db.url).await;
    setup.batch_execute("insert into actors (id, kind, name) values ('u', 'user', 'U')").await.expect("an actor");
    let workflow: String =
        setup.query_one("select logic.create_workflow('u', 'W') ->> 'id'", &[]).await.expect("a workflow").get(0);
    let ticket: String = setup
        .query_one(
            "select logic.create_ticket('u', $1, 'A ticket', 'With a description') ->> 'ticket_id'",
            &[&workflow],
        )
        .await
        .expect("a ticket")
        .get(0);
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut writers = Vec::new();
    for _ in 0..4 {
        let (url, ticket, stop) = (db.url.clone(), ticket.clone(), stop.clone());
        writers.push(tokio::spawn(async move {
            let client = house::connect(&url).await;
            let mut acknowledged = 0_i64;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                let outcome = client
                    .execute("update tickets set spent_minutes = spent_minutes + 1 where id = $1", &[&ticket])
                    .await;
                match outcome {
                    Ok(_) => acknowledged += 1,
                    // A rebuild and a writer may deadlock; one of them is told, and nothing was changed.
                    Err(error) => assert_eq!(error.code().map(|c| c.code()), Some("40P01"), "{error:?}"),
                }
            }
            acknowledged
        }));
    }
    for round in 0..6 {
        setup
            .execute("update logic_fingerprint set fingerprint = $1", &[&format!("old {round}")])
            .await
            .expect("age it");
        assert!(migrate::run(&db.url).await.expect("rebuild").rebuilt);
    }
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    let mut acknowledged = 0;
    for writer in writers {
        acknowledged += writer.await.expect("a writer");
    }
    let recorded: i64 = setup
        .query_one("select count(*) from history where field_name = 'spent_minutes'", &[])
        .await
        .expect("count")
        .get(0);
    let spent: i64 = setup.query_one("select spent_minutes from tickets", &[]).await.expect("read").get(0);
    assert!(acknowledged > 0, "writers got through between rebuilds");
    assert_eq!((recorded, spent), (acknowledged, acknowledged));
}
