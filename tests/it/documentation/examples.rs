//! Examples that are not shell scripts: the socket's messages, the receiver of webhooks, the Rust client.

use std::process::Stdio;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;
use tokio_tungstenite::tungstenite::Message;

use super::blocks::{Marker, marked};
use super::guides::{Database, Program, set_up};
use crate::client::server_with;
use crate::harness;
use crate::http::fixtures::{TestWorkflow, signed_in_user, text};

fn named(document: &str, name: &str) -> String {
    marked(document, &Marker::Named(name.to_owned())).concat()
}

/// Sends the `→` lines and waits for the `←` ones.
#[tokio::test]
async fn the_socket_answers_as_documented() {
    let program = Program::start(Database::External(harness::database("documented_socket").await)).await;
    let out = program.run(&format!("{}echo \"END $TOKEN $WORKFLOW\"", set_up())).await;
    let (token, workflow) = out.rsplit_once("END ").and_then(|(_, end)| end.trim().split_once(' ')).expect("the end");
    let address = format!("{}/ws", program.url.replace("http://", "ws://"));
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await.expect("connect");
    for line in named("docs/live-stream.md", "socket").lines() {
        let (direction, text) = line.split_once(' ').expect("a direction");
        let wanted: Value =
            serde_json::from_str(&text.replace("$TOKEN", token).replace("$WORKFLOW", workflow)).expect("JSON");
        if direction == "→" {
            socket.send(Message::text(wanted.to_string())).await.expect("send");
            continue;
        }
        loop {
            let message = tokio::time::timeout(Duration::from_secs(10), socket.next())
                .await
                .unwrap_or_else(|_| panic!("waited for {wanted}"))
                .expect("open")
                .expect("a message");
            let Message::Text(text) = message else { continue };
            let got: Value = serde_json::from_str(&text).expect("JSON");
            if wanted.as_object().expect("an object").iter().all(|(key, value)| got.get(key) == Some(value)) {
                break;
            }
        }
    }
    program.stop().await;
}

#[tokio::test]
async fn the_webhook_receiver_verifies_signatures() {
    let server = server_with("documented_receiver", &["--webhook-allow-private", "true"], Vec::new()).await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let url = format!("http://127.0.0.1:{port}/");
    let webhook = json!({"workflow_id": fixture.workflow, "url": url, "events": ["ticket_created"]});
    let made = fixture.owner.post("/api/webhooks", webhook).await.created();
    let mut receiver = Command::new("python3")
        .args(["-c", &named("docs/webhooks.md", "receiver"), &port.to_string(), &text(&made, "secret")])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("start python3");
    let mut lines = BufReader::new(receiver.stdout.take().expect("its output")).lines();
    let anonymous = reqwest::Client::builder().no_proxy().build().expect("a client");
    let forged = async |signature: &str| {
        let request = anonymous.post(&url).header("webhook-id", "x").header("webhook-timestamp", "1").body("{}");
        request.header("webhook-signature", signature).send().await.map(|answer| answer.status().as_u16())
    };
    harness::eventually("the receiver listens", async || forged("v1,x").await.is_ok()).await;
    assert_eq!(forged("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=").await.ok(), Some(401));
    let ticket = fixture.ticket("Sent to the receiver").await;
    let line = tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await.expect("in time");
    let line = line.expect("readable").expect("a line");
    assert!(line.ends_with(&format!(" ticket_created {ticket}")), "{line}");
}

/// The text is compiled and run by `rust_client::the_documented_example_works`.
#[test]
fn the_rust_example_is_the_one_that_is_compiled() {
    let (_, code) =
        include_str!("../rust_client/example.rs").split_once("\n\n").expect("code after the module's comment");
    assert_eq!(
        named("docs/rust-client.md", "rust"),
        code,
        "docs/rust-client.md and tests/it/rust_client/example.rs differ"
    );
}
