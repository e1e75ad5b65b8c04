//! Shapes and calls that clients of other systems expect, built on the domain and free of any transport.
//!
//! Their HTTP routes are in `transport/http/compat`, their socket messages in `transport/live/dialects`.

#[cfg(feature = "server")]
pub mod adw;
#[cfg(feature = "server")]
pub mod executions;
pub mod stages;
#[cfg(feature = "server")]
pub mod ticket_events;
