//! Exports and imports that were killed go on.

use std::process::{Command, Stdio};

use super::{Source, command, counts, export, import, text};
use crate::harness::{self, eventually};

#[tokio::test]
async fn an_interrupted_export_goes_on_where_it_was() {
    let source = Source::open("archive_resume").await;
    source.add_events(17_000).await;
    let whole = source.archive("whole");
    let partial = source.path("out.partial");
    for part in [0, 1, 40, whole.len() / 4, whole.len() / 2, whole.len() * 3 / 4, whole.len() - 5, whole.len()] {
        std::fs::write(&partial, &whole[..part]).expect("write");
        let said = export(&source.db, &["--workflow", &source.workflow], &source.path("out"));
        assert!(std::fs::read(source.path("out")).expect("a file") == whole, "after {part} bytes: {said}");
        assert_eq!(said.contains("Going on"), part >= whole.len() / 2, "after {part} bytes: {said}");
        assert!(!partial.exists());
    }
    // What was appended since is in it, what was written is not read again.
    std::fs::write(&partial, &whole[..whole.len() * 3 / 4]).expect("write");
    source.add_events(40).await;
    let said = export(&source.db, &["--workflow", &source.workflow], &source.path("grown"));
    assert!(!said.contains("Going on"), "another file: {said}");
    let said = export(&source.db, &["--workflow", &source.workflow], &source.path("out"));
    assert!(said.contains("Going on"), "{said}");
    assert_eq!(
        std::fs::read(source.path("out")).expect("a file"),
        std::fs::read(source.path("grown")).expect("a file")
    );
    // A changed or foreign file is not gone on with.
    let mut changed = whole.clone();
    changed[whole.len() / 2] ^= 1;
    for left in [changed, b"something else".to_vec()] {
        std::fs::write(&partial, left).expect("write");
        export(&source.db, &["--workflow", &source.workflow], &source.path("out"));
        assert_eq!(
            std::fs::read(source.path("out")).expect("a file"),
            std::fs::read(source.path("grown")).expect("a file")
        );
    }
}

/// Workflows that are complete stay as they are, because each is a snapshot of its own.
#[tokio::test]
async fn complete_workflows_of_an_interrupted_export_stay() {
    let source = Source::open("archive_resume_all").await;
    source.client.batch_execute("select logic.create_workflow(pg_temp.ann(), 'Second')").await.expect("a workflow");
    export(&source.db, &["--all"], &source.path("whole"));
    let whole = std::fs::read(source.path("whole")).expect("a file");
    std::fs::write(source.path("out.partial"), &whole[..whole.len() - 400]).expect("write");
    source.client.execute("update tickets set title = 'A later title' where number = 1", &[]).await.expect("a change");
    let said = export(&source.db, &["--all"], &source.path("out"));
    assert!(said.contains("Going on"), "{said}");
    let workflow = |bytes: &[u8]| -> Vec<_> {
        super::read(bytes)
            .into_iter()
            .filter(|(workflow, _, _)| workflow.as_deref() == Some(&source.workflow))
            .collect()
    };
    assert_eq!(workflow(&std::fs::read(source.path("out")).expect("a file")), workflow(&whole));
    let target = harness::database("archive_resume_all_target").await;
    assert!(import(&target, &source.path("out")).ok);
}

#[tokio::test]
async fn a_killed_export_leaves_a_file_that_goes_on() {
    let source = Source::open("archive_killed").await;
    source.add_events(30_000).await;
    let whole = source.archive("whole");
    let out = source.path("out");
    let mut child = Command::new(env!("CARGO_BIN_EXE_callboard"))
        .args(["export", "archive", "--workflow", &source.workflow, "--output", out.to_str().expect("a path")])
        .env_remove("CALLBOARD_CONFIG")
        .env("DATABASE_URL", &source.db.url)
        .stderr(Stdio::null())
        .spawn()
        .expect("start callboard");
    let partial = source.path("out.partial");
    eventually("something is written", async || {
        std::fs::metadata(&partial).is_ok_and(|about| about.len() > 1000) || out.exists()
    })
    .await;
    let _ = child.kill();
    child.wait().expect("killed");
    export(&source.db, &["--workflow", &source.workflow], &out);
    assert!(std::fs::read(&out).expect("a file") == whole);
}

