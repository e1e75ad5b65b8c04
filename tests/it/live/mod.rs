//! Live updates: no loss, no duplicates, no access across tenants.

mod access;
mod board_replica;
mod crash;
mod events;
pub mod fixtures;
mod past_boards;
mod relay;
mod rooms;
mod searches;
pub mod socket;
mod stream;
mod wire;
mod writers;
