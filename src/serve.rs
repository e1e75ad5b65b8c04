//! `callboard serve`: starts the parts of the server in order, and stops them at a signal.

mod ready_notice;

use std::future::Future;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use self::ready_notice::ReadyNotice;
use crate::app::AppState;
use crate::config::{Config, LogFormat};
use crate::db::embedded::{self, Embedded, Options};
use crate::db::{Db, maintenance, migrate, pool, pooler, reporting_limits, restored};
use crate::domain::backups::Backups;
use crate::domain::backups::archive::{self, Archiver};
use crate::domain::{accounts, evidence, findings, jobs, search};
use crate::tools::demo::{self, ListenerWorker};
use crate::transport::http::listeners::{self, Listener};
use crate::transport::live::dialects::native;
use crate::transport::live::{self, Live, relay};
use crate::transport::{http, mcp};
use crate::{Error, Result, allocator, telemetry};

/// Runs the server until SIGTERM or ctrl-c; with `demo`, simulated agents work on a demo workflow.
pub async fn run(config: Config, demo: bool) -> Result<()> {
    telemetry::start(&config.log, config.log_format.map(|format| format == LogFormat::Json));
    // A port that is taken must fail before the slow steps.
    let listener = http::bind(config.listen, "CALLBOARD_LISTEN=")?;
    let compat = config.compat.clone();
    let sockets = compat.iter().map(|one| http::bind(one.listen, &format!("--compat {}=", one.client.as_str())));
    let sockets = sockets.collect::<Result<Vec<_>>>()?;
    let address = listener.local_addr().map_err(|e| Error::Setup(format!("The server cannot listen: {e}.")))?;
    let (url, postgres) = database(&config).await?;
    // Migrations hold a session lock and LISTEN needs a session, so both go past a pooler.
    let direct = config.database_listen_url.clone().filter(|u| !u.trim().is_empty()).unwrap_or_else(|| url.clone());
    let migrated = migrate::run(&direct).await?;
    if !migrated.applied.is_empty() {
        tracing::info!(
            count = migrated.applied.len(),
            newest = migrated.applied.last().map_or("", String::as_str),
            "migrations applied"
        );
    }
    if let Some(schema) = migrated.newer_schema {
        tracing::warn!(schema, "the database has the schema of a newer version, which this one can use");
    }
    if postgres.is_some() && restored::record_start(&direct, &config.data_dir).await? {
        tracing::warn!("the data directory is a copy; a new epoch starts, so that clients load it afresh");
    }
    let statement_timeout = Duration::from_secs(config.statement_timeout);
    let db = match &postgres {
        Some(_) => Db::new(pool::pool(&url, config.pool_size, statement_timeout)?),
        None => Db::open(&url, &direct, config.pool_size, statement_timeout).await?,
    };
    let archiver = archiver(&config, postgres.as_ref()).await?;
    let setup_token = accounts::first_start(&db, &config).await?;
    let shown_url = public_url(&config, address);
    let ready_notice = ReadyNotice::of(&config, demo);
    let settings =
        live::Settings { listen_url: direct, buffer: config.socket_buffer, compress: config.socket_compression };
    let live = Live::new(db.clone(), settings);
    let state = web::Data::new(AppState::load(config, db.clone(), native::webhook_body).await?);
    add_ready_checks(&state, &live, postgres.as_ref());
    let routes = vec![http::ws::routes(live.clone()), mcp::routes(live.clone())];
    let server = http::serve(listener, state.clone(), routes)?;
    let mut servers = vec![(server.handle(), tokio::spawn(server))];
    let mut simulated = Vec::new();
    for (settings, socket) in compat.into_iter().zip(sockets) {
        let shown = format!("Clients of {} are served at http://{}", settings.client.as_str(), settings.listen);
        let listener = Listener::prepare(settings, &state.config.data_dir, &state.db).await?;
        simulated.extend(
            listener
                .worker_key()
                .zip(listener.auto_queue())
                .map(|(key, job_type)| ListenerWorker { key: key.clone(), job_type: job_type.to_owned() }),
        );
        let server = listeners::serve(socket, state.clone(), live.clone(), listener)?;
        servers.push((server.handle(), tokio::spawn(server)));
        print_line(&shown);
    }
    let mut tasks = BackgroundTasks::start(&state, &live);
    if let Some(archiver) = archiver {
        tasks.spawn("backups", archiver.run());
    }
    tracing::info!(%address, "ready");
    print_line(&ready_notice.text(&shown_url, setup_token.as_ref()));
    let demo = demo.then(|| tokio::spawn(run_demo(address, db, simulated)));

    stop_signal().await?;
    tracing::info!("stopping; a second signal stops at once");
    tokio::spawn(async {
        if stop_signal().await.is_ok() {
            std::process::exit(130);
        }
    });
    // Simulated agents must not report the stop as a failure.
    if let Some(demo) = demo {
        demo.abort();
    }
    tasks.stop(&state, &live).await;
    for (handle, _) in &servers {
        handle.stop(true).await;
    }
    for (_, serving) in servers {
        let _ = serving.await;
    }
    drop(tasks);
    if let Some(postgres) = postgres {
        postgres.stop().await;
    }
    Ok(())
}

