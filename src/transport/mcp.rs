//! The MCP door at `/mcp`: agents speak the Model Context Protocol over streamable HTTP to the same nouns
//! that REST serves. It holds no rules and no SQL.
//!
//! Who may come in, and whose session it is, is settled in `gate` before the protocol's library sees a
//! request. Each call runs as the caller of that very request, so a session id alone opens nothing.

mod admission;
pub mod budget;
mod prompt;
mod resource_watch;
mod resources;
mod schema;
mod server;
mod sessions;
mod subscriptions;
pub mod tools;

use std::sync::Arc;

use actix_web::middleware::from_fn;
use actix_web::web;
use rmcp_actix_web::transport::StreamableHttpService;

use crate::transport::http::ExtraRoutes;
use crate::transport::live::Live;
use crate::transport::mcp::admission::Visitor;
use crate::transport::mcp::server::McpServer;
use crate::transport::mcp::sessions::Sessions;

/// Where agents find it.
pub const PATH: &str = "/mcp";

/// Registers the door. Call it inside the async runtime; it closes its streams when the server stops.
pub fn routes(live: Arc<Live>) -> ExtraRoutes {
    let sessions = web::Data::new(Sessions::default());
    let ending = live.stop_token();
    Arc::new(move |cfg| {
        let (live, open) = (live.clone(), sessions.clone());
        let service = StreamableHttpService::builder()
            .service_factory(Arc::new(move || Ok(McpServer::new(live.clone(), open.clone()))))
            .session_manager(sessions.manager())
            .json_response(true)
            .max_request_body_bytes(usize::MAX)
            // Both are checked in `gate`, by the rules of the other doors.
            .allowed_hosts(Vec::new())
            .allowed_origins(Vec::new())
            .cancellation_token(ending.clone())
            .on_request_fn(|request, extensions| {
                use actix_web::HttpMessage;
                if let Some(visitor) = request.extensions().get::<Visitor>() {
                    extensions.insert(visitor.clone());
                }
            })
            .build();
        cfg.app_data(sessions.clone());
        cfg.map(|cfg| cfg.service(service.scope_with_path(PATH).wrap(from_fn(admission::apply))));
    })
}
