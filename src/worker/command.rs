//! A running command with everything it starts: one process group, stopped, continued and ended as a whole.

use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

use super::config::Step;

/// How long what a command has left behind may hold its output open.
pub const LEFTOVERS: Duration = Duration::from_secs(1);

/// Ends a group when its own standard input ends, which is when the worker does, however that comes about.
const GUARD: &str = r#"read -r _; kill -s KILL -- "-$1""#;

/// A command and its process group.
#[derive(Debug)]
pub struct Group {
    child: Child,
    id: libc::pid_t,
    /// Stands by while the command runs.
    guard: Option<Child>,
    ended: bool,
}

impl Group {
    /// Starts the command of a step; `input` comes on its standard input.
    pub fn start(
        step: &Step,
        environment: &[(&str, String)],
        input: Vec<u8>,
    ) -> std::io::Result<(Self, ChildStdout, ChildStderr)> {
        let (program, arguments) = step.words.split_first().ok_or(std::io::ErrorKind::InvalidInput)?;
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
        // SAFETY: between fork and exec only plain system calls are made.
        unsafe { command.pre_exec(move || die_with(parent)) };
        let mut child = command.spawn()?;
        let id = child.id().and_then(|id| libc::pid_t::try_from(id).ok()).ok_or(std::io::ErrorKind::Other)?;
        let guard = guard(id).inspect_err(|error| tracing::warn!(%error, "a command has no guard")).ok();
        if let Some(mut stdin) = child.stdin.take() {
            tokio::spawn(async move {
                // A command need not read it.
                let _ = stdin.write_all(&input).await;
            });
        }
        let pipes = child.stdout.take().zip(child.stderr.take());
        let (out, err) = pipes.ok_or(std::io::ErrorKind::Other)?;
        Ok((Self { child, id, guard, ended: false }, out, err))
    }

    /// Waits until the command itself has ended.
    pub async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Sends a signal to the whole group.
    pub fn signal(&self, signal: i32) {
        // SAFETY: a plain signal to the group that we have made.
        unsafe { libc::kill(-self.id, signal) };
    }

    /// Ends the group: asked first, then forced; at once where `patience` is zero.
    pub async fn end(&mut self, patience: Duration) {
        if !patience.is_zero() {
            self.signal(libc::SIGTERM);
            // What is stopped hears it only when it goes on.
            self.signal(libc::SIGCONT);
            let deadline = tokio::time::Instant::now() + patience;
            let _ = tokio::time::timeout_at(deadline, self.child.wait()).await;
            while self.lives() && tokio::time::Instant::now() < deadline {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        self.signal(libc::SIGKILL);
        let _ = self.child.wait().await;
        self.dismiss();
    }

    /// The group has ended; nobody needs to watch it, and its number may become another's.
    fn dismiss(&mut self) {
        if let Some(guard) = &mut self.guard {
            let _ = guard.start_kill();
        }
        self.ended = true;
    }

    /// Whether any process of the group is there.
    fn lives(&self) -> bool {
        // SAFETY: signal 0 only asks.
        unsafe { libc::kill(-self.id, 0) == 0 }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.ended {
            self.signal(libc::SIGKILL);
            self.dismiss();
        }
    }
}

/// A process that outlives this one just long enough to end the group.
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

/// Where the system can do it, the command itself ends with the worker even before it has a guard.
#[cfg(target_os = "linux")]
fn die_with(parent: u32) -> std::io::Result<()> {
    // SAFETY: plain system calls.
    unsafe {
        if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL as libc::c_ulong, 0, 0, 0) != 0 {
            return Err(std::io::Error::last_os_error());
        }
        // The worker may have ended in between.
        if libc::getppid() as u32 != parent {
            return Err(std::io::Error::from_raw_os_error(libc::ESRCH));
        }
    }
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn die_with(_parent: u32) -> std::io::Result<()> {
    Ok(())
}
