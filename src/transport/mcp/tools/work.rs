//! Tools for a claimed job: heartbeat, progress, transcript, completion.

use futures_util::future::BoxFuture;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::jobs::{glance, status_name};
use super::queue::LEASE_SECONDS;
use super::{ADDS, Answer, BOOLEAN, Call, ENDS, SETS, STRING, Tool, value};
use crate::domain::jobs::leases::{self, Heartbeat, ReleaseLease};
use crate::domain::jobs::messages::{self, Level, MessageKind, MessageRole, PostMessage};
use crate::domain::jobs::work::{self, CompleteJob, EnterStage, FailJob, NewMessage, PostMessages, ReportProgress};
use crate::domain::{commits, jobs};
use crate::transport::mcp::{budget, schema};
use crate::{Error, Result};

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "heartbeat",
        description: "Extends your claim. cancel_requested: stop, then release_job with cancelled = true. pause_requested: \
            rest, keep sending. approvals: decisions of people. lease_lost: stop.",
        access: SETS,
        schema: || of_job(schema::of::<Heartbeat>()),
        shows: &[("job_id", ""), ("lease_token", "")],
        returns: &[("cancel_requested", BOOLEAN)],
        run: heartbeat,
    },
    Tool {
        name: "report_progress",
        description: "Says how far a job is; stage moves its ticket to the column of that name.",
        access: SETS,
        schema: || of_job(schema::of::<ProgressArguments>()),
        shows: &[
            ("job_id", ""),
            ("lease_token", ""),
            ("progress", "Percent."),
            ("message", "A sentence."),
            ("stage", "Entered now."),
        ],
        returns: &[("success", BOOLEAN)],
        run: progress,
    },
    Tool {
        name: "post_message",
        description: "Adds a line to a job's transcript; lease_token if you hold it.",
        access: ADDS,
        schema: || of_job(schema::of::<MessageArguments>()),
        shows: &[("job_id", ""), ("lease_token", ""), ("content", "The text."), ("kind", "Default chat.")],
        returns: &[("message_id", STRING)],
        run: message,
    },
    Tool {
        name: "complete_job",
        description: "Ends your job, links the commit and resolves the ticket; `notice` says why not.",
        access: ENDS,
        schema: || of_job(schema::of::<CompleteJob>()),
        shows: &[
            ("job_id", ""),
            ("lease_token", ""),
            ("result", "A JSON object, as text."),
            ("commit_sha", "Last commit."),
            ("resolution_comment", "For the ticket."),
        ],
        returns: &[("ticket_resolved", BOOLEAN)],
        run: complete,
    },
    Tool {
        name: "fail_job",
        description: "Ends your attempt; it is tried again while attempts are left.",
        access: ENDS,
        schema: || of_job(schema::of::<FailJob>()),
        shows: &[("job_id", ""), ("lease_token", ""), ("error", "What went wrong."), ("retry", "false: no use.")],
        returns: &[("will_retry", BOOLEAN)],
        run: fail,
    },
    Tool {
        name: "release_job",
        description: "Gives your job back; the attempt does not count.",
        access: ENDS,
        schema: || of_job(schema::of::<ReleaseArguments>()),
        shows: &[("job_id", ""), ("lease_token", ""), ("cancelled", "Stopped on request.")],
        returns: &[("success", BOOLEAN)],
        run: release,
    },
];

/// The progress of a job.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProgressArguments {
    /// From the claim.
    lease_token: String,
    /// Percent, 0 to 100.
    #[schema(minimum = 0, maximum = 100)]
    progress: Option<f64>,
    /// What you are doing, as a sentence.
    #[schema(max_length = 2000)]
    message: Option<String>,
    /// The stage you enter: one of the job's stages, or any name if it has none.
    #[schema(min_length = 1, max_length = 64)]
    stage: Option<String>,
    /// The acting agent, if the caller may act for others.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// A line of the transcript.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MessageArguments {
    /// From the claim, if you hold the job.
    lease_token: Option<String>,
    /// Its text, at most 64 KiB.
    #[schema(min_length = 1, max_length = 65_536)]
    content: String,
    /// The kind of line. Defaults to chat.
    kind: Option<MessageKind>,
    /// The role of the sender. Defaults to assistant.
    role: Option<MessageRole>,
    /// The name of the sender. Defaults to yours.
    #[schema(max_length = 200)]
    sender: Option<String>,
    /// The severity. Defaults to info.
    level: Option<Level>,
    /// Additional data, an object of at most 64 KiB.
    #[schema(value_type = Option<Object>)]
    metadata: Option<Value>,
    /// The acting agent, if the caller may act for others.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// Why to release a job.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReleaseArguments {
    /// From the claim.
    lease_token: String,
    /// Why, for the transcript.
    #[schema(max_length = 1000)]
    reason: Option<String>,
    /// Confirms that a job with a requested cancellation has stopped. Defaults to false.
    cancelled: Option<bool>,
    /// The acting agent, if the caller may act for others.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// Adds `job_id`, a path parameter of the endpoints.
fn of_job(arguments: Map<String, Value>) -> Map<String, Value> {
    let job = json!({"type": "string", "description": "The job, as claim_work answered it."});
    schema::with_required(arguments, "job_id", job)
}

