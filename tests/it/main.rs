//! The integration tests: one binary, so that they share one Postgres.

mod client;
mod house;
mod http;
mod layers;
mod logic;
mod import;
mod runtime;
#[cfg(target_os = "linux")]
mod runtime_disk;
mod schema;
mod sql_contract;