#[tokio::test]
async fn a_killed_import_leaves_nothing_and_goes_on() {
    let source = Source::open("archive_import_killed").await;
    source.add_events(12_000).await;
    let first = source.archive("first");
    let target = harness::database("archive_import_killed_target").await;
    let client = harness::connect(&target.url).await;
    let before = counts(&client).await;
    // The import comes as far as its last transaction.
    client
        .batch_execute("begin; select pg_advisory_xact_lock(logic.lock_key('archive import'))")
        .await
        .expect("a lock");
    let mut child = Command::new(env!("CARGO_BIN_EXE_callboard"))
        .args(["import", "archive", source.path("first").to_str().expect("a path")])
        .env_remove("CALLBOARD_CONFIG")
        .env("DATABASE_URL", &target.url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("start callboard");
    let watcher = harness::connect(&target.url).await;
    eventually("the import waits", async || {
        text(&watcher, "select count(*) from pg_locks where locktype = 'advisory' and not granted and database = (select oid from pg_database where datname = current_database())").await == "1"
    })
    .await;
    let _ = child.kill();
    child.wait().expect("killed");
    client.batch_execute("rollback").await.expect("release");
    eventually("its connection is gone", async || {
        text(&watcher, "select count(*) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())").await == "0"
    })
    .await;
    // Only the service of the command line is new, and the chunks that wait.
    let actors = "select count(*) from actors where id <> 'callboard'";
    assert_eq!(text(&watcher, actors).await, "0");
    // Without actors, and security events, which tell that the service was made.
    let rest = |counts: &str| counts.split(' ').skip(1).take(13).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(rest(&before), rest(&counts(&watcher).await));
    let chunks = text(&watcher, "select count(*) from archive_chunks").await;
    assert!(chunks.parse::<u64>().is_ok_and(|count| count > 10), "{chunks}");
    // Some have not arrived; those that have are not sent again.
    watcher.batch_execute("delete from archive_chunks where place > 2").await.expect("fewer");
    let kept = text(&watcher, "select string_agg(xmin::text, ' ' order by place) from archive_chunks").await;
    client
        .batch_execute("begin; select pg_advisory_xact_lock(logic.lock_key('archive import'))")
        .await
        .expect("a lock");
    let (target_url, file) = (target.url.clone(), source.path("first"));
    let again = tokio::task::spawn_blocking(move || {
        crate::cli::run(&target_url, "", &["import", "archive", file.to_str().expect("a path")])
    });
    eventually("all have arrived", async || text(&watcher, "select count(*) from archive_chunks").await == chunks)
        .await;
    let still = "select string_agg(xmin::text, ' ' order by place) from archive_chunks where place <= 2";
    assert_eq!(text(&watcher, still).await, kept);
    client.batch_execute("rollback").await.expect("release");
    let again = again.await.expect("ran");
    assert!(again.ok, "{}", again.err);
    export(&target, &["--workflow", "Work"], &source.path("second"));
    assert!(std::fs::read(source.path("second")).expect("a file") == first);
}

#[tokio::test]
async fn two_exports_to_one_file_do_not_mix() {
    let source = Source::open("archive_two").await;
    let file = std::fs::File::create(source.path("out.partial")).expect("a file");
    file.lock().expect("a lock");
    let out = source.path("out");
    let arguments = ["export", "archive", "--workflow", &source.workflow, "--output", out.to_str().expect("a path")];
    command(&source.db, &arguments).refuses("Another export is writing");
    drop(file);
    assert!(command(&source.db, &arguments).ok);
}
