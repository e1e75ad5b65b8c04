//! The role `callboard_reporting`: it reads the views, and cannot keep the limits that it unsets.

use callboard::db::{Db, migrate, pool, reporting_limits};
use tokio_postgres::Client;

use crate::harness;

/// A session of the role with its own limits removed.
async fn session(url: &str) -> Client {
    let client = harness::connect(url).await;
    client
        .batch_execute(
            "set session authorization callboard_reporting; set statement_timeout = 0; set default_transaction_read_only = off;",
        )
        .await
        .expect("the role");
    client
}

#[tokio::test]
async fn the_role_reads_views_and_nothing_else() {
    let db = harness::database("reporting_role").await;
    // A cloned database has the default rights of a new one; each start of a server limits them.
    migrate::run(&db.url).await.expect("migrate");
    let reader = session(&db.url).await;
    reader.query("select * from reporting.security_events", &[]).await.expect("a view");
    for refused in [
        "create temp table x (a int)",
        "select secret from public.lock_secret",
        "select * from public.security_events",
        "select logic.lock_key('first_admin')",
        "create table reporting.x (a int)",
        "create schema mine",
        "create function reporting.x() returns int language sql as 'select 1'",
        "set role callboard",
        "set temp_file_limit = -1",
        "set session_replication_role = replica",
        "alter role callboard_reporting connection limit 1000",
        "alter role callboard_reporting superuser",
        "create role friend",
        "do $$ begin lock table reporting.tickets in exclusive mode; end $$",
        "copy (select 1) to program 'true'",
        "select pg_read_file('postgresql.conf')",
        "select pg_terminate_backend(pid) from pg_stat_activity where usename <> current_user",
        "alter system set work_mem = '1GB'",
        "create publication everything for all tables",
    ] {
        let error = reader.batch_execute(refused).await.expect_err(refused);
        assert_eq!(error.code().map(|code| code.code()), Some("42501"), "{refused}: {error:?}");
    }
    // Guessed keys of advisory locks hold nothing up.
    let owner = harness::connect(&db.url).await;
    reader
        .batch_execute(
            "select pg_advisory_lock(hashtext('callboard.first_admin')), pg_advisory_lock(hashtext('callboard.signing_keys')),
                    pg_advisory_lock(hashtextextended('callboard.approvals', 0)), pg_advisory_lock(4841021943118693741)",
        )
        .await
        .expect("locks");
    owner.batch_execute("set statement_timeout = '5s'").await.expect("a limit");
    for statement in [
        "select logic.create_setup_link('\\x01'), logic.ensure_first_admin('root@example.org', 'Root', 'x')",
        "select logic.rotate_signing_key('k', '\\x01')",
        "select logic.lock_embedding_models()",
    ] {
        owner.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
    }
}

#[tokio::test]
async fn sessions_beyond_the_limits_are_ended() {
    let test = harness::database("reporting_limits").await;
    // Sessions that signed in as the role, as a supervisor sees them.
    let owner = harness::connect(&test.url).await;
    let user: String = owner.query_one("select current_user::text", &[]).await.expect("a user").get(0);
    let url = test
        .url
        .replacen(&format!("{user}@"), "callboard_reporting@", 1)
        .replace(&format!("user={user}"), "user=callboard_reporting");
    assert_ne!(url, test.url, "the connection string names its user");
    let db = Db::new(pool::pool(&test.url, 2, std::time::Duration::from_secs(30)).expect("a pool"));
    let quiet = harness::connect(&url).await;
    quiet.query("select * from reporting.tickets", &[]).await.expect("a view");
    assert_eq!(reporting_limits::end_sessions(&db, 60.0).await.expect("checked"), 0);
    for misuse in [
        ["select 1", "select pg_advisory_lock(1)"],
        ["select pg_current_xact_id()", "begin; select pg_current_xact_id()"],
        ["select 1", "begin; select 1"],
        ["select 1", "select pg_sleep(3600)"],
        ["set work_mem = '10GB'", "select count(*) from generate_series(1, 1000000000)"],
    ] {
        let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.expect("connect");
        let ended = tokio::spawn(connection);
        // Without its own limits. The last statement may go on until the session is ended.
        for statement in ["set default_transaction_read_only = off; set statement_timeout = 0", misuse[0]] {
            client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
        }
        let last = misuse[1].to_owned();
        let running = tokio::spawn(async move {
            let _ = client.batch_execute(&last).await;
            client
        });
        let seconds = if misuse[1].contains("lock") || misuse[1].contains("xact") { 60.0 } else { 0.0 };
        harness::eventually("the session is ended", async || {
            reporting_limits::end_sessions(&db, seconds).await.expect("checked");
            ended.is_finished()
        })
        .await;
        drop(running.await);
    }
    // Memory, which each role may take more of. Any amount is too much here.
    let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.expect("connect");
    let ended = tokio::spawn(connection);
    client.batch_execute("set statement_timeout = 0; set work_mem = '10GB'").await.expect("settings");
    let running = tokio::spawn(async move { client.batch_execute("select pg_sleep(3600)").await.is_err() });
    harness::eventually("the large session is ended", async || {
        reporting_limits::end_large_sessions(&db, 1).await.expect("checked");
        ended.is_finished()
    })
    .await;
    assert!(running.await.expect("ended"));
    assert_eq!(reporting_limits::end_large_sessions(&db, u64::MAX).await.expect("checked"), 0);
    let objects = owner.query_one("select count(*) from pg_largeobject_metadata", &[]).await.expect("counted");
    assert_eq!(objects.get::<_, i64>(0), 0);
    quiet.query("select * from reporting.tickets", &[]).await.expect("a session within the limits goes on");
}
