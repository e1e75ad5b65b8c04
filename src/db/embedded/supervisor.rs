//! The thread that keeps Postgres running: start, watch, start again, stop.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::data_dir::DataDir;
use super::{State, cluster, process};

/// How often a starting postmaster is asked whether it is ready.
const GLANCE: Duration = Duration::from_millis(10);
/// How often the log's size is checked, and how large it may grow; one older log is kept beside it.
const LOG_CHECK: Duration = Duration::from_secs(30);
const LOG_LIMIT: u64 = 16 << 20;
/// Pauses between attempts: doubling from the first to the last; a good run starts over.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_secs(5);
const GOOD_RUN: Duration = Duration::from_secs(10);
/// The signals of a stop, and how long Postgres may take after each.
const STOPPING: [(i32, Duration); 3] = [
    (libc::SIGINT, Duration::from_secs(20)), // end sessions, write a checkpoint
    (libc::SIGQUIT, Duration::from_secs(5)), // drop everything; the next start recovers
    (libc::SIGKILL, Duration::from_secs(5)),
];

/// What the supervisor is told.
#[derive(Debug)]
pub(super) enum Order {
    /// Stop Postgres and end.
    Stop,
    /// The postmaster with this pid has ended.
    Ended(u32),
}

enum Ending {
    Stopped,
    Crashed { why: String, lasted: Duration },
}

/// Runs Postgres until told to stop.
pub(super) fn run(data_dir: &DataDir, orders: &Receiver<Order>, echo: &Sender<Order>, state: &watch::Sender<State>) {
    let mut pause = FIRST_PAUSE;
    let mut attempts = 0;
    loop {
        state.send_if_modified(|state| {
            let news = matches!(state, State::Ready);
            if news {
                *state = State::Starting;
            }
            news
        });
        let (why, lasted) = match live_once(data_dir, orders, echo, state, &mut attempts) {
            Ending::Stopped => break,
            Ending::Crashed { why, lasted } => (why, lasted),
        };
        if lasted >= GOOD_RUN {
            pause = FIRST_PAUSE;
        }
        attempts += 1;
        tracing::warn!(%why, attempts, "Postgres has ended and will be started again");
        state.send_replace(State::Down { why, attempts });
        if told_to_stop(orders, pause) {
            break;
        }
        pause = (pause * 2).min(LAST_PAUSE);
    }
    data_dir.remove_link();
}

/// One life of a postmaster.
fn live_once(
    data_dir: &DataDir,
    orders: &Receiver<Order>,
    echo: &Sender<Order>,
    state: &watch::Sender<State>,
    attempts: &mut u32,
) -> Ending {
    let begun = Instant::now();
    let stop = std::cell::Cell::new(false);
    process::make_way(data_dir, || {
        stop.set(stop.get() || matches!(orders.try_recv(), Ok(Order::Stop)));
        stop.get()
    });
    if stop.get() {
        return Ending::Stopped;
    }
    cluster::write_settings(data_dir);
    bound_log(&data_dir.log());
    let log_begin = fs::metadata(data_dir.log()).map_or(0, |log| log.len());
    let mut child = match spawn(data_dir) {
        Ok(child) => child,
        Err(error) => {
            return Ending::Crashed { why: error.to_string(), lasted: begun.elapsed() };
        }
    };
    let pid = child.id();
    announce_end(pid, echo.clone());
    let mut ready = false;
    loop {
        match orders.recv_timeout(if ready { LOG_CHECK } else { GLANCE }) {
            Ok(Order::Ended(ended)) if ended == pid => {
                let status = child.wait().map_or_else(|error| error.to_string(), |s| s.to_string());
                let why = last_words(&data_dir.log(), log_begin).unwrap_or(status);
                return Ending::Crashed { why, lasted: begun.elapsed() };
            }
            Ok(Order::Ended(_)) => {}
            Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => {
                end(&mut child, orders);
                return Ending::Stopped;
            }
            Err(RecvTimeoutError::Timeout) if ready => bound_log(&data_dir.log()),
            Err(RecvTimeoutError::Timeout) => {
                ready = process::pid_file(&data_dir.cluster)
                    .is_some_and(|file| file.ready && u32::try_from(file.pid) == Ok(pid));
                if ready {
                    *attempts = 0;
                    state.send_replace(State::Ready);
                    tracing::info!(after = ?begun.elapsed(), "Postgres is ready");
                }
            }
        }
    }
}

