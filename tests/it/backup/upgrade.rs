//! Moving to a newer major version of Postgres.

use callboard::db::embedded::Embedded;
use callboard::db::migrate;
use serde_json::Value;
use std::path::Path;

use super::{Writers, contents, folder, kill_when, options, prepare, refusal, start, succeed, wait_for_tickets};
use crate::harness;

#[tokio::test]
async fn an_older_postgres_is_upgraded_by_one_command_and_kept() {
    let folder = folder();
    let data = folder.path().join("data");
    let mut old = options(&data);
    old.major = 16;
    let postgres = Embedded::start(old.clone()).await.unwrap_or_else(|error| panic!("{error}"));
    migrate::run(postgres.url()).await.expect("migrate");
    let workflow = prepare(postgres.url()).await;
    let writers = Writers::start(postgres.url(), &workflow).await;
    wait_for_tickets(postgres.url(), 20).await;
    let acknowledged = writers.stop().await;
    let url = postgres.url().to_owned();
    let verify = async |url: &str| -> Value {
        harness::connect(url).await.query_one("select logic.verify_streams()", &[]).await.expect("verify").get(0)
    };
    let before = verify(&url).await;
    let command = ["maintenance", "upgrade-postgres"];
    let refused = refusal(&data, &command).await;
    assert!(refused.contains("in use by another Callboard server"), "{refused}");
    postgres.stop().await;

    let refused = refusal(&data, &["migrate"]).await;
    assert!(refused.contains("callboard maintenance upgrade-postgres"), "{refused}");
    // Killed half-way: the old version goes on.
    let half = data.join("upgrade.unfinished/postgres");
    kill_when(&data, &command, || half.join("pg_upgrade_output.d").exists()).await;
    let is_old =
        |data: &Path| std::fs::read_to_string(data.join("postgres/PG_VERSION")).expect("a version").trim() == "16";
    if is_old(&data) {
        let postgres = Embedded::start(old).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(verify(postgres.url()).await, before);
        postgres.stop().await;
        let done = succeed(&data, &command).await;
        assert_eq!((&done["from"], &done["to"]), (&Value::from(16), &Value::from(18)), "{done}");
    }
    assert!(!data.join("upgrade.unfinished").exists());
    let postgres = start(&data).await;
    assert_eq!(verify(postgres.url()).await, before);
    let client = harness::connect(postgres.url()).await;
    client.execute("select logic.create_ticket('owner', $1, 'after')", &[&workflow]).await.expect("a ticket");
    drop(client);
    postgres.stop().await;
    let (titles, _) = contents(&data).await;
    assert!(acknowledged.iter().all(|(title, _)| titles.contains(title)));

    // A crash between the two moves is finished by the next start.
    std::fs::create_dir(data.join("upgrade.unfinished")).expect("mkdir");
    std::fs::write(data.join("upgrade.unfinished/complete"), "").expect("write");
    std::fs::rename(data.join("postgres"), data.join("upgrade.unfinished/postgres")).expect("mv");
    assert_eq!(contents(&data).await.0.len(), titles.len());
    assert!(!data.join("upgrade.unfinished").exists());

    let again = refusal(&data, &command).await;
    assert!(again.contains("already"), "{again}");
    assert!(data.join("postgres-16.old/PG_VERSION").exists());
    let removed = succeed(&data, &["maintenance", "upgrade-postgres", "--confirm"]).await;
    assert_eq!(removed["removed"].as_array().map(Vec::len), Some(1));
    assert!(!data.join("postgres-16.old").exists());
}
