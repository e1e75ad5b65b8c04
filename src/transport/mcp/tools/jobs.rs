//! Tools that create, read and claim jobs. Tools for a claimed job are in `work`.

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::read::page_size;
use super::ticket::text_part;
use super::{ADDS, Access, Answer, Call, Tool, value};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::jobs::leases::{self, ClaimJob};
use crate::domain::jobs::messages::{self, Message, MessageFilter};
use crate::domain::jobs::{self, CreateJob, Job, JobFilter, JobStatus};
use crate::domain::tickets::Priority;
use crate::domain::tickets::moves::{self, Claim};
use crate::transport::mcp::{budget, schema};
use crate::{Error, Result};

/// Maximum characters of a prompt in an overview, and of a transcript line.
const PROMPT_LENGTH: usize = 8000;
const LINE_LENGTH: usize = 2000;

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "claim_work",
        title: "Take the next work",
        description: "Takes the next piece of ready work, so that no other agent gets it: a job from the queue, or, where none is \
            ready, a ticket (kind = job or ticket asks for one only). With a job come lease_token and lease_expires_at: send \
            heartbeat before then, give the token to every later call about the job, and end with complete_job, fail_job or \
            release_job. A ticket is simply assigned to you; end it with resolve_ticket. kind null means that nothing is \
            ready: wait and ask again.",
        access: ADDS,
        schema: schema::of::<ClaimArguments>,
        run: claim,
    },
    Tool {
        name: "create_job",
        title: "Put work into the queue",
        description: "Makes a job for a worker: initial_prompt says what is to be done; it usually belongs to a ticket \
            (ticket_id, or with_ticket = true to make one along; where ticket tracking is on, one of the two is required). It \
            stays collecting until it is continued, unless queue = true. stages named like columns move the ticket along. Not \
            repeatable: a second call makes a second job.",
        access: ADDS,
        schema: schema::of::<CreateJob>,
        run: create,
    },
    Tool {
        name: "get_job",
        title: "Read a job",
        description: "A job: status, stage, progress, prompt, result or error, and the end of its transcript. Older lines with \
            before = messages_before. Long texts are cut: read them with part = prompt, payload, result or error, or a line of \
            the transcript with part = message and before = its order + 1, going on with offset = next_offset.",
        access: Access::Read,
        schema: schema::of::<JobArguments>,
        run: get,
    },
    Tool {
        name: "list_jobs",
        title: "List jobs",
        description: "Jobs of a workflow or a ticket, the newest first, by status (collecting, queued, running, paused, waiting, \
            succeeded, failed, cancelled); mine = those you created or claimed. More with cursor = next_cursor.",
        access: Access::Read,
        schema: schema::of::<ListArguments>,
        run: list,
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
    /// Only this workflow's. Required for tickets, unless you see only one workflow.
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
    /// Seconds until a job's lease expires without a heartbeat, 5 to 3600. Defaults to 600.
    #[schema(minimum = 5, maximum = 3600)]
    lease_seconds: Option<f64>,
    /// The acting agent, if the caller may act for others.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// The job, and which part of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct JobArguments {
    /// The job.
    job_id: String,
    /// overview, or one text in full. Defaults to overview.
    part: Option<JobPart>,
    /// For parts other than overview: the character to start at.
    #[schema(minimum = 0)]
    offset: Option<usize>,
    /// Only transcript lines before this `order`.
    #[schema(minimum = 1)]
    before: Option<i64>,
    /// Transcript lines, 1 to 100. Defaults to 20.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<i32>,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

/// A part of a job.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum JobPart {
    /// Its state and the end of its transcript.
    #[default]
    Overview,
    /// Its prompt, from `offset`.
    Prompt,
    /// Its payload as JSON, from `offset`.
    Payload,
    /// Its result as JSON, from `offset`.
    Result,
    /// Its error, from `offset`.
    Error,
    /// The last transcript line before `before`, from `offset`.
    Message,
}

/// Which jobs.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ListArguments {
    /// In this workflow. Defaults to all of your workflows.
    workflow_id: Option<String>,
    /// Of this ticket (id, or key with workflow_id).
    ticket_id: Option<String>,
    /// In one of these states.
    status: Option<Vec<JobStatus>>,
    /// Only those you created or claimed.
    mine: Option<bool>,
    /// 1 to 100. Defaults to 20.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<i32>,
    /// `next_cursor` of the previous answer.
    cursor: Option<String>,
    /// The acting agent. Ignored, because reading changes nothing.
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
                // Models take longer between two calls than scripts.
                lease_seconds: input.lease_seconds.or(Some(600.0)),
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
            None => call.only_workflow().await?,
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

fn create(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let (caller, input) = (call.caller()?, call.read::<CreateJob>()?);
        let job = jobs::create(&call.state.db, &caller, &input, None).await?;
        Ok(Answer::new(format!("The job {} is {}.", job.id, status_name(job.summary.status)), shown(&job)?))
    })
}

