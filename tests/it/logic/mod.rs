//! The rules in SQL, tested through their functions.

mod approvals;
mod boards;
mod compat;
pub mod fixtures;
mod idempotency;
mod merges;
mod moves;
mod ranks;
mod searches;
mod tickets;
