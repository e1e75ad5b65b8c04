//! A stage that an agent works on over the Agent Client Protocol. The agent is a process group as a command is; what it
//! reports goes to the transcript, and people decide its requests for permission.

mod ask;
mod conversation;
mod prompt;
mod pump;

use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use agent_client_protocol::v1::schema::RequestPermissionRequest;
use agent_client_protocol::{BoxFuture, RequestCancellation};
use tokio::sync::mpsc;

use self::ask::Permitter;
use self::conversation::{Conversation, Failure};
use self::prompt::Prompt;
use self::pump::Shared;
use super::lease::Lease;
use super::transcript::{Earlier, StageOutput, TranscriptWriter};
use super::usage::UsageReporter;
use super::watch::{self, StageWatch, name};
use super::{End, cannot_start, environment, exit_reason, with_tail};
use crate::domain::jobs::Job;
use crate::worker::WorkerContext;
use crate::worker::acp::connection::{Connection, Decide};
use crate::worker::acp::files::Files;
use crate::worker::command::{DRAIN_TIMEOUT, ProcessGroup};
use crate::worker::config::{AgentOptions, Step};
use crate::worker::output;

/// Events of an agent that wait to be passed on.
const EVENT_BUFFER: usize = 256;

/// How long the last messages of an agent that has ended may take to be passed on.
const LAST_MESSAGES_TIMEOUT: Duration = Duration::from_secs(60);

/// How the work of an agent ended.
enum Outcome {
    /// With the end of its conversation.
    Conversation(Result<(), Failure>),
    /// From outside.
    Ended(End),
}

/// Runs the agent of one stage.
pub(super) async fn run(
    context: &WorkerContext,
    job: &Job,
    lease: &Lease,
    (step, options): (&Step, &AgentOptions),
    output: StageOutput,
    earlier: &Earlier,
) -> End {
    let files = match Files::below(&step.directory) {
        Ok(files) => files,
        Err(error) => return cannot_start(step, &error),
    };
    let ticket = ticket_of(context, job).await;
    let answers = answers_of(lease, earlier).await;
    let (mut group, pipes) = match ProcessGroup::start(step, &environment(context, job, lease, step)) {
        Ok(started) => started,
        Err(error) => return cannot_start(step, &error),
    };
    let (outputs, received) = mpsc::channel(64);
    let mut errors = tokio::spawn(output::read(pipes.stderr, true, context.redact.clone(), outputs.clone()));
    let writer = tokio::spawn(TranscriptWriter::new(context, lease, step, output).run(received));
    let (events, reported) = mpsc::channel(EVENT_BUFFER);
    let shared = Arc::new(Shared::default());
    tokio::spawn(pump::run(reported, outputs.clone(), shared.clone(), context.redact.clone()));
    let permitter = Arc::new(Permitter::new(context, lease, options.permissions, outputs.clone(), earlier).await);
    let decide: Decide = {
        let permitter = permitter.clone();
        Arc::new(move |request: RequestPermissionRequest, cancellation: RequestCancellation| -> BoxFuture<'static, _> {
            Box::pin(permitter.clone().decide(request, cancellation))
        })
    };
    let usage = UsageReporter::new(context, lease);
    let directory = files.root().display().to_string();
    let connection = match Connection::open((pipes.stdin, pipes.stdout), files, decide, events.clone()).await {
        Ok(connection) => connection,
        Err(error) => return End::Failed { error, retry: true },
    };
    let conversation = Conversation {
        connection,
        permitter,
        prompt: Prompt { job, step, options, ticket, answers: &answers },
        directory,
        earlier,
        mcp: options.mcp.then(|| (format!("{}/mcp", context.client.url()), context.key.clone())),
        events,
        outputs,
        shared: shared.clone(),
        usage: usage.clone(),
        session: OnceLock::new(),
    };
    let mut watch = StageWatch::new(context, lease, step);
    let kill_after = Duration::from_secs_f64(context.config.kill_seconds);
    let outcome = talk(&conversation, &mut group, &mut watch, kill_after).await;
    // Closes the agent's input, and with the last sender the transcript.
    drop(conversation);
    let status = match &outcome {
        // It may store its session before it ends.
        Outcome::Conversation(_) => tokio::time::timeout(DRAIN_TIMEOUT, group.wait()).await.ok().and_then(Result::ok),
        Outcome::Ended(_) => None,
    };
    let kill_now = matches!(outcome, Outcome::Ended(End::LeaseLost));
    group.terminate(if kill_now { Duration::ZERO } else { kill_after }).await;
    // What an interrupted turn has spent, also if the lease was lost.
    if let Some(report) = shared.take_report() {
        let _ = usage.report(report).await;
    }
    // A process that has left the group may keep the pipe open.
    let _ = tokio::time::timeout(DRAIN_TIMEOUT, &mut errors).await;
    errors.abort();
    let failure = match outcome {
        Outcome::Ended(end) => {
            watch::stop_writing(writer, &end, kill_after).await;
            return end;
        }
        Outcome::Conversation(Ok(())) => None,
        Outcome::Conversation(Err(failure)) => Some(failure),
    };
    let output = match watch.until_written(writer).await {
        Ok(output) => output,
        Err(end) => return end,
    };
    match failure {
        None => End::Done(output),
        Some(Failure::Reason(error, retry)) => End::Failed { error, retry },
        Some(Failure::Closed) => {
            let reason = status.map_or_else(
                || format!("The agent of the {} closed its output before its turn ended.", name(step)),
                |status| exit_reason(&format!("agent of the {}", name(step)), status),
            );
            let code = status.and_then(|status| status.code());
            let retry = code.is_none_or(|code| !step.no_retry_codes.contains(&code));
            End::Failed { error: with_tail(&reason, &output), retry }
        }
    }
}

