//! Embeddings: the model, the queue and its triggers, the task that drains it, providers that fail.

pub mod fake;
mod faults;
pub mod fixtures;
mod model;
mod queue;
mod server;
