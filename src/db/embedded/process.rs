//! The Postgres processes of one cluster: identifying them, waiting for them to exit, stopping them.
//!
//! A pid file alone is no reason to signal a process. A process belongs to the cluster if it runs a program named postgres
//! in the cluster directory or, where the kernel hides that (root without the ptrace capability, as in containers), if it
//! runs as the cluster's account and shows the cluster's name.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::data_dir::DataDir;

/// Signals for processes of an earlier postmaster that have not exited after these times.
const ESCALATION: [(Duration, i32); 3] = [
    (Duration::from_secs(2), libc::SIGINT),
    (Duration::from_secs(30), libc::SIGQUIT),
    (Duration::from_secs(35), libc::SIGKILL),
];

/// The relevant parts of postmaster.pid.
pub(super) struct PidFile {
    pub pid: i32,
    pub ready: bool,
}

/// Reads postmaster.pid; `None` if it is absent or incomplete.
pub(super) fn pid_file(cluster: &Path) -> Option<PidFile> {
    let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let pid = text.lines().next()?.trim().parse().ok()?;
    let ready = text.lines().nth(7).is_some_and(|line| line.trim() == "ready");
    Some(PidFile { pid, ready })
}

/// Prepares the start of a postmaster: waits until the processes of an earlier one have exited (after a kill -9 of the
/// server its Postgres is still shutting down), stops remaining ones, and neutralizes stale lock files. Returns early when
/// `cancelled`.
pub(super) fn clear_predecessor(data_dir: &DataDir, cancelled: impl Fn() -> bool) {
    let begun = Instant::now();
    let mut signalled = 0;
    loop {
        let remaining = cluster_processes(data_dir);
        if remaining.is_empty() || cancelled() {
            break;
        }
        if let Some((after, signal)) = ESCALATION.get(signalled)
            && begun.elapsed() >= *after
        {
            tracing::warn!(processes = ?remaining, signal, "stopping processes of an earlier Postgres");
            remaining.iter().for_each(|pid| send(*pid, *signal));
            signalled += 1;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    neutralize_lock_files(data_dir);
}

/// Makes the lock files of an earlier Postgres name this process. Postgres does not start while a lock file names any
/// running process except its own parent. The other lines remain: Postgres uses them to check that no old backend still
/// uses the shared memory.
fn neutralize_lock_files(data_dir: &DataDir) {
    let own = std::process::id().to_string();
    for name in ["postmaster.pid", ".s.PGSQL.5432.lock"] {
        let path = data_dir.cluster.join(name);
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let outcome = if first == own {
            Ok(())
        } else if first.trim().parse::<i32>().is_err() {
            fs::remove_file(&path) // incomplete: its writer was killed
        } else {
            // Renamed, so that a full disk does not leave it empty.
            let fresh = path.with_extension("new");
            fs::write(&fresh, format!("{own}\n{rest}"))
                .and_then(|()| data_dir.owner.give(&fresh))
                .and_then(|()| fs::rename(&fresh, &path))
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, name, "a lock file of an earlier Postgres could not be corrected");
        }
    }
}

/// Sends a signal to one process.
pub(super) fn send(pid: i32, signal: i32) {
    // SAFETY: a plain system call; pid is positive and belongs to the cluster or is a child.
    unsafe {
        libc::kill(pid, signal);
    }
}

/// All processes of this cluster, including the children of the postmaster.
#[cfg(target_os = "linux")]
pub(super) fn cluster_processes(data_dir: &DataDir) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| belongs_to(*pid, data_dir))
        .collect()
}

#[cfg(target_os = "linux")]
fn belongs_to(pid: i32, data_dir: &DataDir) -> bool {
    use std::os::unix::fs::MetadataExt;

    let proc = Path::new("/proc").join(pid.to_string());
    // Cheap and world-readable; also excludes zombies, which hold no resources.
    let Ok(stat) = fs::read_to_string(proc.join("stat")) else {
        return false;
    };
    if !stat.contains("(postgres) ") || stat.contains("(postgres) Z") {
        return false;
    }
    match (fs::read_link(proc.join("exe")), fs::metadata(proc.join("cwd"))) {
        (Ok(exe), Ok(cwd)) => {
            let program = exe.to_string_lossy();
            let program = program.trim_end_matches(" (deleted)");
            let inside = fs::metadata(&data_dir.cluster)
                .is_ok_and(|cluster| (cluster.dev(), cluster.ino()) == (cwd.dev(), cwd.ino()));
            program.ends_with("/postgres") && inside
        }
        _ => {
            let owned = fs::metadata(&proc).is_ok_and(|found| found.uid() == data_dir.owner.uid);
            let title = fs::read(proc.join("cmdline")).unwrap_or_default();
            owned && String::from_utf8_lossy(&title).contains(&data_dir.title())
        }
    }
}

/// Ends all servers that run in a folder, such as those of an interrupted pg_upgrade, which outlive it.
#[cfg(target_os = "linux")]
pub(super) fn end_servers_in(cluster: &Path) {
    use std::os::unix::fs::MetadataExt;

    let Ok(folder) = fs::metadata(cluster) else { return };
    let runs_there = |pid: i32| {
        let proc = Path::new("/proc").join(pid.to_string());
        let is_postgres = fs::read_link(proc.join("exe")).is_ok_and(|exe| exe.to_string_lossy().contains("/postgres"));
        is_postgres
            && fs::metadata(proc.join("cwd")).is_ok_and(|cwd| (cwd.dev(), cwd.ino()) == (folder.dev(), folder.ino()))
    };
    let begun = Instant::now();
    loop {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let remaining: Vec<i32> = pids.filter(|pid| runs_there(*pid)).collect();
        if remaining.is_empty() || begun.elapsed() > Duration::from_secs(30) {
            return;
        }
        let signal = if begun.elapsed() > Duration::from_secs(5) { libc::SIGKILL } else { libc::SIGQUIT };
        remaining.iter().for_each(|pid| send(*pid, signal));
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Elsewhere an interrupted pg_upgrade is left to the operator.
#[cfg(not(target_os = "linux"))]
pub(super) fn end_servers_in(_cluster: &Path) {}

/// Without /proc, `ps` shows the title that all processes of the cluster have.
#[cfg(not(target_os = "linux"))]
pub(super) fn cluster_processes(data_dir: &DataDir) -> Vec<i32> {
    let Ok(listed) = std::process::Command::new("ps").args(["-axo", "pid=,uid=,command="]).output() else {
        return Vec::new();
    };
    String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (pid, uid) = (words.next()?.parse().ok()?, words.next()?.parse::<u32>().ok()?);
            let command = line.split_once("postgres")?.1;
            (uid == data_dir.owner.uid && command.contains(&data_dir.title())).then_some(pid)
        })
        .collect()
}
