//! The embedded Postgres: first start, unusual paths, crashes, kills and foreign data directories.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use callboard::db::embedded::{Embedded, Options, StartError, State, database_url};
use tempfile::TempDir;

use crate::harness;

fn options(data_dir: impl Into<PathBuf>) -> Options {
    let mut options = Options::new(harness::runtime_dir(), data_dir);
    options.settings = vec![("fsync".into(), "off".into())];
    options
}

/// A folder that every account may traverse.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("make a temporary folder");
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("chmod");
    folder
}

async fn start(data_dir: impl Into<PathBuf>) -> Embedded {
    Embedded::start(options(data_dir)).await.unwrap_or_else(|error| panic!("{error}"))
}

async fn refusal(options: Options) -> StartError {
    match Embedded::start(options).await {
        Ok(_) => panic!("Postgres started"),
        Err(error) => error,
    }
}

async fn number(url: &str, sql: &str) -> i64 {
    harness::connect(url).await.query_one(sql, &[]).await.expect(sql).get(0)
}

fn postmaster(data_dir: &Path) -> i32 {
    let text = fs::read_to_string(data_dir.join("postgres/postmaster.pid")).expect("postmaster.pid");
    text.lines().next().expect("a line").parse().expect("a pid")
}

fn is_alive(pid: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z")
}

fn signal(pid: i32, signal: i32) {
    // SAFETY: a plain system call on a process started by these tests.
    unsafe { libc::kill(pid, signal) };
}

async fn until(embedded: &Embedded, wanted: fn(&State) -> bool) {
    let mut state = embedded.state();
    let waited = tokio::time::timeout(Duration::from_secs(30), state.wait_for(wanted)).await;
    waited.expect("the state within 30 s").expect("a living supervisor");
}

#[tokio::test]
async fn starts_keeps_its_data_and_starts_again() {
    let folder = folder();
    let data = folder.path().join("data");
    let embedded = start(&data).await;
    assert_eq!(*embedded.state().borrow(), State::Ready);
    assert_eq!(number(embedded.url(), "select current_setting('server_version_num')::int8 / 10000").await, 18);
    let client = harness::connect(embedded.url()).await;
    client.batch_execute("create extension vector; create table kept as select 7::int8 as n").await.expect("write");
    assert_eq!(database_url(&data).expect("a running server"), embedded.url());
    embedded.stop().await;
    assert!(!data.join("postgres/postmaster.pid").exists(), "clean shutdown");
    let gone = database_url(&data).expect_err("nothing runs").to_string();
    assert!(gone.contains("callboard serve"), "{gone}");

    let again = start(&data).await;
    assert_eq!(number(again.url(), "select n from kept").await, 7);
    again.stop().await;
}

#[tokio::test]
async fn only_the_owner_reaches_the_socket() {
    let folder = folder();
    let data = folder.path().join("data");
    let embedded = start(&data).await;
    let cluster = fs::metadata(data.join("postgres")).expect("the cluster");
    assert_eq!(cluster.mode() & 0o777, 0o700);
    assert_eq!(
        number(embedded.url(), "select count(*) from pg_settings where name = 'listen_addresses' and setting = ''")
            .await,
        1
    );
    embedded.stop().await;
}

#[tokio::test]
async fn runs_in_a_deep_path_with_unusual_characters() {
    let folder = folder();
    let data = folder.path().join("a folder, with 'odd' letters % ü").join("deep".repeat(30)).join("data");
    let embedded = start(&data).await;
    assert_eq!(number(embedded.url(), "select 1::int8").await, 1);
    assert_eq!(database_url(&data).expect("a running server"), embedded.url());
    embedded.stop().await;
    start(&data).await.stop().await;
}

#[tokio::test]
async fn runs_below_a_folder_its_account_cannot_traverse() {
    let folder = folder();
    let hidden = folder.path().join("hidden");
    fs::create_dir(&hidden).expect("mkdir");
    fs::set_permissions(&hidden, fs::Permissions::from_mode(0o700)).expect("chmod");
    let embedded = start(hidden.join("data")).await;
    assert_eq!(number(embedded.url(), "select 1::int8").await, 1);
    embedded.stop().await;
}

#[tokio::test]
async fn a_killed_postmaster_is_replaced() {
    let folder = folder();
    let data = folder.path().join("data");
    let embedded = start(&data).await;
    harness::connect(embedded.url())
        .await
        .batch_execute("create table kept as select 7::int8 as n")
        .await
        .expect("write");
    let first = postmaster(&data);
    signal(first, libc::SIGKILL);
    until(&embedded, |state| matches!(state, State::Down { .. })).await;
    until(&embedded, |state| *state == State::Ready).await;
    assert_ne!(postmaster(&data), first);
    assert_eq!(number(embedded.url(), "select n from kept").await, 7);
    embedded.stop().await;
}

#[tokio::test]
async fn a_killed_server_leaves_nothing_running_and_the_next_one_starts() {
    let folder = folder();
    let data = folder.path().join("data");
    for round in 0..3 {
        let (mut server, url) = helper(&data);
        let client = harness::connect(&url).await;
        let add = format!("create table if not exists kept (n int); insert into kept values ({round})");
        client.batch_execute(&add).await.expect("write");
        let running = postmaster(&data);
        server.kill().expect("kill the server");
        server.wait().expect("wait for the server");
        if round == 2 {
            harness::eventually("Postgres follows its server", async || !is_alive(running)).await;
        } // else the next server meets it while it is ending
    }
    let embedded = start(&data).await;
    assert_eq!(number(embedded.url(), "select count(*) from kept").await, 3);
    embedded.stop().await;
}

