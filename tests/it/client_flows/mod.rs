//! The flows of existing clients, each end to end through its own endpoints and socket dialect, with
//! every message in order. The agent's calls in between do the work.

mod agent_broadcasts;
mod app_builder;
mod fixtures;
mod stage_boards;
mod ticket_tracking;
mod workflow_api;
