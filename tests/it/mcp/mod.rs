//! The MCP door, tried from outside over HTTP.

mod agent;
mod door;
mod library;
mod scopes;
mod tenants;
mod tools;
