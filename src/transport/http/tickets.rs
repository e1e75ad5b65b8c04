//! `/api/tickets…`: the endpoints of existing ticket tracking clients, and our own.

mod change;
mod deleted;
mod export;
mod merge;
mod moves;
mod pages;
mod read;
mod reviews;
mod similar;

use super::ServiceConfig;

/// Registers the handlers; literal paths come before `/api/tickets/{id}`.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    moves::configure(cfg);
    change::configure(cfg);
    deleted::configure(cfg);
    export::configure(cfg);
    merge::configure(cfg);
    pages::configure(cfg);
    reviews::configure(cfg);
    similar::configure(cfg);
    read::configure(cfg);
}
