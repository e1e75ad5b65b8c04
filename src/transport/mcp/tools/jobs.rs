//! Tools that read jobs. Those that create and claim them are in `queue`, those for a claimed job in `work`.

use futures_util::future::BoxFuture;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::read::page_size;
use super::ticket::text_part;
use super::{Access, Answer, Call, LIST, Tool, value};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::jobs::messages::{self, Message, MessageFilter};
use crate::domain::jobs::{self, Job, JobFilter, JobStatus};
use crate::transport::mcp::{budget, schema};
use crate::{Error, Result};

/// Maximum characters of a prompt in an overview, and of a transcript line.
pub(super) const PROMPT_LENGTH: usize = 8000;
const LINE_LENGTH: usize = 2000;

pub(super) const TOOLS: &[Tool] = &[
    Tool {
        name: "get_job",
        description: "A job: state, prompt, result or error, end of its transcript (older: before = messages_before). Cut \
            texts: part with offset.",
        access: Access::Read,
        schema: schema::of::<JobArguments>,
        shows: &[("job_id", ""), ("part", "Default overview."), ("offset", ""), ("before", "Order of a line.")],
        returns: &[],
        run: get,
    },
    Tool {
        name: "list_jobs",
        description: "The jobs, newest first.",
        access: Access::Read,
        schema: schema::of::<ListArguments>,
        shows: &[
            ("workflow_id", ""),
            ("ticket_id", ""),
            ("status", "Any of."),
            ("mine", "Yours only."),
            ("cursor", ""),
        ],
        returns: &[("jobs", LIST)],
        run: list,
    },
];

/// The job, and which part of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct JobArguments {
    /// The job.
    job_id: String,
    /// overview, or one text in full. Defaults to overview.
    part: Option<JobPart>,
    /// With part: the character to start at.
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

fn list(mut call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        call.name_workflow_of_key().await?;
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

/// A job in a list, and after a change of its state: without the prompt, which the caller knows.
pub(super) fn glance(job: &Job) -> Result<Value> {
    let mut data = value(&job.summary)?;
    data["ticket_key"] = json!(job.ticket_key);
    data["title"] = budget::truncate(&job.summary.title, 200).into();
    data["error"] = json!(job.summary.error.as_ref().map(|error| budget::truncate(error, 200)));
    data["progress_message"] = budget::truncate(&job.summary.progress_message, 200).into();
    Ok(without_machinery(data))
}

/// A job without members that only its queue needs, or that say the same twice.
fn without_machinery(mut data: Value) -> Value {
    if let Some(members) = data.as_object_mut() {
        for name in ["id", "not_before", "heartbeat_at", "queued_at"] {
            members.remove(name);
        }
        members.retain(|name, value| name != "no_worker" || *value == true);
        if members.get("worker") == members.get("agent_id") {
            members.remove("worker");
        }
    }
    budget::compact(data)
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
    if job.usage.as_ref().is_some_and(|usage| !usage.reported) {
        data["usage"] = json!({"reported": false});
    }
    Ok(without_machinery(data))
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
