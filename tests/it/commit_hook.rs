//! The git hook that `callboard commit-hook` prints, in real repositories: what is committed, amended, rebased and
//! merged reaches the tickets; nothing that goes wrong reaches whoever commits.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{Client, Server};
use crate::house;
use crate::http::stage::{Desk, open, person, service, text};

/// A repository with the hook, and a workflow with three tickets.
struct Bench {
    server: Server,
    desk: Desk,
    robot: Client,
    folder: TempDir,
}

impl Bench {
    async fn open(hint: &str) -> Self {
        let server = open(hint).await;
        let desk = Desk::of(&person(&server, "ann").await).await;
        for title in ["The first one", "The second one", "The third one"] {
            desk.ticket(title).await;
        }
        let robot = service(&server, "robot", &["read", "write"]).await;
        let path = format!("/api/workflows/{}/members/{}", desk.workflow, robot.id);
        desk.owner.put(&path, json!({"role": "member"})).await.ok();
        let bench = Self { server, desk, robot, folder: tempfile::tempdir().expect("a folder") };
        std::fs::create_dir(bench.toy()).expect("mkdir");
        bench.git(&["init", "-q", "-b", "main"]);
        bench.git(&["config", "callboard.url", &bench.server.url]);
        let key = bench.folder.path().join("a key");
        std::fs::write(&key, bench.key()).expect("write");
        bench.git(&["config", "callboard.keyFile", key.to_str().expect("a plain path")]);
        let installed = bench.callboard(&["commit-hook", "--install"]);
        assert!(installed.status.success(), "{installed:?}");
        bench
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
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "git {arguments:?}: {said}");
        assert!(!said.contains(self.key()), "git {arguments:?} shows the key");
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
        self.desk.owner.get(&format!("/api/tickets/{key}?workflow_id={}", self.desk.workflow)).await.ok()
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
        house::eventually(&what, async || self.commits(key).await == wanted).await;
    }

    async fn told(&self) -> usize {
        let path = format!("/api/workflows/{}/events?since=0&limit=1000", self.desk.workflow);
        let events = self.desk.owner.get(&path).await.ok();
        events["events"].as_array().expect("events").iter().filter(|event| event["type"] == "commit_linked").count()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commits_reach_their_tickets() {
    let bench = Bench::open("hook_commits").await;
    std::fs::write(bench.toy().join("näme.txt"), "one\ntwo\n").expect("write");
    bench.git(&["add", "."]);
    let strange = "-TKT-1 \"quoted\" 'and' $(touch oops) `touch oops`; \\u0000 \\\n\nfixes tkt-2\r\n\t\u{202e}🎭 TKT-99\n# TKT-3?\n";
    let first = bench.commit(strange);
    bench.reaches("TKT-1", &[&first]).await;
    bench.reaches("TKT-2", &[&first]).await;
    bench.reaches("TKT-3", &[&first]).await;
    let commit = bench.ticket("TKT-1").await["commits"][0].clone();
    assert_eq!(commit["commit_message"], strange.trim());
    assert_eq!((&commit["author"], &commit["insertions"]), (&json!("Mara Ünal"), &json!(2)));
    assert_eq!((&commit["files_list"], &commit["agent_id"]), (&json!(["näme.txt"]), &json!("robot")));
    assert!(!bench.toy().join("oops").exists());
    house::eventually("the log", async || bench.log().contains("names TKT-99")).await;

    // Told once more by hand: nothing new.
    let again = bench.callboard(&["commits", "push", "--json"]);
    let again: Value = serde_json::from_slice(&again.stdout).unwrap_or_else(|_| panic!("{again:?}"));
    assert_eq!(
        (again["linked"].as_array().map(Vec::len), again["already_linked"].as_array().map(Vec::len)),
        (Some(0), Some(3))
    );
    assert_eq!(bench.told().await, 3);

    // Letters that are no UTF-8, and a message without end.
    bench.git(&["config", "i18n.commitEncoding", "ISO-8859-1"]);
    std::fs::write(bench.folder.path().join("latin"), b"TKT-2 gr\xfc\xdfe").expect("write");
    bench.git(&["commit", "-q", "--allow-empty", "-F", "../latin"]);
    let second = bench.git(&["rev-parse", "HEAD"]);
    bench.reaches("TKT-2", &[&first, &second]).await;
    bench.git(&["config", "i18n.commitEncoding", "UTF-8"]);
    let third = bench.commit(&format!("TKT-2 {}", "ü".repeat(300_000)));
    bench.reaches("TKT-2", &[&first, &second, &third]).await;
    let kept = bench.ticket("TKT-2").await;
    let messages: Vec<&str> =
        kept["commits"].as_array().expect("commits").iter().filter_map(|c| c["commit_message"].as_str()).collect();
    assert!(messages.contains(&"TKT-2 grüße") && messages.iter().any(|message| message.chars().count() == 20_000));
    assert!(!bench.log().contains(bench.key()));
}

#[tokio::test(flavor = "multi_thread")]
async fn amending_and_rebasing_leave_one_link_each() {
    let bench = Bench::open("hook_rewritten").await;
    let root = bench.commit("Begin");
    let first = bench.commit("TKT-1 first");
    bench.reaches("TKT-1", &[&first]).await;
    bench.git(&["commit", "-q", "--amend", "--allow-empty", "-m", "TKT-2 after all"]);
    let amended = bench.git(&["rev-parse", "HEAD"]);
    bench.reaches("TKT-2", &[&amended]).await;
    bench.reaches("TKT-1", &[]).await;

    // A branch of two, put upon what came meanwhile.
    bench.git(&["checkout", "-q", "-b", "side", &root]);
    let one = bench.commit("TKT-1 one");
    let two = bench.commit("TKT-1 and TKT-3");
    bench.reaches("TKT-1", &[&one, &two]).await;
    bench.git(&["rebase", "-q", "--keep-empty", "main"]);
    let (one, two) = (bench.git(&["rev-parse", "HEAD~1"]), bench.git(&["rev-parse", "HEAD"]));
    bench.reaches("TKT-1", &[&one, &two]).await;
    bench.reaches("TKT-3", &[&two]).await;
    bench.reaches("TKT-2", &[&amended]).await;

    // What comes from elsewhere by a merge is told too.
    let other = bench.folder.path().join("other");
    let place = other.to_str().expect("a plain path");
    bench.git(&["clone", "-q", "--no-local", ".", place]);
    bench.git(&["-C", place, "commit", "-q", "--allow-empty", "-m", "TKT-2 from afar"]);
    let afar = bench.git(&["-C", place, "rev-parse", "HEAD"]);
    bench.git(&["pull", "-q", "--ff-only", place, "side"]);
    bench.reaches("TKT-2", &[&amended, &afar]).await;
    // A range, by hand.
    let pushed = bench.callboard(&["commits", "push", &format!("{root}..HEAD")]);
    assert!(pushed.status.success() && String::from_utf8_lossy(&pushed.stdout).contains("was already linked to TKT-3"));
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_commits_is_never_kept() {
    let bench = Bench::open("hook_faults").await;
    // A server that listens and never answers, one that is not there, a key that is none, and no settings at all.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let silent = format!("http://{}", silent.local_addr().expect("an address"));
    let gone = "http://127.0.0.1:1";
    for url in [silent.as_str(), gone, "no address"] {
        let began = Instant::now();
        let there = format!("callboard.url={url}");
        bench.git(&["-c", &there, "commit", "-q", "--allow-empty", "-m", "TKT-1 to nobody"]);
        assert!(began.elapsed() < Duration::from_secs(5), "{url} keeps the commit");
    }
    bench.git(&["config", "callboard.keyFile", "/nowhere/at all"]);
    bench.commit("TKT-1 by nobody");
    house::eventually("the log says why", async || bench.log().contains("The key cannot be read from /nowhere/at all"))
        .await;
    let refused = bench.callboard(&["commits", "push"]);
    assert!(!refused.status.success() && refused.stdout.is_empty());
    let strange = bench.callboard(&["commits", "push", "no-such-branch"]);
    assert!(!strange.status.success() && !String::from_utf8_lossy(&strange.stderr).contains(bench.key()));
    assert!(bench.commits("TKT-1").await.is_empty());

    // A key of somebody who may only read, and one of nobody.
    bench.git(&["config", "--unset", "callboard.keyFile"]);
    let reader = service(&bench.server, "reader", &["read"]).await;
    for (key, why) in [(reader.token.as_deref().expect("a key"), "lacks the scope \"write\""), ("cb_nonsense", "")] {
        let output = bench
            .command(env!("CARGO_BIN_EXE_callboard"))
            .args(["commits", "push"])
            .env("CALLBOARD_API_KEY", key)
            .output();
        let output = output.expect("callboard runs");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && said.contains(why) && !said.contains(key), "{said}");
    }

    // Somebody's own hook stays; outside of a repository there is nothing to do.
    std::fs::write(bench.toy().join(".git/hooks/post-merge"), "#!/bin/sh\necho mine\n").expect("write");
    let refused = bench.callboard(&["commit-hook", "--install"]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("already exists"));
    assert!(std::fs::read_to_string(bench.toy().join(".git/hooks/post-merge")).expect("read").contains("mine"));
    let outside = Command::new(env!("CARGO_BIN_EXE_callboard")).args(["commits", "push"]).current_dir("/").output();
    assert!(String::from_utf8_lossy(&outside.expect("callboard runs").stderr).contains("not in a git repository"));

    // The script is plain sh, and does nothing where it has nothing to do.
    let printed = bench.callboard(&["commit-hook"]);
    let script = bench.folder.path().join("hook");
    std::fs::write(&script, &printed.stdout).expect("write");
    assert!(Command::new("sh").arg("-n").arg(&script).status().expect("sh runs").success());
    let away = Command::new("sh").arg(&script).current_dir("/").stdin(Stdio::null()).output().expect("sh runs");
    assert!(away.status.success() && away.stdout.is_empty() && away.stderr.is_empty(), "{away:?}");
    assert!(!Path::new("/callboard.log").exists());
}
