//! The thread that keeps Postgres running: it starts, watches, restarts and stops it.

use std::fs::{self, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::data_dir::{DataDir, USUAL_PORT};
use super::{State, cluster, process};

/// Interval between two checks whether a starting postmaster is ready.
const STARTUP_POLL_INTERVAL: Duration = Duration::from_millis(10);
/// Interval between two checks of the log's size, and its maximum size; one older log is kept.
const LOG_CHECK_INTERVAL: Duration = Duration::from_secs(30);
const MAX_LOG_BYTES: u64 = 16 << 20;
/// Backoff between restarts: doubles from the minimum to the maximum, and is reset after a stable run.
const MIN_BACKOFF: Duration = Duration::from_millis(100);
const MAX_BACKOFF: Duration = Duration::from_secs(5);
const STABLE_AFTER: Duration = Duration::from_secs(10);
/// The signals of a stop, and the time that Postgres gets after each.
const STOP_SIGNALS: [(i32, Duration); 3] = [
    (libc::SIGINT, Duration::from_secs(20)), // end sessions, write a checkpoint
    (libc::SIGQUIT, Duration::from_secs(5)), // drop everything; the next start recovers
    (libc::SIGKILL, Duration::from_secs(5)),
];

/// A message for the supervisor.
#[derive(Debug)]
pub(super) enum Command {
    /// Stop Postgres and return.
    Stop,
    /// The postmaster with this pid has exited.
    Exited(u32),
}

enum Exit {
    Stopped,
    Crashed { why: String, lasted: Duration },
}

/// Runs Postgres until the stop is requested.
pub(super) fn run(
    data_dir: &DataDir,
    commands: &Receiver<Command>,
    echo: &Sender<Command>,
    state: &watch::Sender<State>,
) {
    let mut backoff = MIN_BACKOFF;
    let mut attempts = 0;
    loop {
        state.send_if_modified(|state| {
            let was_ready = matches!(state, State::Ready);
            if was_ready {
                *state = State::Starting;
            }
            was_ready
        });
        let (why, lasted) = match run_once(data_dir, commands, echo, state, &mut attempts) {
            Exit::Stopped => break,
            Exit::Crashed { why, lasted } => (why, lasted),
        };
        if lasted >= STABLE_AFTER {
            backoff = MIN_BACKOFF;
        }
        attempts += 1;
        tracing::warn!(%why, attempts, "Postgres has exited and will be restarted");
        state.send_replace(State::Down { why, attempts });
        if stop_requested(commands, backoff) {
            break;
        }
        backoff = (backoff * 2).min(MAX_BACKOFF);
    }
    data_dir.remove_link();
}

/// Runs a postmaster until it exits or is stopped.
fn run_once(
    data_dir: &DataDir,
    commands: &Receiver<Command>,
    echo: &Sender<Command>,
    state: &watch::Sender<State>,
    attempts: &mut u32,
) -> Exit {
    let started = Instant::now();
    let stop = std::cell::Cell::new(false);
    process::clear_predecessor(data_dir, || {
        stop.set(stop.get() || matches!(commands.try_recv(), Ok(Command::Stop)));
        stop.get()
    });
    if stop.get() {
        return Exit::Stopped;
    }
    cluster::write_settings(data_dir);
    cluster::write_access(data_dir);
    rotate_log(&data_dir.log());
    let log_start = fs::metadata(data_dir.log()).map_or(0, |log| log.len());
    let mut child = match spawn(data_dir) {
        Ok(child) => child,
        Err(error) => {
            return Exit::Crashed { why: error.to_string(), lasted: started.elapsed() };
        }
    };
    let pid = child.id();
    notify_exit(pid, echo.clone());
    let mut ready = false;
    loop {
        match commands.recv_timeout(if ready { LOG_CHECK_INTERVAL } else { STARTUP_POLL_INTERVAL }) {
            Ok(Command::Exited(exited)) if exited == pid => {
                let status = child.wait().map_or_else(|error| error.to_string(), |s| s.to_string());
                let why = last_fatal_line(&data_dir.log(), log_start).unwrap_or(status);
                return Exit::Crashed { why, lasted: started.elapsed() };
            }
            Ok(Command::Exited(_)) => {}
            Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => {
                stop_child(&mut child, commands);
                return Exit::Stopped;
            }
            Err(RecvTimeoutError::Timeout) if ready => rotate_log(&data_dir.log()),
            Err(RecvTimeoutError::Timeout) => {
                ready = process::pid_file(&data_dir.cluster)
                    .is_some_and(|file| file.ready && u32::try_from(file.pid) == Ok(pid));
                if ready {
                    *attempts = 0;
                    state.send_replace(State::Ready);
                    tracing::info!(after = ?started.elapsed(), "Postgres is ready");
                }
            }
        }
    }
}

fn spawn(data_dir: &DataDir) -> std::io::Result<Child> {
    let port = data_dir.listen.map_or(USUAL_PORT, |address| address.port());
    data_dir.link_socket(port)?;
    let program = data_dir.programs.join("postgres");
    let log = OpenOptions::new().append(true).create(true).mode(0o600).open(data_dir.log());
    data_dir
        .owner
        .command(&program, &data_dir.cluster, libc::SIGINT)?
        .arg("-D")
        .arg(data_dir.name_for_postgres(&data_dir.cluster))
        // Relative to the cluster directory, whose path may have any length and any characters.
        .args(["-k", ".", "-p"])
        .arg(port.to_string())
        .arg("-c")
        .arg(format!(
            "listen_addresses={}",
            data_dir.listen.map(|address| address.ip().to_string()).unwrap_or_default()
        ))
        .args(["-c", "unix_socket_permissions=0700", "-c"])
        .arg(format!("cluster_name={}", data_dir.title()))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log.map_or_else(|_| Stdio::null(), Stdio::from))
        .spawn()
}

