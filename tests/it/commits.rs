//! Diffs of commits, from toy repositories made with git.

mod access;
mod lines;

use std::path::{Path, PathBuf};
use std::process::Command;

use callboard::cli::Cli;
use callboard::config::Config;
use callboard::db::{Db, pool};
use callboard::domain::accounts::Caller;
use callboard::domain::commits::{CommitDiff, FileStatus, describe, diff};
use clap::Parser;
use tempfile::TempDir;
use tokio_postgres::Client;

use crate::harness;

struct RepositoryFixture {
    folder: TempDir,
    client: Client,
    db: Db,
    config: Config,
    caller: Caller,
    workflow: String,
    _test: harness::TestDb,
}

/// A repository `toy` in a folder of repositories, and a workflow linked to it.
async fn repository(hint: &str) -> RepositoryFixture {
    let folder = tempfile::tempdir().expect("a folder");
    let test = harness::database(hint).await;
    let client = harness::connect(&test.url).await;
    let sql = "insert into actors (id, kind, name, is_admin) values ('admin', 'user', 'Admin', true), ('other', 'user', 'Other', false);
               select logic.create_workflow('admin', 'Shop')";
    client.batch_execute(sql).await.expect("a workflow");
    let workflow: String = client.query_one("select id from workflows", &[]).await.expect("its id").get(0);
    let fixture = RepositoryFixture {
        config: config(&folder.path().join("home")),
        db: Db::new(pool::pool(&test.url, 2, std::time::Duration::from_secs(30)).expect("a pool")),
        caller: Caller::trusted("admin"),
        folder,
        client,
        workflow,
        _test: test,
    };
    std::fs::create_dir_all(fixture.toy()).expect("mkdir");
    git(&fixture.toy(), &["init", "-q", "-b", "main"]);
    fixture.attach("toy").await;
    fixture
}

