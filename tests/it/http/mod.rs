//! The HTTP door, tried from outside.

mod accounts;
mod accounts_keys;
mod accounts_refresh;
mod accounts_setup;
mod accounts_tokens;
mod boards;
mod busy;
mod comments;
mod core;
mod moves;
mod people;
mod replays;
mod secrets;
mod stage;
mod tickets;
