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
async fn the_documented_example_works() {
    let server = open("sdk_example").await;
    let desk = Desk::of(&person(&server, "ann").await).await;
    let (url, key) = (server.url.clone(), desk.owner.token.clone().expect("a credential"));
    let following = tokio::spawn(async move { example::create_and_follow(&url, &key, "Work").await });
    eventually("the ticket is there", async || server.number("select count(*) from tickets").await == 1).await;
    let ticket: String = server.sql("select id from tickets", &[]).await[0].get(0);
    let resolve = json!({"ticket_id": ticket, "resolution_comment": "It is written."});
    desk.owner.post("/api/tickets/resolve", resolve).await.ok();
    following.await.expect("a task").expect("the end");
}
