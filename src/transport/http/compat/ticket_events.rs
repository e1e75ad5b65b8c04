//! Events that engines report about the tickets they work on.

use actix_web::{post, web};

use crate::app::AppState;
use crate::compat::ticket_events::{self, TicketEvent, TicketEventRecorded};
use crate::transport::http::{Auth, Json, Reply, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(record);
}

/// Records an event about a ticket in the ticket's history and publishes it to subscribers.
///
/// A state moves the ticket to the matching column: by id or name first, then by common names (`in_progress`,
/// `in_review`, `done`, `failed`). If there is no such column, or the board's rules forbid the move, the response says so
/// and the event is still recorded. `assigned` assigns the ticket to `assigneeId`, `agentId` or the acting agent.
#[utoipa::path(tag = "Compatibility", request_body = TicketEvent, responses((status = 200, body = TicketEventRecorded)))]
#[post("/api/internal/ticket-event")]
async fn record(
    state: web::Data<AppState>,
    auth: Auth,
    Json(event): Json<TicketEvent>,
) -> Result<Reply<TicketEventRecorded>> {
    Ok(Reply::ok(ticket_events::record(&state.db, &auth.caller(), &event).await?))
}
