//! The examples of README.md are run as they stand, against the real program.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio_tungstenite::tungstenite::Message;

use crate::client::server_with;
use crate::harness;
use crate::http::fixtures::{Desk, person, text};

const EMAIL: &str = "reader@example.org";
const PASSWORD: &str = "correct horse battery";

/// The fenced blocks that stand behind a marker.
fn blocks(marker: &str) -> Vec<String> {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md");
    let found: Vec<String> = text
        .split(marker)
        .skip(1)
        .map(|rest| {
            let (_, rest) = rest.split_once("```").expect("a block behind the marker");
            let (_, rest) = rest.split_once('\n').expect("a line");
            rest.split_once("\n```").expect("the end of the block").0.to_owned()
        })
        .collect();
    assert!(!found.is_empty(), "README.md has no {marker}");
    found
}

struct Program {
    child: Child,
    url: String,
    folder: tempfile::TempDir,
}

impl Program {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_callboard"))
            .arg("serve")
            .env("CALLBOARD_LISTEN", "127.0.0.1:0")
            .env("CALLBOARD_DATA_DIR", folder.path().join("data"))
            .env("CALLBOARD_RUNTIME_DIR", harness::runtime_dir())
            .env("CALLBOARD_ADMIN_EMAIL", EMAIL)
            .env("CALLBOARD_ADMIN_PASSWORD", PASSWORD)
            .env_remove("DATABASE_URL")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("start callboard");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let line = tokio::time::timeout(Duration::from_secs(60), lines.next_line())
            .await
            .expect("ready within a minute")
            .expect("readable")
            .expect("a line");
        let url = line.rsplit(' ').next().expect("an address").to_owned();
        Self { child, url, folder }
    }

    /// Runs a script as a reader would, with the programs it needs on the path; answers what it printed.
    async fn run(&self, script: &str) -> String {
        let program = Path::new(env!("CARGO_BIN_EXE_callboard")).parent().expect("a folder");
        let path = format!(
            "{}:{}:{}",
            program.display(),
            harness::runtime_dir().join("postgres-18/bin").display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let output = Command::new("bash")
            .args(["-euo", "pipefail", "-c", script])
            .env("PATH", path)
            .env("URL", &self.url)
            .env("CALLBOARD_ADMIN_EMAIL", EMAIL)
            .env("CALLBOARD_ADMIN_PASSWORD", PASSWORD)
            .env("CALLBOARD_DATA_DIR", self.folder.path().join("data"))
            .env("CALLBOARD_RUNTIME_DIR", harness::runtime_dir())
            .env_remove("DATABASE_URL")
            .current_dir(self.folder.path())
            .output()
            .await
            .expect("run bash");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{err}\n{out}");
        out.into_owned()
    }

    async fn stop(mut self) {
        let id = self.child.id().expect("it runs") as libc::pid_t;
        // SAFETY: a plain signal to our own child.
        unsafe { libc::kill(id, libc::SIGTERM) };
        let status = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await.expect("it stops");
        assert!(status.expect("a status").success());
    }
}

#[tokio::test]
async fn the_examples_of_the_readme_work() {
    let program = Program::start().await;
    let script = format!("{}\necho \"END $TOKEN $WORKFLOW\"", blocks("<!-- tested -->").join("\n"));
    let out = program.run(&script).await;
    for part in [
        "\"blocked\":true",
        "\"unblocked_tickets\":[\"ticket-",
        "\"total_found\":1",
        "\"message\":\"Claimed TKT-2.\"",
        "\"structuredContent\":{",
        "\"cancel_requested\":false",
        "\"ticket_resolved\":true",
        "\"comment_id\":\"comment-",
        "\"type\":\"ticket_resolved\"",
        "\nid: ",
        "\"columns\"",
        "Asynchronous notification \"callboard\"",
        "cb_",
        "304\n",
        "\"event\":\"pr_created\"",
        "\"event\":\"state_change\",\"ticketId\"",
        "\"adw_id\"",
        "\"status\":\"cancelled\"",
        // The pipeline has planned, built and reviewed.
        "greet Ann says: hello, Ann",
        "2 files changed",
        "shipped",
        "\"status\":\"answered\"",
        "\"approval_status\":\"approved\"",
        "\"deliveries\":[",
        "to TKT-2.",
        "\"reference\":\"TKT-99\"",
    ] {
        assert!(out.contains(part), "{part} in\n{out}");
    }
    let (token, workflow) = out.rsplit_once("END ").and_then(|(_, end)| end.trim().split_once(' ')).expect("the end");
    speak(&program.url, token, workflow).await;
    program.stop().await;
}

/// Sends the `→` lines and waits for the `←` ones.
async fn speak(url: &str, token: &str, workflow: &str) {
    let address = format!("{}/ws", url.replace("http://", "ws://"));
    let (mut socket, _) = tokio_tungstenite::connect_async(address).await.expect("connect");
    for line in blocks("<!-- tested socket -->").concat().lines() {
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
            let fits = wanted.as_object().expect("an object").iter().all(|(key, value)| got.get(key) == Some(value));
            if fits {
                break;
            }
        }
    }
}

#[tokio::test]
async fn the_receiver_of_webhooks_knows_what_is_signed() {
    let server = server_with("readme_receiver", &["--webhook-allow-private", "true"], Vec::new()).await;
    let desk = Desk::of(&person(&server, "ann").await).await;
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let url = format!("http://127.0.0.1:{port}/");
    let webhook = json!({"workflow_id": desk.workflow, "url": url, "events": ["ticket_created"]});
    let made = desk.owner.post("/api/webhooks", webhook).await.created();
    let mut receiver = Command::new("python3")
        .args(["-c", &blocks("<!-- tested receiver -->").concat(), &port.to_string(), &text(&made, "secret")])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("start python3");
    let mut lines = BufReader::new(receiver.stdout.take().expect("its output")).lines();
    let stranger = reqwest::Client::builder().no_proxy().build().expect("a client");
    let forged = async |signature: &str| {
        let request = stranger.post(&url).header("webhook-id", "x").header("webhook-timestamp", "1").body("{}");
        request.header("webhook-signature", signature).send().await.map(|answer| answer.status().as_u16())
    };
    harness::eventually("the receiver listens", async || forged("v1,x").await.is_ok()).await;
    assert_eq!(forged("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=").await.ok(), Some(401));
    let ticket = desk.ticket("Told outside").await;
    let line = tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await.expect("in time");
    let line = line.expect("readable").expect("a line");
    assert!(line.ends_with(&format!(" ticket_created {ticket}")), "{line}");
}
