//! The MCP door, tried from outside over HTTP.

mod agent;
mod bounds;
mod door;
mod jobs;
mod library;
mod prompt;
mod resources;
mod scopes;
mod spoiled;
mod tenants;
mod tools;
