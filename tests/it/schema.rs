//! The schema after all migrations, as a snapshot for review. Migrating is safe concurrently, repeatedly
//! and under write load.

use std::process::Command;

use callboard::db::migrate;

use crate::harness;

#[tokio::test]
async fn the_schema_matches_the_reviewed_snapshot() {
    let db = harness::database("schema").await;
    let output = Command::new(harness::runtime_dir().join("postgres-18/bin/pg_dump"))
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
    // Versions and pg_dump's random tokens are not part of the schema.
    let dump: Vec<&str> = dump
        .lines()
        .filter(|line| {
            !line.starts_with("--") && !line.starts_with('\\') && !line.starts_with("SET ") && !line.is_empty()
        })
        .filter(|line| !line.contains("refinery_schema_history") && !line.contains("history_2"))
        .collect();
    // pg_dump orders by dependencies, including those on functions outside the dump.
    let dump = dump.join("\n");
    let mut statements: Vec<&str> = dump.split_inclusive(";\n").map(str::trim_end).collect();
    statements.sort_unstable();
    insta::assert_snapshot!("schema", statements.join("\n"));
}

#[tokio::test]
async fn five_nodes_that_start_at_once_all_succeed() {
    let db = harness::empty_database(18, "nodes").await;
    let nodes = (0..5).map(|_| migrate::run(&db.url));
    let outcomes: Vec<_> =
        futures_util::future::join_all(nodes).await.into_iter().map(|o| o.expect("migrate")).collect();
    assert_eq!(outcomes.iter().filter(|o| !o.applied.is_empty()).count(), 1, "one applies");
    assert_eq!(outcomes.iter().filter(|o| o.rebuilt).count(), 1, "one rebuilds");
    let again = migrate::run(&db.url).await.expect("migrate again");
    assert!(again.applied.is_empty() && !again.rebuilt, "a rerun changes nothing");
}

