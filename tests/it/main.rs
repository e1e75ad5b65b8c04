//! The integration tests: one binary, so that they share one Postgres.

mod cli;
mod cli_daily;
mod client;
mod commit_hook;
mod commits;
mod demo;
mod embeddings;
mod error_codes;
mod house;
mod http;
mod import;
mod jobs;
mod layers;
mod light_client;
mod live;
mod logic;
mod mcp;
mod readme;
mod runtime;
#[cfg(target_os = "linux")]
mod runtime_disk;
mod schema;
mod sdk;
mod search;
mod seeds;
mod sql_contract;
mod worker;
