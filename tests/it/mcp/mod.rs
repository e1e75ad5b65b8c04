//! Black-box tests of the MCP transport over HTTP.

mod agent;
mod assignees;
mod bounds;
mod invalid_arguments;
mod jobs;
mod library;
mod milestones;
mod names;
mod prompt;
mod resources;
mod schemas;
mod scopes;
mod sessions;
mod tenants;
mod tools;
mod transport;
mod usage;
mod waits;
