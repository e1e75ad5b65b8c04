//! `callboard ticket …`: the daily work with tickets, over the server's API.

mod edit;
mod list;
mod show;

pub(super) use self::list::urgency;

use clap::{Args, Subcommand, ValueEnum};

use super::output;
use super::remote::{RemoteArgs, WorkflowArgs, text};
use crate::client::Client;
use crate::compat::stages::MoveToStage;
use crate::domain::comments::AddComment;
use crate::domain::search::SearchType;
use crate::domain::tickets::Priority;
use crate::domain::tickets::change::SetBlockers;
use crate::domain::tickets::moves::{Claim, ResolveTicket};
use crate::{Error, Result};

/// Flags of `callboard ticket`.
#[derive(Debug, Args)]
pub struct TicketArgs {
    /// Where the server is.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// Which workflow.
    #[command(flatten)]
    pub workflow: WorkflowArgs,
    /// What to do.
    #[command(subcommand)]
    pub command: TicketCommand,
}

/// What to do with tickets. A ticket is named by its key (TKT-12), its number or its id.
#[derive(Debug, Subcommand)]
pub enum TicketCommand {
    /// Make a ticket; prints its key.
    Create(edit::CreateArgs),
    /// List tickets, the newest first.
    List(list::ListArgs),
    /// Show a ticket with its comments, commits and what happened to it.
    Show {
        /// The ticket.
        ticket: String,
    },
    /// Find tickets by words and by meaning.
    Search(list::SearchArgs),
    /// Change fields of a ticket.
    Edit(edit::EditArgs),
    /// Move a ticket to a column.
    Move {
        /// The ticket.
        ticket: String,
        /// The column, by id, name or a usual word (done).
        column: String,
        /// Why.
        #[arg(long, short, value_name = "TEXT")]
        comment: Option<String>,
    },
    /// Comment on a ticket.
    Comment {
        /// The ticket.
        ticket: String,
        /// What to say; - reads standard input.
        text: String,
    },
    /// Resolve a ticket; what waited for it may go on.
    Resolve {
        /// The ticket.
        ticket: String,
        /// How it was resolved.
        #[arg(long, short, value_name = "TEXT")]
        comment: Option<String>,
        /// The commit that resolves it.
        #[arg(long, value_name = "SHA")]
        commit: Option<String>,
    },
    /// Take the next ready ticket; exit code 1 where none is ready.
    Claim {
        /// Only tickets with one of these tags.
        #[arg(long = "tag", value_name = "TAG")]
        tags: Vec<String>,
        /// Only tickets of these types.
        #[arg(long = "type", value_name = "TYPE")]
        types: Vec<String>,
    },
    /// Say which tickets a ticket waits for; without --on it waits for none.
    Block {
        /// The ticket that waits.
        ticket: String,
        /// A ticket that it waits for.
        #[arg(long = "on", value_name = "TICKET")]
        blockers: Vec<String>,
    },
    /// Delete a ticket; `ticket restore` brings it back.
    Delete {
        /// The ticket.
        ticket: String,
    },
    /// Bring a deleted ticket back.
    Restore {
        /// The ticket's id, as `ticket delete` printed it.
        ticket: String,
    },
}

/// Priorities on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Urgency {
    /// Can wait.
    Low,
    /// The default.
    Medium,
    /// Soon.
    High,
    /// Now.
    Critical,
}

impl From<Urgency> for Priority {
    fn from(urgency: Urgency) -> Self {
        match urgency {
            Urgency::Low => Self::Low,
            Urgency::Medium => Self::Medium,
            Urgency::High => Self::High,
            Urgency::Critical => Self::Critical,
        }
    }
}

/// Modes of search on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// Words and meaning.
    Hybrid,
    /// Words.
    Keyword,
    /// Meaning.
    Semantic,
}

impl From<Mode> for SearchType {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Hybrid => Self::Hybrid,
            Mode::Keyword => Self::Keyword,
            Mode::Semantic => Self::Semantic,
        }
    }
}

/// Runs `callboard ticket …`.
pub async fn command(args: TicketArgs, json: bool) -> Result<()> {
    let client = args.remote.connect()?;
    let at = &args.workflow;
    match args.command {
        TicketCommand::Create(input) => {
            let made = edit::create(&client, at, input).await?;
            if json {
                return output::json(&made);
            }
            eprintln!("{}", made.message);
            for similar in made.similar_tickets.iter().take(3) {
                eprintln!("{} is similar: {}", similar.key, output::one_line(&similar.title));
            }
            output::line(&made.key);
            Ok(())
        }
        TicketCommand::List(input) => list::list(&client, at, input, json).await,
        TicketCommand::Search(input) => list::search(&client, at, input, json).await,
        TicketCommand::Show { ticket } => show::show(&client, at, &ticket, json).await,
        TicketCommand::Edit(input) => {
            let edited = edit::edit(&client, at, input).await?;
            tell(&edited, &edited.message, json)
        }
        TicketCommand::Move { ticket, column, comment } => {
            let ticket = at.ticket(&client, &ticket).await?;
            let input = MoveToStage { stage: column, comment, ..MoveToStage::default() };
            let moved = client.move_to_stage(&ticket, &input).await?;
            tell(&moved, moved.message.as_deref().unwrap_or_default(), json)
        }
        TicketCommand::Comment { ticket, text: said } => {
            let input = AddComment {
                ticket_id: at.ticket(&client, &ticket).await?,
                comment_text: text(&said)?,
                ..AddComment::default()
            };
            let done = client.comment(&input).await?;
            tell(&done, &done.message, json)
        }
        TicketCommand::Resolve { ticket, comment, commit } => {
            let input = ResolveTicket {
                ticket_id: at.ticket(&client, &ticket).await?,
                resolution_comment: comment,
                commit_sha: commit,
                ..ResolveTicket::default()
            };
            let done = client.resolve_ticket(&input).await?;
            tell(&done, &done.message, json)
        }
        TicketCommand::Claim { tags, types } => claim(&client, at, tags, types, json).await,
        TicketCommand::Block { ticket, blockers } => {
            let input = SetBlockers {
                ticket_id: at.ticket(&client, &ticket).await?,
                blocked_by_ticket_ids: at.tickets(&client, &blockers).await?,
                ..SetBlockers::default()
            };
            let done = client.set_blockers(&input).await?;
            tell(&done, &done.message, json)
        }
        TicketCommand::Delete { ticket } => {
            let id = at.ticket(&client, &ticket).await?;
            let done = client.delete_ticket(&id).await?;
            tell(&done, &format!("{} Bring it back with: callboard ticket restore {id}", done.message), json)
        }
        TicketCommand::Restore { ticket } => {
            let done = client.restore_ticket(&ticket).await?;
            tell(&done, &done.message, json)
        }
    }
}

fn tell(answer: &impl serde::Serialize, message: &str, json: bool) -> Result<()> {
    if json {
        return output::json(answer);
    }
    output::line(output::one_line(message));
    Ok(())
}

async fn claim(client: &Client, at: &WorkflowArgs, tags: Vec<String>, types: Vec<String>, json: bool) -> Result<()> {
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let input =
        Claim { workflow_id: at.find(client).await?, ticket_types: some(types), tags: some(tags), ..Claim::default() };
    let claimed = client.claim_ticket(&input).await?;
    let Some(ticket) = &claimed.ticket else { return Err(Error::Setup(claimed.message)) };
    if json {
        return output::json(&claimed);
    }
    eprintln!("{}: {}", claimed.message.trim_end_matches('.'), output::one_line(&ticket.title));
    output::line(&ticket.key);
    Ok(())
}
