//! `callboard job …`: jobs for those who ask for work and watch it; workers have `callboard worker`.

mod log;

use clap::{Args, Subcommand};
use console::Style;
use serde_json::Value;

use super::output::{self, Cell, bold, dim, line, one_line};
use super::remote::{RemoteArgs, WorkflowArgs, text};
use super::tickets::Urgency;
use crate::client::Client;
use crate::domain::jobs::messages::PostMessage;
use crate::domain::jobs::{CreateJob, Job, JobFilter, JobStatus};
use crate::domain::tickets::Priority;
use crate::{Error, Result};

/// Flags of `callboard job`.
#[derive(Debug, Args)]
pub struct JobArgs {
    /// Where the server is.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// Which workflow.
    #[command(flatten)]
    pub workflow: WorkflowArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: JobCommand,
}

/// What to do with jobs.
#[derive(Debug, Subcommand)]
pub enum JobCommand {
    /// Ask for work; prints the job's id. Workers take it at once, unless it is a draft.
    Create(CreateArgs),
    /// List jobs, the newest first.
    List(ListArgs),
    /// Show a job.
    Show {
        /// The job.
        job: String,
    },
    /// Print a job's transcript. With --follow until the job has ended: exit code 0 if it succeeded, otherwise 1.
    Log(log::LogArgs),
    /// Say something in a job's transcript; whoever works on it reads it.
    Say {
        /// The job.
        job: String,
        /// What to say; - reads standard input.
        text: String,
    },
    /// Queue a draft, or let a paused job go on.
    Continue {
        /// The job.
        job: String,
    },
    /// Let a job rest; its worker keeps it.
    Pause {
        /// The job.
        job: String,
    },
    /// Let a paused job go on.
    Resume {
        /// The job.
        job: String,
    },
    /// End a job; a running command is stopped.
    Cancel {
        /// The job.
        job: String,
    },
    /// Queue a failed or cancelled job again, with fresh attempts.
    Retry {
        /// The job.
        job: String,
    },
}

/// Flags of `callboard job create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// What has to be done; - reads standard input.
    pub prompt: String,
    /// The ticket it is about; otherwise one is made.
    #[arg(long, short, value_name = "TICKET")]
    pub ticket: Option<String>,
    /// A line that names it; otherwise the beginning of the prompt.
    #[arg(long)]
    pub title: Option<String>,
    /// Which kind of worker it is for.
    #[arg(long = "type", value_name = "TYPE")]
    pub job_type: Option<String>,
    /// Stages it goes through, comma-separated; the ticket goes along where the board has such columns.
    #[arg(long, value_delimiter = ',', value_name = "STAGES")]
    pub stages: Option<Vec<String>>,
    /// How urgent it is.
    #[arg(long, short)]
    pub priority: Option<Urgency>,
    /// JSON for the worker.
    #[arg(long, value_name = "JSON", value_parser = payload)]
    pub payload: Option<Value>,
    /// Attempts before it fails for good.
    #[arg(long, value_name = "COUNT")]
    pub max_attempts: Option<i64>,
    /// Do not queue it yet; `job continue` does.
    #[arg(long)]
    pub draft: bool,
}

/// Flags of `callboard job list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only in these states: collecting, queued, running, paused, waiting, succeeded, failed, cancelled.
    #[arg(long, value_delimiter = ',', value_name = "STATES")]
    pub status: Option<Vec<String>>,
    /// Only about this ticket.
    #[arg(long, short, value_name = "TICKET")]
    pub ticket: Option<String>,
    /// Only what you asked for.
    #[arg(long)]
    pub mine: bool,
    /// At most so many.
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..=100))]
    pub limit: i64,
}

fn payload(text: &str) -> std::result::Result<Value, String> {
    serde_json::from_str(text).map_err(|error| format!("no JSON: {error}"))
}

/// Runs `callboard job …`; false where a followed job did not succeed.
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
                eprintln!("Made a job{ticket}: {}", state(&job));
                line(&job.id);
            }
        }
        JobCommand::List(input) => list(&client, at, input, json).await?,
        JobCommand::Show { job } => {
            let job = client.job(&job).await?;
            if json { output::json(&job)? } else { show(&job) }
        }
        JobCommand::Log(input) => return log::log(&client, input, json).await,
        JobCommand::Say { job, text: said } => {
            let input = PostMessage { job_id: job, content: Some(text(&said)?), ..PostMessage::default() };
            let message = client.post_job_message(&input).await?;
            if json { output::json(&message)? } else { eprintln!("Said.") }
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
    // A ticket names its workflow.
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
        let about = &job.summary;
        [
            about.job_id.clone().into(),
            job.ticket_key.clone().unwrap_or_else(|| "-".to_owned()).into(),
            Cell::styled(output::word(&about.status), style(about.status)),
            about.stage.clone().unwrap_or_else(|| "-".to_owned()).into(),
            format!("{}%", about.progress).into(),
            about.worker.clone().unwrap_or_else(|| "-".to_owned()).into(),
            Cell::styled(output::ago(&about.updated_at), Style::new().dim()),
            about.title.clone().into(),
        ]
    });
    output::table(["JOB", "TICKET", "STATE", "STAGE", "DONE", "WORKER", "CHANGED", "TITLE"], rows);
    if found.has_more {
        eprintln!("There are more; -n shows them.");
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

/// How a state is shown.
fn style(status: JobStatus) -> Style {
    match status {
        JobStatus::Succeeded => Style::new().green(),
        JobStatus::Failed => Style::new().red(),
        JobStatus::Waiting | JobStatus::Paused => Style::new().yellow(),
        JobStatus::Running => Style::new().cyan(),
        JobStatus::Collecting | JobStatus::Queued | JobStatus::Cancelled => Style::new().dim(),
    }
}

/// A state in a sentence.
fn state(job: &Job) -> String {
    let about = &job.summary;
    let mut text = style(about.status).apply_to(output::word(&about.status)).to_string();
    if job.cancel_requested && !about.status.has_ended() {
        text.push_str(", to be cancelled as soon as its worker hears of it");
    }
    text
}

fn show(job: &Job) {
    let about = &job.summary;
    line(bold(&about.title));
    let mut facts = vec![state(job), one_line(&about.job_type)];
    if let Some(key) = &job.ticket_key {
        facts.push(one_line(key));
    }
    facts.push(format!("attempt {} of {}", about.attempt, about.max_attempts));
    if let Some(worker) = &about.worker {
        facts.push(format!("worker {}", one_line(worker)));
    }
    line(facts.join(" · "));
    line(dim(&about.job_id));
    if !about.stages.is_empty() {
        let stages = about
            .stages
            .iter()
            .map(|stage| if about.stage.as_ref() == Some(stage) { bold(stage).to_string() } else { one_line(stage) });
        line(format!("Stages    {}", stages.collect::<Vec<_>>().join(" → ")));
    }
    line(format!("Progress  {}% {}", about.progress, one_line(&about.progress_message)));
    for (name, value) in [("Commit", &job.commit_sha), ("App", &job.app_id), ("Error", &about.error)] {
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

/// The error of a job that somebody waited for in vain.
pub(super) fn unsuccessful(job: &Job) -> Error {
    let why = job.summary.error.as_deref().map(|error| format!(": {}", one_line(error))).unwrap_or_default();
    Error::Setup(format!("The job ended as {}{why}.", output::word(&job.summary.status)))
}
