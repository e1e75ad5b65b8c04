//! Tools that put jobs into the queue, steer them and claim work.

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use super::jobs::{PROMPT_LENGTH, glance, shown, status_name};
use super::{ADDS, Answer, Call, ENDS, STRING, Tool};
use crate::Result;
use crate::domain::jobs::leases::{self, ClaimJob};
use crate::domain::jobs::{self, Action, CreateJob};
use crate::domain::tickets::Priority;
use crate::domain::tickets::moves::{self, Claim};
use crate::transport::mcp::{budget, schema};

/// How long a claim lasts without a heartbeat: models take longer between two calls than scripts.
pub(super) const LEASE_SECONDS: f64 = 600.0;

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "claim_work",
        description: "Takes the next ready job, else a ticket; no other agent gets it. For a job send heartbeat before \
            lease_expires_at, pass lease_token to every call, end with complete_job, fail_job or release_job. \
            kind null: nothing is ready.",
        access: ADDS,
        schema: schema::of::<ClaimArguments>,
        shows: &[
            ("workflow_id", ""),
            ("kind", "Only this kind."),
            ("job_types", "Only these."),
            ("lease_seconds", "5 to 3600."),
        ],
        returns: &[],
        run: claim,
    },
    Tool {
        name: "create_job",
        description: "Makes a job for a worker, usually for a ticket: ticket_id, or with_ticket = true. A draft until \
            control_job continues it, unless queue = true.",
        access: ADDS,
        schema: schema::of::<CreateJob>,
        shows: &[
            ("workflow_id", ""),
            ("ticket_id", ""),
            ("with_ticket", "Make a ticket."),
            ("initial_prompt", "What is to be done."),
            ("job_type", "Default task."),
            ("stages", "Named like columns."),
            ("priority", "Default: the ticket's."),
            ("payload", "A JSON object, as text."),
            ("queue", "Ready at once."),
        ],
        returns: &[("job_id", STRING)],
        run: create,
    },
    Tool {
        name: "control_job",
        description: "continue queues a draft or resumes; retry starts a failed or cancelled job over.",
        access: ENDS,
        schema: schema::of::<ControlArguments>,
        shows: &[("job_id", ""), ("action", "What to do.")],
        returns: &[("job_id", STRING)],
        run: control,
    },
];

/// A kind of work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Work {
    /// A job from the queue.
    Job,
    /// A ticket from the board.
    Ticket,
}

/// Which work to claim.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ClaimArguments {
    /// Only this workflow's. Required for tickets, unless you see one.
    workflow_id: Option<String>,
    /// job or ticket. Defaults to a job, or a ticket if no job is ready.
    kind: Option<Work>,
    /// Only jobs of these types.
    job_types: Option<Vec<String>>,
    /// Only tickets of these types.
    ticket_types: Option<Vec<String>>,
    /// Only tickets with one of these tags.
    tags: Option<Vec<String>>,
    /// Only tickets of these priorities.
    priorities: Option<Vec<Priority>>,
    /// Your name, which people see on the job.
    worker: Option<String>,
    /// Seconds a claim lasts without a heartbeat, 5 to 3600. Defaults to 600 for jobs, none for tickets.
    #[schema(minimum = 5, maximum = 3600)]
    lease_seconds: Option<f64>,
    /// The acting agent, if the caller may act for others.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// What to do with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Control {
    /// Queue a draft, or resume a paused job.
    Continue,
    /// Pause it.
    Pause,
    /// Cancel it.
    Cancel,
    /// Start a failed or cancelled job over.
    Retry,
}

/// Which job to steer, and how.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ControlArguments {
    /// The job.
    job_id: String,
    /// What to do.
    action: Control,
    /// Why it is cancelled.
    #[schema(max_length = 1000)]
    reason: Option<String>,
    /// The acting agent, if the caller may act for others.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

fn claim(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let (caller, input) = (call.caller()?, call.read::<ClaimArguments>()?);
        let db = &call.state.db;
        if input.kind != Some(Work::Ticket) {
            let wanted = ClaimJob {
                workflow_id: input.workflow_id.clone(),
                job_types: input.job_types,
                worker: input.worker,
                lease_seconds: input.lease_seconds.or(Some(LEASE_SECONDS)),
                agent_id: None,
            };
            let claimed = leases::claim(db, &caller, &wanted).await?;
            if let Some(job) = &claimed.job {
                let mut data = shown(job)?;
                data["lease_token"] = json!(claimed.lease_token);
                data["kind"] = json!("job");
                return Ok(Answer::new(claimed.message, data));
            }
            if input.kind == Some(Work::Job) {
                return Ok(Answer::new(claimed.message.clone(), json!({"kind": null, "message": claimed.message})));
            }
        }
        let workflow_id = match input.workflow_id {
            Some(given) => given,
            None => call.only_workflow("for a ticket").await?,
        };
        let wanted = Claim {
            workflow_id,
            agent_id: None,
            ticket_types: input.ticket_types,
            tags: input.tags,
            priorities: input.priorities,
            lease_seconds: input.lease_seconds,
        };
        let mut claimed = moves::claim(db, &caller, &wanted).await?;
        if let Some(text) = claimed.ticket.as_mut().and_then(|card| card.description.as_mut()) {
            *text = budget::truncate(text, PROMPT_LENGTH);
        }
        let mut answer = Answer::with_message(&claimed)?;
        answer.data["kind"] = json!(claimed.ticket_id.as_ref().map(|_| "ticket"));
        Ok(answer)
    })
}

fn create(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.name_workflow_of_key().await?;
        let (caller, mut input) = (call.caller()?, call.read::<CreateJob>()?);
        if input.workflow_id.is_none() && input.ticket_id.is_none() {
            // A guess would put the job, and a ticket for it, where nobody looks.
            input.workflow_id = Some(call.only_workflow("without a ticket_id").await?);
        }
        let job = jobs::create(&call.state.db, &caller, &input).await?;
        Ok(Answer::new(format!("The job {} is {}.", job.id, status_name(job.summary.status)), glance(&job)?))
    })
}

fn control(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let (caller, input) = (call.caller()?, call.read::<ControlArguments>()?);
        let (db, id) = (&call.state.db, input.job_id.as_str());
        let job = match input.action {
            Control::Continue => jobs::act(db, &caller, id, Action::Continue).await?,
            Control::Pause => jobs::act(db, &caller, id, Action::Pause).await?,
            Control::Retry => jobs::act(db, &caller, id, Action::Retry).await?,
            Control::Cancel => jobs::cancel(db, &caller, id, input.reason.as_deref()).await?,
        };
        let line = match job.cancel_requested && !job.summary.status.has_ended() {
            true => "Its worker is asked to stop.".to_owned(),
            false => format!("The job is {}.", status_name(job.summary.status)),
        };
        Ok(Answer::new(line, glance(&job)?))
    })
}