/// Not a test: the server killed by the test above.
#[tokio::test]
#[ignore = "run by another test"]
async fn helper_server() {
    let Some(data) = std::env::var_os("CALLBOARD_TEST_DATA_DIR") else {
        return;
    };
    let embedded = start(data).await;
    println!("url {}", embedded.url());
    std::future::pending::<()>().await;
}

fn helper(data: &Path) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().expect("this program"))
        .args(["--ignored", "--exact", "--nocapture", "runtime::helper_server"])
        .env("CALLBOARD_TEST_DATA_DIR", data)
        .stdout(Stdio::piped())
        .spawn()
        .expect("start the server");
    let lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    let url = lines.map_while(Result::ok).find_map(|line| Some(line.split_once("url ")?.1.to_owned()));
    (child, url.expect("the server's url"))
}

#[tokio::test]
async fn a_stale_pid_file_is_ignored_and_unrelated_processes_survive() {
    let folder = folder();
    let data = folder.path().join("data");
    let embedded = start(&data).await;
    let pid = postmaster(&data);
    let files = ["postmaster.pid", ".s.PGSQL.5432.lock"].map(|name| data.join("postgres").join(name));
    let texts = files.clone().map(|file| fs::read_to_string(file).expect("read"));
    embedded.stop().await;

    let owner = fs::metadata(data.join("postgres")).expect("the cluster");
    let mut other_process = Command::new("sleep");
    other_process.arg("600");
    if owner.uid() != 0 && tempfile_is_roots(&folder) {
        other_process.uid(owner.uid()).gid(owner.gid());
    }
    let mut other_process = other_process.spawn().expect("start a process");
    for (file, text) in files.iter().zip(texts) {
        fs::write(file, text.replacen(&pid.to_string(), &other_process.id().to_string(), 1))
            .expect("write a stale file");
    }
    let again = start(&data).await;
    assert_eq!(number(again.url(), "select 1::int8").await, 1);
    assert!(other_process.try_wait().expect("look").is_none(), "the unrelated process was killed");
    again.stop().await;
    // The helper was killed before it wrote its pid.
    fs::write(&files[0], "").expect("write an empty file");
    start(&data).await.stop().await;
    other_process.kill().expect("kill the process");
    other_process.wait().expect("reap the process");
}

fn tempfile_is_roots(folder: &TempDir) -> bool {
    fs::metadata(folder.path()).expect("the folder").uid() == 0
}

#[tokio::test]
async fn a_second_server_on_one_directory_is_refused() {
    let folder = folder();
    let data = folder.path().join("data");
    let embedded = start(&data).await;
    let error = refusal(options(&data)).await;
    assert!(matches!(error, StartError::InUse { .. }), "{error:?}");
    assert!(error.to_string().contains(&format!("process {}", std::process::id())), "{error}");
    assert_eq!(number(embedded.url(), "select 1::int8").await, 1);
    embedded.stop().await;
}

#[tokio::test]
async fn another_version_or_foreign_data_is_refused_in_one_sentence() {
    let folder = folder();
    let data = folder.path().join("data");
    fs::create_dir_all(data.join("postgres")).expect("mkdir");
    fs::write(data.join("postgres/PG_VERSION"), "15\n").expect("write");
    let error = refusal(options(&data)).await.to_string();
    assert!(error.contains("Postgres 15") && error.contains("Postgres 18"), "{error}");

    fs::write(data.join("postgres/novel.txt"), "Call me Ishmael.").expect("write");
    fs::remove_file(data.join("postgres/PG_VERSION")).expect("rm");
    assert!(matches!(refusal(options(&data)).await, StartError::Foreign(_)));

    let mut other = options(folder.path().join("new"));
    other.runtime_dir = folder.path().join("nothing");
    let error = refusal(other).await.to_string();
    assert!(error.contains("make setup"), "{error}");

    fs::write(folder.path().join("file"), "").expect("write");
    let error = refusal(options(folder.path().join("file/data"))).await;
    assert!(matches!(error, StartError::Unusable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_half_created_cluster_is_recreated() {
    let folder = folder();
    let data = folder.path().join("data");
    fs::create_dir_all(data.join("postgres.new-12345/base")).expect("mkdir");
    fs::write(data.join("postgres.new-12345/PG_VERSION"), "18\n").expect("write");
    start(&data).await.stop().await;
    assert!(!data.join("postgres.new-12345").exists());
}

#[tokio::test]
async fn postgres_16_runs_too() {
    let test = harness::database_of(16, "sixteen").await;
    assert_eq!(number(&test.url, "select current_setting('server_version_num')::int8 / 10000").await, 16);
}

#[tokio::test]
async fn five_servers_migrate_one_empty_database_at_once() {
    for major in [16, 18] {
        let test = harness::empty_database(major, "five").await;
        let runs = (0..5).map(|_| callboard::db::migrate::run(&test.url));
        for outcome in futures_util::future::join_all(runs).await {
            outcome.unwrap_or_else(|error| panic!("on Postgres {major}: {error}"));
        }
    }
}

#[tokio::test]
async fn every_test_has_its_own_database() {
    let (one, two) = (harness::database("one").await, harness::database("two").await);
    harness::connect(&one.url).await.batch_execute("create table mine()").await.expect("write");
    let seen = "select count(*) from pg_class where relname = 'mine'";
    assert_eq!((number(&one.url, seen).await, number(&two.url, seen).await), (1, 0));
    assert_eq!(*harness::postgres().await.state().borrow(), State::Ready);
}
