//! The drills of docs/backup.md: backups under load, restores to a second, and interruptions, through the command line.

mod log;
mod upgrade;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use callboard::db::embedded::{Embedded, Options, StartError, database_url};
use callboard::db::migrate;
use jiff::Timestamp;
use serde_json::Value;
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::harness;

fn options(data: &Path) -> Options {
    let mut options = Options::new(harness::runtime_dir(), data);
    options.settings = vec![("fsync".into(), "off".into())];
    options
}

async fn start(data: &Path) -> Embedded {
    Embedded::start(options(data)).await.unwrap_or_else(|error| panic!("{error}"))
}

/// A folder that every account may traverse, as Postgres runs as another account if the tests run as root.
fn folder() -> TempDir {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).expect("chmod");
    folder
}

fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_callboard"));
    command
        .args(arguments)
        .env_remove("CALLBOARD_CONFIG")
        .env_remove("DATABASE_URL")
        .env("CALLBOARD_DATA_DIR", data)
        .env("CALLBOARD_RUNTIME_DIR", harness::runtime_dir());
    command
}

async fn run(data: &Path, arguments: &[&str]) -> Output {
    let mut command = command(data, arguments);
    tokio::task::spawn_blocking(move || command.output().expect("run callboard")).await.expect("a task")
}

/// The output of a command that succeeds.
async fn succeed(data: &Path, arguments: &[&str]) -> Value {
    let output = run(data, &[arguments, &["--json"]].concat()).await;
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap_or(Value::Null)
}

/// The sentence of a command that fails.
async fn refusal(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments).await;
    assert!(!output.status.success(), "{arguments:?} succeeded");
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    text.lines().last().unwrap_or_default().to_owned()
}

fn path(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// The server, killed when dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A server that archives to a folder, and its database, once it has backed up.
async fn serve_with_backups(data: &Path, backups: &Path) -> (Server, String) {
    let server = command(data, &["serve"])
        .env("CALLBOARD_BACKUP_DIR", backups)
        .env("CALLBOARD_LISTEN", "127.0.0.1:0")
        .env("CALLBOARD_EMBEDDING_PROVIDER", "none")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let server = Server(server.expect("start the server"));
    let list = async || succeed(data, &["backup", path(backups), "--list"]).await;
    in_time("the server has backed up", async || list().await[0]["name"].is_string()).await;
    (server, database_url(data).expect("the server runs"))
}

/// A database with a workflow, and writers that create tickets in it and note which were acknowledged.
struct Writers {
    stop: Arc<AtomicBool>,
    tasks: Vec<JoinHandle<Vec<(String, Timestamp)>>>,
}

async fn prepare(url: &str) -> String {
    let client = harness::connect(url).await;
    client
        .batch_execute("insert into actors (id, kind, name) values ('owner', 'user', 'Owner')")
        .await
        .expect("an actor");
    client.query_one("select logic.create_workflow('owner', 'Work') ->> 'id'", &[]).await.expect("a workflow").get(0)
}

impl Writers {
    async fn start(url: &str, workflow: &str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for writer in 0..3 {
            let (client, stop, workflow) = (harness::connect(url).await, stop.clone(), workflow.to_owned());
            tasks.push(tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for number in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let title = format!("ticket {number} of {writer}");
                    let created =
                        client.execute("select logic.create_ticket('owner', $1, $2)", &[&workflow, &title]).await;
                    // The server may be killed meanwhile.
                    let Ok(_) = created else { break };
                    acknowledged.push((title, Timestamp::now()));
                }
                acknowledged
            }));
        }
        Self { stop, tasks }
    }

    /// Stops and returns the titles that were acknowledged, with the time.
    async fn stop(self) -> Vec<(String, Timestamp)> {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for task in self.tasks {
            all.extend(task.await.expect("a writer"));
        }
        all
    }
}

