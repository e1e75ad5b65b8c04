//! Routes for clients of other systems, with their paths and shapes and our rules. As those clients expect, null counts
//! as absent and unknown fields are ignored.

mod adw;
mod executions;
mod stages;
mod ticket_events;

use super::ServiceConfig;

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    stages::configure(cfg);
    ticket_events::configure(cfg);
    adw::configure(cfg);
    executions::configure(cfg);
}
