//! Logging: readable lines on a terminal, JSON lines otherwise. Secrets are never logged: they are in `secrecy` types,
//! and the parameters of statements are omitted.

use std::io::IsTerminal;

use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging to stderr. `filter` is in the syntax of `RUST_LOG`, e.g. `info,callboard=debug`.
pub fn start(filter: &str) {
    let mut filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // At finer levels these log the parameters of statements and the headers of requests.
    for quiet in [
        "tokio_postgres=info",
        "h2=info",
        "hyper=info",
        "actix_http=info",
        "actix_web=info",
        "rustls=info",
        "rmcp=warn",
        "rmcp_actix_web=info",
    ] {
        if let Ok(directive) = quiet.parse() {
            filter = filter.add_directive(directive);
        }
    }
    let registry = tracing_subscriber::registry().with(filter);
    // A second call, in tests, keeps the first subscriber.
    let _ = if std::io::stderr().is_terminal() {
        registry.with(fmt::layer().with_writer(std::io::stderr).with_target(false)).try_init()
    } else {
        registry.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).try_init()
    };
}
