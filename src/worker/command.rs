//! A command in its own process group, which is paused, continued and killed as a whole.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};

use super::config::Step;

/// How long processes that outlive a command may keep its output open.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(1);

/// Kills the group when its standard input closes, which happens whenever the worker ends, even by SIGKILL.
const GUARD: &str = r#"read -r _; kill -s KILL -- "-$1""#;

/// A command and its process group.
#[derive(Debug)]
pub struct ProcessGroup {
    child: Child,
    id: libc::pid_t,
    /// Kills the group if the worker dies.
    guard: Option<Child>,
    ended: bool,
}

/// The ends of a command's pipes.
#[derive(Debug)]
pub struct Pipes {
    /// Its standard input.
    pub stdin: ChildStdin,
    /// Its standard output.
    pub stdout: ChildStdout,
    /// Its standard error.
    pub stderr: ChildStderr,
}

/// Sends signals to a process group while another task waits for its command.
#[derive(Debug, Clone, Copy)]
pub struct GroupSignals(libc::pid_t);

impl GroupSignals {
    /// Sends a signal to the whole group.
    pub fn send(self, signal: i32) {
        // SAFETY: sends a signal to the process group of a command that was not released.
        unsafe { libc::kill(-self.0, signal) };
    }
}

impl ProcessGroup {
    /// Starts the command of a step.
    pub fn start(step: &Step, environment: &[(&str, String)]) -> std::io::Result<(Self, Pipes)> {
        let (program, arguments) = step.argv.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&step.directory)
            .env_remove("CALLBOARD_API_KEY")
            .envs(&step.environment)
            .envs(environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true);
        let parent = std::process::id();
        // SAFETY: only async-signal-safe system calls are made between fork and exec.
        unsafe { command.pre_exec(move || kill_on_parent_death(parent)) };
        let mut child = command.spawn()?;
        let id = child.id().and_then(|id| libc::pid_t::try_from(id).ok()).ok_or(std::io::ErrorKind::Other)?;
        let guard = guard(id)
            .inspect_err(|error| tracing::warn!(%error, "the guard process of a command could not be started"))
            .ok();
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let group = Self { child, id, guard, ended: false };
        match (stdin, stdout, stderr) {
            (Some(stdin), Some(stdout), Some(stderr)) => Ok((group, Pipes { stdin, stdout, stderr })),
            _ => Err(std::io::ErrorKind::Other.into()),
        }
    }

    /// Sends signals to the group.
    pub fn signals(&self) -> GroupSignals {
        GroupSignals(self.id)
    }

    /// Waits until the command has exited; its child processes may still run.
    pub async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Sends a signal to the whole group.
    pub fn signal(&self, signal: i32) {
        self.signals().send(signal);
    }

    /// Terminates the group: SIGTERM, then SIGKILL after `grace`; SIGKILL at once if `grace` is zero.
    pub async fn terminate(&mut self, grace: Duration) {
        if !grace.is_zero() {
            self.signal(libc::SIGTERM);
            // A stopped process handles SIGTERM only after SIGCONT.
            self.signal(libc::SIGCONT);
            let deadline = tokio::time::Instant::now() + grace;
            let _ = tokio::time::timeout_at(deadline, self.child.wait()).await;
            while self.is_alive() && tokio::time::Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        self.signal(libc::SIGKILL);
        let _ = self.child.wait().await;
        self.release_guard();
    }

    /// Stops the guard of a terminated group, because its id may be reused.
    fn release_guard(&mut self) {
        if let Some(guard) = &mut self.guard {
            let _ = guard.start_kill();
        }
        self.ended = true;
    }

    /// Whether the group has a process.
    fn is_alive(&self) -> bool {
        // SAFETY: signal 0 only checks for existence.
        unsafe { libc::kill(-self.id, 0) == 0 }
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if !self.ended {
            self.signal(libc::SIGKILL);
            self.release_guard();
        }
    }
}

/// Starts a process that outlives the worker to kill the group.
fn guard(group: libc::pid_t) -> std::io::Result<Child> {
    Command::new("sh")
        .args(["-c", GUARD, "callboard-guard", &group.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// On Linux the kernel kills the command when the worker dies, even before the guard runs.
#[cfg(target_os = "linux")]
fn kill_on_parent_death(parent: u32) -> std::io::Result<()> {
    // SAFETY: these system calls take no pointers.
    unsafe {
        if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong, 0, 0, 0) != 0 {
            return Err(std::io::Error::last_os_error());
        }
        // The worker may have died before prctl.
        if libc::getppid() as u32 != parent {
            return Err(std::io::Error::from_raw_os_error(libc::ESRCH));
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn kill_on_parent_death(_parent: u32) -> std::io::Result<()> {
    Ok(())
}
