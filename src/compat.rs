//! Shapes and calls that clients of other systems expect, built on the domain and free of any transport.
//!
//! Their HTTP routes are in `transport/http/compat` and, for clients that have an address of their own, in
//! `transport/http/listeners`; their socket messages are in `transport/live/dialects`.

#[cfg(feature = "server")]
pub mod adw;
#[cfg(feature = "server")]
pub mod engine;
#[cfg(feature = "server")]
pub mod executions;
#[cfg(feature = "server")]
pub mod fields;
#[cfg(feature = "server")]
pub mod job_builder;
#[cfg(feature = "server")]
pub mod listener;
#[cfg(feature = "server")]
pub mod stage_board;
pub mod stages;
#[cfg(feature = "server")]
pub mod ticket_events;
#[cfg(feature = "server")]
pub mod tracker;
#[cfg(feature = "server")]
pub mod workflow_board;
