//! Search: results and ranking, by words and by meaning, and similar tickets.

mod api;
mod ranking;
mod scripts;
mod similar;
mod watched;

use crate::client::{Server, server_with};
use crate::harness::{self, eventually};

/// A server whose model is loaded.
async fn server_with_local_model(hint: &str) -> Server {
    let runtime = harness::runtime_dir();
    let runtime = runtime.to_str().expect("a path");
    let flags = ["--request-rate", "1000000", "--embedding-provider", "local", "--runtime-dir", runtime];
    let server = server_with(hint, &flags, Vec::new()).await;
    eventually("the model is in use", async || server.state.embeddings.status().state == "working").await;
    server
}

/// Waits until every ticket has its vector.
async fn embedded(server: &Server) {
    server.state.db.wake_due_work();
    eventually("everything is embedded", async || server.number("select count(*) from embedding_queue").await == 0)
        .await;
}
