//! `callboard job …`: creates, follows and controls jobs. `callboard worker` runs them.

mod log;

use clap::{Args, Subcommand};
use console::Style;
use serde_json::Value;

use super::output::{self, Cell, bold, dim, line, one_line};
use super::remote::{RemoteArgs, WorkflowArgs, text};
use super::tickets::PriorityArg;
use crate::client::Client;
use crate::domain::jobs::messages::PostMessage;
use crate::domain::jobs::{CreateJob, Job, JobFilter, JobStatus};
use crate::domain::tickets::Priority;
use crate::{Error, Result};

/// Flags of `callboard job`.
#[derive(Debug, Args)]
pub struct JobArgs {
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// The workflow.
    #[command(flatten)]
    pub workflow: WorkflowArgs,
    /// The subcommand.
    #[command(subcommand)]
    pub command: JobCommand,
}

/// Subcommands of `callboard job`.
#[derive(Debug, Subcommand)]
pub enum JobCommand {
    /// Create a job; prints its id. It is queued at once, unless it is a draft.
    Create(CreateArgs),
    /// List jobs, newest first.
    List(ListArgs),
    /// Show a job.
    Show {
        /// The job's id.
        job: String,
    },
    /// Show what a job used: tokens and cost, by attempt and model.
    Usage {
        /// The job's id.
        job: String,
    },
    /// Print a job's transcript. With --follow, exits when the job ends: exit code 0 if it succeeded, otherwise 1.
    Log(log::LogArgs),
    /// Add a message to a job's transcript, for its worker to read.
    Say {
        /// The job's id.
        job: String,
        /// The message; `-` reads standard input.
        text: String,
    },
    /// Queue a draft, or resume a paused job.
    Continue {
        /// The job's id.
        job: String,
    },
    /// Pause a job; its worker keeps the lease.
    Pause {
        /// The job's id.
        job: String,
    },
    /// Resume a paused job.
    Resume {
        /// The job's id.
        job: String,
    },
    /// Cancel a job; a running command is stopped.
    Cancel {
        /// The job's id.
        job: String,
    },
    /// Queue a failed or cancelled job again, with a new set of attempts.
    Retry {
        /// The job's id.
        job: String,
    },
}

/// Flags of `callboard job create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// The prompt; `-` reads standard input.
    pub prompt: String,
    /// The ticket of the job. Defaults to a new ticket.
    #[arg(long, short, value_name = "TICKET")]
    pub ticket: Option<String>,
    /// The title. Defaults to the beginning of the prompt.
    #[arg(long)]
    pub title: Option<String>,
    /// The job type, which selects the workers.
    #[arg(long = "type", value_name = "TYPE")]
    pub job_type: Option<String>,
    /// Stages, comma-separated; the ticket moves along where the board has matching columns.
    #[arg(long, value_delimiter = ',', value_name = "STAGES")]
    pub stages: Option<Vec<String>>,
    /// The priority.
    #[arg(long, short)]
    pub priority: Option<PriorityArg>,
    /// JSON payload for the worker.
    #[arg(long, value_name = "JSON", value_parser = payload)]
    pub payload: Option<Value>,
    /// Maximum number of attempts.
    #[arg(long, value_name = "COUNT")]
    pub max_attempts: Option<i64>,
    /// Do not queue the job yet; `job continue` does.
    #[arg(long)]
    pub draft: bool,
}

/// Flags of `callboard job list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only jobs in these states, comma-separated: collecting, queued, running, paused, waiting, succeeded, failed,
    /// cancelled.
    #[arg(long, value_delimiter = ',', value_name = "STATES")]
    pub status: Option<Vec<String>>,
    /// Only jobs of this ticket.
    #[arg(long, short, value_name = "TICKET")]
    pub ticket: Option<String>,
    /// Only jobs you created.
    #[arg(long)]
    pub mine: bool,
    /// Maximum number of results.
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=100))]
    pub limit: i64,
}

fn payload(text: &str) -> std::result::Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("not valid JSON: {error}"))
}

/// Runs `callboard job …`; returns false if a followed job did not succeed.
pub async fn command(args: JobArgs, json: bool) -> Result<bool> {
    let client = args.remote.connect()?;
    let at = &args.workflow;
    match args.command {
        JobCommand::Create(input) => {
            let job = create(&client, at, input).await?;
            if json {
                output::json(&job)?;
            } else {
                let ticket = job.ticket_key.as_deref().map(|key| format!(" for {key}")).unwrap_or_default();
                eprintln!("Created a job{ticket}: {}", state(&job));
                line(&job.id);
            }
        }
        JobCommand::List(input) => list(&client, at, input, json).await?,
        JobCommand::Show { job } => {
            let job = client.job(&job).await?;
            if json { output::json(&job)? } else { show(&job) }
        }
        JobCommand::Usage { job } => super::usage::job(&client, &job, json).await?,
        JobCommand::Log(input) => return log::log(&client, input, json).await,
        JobCommand::Say { job, text: content } => {
            let input = PostMessage { job_id: job, content: Some(text(&content)?), ..PostMessage::default() };
            let message = client.post_job_message(&input).await?;
            if json { output::json(&message)? } else { eprintln!("Message added.") }
        }
        JobCommand::Continue { job } => act(&client, &job, "continue", json).await?,
        JobCommand::Pause { job } => act(&client, &job, "pause", json).await?,
        JobCommand::Resume { job } => act(&client, &job, "resume", json).await?,
        JobCommand::Cancel { job } => act(&client, &job, "cancel", json).await?,
        JobCommand::Retry { job } => act(&client, &job, "retry", json).await?,
    }
    Ok(true)
}

