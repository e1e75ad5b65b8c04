//! The transports: HTTP, sockets and MCP. They authenticate, translate and call the domain; they hold no rules.

pub mod http;
pub mod live;
pub mod mcp;