/// Holds the conversation until it ends, or until the stage has to end; the agent then gets a moment to stop.
async fn talk(
    conversation: &Conversation<'_>,
    group: &mut ProcessGroup,
    watch: &mut StageWatch,
    kill_after: Duration,
) -> Outcome {
    let signals = group.signals();
    let mut conversing = pin!(conversation.run());
    let end = tokio::select! {
        ended = &mut conversing => return Outcome::Conversation(ended),
        end = watch.until_end(signals) => end,
        _ = group.wait() => {
            // Its last messages may still be in the pipe, which processes that it left behind must not keep open.
            signals.send(libc::SIGKILL);
            tokio::select! {
                ended = &mut conversing => return Outcome::Conversation(ended),
                end = watch.until_end(signals) => end,
                () = tokio::time::sleep(LAST_MESSAGES_TIMEOUT) => {
                    return Outcome::Conversation(Err(Failure::Closed));
                }
            }
        }
    };
    if !matches!(end, End::LeaseLost) {
        // A stopped process reads nothing.
        signals.send(libc::SIGCONT);
        conversation.cancel();
        let _ = tokio::time::timeout(kill_after, &mut conversing).await;
    }
    Outcome::Ended(end)
}

/// The title and the description of a job's ticket.
async fn ticket_of(context: &WorkerContext, job: &Job) -> Option<(String, String)> {
    let id = job.summary.ticket_id.as_deref()?;
    match context.client.ticket(id, None).await {
        Ok(found) => Some((found.fields.card.title, found.fields.card.description.unwrap_or_default())),
        Err(error) => {
            tracing::warn!(job = job.id, %error, "the ticket of a job cannot be read");
            None
        }
    }
}

/// What people have decided in this job, without what an agent has received already.
async fn answers_of(lease: &Lease, earlier: &Earlier) -> Vec<serde_json::Value> {
    let Ok(text) = tokio::fs::read(&lease.answers).await else { return Vec::new() };
    let mut answers: Vec<serde_json::Value> = serde_json::from_slice(&text).unwrap_or_default();
    answers.retain(|answer| answer["id"].as_str().is_none_or(|id| !earlier.received.contains(id)));
    answers
}