fn config(home: &Path) -> Config {
    let home = home.to_str().expect("a plain path");
    let cli = Cli::try_parse_from(["callboard", "serve", "--repositories-dir", home]).expect("flags");
    let callboard::cli::Command::Serve(args) = cli.command else { panic!("serve") };
    *args.config
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").expect("PATH"))
        .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1"), ("LC_ALL", "C")])
        .envs([
            ("GIT_AUTHOR_NAME", "Mara Ünal"),
            ("GIT_AUTHOR_EMAIL", "mara@example.com"),
            ("GIT_AUTHOR_DATE", "2026-03-01T12:00:00+02:00"),
        ])
        .envs([("GIT_COMMITTER_NAME", "Bot"), ("GIT_COMMITTER_EMAIL", "bot@example.com")])
        .args(arguments)
        .output()
        .expect("git runs");
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

impl RepositoryFixture {
    fn toy(&self) -> PathBuf {
        self.folder.path().join("home/toy")
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let file = self.toy().join(name);
        std::fs::create_dir_all(file.parent().expect("a folder")).expect("mkdir");
        std::fs::write(file, content).expect("write");
    }

    fn commit(&self, message: &str) -> String {
        git(&self.toy(), &["add", "-A"]);
        git(&self.toy(), &["commit", "-q", "--allow-empty", "-m", message]);
        git(&self.toy(), &["rev-parse", "HEAD"])
    }

    async fn attach(&self, path: &str) {
        self.client.execute("update workflows set repository_path = $1", &[&path]).await.expect("attach");
    }

    async fn diff(&self, sha: &str) -> CommitDiff {
        diff(&self.db, &self.config, &self.caller, sha, Some(&self.workflow))
            .await
            .unwrap_or_else(|error| panic!("{error}"))
    }

    async fn refused(&self, sha: &str) -> (u16, String) {
        let outcome = diff(&self.db, &self.config, &self.caller, sha, Some(&self.workflow)).await;
        let problem = outcome.expect_err("refused").as_problem();
        (problem.status, problem.detail)
    }
}

fn lines(range: std::ops::Range<u32>) -> String {
    range.map(|n| format!("line {n}\n")).collect()
}

#[tokio::test]
async fn diffs_cover_root_change_rename_delete_and_binary() {
    let fixture = repository("commits_kinds").await;
    fixture.write("src/main.rs", lines(0..30));
    fixture.write("old name.py", lines(0..40));
    fixture.write("gone.txt", "one\ntwo\n");
    fixture.write("picture.png", [0, 1, 2, 3, 0, 255]);
    let root = fixture.commit("Begin\n\nWith a body.");
    let first = fixture.diff(&root).await;
    assert_eq!((first.files_changed, first.insertions, first.deletions), (4, 72, 0));
    assert_eq!(first.message, "Begin\n\nWith a body.");
    assert_eq!((first.author.as_str(), first.author_agent_id.as_str()), ("Mara Ünal", "Mara Ünal"));
    assert_eq!(first.timestamp.to_string(), "2026-03-01T10:00:00Z");
    assert!(first.parents.is_empty() && first.files.iter().all(|file| file.status == FileStatus::Added));

    fixture.write("src/main.rs", lines(0..30).replace("line 7\n", "line seven\nand a half\n"));
    std::fs::rename(fixture.toy().join("old name.py"), fixture.toy().join("näw\tname.py")).expect("rename");
    std::fs::remove_file(fixture.toy().join("gone.txt")).expect("rm");
    fixture.write("picture.png", [9, 0, 2, 3, 0, 255]);
    fixture.write("tricky.diff", "diff --git a/x b/x\n--- a/x\n");
    let second = fixture.commit("Change");
    let changed = fixture.diff(&second[..10]).await;
    assert_eq!((changed.commit_sha.as_str(), changed.parents.as_slice()), (second.as_str(), &[root][..]));
    let seen: Vec<_> = changed
        .files
        .iter()
        .map(|f| {
            (f.path.as_str(), f.status, f.insertions, f.deletions, f.binary, f.language.as_str(), f.old_path.as_deref())
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("gone.txt", FileStatus::Deleted, 0, 2, false, "text", None),
            ("näw\tname.py", FileStatus::Renamed, 0, 0, false, "python", Some("old name.py")),
            ("picture.png", FileStatus::Modified, 0, 0, true, "text", None),
            ("src/main.rs", FileStatus::Modified, 2, 1, false, "rust", None),
            ("tricky.diff", FileStatus::Added, 2, 0, false, "diff", None),
        ]
    );
    let of = |path: &str| changed.files.iter().find(|file| file.path == path).expect(path).diff.clone();
    assert!(of("src/main.rs").contains("@@") && of("src/main.rs").contains("-line 7\n+line seven\n+and a half\n"));
    assert!(of("tricky.diff").ends_with("+diff --git a/x b/x\n+--- a/x\n"), "{}", of("tricky.diff"));
    assert!(of("picture.png").contains("Binary files"));
    assert_eq!(
        (changed.total_files, changed.total_insertions, changed.total_deletions, changed.truncated),
        (5, 4, 3, false)
    );
}

#[tokio::test]
async fn merge_diffs_and_type_changes_are_correct() {
    let fixture = repository("commits_merge").await;
    fixture.write("a", "a\n");
    fixture.write("link", "a file\n");
    fixture.commit("Begin");
    git(&fixture.toy(), &["switch", "-q", "-c", "side"]);
    fixture.write("side.txt", "side\n");
    fixture.commit("Side");
    git(&fixture.toy(), &["switch", "-q", "main"]);
    fixture.write("main.txt", "main\n");
    fixture.commit("Main");
    git(&fixture.toy(), &["merge", "-q", "--no-ff", "-m", "Merge side", "side"]);
    let merge = fixture.diff(&git(&fixture.toy(), &["rev-parse", "HEAD"])).await;
    assert_eq!(merge.parents.len(), 2);
    assert_eq!(merge.files.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["side.txt"]);

    std::fs::remove_file(fixture.toy().join("link")).expect("rm");
    std::os::unix::fs::symlink("a", fixture.toy().join("link")).expect("symlink");
    fixture.write("z.txt", "z\n");
    let changed = fixture.diff(&fixture.commit("A file becomes a link")).await;
    let z = &changed.files[1];
    assert_eq!((changed.files[0].path.as_str(), z.path.as_str()), ("link", "z.txt"));
    assert!(changed.files[0].diff.matches("diff --git").count() == 2 && z.diff.ends_with("+z\n"), "{changed:?}");
    let empty = fixture.diff(&fixture.commit("Nothing")).await;
    assert_eq!((empty.files_changed, empty.files.len()), (0, 0));
}

#[tokio::test]
async fn missing_commits_are_reported() {
    let fixture = repository("commits_absent").await;
    fixture.write("a", "a\n");
    let sha = fixture.commit("Begin");
    git(&fixture.toy(), &["branch", "-q", "dead"]);
    assert_eq!(fixture.refused("dead").await.0, 404, "a branch name is not a commit id");
    assert_eq!(fixture.refused(&"0".repeat(40)).await.0, 404);
    for wrong in ["abc", "--help", "HEAD", "zzzz", "../x", &"a".repeat(65)] {
        assert_eq!(fixture.refused(wrong).await.0, 422, "{wrong}");
    }
    let blob = git(&fixture.toy(), &["rev-parse", "HEAD:a"]);
    assert_eq!(fixture.refused(&blob).await.0, 404, "a blob is not a commit");
    let outsider = diff(&fixture.db, &fixture.config, &Caller::trusted("other"), &sha, None).await;
    assert_eq!(outsider.expect_err("refused").as_problem().status, 404);
    assert_eq!(diff(&fixture.db, &fixture.config, &fixture.caller, &sha, None).await.expect("found").commit_sha, sha);

    // So many commits that two share their first four digits, written by one process.
    let commits: String = (0..2000)
        .map(|n| format!("commit refs/heads/many\ncommitter Test <test@example.com> {n} +0000\ndata 0\n"))
        .collect();
    let file = fixture.folder.path().join("commits");
    std::fs::write(&file, commits).expect("write");
    let import = Command::new("git")
        .args(["fast-import", "--quiet"])
        .current_dir(fixture.toy())
        .stdin(std::fs::File::open(&file).expect("open"))
        .status();
    assert!(import.expect("run git").success());
    let ids = git(&fixture.toy(), &["rev-list", "many"]);
    let mut seen = std::collections::HashSet::new();
    let shared = ids.lines().map(|id| id[..4].to_owned()).find(|digits| !seen.insert(digits.clone()));
    let (status, detail) = fixture.refused(&shared.expect("two that share four digits")).await;
    assert!(status == 409 && detail.contains("more digits"), "{detail}");
}

#[tokio::test]
async fn repository_configuration_runs_no_code() {
    let fixture = repository("commits_harmless").await;
    fixture.write(".gitattributes", "*.x diff=evil filter=evil\n");
    fixture.write("a.x", "a\n");
    fixture.commit("Begin");
    fixture.write("a.x", "b\n");
    let sha = fixture.commit("Change");
    let trace = fixture.folder.path().join("ran");
    let evil = format!("touch {}", trace.display());
    for key in [
        "diff.external",
        "diff.evil.command",
        "diff.evil.textconv",
        "core.fsmonitor",
        "core.pager",
        "core.sshCommand",
        "gpg.program",
        "filter.evil.smudge",
    ] {
        git(&fixture.toy(), &["config", key, &evil]);
    }
    git(&fixture.toy(), &["config", "log.showSignature", "true"]);
    git(&fixture.toy(), &["config", "diff.noprefix", "true"]);
    git(&fixture.toy(), &["config", "color.ui", "always"]);
    let found = fixture.diff(&sha).await;
    assert!(found.files[0].diff.starts_with("diff --git a/a.x b/a.x\n") && found.files[0].diff.ends_with("-a\n+b\n"));
    assert!(!trace.exists(), "a command was executed");
}

#[tokio::test]
async fn a_huge_diff_is_truncated_and_marked() {
    let fixture = repository("commits_huge").await;
    for n in 0..40 {
        fixture.write(&format!("big/{n:02}.txt"), lines(0..50_000));
    }
    fixture.write("a/long.txt", lines(0..200_000));
    for n in 0..3_100 {
        fixture.write(&format!("many/{n}.txt"), "x\n");
    }
    let sha = fixture.commit("Everything");
    let huge = fixture.diff(&sha).await;
    assert_eq!((huge.files_changed, huge.insertions), (3_141, 40 * 50_000 + 200_000 + 3_100));
    assert!(huge.truncated && huge.files.len() == 3_000 && huge.files[0].truncated);
    assert!(huge.files[0].diff.len() <= 1 << 20 && huge.files[0].diff.ends_with('\n'));
    assert!(huge.files.iter().map(|file| file.diff.len()).sum::<usize>() <= 10 << 20);
    assert!(!huge.files[1].truncated && huge.files[1].insertions == 50_000);
}

#[tokio::test]
async fn linking_stores_the_commit_details() {
    let fixture = repository("commits_link").await;
    fixture.write("a.rs", "a\n");
    let sha = fixture.commit("Begin");
    let sql = format!(
        "select logic.create_ticket('admin', '{}', 'A ticket', 'With a description.') ->> 'ticket_id'",
        fixture.workflow
    );
    let ticket: String = fixture.client.query_one(&sql, &[]).await.expect("a ticket").get(0);
    let git = describe(&fixture.db, &fixture.config, &fixture.caller, &ticket, &sha[..8])
        .await
        .expect("described")
        .expect("known");
    assert_eq!(git["sha"], sha.as_str());
    assert_eq!(git["files"], serde_json::json!(["a.rs"]));
    fixture
        .client
        .query_one(
            "select logic.link_commit('{\"actor\":\"admin\",\"for\":\"agent-x\"}', $1, $2, null, $3)",
            &[&ticket, &&sha[..8], &git],
        )
        .await
        .expect("link");
    let row = fixture
        .client
        .query_one("select commit_sha, commit_message, insertions from ticket_commits", &[])
        .await
        .expect("a row");
    assert_eq!(
        (row.get::<_, String>(0), row.get::<_, String>(1), row.get::<_, i64>(2)),
        (sha.clone(), "Begin".into(), 1)
    );
    assert_eq!(fixture.diff(&sha).await.author_agent_id, "agent-x");
    let unknown = describe(&fixture.db, &fixture.config, &fixture.caller, &ticket, "0123abcd").await.expect("no error");
    assert_eq!(unknown, None);
}
