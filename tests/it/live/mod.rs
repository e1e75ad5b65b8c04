//! The live room: that nothing is lost, nothing comes twice, and nobody sees what is not his.

mod access;
mod crash;
mod events;
pub mod fixtures;
mod mirror;
mod relay;
mod rooms;
mod searches;
pub mod socket;
mod stream;
mod writers;
