//! The Postgres processes of one cluster: which are ours, waiting for those that end, stopping those
//! that do not.
//!
//! Nothing is signalled on the word of a pid file. A process counts as ours when it runs a program
//! called postgres inside the cluster directory; where the kernel hides that (root without the ptrace
//! capability, as in containers), when it runs as the cluster's account under the cluster's name.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use super::data_dir::DataDir;

/// How long predecessors may take to end by themselves, then after SIGINT, then after SIGQUIT.
const PATIENCE: [(Duration, i32); 3] = [
    (Duration::from_secs(2), libc::SIGINT),
    (Duration::from_secs(30), libc::SIGQUIT),
    (Duration::from_secs(35), libc::SIGKILL),
];

/// The parts of postmaster.pid that matter here.
pub(super) struct PidFile {
    pub pid: i32,
    pub ready: bool,
}

/// Reads postmaster.pid; `None` when it is absent or still being written.
pub(super) fn pid_file(cluster: &Path) -> Option<PidFile> {
    let text = fs::read_to_string(cluster.join("postmaster.pid")).ok()?;
    let pid = text.lines().next()?.trim().parse().ok()?;
    let ready = text.lines().nth(7).is_some_and(|line| line.trim() == "ready");
    Some(PidFile { pid, ready })
}

/// Makes way for a new postmaster: waits for processes of an earlier one to end (a server killed by -9
/// leaves its Postgres shutting down), stops those that stay, and disarms a pid file that names a
/// process of somebody else. Gives up early when `cancelled`.
pub(super) fn make_way(data_dir: &DataDir, cancelled: impl Fn() -> bool) {
    let begun = Instant::now();
    let mut signalled = 0;
    loop {
        let left = ours(data_dir);
        if left.is_empty() || cancelled() {
            break;
        }
        if let Some((after, signal)) = PATIENCE.get(signalled)
            && begun.elapsed() >= *after
        {
            tracing::warn!(processes = ?left, signal, "stopping what an earlier Postgres left behind");
            left.iter().for_each(|pid| send(*pid, *signal));
            signalled += 1;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    disarm(data_dir);
}

/// Postgres refuses to start while one of its lock files names a living process, whatever that is. It
/// does trust that its own parent is not a postmaster, so the files are made to name this process. The
/// other lines stay, because Postgres checks by them that no old backend still uses the shared memory.
fn disarm(data_dir: &DataDir) {
    let own = std::process::id().to_string();
    for name in ["postmaster.pid", ".s.PGSQL.5432.lock"] {
        let path = data_dir.cluster.join(name);
        let Ok(text) = fs::read_to_string(&path) else { continue };
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let outcome = if first == own {
            Ok(())
        } else if first.trim().parse::<i32>().is_err() {
            fs::remove_file(&path) // killed before it was written
        } else {
            // By renaming, so that a full disk does not leave it empty.
            let fresh = path.with_extension("new");
            fs::write(&fresh, format!("{own}\n{rest}"))
                .and_then(|()| data_dir.owner.give(&fresh))
                .and_then(|()| fs::rename(&fresh, &path))
        };
        if let Err(error) = outcome {
            tracing::warn!(%error, name, "cannot correct what an earlier Postgres left behind");
        }
    }
}

/// Sends a signal to one process.
pub(super) fn send(pid: i32, signal: i32) {
    // SAFETY: a plain system call; pid is positive and was proven to be ours, or is our child.
    unsafe {
        libc::kill(pid, signal);
    }
}

/// Every process of this cluster, the postmaster's children included.
#[cfg(target_os = "linux")]
pub(super) fn ours(data_dir: &DataDir) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|pid| is_ours(*pid, data_dir))
        .collect()
}

#[cfg(target_os = "linux")]
fn is_ours(pid: i32, data_dir: &DataDir) -> bool {
    use std::os::unix::fs::MetadataExt;

    let proc = Path::new("/proc").join(pid.to_string());
    // Cheap and readable for everyone; also leaves out zombies, which hold nothing any more.
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

/// Without /proc, `ps` shows the title that every process of the cluster carries.
#[cfg(not(target_os = "linux"))]
pub(super) fn ours(data_dir: &DataDir) -> Vec<i32> {
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
