//! The git hook printed by `callboard commit-hook`, in real repositories: commits, amended, rebased and merged
//! ones, reach the tickets, and failures of the hook never block a commit.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Client, Server};
use crate::harness;
use crate::http::fixtures::{TestWorkflow, open, service_client, signed_in_user, text};

/// A repository with the hook, and a workflow with three tickets.
struct HookFixture {
    server: Server,
    base: TestWorkflow,
    robot: Client,
    folder: TempDir,
}

impl HookFixture {
    async fn open(hint: &str) -> Self {
        let server = open(hint).await;
        let base = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
        for title in ["The first one", "The second one", "The third one"] {
            base.ticket(title).await;
        }
        let robot = service_client(&server, "robot", &["read", "write"]).await;
        let path = format!("/api/workflows/{}/members/{}", base.workflow, robot.id);
        base.owner.put(&path, json!({"role": "member"})).await.ok();
        let fixture = Self { server, base, robot, folder: tempfile::tempdir().expect("a folder") };
        std::fs::create_dir(fixture.toy()).expect("mkdir");
        fixture.git(&["init", "-q", "-b", "main"]);
        fixture.git(&["config", "callboard.url", &fixture.server.url]);
        let key = fixture.folder.path().join("a key");
        std::fs::write(&key, fixture.key()).expect("write");
        fixture.git(&["config", "callboard.keyFile", key.to_str().expect("a plain path")]);
        let installed = fixture.callboard(&["commit-hook", "--install"]);
        assert!(installed.status.success(), "{installed:?}");
        fixture
    }

    fn key(&self) -> &str {
        self.robot.token.as_deref().expect("a key")
    }

