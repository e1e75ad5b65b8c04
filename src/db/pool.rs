//! Connections: the pool, TLS, single connections, and the checks of an external server at start.

use std::cell::Cell;
use std::num::NonZeroUsize;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use deadpool_postgres::{
    Client as PooledClient, Hook, HookError, Manager, ManagerConfig, Pool, PoolError, QueueMode, RecyclingMethod,
    Runtime, Status, TimeoutType, Timeouts,
};
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, SimpleQueryMessage, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Error, Result};

/// Maximum time that a request waits for a free connection; after that it gets 503.
pub const MAX_WAIT: Duration = Duration::from_secs(5);

/// Parses a connection string. Settings are not sent as a startup parameter, which poolers refuse.
pub(super) fn config(url: &str, application: &str) -> Result<Config> {
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
    pub(super) pool: Pools,
    pub(super) config: Arc<Config>,
}

/// The pool, cut into one part for each thread of the HTTP server and one for all other threads.
///
/// A connection is driven by the thread that opened it. A statement sent from another thread waits for that one to wake up,
/// twice. So each thread uses its own connections first.
#[derive(Clone)]
pub(super) struct Pools(Arc<[Pool]>);

thread_local! {
    /// The part of the pools that this thread uses first.
    static OWN_POOL: Cell<usize> = const { Cell::new(0) };
}

/// Gives this thread its own part of each pool; called once on a thread of the HTTP server.
pub(super) fn prefer_own_connections() {
    static THREADS: AtomicUsize = AtomicUsize::new(1);
    OWN_POOL.set(THREADS.fetch_add(1, Ordering::Relaxed));
}

impl Pools {
    /// A connection: an open one of this thread, else a new one of this thread, else any. The gate lets no more callers in
    /// than there are connections.
    pub async fn get(&self) -> Result<PooledClient, PoolError> {
        let own = OWN_POOL.get();
        let in_turn = || (0..self.0.len()).filter_map(|step| self.0.get((own + step) % self.0.len()));
        for pool in in_turn() {
            let at_once = Timeouts { wait: Some(Duration::ZERO), ..pool.timeouts() };
            match pool.timeout_get(&at_once).await {
                Err(PoolError::Timeout(TimeoutType::Wait)) => {}
                outcome => return outcome,
            }
        }
        // Another caller was faster everywhere; one of them is about to return its connection.
        match in_turn().next() {
            Some(pool) => pool.get().await,
            None => Err(PoolError::Closed),
        }
    }

    /// Connections: the maximum, open and idle ones, and callers that wait.
    pub fn status(&self) -> Status {
        self.0.iter().map(Pool::status).fold(Status { max_size: 0, size: 0, available: 0, waiting: 0 }, |sum, part| {
            Status {
                max_size: sum.max_size + part.max_size,
                size: sum.size + part.size,
                available: sum.available + part.available,
                waiting: sum.waiting + part.waiting,
            }
        })
    }
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
    // One for each thread of the HTTP server, as many as it starts, and one for the others.
    let threads = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let parts = (threads + 1).min(size.max(1));
    let pools = (0..parts).map(|part| {
        let max_size = size / parts + usize::from(part < size % parts);
        part_of_pool(config.clone(), max_size.max(1), prepare.clone())
    });
    Ok(Connections { pool: Pools(pools.collect::<Result<_>>()?), config: Arc::new(config) })
}

fn part_of_pool(config: Config, max_size: usize, prepare: String) -> Result<Pool> {
    let manager = Manager::from_config(config, tls()?, ManagerConfig { recycling_method: RecyclingMethod::Fast });
    Pool::builder(manager)
        .max_size(max_size)
        // The connection used last has its statements and its data in the caches.
        .queue_mode(QueueMode::Lifo)
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
        .map_err(|e| Error::Setup(format!("The connection pool cannot be built: {e}.")))
}

/// A connection outside the pool, driven by a task.
pub async fn connect(url: &str, application: &str) -> Result<Client> {
    connect_configured(&config(url, application)?).await
}

/// The same, as the connections of a pool are opened.
pub(super) async fn connect_configured(config: &Config) -> Result<Client> {
    connect_holding(config, ()).await
}

/// The same; `held` is dropped when the connection ends. One whose client is dropped ends only after its statement.
pub(super) async fn connect_holding(config: &Config, held: impl Send + 'static) -> Result<Client> {
    let (client, connection) = config.connect(tls()?).await?;
    tokio::spawn(async move {
        let _held = held;
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
