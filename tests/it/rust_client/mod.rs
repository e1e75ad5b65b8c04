//! The Rust client against a real server and over broken connections.

mod boards;
mod cuts;
mod example;
pub mod faulty_proxy;
mod sending;
mod watching;

use callboard::client::{Client, Credential};
use serde_json::json;

use crate::client;
use crate::harness::eventually;
use crate::http::fixtures::{TestWorkflow, open, signed_in_user};

/// A Rust client with the credential of a test client, at a URL.
fn client_for(who: &client::Client, url: &str) -> Client {
    Client::new(url, Credential::key(who.token.clone().expect("a credential"))).expect("a client")
}

#[tokio::test]
async fn the_documented_example_works() {
    let server = open("sdk_example").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let (url, key) = (server.url.clone(), fixture.owner.token.clone().expect("a credential"));
    let following = tokio::spawn(async move { example::create_and_follow(&url, &key, "Work").await });
    eventually("the ticket is there", async || server.number("select count(*) from tickets").await == 1).await;
    let ticket: String = server.sql("select id from tickets", &[]).await[0].get(0);
    let resolve = json!({"ticket_id": ticket, "resolution_comment": "It is written."});
    fixture.owner.post("/api/tickets/resolve", resolve).await.ok();
    following.await.expect("a task").expect("the end");
}