fn get(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let input = call.read::<JobArguments>()?;
        let limit = page_size(input.limit, 20, 100)?;
        if input.before.is_some_and(|before| before < 1) {
            return Err(Error::invalid("before", "must be 1 or more"));
        }
        let db = &call.state.db;
        let job = jobs::get(db, &call.caller, &input.job_id).await?;
        let line = format!(
            "{}: {}, {} %.",
            budget::truncate(&job.summary.title, 200),
            status_name(job.summary.status),
            job.summary.progress
        );
        let offset = input.offset.unwrap_or(0);
        let whole = |name: &str, text: &str| Ok(Answer::new(line.clone(), text_part(text, name, offset)));
        match input.part.unwrap_or_default() {
            JobPart::Prompt => return whole("initial_prompt", &job.initial_prompt),
            JobPart::Payload => return whole("payload", &job.payload.to_string()),
            JobPart::Result => return whole("result", &value(&job.result)?.to_string()),
            JobPart::Error => return whole("error", job.summary.error.as_deref().unwrap_or("")),
            JobPart::Message => return whole("content", &one_line(db, &call.caller, &job, input.before).await?),
            JobPart::Overview => {}
        }
        Ok(Answer::new(line, with_transcript(db, &call.caller, &job, input.before, limit).await?))
    })
}

fn list(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let input = call.read::<ListArguments>()?;
        let statuses = input.status.map(|all| all.into_iter().map(status_name).collect::<Vec<_>>());
        let limit = page_size(input.limit, 20, 100)?;
        let filter = |limit: i32| JobFilter {
            workflow_id: input.workflow_id.clone(),
            ticket_id: input.ticket_id.clone(),
            statuses: statuses.clone(),
            mine: input.mine.unwrap_or(false),
            title: None,
            limit: limit.into(),
            cursor: input.cursor.clone(),
        };
        let (db, caller, filter) = (&call.state.db, &call.caller, &filter);
        let (jobs, more, next) = budget::fit_page(limit, |limit| async move {
            let page = jobs::list(db, caller, &filter(limit)).await?;
            let jobs = page.jobs.iter().map(glance);
            Ok((jobs.collect::<Result<_>>()?, page.has_more, page.next_cursor))
        })
        .await?;
        Ok(Answer::new(format!("{} jobs.", jobs.len()), budget::page("jobs", jobs, more, next)))
    })
}

/// A job in a list.
fn glance(job: &Job) -> Result<Value> {
    let mut data = value(&job.summary)?;
    data["ticket_key"] = json!(job.ticket_key);
    data["title"] = budget::truncate(&job.summary.title, 200).into();
    data["error"] = json!(job.summary.error.as_ref().map(|error| budget::truncate(error, 200)));
    data["progress_message"] = budget::truncate(&job.summary.progress_message, 200).into();
    Ok(budget::compact(data))
}

/// The name of a status, as the database stores it.
pub(super) fn status_name(status: JobStatus) -> String {
    value(&status).ok().and_then(|name| name.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A job with long texts truncated.
pub(super) fn shown(job: &Job) -> Result<Value> {
    let mut data = value(job)?;
    let (text, next) = budget::excerpt(&job.initial_prompt, 0, PROMPT_LENGTH);
    data["initial_prompt"] = json!(text);
    data["initial_prompt_next_offset"] = json!(next);
    for long in ["payload", "result"] {
        let text = data[long].to_string();
        if text.len() > PROMPT_LENGTH {
            data[long] = json!(budget::truncate(&text, PROMPT_LENGTH / 2));
        }
    }
    if let Some(error) = &job.summary.error {
        data["error"] = budget::truncate(error, PROMPT_LENGTH / 2).into();
    }
    if let Some(members) = data.as_object_mut() {
        members.remove("id");
    }
    Ok(budget::compact(data))
}

/// A transcript line without duplicate members.
fn line(message: &Message) -> Value {
    budget::compact(json!({
        "message_id": message.message_id,
        "order": message.order,
        "kind": message.kind,
        "role": message.role,
        "sender": message.sender,
        "stage": message.stage,
        "content": budget::truncate(&message.content, LINE_LENGTH),
        "created_at": message.created_at,
    }))
}

/// The last transcript line before an `order`, in full.
async fn one_line(db: &Db, caller: &Caller, job: &Job, before: Option<i64>) -> Result<String> {
    let before = Some(before.unwrap_or(i64::MAX));
    let filter = MessageFilter { job_id: job.id.clone(), kinds: None, after: 0, before, limit: 1 };
    let found = messages::list(db, caller, &filter).await?.messages.pop();
    found
        .map(|line| line.content)
        .ok_or_else(|| Error::invalid("before", "must be greater than the order of a transcript line"))
}

async fn with_transcript(db: &Db, caller: &Caller, job: &Job, before: Option<i64>, limit: i32) -> Result<Value> {
    let filter = MessageFilter {
        job_id: job.id.clone(),
        kinds: None,
        after: 0,
        before: Some(before.unwrap_or(i64::MAX)),
        limit: limit.into(),
    };
    let page = messages::list(db, caller, &filter).await?;
    let mut data = shown(job)?;
    // If not all lines fit, the newest are kept.
    let newest = page.messages.iter().rev().map(line).collect();
    let (mut lines, count) = budget::fit(newest, budget::RESPONSE_BUDGET / 2);
    lines.reverse();
    if page.has_more || count < page.messages.len() {
        data["messages_before"] = lines.first().map(|first| first["order"].clone()).unwrap_or_default();
    }
    data["messages"] = json!(lines);
    Ok(data)
}

/// A job with the end of its transcript; also the content of its resource.
pub async fn overview(db: &Db, caller: &Caller, id: &str) -> Result<Value> {
    let job = jobs::get(db, caller, id).await?;
    with_transcript(db, caller, &job, None, 20).await
}