/// No write happens while a table lacks its triggers: every change during a rebuild is in the history.
#[tokio::test]
async fn a_rebuild_loses_no_history() {
    let db = harness::database("rebuild").await;
    let setup = harness::connect(&db.url).await;
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
    let job: String = setup
        .query_one("select logic.create_job('u', $1, $2) ->> 'id'", &[&workflow, &ticket])
        .await
        .expect("a job")
        .get(0);
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let mut writers = Vec::new();
    let of_tickets = "update tickets set spent_minutes = spent_minutes + 1 where id = $1";
    let of_jobs = "update jobs set priority = case priority when 'low' then 'high' else 'low' end where id = $1";
    for (statement, id) in [(of_tickets, &ticket), (of_tickets, &ticket), (of_jobs, &job), (of_jobs, &job)] {
        let (url, id, stop) = (db.url.clone(), id.clone(), stop.clone());
        writers.push(tokio::spawn(async move {
            let client = harness::connect(&url).await;
            let mut acknowledged = 0_i64;
            while !stop.load(std::sync::atomic::Ordering::Relaxed) {
                match client.execute(statement, &[&id]).await {
                    Ok(_) => acknowledged += 1,
                    // A rebuild and a writer may deadlock; the victim's transaction changed nothing.
                    Err(error) => assert_eq!(error.code().map(|c| c.code()), Some("40P01"), "{error:?}"),
                }
            }
            (statement, acknowledged)
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
    let (mut tickets, mut jobs) = (0, 0);
    for writer in writers {
        let (statement, acknowledged) = writer.await.expect("a writer");
        *(if statement == of_tickets { &mut tickets } else { &mut jobs }) += acknowledged;
    }
    let recorded = setup
        .query_one(
            "select count(*) filter (where field_name = 'spent_minutes'),
                    count(*) filter (where change_type = 'job_updated' and stream_id like 'job:%') from history",
            &[],
        )
        .await
        .expect("count");
    let spent: i64 = setup.query_one("select spent_minutes from tickets", &[]).await.expect("read").get(0);
    assert!(tickets > 0 && jobs > 0, "writers made progress between rebuilds");
    assert_eq!((recorded.get(0), spent, recorded.get(1)), (tickets, tickets, jobs));
}

/// A rebuild locks every table with a trigger before it drops anything, so that no list has to be kept.
#[tokio::test]
async fn a_rebuild_locks_all_tables_with_triggers_first() {
    let db = harness::database("rebuild_locks").await;
    let watch = harness::connect(&db.url).await;
    let names = watch
        .query("select distinct tgrelid::regclass::text from pg_trigger where not tgisinternal", &[])
        .await
        .expect("the triggers");
    assert!(names.len() > 11, "tables with triggers: {}", names.len());
    // One writer on each table.
    let mut writers = std::collections::BTreeMap::new();
    for row in names {
        let (name, writer) = (row.get::<_, String>(0), harness::connect(&db.url).await);
        writer.batch_execute(&format!("begin; lock table {name} in row exclusive mode")).await.expect("a writer");
        writers.insert(name, writer);
    }
    watch.execute("update logic_fingerprint set fingerprint = 'old'", &[]).await.expect("age it");
    let url = db.url.clone();
    let rebuild = tokio::spawn(async move { migrate::run(&url).await });
    // The table that the rebuild waits for, and whether it has dropped anything by then.
    let waiting = "select w.relation::regclass::text, exists (
                       select from pg_locks d where d.pid = w.pid and d.locktype = 'object'
                          and d.classid = 'pg_namespace'::regclass and d.objid = 'logic'::regnamespace)
                     from pg_locks w join pg_stat_activity a on a.pid = w.pid and a.application_name = 'callboard-migrate'
                    where not w.granted and w.locktype = 'relation' and a.datname = current_database()";
    while !writers.is_empty() && !rebuild.is_finished() {
        if let Some(row) = watch.query_opt(waiting, &[]).await.expect("the locks") {
            let name: String = row.get(0);
            assert!(!row.get::<_, bool>(1), "the rebuild dropped an object before locking {name}");
            if let Some(writer) = writers.remove(&name) {
                writer.batch_execute("commit").await.expect("commit");
            }
        }
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    assert!(writers.is_empty(), "the rebuild did not lock {:?}", writers.keys());
    assert!(rebuild.await.expect("a task").expect("rebuild").rebuilt);
}

/// Expand and contract: a binary runs on a newer schema that allows it, and changes nothing there.
#[tokio::test]
async fn an_older_binary_runs_on_a_compatible_newer_schema() {
    let db = harness::database("newer").await;
    let client = harness::connect(&db.url).await;
    client
        .batch_execute(
            "insert into refinery_schema_history (version, name, applied_on, checksum) values (999, 'later', '', '1');
             update logic_fingerprint set fingerprint = 'newer'",
        )
        .await
        .expect("a newer schema");
    let outcome = migrate::run(&db.url).await.expect("a compatible schema");
    assert_eq!((outcome.newer_schema, outcome.rebuilt, outcome.applied.len()), (Some(999), false, 0));
    let fingerprint: String =
        client.query_one("select fingerprint from logic_fingerprint", &[]).await.expect("a row").get(0);
    assert_eq!(fingerprint, "newer", "the functions of newer servers stay");

    client.batch_execute("update schema_compatibility set oldest = 998").await.expect("a contract step");
    let refused = migrate::run(&db.url).await.expect_err("an incompatible schema").to_string();
    for part in ["schema V999", "V998 or newer", "install the newer version", "backup"] {
        assert!(refused.contains(part), "{part} is missing: {refused}");
    }

    // The same schema, built by a newer version.
    client
        .batch_execute(
            "delete from refinery_schema_history where version = 999;
             update logic_fingerprint set version = '99.0.0'",
        )
        .await
        .expect("the same schema");
    assert!(!migrate::run(&db.url).await.expect("migrate").rebuilt, "an older version does not rebuild");
    client.batch_execute("update logic_fingerprint set version = null").await.expect("an unknown version");
    assert!(migrate::run(&db.url).await.expect("migrate").rebuilt);
}
