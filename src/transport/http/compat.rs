//! Doors for clients of other systems: their addresses and shapes, our rules. They are lenient where those
//! clients are: what is null was not given, and what is not known is not looked at.

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
