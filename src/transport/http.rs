//! The HTTP transport: builds the server and lists its route modules. Handlers translate; they hold no rules.
//!
//! Every handler is registered through utoipa-actix-web, so that `/openapi.json` is complete.

mod administration;
pub mod agents;
pub mod approvals;
pub mod apps;
pub mod archives;
pub mod assets;
pub mod auth;
pub mod board;
pub mod body;
pub mod caller;
pub mod commits;
mod compat;
pub mod cookies;
pub mod events;
pub mod field_errors;
pub mod findings;
pub mod health;
pub mod home;
pub mod idempotency;
pub mod imports;
pub mod invitations;
pub mod invites;
pub mod jobs;
pub mod keys;
pub mod listeners;
pub mod middleware;
pub mod milestones;
pub mod openapi;
pub mod origin;
pub mod path_query;
pub mod problem;
pub mod reply;
pub mod reports;
pub mod searches;
pub mod security_events;
pub mod sessions;
mod strict_json;
pub mod tickets;
pub mod usage;
pub mod users;
pub mod webhooks;
pub mod workflows;
pub mod ws;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use actix_web::middleware::{Compress, NormalizePath, TrailingSlash, from_fn};
use actix_web::{App, HttpServer, web};
use tracing_actix_web::TracingLogger;
use utoipa_actix_web::AppExt;
pub use utoipa_actix_web::service_config::ServiceConfig;

pub use self::body::{ImportJson, Json};
pub use self::caller::{Auth, OptionalAuth};
pub use self::path_query::{Path, Query};
pub use self::problem::{Failure, Result};
pub use self::reply::{NoContent, RawReply, Reply};
use crate::app::AppState;
use crate::{Error, Result as CoreResult};

/// Routes that another transport adds to the server: `Arc::new(move |cfg| { cfg.app_data(live.clone()); cfg.service(ws); })`.
/// Called once per worker thread.
pub type ExtraRoutes = Arc<dyn Fn(&mut ServiceConfig<'_>) + Send + Sync>;

/// Registers all route modules. Each is a file in `http/` with a function `configure`.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    // A request is compared with one pattern after the other, so the most frequent come first.
    tickets::configure(cfg);
    jobs::configure(cfg);
    cfg.service(health::health).service(health::ready).service(health::metrics_text);
    cfg.configure(auth::configure).configure(sessions::configure);
    cfg.configure(keys::configure).configure(agents::configure).configure(invites::configure);
    cfg.configure(invitations::configure).configure(users::configure);
    workflows::configure(cfg);
    imports::configure(cfg);
    archives::configure(cfg);
    findings::configure(cfg);
    home::configure(cfg);
    usage::configure(cfg);
    reports::configure(cfg);
    milestones::configure(cfg);
    searches::configure(cfg);
    approvals::configure(cfg);
    apps::configure(cfg);
    commits::configure(cfg);
    compat::configure(cfg);
    webhooks::configure(cfg);
    security_events::configure(cfg);
    administration::configure(cfg);
    board::configure(cfg);
}

/// The OpenAPI document that `/openapi.json` serves.
pub fn describe(extras: &[ExtraRoutes]) -> utoipa::openapi::OpenApi {
    let app = App::new().into_utoipa_app().openapi(openapi::base()).configure(configure);
    let app = extras.iter().fold(app, |app, extra| app.configure(|cfg| extra(cfg)));
    openapi::finish(app.split_for_parts().1)
}

/// Starts a server on a listener with the limits that hold for all of them. A macro, because the type of an app has no name.
macro_rules! start {
    ($server:expr, $listener:expr) => {
        $server
            // Without it, small messages may wait up to 40 ms for an acknowledgement.
            .tcp_nodelay(true)
            // A client that closes its side has gone: its request ends, and with it the statement that waits for a lock.
            .h1_allow_half_closed(false)
            .on_connect(|io, _| $crate::transport::http::set_user_timeout(io))
            // Limits for clients that are slow to send headers or to disconnect. A closed socket ends only with its connection, which
            // lasts until the client closes it too, or for this long; browsers wait for that.
            .client_request_timeout(std::time::Duration::from_secs(10))
            .client_disconnect_timeout(std::time::Duration::from_secs(1))
            .keep_alive(std::time::Duration::from_secs(75))
            .shutdown_timeout(10)
            .disable_signals()
            .listen($listener)
            .map(|server| server.run())
            .map_err(|e| $crate::Error::Setup(format!("The server cannot listen: {e}.")))
    };
}
pub(crate) use start;

