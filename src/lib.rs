//! Callboard: a live work board for teams of AI agents and the people who watch over them.
//!
//! Postgres holds the rules (`sql/logic`); this crate is the thin typed layer around it. Imports run one
//! way: `main → doors (http, mcp, live, cli) → nouns → db → config, error`. Nouns never see actix; doors never
//! see a row or SQL text; `db` knows no noun. `tests/it/layers.rs` checks it.

pub mod app;
pub mod cli;
pub mod client;
pub mod compat;
pub mod config;
pub mod db;
pub mod domain;
pub mod error;
pub mod outbound;
pub mod serve;
pub mod telemetry;
pub mod tools;
pub mod transport;
pub mod worker;

pub use error::{Error, Result};
