//! The client for Rust programs, on a real server and over lines that break.

mod boards;
mod example;
pub mod line;
mod sending;
mod watching;

use callboard::client::{Client, Credential};
use serde_json::json;

use crate::client;
use crate::harness::eventually;
use crate::http::fixtures::{Desk, open, person};

/// The client of somebody whom the tests know, at an address.
fn sdk(who: &client::Client, url: &str) -> Client {
    Client::new(url, Credential::key(who.token.clone().expect("a credential"))).expect("a client")
}

#[tokio::test]
async fn the_example_of_the_readme_works() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = std::fs::read_to_string(root.join("README.md")).expect("README.md");
    let (_, words) = include_str!("example.rs").split_once("\n\n").expect("words behind the file's own");
    assert!(readme.contains(&format!("```rust\n{words}```")), "README.md and tests/it/sdk/example.rs differ");

    let server = open("sdk_example").await;
    let desk = Desk::of(&person(&server, "ann").await).await;
    let (url, key) = (server.url.clone(), desk.owner.token.clone().expect("a credential"));
    let following = tokio::spawn(async move { example::file_and_follow(&url, &key, "Work").await });
    eventually("the ticket is there", async || server.number("select count(*) from tickets").await == 1).await;
    let ticket: String = server.sql("select id from tickets", &[]).await[0].get(0);
    let resolve = json!({"ticket_id": ticket, "resolution_comment": "It is written."});
    desk.owner.post("/api/tickets/resolve", resolve).await.ok();
    following.await.expect("a task").expect("the end");
}