fn spawn(data_dir: &DataDir) -> std::io::Result<Child> {
    let program = data_dir.programs.join("postgres");
    let log = OpenOptions::new().append(true).create(true).mode(0o600).open(data_dir.log());
    data_dir
        .owner
        .command(&program, &data_dir.cluster, libc::SIGINT)?
        .arg("-D")
        .arg(data_dir.name_for_postgres(&data_dir.cluster))
        // Relative to the cluster directory, so that its path may have any length and any letters.
        .args(["-k", ".", "-p", "5432", "-c", "listen_addresses="])
        .args(["-c", "unix_socket_permissions=0700", "-c"])
        .arg(format!("cluster_name={}", data_dir.title()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.map_or_else(|_| Stdio::null(), Stdio::from))
        .spawn()
}

/// Tells the supervisor when the child ends, without reaping it: its pid stays its own until then.
fn announce_end(pid: u32, echo: Sender<Order>) {
    std::thread::spawn(move || {
        loop {
            // SAFETY: the buffer outlives the call.
            let result = unsafe {
                let mut info: libc::siginfo_t = std::mem::zeroed();
                libc::waitid(libc::P_PID, pid, &mut info, libc::WEXITED | libc::WNOWAIT)
            };
            let again = result != 0 && std::io::Error::last_os_error().kind() == std::io::ErrorKind::Interrupted;
            if !again {
                break;
            }
        }
        let _ = echo.send(Order::Ended(pid));
    });
}

fn end(child: &mut Child, orders: &Receiver<Order>) {
    let Ok(pid) = i32::try_from(child.id()) else {
        return;
    };
    for (signal, patience) in STOPPING {
        process::send(pid, signal);
        let deadline = Instant::now() + patience;
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            match orders.recv_timeout(left) {
                Ok(Order::Ended(ended)) if ended == child.id() => {
                    let _ = child.wait();
                    return;
                }
                _ => {}
            }
        }
        tracing::warn!(signal, "Postgres does not stop; trying harder");
    }
}

fn told_to_stop(orders: &Receiver<Order>, pause: Duration) -> bool {
    let deadline = Instant::now() + pause;
    while let Some(left) = deadline.checked_duration_since(Instant::now()) {
        match orders.recv_timeout(left) {
            Ok(Order::Stop) | Err(RecvTimeoutError::Disconnected) => return true,
            Ok(Order::Ended(_)) | Err(RecvTimeoutError::Timeout) => {}
        }
    }
    false
}

/// The last fatal line that Postgres wrote since `begin`.
fn last_words(log: &Path, begin: u64) -> Option<String> {
    let mut file = fs::File::open(log).ok()?;
    let length = file.metadata().ok()?.len();
    let begin = if begin > length { 0 } else { begin };
    file.seek(SeekFrom::Start(begin.max(length.saturating_sub(64 << 10)))).ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    text.lines().rev().find_map(|line| {
        ["FATAL:", "PANIC:"].iter().find_map(|mark| line.split_once(mark).map(|(_, words)| words.trim().to_owned()))
    })
}

/// Postgres appends to one file, which survives the server. When it has grown too large it is copied
/// and emptied in data_dir, since Postgres keeps it open.
fn bound_log(log: &Path) {
    if fs::metadata(log).is_ok_and(|log| log.len() > LOG_LIMIT) {
        let _ = fs::copy(log, log.with_extension("log.1"));
        let _ = OpenOptions::new().write(true).open(log).and_then(|log| log.set_len(0));
    }
}
