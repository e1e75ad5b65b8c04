//! The live room: that nothing is lost, nothing comes twice, and nobody sees what is not his.

mod access;
mod crash;
mod events;
mod mirror;
mod relay;
mod rooms;
mod searches;
pub mod socket;
pub mod stage;
mod stream;
mod writers;
