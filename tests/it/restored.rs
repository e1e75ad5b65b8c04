//! A data directory that was copied, or put back from a copy, starts a new epoch.

use std::path::Path;
use std::process::Command;

use callboard::db::embedded::{Embedded, Options};
use callboard::db::{migrate, restored};

use crate::harness;

/// Starts on the directory as a server does; returns the epoch, and whether the start found a copy.
async fn start(data: &Path) -> (String, bool) {
    let mut options = Options::new(harness::runtime_dir(), data);
    options.settings = vec![("fsync".into(), "off".into())];
    let postgres = Embedded::start(options).await.unwrap_or_else(|error| panic!("{error}"));
    migrate::run(postgres.url()).await.expect("migrate");
    let copied = restored::record_start(postgres.url(), data).await.expect("record the start");
    let client = harness::connect(postgres.url()).await;
    let epoch = client.query_one("select logic.epoch()", &[]).await.expect("the epoch").get(0);
    drop(client);
    postgres.stop().await;
    (epoch, copied)
}

#[tokio::test]
async fn a_dump_restored_beside_its_database_has_another_epoch() {
    let (one, other) = (harness::database("epoch").await, harness::database("epoch").await);
    let mut epochs = Vec::new();
    for db in [&one, &other] {
        let row = harness::connect(&db.url).await.query_one("select logic.epoch()", &[]).await;
        epochs.push(row.expect("the epoch").get::<_, String>(0));
    }
    assert_ne!(epochs[0], epochs[1]);
}

fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("run cp");
    assert!(done.success());
}

#[tokio::test]
async fn a_data_directory_that_was_put_back_starts_a_new_epoch() {
    let folder = tempfile::tempdir().expect("a folder");
    let (data, backup) = (folder.path().join("data"), folder.path().join("backup"));
    let (first, copied) = start(&data).await;
    assert!(!copied, "the first start");
    assert_eq!(start(&data).await, (first.clone(), false), "an ordinary restart");

    copy(&data, &backup);
    assert_eq!(start(&data).await, (first.clone(), false), "the original goes on");
    // The whole directory is put back.
    std::fs::remove_dir_all(&data).expect("remove");
    copy(&backup, &data);
    let (second, copied) = start(&data).await;
    assert!(copied && second != first, "{first} {second}");
    assert_eq!(start(&data).await, (second.clone(), false));

    // Only the folder of Postgres is put back.
    std::fs::remove_dir_all(data.join("postgres")).expect("remove");
    copy(&backup.join("postgres"), &data.join("postgres"));
    let (third, copied) = start(&data).await;
    assert!(copied, "{third}");

    // The mark is lost.
    std::fs::remove_file(data.join("callboard.start")).expect("remove");
    let (fourth, copied) = start(&data).await;
    assert!(copied && fourth != third, "{third} {fourth}");
}
