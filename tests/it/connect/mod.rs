//! `callboard connect` for each known coding agent, in a home of its own against a running server.

mod errors;
mod files;
mod hooks;
mod projects;
mod registry;
mod revocation;
mod tools;

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use callboard::domain::agent_setup::Tool;
use serde_json::Value;

use crate::client::{Client, Server};
use crate::http::fixtures::{self, TestWorkflow};

/// The place of a key in texts that are compared.
const KEY: &str = "KEY";
/// The place of the server's address.
const URL: &str = "http://board.example.org";

/// A home folder with a project, and the signed-in person who works there.
struct Home {
    folder: tempfile::TempDir,
    url: String,
    credential: String,
    environment: Vec<(String, String)>,
}

impl Home {
    fn of(server: &Server, person: &Client) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("project/.git")).expect("a project");
        Self {
            folder,
            url: server.url.clone(),
            credential: person.token.clone().expect("a token"),
            environment: Vec::new(),
        }
    }

    /// A path in the home folder.
    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        let path = self.path(name);
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("write");
    }

    /// Runs the command in the project, with an input.
    fn run_with(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
        command.args(arguments).current_dir(self.path("project")).env_clear().env("HOME", self.folder.path());
        // CALLBOARD_API_KEY accepts any bearer credential.
        command.env("CALLBOARD_URL", &self.url).env("CALLBOARD_API_KEY", &self.credential);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("start callboard");
        child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("write");
        child.wait_with_output().expect("run callboard")
    }

    fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, "")
    }

    /// Runs a command that must succeed; returns its output.
    #[track_caller]
    fn ok(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    #[track_caller]
    fn json(&self, arguments: &[&str]) -> Value {
        let out = self.ok(&[arguments, &["--json"]].concat());
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// Runs a command that must fail with exit code 1; returns the error.
    #[track_caller]
    fn err(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {error}");
        assert!(output.stdout.is_empty(), "{output:?}");
        error
    }

    /// A text without what differs from run to run.
    fn neutral(&self, text: &str) -> String {
        let mut text = text.replace(&self.url, URL);
        text = text.replace(env!("CARGO_BIN_EXE_callboard"), "/usr/bin/callboard");
        while let Some(key) = key_in(&text) {
            text = text.replace(&key, KEY);
        }
        text
    }
}

/// The first API key in a text.
fn key_in(text: &str) -> Option<String> {
    callboard::domain::agent_setup::secrets::find_key(text).map(str::to_owned)
}

/// The user's configuration of a tool, as a path in a home folder.
fn user_file(tool: &Tool) -> String {
    let folder = tool.place.folders.last().expect("a folder").trim_start_matches('~').trim_start_matches('/');
    let file = tool.place.files.first().expect("a file");
    if folder.is_empty() { (*file).to_owned() } else { format!("{folder}/{file}") }
}

/// A server, its user with a workflow, and that user's home.
async fn open(hint: &str) -> (Server, TestWorkflow, Home) {
    let server = fixtures::open(hint).await;
    let owner = fixtures::signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let home = Home::of(&server, &owner);
    (server, fixture, home)
}

/// Names of the keys that the user and its agents hold.
async fn keys(owner: &Client) -> Vec<String> {
    let listed = owner.get("/api/keys").await.ok();
    let keys = listed["keys"].as_array().expect("keys").iter();
    keys.map(|key| key["name"].as_str().expect("a name").to_owned()).collect()
}

/// Whether a key works.
async fn works(server: &Server, key: &str) -> bool {
    server.bearer(key).get("/api/auth/me").await.status == 200
}
