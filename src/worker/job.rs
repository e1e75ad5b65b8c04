//! One job from its claim to its end: runs a command for each remaining stage while heartbeats keep the lease. When the
//! lease is lost, the command is killed and nothing more is written.

mod agent;
mod lease;
mod transcript;
mod usage;
mod watch;

use std::process::ExitStatus;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::sync::mpsc;

use self::lease::{Control, Lease};
use self::transcript::{Earlier, StageOutput, TranscriptWriter};
use self::watch::{StageWatch, name};
use super::command::{DRAIN_TIMEOUT, ProcessGroup};
use super::config::Step;
use super::{WorkerContext, output};
use crate::client::{Client, Error as ClientError};
use crate::domain::jobs::Job;
use crate::domain::jobs::leases::ReleaseLease;
use crate::domain::jobs::work::{CompleteJob, EnterStage, FailJob};

/// The outcome of a stage or of the whole job.
#[derive(Debug)]
enum End {
    Done(StageOutput),
    Failed {
        error: String,
        retry: bool,
    },
    Cancelled,
    LeaseLost,
    /// The worker was stopped.
    Stopped,
}

/// Runs a claimed job; returns whether it succeeded or was released cleanly. The lease starts at `claimed_at`.
pub(super) async fn work(context: &WorkerContext, job: Job, token: String, claimed_at: std::time::Instant) -> bool {
    let id = job.id.clone();
    tracing::info!(job = id, title = job.summary.title, "job claimed");
    let lease = Lease::hold(context, &job, &token, claimed_at);
    // Fetches answers to questions of an earlier attempt before the first command starts.
    lease.heartbeat.now().await;
    let outcome = run_stages(context, &job, &lease).await;
    let client = context.client.with_idempotency_key(&uuid::Uuid::now_v7().to_string());
    let reported = loop {
        match report(context, &client, &lease, &outcome).await {
            // The work is done, so an unavailable server is retried until the lease expires.
            Err(error) if error.is_temporary() && *lease.control.borrow() != Control::LeaseLost => {
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
            reported => break reported,
        }
    };
    lease.end().await;
    match (&outcome, reported) {
        (_, Err(error)) if error.code() == Some("lease_lost") => {
            tracing::warn!(job = id, "the lease was lost");
            false
        }
        (_, Err(error)) => {
            tracing::error!(job = id, %error, "the outcome of a job could not be reported");
            false
        }
        (End::LeaseLost, Ok(())) => {
            tracing::warn!(job = id, "the lease was lost; its command was stopped");
            false
        }
        (End::Failed { error, .. }, Ok(())) => {
            tracing::warn!(job = id, error, "job failed");
            false
        }
        (End::Done(_), Ok(())) => {
            tracing::info!(job = id, "job completed");
            true
        }
        (End::Cancelled | End::Stopped, Ok(())) => {
            tracing::info!(job = id, "job released");
            true
        }
    }
}

/// Reports the outcome to the server.
async fn report(context: &WorkerContext, client: &Client, lease: &Lease, outcome: &End) -> Result<(), ClientError> {
    let (id, lease_token) = (lease.job.as_str(), lease.token.clone());
    match outcome {
        End::Done(output) => {
            let (sha, message) = output.commit.clone().unzip();
            let input = CompleteJob {
                lease_token,
                commit_sha: sha,
                commit_message: message.flatten(),
                ..CompleteJob::default()
            };
            client.complete_job(id, &input).await.map(drop)
        }
        End::Failed { error, retry } => {
            let input = FailJob { lease_token, error: error.clone(), retry: Some(*retry), agent_id: None };
            client.fail_job(id, &input).await.map(drop)
        }
        End::Cancelled => {
            client.confirm_cancelled(id, &ReleaseLease { lease_token, ..ReleaseLease::default() }).await.map(drop)
        }
        End::Stopped => {
            let reason = Some(format!("The worker {} was stopped.", context.config.name));
            client.release_job(id, &ReleaseLease { lease_token, reason, agent_id: None }).await.map(drop)
        }
        End::LeaseLost => Ok(()),
    }
}

async fn run_stages(context: &WorkerContext, job: &Job, lease: &Lease) -> End {
    let steps = match context.config.steps(&job.summary.job_type, &job.summary.stages) {
        Ok(steps) => steps,
        Err(error) => return End::Failed { error, retry: false },
    };
    let current = job.summary.stage.as_deref();
    let first =
        current.and_then(|current| steps.iter().position(|step| step.stage.as_deref() == Some(current))).unwrap_or(0);
    let mut output = StageOutput::default();
    let continues = first > 0 || job.summary.attempt > 1;
    let mut earlier = Earlier::default();
    if continues || steps.iter().any(|step| step.agent.is_some()) {
        earlier = Earlier::read(&context.client, &job.id).await;
    }
    if continues {
        output.commit = earlier.commit.take();
    }
    for (index, step) in steps.iter().enumerate().skip(first) {
        if let (Some(stage), true) = (&step.stage, index > first || step.stage.as_deref() != current) {
            let input =
                EnterStage { lease_token: lease.token.clone(), stage: stage.clone(), message: None, agent_id: None };
            match context.client.enter_stage(&job.id, &input).await {
                Ok(_) => {}
                Err(error) if error.code() == Some("lease_lost") => return End::LeaseLost,
                Err(error) => {
                    return End::Failed { error: format!("The stage {stage} cannot be entered: {error}"), retry: true };
                }
            }
        }
        match lease.wait_while_paused(context).await {
            Control::Continue => {}
            Control::Pause | Control::Wait => return End::Stopped,
            Control::Cancel => return End::Cancelled,
            Control::LeaseLost => return End::LeaseLost,
        }
        if *context.stopping.borrow() {
            return End::Stopped;
        }
        let ended = match &step.agent {
            None => run_command(context, job, lease, step, output).await,
            Some(options) => agent::run(context, job, lease, (step, options), output, &earlier).await,
        };
        match ended {
            End::Done(so_far) => output = so_far,
            other => return other,
        }
    }
    // The last command may have asked a person a question, which pauses the job.
    match lease.wait_while_paused(context).await {
        Control::Continue => End::Done(output),
        Control::Pause | Control::Wait => End::Stopped,
        Control::Cancel => End::Cancelled,
        Control::LeaseLost => End::LeaseLost,
    }
}

/// The end of a job whose command cannot be started.
fn cannot_start(step: &Step, error: &std::io::Error) -> End {
    let program = step.argv.first().cloned().unwrap_or_default();
    End::Failed { error: format!("The command {program} cannot be started: {error}."), retry: false }
}

/// Runs the command of one stage.
async fn run_command(context: &WorkerContext, job: &Job, lease: &Lease, step: &Step, output: StageOutput) -> End {
    let (mut group, pipes) = match ProcessGroup::start(step, &environment(context, job, lease, step)) {
        Ok(started) => started,
        Err(error) => return cannot_start(step, &error),
    };
    let input = serde_json::to_vec(job).unwrap_or_default();
    let mut stdin = pipes.stdin;
    tokio::spawn(async move {
        // A command may ignore its input.
        let _ = stdin.write_all(&input).await;
    });
    let (sender, outputs) = mpsc::channel(64);
    tokio::spawn(output::read(pipes.stdout, false, context.redact.clone(), sender.clone()));
    tokio::spawn(output::read(pipes.stderr, true, context.redact.clone(), sender));
    let mut writer = tokio::spawn(TranscriptWriter::new(context, lease, step, output).run(outputs));
    let mut watch = StageWatch::new(context, lease, step);
    let signals = group.signals();
    let ended = tokio::select! {
        status = group.wait() => status.map_err(|error| End::Failed { error: error.to_string(), retry: true }),
        end = watch.until_end(signals) => Err(end),
    };
    let status = match ended {
        Ok(status) => status,
        Err(end) => {
            let kill_after = Duration::from_secs_f64(context.config.kill_seconds);
            group.terminate(if matches!(end, End::LeaseLost) { Duration::ZERO } else { kill_after }).await;
            watch::stop_writing(writer, &end, kill_after).await;
            return end;
        }
    };
    // Child processes that outlived the command are killed.
    let written = tokio::time::timeout(DRAIN_TIMEOUT, &mut writer).await;
    group.terminate(Duration::ZERO).await;
    let output = match written {
        Ok(Ok(output)) => output,
        Ok(Err(_)) => return End::Failed { error: "The output could not be read.".to_owned(), retry: true },
        Err(_) => match watch.until_written(writer).await {
            Ok(output) => output,
            Err(end) => return end,
        },
    };
    if status.success() {
        return End::Done(output);
    }
    let retry = status.code().is_none_or(|code| !step.no_retry_codes.contains(&code));
    End::Failed { error: with_tail(&exit_reason(&name(step), status), &output), retry }
}

/// How a process ended, as a sentence.
fn exit_reason(what: &str, status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("The {what} ended with status {code}."),
        None => format!("The {what} was killed by a signal."),
    }
}

