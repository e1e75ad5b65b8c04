//! The integration tests: one binary, so that they share one Postgres.

mod house;
mod runtime;
