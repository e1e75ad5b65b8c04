//! What ends a stage from outside: a cancellation, a lost lease, the time limit, or the worker's shutdown. Pauses are
//! carried out meanwhile.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};

use super::End;
use super::lease::{Control, Lease};
use super::transcript::StageOutput;
use crate::worker::WorkerContext;
use crate::worker::command::{DRAIN_TIMEOUT, GroupSignals};
use crate::worker::config::Step;

/// Watches one stage.
pub(super) struct StageWatch {
    control: watch::Receiver<Control>,
    stopping: watch::Receiver<bool>,
    grace: Duration,
    timeout: Option<Duration>,
    name: String,
    /// Whether the process group is stopped while the job waits for people too.
    stops_to_wait: bool,
}

impl StageWatch {
    pub(super) fn new(context: &WorkerContext, lease: &Lease, step: &Step) -> Self {
        Self {
            control: lease.control.subscribe(),
            stopping: context.stopping.clone(),
            grace: Duration::from_secs_f64(context.config.grace_seconds),
            timeout: step.timeout,
            name: name(step),
            stops_to_wait: step.agent.is_none(),
        }
    }

    /// Returns when the stage has to end.
    pub(super) async fn until_end(&mut self, group: GroupSignals) -> End {
        let never = Instant::now() + Duration::from_secs(400 * 86_400);
        let mut deadline = self.timeout.map_or(never, |timeout| Instant::now() + timeout);
        let mut stop_at = never;
        let mut paused_at: Option<Instant> = None;
        let mut stopped = false;
        loop {
            let request = *self.control.borrow_and_update();
            match request {
                Control::Cancel => return End::Cancelled,
                Control::LeaseLost => return End::LeaseLost,
                Control::Pause | Control::Wait => {
                    paused_at.get_or_insert_with(Instant::now);
                }
                Control::Continue => {
                    if let Some(since) = paused_at.take() {
                        // Time spent paused does not count towards the time limit.
                        deadline += since.elapsed();
                    }
                }
            }
            let stop = request == Control::Pause || (request == Control::Wait && self.stops_to_wait);
            if stop != stopped {
                group.send(if stop { libc::SIGSTOP } else { libc::SIGCONT });
                stopped = stop;
            }
            tokio::select! {
                changed = self.control.changed() => if changed.is_err() { return End::LeaseLost },
                () = sleep_until(deadline), if paused_at.is_none() => {
                    let seconds = self.timeout.unwrap_or_default().as_secs_f64();
                    let error = format!("The {} took longer than {seconds} s and was stopped.", self.name);
                    return End::Failed { error, retry: true };
                }
                _ = self.stopping.wait_for(|stop| *stop), if stop_at == never => {
                    stop_at = Instant::now() + if paused_at.is_some() { Duration::ZERO } else { self.grace };
                }
                () = sleep_until(stop_at), if stop_at != never => return End::Stopped,
            }
        }
    }

    /// Waits until the rest of the output is in the transcript, unless the job is cancelled or its lease lost meanwhile.
    pub(super) async fn until_written(&mut self, mut writer: JoinHandle<StageOutput>) -> Result<StageOutput, End> {
        let output = tokio::select! {
            output = &mut writer => output,
            request = self.control.wait_for(|request| matches!(request, Control::LeaseLost | Control::Cancel)) => {
                let cancelled = request.is_ok_and(|request| *request == Control::Cancel);
                writer.abort();
                return Err(if cancelled { End::Cancelled } else { End::LeaseLost });
            }
        };
        output.map_err(|_| End::Failed { error: "The output could not be read.".to_owned(), retry: true })
    }
}

/// Gives the transcript's writer a moment to write the rest of a stopped stage, or none after the lease was lost.
pub(super) async fn stop_writing(mut writer: JoinHandle<StageOutput>, end: &End, wait: Duration) {
    if !matches!(end, End::LeaseLost) {
        let _ = tokio::time::timeout(wait.max(DRAIN_TIMEOUT), &mut writer).await;
    }
    writer.abort();
}

/// What errors call a step.
pub(super) fn name(step: &Step) -> String {
    step.stage.as_ref().map_or_else(|| "command".to_owned(), |stage| format!("stage {stage}"))
}
