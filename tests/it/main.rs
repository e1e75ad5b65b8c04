//! The integration tests: one binary, so that they share one Postgres.

mod client;
mod house;
mod http;
mod runtime;
#[cfg(target_os = "linux")]
mod runtime_disk;
