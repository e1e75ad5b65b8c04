//! What processes use, as the kernel counts it in `/proc`.

use std::collections::HashMap;
use std::time::{Duration, Instant};

/// Memory that changes by less than this share has settled.
const STEADY: f64 = 0.005;
/// The percentage of a processor below which a server and its Postgres have nothing to do.
const QUIET: f64 = 10.0;

/// Whether this system has what is read here.
pub fn are_measurable() -> bool {
    memory(std::process::id()).is_some()
}

/// Resident memory of a process, in MB.
pub fn memory(pid: u32) -> Option<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kilobytes / 1024.0)
}

/// Waits until the memory of a process has not changed for the time `steady`, at most `limit`; returns it.
pub async fn settled_memory(pid: u32, steady: Duration, limit: Duration) -> f64 {
    let begin = Instant::now();
    let (mut reference, mut since) = (memory(pid).unwrap_or_default(), begin);
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        let now = memory(pid).unwrap_or_default();
        if (now - reference).abs() > reference * STEADY {
            (reference, since) = (now, Instant::now());
        }
        if since.elapsed() >= steady || begin.elapsed() >= limit {
            return now;
        }
    }
}

/// Waits until a server has worked off what it was given: until it uses little of a processor, at most `limit`.
pub async fn quiet(server: u32, postmaster: u32, limit: Duration) {
    let begin = Instant::now();
    while are_measurable() && begin.elapsed() < limit {
        let before = ProcessorTime::now(server, postmaster);
        tokio::time::sleep(Duration::from_secs(1)).await;
        let share = ProcessorTime::now(server, postmaster).since(&before);
        if share.server + share.postgres < QUIET {
            return;
        }
    }
}

/// The total memory of this machine, in MB.
pub fn machine_memory() -> u64 {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or_default() / 1024
}

/// Processor seconds of a server and of all processes of a Postgres since they started.
#[derive(Debug, Clone, Copy)]
pub struct ProcessorTime {
    at: Instant,
    server: f64,
    postgres: f64,
}

/// What a server and its Postgres used of a processor, in percent of one.
#[derive(Debug, Clone, Copy)]
pub struct ProcessorShare {
    /// The server.
    pub server: f64,
    /// All processes of Postgres.
    pub postgres: f64,
}

struct Stat {
    parent: u32,
    own: f64,
    ended_children: f64,
}

impl ProcessorTime {
    /// Reads them. A process of Postgres that has ended is counted by its parent.
    pub fn now(server: u32, postmaster: u32) -> Self {
        let all = stats();
        let of = |pid: u32| all.get(&pid).map_or(0.0, |stat| stat.own);
        let children: f64 = all.values().filter(|stat| stat.parent == postmaster).map(|stat| stat.own).sum();
        let ended = all.get(&postmaster).map_or(0.0, |stat| stat.ended_children);
        Self { at: Instant::now(), server: of(server), postgres: of(postmaster) + children + ended }
    }

    /// What was used since `earlier`.
    pub fn since(&self, earlier: &Self) -> ProcessorShare {
        let seconds = (self.at - earlier.at).as_secs_f64();
        let share = |now: f64, before: f64| (now - before).max(0.0) / seconds * 100.0;
        ProcessorShare { server: share(self.server, earlier.server), postgres: share(self.postgres, earlier.postgres) }
    }
}

/// The parent of a process.
pub fn parent(pid: u32) -> Option<u32> {
    stat(pid, 1.0).map(|stat| stat.parent)
}

fn stats() -> HashMap<u32, Stat> {
    // SAFETY: reads a constant of the system.
    let ticks = unsafe { libc::sysconf(libc::_SC_CLK_TCK) }.max(1) as f64;
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(|pid| Some((pid, stat(pid, ticks)?))).collect()
}

fn stat(pid: u32, ticks: f64) -> Option<Stat> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program is in parentheses and may hold spaces.
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let seconds = |place: usize| fields.get(place)?.parse::<f64>().ok().map(|value| value / ticks);
    Some(Stat {
        parent: fields.get(1)?.parse().ok()?,
        own: seconds(11)? + seconds(12)?,
        ended_children: seconds(13)? + seconds(14)?,
    })
}
