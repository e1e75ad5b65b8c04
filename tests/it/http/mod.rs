//! Black-box tests of the HTTP transport. `tenants` and `hostile` are generated from the description
//! of the API and `example_requests`.

mod accounts;
mod accounts_keys;
mod accounts_refresh;
mod accounts_setup;
mod accounts_tokens;
mod approvals;
mod boards;
mod busy;
mod comments;
mod commits;
mod consent;
mod core;
mod example_requests;
mod findings;
pub mod fixtures;
mod hostile;
mod idempotency;
pub mod listeners;
mod moves;
mod mutations;
mod offboarding;
mod openapi;
mod outcomes;
mod paging;
mod people;
mod searches;
mod secrets;
mod security_events;
mod spec;
mod stage_board;
mod tenants;
mod tickets;
mod webhooks;
mod webhooks_faults;
mod webhooks_refusals;
