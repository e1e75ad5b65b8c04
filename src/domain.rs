//! The domain: one module a noun. Each holds the requests and answers of its noun and the calls of the SQL
//! functions that decide; none knows a transport.

#[cfg(feature = "server")]
pub mod accounts;
pub mod approvals;
pub mod apps;
pub mod comments;
pub mod commits;
#[cfg(feature = "server")]
pub mod embeddings;
pub mod export;
pub mod history;
pub mod import;
pub mod jobs;
pub mod operators;
#[cfg(feature = "server")]
pub mod saved_searches;
pub mod search;
pub mod tickets;
pub mod webhooks;
pub mod workflows;
