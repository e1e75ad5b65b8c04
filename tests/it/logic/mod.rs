//! The rules in SQL, tried through their functions.

mod boards;
mod desk;
mod moves;
mod ranks;
mod tickets;
