//! The client commands against a running server, as used by people and scripts.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use crate::client::{Server, server_with};
use crate::http::fixtures::{self, TestWorkflow};

const PASSWORD: &str = "correct horse battery";

pub struct CommandOutput {
    pub code: Option<i32>,
    out: String,
    pub err: String,
}

impl CommandOutput {
    #[track_caller]
    pub fn ok(self) -> String {
        assert_eq!(self.code, Some(0), "{}{}", self.out, self.err);
        self.out.trim_end().to_owned()
    }

    #[track_caller]
    pub fn json(self) -> Value {
        let out = self.ok();
        serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
    }

    /// One sentence on stderr, nothing on stdout, exit code 1.
    #[track_caller]
    pub fn refuses(self, part: &str) {
        assert_eq!(self.code, Some(1), "{}{}", self.out, self.err);
        assert!(self.out.is_empty() && self.err.contains(part), "{}{}", self.out, self.err);
        assert!(self.err.lines().count() == 1 && self.err.ends_with(".\n"), "{}", self.err);
    }
}

/// A terminal session: a home folder, a server and an optional key.
pub struct Terminal {
    home: tempfile::TempDir,
    url: String,
    key: Option<String>,
}

impl Terminal {
    fn at(server: &Server) -> Self {
        Self { home: tempfile::tempdir().expect("a folder"), url: server.url.clone(), key: None }
    }

