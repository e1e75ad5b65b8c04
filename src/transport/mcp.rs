//! The MCP transport at `/mcp`: the Model Context Protocol over streamable HTTP, on the same domain modules as REST. It
//! holds no rules and no SQL.
//!
//! `admission` checks credential and session before the protocol library sees a request. Each call runs as the caller of
//! its own request, so a session id alone grants nothing.

mod accept;
mod admission;
mod arguments;
pub mod budget;
mod context;
mod groups;
mod idempotency;
mod next_steps;
mod prompt;
mod replies;
mod resource_watch;
mod resources;
mod schema;
mod server;
mod session_id;
mod sessions;
mod sse;
mod subscriptions;
pub mod tools;

use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web;
use rmcp_actix_web::transport::StreamableHttpService;

use crate::transport::http::ExtraRoutes;
use crate::transport::live::Live;
use crate::transport::mcp::context::RequestContext;
use crate::transport::mcp::server::McpServer;
use crate::transport::mcp::sessions::Sessions;

/// The path of the endpoint.
pub const PATH: &str = "/mcp";

/// Registers the endpoint. Call it inside the async runtime; its streams close when the server stops.
pub fn routes(live: Arc<Live>) -> ExtraRoutes {
    let sessions = web::Data::new(Sessions::default());
    let stop = live.stop_token();
    Arc::new(move |cfg| {
        let (live, shared) = (live.clone(), sessions.clone());
        let service = StreamableHttpService::builder()
            .service_factory(Arc::new(move || Ok(McpServer::new(live.clone(), shared.clone()))))
            .session_manager(sessions.manager())
            .session_store(sessions.clone().into_inner())
            .json_response(true)
            .max_request_body_bytes(usize::MAX)
            // `admission` checks both, by the same rules as the other transports.
            .allowed_hosts(Vec::new())
            .allowed_origins(Vec::new())
            .cancellation_token(stop.clone())
            .on_request_fn(|request, extensions| {
                use actix_web::HttpMessage;
                if let Some(context) = request.extensions().get::<RequestContext>() {
                    extensions.insert(context.clone());
                }
            })
            .build();
        cfg.app_data(sessions.clone());
        cfg.map(|cfg| cfg.service(service.scope_with_path(PATH).wrap(from_fn(admission::apply))));
    })
}
