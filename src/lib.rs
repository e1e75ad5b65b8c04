//! Callboard: a live work board for teams of AI agents and the people who watch over them.
//!
//! Postgres holds the rules (`sql/logic`); this crate is the thin typed layer around it. Imports run one way:
//! `cli → worker, client, tools, serve → transport → app → compat → domain → db, outbound → config, error`. The
//! domain never sees actix; transports never see a row or SQL text. `tests/it/architecture` checks it.
//!
//! Without the feature `server` the crate holds [`client`] and the types of its requests and answers, and depends on
//! neither the web server nor the model nor the database.

#[cfg(feature = "server")]
mod allocator;
#[cfg(feature = "server")]
pub mod app;
#[cfg(feature = "server")]
pub mod cli;
#[cfg(feature = "client")]
pub mod client;
pub mod compat;
#[cfg(feature = "server")]
pub mod config;
#[cfg(feature = "server")]
pub mod db;
pub mod domain;
pub mod error;
#[cfg(feature = "server")]
pub mod outbound;
#[cfg(feature = "server")]
pub mod serve;
#[cfg(feature = "server")]
pub mod telemetry;
#[cfg(feature = "server")]
pub mod tools;
#[cfg(feature = "server")]
pub mod transport;
#[cfg(feature = "server")]
pub mod worker;

pub use error::{Error, Result};
