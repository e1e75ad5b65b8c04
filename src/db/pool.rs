//! Connections: the pool, TLS, single connections, and the checks of an external server at start.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime, Timeouts};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, SimpleQueryMessage, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Error, Result};

/// Maximum time that a request waits for a free connection; after that it gets 503.
pub const MAX_WAIT: Duration = Duration::from_secs(5);

/// Parses a connection string. Settings are not sent as a startup parameter, which poolers refuse.
fn config(url: &str, application: &str) -> Result<Config> {
    let mut config = Config::from_str(url)
        .map_err(|_| Error::Setup("DATABASE_URL is not a Postgres connection string; it looks like postgres://user:password@host:5432/database.".to_owned()))?;
    config
        .application_name(application)
        .connect_timeout(Duration::from_secs(5))
        .keepalives_idle(Duration::from_secs(15));
    Ok(config)
}

/// The settings of the pool's connections. A lock wait is limited to a sixth of a statement's time, 5 seconds by default,
/// so that a held row keeps connections for as long as a request may wait for one.
pub(super) fn settings(statement_timeout: Duration) -> [(&'static str, String); 4] {
    let millis = statement_timeout.as_millis();
    [
        ("statement_timeout", millis.to_string()),
        ("lock_timeout", (millis / 6).to_string()),
        ("idle_in_transaction_session_timeout", "60000".to_owned()),
        ("timezone", "UTC".to_owned()),
    ]
}

/// TLS with the public roots; the `sslmode` of the connection string decides whether it is used.
pub(super) fn tls() -> Result<MakeRustlsConnect> {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| Error::Setup(format!("TLS cannot be set up: {e}.")))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

/// A pool, and how its connections are opened.
pub struct Connections {
    pub(super) pool: Pool,
    pub(super) config: Arc<Config>,
}

impl std::fmt::Debug for Connections {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Connections")
    }
}

/// A pool of `size` connections, which are opened on demand.
pub fn pool(url: &str, size: usize, statement_timeout: Duration) -> Result<Connections> {
    let settings = settings(statement_timeout);
    let settings = settings.iter().map(|(name, value)| format!(", set_config('{name}', '{value}', false)"));
    pool_prepared_by(url, size, format!("select pg_is_in_recovery(){}", settings.collect::<String>()))
}

/// A pool through a pooler in transaction mode, which keeps no settings of a connection.
pub(super) fn pool_without_settings(url: &str, size: usize) -> Result<Connections> {
    pool_prepared_by(url, size, "select pg_is_in_recovery()".to_owned())
}

fn pool_prepared_by(url: &str, size: usize, prepare: String) -> Result<Connections> {
    let config = config(url, "callboard")?;
    let manager =
        Manager::from_config(config.clone(), tls()?, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    let pool = Pool::builder(manager)
        .max_size(size)
        .runtime(Runtime::Tokio1)
        .timeouts(Timeouts { wait: Some(MAX_WAIT), create: Some(MAX_WAIT), recycle: Some(MAX_WAIT) })
        // Requests are single statements, so no transaction outlives one. After a failover, connections to a replica
        // are discarded.
        .post_create(Hook::async_fn(move |client, _| {
            let prepare = prepare.clone();
            Box::pin(async move {
                let answer = client.simple_query(&prepare).await.map_err(HookError::Backend)?;
                let is_replica = answer
                    .iter()
                    .any(|message| matches!(message, SimpleQueryMessage::Row(row) if row.get(0) == Some("t")));
                if is_replica {
                    return Err(HookError::message("the database is a read-only replica"));
                }
                Ok(())
            })
        }))
        .build()
        .map_err(|e| Error::Setup(format!("The connection pool cannot be built: {e}.")))?;
    Ok(Connections { pool, config: Arc::new(config) })
}

/// A connection outside the pool, driven by a task.
pub async fn connect(url: &str, application: &str) -> Result<Client> {
    let (client, connection) = config(url, application)?.connect(tls()?).await?;
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
    Ok(config(url, application)?.connect(tls()?).await?)
}

/// Checks an external server: version, role, encoding, pgvector. Each failure is a sentence that states what to do.
pub async fn check_server(url: &str) -> Result<()> {
    let client = connect(url, "callboard-check").await.map_err(|error| match error {
        Error::Setup(_) => error,
        other => Error::Setup(format!(
            "The database at DATABASE_URL refuses the connection: {other}. Check the address, the user and the password."
        )),
    })?;
    // Not prepared: poolers in transaction mode lose prepared statements.
    let answer = client
        .simple_query(
            "select current_setting('server_version_num'), current_setting('server_version'),
                    pg_is_in_recovery(), current_setting('server_encoding'),
                    exists (select from pg_available_extensions where name = 'vector'),
                    exists (select from pg_extension where extname = 'vector')",
        )
        .await?;
    let row = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    let value = |at: usize| row.and_then(|row| row.get(at)).unwrap_or_default();
    let (version, name) = (value(0).parse::<i32>().unwrap_or(0), value(1));
    if version < 160_000 {
        return Err(Error::Setup(format!(
            "The database at DATABASE_URL is Postgres {name}; Callboard needs 16 or newer."
        )));
    }
    if value(2) == "t" {
        return Err(Error::Setup(
            "The database at DATABASE_URL is a read-only replica; point DATABASE_URL at the primary.".to_owned(),
        ));
    }
    if value(3) != "UTF8" {
        return Err(Error::Setup("The database at DATABASE_URL is not encoded in UTF8; create it with `create database … encoding 'UTF8' template template0`.".to_owned()));
    }
    if value(4) != "t" && value(5) != "t" {
        return Err(Error::Setup("The database at DATABASE_URL has no pgvector; install the package (postgresql-NN-pgvector) on its server and start again.".to_owned()));
    }
    Ok(())
}
