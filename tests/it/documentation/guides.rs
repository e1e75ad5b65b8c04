//! Runs the examples of README.md and of every guide in docs/, each against a server of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::blocks::{Marker, blocks, documents_with_examples, marked};
use crate::harness::{self, TestDb};

const EMAIL: &str = "reader@example.org";
const PASSWORD: &str = "correct horse battery";

/// The database of a server under test.
pub enum Database {
    /// The embedded Postgres, started from nothing as by a new user.
    Embedded,
    /// A database of the tests' Postgres.
    External(TestDb),
}

/// `callboard serve`, with the folder in which a reader works.
pub struct Program {
    child: Child,
    database: Database,
    folder: tempfile::TempDir,
    /// The server's address.
    pub url: String,
}

impl Program {
    /// Starts a server and waits until it is ready.
    pub async fn start(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
        environment(&mut command, &database, folder.path());
        let mut child = command
            .arg("serve")
            .env("CALLBOARD_LISTEN", "127.0.0.1:0")
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
        Self { child, database, folder, url }
    }

    /// Runs a script with the programs it needs on the path; returns its output.
    pub async fn run(&self, script: &str) -> String {
        let program = Path::new(env!("CARGO_BIN_EXE_callboard")).parent().expect("a folder");
        let path = format!(
            "{}:{}:{}",
            program.display(),
            harness::runtime_dir().join("postgres-18/bin").display(),
            std::env::var("PATH").unwrap_or_default()
        );
        let mut command = Command::new("bash");
        environment(&mut command, &self.database, self.folder.path());
        let output = command
            .args(["-euo", "pipefail", "-c", script])
            .env("PATH", path)
            .env("URL", &self.url)
            .env("XDG_CONFIG_HOME", self.folder.path().join("config"))
            .current_dir(self.folder.path())
            .output()
            .await
            .expect("run bash");
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{err}\n{out}");
        out.into_owned()
    }

    /// Stops the server and checks that it ends well.
    pub async fn stop(mut self) {
        let id = self.child.id().expect("it runs") as libc::pid_t;
        // SAFETY: a plain signal to our own child.
        unsafe { libc::kill(id, libc::SIGTERM) };
        let status = tokio::time::timeout(Duration::from_secs(30), self.child.wait()).await.expect("it stops");
        assert!(status.expect("a status").success());
    }
}

/// What a server and the commands beside it share.
fn environment(command: &mut Command, database: &Database, folder: &Path) {
    command
        .env("CALLBOARD_DATA_DIR", folder.join("data"))
        .env("CALLBOARD_RUNTIME_DIR", harness::runtime_dir())
        .env("CALLBOARD_ADMIN_EMAIL", EMAIL)
        .env("CALLBOARD_ADMIN_PASSWORD", PASSWORD);
    match database {
        Database::Embedded => command.env_remove("DATABASE_URL"),
        Database::External(database) => command.env("DATABASE_URL", &database.url),
    };
}

/// The set-up of README.md, which every guide begins with.
pub fn set_up() -> String {
    marked("README.md", &Marker::SetUp).concat()
}

/// Runs the set-up and the tested blocks of a document, and looks for what their output must hold.
async fn run(document: &str, database: Database, parts: &[&str]) {
    let own: Vec<String> =
        blocks(document).into_iter().filter(|block| block.marker == Marker::Tested).map(|block| block.text).collect();
    assert!(!own.is_empty(), "{document} has no tested block");
    let program = Program::start(database).await;
    let out = program.run(&format!("{}{}", set_up(), own.concat())).await;
    for part in parts {
        assert!(out.contains(part), "{document}: {part} in\n{out}");
    }
    program.stop().await;
}

macro_rules! guides {
    ($($name:ident: $document:literal => [$($part:literal),+ $(,)?];)+) => {
        $(
            #[tokio::test]
            async fn $name() {
                // Backups are of the embedded Postgres.
                let database = match $document {
                    "docs/backup.md" => Database::Embedded,
                    _ => Database::External(harness::database(concat!("guide_", stringify!($name))).await),
                };
                run($document, database, &[$($part),+]).await;
            }
        )+

        /// The documents above.
        const GUIDES: &[&str] = &[$($document),+];
    };
}

guides! {
    archives: "docs/archives.md" => ["history", "all complete", "{\"sha256\":"];
    backup: "docs/backup.md" => ["is undamaged.", "all complete and unchanged", "what the checkpoint signed"];
    command_line: "docs/command-line.md" => ["TKT-", "It did not succeed.", "cb_", "all complete"];
    commits: "docs/commits.md" => ["to TKT-2.", "\"reference\":\"TKT-99\""];
    connect_an_agent: "docs/connect-an-agent.md" =>
        ["\"structuredContent\":{", "\"comment_id\":\"comment-", "\"message\":\"Claimed TKT-1.\""];
    findings: "docs/findings.md" => ["\"counts\":{", "\"stuck_minutes\":1440"];
    foreign_clients: "docs/foreign-clients.md" => [
        "304\n", "\"event\":\"pr_created\"", "\"event\":\"state_change\",\"ticketId\"", "\"adw_id\"", "\"status\":\"cancelled\"",
    ];
    import: "docs/import.md" =>
        ["kept as text", "Nothing was written.", "2  tickets imported", "\"looks_like\":\"a Linear CSV export\""];
    jobs_and_workers: "docs/jobs-and-workers.md" => [
        "greet Ann prints: hello, Ann", "2 files changed", "shipped", "\"cancel_requested\":false", "\"ticket_resolved\":true",
    ];
    live_stream: "docs/live-stream.md" => ["\"type\":\"ticket_created\"", "\nid: ", "\"columns\""];
    operate: "docs/operate.md" => ["\"status\":\"ok\"", "\"status\":\"ready\"", "callboard_relay_events_read_total"];
    questions_to_people: "docs/questions-to-people.md" => ["\"status\":\"answered\"", "\"approval_status\":\"approved\""];
    reports: "docs/reports.md" => ["lead_p85", "velocity", "Created TKT-1.", "Backlog", "average_held"];
    rest_api: "docs/rest-api.md" => [
        "\"blocked\":true", "\"unblocked_tickets\":[\"ticket-", "\"access\":", "The ticket has changed: read it again.",
        "\"field\":\"title\"", "\"has_more\"",
    ];
    search: "docs/search.md" => ["\"total_found\":1", "\"Merged TKT-2 into TKT-1.\"", "\"last_seq\":"];
    security_events: "docs/security-events.md" => ["member_added", "\"kind\":\"member_added\""];
    sql: "docs/sql.md" => ["UPDATE 1", "Asynchronous notification \"callboard\""];
    webhooks: "docs/webhooks.md" => ["\"deliveries\":["];
}

/// The README is run as a new user runs it: on the embedded Postgres, started from nothing.
#[tokio::test]
async fn readme() {
    run("README.md", Database::Embedded, &["\"success\":true", "\"message\":\"Claimed TKT-1.\""]).await;
}

#[test]
fn every_guide_with_examples_is_run() {
    let found = documents_with_examples();
    assert!(!found.is_empty(), "docs/ has no examples");
    assert_eq!(found, GUIDES.iter().map(PathBuf::from).collect::<Vec<_>>());
}
