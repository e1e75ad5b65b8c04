//! The integration tests: one binary, so that they share one Postgres.

mod house;
mod runtime;
#[cfg(target_os = "linux")]
mod runtime_disk;
