//! The HTTP door, tried from outside. Of these, `tenants` and `hostile` are generated from the description
//! of the API and `recipes`.

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
mod core;
mod hostile;
mod moves;
mod openapi;
mod people;
mod recipes;
mod replays;
mod searches;
mod secrets;
mod spec;
mod spoil;
pub mod stage;
mod tenants;
mod tickets;
mod webhooks;
mod webhooks_faults;
