//! Making and changing tickets: the flags that become fields.

use clap::Args;

use super::Urgency;
use crate::Result;
use crate::cli::remote::{Names, WorkflowArgs, text};
use crate::client::Client;
use crate::domain::tickets::Priority;
use crate::domain::tickets::change::{CreateTicket, Created, TicketUpdates, UpdateTicket, Updated};

/// Flags of `callboard ticket create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// What it is about, in a line.
    pub title: String,
    /// What it is about, in Markdown; - reads standard input.
    #[arg(long, short, value_name = "TEXT")]
    pub description: Option<String>,
    /// One of the board's types.
    #[arg(long = "type", value_name = "TYPE")]
    pub ticket_type: Option<String>,
    /// How urgent it is.
    #[arg(long, short)]
    pub priority: Option<Urgency>,
    /// A tag; may be repeated.
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// The column, by its id.
    #[arg(long, value_name = "COLUMN")]
    pub column: Option<String>,
    /// Who works on it, by name or id.
    #[arg(long, value_name = "WHO")]
    pub assign: Option<String>,
    /// The ticket it is a part of.
    #[arg(long, value_name = "TICKET")]
    pub parent: Option<String>,
    /// A ticket that it waits for; may be repeated.
    #[arg(long = "blocked-by", value_name = "TICKET")]
    pub blocked_by: Vec<String>,
    /// How large it is.
    #[arg(long, value_name = "POINTS")]
    pub points: Option<f64>,
}

/// Flags of `callboard ticket edit`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct EditArgs {
    /// The ticket.
    pub ticket: String,
    /// The title.
    #[arg(long)]
    pub title: Option<String>,
    /// The description; - reads standard input.
    #[arg(long, short, value_name = "TEXT")]
    pub description: Option<String>,
    /// The type.
    #[arg(long = "type", value_name = "TYPE")]
    pub ticket_type: Option<String>,
    /// The priority.
    #[arg(long, short)]
    pub priority: Option<Urgency>,
    /// Tags, comma-separated; they replace those it has.
    #[arg(long, value_delimiter = ',', value_name = "TAGS")]
    pub tags: Option<Vec<String>>,
    /// Who works on it, by name or id; an empty text for nobody.
    #[arg(long, value_name = "WHO")]
    pub assign: Option<String>,
    /// How large it is.
    #[arg(long, value_name = "POINTS")]
    pub points: Option<f64>,
    /// Why.
    #[arg(long, short, value_name = "TEXT")]
    pub comment: Option<String>,
}

/// Makes a ticket.
pub async fn create(client: &Client, at: &WorkflowArgs, args: CreateArgs) -> Result<Created> {
    let workflow = at.find(client).await?;
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let mut input = CreateTicket {
        description: text(args.description.as_deref().unwrap_or("No description yet."))?,
        title: args.title,
        ticket_type: args.ticket_type,
        priority: args.priority.map(Priority::from),
        tags: some(args.tags),
        initial_status: args.column,
        story_points: args.points,
        ..CreateTicket::in_workflow(&workflow)
    };
    if let Some(who) = &args.assign {
        input.assigned_agent_id = Some(Names::of(client, &workflow).await?.id(who).to_owned());
    }
    if let Some(parent) = &args.parent {
        input.parent_ticket_id = Some(at.ticket(client, parent).await?);
    }
    input.blocked_by_ticket_ids = some(at.tickets(client, &args.blocked_by).await?);
    Ok(client.create_ticket(&input).await?)
}

/// Changes a ticket.
pub async fn edit(client: &Client, at: &WorkflowArgs, args: EditArgs) -> Result<Updated> {
    let ticket_id = at.ticket(client, &args.ticket).await?;
    let assigned_agent_id = match args.assign.as_deref() {
        None => None,
        Some("") => Some(None),
        Some(who) => {
            let workflow = client.ticket(&ticket_id, None).await?.fields.card.workflow_id;
            Some(Some(Names::of(client, &workflow).await?.id(who).to_owned()))
        }
    };
    let updates = TicketUpdates {
        title: args.title,
        description: args.description.as_deref().map(text).transpose()?,
        priority: args.priority.map(Priority::from),
        ticket_type: args.ticket_type,
        assigned_agent_id,
        tags: args.tags.map(|tags| tags.into_iter().filter(|tag| !tag.is_empty()).collect()),
        story_points: args.points.map(Some),
        ..TicketUpdates::default()
    };
    let input =
        UpdateTicket { ticket_id, updates: Some(updates), update_comment: args.comment, ..UpdateTicket::default() };
    Ok(client.update_ticket(&input).await?)
}