/// Notifies the supervisor when the child exits, without reaping it, so that its pid is not reused before.
fn notify_exit(pid: u32, echo: Sender<Command>) {
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
        let _ = echo.send(Command::Exited(pid));
    });
}

fn stop_child(child: &mut Child, commands: &Receiver<Command>) {
    let Ok(pid) = i32::try_from(child.id()) else {
        return;
    };
    for (signal, timeout) in STOP_SIGNALS {
        process::send(pid, signal);
        let deadline = Instant::now() + timeout;
        while let Some(left) = deadline.checked_duration_since(Instant::now()) {
            match commands.recv_timeout(left) {
                Ok(Command::Exited(exited)) if exited == child.id() => {
                    let _ = child.wait();
                    return;
                }
                _ => {}
            }
        }
        tracing::warn!(signal, "Postgres does not stop; sending the next signal");
    }
}

fn stop_requested(commands: &Receiver<Command>, within: Duration) -> bool {
    let deadline = Instant::now() + within;
    while let Some(left) = deadline.checked_duration_since(Instant::now()) {
        match commands.recv_timeout(left) {
            Ok(Command::Stop) | Err(RecvTimeoutError::Disconnected) => return true,
            Ok(Command::Exited(_)) | Err(RecvTimeoutError::Timeout) => {}
        }
    }
    false
}

/// The last FATAL or PANIC message in the log since `begin`.
fn last_fatal_line(log: &Path, begin: u64) -> Option<String> {
    let mut file = fs::File::open(log).ok()?;
    let length = file.metadata().ok()?.len();
    let begin = if begin > length { 0 } else { begin };
    file.seek(SeekFrom::Start(begin.max(length.saturating_sub(64 << 10)))).ok()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).ok()?;
    let text = String::from_utf8_lossy(&bytes);
    text.lines().rev().find_map(|line| {
        ["FATAL:", "PANIC:"].iter().find_map(|mark| line.split_once(mark).map(|(_, message)| message.trim().to_owned()))
    })
}

/// Rotates the log if it is too large. It is copied and truncated in place, because Postgres keeps it open.
fn rotate_log(log: &Path) {
    if fs::metadata(log).is_ok_and(|log| log.len() > MAX_LOG_BYTES) {
        let _ = fs::copy(log, log.with_extension("log.1"));
        let _ = OpenOptions::new().write(true).open(log).and_then(|log| log.set_len(0));
    }
}
