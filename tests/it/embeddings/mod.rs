//! Embeddings: the model, the queue and its triggers, the background task, and failing providers.

pub mod fake_provider;
mod faults;
pub mod fixtures;
mod model;
mod queue;
mod server;