/// The background tasks of one server, all started in [`BackgroundTasks::start`]. Dropping this aborts them.
#[derive(Debug, Default)]
pub struct BackgroundTasks {
    relay: Option<JoinHandle<()>>,
    others: Vec<(&'static str, JoinHandle<()>)>,
}

impl BackgroundTasks {
    /// Starts the tasks, in order. Runs inside the async runtime.
    ///
    /// | task | work | ends |
    /// |---|---|---|
    /// | relay | committed history → rooms of this server's sockets | after [`Live::begin_stop`]; it removes its row in `relays` |
    /// | webhooks | events → registered URLs | after `WebhookDispatcher::stop`; claims are released |
    /// | embeddings | queued tickets → vectors | aborted; its lease expires |
    /// | saved searches | changed tickets → streams of watched searches | aborted; a batch is one transaction |
    /// | approvals | expiry of approvals, waiting requests | aborted |
    /// | leases | jobs and tickets of silent workers and agents → queue; jobs that no worker takes → marked | aborted |
    /// | findings | what begins or ends to need attention → history | aborted; a workflow is one transaction |
    /// | evidence | new rows of history → hash chains | aborted; a batch is one transaction |
    /// | search words | documents of older rules, frequencies of words | aborted |
    /// | housekeeping | partitions of history, retention | aborted |
    /// | backups | write-ahead log, daily copies → backup folder; only if one is set | aborted; the receiver follows Postgres |
    /// | reporting | sessions of the reporting role that exceed its limits → ended | aborted |
    /// | memory | counters of rate limits, signing keys | aborted |
    /// | freed memory | the allocator's free pages → operating system | aborted |
    /// | log repeats | counts of log lines that were left out → log | aborted |
    pub fn start(state: &web::Data<AppState>, live: &Arc<Live>) -> Self {
        let mut tasks = Self { relay: Some(tokio::spawn(relay::run(live.clone()))), others: Vec::new() };
        let (db, retention) = (state.db.clone(), maintenance::Retention::of(&state.config));
        let shared = || state.clone();
        tasks.spawn("webhooks", {
            let state = shared();
            async move { state.webhooks.run().await }
        });
        tasks.spawn("embeddings", {
            let state = shared();
            async move { state.embeddings.run().await }
        });
        tasks.spawn("saved searches", {
            let state = shared();
            async move { state.matching.run().await }
        });
        tasks.spawn("approvals", {
            let state = shared();
            async move { state.decision_waits.run().await }
        });
        tasks.spawn("leases", jobs::leases::expire_leases(db.clone()));
        tasks.spawn("findings", findings::record(db.clone()));
        tasks.spawn("evidence", evidence::seal(db.clone()));
        tasks.spawn("search words", search::words::run(db.clone()));
        tasks.spawn("housekeeping", maintenance::run(db.clone(), retention));
        // Without an external database, Postgres is a child of this server.
        let is_local = state.config.database_url.as_deref().is_none_or(|url| url.trim().is_empty());
        tasks.spawn("reporting", reporting_limits::run(db.reserved(), is_local));
        tasks.spawn("log repeats", telemetry::report_left_out());
        tasks.spawn("freed memory", allocator::return_freed_memory());
        tasks.spawn("memory", {
            let state = shared();
            async move { state.expire_memory().await }
        });
        tasks
    }

    /// Adds a task that is aborted once the server has stopped.
    fn spawn(&mut self, name: &'static str, task: impl Future<Output = ()> + Send + 'static) {
        self.others.push((name, tokio::spawn(task)));
    }