    fn with_key(server: &Server, key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..Self::at(server) }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
        command
            .args(arguments)
            .env("CALLBOARD_URL", &self.url)
            .env("XDG_CONFIG_HOME", self.home.path())
            .env_remove("CALLBOARD_CONFIG")
            .env_remove("CALLBOARD_WORKFLOW")
            .env_remove("CALLBOARD_API_KEY")
            .envs(self.key.iter().map(|key| ("CALLBOARD_API_KEY", key)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        command
    }

    pub async fn run(&self, arguments: &[&str]) -> CommandOutput {
        self.run_with(arguments, "").await
    }

    async fn run_with(&self, arguments: &[&str], input: &str) -> CommandOutput {
        let mut child = self.command(arguments).spawn().expect("start callboard");
        child.stdin.take().expect("its input").write_all(input.as_bytes()).await.expect("write");
        let output = child.wait_with_output().await.expect("run callboard");
        CommandOutput {
            code: output.status.code(),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    pub async fn run_ok(&self, arguments: &[&str]) -> String {
        self.run(arguments).await.ok()
    }

    /// Starts a long-running command.
    fn follow(&self, arguments: &[&str]) -> (Child, Lines<BufReader<ChildStdout>>) {
        let mut child = self.command(arguments).stderr(Stdio::null()).spawn().expect("start callboard");
        let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        (child, lines)
    }
}

async fn next(lines: &mut Lines<BufReader<ChildStdout>>) -> String {
    let line = tokio::time::timeout(Duration::from_secs(30), lines.next_line()).await;
    line.expect("a line in time").expect("readable").expect("a line")
}

/// A server, a user with a workflow, and that user's terminal.
pub async fn open(hint: &str) -> (Server, TestWorkflow, Terminal) {
    let server = fixtures::open(hint).await;
    let owner = fixtures::signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    // CALLBOARD_API_KEY accepts any bearer credential.
    let terminal = Terminal::with_key(&server, owner.token.as_deref().expect("a token"));
    (server, fixture, terminal)
}

#[tokio::test]
async fn tickets_are_created_found_changed_and_resolved() {
    let (_server, fixture, at) = open("cli_tickets").await;
    assert_eq!(
        at.run_ok(&["ticket", "create", "Fix the fence", "-p", "high", "--tag", "a", "--tag", "b", "--assign", "ada"])
            .await,
        "TKT-1"
    );
    let made = at
        .run_with(
            &["ticket", "create", "Paint it", "-d", "-", "--blocked-by", "1", "--column", "todo", "--json"],
            "Red\nor blue",
        )
        .await;
    let made = made.json();
    let listed = at.run(&["ticket", "list", "--json"]).await.json();
    let paint = listed.as_array().expect("tickets").iter().find(|card| card["key"] == "TKT-2").expect("the second");
    assert_eq!(
        (&paint["ticket_id"], &paint["status"], &paint["is_blocked"]),
        (&made["ticket_id"], &json!("todo"), &json!(true))
    );
    let table = at.run_ok(&["ticket", "list"]).await;
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("KEY    COLUMN   PRIORITY") && lines[1].contains("[blocked] Paint it"), "{table}");
    assert!(lines[2].contains("high") && lines[2].contains("ada") && lines[2].ends_with("Fix the fence"), "{table}");
    let some = at.run_ok(&["ticket", "list", "--assigned", "ada", "--tag", "a", "-p", "high"]).await;
    assert!(some.contains("TKT-1") && !some.contains("TKT-2"), "{some}");

    assert_eq!(
        at.run_ok(&["ticket", "move", "tkt-1", "In Progress", "-c", "Begun"]).await,
        "Moved TKT-1 from backlog to in_progress."
    );
    at.run_with(&["ticket", "comment", "1", "-"], "From a pipe").await.ok();
    let shown = at.run_ok(&["ticket", "show", "1"]).await;
    for part in [
        "TKT-1  Fix the fence",
        "in_progress",
        "assigned to ada",
        "tags a, b",
        "Begun",
        "From a pipe",
        "Blocks",
        "TKT-2",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert_eq!(
        at.run_ok(&["ticket", "edit", "1", "--title", "Fix the gate", "--tags", "", "--assign", ""]).await,
        "Updated assigned_agent_id, tags, title."
    );
    let found = at.run(&["ticket", "search", "gate", "--mode", "keyword", "--json"]).await.json();
    assert_eq!((&found["results"][0]["key"], &found["total_found"]), (&json!("TKT-1"), &json!(1)));
    at.run(&["ticket", "move", "2", "In Progress"]).await.refuses("TKT-1");
    assert!(at.run_ok(&["board"]).await.contains("In Progress 1\n  TKT-1    Fix the gate"));

    at.run(&["ticket", "claim", "--tag", "nothing"]).await.refuses("ready");
    assert_eq!(at.run_ok(&["ticket", "resolve", "1", "-c", "The hinge was bent."]).await.lines().count(), 1);
    assert_eq!(at.run_ok(&["ticket", "claim"]).await, "TKT-2", "no longer blocked");
    assert!(at.run_ok(&["ticket", "block", "2", "--on", "1"]).await.contains("lockers"));
    let gone = at.run_ok(&["ticket", "delete", "2"]).await;
    at.run(&["ticket", "show", "2"]).await.refuses("There is no ticket 2");
    let id = gone.rsplit(' ').next().expect("an id");
    let deleted = at.run(&["ticket", "deleted", "--json"]).await.json();
    assert_eq!((&deleted[0]["key"], &deleted[0]["archived"]), (&json!("TKT-2"), &json!(false)), "{deleted}");
    assert!(at.run_ok(&["ticket", "deleted"]).await.contains("Paint it"));
    at.run_ok(&["ticket", "restore", id]).await;
    assert_eq!(at.run(&["ticket", "deleted", "--json"]).await.json(), json!([]));
    at.run_ok(&["ticket", "delete", "2"]).await;
    assert_eq!(at.run_ok(&["ticket", "restore", "TKT-2"]).await, "Restored TKT-2.", "by its key");
    at.run(&["ticket", "restore", "TKT-77"]).await.refuses("TKT-77");
    assert_eq!(fixture.read(id).await["key"], "TKT-2");
}

#[tokio::test]
async fn errors_are_sentences_or_problem_documents_and_change_nothing() {
    let (server, fixture, at) = open("cli_refusals").await;
    at.run_ok(&["ticket", "create", "The only one"]).await;
    let before = at.run(&["ticket", "list", "--all", "--json"]).await.json();
    at.run(&["ticket", "create", "x"]).await.refuses("title");
    at.run(&["ticket", "move", "1", "nowhere"]).await.refuses("nowhere");
    at.run(&["ticket", "move", "99", "done"]).await.refuses("There is no ticket 99");
    at.run(&["ticket", "list", "-w", "Elsewhere"]).await.refuses("Elsewhere");
    at.run(&["job", "show", "job-x"]).await.refuses("job-x");
    at.run(&["ticket", "create", "A title", "--column", "none"]).await.refuses("none");
    let problem = at.run(&["ticket", "create", "x", "--json"]).await;
    let received: Value = serde_json::from_str(&problem.err).expect("a problem");
    assert_eq!(
        (problem.code, &received["status"], &received["errors"][0]["field"]),
        (Some(1), &json!(422), &json!("title"))
    );
    for wrong in [
        &["ticket", "create"][..],
        &["ticket", "list", "-n", "0"],
        &["ticket", "fly"],
        &["job", "create", "x", "--payload", "{"],
    ] {
        let result = at.run(wrong).await;
        assert_eq!(result.code, Some(2), "{wrong:?}: {}", result.err);
    }
    assert_eq!(at.run(&["ticket", "list", "--all", "--json"]).await.json(), before);

    fixture.owner.post("/api/workflows", json!({"name": "Another"})).await.created();
    at.run(&["board"]).await.refuses("--workflow: Another, Work");
    assert!(at.run_ok(&["board", "-w", "Work"]).await.contains("TKT-1"));
    let outsider = Terminal::at(&server);
    outsider.run(&["ticket", "list"]).await.refuses("callboard login");
    Terminal::with_key(&server, "cb_nonsense").run(&["whoami"]).await.refuses("key");
    let mut nowhere = Terminal::with_key(&server, "cb_nonsense");
    nowhere.url = "http://127.0.0.1:1".to_owned();
    nowhere.run(&["whoami"]).await.refuses("cannot be reached");
}

#[tokio::test]
async fn a_stored_sign_in_is_private_and_refreshes_concurrently() {
    let server =
        server_with("cli_login", &["--request-rate", "1000000", "--access-token-seconds", "60"], Vec::new()).await;
    let account = json!({"email": "eve@example.org", "password": PASSWORD, "token_mode": "json"});
    server.anonymous().post("/api/auth/register", account).await.created();
    let at = Terminal::at(&server);
    let login = ["login", "eve@example.org", "--password-stdin"];
    at.run_with(&login, "wrong\n").await.refuses("password");
    at.run(&["login"]).await.refuses("terminal");
    at.run_with(&login, &format!("{PASSWORD}\n")).await.ok();
    let file = at.home.path().join("callboard/credentials.json");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&file).expect("the file").permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert!(!std::fs::read_to_string(&file).expect("the file").contains(PASSWORD));
    assert!(at.run_ok(&["whoami"]).await.contains(&server.url));

    // All access tokens have expired, and six commands refresh concurrently.
    let mut kept: Value = serde_json::from_str(&std::fs::read_to_string(&file).expect("the file")).expect("JSON");
    kept["servers"][&server.url]["tokens"]["access"] = json!("ended");
    std::fs::write(&file, kept.to_string()).expect("write");
    let names: Vec<String> = (0..6).map(|number| format!("flow {number}")).collect();
    let all = names.iter().map(|_| at.run(&["whoami", "--json"]));
    for result in futures_util::future::join_all(all).await {
        assert_eq!(result.json()["user"]["email"], "eve@example.org");
    }
    at.run(&["logout"]).await.ok();
    at.run(&["whoami"]).await.refuses("callboard login");
    at.run(&["logout"]).await.refuses("You are not signed in");
    std::fs::write(&file, "{").expect("write");
    at.run(&["whoami"]).await.refuses("damaged");
}

#[tokio::test]
async fn following_a_job_exits_with_its_outcome() {
    let (_server, fixture, at) = open("cli_jobs").await;
    for (end, code) in [("complete", Some(0)), ("fail", Some(1))] {
        let ticket = fixture.ticket("The work").await;
        let job =
            at.run_ok(&["job", "create", "Please\nbuild it", "-t", &ticket, "--stages", "plan,build", "--draft"]).await;
        assert!(at.run_ok(&["job", "show", &job]).await.contains("collecting"));
        assert_eq!(at.run_ok(&["job", "continue", &job]).await, "queued");
        assert_eq!(at.run_ok(&["job", "pause", &job]).await, "paused");
        assert_eq!(at.run_ok(&["job", "resume", &job]).await, "queued");
        let (mut child, mut lines) = at.follow(&["job", "log", "--follow", &job]);
        at.run_ok(&["job", "say", &job, "Mind the step"]).await;
        assert_eq!((next(&mut lines).await.as_str(), next(&mut lines).await.as_str()), ("ada:", "  Mind the step"));
        let claimed = fixture.owner.post("/api/jobs/claim", json!({"worker": "w1"})).await.ok();
        assert_eq!(claimed["job"]["id"], json!(job));
        let worker = |path: &str, mut body: Value| {
            body["lease_token"] = claimed["lease_token"].clone();
            let path = format!("/api/jobs/{job}/{path}");
            let owner = fixture.owner.clone();
            async move { owner.post(&path, body).await.ok() }
        };
        worker("messages", json!({"messages": [{"kind": "log", "content": "one\ntwo \u{1b}[2Jthree"}]})).await;
        assert_eq!(next(&mut lines).await, "== plan");
        assert_eq!((next(&mut lines).await.as_str(), next(&mut lines).await.as_str()), ("one", "two  [2Jthree"));
        worker("progress", json!({"progress": 40, "message": "half"})).await;
        assert_eq!(next(&mut lines).await, "40% half");
        worker(
            end,
            json!({"error": "It broke", "retry": false})
                .as_object()
                .filter(|_| end == "fail")
                .map_or(json!({}), |error| json!(error)),
        )
        .await;
        let status =
            tokio::time::timeout(Duration::from_secs(30), child.wait()).await.expect("in time").expect("its end");
        assert_eq!(status.code(), code);
        let listed = at.run(&["job", "list", "--ticket", &ticket, "--json"]).await.json();
        assert_eq!(listed[0]["status"], if end == "fail" { "failed" } else { "succeeded" });
        let whole = at.run_ok(&["job", "log", &job]).await;
        assert!(whole.contains("Mind the step") && whole.contains("one\ntwo"), "{whole}");
    }
}

#[tokio::test]
async fn questions_from_one_terminal_are_decided_at_another() {
    let (server, fixture, at) = open("cli_approvals").await;
    let agent = fixtures::service_client(&server, "agent-x", &["read", "write", "approve"]).await;
    let path = format!("/api/workflows/{}/members/agent-x", fixture.workflow);
    fixture.owner.put(&path, json!({"role": "member"})).await.ok();
    let asker = Terminal::with_key(&server, agent.token.as_deref().expect("a key"));
    for (decision, code) in [(&["approve"][..], Some(0)), (&["reject", "-r", "Not today"], Some(1))] {
        let child =
            asker.command(&["approval", "ask", "Ship it?", "--context", "All is green", "--wait", "60"]).spawn();
        let asked = async || {
            let waiting = at.run(&["approval", "list", "--json"]).await.json();
            waiting[0]["approval_id"].as_str().map(str::to_owned)
        };
        crate::harness::eventually("the question waits", async || asked().await.is_some()).await;
        let id = asked().await.expect("a question");
        let (verb, flags) = decision.split_first().expect("a verb");
        asker.run(&["approval", verb, &id]).await.refuses("cannot decide their own");
        assert!(at.run_ok(&["approval", "show", &id]).await.contains("All is green"));
        let result = at.run_ok(&[&["approval", verb, id.as_str()], flags].concat()).await;
        assert!(result.ends_with("by ada"), "{result}");
        let other = if *verb == "approve" { "reject" } else { "approve" };
        at.run(&["approval", other, &id]).await.refuses("already by ada");
        let output = child.expect("started").wait_with_output().await.expect("its end");
        assert_eq!(output.status.code(), code, "{}", String::from_utf8_lossy(&output.stderr));
    }
    let id = asker.run_ok(&["approval", "ask", "Which one?", "--option", "red", "--option", "blue"]).await;
    at.run_ok(&["approval", "answer", &id, "blue"]).await;
    assert_eq!(asker.run(&["approval", "show", &id, "--json"]).await.json()["answer"], "blue");
    assert!(at.run_ok(&["approval", "list"]).await.is_empty());
}

#[tokio::test]
async fn watch_prints_each_event_once_from_a_cursor_and_ends_on_a_closed_pipe() {
    let (_server, fixture, at) = open("cli_watch").await;
    let one = fixture.ticket("The first").await;
    fixture.ticket("The second").await;
    let (mut whole, mut all) = at.follow(&["watch", "-n", "2"]);
    assert!(next(&mut all).await.contains("TKT-1    created in Backlog  The first (ada)"));
    assert!(next(&mut all).await.contains("TKT-2"));
    let (_live, mut live) = at.follow(&["watch", "tkt-1", "--events", "comment_added", "--since", "0", "--json"]);
    for number in 0..5 {
        fixture.comment(&one, &format!("Number {number}")).await;
    }
    fixture.move_to(&one, "todo").await.ok();
    for number in 0..5 {
        assert!(next(&mut all).await.contains(&format!("comment: Number {number}")));
        let event: Value = serde_json::from_str(&next(&mut live).await).expect("JSON");
        assert_eq!(event["data"]["comment"]["comment_text"], format!("Number {number}"));
    }
    assert!(next(&mut all).await.contains("Backlog → To Do"));

    // SAFETY: signals a child of this test.
    unsafe { libc::kill(whole.id().expect("it runs") as libc::pid_t, libc::SIGINT) };
    let ended = tokio::time::timeout(Duration::from_secs(30), whole.wait()).await;
    assert!(ended.expect("ctrl-c ends it").expect("its end").success());

    let (mut child, lines) = at.follow(&["watch", "-n", "0"]);
    drop(lines);
    let ended = tokio::time::timeout(Duration::from_secs(30), child.wait()).await;
    assert!(ended.expect("it ends though nothing happens").expect("its end").success());
}

#[tokio::test]
async fn shells_complete_commands() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = Terminal { home: folder, url: String::new(), key: None };
    for shell in ["bash", "zsh", "fish"] {
        let script = at.run_ok(&["completions", shell]).await;
        assert!(script.contains("callboard") && script.contains("approval"), "{shell}");
    }
    let script = at.run_ok(&["completions", "bash"]).await;
    let file = at.home.path().join("callboard.bash");
    std::fs::write(&file, script).expect("write");
    assert!(completes(&file).await.lines().any(|word| word == "ticket"));
}

/// The completions of bash for a command line.
async fn completes(file: &Path) -> String {
    let ask = format!(
        "source {}; COMP_WORDS=(callboard ''); COMP_CWORD=1; _callboard callboard '' callboard; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        file.display()
    );
    let output = Command::new("bash").args(["-c", &ask]).output().await.expect("bash");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
