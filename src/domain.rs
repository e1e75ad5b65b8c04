//! The domain: a module for each kind of thing. It holds the requests and answers and calls the SQL functions that
//! decide; none of it depends on a transport.
//!
//! Functions that take a database are in the `queries` of each module, so that the client can use the types alone.

#[cfg(feature = "server")]
pub mod accounts;
#[cfg(feature = "server")]
pub mod administration;
#[cfg(feature = "server")]
pub mod agent_setup;
#[cfg(feature = "server")]
pub mod analysts;
pub mod approvals;
pub mod apps;
#[cfg(feature = "server")]
pub mod archive;
#[cfg(feature = "server")]
pub mod backups;
pub mod comments;
pub mod commits;
#[cfg(feature = "server")]
pub mod embeddings;
#[cfg(feature = "server")]
pub mod evidence;
pub mod export;
pub mod findings;
#[cfg(feature = "server")]
pub mod history;
pub mod home;
#[cfg(feature = "server")]
pub mod import;
pub mod jobs;
pub mod milestones;
#[cfg(feature = "server")]
pub mod operators;
pub mod past_boards;
#[cfg(feature = "server")]
pub mod postgres_upgrade;
pub mod reports;
#[cfg(feature = "server")]
pub mod saved_searches;
pub mod search;
pub mod security_events;
pub mod tickets;
pub mod times;
pub mod usage;
#[cfg(feature = "server")]
pub mod webhooks;
pub mod workflows;