    /// Closes sockets so that clients reconnect elsewhere, lets requests to webhooks finish, and ends the relay. The other
    /// tasks run until this is dropped, because requests in progress may wait for them.
    pub async fn stop(&mut self, state: &AppState, live: &Live) {
        live.begin_stop();
        state.webhooks.stop().await;
        if let Some(relay) = self.relay.take() {
            let _ = tokio::time::timeout(Duration::from_secs(3), relay).await;
        }
    }
}

impl Drop for BackgroundTasks {
    fn drop(&mut self) {
        if let Some(relay) = &self.relay {
            relay.abort();
        }
        for (name, task) in &self.others {
            tracing::debug!(name, "background task stopped");
            task.abort();
        }
    }
}

/// Makes `/ready` report the relay and the embedded Postgres.
fn add_ready_checks(state: &AppState, live: &Arc<Live>, postgres: Option<&Embedded>) {
    if let Some(postgres) = postgres {
        let watch = postgres.state();
        state.add_ready_check(
            "postgres",
            Box::new(move || match &*watch.borrow() {
                embedded::State::Down { why, .. } => Err(format!("The embedded Postgres is down: {why}")),
                _ => Ok(()),
            }),
        );
    }
    let live = live.clone();
    state.add_ready_check("relay", Box::new(move || live.ready()));
}

/// Prints to stdout; a closed stdout does not stop the server.
fn print_line(line: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Runs the demo beside the server; a failure ends only the demo.
async fn run_demo(address: SocketAddr, db: Db, listeners: Vec<ListenerWorker>) {
    let host = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    let url = format!("http://{}", SocketAddr::new(host, address.port()));
    let workers = listeners.into_iter().map(async |worker| {
        if let Err(error) = demo::work_for_listener(&url, worker).await {
            tracing::warn!(%error, "a simulated worker has ended");
        }
    });
    let agents = async {
        if let Err(error) = demo::run(&url, &db, std::future::pending()).await {
            tracing::warn!(%error, "the demo has ended");
        }
    };
    futures_util::future::join(agents, futures_util::future::join_all(workers)).await;
}

/// The database to use: the external one, checked, or the embedded one, started.
async fn database(config: &Config) -> Result<(String, Option<Embedded>)> {
    match config.database_url.as_deref().filter(|url| !url.trim().is_empty()) {
        Some(url) => {
            if config.reporting_listen.is_some() {
                return Err(Error::Setup(
                    "CALLBOARD_REPORTING_LISTEN is for the embedded Postgres: remove it, because DATABASE_URL names another one, which listens as its own settings say.".to_owned(),
                ));
            }
            pool::check_server(url).await?;
            let direct = config.database_listen_url.as_deref().filter(|u| !u.trim().is_empty());
            pooler::check_listen(direct.unwrap_or(url)).await?;
            Ok((url.to_owned(), None))
        }
        None => {
            tracing::info!(data = %config.data_dir.display(), "starting the embedded Postgres");
            let mut options = Options::new(&config.runtime_dir, &config.data_dir);
            options.listen = config.reporting_listen;
            if let Some(address) = options.listen.filter(|address| !address.ip().is_loopback()) {
                tracing::warn!(%address, "analysts' connections are not encrypted; other machines should reach this address by a private network only");
            }
            let postgres = Embedded::start(options).await.map_err(|error| Error::Setup(error.to_string()))?;
            Ok((postgres.url().to_owned(), Some(postgres)))
        }
    }
}

/// What backs up the embedded Postgres, if a folder for backups is set.
async fn archiver(config: &Config, postgres: Option<&Embedded>) -> Result<Option<Archiver>> {
    let folder = config.backup_dir.as_ref().filter(|folder| !folder.as_os_str().is_empty());
    match (folder, postgres) {
        (None, None) => Ok(None),
        (None, Some(postgres)) => archive::stop(postgres.url()).await.map(|()| None),
        (Some(_), None) => Err(Error::Setup(
            "CALLBOARD_BACKUP_DIR backs up the embedded Postgres only: unset it, and back up the Postgres of DATABASE_URL with the tools of its provider, pgBackRest or pg_basebackup.".to_owned(),
        )),
        (Some(folder), Some(postgres)) => {
            let backups = Backups::of(folder);
            backups.require_outside(&config.data_dir.join("postgres"))?;
            Ok(Some(Archiver {
                backups,
                options: Options::new(&config.runtime_dir, &config.data_dir),
                url: postgres.url().to_owned(),
                every_hours: config.backup_hours,
                keep: config.backup_keep,
            }))
        }
    }
}

/// The address to show people.
fn public_url(config: &Config, address: SocketAddr) -> String {
    config.public_url.clone().unwrap_or_else(|| match address.ip().is_unspecified() {
        true => format!("http://localhost:{}", address.port()),
        false => format!("http://{address}"),
    })
}

/// Waits for SIGTERM or ctrl-c.
async fn stop_signal() -> Result<()> {
    let setup = |e: std::io::Error| Error::Setup(format!("Signals cannot be received: {e}."));
    let mut term = signal(SignalKind::terminate()).map_err(setup)?;
    let mut int = signal(SignalKind::interrupt()).map_err(setup)?;
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
    Ok(())
}
