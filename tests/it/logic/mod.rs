//! The rules in SQL, tried through their functions.

mod approvals;
mod boards;
pub mod desk;
mod doors;
mod merges;
mod moves;
mod ranks;
mod searches;
mod tickets;
