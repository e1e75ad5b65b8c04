//! Callboard: a live work board for teams of AI agents and the people who watch over them.
//!
//! Postgres holds the rules (`sql/logic`); this crate is the thin typed layer around it. Imports run one
//! way: `main → doors (http, mcp, live, cli) → nouns → db → config, error`. Nouns never see actix; doors never
//! see a row or SQL text; `db` knows no noun. `tests/it/layers.rs` checks it.

pub mod accounts;
pub mod activities;
pub mod adw;
pub mod approvals;
pub mod apps;
pub mod bench;
pub mod cli;
pub mod client;
pub mod comments;
pub mod commits;
pub mod config;
pub mod db;
pub mod demo;
pub mod embeddings;
pub mod error;
pub mod executions;
pub mod export;
pub mod history;
pub mod http;
pub mod import;
pub mod jobs;
pub mod live;
pub mod mcp;
pub mod operators;
pub mod outbound;
pub mod search;
pub mod searches;
pub mod serve;
pub mod stages;
pub mod telemetry;
pub mod tickets;
pub mod webhooks;
pub mod worker;
pub mod workflows;

pub use error::{Error, Result};