async fn create(client: &Client, at: &WorkflowArgs, args: CreateArgs) -> Result<Job> {
    let ticket_id = match &args.ticket {
        Some(ticket) => Some(at.ticket(client, ticket).await?),
        None => None,
    };
    // A ticket determines its workflow.
    let workflow_id = if ticket_id.is_none() { Some(at.find(client).await?) } else { None };
    let input = CreateJob {
        with_ticket: ticket_id.is_none().then_some(true),
        workflow_id,
        ticket_id,
        title: args.title,
        initial_prompt: Some(text(&args.prompt)?),
        job_type: args.job_type,
        stages: args.stages,
        priority: args.priority.map(Priority::from),
        payload: args.payload,
        max_attempts: args.max_attempts,
        queue: Some(!args.draft),
        ..CreateJob::default()
    };
    Ok(client.create_job(&input).await?)
}

async fn list(client: &Client, at: &WorkflowArgs, args: ListArgs, json: bool) -> Result<()> {
    let ticket_id = match &args.ticket {
        Some(ticket) => Some(at.ticket(client, ticket).await?),
        None => None,
    };
    let workflow_id = if ticket_id.is_none() { Some(at.find(client).await?) } else { None };
    let filter = JobFilter {
        workflow_id,
        ticket_id,
        statuses: args.status,
        mine: args.mine,
        limit: args.limit,
        ..JobFilter::default()
    };
    let found = client.jobs(&filter).await?;
    if json {
        return output::json(&found.jobs);
    }
    let rows = found.jobs.iter().map(|job| {
        let summary = &job.summary;
        [
            summary.job_id.clone().into(),
            job.ticket_key.clone().unwrap_or_else(|| "-".to_owned()).into(),
            if summary.no_worker {
                Cell::styled("queued, no worker", Style::new().yellow())
            } else {
                Cell::styled(output::word(&summary.status), style(summary.status))
            },
            summary.stage.clone().unwrap_or_else(|| "-".to_owned()).into(),
            format!("{}%", summary.progress).into(),
            summary.worker.clone().unwrap_or_else(|| "-".to_owned()).into(),
            Cell::styled(output::ago(&summary.updated_at), Style::new().dim()),
            summary.title.clone().into(),
        ]
    });
    output::table(["JOB", "TICKET", "STATE", "STAGE", "PROGRESS", "WORKER", "UPDATED", "TITLE"], rows);
    if found.has_more {
        eprintln!("There are more; use -n to show them.");
    }
    Ok(())
}

async fn act(client: &Client, job: &str, action: &str, json: bool) -> Result<()> {
    let job = client.act_on_job(job, action).await?;
    if json {
        return output::json(&job);
    }
    line(state(&job));
    Ok(())
}

/// The style of a state.
fn style(status: JobStatus) -> Style {
    match status {
        JobStatus::Succeeded => Style::new().green(),
        JobStatus::Failed => Style::new().red(),
        JobStatus::Waiting | JobStatus::Paused => Style::new().yellow(),
        JobStatus::Running => Style::new().cyan(),
        JobStatus::Collecting | JobStatus::Queued | JobStatus::Cancelled => Style::new().dim(),
    }
}

/// The state as text.
fn state(job: &Job) -> String {
    let summary = &job.summary;
    let mut text = style(summary.status).apply_to(output::word(&summary.status)).to_string();
    if job.cancel_requested && !summary.status.has_ended() {
        text.push_str(", cancellation requested");
    }
    if summary.no_worker {
        text.push_str(", no worker");
    }
    text
}

fn show(job: &Job) {
    let summary = &job.summary;
    line(bold(&summary.title));
    let mut facts = vec![state(job), one_line(&summary.job_type)];
    if let Some(key) = &job.ticket_key {
        facts.push(one_line(key));
    }
    facts.push(format!("attempt {} of {}", summary.attempt, summary.max_attempts));
    if let Some(worker) = &summary.worker {
        facts.push(format!("worker {}", one_line(worker)));
    }
    line(facts.join(" · "));
    line(dim(&summary.job_id));
    if !summary.stages.is_empty() {
        let stages = summary
            .stages
            .iter()
            .map(|stage| if summary.stage.as_ref() == Some(stage) { bold(stage).to_string() } else { one_line(stage) });
        line(format!("Stages    {}", stages.collect::<Vec<_>>().join(" → ")));
    }
    line(format!("Progress  {}% {}", summary.progress, one_line(&summary.progress_message)));
    let usage = job.usage.as_ref().filter(|_| job.started_at.is_some()).map(super::usage::brief);
    for (name, value) in [
        ("Waiting", &job.waiting_reason),
        ("Usage", &usage),
        ("Commit", &job.commit_sha),
        ("App", &job.app_id),
        ("Error", &summary.error),
    ] {
        if let Some(value) = value {
            line(format!("{name:<9} {}", one_line(value)));
        }
    }
    if let Some(result) = job.result.as_ref().filter(|result| !result.is_null()) {
        line(format!("Result    {}", one_line(&result.to_string())));
    }
    if !job.initial_prompt.trim().is_empty() {
        line("");
        output::block(&job.initial_prompt, "");
    }
}

/// The error for a followed job that did not succeed.
pub(super) fn unsuccessful(job: &Job) -> Error {
    let why = job.summary.error.as_deref().map(|error| format!(": {}", one_line(error))).unwrap_or_default();
    Error::Setup(format!("The job ended with the status {}{why}.", output::word(&job.summary.status)))
}
