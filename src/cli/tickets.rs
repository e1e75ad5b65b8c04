//! `callboard ticket …`: creates, finds and changes tickets through the API.

mod edit;
mod list;
mod show;

pub(super) use self::list::priority_style;

use clap::{Args, Subcommand, ValueEnum};

use super::output;
use super::remote::{RemoteArgs, WorkflowArgs, text};
use crate::client::Client;
use crate::compat::stages::MoveToStage;
use crate::domain::comments::AddComment;
use crate::domain::search::SearchType;
use crate::domain::tickets::Priority;
use crate::domain::tickets::change::SetBlockers;
use crate::domain::tickets::moves::{CancelJobs, Claim, ResolveTicket};
use crate::{Error, Result};

/// Flags of `callboard ticket`.
#[derive(Debug, Args)]
pub struct TicketArgs {
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// The workflow.
    #[command(flatten)]
    pub workflow: WorkflowArgs,
    /// The subcommand.
    #[command(subcommand)]
    pub command: TicketCommand,
}

/// Subcommands of `callboard ticket`. A ticket is given by key (TKT-12), number or id.
#[derive(Debug, Subcommand)]
pub enum TicketCommand {
    /// Create a ticket; prints its key.
    Create(edit::CreateArgs),
    /// List tickets, newest first.
    List(list::ListArgs),
    /// Show a ticket with its comments, commits and history.
    Show {
        /// The ticket.
        ticket: String,
    },
    /// Search tickets by keyword and by meaning.
    Search(list::SearchArgs),
    /// Change fields of a ticket.
    Edit(edit::EditArgs),
    /// Move a ticket to a column.
    Move {
        /// The ticket.
        ticket: String,
        /// The column: its id, its name or a common stage name (e.g. done).
        column: String,
        /// The reason.
        #[arg(long, short, value_name = "TEXT")]
        comment: Option<String>,
    },
    /// Comment on a ticket.
    Comment {
        /// The ticket.
        ticket: String,
        /// The comment; `-` reads standard input.
        text: String,
    },
    /// Resolve a ticket; tickets that it blocks are unblocked.
    Resolve {
        /// The ticket.
        ticket: String,
        /// How the ticket was resolved.
        #[arg(long, short, value_name = "TEXT")]
        comment: Option<String>,
        /// The commit that resolves the ticket.
        #[arg(long, value_name = "SHA")]
        commit: Option<String>,
        /// Ask running jobs of the ticket to stop too; queued ones are cancelled anyway.
        #[arg(long)]
        stop_jobs: bool,
    },
    /// Claim the next ready ticket; exit code 1 if none is ready.
    Claim {
        /// Only tickets with one of these tags.
        #[arg(long = "tag", value_name = "TAG")]
        tags: Vec<String>,
        /// Only tickets of these types.
        #[arg(long = "type", value_name = "TYPE")]
        types: Vec<String>,
        /// Return the ticket to the queue when it is neither changed nor read for so many seconds.
        #[arg(long, value_name = "SECONDS")]
        lease: Option<f64>,
    },
    /// Set the tickets that block a ticket; without --on, removes all blockers.
    Block {
        /// The blocked ticket.
        ticket: String,
        /// A blocking ticket; repeatable.
        #[arg(long = "on", value_name = "TICKET")]
        blockers: Vec<String>,
    },
    /// Delete a ticket; `ticket restore` restores it.
    Delete {
        /// The ticket.
        ticket: String,
    },
    /// Restore a deleted or archived ticket.
    Restore {
        /// The ticket.
        ticket: String,
    },
    /// List deleted and archived tickets, those deleted last first.
    Deleted {
        /// Maximum number of results.
        #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(i32).range(1..=100_000))]
        limit: i32,
    },
}

/// The values of `--priority`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PriorityArg {
    /// Low.
    Low,
    /// Medium, the default.
    Medium,
    /// High.
    High,
    /// Critical.
    Critical,
}

impl From<PriorityArg> for Priority {
    fn from(priority: PriorityArg) -> Self {
        match priority {
            PriorityArg::Low => Self::Low,
            PriorityArg::Medium => Self::Medium,
            PriorityArg::High => Self::High,
            PriorityArg::Critical => Self::Critical,
        }
    }
}

/// The values of `--mode`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SearchModeArg {
    /// Keywords and meaning.
    Hybrid,
    /// Keywords only.
    Keyword,
    /// Meaning only.
    Semantic,
}

