//! The client for Rust programs, on a real server and over lines that break.

mod boards;
pub mod line;
mod sending;
mod watching;

use callboard::client::{Client, Credential};

use crate::client;

/// The client of somebody whom the tests know, at an address.
fn sdk(who: &client::Client, url: &str) -> Client {
    Client::new(url, Credential::key(who.token.clone().expect("a credential"))).expect("a client")
}