/// A reason with the last lines of the output.
fn with_tail(reason: &str, output: &StageOutput) -> String {
    let tail = output.tail();
    if tail.is_empty() { reason.to_owned() } else { format!("{reason}\n{tail}") }
}

/// Environment variables that describe the job to its command.
fn environment(context: &WorkerContext, job: &Job, lease: &Lease, step: &Step) -> Vec<(&'static str, String)> {
    let summary = &job.summary;
    let mut variables = vec![
        ("CALLBOARD_URL", context.client.url().to_owned()),
        ("CALLBOARD_JOB_ID", job.id.clone()),
        ("CALLBOARD_JOB_TYPE", summary.job_type.clone()),
        ("CALLBOARD_JOB_TITLE", summary.title.clone()),
        ("CALLBOARD_WORKFLOW_ID", summary.workflow_id.clone()),
        ("CALLBOARD_TICKET_ID", summary.ticket_id.clone().unwrap_or_default()),
        ("CALLBOARD_TICKET_KEY", job.ticket_key.clone().unwrap_or_default()),
        ("CALLBOARD_STAGE", step.stage.clone().unwrap_or_default()),
        ("CALLBOARD_ATTEMPT", summary.attempt.to_string()),
        ("CALLBOARD_PROMPT_FILE", lease.prompt.display().to_string()),
        ("CALLBOARD_ANSWERS", lease.answers.display().to_string()),
    ];
    if context.config.pass_key {
        variables.push(("CALLBOARD_API_KEY", context.key.clone()));
    }
    variables
}
