//! The integration tests: one binary, so that they share one Postgres.

mod architecture;
mod archives;
mod backup;
mod bench;
mod cli;
mod cli_commands;
mod cli_findings;
mod cli_milestones;
mod cli_target;
mod cli_usage;
mod client;
mod client_flows;
mod commit_hook;
mod commits;
mod connect;
mod demo;
mod documentation;
mod embeddings;
mod error_codes;
mod evidence;
mod harness;
mod http;
mod import;
mod jobs;

mod light_client;
mod live;
mod logic;
mod mcp;
mod reporting;
mod reporting_role;
mod restored;
mod retention;
mod runtime;
#[cfg(target_os = "linux")]
mod runtime_disk;
mod runtime_network;
mod rust_client;
mod schema;
mod search;
mod sql_contract;
mod upgrade;
mod worker;
