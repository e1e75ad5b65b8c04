//! The live room: that nothing is lost, nothing comes twice, and nobody sees what is not his.

mod mirror;
mod socket;
mod stage;
mod stream;
mod writers;
