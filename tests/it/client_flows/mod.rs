//! The flows of existing clients, each from beginning to end through its own door and its own socket, with
//! every message in order. The work in between is done by calls that an agent would make.

mod agent_broadcasts;
mod app_builder;
mod fixtures;
mod stage_boards;
mod ticket_tracking;
mod workflow_api;
