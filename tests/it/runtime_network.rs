//! The embedded Postgres on a port: analysts sign in with a password, and nobody else does.

use std::net::SocketAddr;

use callboard::db::embedded::{Embedded, Options, database_url};
use callboard::db::migrate;
use callboard::db::{Db, pool};
use callboard::domain::analysts;

use crate::harness;

fn free_address() -> SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port")
}

#[tokio::test]
async fn analysts_connect_over_the_network_with_a_password() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut options = Options::new(harness::runtime_dir(), folder.path().join("data"));
    options.settings = vec![("fsync".into(), "off".into())];
    options.listen = Some(free_address());
    let postgres = Embedded::start(options.clone()).await.unwrap_or_else(|error| panic!("{error}"));
    migrate::run(postgres.url()).await.expect("migrate");
    // Other processes find the socket by its usual name.
    assert_eq!(database_url(&options.data_dir).expect("running"), postgres.url());
    let db = Db::new(pool::pool(postgres.url(), 2, std::time::Duration::from_secs(30)).expect("a pool"));
    let access = analysts::access(&db).await.expect("access");
    assert_eq!((access.listen_addresses.as_str(), access.has_password), ("127.0.0.1", Some(false)));

    let added = analysts::add(&db, "ann", None).await.expect("an analyst");
    let url = |role: &str, password: &str| {
        analysts::connection_string(postgres.url(), &access, role, Some(password)).expect("a url")
    };
    let good = url(&added.change.role, &added.password);
    assert!(good.contains(&options.listen.expect("an address").to_string()), "{good}");
    let reader = harness::connect(&good).await;
    let row = reader
        .query_one(
            "select count(*), current_setting('statement_timeout'), current_setting('temp_file_limit') from tickets",
            &[],
        )
        .await
        .expect("rows");
    assert_eq!((row.get::<_, i64>(0), row.get::<_, &str>(1), row.get::<_, &str>(2)), (0, "1min", "1GB"));
    let shared = analysts::set_reporting_password(&db).await.expect("a password");
    harness::connect(&url(analysts::REPORTING_ROLE, &shared.password))
        .await
        .query("select * from workflows", &[])
        .await
        .expect("rows");

    for refused in
        [url(&added.change.role, "wrong"), url("callboard", "x"), url("callboard_reporting", &added.password)]
    {
        assert!(tokio_postgres::connect(&refused, tokio_postgres::NoTls).await.is_err(), "{refused}");
    }
    // A new password ends the old one, and removing the analyst the session.
    let again = analysts::add(&db, "ann", None).await.expect("changed");
    assert!(tokio_postgres::connect(&good, tokio_postgres::NoTls).await.is_err());
    harness::connect(&url(&again.change.role, &again.password)).await;
    assert_eq!(analysts::list(&db).await.expect("a list").len(), 1);
    analysts::remove(&db, "ann").await.expect("removed");
    assert!(reader.query("select * from workflows", &[]).await.is_err());
    assert!(analysts::remove(&db, "ann").await.is_err());

    // Without the setting there is no port, and the socket has its own name again.
    drop(db);
    postgres.stop().await;
    options.listen = None;
    let postgres = Embedded::start(options.clone()).await.unwrap_or_else(|error| panic!("{error}"));
    let client = harness::connect(postgres.url()).await;
    let listens: String = client.query_one("show listen_addresses", &[]).await.expect("a setting").get(0);
    assert_eq!(listens, "");
    let hba: i64 = client
        .query_one("select count(*) from pg_hba_file_rules where type = 'host'", &[])
        .await
        .expect("rules")
        .get(0);
    assert_eq!(hba, 0);
    postgres.stop().await;
}
