//! The rules in SQL, tried through their functions.

mod boards;
pub mod desk;
mod moves;
mod ranks;
mod tickets;