/// Polls until the condition holds. Copying a database takes longer than other tests wait, on a busy machine.
async fn in_time(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(300);
    while !condition().await {
        assert!(std::time::Instant::now() < deadline, "timed out waiting until {what}");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}

async fn count(url: &str) -> i64 {
    harness::connect(url).await.query_one("select count(*) from tickets", &[]).await.expect("count").get(0)
}

async fn wait_for_tickets(url: &str, more_than: i64) {
    in_time("tickets are written", async || count(url).await > more_than).await;
}

/// The titles in a database whose server is not running, and its epoch.
async fn contents(data: &Path) -> (Vec<String>, String) {
    let postgres = start(data).await;
    let client = harness::connect(postgres.url()).await;
    let rows = client.query("select title from tickets", &[]).await.expect("the tickets");
    let epoch = client.query_one("select logic.epoch()", &[]).await.expect("the epoch").get(0);
    drop(client);
    postgres.stop().await;
    (rows.iter().map(|row| row.get(0)).collect(), epoch)
}

#[tokio::test]
async fn a_backup_under_load_has_every_write_acknowledged_before_it() {
    let folder = folder();
    let (data, backups, restored) =
        (folder.path().join("data"), folder.path().join("backups"), folder.path().join("restored"));
    let postgres = start(&data).await;
    migrate::run(postgres.url()).await.expect("migrate");
    let workflow = prepare(postgres.url()).await;
    let writers = Writers::start(postgres.url(), &workflow).await;
    wait_for_tickets(postgres.url(), 20).await;

    let begun = Timestamp::now();
    let made = succeed(&data, &["backup", path(&backups)]).await;
    let name = made["backup"]["name"].as_str().expect("a name").to_owned();
    wait_for_tickets(postgres.url(), count(postgres.url()).await + 5).await;
    let acknowledged = writers.stop().await;
    postgres.stop().await;
    let (_, original) = contents(&data).await;

    assert_eq!(succeed(&data, &["backup", path(&backups), "--list"]).await[0]["name"], *name);
    succeed(&data, &["backup", path(&backups), "--check"]).await;
    let done = succeed(&restored, &["restore", path(&backups)]).await;
    assert!(done["events"].as_i64() >= made["backup"]["events"].as_i64(), "{done} {made}");
    let (titles, epoch) = contents(&restored).await;
    let before: Vec<_> = acknowledged.iter().filter(|(_, at)| *at < begun).collect();
    assert!(before.len() >= 20);
    for (title, _) in &before {
        assert!(titles.contains(title), "{title} is lost");
    }
    assert!(epoch != original, "clients would resume into another history");

    // The same backup restored once more is another history again.
    let again = folder.path().join("again");
    succeed(&again, &["restore", path(&backups.join(&name))]).await;
    assert!(contents(&again).await.1 != epoch);
    let used = refusal(&again, &["restore", path(&backups)]).await;
    assert!(used.contains("already contains a database"), "{used}");

    // A damaged backup is refused, and leaves nothing.
    let version = backups.join(&name).join("postgres/PG_VERSION");
    std::fs::write(version, "81\n").expect("damage it");
    let damaged = refusal(&data, &["backup", path(&backups), "--check"]).await;
    assert!(damaged.contains("damaged"), "{damaged}");
    let third = folder.path().join("third");
    let damaged = refusal(&third, &["restore", path(&backups)]).await;
    assert!(damaged.contains("damaged"), "{damaged}");
    assert!(!third.join("postgres").exists() && !third.join("restore.unfinished").exists());
    let nothing = refusal(&third, &["restore", path(folder.path())]).await;
    assert!(nothing.contains("no complete backup"), "{nothing}");
}

#[tokio::test]
async fn a_killed_server_is_restored_to_a_chosen_second_and_to_its_last_write() {
    let folder = folder();
    let (data, backups) = (folder.path().join("data"), folder.path().join("backups"));
    let (server, url) = serve_with_backups(&data, &backups).await;
    let workflow = prepare(&url).await;
    let writers = Writers::start(&url, &workflow).await;
    wait_for_tickets(&url, 20).await;
    let row = harness::connect(&url).await.query_one("select to_json(clock_timestamp()) #>> '{}'", &[]).await;
    let moment: Timestamp = row.expect("the time").get::<_, String>(0).parse().expect("a time");
    wait_for_tickets(&url, count(&url).await + 20).await;
    // Killed under load; Postgres follows, and its log is archived to the end.
    drop(server);
    let acknowledged = writers.stop().await;
    in_time("Postgres has ended", async || !data.join("postgres/postmaster.pid").exists()).await;

    let then = folder.path().join("then");
    succeed(&then, &["restore", path(&backups), "--to", &moment.to_string()]).await;
    let (titles, epoch) = contents(&then).await;
    for (title, at) in &acknowledged {
        if *at <= moment {
            assert!(titles.contains(title), "{title} of {at} is lost at {moment}");
        }
    }
    let later = acknowledged.iter().filter(|(title, _)| !titles.contains(title)).count();
    assert!(later >= 10, "only {later} of the later tickets are left out");

    let last = folder.path().join("last");
    let done = succeed(&last, &["restore", path(&backups)]).await;
    assert!(done["restored_to"].is_string(), "{done}");
    let (titles, other) = contents(&last).await;
    for (title, _) in &acknowledged {
        assert!(titles.contains(title), "{title} is lost");
    }
    assert!(epoch != other);

    let future =
        refusal(&folder.path().join("future"), &["restore", path(&backups), "--to", "2999-01-01T00:00:00Z"]).await;
    assert!(future.contains("archived log ends at"), "{future}");
    let early =
        refusal(&folder.path().join("early"), &["restore", path(&backups), "--to", "1999-01-01T00:00:00Z"]).await;
    assert!(early.contains("choose a later time"), "{early}");
    let odd = refusal(&folder.path().join("odd"), &["restore", path(&backups), "--to", "yesterday"]).await;
    assert!(odd.contains("is not a time"), "{odd}");
}

/// Starts a command, kills it as soon as the condition holds, and waits for its end.
async fn kill_when(data: &Path, arguments: &[&str], mut condition: impl FnMut() -> bool) {
    let child = command(data, arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut process = Server(child.expect("start the command"));
    in_time("the command is half-way or has ended", async || {
        condition() || process.0.try_wait().expect("its status").is_some()
    })
    .await;
    drop(process);
}

fn unfinished(backups: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(backups).into_iter().flatten().flatten().map(|entry| entry.path());
    entries
        .filter(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(".unfinished-")))
        .collect()
}

#[tokio::test]
async fn an_interrupted_backup_or_restore_leaves_nothing_that_looks_whole() {
    let folder = folder();
    let (data, backups, restored) =
        (folder.path().join("data"), folder.path().join("backups"), folder.path().join("restored"));
    let postgres = start(&data).await;
    migrate::run(postgres.url()).await.expect("migrate");
    prepare(postgres.url()).await;

    kill_when(&data, &["backup", path(&backups)], || !unfinished(&backups).is_empty()).await;
    let left = succeed(&data, &["backup", path(&backups), "--list"]).await;
    if !left.as_array().expect("a list").is_empty() {
        succeed(&data, &["backup", path(&backups), "--check"]).await;
    }
    succeed(&data, &["backup", path(&backups), "--keep", "1"]).await;
    assert_eq!(unfinished(&backups), [""; 0].map(PathBuf::from));
    assert_eq!(succeed(&data, &["backup", path(&backups), "--list"]).await.as_array().map(Vec::len), Some(1));
    postgres.stop().await;

    let half = restored.join("restore.unfinished/postgres");
    kill_when(&restored, &["restore", path(&backups)], || half.join("base").exists()).await;
    if half.exists() {
        let error = match Embedded::start(options(&restored)).await {
            Ok(_) => panic!("a half-restored database started"),
            Err(error) => error,
        };
        assert!(matches!(error, StartError::Unfinished(_)), "{error}");
        let refused = refusal(&restored, &["migrate"]).await;
        assert!(refused.contains("restore` again"), "{refused}");
        succeed(&restored, &["restore", path(&backups)]).await;
    }
    start(&restored).await.stop().await;
    assert!(!restored.join("restore.unfinished").exists());
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_backup_or_restore_without_room_says_so_and_leaves_nothing() {
    let folder = folder();
    let (data, small) = (folder.path().join("data"), folder.path().join("small"));
    std::fs::create_dir(&small).expect("mkdir");
    let Some(_disk) = crate::runtime_disk::SmallDisk::mount(&small) else {
        eprintln!("skipped: this account may not mount a small disk");
        return;
    };
    let postgres = start(&data).await;
    migrate::run(postgres.url()).await.expect("migrate");
    let backups = folder.path().join("backups");
    succeed(&data, &["backup", path(&backups)]).await;
    std::fs::write(small.join("ballast"), vec![0; 60 << 20]).expect("fill the disk");
    let refused = refusal(&data, &["backup", path(&small.join("backups"))]).await;
    assert!(refused.contains("MB are needed"), "{refused}");
    assert_eq!(succeed(&data, &["backup", path(&small.join("backups")), "--list"]).await, Value::Array(Vec::new()));
    postgres.stop().await;
    let refused = refusal(&small.join("data"), &["restore", path(&backups)]).await;
    assert!(refused.contains("MB are needed"), "{refused}");
    assert!(!small.join("data/postgres").exists() && !small.join("data/restore.unfinished").exists());
}

#[tokio::test]
async fn an_external_postgres_is_backed_up_with_its_own_tools() {
    let test = harness::database("external_backup").await;
    let output = Command::new(env!("CARGO_BIN_EXE_callboard"))
        .args(["backup", "/tmp/nowhere"])
        .env("DATABASE_URL", &test.url)
        .output()
        .expect("run callboard");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && text.contains("pgBackRest"), "{text}");
}
