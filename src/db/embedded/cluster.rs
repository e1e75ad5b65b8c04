//! Creating a cluster and writing its settings.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use super::data_dir::DataDir;
use super::{NAME, StartError};

/// Trusts all local connections: only the owner and root can enter the directory of the socket.
const HBA: &str = "# Written by Callboard. Only the owner of this directory and root reach its socket.\n\
    local all all trust\nlocal replication all trust\n";
/// Accepts analysts from the network, and nobody else.
const NETWORK_HBA: &str = "# Only analysts connect over the network, with a password.\n\
    host callboard /^callboard_(reporting|analyst_[a-z0-9_]+)$ all scram-sha-256\nhost all all all reject\n";

/// Creates a complete cluster with an empty database if there is none. The work happens in a temporary folder, which is
/// renamed at the end; leftovers of earlier attempts are removed.
pub(super) fn ensure(data_dir: &DataDir) -> Result<(), StartError> {
    if data_dir.cluster.join("PG_VERSION").exists() {
        return Ok(());
    }
    let failed = |why: String| StartError::Init { path: data_dir.path.clone(), why };
    if !data_dir.owner.is_known() {
        return Err(StartError::NoAccount(format!(
            "Postgres cannot create a database as the account {}, which is not in /etc/passwd: add it there, start Callboard as another user, or set DATABASE_URL.",
            data_dir.owner.name
        )));
    }
    for entry in fs::read_dir(&data_dir.path).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with("postgres.new-") {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    tracing::info!(path = %data_dir.cluster.display(), "creating a new database, which takes a few seconds");
    let staging = data_dir.path.join(format!("postgres.new-{}", std::process::id()));
    let made = fs::create_dir(&staging)
        .and_then(|()| data_dir.owner.give(&staging))
        .map_err(|error| error.to_string())
        .and_then(|()| fill(data_dir, &staging))
        .and_then(|()| fs::rename(&staging, &data_dir.cluster).map_err(|error| error.to_string()));
    if let Err(why) = made {
        let _ = fs::remove_dir_all(&staging);
        return Err(failed(why));
    }
    if let Ok(folder) = File::open(&data_dir.path) {
        let _ = folder.sync_all();
    }
    Ok(())
}

fn fill(data_dir: &DataDir, staging: &Path) -> Result<(), String> {
    init(data_dir, staging)?;
    // Single-user mode: the database exists before the first connection.
    let mut single = program(data_dir, "postgres", staging)?;
    single.args(["--single", "-j"]).arg("-D").arg(data_dir.name_for_postgres(staging));
    if !is_durable(data_dir) {
        single.args(["-c", "fsync=off"]);
    }
    single.arg("postgres");
    run(single, &format!("CREATE DATABASE {NAME};\n"))
}

/// Whether writes survive a crash of the machine, as everywhere but in tests.
fn is_durable(data_dir: &DataDir) -> bool {
    !data_dir.settings.iter().any(|(key, value)| key == "fsync" && value == "off")
}

/// Creates a cluster without databases of its own in an empty folder of the account of Postgres.
pub(super) fn init(data_dir: &DataDir, staging: &Path) -> Result<(), String> {
    let name = data_dir.name_for_postgres(staging);

    let mut initdb = program(data_dir, "initdb", staging)?;
    initdb.arg("-D").arg(&name).args(["-U", NAME, "--encoding=UTF8", "--auth=trust", "-k"]);
    match data_dir.major {
        // Case folding by Unicode and sorting by bytes, the same on every machine.
        17.. => initdb.args(["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]),
        _ if cfg!(target_os = "linux") => initdb.arg("--locale=C.UTF-8"),
        _ => initdb.arg("--locale=C"),
    };
    if !is_durable(data_dir) {
        initdb.arg("--no-sync");
    }
    run(initdb, "")?;

    let written = fs::read_to_string(staging.join("postgresql.conf"))
        .and_then(|text| {
            let text =
                format!("{text}\n# Rewritten by Callboard at every start.\ninclude_if_exists = 'callboard.conf'\n");
            write(data_dir, &staging.join("postgresql.conf"), &text)
        })
        .and_then(|()| write(data_dir, &staging.join("pg_hba.conf"), HBA));
    written.map_err(|error| error.to_string())
}

fn program(data_dir: &DataDir, name: &str, folder: &Path) -> Result<Command, String> {
    let path = data_dir.programs.join(name);
    data_dir.owner.command(&path, folder, libc::SIGKILL).map_err(|error| error.to_string())
}

/// Runs a program to completion; the last error line of its output is the error.
fn run(mut command: Command, input: &str) -> Result<(), String> {
    let output = || -> io::Result<_> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            let _ = stdin.write_all(input.as_bytes());
        }
        child.wait_with_output()
    }()
    .map_err(|error| error.to_string())?;
    let text = String::from_utf8_lossy(&output.stderr);
    let last_error = text.lines().rev().find_map(|line| {
        let marks = ["error: ", "ERROR:  ", "FATAL:  ", "PANIC:  "];
        marks.iter().find_map(|mark| Some(line.split_once(mark)?.1))
    });
    match last_error {
        Some(line) => Err(line.trim().to_owned()),
        None if output.status.success() => Ok(()),
        None => Err(text.lines().last().map_or_else(|| output.status.to_string(), str::to_owned)),
    }
}

/// Writes who may connect, unless somebody has changed the file.
pub(super) fn write_access(data_dir: &DataDir) {
    let path = data_dir.cluster.join("pg_hba.conf");
    let with_network = format!("{HBA}{NETWORK_HBA}");
    let wanted = if data_dir.listen.is_some() { with_network.as_str() } else { HBA };
    let found = fs::read_to_string(&path).unwrap_or_default();
    if found == wanted {
        return;
    }
    if !found.is_empty() && found != HBA && found != with_network {
        if data_dir.listen.is_some() {
            tracing::warn!(path = %path.display(), "the file was edited and is left as it is; it decides who may connect over the network");
        }
        return;
    }
    let fresh = data_dir.cluster.join("pg_hba.conf.new");
    if let Err(error) = write(data_dir, &fresh, wanted).and_then(|()| fs::rename(&fresh, &path)) {
        tracing::warn!(%error, "the rules of access of Postgres could not be written; the old ones remain");
    }
}

/// Writes the settings for this machine and this version of Callboard; `alter system` overrides them. If the disk is full
/// the old file remains.
pub(super) fn write_settings(data_dir: &DataDir) {
    let mut text =
        String::from("# Written by Callboard at every start; do not edit. ALTER SYSTEM SET … outranks this file.\n");
    let memory = memory_mb();
    let defaults = [
        ("shared_buffers", format!("{}MB", (memory / 8).clamp(64, 512))),
        ("effective_cache_size", format!("{}MB", (memory / 2).clamp(256, 16_384))),
        ("max_connections", "150".into()),
        ("dynamic_shared_memory_type", if shm_is_small() { "mmap" } else { "posix" }.into()),
        ("deadlock_timeout", "200ms".into()),
        ("max_wal_size", "1GB".into()),
        ("min_wal_size", "80MB".into()),
        // What the archive may lag behind; without an archive there is no slot.
        ("max_slot_wal_keep_size", "4GB".into()),
        ("wal_compression", "on".into()),
        ("random_page_cost", "1.1".into()),
        ("jit", "off".into()),
        ("timezone", "UTC".into()),
        ("log_timezone", "UTC".into()),
        // Errors that Callboard's rules raise are answers to clients and do not belong in this log.
        ("log_min_messages", "log".into()),
        ("log_checkpoints", "off".into()),
        ("log_line_prefix", "%m [%p] ".into()),
    ];
    let chosen = |key: &str| data_dir.settings.iter().any(|(other, _)| other == key);
    let defaults = defaults.iter().map(|(key, value)| (*key, value.as_str()));
    let given = data_dir.settings.iter().map(|(key, value)| (key.as_str(), value.as_str()));
    for (key, value) in defaults.filter(|(key, _)| !chosen(key)).chain(given) {
        text.push_str(&format!("{key} = '{}'\n", value.replace('\'', "''")));
    }
    let path = data_dir.cluster.join("callboard.conf");
    if fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return;
    }
    let fresh = data_dir.cluster.join("callboard.conf.new");
    if let Err(error) = write(data_dir, &fresh, &text).and_then(|()| fs::rename(&fresh, &path)) {
        tracing::warn!(%error, "the settings of Postgres could not be written; the old ones remain");
    }
}

fn write(data_dir: &DataDir, path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    data_dir.owner.give(path)
}

/// The memory available to this process in MB: that of the machine, or the limit of its container if lower.
fn memory_mb() -> u64 {
    let number = |text: &str| text.split_whitespace().find_map(|word| word.parse::<u64>().ok());
    let machine = fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| number(text.lines().next()?))
        .map_or(1024, |kilobytes| kilobytes / 1024);
    let container = fs::read_to_string("/sys/fs/cgroup/memory.max")
        .ok()
        .and_then(|text| number(&text))
        .map_or(u64::MAX, |bytes| bytes / (1 << 20));
    machine.min(container)
}

/// Whether /dev/shm, which parallel queries use, is small: containers limit it to as little as 64 MB.
fn shm_is_small() -> bool {
    // SAFETY: the path is a C string and the buffer outlives the call.
    unsafe {
        let mut found: libc::statvfs = std::mem::zeroed();
        libc::statvfs(c"/dev/shm".as_ptr(), &mut found) != 0
            || (found.f_bavail as u64).saturating_mul(found.f_frsize as u64) < 256 << 20
    }
}
