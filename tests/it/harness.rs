//! The test harness: one embedded Postgres for the whole run, and a database for each test, cloned from a
//! migrated template in some tens of milliseconds.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use callboard::db::embedded::{Embedded, Options, State};
use callboard::db::migrate;
use tokio::sync::{Mutex, OnceCell};
use tokio_postgres::{Client, NoTls};

const TEMPLATE: &str = "callboard_template";

static POSTGRES_16: OnceCell<TestPostgres> = OnceCell::const_new();
static POSTGRES_18: OnceCell<TestPostgres> = OnceCell::const_new();

struct TestPostgres {
    folder: PathBuf,
    postgres: Embedded,
    /// Databases are created one at a time, since a single process copies the files anyway.
    create_lock: Mutex<()>,
    template: OnceCell<()>,
}

/// The database of one test, dropped with this value.
pub struct TestDb {
    /// Its connection string.
    pub url: String,
    name: String,
    server: String,
}

/// The Postgres 18 of this test run, started at first use and stopped when the tests end.
pub async fn postgres() -> &'static Embedded {
    &test_postgres(18).await.postgres
}

/// A fresh migrated database in Postgres 18. The hint becomes part of its name.
pub async fn database(hint: &str) -> TestDb {
    database_of(18, hint).await
}

/// A fresh migrated database in Postgres 16 or 18.
pub async fn database_of(major: u32, hint: &str) -> TestDb {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let instance = test_postgres(major).await;
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    let hint: String = hint.chars().filter(char::is_ascii_alphanumeric).take(30).collect();
    let name = format!("t{number}_{}", hint.to_lowercase());
    let server = instance.postgres.url().to_owned();
    let create_lock = instance.create_lock.lock().await;
    instance.template.get_or_init(|| make_template(&server)).await;
    execute(&server, &format!("create database {name} template {TEMPLATE} strategy file_copy")).await;
    drop(create_lock);
    TestDb { url: url_of(&server, &name), name, server }
}

/// An empty database, without migrations.
pub async fn empty_database(major: u32, hint: &str) -> TestDb {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let instance = test_postgres(major).await;
    let name = format!("e{}_{}", COUNT.fetch_add(1, Ordering::Relaxed), hint.to_lowercase());
    let server = instance.postgres.url().to_owned();
    let _create_lock = instance.create_lock.lock().await;
    execute(&server, &format!("create database {name} template template0")).await;
    TestDb { url: url_of(&server, &name), name, server }
}

/// A separate connection to a database.
pub async fn connect(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.expect("connect to Postgres");
    tokio::spawn(connection);
    client
}

/// The runtime that `make setup` fetched.
pub fn runtime_dir() -> PathBuf {
    let folder = std::env::var_os("CALLBOARD_RUNTIME_DIR")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".runtime"), PathBuf::from);
    assert!(
        folder.join("postgres-18/bin/postgres").is_file(),
        "The tests need the embedded Postgres at {}: run `make setup` first.",
        folder.display()
    );
    folder
}

/// Polls until the condition holds; fails the test after 30 seconds.
pub async fn eventually<F: AsyncFnMut() -> bool>(what: &str, mut condition: F) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition().await {
        assert!(Instant::now() < deadline, "timed out waiting until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn test_postgres(major: u32) -> &'static TestPostgres {
    let cell = if major == 16 { &POSTGRES_16 } else { &POSTGRES_18 };
    cell.get_or_init(|| open(major)).await
}

async fn open(major: u32) -> TestPostgres {
    static LEFTOVERS: OnceLock<()> = OnceLock::new();
    LEFTOVERS.get_or_init(|| {
        remove_leftovers();
        // SAFETY: the function is static and stays valid.
        unsafe { libc::atexit(stop_all) };
    });
    let folder = scratch_dir().join(format!("callboard-tests-{major}-{}", std::process::id()));
    let mut options = Options::new(runtime_dir(), folder.join("data"));
    options.major = major;
    options.settings = ["fsync", "full_page_writes", "autovacuum"]
        .into_iter()
        .map(|name| (name, "off"))
        .chain([("max_connections", "400"), ("shared_buffers", "256MB")])
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    let postgres = Embedded::start(options).await.unwrap_or_else(|error| panic!("{error}"));
    TestPostgres { folder, postgres, create_lock: Mutex::new(()), template: OnceCell::new() }
}

/// A folder in memory if there is room, else the usual one: each database is hundreds of files, and creating and deleting
/// them on a disk took a good part of the run.
fn scratch_dir() -> PathBuf {
    const ROOM: u64 = 4 << 30;
    // SAFETY: a zeroed statvfs is a valid value, and the call only writes to it.
    let free = unsafe {
        let mut status: libc::statvfs = std::mem::zeroed();
        match libc::statvfs(c"/dev/shm".as_ptr(), &raw mut status) {
            0 => status.f_bavail.saturating_mul(status.f_frsize),
            _ => 0,
        }
    };
    if free >= ROOM { PathBuf::from("/dev/shm") } else { std::env::temp_dir() }
}

async fn make_template(server: &str) {
    execute(server, &format!("create database {TEMPLATE} template template0")).await;
    let migrated = migrate::run(&url_of(server, TEMPLATE)).await;
    migrated.unwrap_or_else(|error| panic!("the template cannot be migrated: {error}"));
}

async fn execute(url: &str, statement: &str) {
    let client = connect(url).await;
    client.batch_execute(statement).await.unwrap_or_else(|error| panic!("{statement}: {error:?}"));
}

fn url_of(server: &str, database: &str) -> String {
    server.replacen("///callboard?", &format!("///{database}?"), 1)
}

impl Drop for TestDb {
    fn drop(&mut self) {
        // Dropped by a background thread, so that tests do not wait and disk usage stays low.
        static SWEEPER: OnceLock<mpsc::Sender<(String, String)>> = OnceLock::new();
        let sweeper = SWEEPER.get_or_init(|| {
            let (sender, receiver) = mpsc::channel::<(String, String)>();
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                let runtime = runtime.expect("build a runtime");
                for (server, name) in receiver {
                    let drop = format!("drop database if exists {name} with (force)");
                    runtime.block_on(async {
                        if let Ok((client, connection)) = tokio_postgres::connect(&server, NoTls).await {
                            let connection = tokio::spawn(connection);
                            let _ = client.batch_execute(&drop).await;
                            connection.abort();
                        }
                    });
                }
            });
            sender
        });
        let _ = sweeper.send((self.server.clone(), std::mem::take(&mut self.name)));
    }
}

/// Runs when the test process exits, unless it is killed (then the kernel stops Postgres, and the next run
/// removes the folder).
extern "C" fn stop_all() {
    for instance in [&POSTGRES_16, &POSTGRES_18].into_iter().filter_map(OnceCell::get) {
        instance.postgres.begin_stop();
    }
    for instance in [&POSTGRES_16, &POSTGRES_18].into_iter().filter_map(OnceCell::get) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while *instance.postgres.state().borrow() != State::Stopped && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = std::fs::remove_dir_all(&instance.folder);
    }
}

fn remove_leftovers() {
    for entry in std::fs::read_dir(scratch_dir()).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some(rest) = name.strip_prefix("callboard-tests-") else {
            continue;
        };
        let Some(pid) = rest.rsplit('-').next().and_then(|pid| pid.parse::<i32>().ok()) else {
            continue;
        };
        // SAFETY: signal 0 only checks whether the process exists.
        if unsafe { libc::kill(pid, 0) } != 0 {
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
