//! The rules in SQL, tested through their functions.

mod approvals;
mod assignees;
mod blockers;
mod boards;
mod claims;
mod compat;
mod findings;
pub mod fixtures;
mod growth;
mod home;
mod idempotency;
mod merges;
mod milestones;
mod moves;
mod ranks;
mod references;
mod searches;
mod texts;
mod tickets;
