//! What engines tell about the tickets they work on.

use actix_web::{post, web};

use crate::app::AppState;
use crate::compat::ticket_events::{self, TicketEvent, TicketEventRecorded};
use crate::transport::http::{Auth, Json, Reply, Result, ServiceConfig};

pub(super) fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(tell);
}

/// Notes what a program tells about a ticket: it stays in the ticket's history, and everyone who watches is told.
///
/// A state moves the ticket to the column it means: the column's own id or name first, then usual words
/// (`in_progress`, `in_review`, `done`, `failed`). Where there is no such column, or the board's rules forbid
/// the move, the answer says so and the state is told all the same. `assigned` assigns the ticket to
/// `assigneeId` or `agentId`, or to whoever acts.
#[utoipa::path(tag = "Doors", request_body = TicketEvent, responses((status = 200, body = TicketEventRecorded)))]
#[post("/api/internal/ticket-event")]
async fn tell(
    state: web::Data<AppState>,
    auth: Auth,
    Json(told): Json<TicketEvent>,
) -> Result<Reply<TicketEventRecorded>> {
    Ok(Reply::ok(ticket_events::record(&state.db, &auth.caller(), &told).await?))
}