impl From<SearchModeArg> for SearchType {
    fn from(mode: SearchModeArg) -> Self {
        match mode {
            SearchModeArg::Hybrid => Self::Hybrid,
            SearchModeArg::Keyword => Self::Keyword,
            SearchModeArg::Semantic => Self::Semantic,
        }
    }
}

/// Runs `callboard ticket …`.
pub async fn command(args: TicketArgs, json: bool) -> Result<()> {
    let client = args.remote.connect()?;
    let at = &args.workflow;
    match args.command {
        TicketCommand::Create(input) => {
            let created = edit::create(&client, at, input).await?;
            if json {
                return output::json(&created);
            }
            eprintln!("{}", created.message);
            for similar in created.similar_tickets.iter().take(3) {
                eprintln!("{} is similar: {}", similar.key, output::one_line(&similar.title));
            }
            output::line(&created.key);
            Ok(())
        }
        TicketCommand::List(input) => list::list(&client, at, input, json).await,
        TicketCommand::Search(input) => list::search(&client, at, input, json).await,
        TicketCommand::Show { ticket } => show::show(&client, at, &ticket, json).await,
        TicketCommand::Edit(input) => {
            let edited = edit::edit(&client, at, input).await?;
            print_message(&edited, &edited.message, json)
        }
        TicketCommand::Move { ticket, column, comment } => {
            let ticket = at.ticket(&client, &ticket).await?;
            let input = MoveToStage { stage: column, comment, ..MoveToStage::default() };
            let moved = client.move_to_stage(&ticket, &input).await?;
            print_message(&moved, &moved.message, json)
        }
        TicketCommand::Comment { ticket, text: comment } => {
            let input = AddComment {
                ticket_id: at.ticket(&client, &ticket).await?,
                comment_text: text(&comment)?,
                ..AddComment::default()
            };
            let done = client.comment(&input).await?;
            print_message(&done, &done.message, json)
        }
        TicketCommand::Resolve { ticket, comment, commit, stop_jobs } => {
            let input = ResolveTicket {
                ticket_id: at.ticket(&client, &ticket).await?,
                resolution_comment: comment,
                commit_sha: commit,
                cancel_jobs: stop_jobs.then_some(CancelJobs::All),
                ..ResolveTicket::default()
            };
            let done = client.resolve_ticket(&input).await?;
            print_message(&done, &done.message, json)
        }
        TicketCommand::Claim { tags, types, lease } => claim(&client, at, tags, types, lease, json).await,
        TicketCommand::Block { ticket, blockers } => {
            let input = SetBlockers {
                ticket_id: at.ticket(&client, &ticket).await?,
                blocked_by_ticket_ids: at.tickets(&client, &blockers).await?,
                ..SetBlockers::default()
            };
            let done = client.set_blockers(&input).await?;
            print_message(&done, &done.message, json)
        }
        TicketCommand::Delete { ticket } => {
            let id = at.ticket(&client, &ticket).await?;
            let done = client.delete_ticket(&id).await?;
            print_message(&done, &format!("{} Restore it with: callboard ticket restore {id}", done.message), json)
        }
        TicketCommand::Restore { ticket } => {
            let workflow = if ticket.starts_with("ticket-") { None } else { Some(at.find(&client).await?) };
            let done = client.restore_ticket(&ticket, workflow.as_deref()).await?;
            print_message(&done, &done.message, json)
        }
        TicketCommand::Deleted { limit } => list::deleted(&client, at, limit, json).await,
    }
}

fn print_message(answer: &impl serde::Serialize, message: &str, json: bool) -> Result<()> {
    if json {
        return output::json(answer);
    }
    output::line(output::one_line(message));
    Ok(())
}

async fn claim(
    client: &Client,
    at: &WorkflowArgs,
    tags: Vec<String>,
    types: Vec<String>,
    lease_seconds: Option<f64>,
    json: bool,
) -> Result<()> {
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let input = Claim {
        workflow_id: at.find(client).await?,
        ticket_types: some(types),
        tags: some(tags),
        lease_seconds,
        ..Claim::default()
    };
    let claimed = client.claim_ticket(&input).await?;
    let Some(ticket) = &claimed.ticket else { return Err(Error::Setup(claimed.message)) };
    if json {
        return output::json(&claimed);
    }
    eprintln!("{}: {}", claimed.message.trim_end_matches('.'), output::one_line(&ticket.title));
    output::line(&ticket.key);
    Ok(())
}