/// A server on `listener`; awaiting it serves until its handle stops it. Installs no signal handlers.
pub fn serve(
    listener: TcpListener,
    state: web::Data<AppState>,
    extras: Vec<ExtraRoutes>,
) -> CoreResult<actix_web::dev::Server> {
    let _ = health::recorder();
    let mut doc = describe(&extras);
    let routes = web::Data::new(openapi::Routes::new(&mut doc));
    let document = web::Data::new(openapi::Document::new(&doc)?);
    let server = HttpServer::new(move || {
        // This is called on each thread of the server.
        state.db.prefer_own_connections();
        let app = App::new()
            .app_data(state.clone())
            .app_data(routes.clone())
            .app_data(document.clone())
            .app_data(web::PayloadConfig::new(state.config.max_body))
            .into_utoipa_app()
            .configure(configure);
        let app = extras.iter().fold(app, |app, extra| app.configure(|cfg| extra(cfg)));
        app.into_app()
            .route("/openapi.json", web::get().to(openapi::document))
            .route("/docs", web::get().to(openapi::docs))
            .route("/docs/{file}", web::get().to(openapi::docs))
            .default_service(web::to(assets::fallback))
            // The middleware that is wrapped last sees a request first.
            .wrap(Compress::default())
            .wrap(from_fn(middleware::apply))
            .wrap(NormalizePath::new(TrailingSlash::Trim))
            .wrap(TracingLogger::<middleware::RequestSpan>::new())
    });
    start!(server, listener)
}

/// Connections that may wait to be accepted: after a restart all sockets reconnect at once.
const BACKLOG: u32 = 4096;

/// Makes the kernel close a connection whose peer acknowledges nothing for a minute, so that its buffers are freed.
pub(crate) fn set_user_timeout(io: &dyn std::any::Any) {
    #[cfg(target_os = "linux")]
    if let Some(stream) = io.downcast_ref::<actix_web::rt::net::TcpStream>() {
        use std::os::fd::AsRawFd;
        let millis: libc::c_int = 60_000;
        // SAFETY: the descriptor is open while `stream` is borrowed; the value outlives the call.
        unsafe {
            libc::setsockopt(
                stream.as_raw_fd(),
                libc::IPPROTO_TCP,
                libc::TCP_USER_TIMEOUT,
                (&raw const millis).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            );
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = io;
}

/// Binds an address; a port in use is reported in one sentence, which says to choose another with `setting`. Runs inside the
/// async runtime.
pub fn bind(address: SocketAddr, setting: &str) -> CoreResult<TcpListener> {
    raise_file_limit();
    let listen = || {
        let socket = match address {
            std::net::SocketAddr::V4(_) => tokio::net::TcpSocket::new_v4()?,
            std::net::SocketAddr::V6(_) => tokio::net::TcpSocket::new_v6()?,
        };
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)?.into_std()
    };
    listen().map_err(|error: std::io::Error| match error.kind() {
        std::io::ErrorKind::AddrInUse => Error::Setup(format!(
            "Another program already listens on {address}; stop it, or choose another port with {setting}{}:PORT.",
            address.ip()
        )),
        _ => Error::Setup(format!("The server cannot listen on {address}: {error}.")),
    })
}

/// Raises the limit of open files, because each socket is one and the usual limit is 1,024. Failures are ignored.
fn raise_file_limit() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: both calls only read or fill the struct they are given.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) == 0 && limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max.min(1 << 20);
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
    }
}