    fn toy(&self) -> PathBuf {
        self.folder.path().join("it's a toy")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.toy().join(".git/callboard.log")).unwrap_or_default()
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.toy()).env_clear().env("PATH", std::env::var_os("PATH").expect("PATH"));
        command.env("HOME", self.folder.path()).envs([("GIT_CONFIG_NOSYSTEM", "1"), ("LC_ALL", "C.UTF-8")]);
        for who in ["AUTHOR", "COMMITTER"] {
            command.env(format!("GIT_{who}_NAME"), "Mara Ünal").env(format!("GIT_{who}_EMAIL"), "mara@example.com");
        }
        command
    }

    fn callboard(&self, arguments: &[&str]) -> Output {
        self.command(env!("CARGO_BIN_EXE_callboard")).args(arguments).output().expect("callboard runs")
    }

    #[track_caller]
    fn git(&self, arguments: &[&str]) -> String {
        let output = self.command("git").args(arguments).output().expect("git runs");
        let printed = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "git {arguments:?}: {printed}");
        assert!(!printed.contains(self.key()), "git {arguments:?} shows the key");
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    fn commit(&self, message: &str) -> String {
        let file = self.folder.path().join("message");
        std::fs::write(&file, message).expect("write");
        let place = file.to_str().expect("a plain path");
        self.git(&["commit", "-q", "--allow-empty", "--allow-empty-message", "--cleanup=verbatim", "-F", place]);
        self.git(&["rev-parse", "HEAD"])
    }

    async fn ticket(&self, key: &str) -> Value {
        self.base.owner.get(&format!("/api/tickets/{key}?workflow_id={}", self.base.workflow)).await.ok()
    }

    async fn commits(&self, key: &str) -> Vec<String> {
        let ticket = self.ticket(key).await;
        let commits = ticket["commits"].as_array().expect("commits").iter();
        let mut ids: Vec<String> = commits.map(|commit| text(commit, "commit_sha")).collect();
        ids.sort();
        ids
    }

    async fn reaches(&self, key: &str, wanted: &[&str]) {
        let mut wanted: Vec<&str> = wanted.to_vec();
        wanted.sort_unstable();
        let what = format!("{key} has {wanted:?}");
        harness::eventually(&what, async || self.commits(key).await == wanted).await;
    }

    async fn commit_events(&self) -> usize {
        let path = format!("/api/workflows/{}/events?since=0&limit=1000", self.base.workflow);
        let events = self.base.owner.get(&path).await.ok();
        events["events"].as_array().expect("events").iter().filter(|event| event["type"] == "commit_linked").count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_are_linked_to_their_tickets() {
    let fixture = HookFixture::open("hook_commits").await;
    std::fs::write(fixture.toy().join("näme.txt"), "one\ntwo\n").expect("write");
    fixture.git(&["add", "."]);
    let strange = "-TKT-1 \"quoted\" 'and' $(touch oops) `touch oops`; \\u0000 \\\n\nfixes tkt-2\r\n\t\u{202e}🎭 TKT-99\n# TKT-3?\n";
    let first = fixture.commit(strange);
    fixture.reaches("TKT-1", &[&first]).await;
    fixture.reaches("TKT-2", &[&first]).await;
    fixture.reaches("TKT-3", &[&first]).await;
    let commit = fixture.ticket("TKT-1").await["commits"][0].clone();
    assert_eq!(commit["commit_message"], strange.trim());
    assert_eq!((&commit["author"], &commit["insertions"]), (&json!("Mara Ünal"), &json!(2)));
    assert_eq!((&commit["files_list"], &commit["agent_id"]), (&json!(["näme.txt"]), &json!("robot")));
    assert!(!fixture.toy().join("oops").exists());
    harness::eventually("the log", async || fixture.log().contains("names TKT-99")).await;

    // Reporting the same commits again by hand changes nothing.
    let again = fixture.callboard(&["commits", "push", "--json"]);
    let again: Value = serde_json::from_slice(&again.stdout).unwrap_or_else(|_| panic!("{again:?}"));
    assert_eq!(
        (again["linked"].as_array().map(Vec::len), again["already_linked"].as_array().map(Vec::len)),
        (Some(0), Some(3))
    );
    assert_eq!(fixture.commit_events().await, 3);

    // Bytes that are not UTF-8, and an oversized message.
    fixture.git(&["config", "i18n.commitEncoding", "ISO-8859-1"]);
    std::fs::write(fixture.folder.path().join("latin"), b"TKT-2 gr\xfc\xdfe").expect("write");
    fixture.git(&["commit", "-q", "--allow-empty", "-F", "../latin"]);
    let second = fixture.git(&["rev-parse", "HEAD"]);
    fixture.reaches("TKT-2", &[&first, &second]).await;
    fixture.git(&["config", "i18n.commitEncoding", "UTF-8"]);
    let third = fixture.commit(&format!("TKT-2 {}", "ü".repeat(300_000)));
    fixture.reaches("TKT-2", &[&first, &second, &third]).await;
    let kept = fixture.ticket("TKT-2").await;
    let messages: Vec<&str> =
        kept["commits"].as_array().expect("commits").iter().filter_map(|c| c["commit_message"].as_str()).collect();
    assert!(messages.contains(&"TKT-2 grüße") && messages.iter().any(|message| message.chars().count() == 20_000));
    assert!(!fixture.log().contains(fixture.key()));
}

#[tokio::test(flavor = "multi_thread")]
async fn amending_and_rebasing_leave_one_link_each() {
    let fixture = HookFixture::open("hook_rewritten").await;
    let root = fixture.commit("Begin");
    let first = fixture.commit("TKT-1 first");
    fixture.reaches("TKT-1", &[&first]).await;
    fixture.git(&["commit", "-q", "--amend", "--allow-empty", "-m", "TKT-2 after all"]);
    let amended = fixture.git(&["rev-parse", "HEAD"]);
    fixture.reaches("TKT-2", &[&amended]).await;
    fixture.reaches("TKT-1", &[]).await;

    // A branch of two commits, rebased onto newer commits.
    fixture.git(&["checkout", "-q", "-b", "side", &root]);
    let one = fixture.commit("TKT-1 one");
    let two = fixture.commit("TKT-1 and TKT-3");
    fixture.reaches("TKT-1", &[&one, &two]).await;
    fixture.git(&["rebase", "-q", "--keep-empty", "main"]);
    let (one, two) = (fixture.git(&["rev-parse", "HEAD~1"]), fixture.git(&["rev-parse", "HEAD"]));
    fixture.reaches("TKT-1", &[&one, &two]).await;
    fixture.reaches("TKT-3", &[&two]).await;
    fixture.reaches("TKT-2", &[&amended]).await;

    // Commits that arrive through a merge are reported too.
    let other = fixture.folder.path().join("other");
    let place = other.to_str().expect("a plain path");
    fixture.git(&["clone", "-q", "--no-local", ".", place]);
    fixture.git(&["-C", place, "commit", "-q", "--allow-empty", "-m", "TKT-2 from afar"]);
    let afar = fixture.git(&["-C", place, "rev-parse", "HEAD"]);
    fixture.git(&["pull", "-q", "--ff-only", place, "side"]);
    fixture.reaches("TKT-2", &[&amended, &afar]).await;
    // A range, reported by hand.
    let pushed = fixture.callboard(&["commits", "push", &format!("{root}..HEAD")]);
    assert!(pushed.status.success() && String::from_utf8_lossy(&pushed.stdout).contains("was already linked to TKT-3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_that_were_there_before_run_first() {
    let fixture = HookFixture::open("hook_chain").await;
    let hooks = fixture.toy().join(".git/hooks");
    let mine = |name: &str, text: &str| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(hooks.join(name), text).expect("write");
        std::fs::set_permissions(hooks.join(name), std::fs::Permissions::from_mode(0o755)).expect("chmod");
    };
    mine("post-commit", "#!/bin/sh\necho committed >>seen\n");
    mine("post-rewrite", "#!/bin/sh\necho \"$1 $(cut -d ' ' -f 2)\" >>seen\n");
    let chained = fixture.callboard(&["commit-hook", "--install", "--chain"]);
    assert!(chained.status.success(), "{chained:?}");
    assert!(fixture.callboard(&["commit-hook", "--install"]).status.success(), "its own hooks are replaced");
    let seen = || std::fs::read_to_string(fixture.toy().join("seen")).unwrap_or_default();
    let first = fixture.commit("TKT-1 first");
    fixture.reaches("TKT-1", &[&first]).await;
    assert_eq!(seen(), "committed\n");
    fixture.git(&["commit", "-q", "--amend", "--allow-empty", "-m", "TKT-2 after all"]);
    let amended = fixture.git(&["rev-parse", "HEAD"]);
    fixture.reaches("TKT-2", &[&amended]).await;
    assert!(seen().contains(&format!("amend {amended}")), "{}", seen());

    // Patches that `git am` applies.
    std::fs::write(fixture.toy().join("file"), "one\n").expect("write");
    fixture.git(&["add", "file"]);
    fixture.git(&["commit", "-q", "-m", "TKT-3 by mail"]);
    fixture.git(&["format-patch", "-q", "-1", "-o", "..", "HEAD"]);
    fixture.git(&["reset", "-q", "--hard", "HEAD~1"]);
    fixture.git(&["-c", "user.name=Other", "am", "-q", "../0001-TKT-3-by-mail.patch"]);
    let mailed = fixture.git(&["rev-parse", "HEAD"]);
    harness::eventually("TKT-3 has the mailed commit", async || fixture.commits("TKT-3").await.contains(&mailed)).await;

    // Husky overwrites its own folder, so the hooks go where it looks for them.
    let husky = fixture.toy().join(".husky/_");
    std::fs::create_dir_all(&husky).expect("mkdir");
    std::fs::write(husky.join("h"), "").expect("write");
    std::fs::write(husky.join("post-commit"), "#!/bin/sh\n. \"$(dirname \"$0\")/h\"\n").expect("write");
    fixture.git(&["config", "core.hooksPath", ".husky/_"]);
    assert!(fixture.callboard(&["commit-hook", "--install"]).status.success());
    let installed = std::fs::read_to_string(fixture.toy().join(".husky/post-commit")).expect("a hook");
    assert!(installed.contains("Made by") && !installed.contains(env!("CARGO_BIN_EXE_callboard")), "{installed}");
    assert!(!std::fs::read_to_string(husky.join("post-commit")).expect("a hook").contains("Made by"));
}

#[tokio::test(flavor = "multi_thread")]
async fn hook_failures_never_block_a_commit() {
    let fixture = HookFixture::open("hook_faults").await;
    // A server that never responds, an unreachable one, an invalid key, and no settings at all.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = format!("http://{}", silent.local_addr().expect("an address"));
    let gone = "http://127.0.0.1:1";
    for url in [silent.as_str(), gone, "no address"] {
        let began = Instant::now();
        let there = format!("callboard.url={url}");
        fixture.git(&["-c", &there, "commit", "-q", "--allow-empty", "-m", "TKT-1 to nobody"]);
        assert!(began.elapsed() < Duration::from_secs(5), "{url} keeps the commit");
    }
    fixture.git(&["config", "callboard.keyFile", "/nowhere/at all"]);
    fixture.commit("TKT-1 by nobody");
    harness::eventually("the log says why", async || {
        fixture.log().contains("The key cannot be read from /nowhere/at all")
    })
    .await;
    let refused = fixture.callboard(&["commits", "push"]);
    assert!(!refused.status.success() && refused.stdout.is_empty());
    let strange = fixture.callboard(&["commits", "push", "no-such-branch"]);
    assert!(!strange.status.success() && !String::from_utf8_lossy(&strange.stderr).contains(fixture.key()));
    assert!(fixture.commits("TKT-1").await.is_empty());

    // A read-only key, and an unknown one.
    fixture.git(&["config", "--unset", "callboard.keyFile"]);
    let reader = service_client(&fixture.server, "reader", &["read"]).await;
    for (key, why) in [(reader.token.as_deref().expect("a key"), "lacks the scope \"write\""), ("cb_nonsense", "")] {
        let output = fixture
            .command(env!("CARGO_BIN_EXE_callboard"))
            .args(["commits", "push"])
            .env("CALLBOARD_API_KEY", key)
            .output();
        let output = output.expect("callboard runs");
        let printed = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && printed.contains(why) && !printed.contains(key), "{printed}");
    }

    // An existing hook is kept; outside a repository the command does nothing.
    std::fs::write(fixture.toy().join(".git/hooks/post-merge"), "#!/bin/sh\necho mine\n").expect("write");
    let refused = fixture.callboard(&["commit-hook", "--install"]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("already exists"));
    assert!(std::fs::read_to_string(fixture.toy().join(".git/hooks/post-merge")).expect("read").contains("mine"));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("--chain"), "{refused:?}");
    let outside = Command::new(env!("CARGO_BIN_EXE_callboard")).args(["commits", "push"]).current_dir("/").output();
    assert!(String::from_utf8_lossy(&outside.expect("callboard runs").stderr).contains("not in a git repository"));

    // The script is plain sh, and exits quietly when there is nothing to report.
    let printed = fixture.callboard(&["commit-hook"]);
    let script = fixture.folder.path().join("hook");
    std::fs::write(&script, &printed.stdout).expect("write");
    assert!(Command::new("sh").arg("-n").arg(&script).status().expect("sh runs").success());
    let away = Command::new("sh").arg(&script).current_dir("/").stdin(Stdio::null()).output().expect("sh runs");
    assert!(away.status.success() && away.stdout.is_empty() && away.stderr.is_empty(), "{away:?}");
    assert!(!Path::new("/callboard.log").exists());
}
