//! Commands of administration at a server with a sign-in, and what commands print when something is missing.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::harness;
use crate::http::fixtures::{TestWorkflow, open, signed_in_user};

const PASSWORD: &str = "correct horse battery";

/// A command without settings of the machine, in a home of its own.
fn command(home: &tempfile::TempDir, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
    command.args(arguments).current_dir(home.path()).env_clear().env("XDG_CONFIG_HOME", home.path());
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn run(home: &tempfile::TempDir, input: &str, arguments: &[&str]) -> Output {
    let mut child = command(home, arguments).spawn().expect("start callboard");
    child.stdin.take().expect("its input").write_all(input.as_bytes()).expect("write");
    child.wait_with_output().expect("run callboard")
}

#[track_caller]
fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

fn err(output: &Output) -> String {
    assert!(!output.status.success() && output.stdout.is_empty(), "{output:?}");
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn workflows_and_keys_are_managed_with_the_sign_in() {
    let server = open("cli_target").await;
    let (ada, ben) = ("ada@example.org", "ben@example.org");
    signed_in_user(&server, "ben").await;
    let account = json!({"email": ada, "password": PASSWORD, "token_mode": "json"});
    let answer = server.anonymous().post("/api/auth/register", account).await.created();
    let mut owner = server.anonymous();
    owner.token = answer["access"].as_str().map(str::to_owned);
    let fixture = TestWorkflow::of(&owner).await;
    let home = tempfile::tempdir().expect("a folder");
    let login = ["login", ada, "--password-stdin", "--url", &server.url];
    assert!(run(&home, PASSWORD, &login).status.success());
    let call = |arguments: &[&str]| run(&home, "", arguments);

    let listed: Value = serde_json::from_str(&out(&call(&["workflow", "list", "--json"]))).expect("JSON");
    assert_eq!((listed.as_array().map(Vec::len), &listed[0]["id"]), (Some(1), &Value::from(fixture.workflow.as_str())));
    let made = out(&call(&["workflow", "create", "Second", "--template", "research"]));
    assert!(made.starts_with("workflow-"), "{made}");
    assert!(err(&call(&["workflow", "create", "Third", "--owner", "ben"])).contains("--local"));

    // The rights are those of the signed-in person.
    let key = out(&call(&["key", "create", "--actor", "ada-agent", "--scopes", "read", "--workflow", "Second"]));
    assert!(key.starts_with("cb_") && key.lines().count() == 1, "{key}");
    out(&call(&["workflow", "add-member", "Second", "ada-agent", "--role", "viewer"]));
    assert!(out(&call(&["workflow", "members", "Second"])).contains("viewer"));
    out(&call(&["workflow", "remove-member", "Second", "ada-agent"]));
    assert!(!out(&call(&["workflow", "members", "Second"])).contains("ada-agent"));
    let again = out(&call(&["key", "create", "--actor", "ada-agent", "--expires-days", "3"]));
    assert_ne!(key, again);
    let keys: Value =
        serde_json::from_str(&out(&call(&["key", "list", "--actor", "ada-agent", "--json"]))).expect("JSON");
    assert_eq!(keys.as_array().map(Vec::len), Some(2));
    out(&call(&["key", "revoke", keys[0]["id"].as_str().expect("an id")]));
    assert_eq!(out(&call(&["key", "list", "--actor", "ada-agent"])).lines().count(), 2, "a header and one key");
    assert!(err(&call(&["user", "list"])).contains("only beside the server"));

    // An operator's settings, or a flag, select the database.
    let local = call(&["workflow", "list", "--local", "--database-url", &server.db.url, "--json"]);
    assert!(out(&local).contains("Second"));
    let users = command(&home, &["user", "list"]).env("DATABASE_URL", &server.db.url).output().expect("run callboard");
    assert!(out(&users).contains(ben));
    let mut at_server = command(&home, &["workflow", "list", "--url", &server.url]);
    let at_server = at_server.env("DATABASE_URL", "postgres://127.0.0.1:1/x").output().expect("run callboard");
    assert!(out(&at_server).contains("Second"));
}

#[test]
fn errors_are_documents_with_json_and_name_what_is_wrong() {
    let home = tempfile::tempdir().expect("a folder");
    for arguments in [&["whoami", "--json"][..], &["ticket", "list", "--json"], &["job", "list", "--json"]] {
        let printed = err(&run(&home, "", arguments));
        let problem: Value = serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{error}: {printed}"));
        assert_eq!((&problem["code"], &problem["status"]), (&Value::from("unauthenticated"), &Value::from(401)));
        assert!(problem["detail"].as_str().is_some_and(|detail| detail.contains("callboard login")), "{problem}");
    }
    for url in ["notaurl", "ftp://example.com", "http://"] {
        for arguments in [&["whoami"][..], &["login", "a@b.c", "--password-stdin"], &["workflow", "list"]] {
            let output = command(&home, arguments).env("CALLBOARD_URL", url).output().expect("run callboard");
            let printed = err(&output);
            assert!(printed.contains(url) && printed.contains("like http://"), "{printed}");
        }
    }
    let output = command(&home, &["whoami", "--json"]).env("CALLBOARD_URL", "notaurl").output().expect("run callboard");
    let problem: Value = serde_json::from_str(&err(&output)).expect("JSON");
    assert_eq!(problem["code"], "setup");
}

/// A reader such as `head` closes the pipe early, on standard output or on both.
#[tokio::test(flavor = "multi_thread")]
async fn no_command_fails_when_its_reader_has_gone() {
    let test = harness::database("cli_pipe").await;
    let home = tempfile::tempdir().expect("a folder");
    for arguments in [
        &["completions", "powershell"][..],
        &["completions", "bash"],
        &["commit-hook"],
        &["user", "list"],
        &["workflow", "list", "--json"],
        &["migrate"],
        &["verify"],
        &["maintenance", "restored"],
    ] {
        let mut child = command(&home, arguments).env("DATABASE_URL", &test.url).spawn().expect("start callboard");
        drop(child.stdin.take());
        drop(child.stdout.take());
        let mut printed = String::new();
        child.stderr.take().expect("its errors").read_to_string(&mut printed).expect("read");
        let status = child.wait().expect("it ends");
        assert!(status.success() && !printed.contains("panicked"), "{arguments:?}: {status} {printed}");
        let mut child = command(&home, arguments).env("DATABASE_URL", &test.url).spawn().expect("start callboard");
        drop((child.stdin.take(), child.stdout.take(), child.stderr.take()));
        assert!(child.wait().expect("it ends").success(), "{arguments:?} without standard error");
    }
}

#[test]
fn wrong_flags_are_a_document_with_json() {
    let home = tempfile::tempdir().expect("a folder");
    for (arguments, part) in [
        (["--json", "ticket", "list", "--no-such-flag"].as_slice(), "--no-such-flag"),
        (&["ticket", "fly", "--json"], "fly"),
        (&["ticket", "create", "--json"], "<TITLE>"),
        (&["ticket", "list", "--json", "--limit", "many"], "many"),
    ] {
        let output = run(&home, "", arguments);
        let document: Value = serde_json::from_str(&err(&output)).expect("JSON");
        assert_eq!((output.status.code(), &document["code"]), (Some(2), &json!("usage")), "{document}");
        assert!(document["detail"].as_str().is_some_and(|detail| detail.contains(part)), "{document}");
    }
    let plain = run(&home, "", &["ticket", "fly"]);
    assert!(plain.status.code() == Some(2) && err(&plain).starts_with("error: "), "{plain:?}");
    assert!(out(&run(&home, "", &["ticket", "list", "--help", "--json"])).contains("Usage:"));
}
