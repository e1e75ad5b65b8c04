//! `callboard serve`: puts the house together and runs it until it is told to stop.

use std::io::Write;
use std::time::Duration;

use secrecy::ExposeSecret;
use tokio::signal::unix::{SignalKind, signal};

use crate::config::Config;
use crate::db::embedded::{self, Embedded, Options};
use crate::db::{Db, maintenance, migrate, pool};
use crate::domain::{accounts, search};
use crate::tools::demo;
use crate::transport::live::{self, Live};
use crate::transport::{http, mcp};
use crate::{Error, Result, telemetry};

/// Runs the server until SIGTERM or ctrl-c; with `demo`, simulated agents work on a demo workflow.
pub async fn run(config: Config, demo: bool) -> Result<()> {
    telemetry::start(&config.log);
    // A taken port is told before minutes go into anything else.
    let listener = http::bind(&config)?;
    let address = listener.local_addr().map_err(|e| Error::Setup(format!("The server cannot listen: {e}.")))?;
    let (url, postgres) = database(&config).await?;
    // Past a pooler: migrations hold a lock of their session, and LISTEN needs one.
    let direct = config.database_listen_url.clone().filter(|u| !u.trim().is_empty()).unwrap_or_else(|| url.clone());
    let migrated = migrate::run(&direct).await?;
    if !migrated.applied.is_empty() {
        tracing::info!(applied = ?migrated.applied, "the database was brought to this version's schema");
    }
    let db = Db::new(pool::pool(&url, config.pool_size, Duration::from_secs(config.statement_timeout))?);
    let history_months = config.history_months;
    let setup = accounts::first_start(&db, &config).await?;
    let live = Live::start(
        db.clone(),
        live::Settings { listen_url: direct, buffer: config.socket_buffer, readers: config.pool_size / 2 },
    );
    let state = http::State::load(config, db.clone()).await?;
    if let Some(postgres) = &postgres {
        let watch = postgres.state();
        state.add_ready_check(
            "postgres",
            Box::new(move || match &*watch.borrow() {
                embedded::State::Down { why, .. } => Err(format!("The embedded Postgres is down: {why}")),
                _ => Ok(()),
            }),
        );
    }
    let relay = live.clone();
    state.add_ready_check("relay", Box::new(move || relay.ready()));
    let server = http::serve(listener, state.clone(), vec![http::ws::extra(live.clone()), mcp::extra(live.clone())])?;
    let handle = server.handle();
    let serving = tokio::spawn(server);
    let housekeeping = tokio::spawn(maintenance::forever(db.clone(), history_months));
    let words = tokio::spawn(search::words::forever(db.clone()));
    tracing::info!(%address, "ready");
    let url = public_url(&state.config, address);
    say(&format!("Callboard is ready at {url}"));
    if let Some(token) = setup {
        // Shown once, on purpose: whoever started the server becomes its first administrator.
        say(&format!("Make the first administrator at {url}/setup?token={}", token.expose_secret()));
    }
    let demo = demo.then(|| tokio::spawn(show(address, db)));

    stop_signal().await?;
    tracing::info!("stopping; a second signal stops at once");
    tokio::spawn(async {
        if stop_signal().await.is_ok() {
            std::process::exit(130);
        }
    });
    if let Some(demo) = demo {
        demo.abort();
    }
    housekeeping.abort();
    words.abort();
    live.stop().await;
    state.webhooks.stop().await;
    handle.stop(true).await;
    let _ = serving.await;
    if let Some(postgres) = postgres {
        postgres.stop().await;
    }
    Ok(())
}

/// Tells whoever started us; somebody who no longer listens is no reason to end.
fn say(line: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// The demo beside the server; without it the server serves all the same.
async fn show(address: std::net::SocketAddr, db: Db) {
    let host = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        std::net::IpAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
        std::net::IpAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    let url = format!("http://{}", std::net::SocketAddr::new(host, address.port()));
    if let Err(error) = demo::run(&url, &db, std::future::pending()).await {
        tracing::warn!(%error, "the demo has ended");
    }
}

/// The database to use: the external one, checked, or the embedded one, started.
async fn database(config: &Config) -> Result<(String, Option<Embedded>)> {
    match config.database_url.as_deref().filter(|url| !url.trim().is_empty()) {
        Some(url) => {
            pool::check_server(url).await?;
            let direct = config.database_listen_url.as_deref().filter(|u| !u.trim().is_empty());
            pool::check_listen(direct.unwrap_or(url)).await?;
            Ok((url.to_owned(), None))
        }
        None => {
            tracing::info!(data = %config.data_dir.display(), "starting the embedded Postgres");
            let postgres = Embedded::start(Options::new(&config.runtime_dir, &config.data_dir))
                .await
                .map_err(|error| Error::Setup(error.to_string()))?;
            Ok((postgres.url().to_owned(), Some(postgres)))
        }
    }
}

/// The address to show people.
fn public_url(config: &Config, address: std::net::SocketAddr) -> String {
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
