//! What a request carries from `admission` to the handlers of the protocol.

use actix_web::web;
use jiff::Timestamp;

use crate::app::AppState;
use crate::domain::accounts::Caller;
use crate::transport::mcp::groups::Selection;

/// The context of one request.
#[derive(Clone)]
pub struct RequestContext {
    /// The shared state of the server.
    pub state: web::Data<AppState>,
    /// The authenticated caller.
    pub caller: Caller,
    /// When the credential expires.
    pub expires_at: Option<Timestamp>,
    /// The session of the request, which belongs to the caller.
    pub session: Option<String>,
    /// The tools that the address asks for.
    pub tools: Selection,
}
