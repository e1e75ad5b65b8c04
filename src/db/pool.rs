//! Connections: the pool, TLS, single connections, and the checks of an external server at start.

use std::str::FromStr;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Error, Result};

/// Maximum time that a request waits for a free connection; after that it gets 503.
pub const MAX_WAIT: Duration = Duration::from_secs(5);

/// Parses a connection string and applies the settings of all connections.
fn config(url: &str, application: &str, statement_timeout: Option<Duration>) -> Result<Config> {
    let mut config = Config::from_str(url)
        .map_err(|_| Error::Setup("DATABASE_URL is not a Postgres connection string; it looks like postgres://user:password@host:5432/database.".to_owned()))?;
    config
        .application_name(application)
        .connect_timeout(Duration::from_secs(5))
        .keepalives_idle(Duration::from_secs(15));
    if let Some(timeout) = statement_timeout {
        let options = format!(
            "{} -c statement_timeout={} -c lock_timeout={} -c idle_in_transaction_session_timeout=60000 -c timezone=UTC",
            config.get_options().unwrap_or_default(),
            timeout.as_millis(),
            timeout.as_millis() / 2
        );
        config.options(options.trim());
    }
    Ok(config)
}

/// TLS with the public roots; the `sslmode` of the connection string decides whether it is used.
fn tls() -> Result<MakeRustlsConnect> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Setup(format!("TLS cannot be set up: {e}.")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// A pool of `size` connections, which are opened on demand.
pub fn pool(url: &str, size: usize, statement_timeout: Duration) -> Result<Pool> {
    let manager = Manager::from_config(
        config(url, "callboard", Some(statement_timeout))?,
        tls()?,
        ManagerConfig { recycling_method: RecyclingMethod::Fast },
    );
    Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts { wait: Some(MAX_WAIT), create: Some(MAX_WAIT), recycle: Some(MAX_WAIT) })
        // Requests are single statements, so no transaction outlives one. After a failover, connections to a replica
        // are discarded.
        .post_create(Hook::async_fn(|client, _| {
            Box::pin(async move {
                let row = client.query_one("select pg_is_in_recovery()", &[]).await.map_err(HookError::Backend)?;
                if row.get::<_, bool>(0) {
                    return Err(HookError::message("the database is a read-only replica"));
                }
                Ok(())
            })
        }))
        .build()
        .map_err(|e| Error::Setup(format!("The connection pool cannot be built: {e}.")))
}

/// A connection outside the pool, driven by a task.
pub async fn connect(url: &str, application: &str) -> Result<Client> {
    let (client, connection) = config(url, application, None)?.connect(tls()?).await?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(error = %crate::error::describe_db(&error), "a database connection was closed");
        }
    });
    Ok(client)
}

/// A connection that its owner polls.
pub type Connection = tokio_postgres::Connection<Socket, <MakeRustlsConnect as MakeTlsConnect<Socket>>::Stream>;

/// A connection without its task, for a caller that polls for messages (the relay).
pub async fn connect_raw(url: &str, application: &str) -> Result<(Client, Connection)> {
    Ok(config(url, application, None)?.connect(tls()?).await?)
}

/// Checks an external server: version, role, encoding, pgvector. Each failure is a sentence that states what to do.
pub async fn check_server(url: &str) -> Result<()> {
    let client = connect(url, "callboard-check").await.map_err(|error| match error {
        Error::Setup(_) => error,
        other => Error::Setup(format!(
            "The database at DATABASE_URL refuses the connection: {other}. Check the address, the user and the password."
        )),
    })?;
    let row = client
        .query_one(
            "select current_setting('server_version_num')::int, current_setting('server_version'),
                    pg_is_in_recovery(), current_setting('server_encoding'),
                    exists (select from pg_available_extensions where name = 'vector'),
                    exists (select from pg_extension where extname = 'vector')",
            &[],
        )
        .await?;
    let (version, name): (i32, String) = (row.get(0), row.get(1));
    if version < 160_000 {
        return Err(Error::Setup(format!(
            "The database at DATABASE_URL is Postgres {name}; Callboard needs 16 or newer."
        )));
    }
    if row.get::<_, bool>(2) {
        return Err(Error::Setup(
            "The database at DATABASE_URL is a read-only replica; point DATABASE_URL at the primary.".to_owned(),
        ));
    }
    if row.get::<_, String>(3) != "UTF8" {
        return Err(Error::Setup("The database at DATABASE_URL is not encoded in UTF8; create it with `create database … encoding 'UTF8' template template0`.".to_owned()));
    }
    if !row.get::<_, bool>(4) && !row.get::<_, bool>(5) {
        return Err(Error::Setup("The database at DATABASE_URL has no pgvector; install the package (postgresql-NN-pgvector) on its server and start again.".to_owned()));
    }
    Ok(())
}

/// Rejects a pooler in transaction mode, where notifications are silently lost: consecutive statements have to reach
/// the same backend, and a session setting has to survive.
pub async fn check_listen(url: &str) -> Result<()> {
    let refuse = || {
        Error::Setup(
            "The database address goes through a pooler in transaction mode, where LISTEN does not work; set DATABASE_LISTEN_URL to Postgres itself (or put the pooler in session mode).".to_owned(),
        )
    };
    let first = connect(url, "callboard-check").await?;
    let second = connect(url, "callboard-check").await?;
    let token = format!("callboard-{}", fastrand::u64(..));
    first.execute("select set_config('callboard.probe', $1, false)", &[&token]).await?;
    // In transaction mode the two clients may share a backend: one sees the setting of the other, or its own is lost
    // when another client was served in between.
    let other: Option<String> = second.query_one("select current_setting('callboard.probe', true)", &[]).await?.get(0);
    let own: Option<String> = first.query_one("select current_setting('callboard.probe', true)", &[]).await?.get(0);
    first.execute("select set_config('callboard.probe', '', false)", &[]).await?;
    if own.as_deref() != Some(token.as_str()) || other.as_deref() == Some(token.as_str()) {
        return Err(refuse());
    }
    // Only a pooler accepts this statement.
    if second.simple_query("show pool_mode").await.is_ok() {
        return Err(refuse());
    }
    Ok(())
}