fn heartbeat(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let id = call.take("job_id")?;
        let (caller, mut input) = (call.caller()?, call.read::<Heartbeat>()?);
        input.lease_seconds = input.lease_seconds.or(Some(LEASE_SECONDS));
        let mut answer = leases::heartbeat(&call.state.db, &caller, &id, &input).await?;
        let line = match (answer.cancel_requested, answer.pause_requested) {
            (true, _) => "Stop: the job is to be cancelled. Confirm with release_job, cancelled = true.".to_owned(),
            (_, true) => "Rest: the job is paused. Go on with heartbeats.".to_owned(),
            _ => "The job is yours until lease_expires_at.".to_owned(),
        };
        let decided = answer.approvals.into_iter().map(super::approvals::glance).collect::<Result<Vec<_>>>()?;
        answer.approvals = budget::fit(decided, budget::RESPONSE_BUDGET).0;
        Ok(Answer::new(line, budget::compact(value(&answer)?)))
    })
}

fn progress(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let id = call.take("job_id")?;
        let (caller, input) = (call.caller()?, call.read::<ProgressArguments>()?);
        let ProgressArguments { lease_token, progress, message, stage, .. } = input;
        let db = &call.state.db;
        let mut data = json!({"success": true, "job_id": id});
        if let Some(stage) = stage {
            let enter =
                EnterStage { lease_token: lease_token.clone(), stage, message: message.clone(), agent_id: None };
            let entered = work::enter_stage(db, &caller, &id, &enter).await?;
            data["stage"] = json!(entered.job.summary.stage);
            data["ticket_moved"] = json!(entered.ticket_moved);
            data["notice"] = json!(entered.notice.map(|notice| budget::truncate(&notice, 1000)));
            data["progress"] = json!(entered.job.summary.progress);
            if progress.is_none() {
                return Ok(Answer::new("Entered the stage.", budget::compact(data)));
            }
        }
        let report = ReportProgress { lease_token, progress, message, agent_id: None };
        let reported = work::report_progress(db, &caller, &id, &report).await?;
        data["progress"] = json!(reported.progress);
        data["message"] = budget::truncate(&reported.message, 500).into();
        Ok(Answer::new(format!("{} %.", reported.progress), budget::compact(data)))
    })
}

fn message(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let id = call.take("job_id")?;
        let (caller, input) = (call.caller()?, call.read::<MessageArguments>()?);
        let (kind, role) = (input.kind.unwrap_or(MessageKind::Chat), input.role.unwrap_or(MessageRole::Assistant));
        let db = &call.state.db;
        let Some(lease_token) = input.lease_token else {
            let line = PostMessage {
                job_id: id,
                content: Some(input.content),
                message: None,
                kind: Some(kind),
                role: Some(role),
                sender: input.sender,
                level: input.level,
                metadata: input.metadata,
                agent_id: None,
            };
            let posted = messages::post(db, &caller, &line).await?;
            let data = json!({"success": true, "job_id": posted.job_id, "message_id": posted.message_id, "order": posted.order});
            return Ok(Answer::new(format!("Line {} of the transcript.", posted.order), data));
        };
        let line = NewMessage {
            kind,
            content: input.content,
            role: Some(role),
            sender: input.sender,
            level: input.level,
            metadata: input.metadata,
        };
        let lines = PostMessages { lease_token, messages: vec![line], agent_id: None };
        let posted = work::post_messages(db, &caller, &id, &lines).await?;
        let first = posted.messages.first().ok_or_else(|| Error::Internal("no line was answered".to_owned()))?;
        let data =
            json!({"success": true, "job_id": posted.job_id, "message_id": first.message_id, "order": first.order});
        Ok(Answer::new(format!("Line {} of the transcript.", first.order), data))
    })
}

fn complete(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let id = call.take("job_id")?;
        let (caller, input) = (call.caller()?, call.read::<CompleteJob>()?);
        let (db, config) = (&call.state.db, &call.state.config);
        let git = match &input.commit_sha {
            Some(sha) => match jobs::get(db, &caller, &id).await?.summary.ticket_id {
                Some(ticket) => commits::describe(db, config, &caller, &ticket, sha).await?,
                None => None,
            },
            None => None,
        };
        let done = work::complete(db, &caller, &id, &input, git).await?;
        let mut data = value(&done)?;
        data["job"] = glance(&done.job)?;
        let line = match done.ticket_resolved {
            true => "The job has succeeded and its ticket is resolved.".to_owned(),
            false => format!("The job has succeeded. {}", done.notice.as_deref().unwrap_or("")),
        };
        Ok(Answer::new(line, budget::compact(data)))
    })
}

fn fail(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let id = call.take("job_id")?;
        let (caller, input) = (call.caller()?, call.read::<FailJob>()?);
        let failed = work::fail(&call.state.db, &caller, &id, &input).await?;
        let mut data = value(&failed)?;
        data["job"] = glance(&failed.job)?;
        let line = match &failed.retry_at {
            Some(at) if failed.will_retry => format!("The job is tried again, not before {at}."),
            _ => "The job has failed.".to_owned(),
        };
        Ok(Answer::new(line, budget::compact(data)))
    })
}

fn release(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let id = call.take("job_id")?;
        let (caller, input) = (call.caller()?, call.read::<ReleaseArguments>()?);
        let back = ReleaseLease { lease_token: input.lease_token, reason: input.reason, agent_id: None };
        let given = match input.cancelled.unwrap_or(false) {
            true => leases::confirm_cancel(&call.state.db, &caller, &id, &back).await?,
            false => leases::release(&call.state.db, &caller, &id, &back).await?,
        };
        let data = json!({"success": true, "job": glance(&given.job)?});
        Ok(Answer::new(format!("The job is {}.", status_name(given.job.summary.status)), data))
    })
}
