//! `callboard ticket create` and `edit`.

use clap::Args;

use super::PriorityArg;
use crate::Result;
use crate::cli::remote::{MemberNames, WorkflowArgs, text};
use crate::client::Client;
use crate::domain::tickets::Priority;
use crate::domain::tickets::change::{CreateTicket, Created, TicketUpdates, UpdateTicket, Updated};

/// Flags of `callboard ticket create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// The title.
    pub title: String,
    /// The description, in Markdown; `-` reads standard input.
    #[arg(long, short, value_name = "TEXT")]
    pub description: Option<String>,
    /// The ticket type.
    #[arg(long = "type", value_name = "TYPE")]
    pub ticket_type: Option<String>,
    /// The priority.
    #[arg(long, short)]
    pub priority: Option<PriorityArg>,
    /// A tag; repeatable.
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// The column's id.
    #[arg(long, value_name = "COLUMN")]
    pub column: Option<String>,
    /// The assignee, by name or id.
    #[arg(long, value_name = "WHO")]
    pub assign: Option<String>,
    /// The parent ticket.
    #[arg(long, value_name = "TICKET")]
    pub parent: Option<String>,
    /// A blocking ticket; repeatable.
    #[arg(long = "blocked-by", value_name = "TICKET")]
    pub blocked_by: Vec<String>,
    /// Story points.
    #[arg(long, value_name = "POINTS")]
    pub points: Option<f64>,
    /// The day by which it is to be done, like 2026-01-31.
    #[arg(long, value_name = "DAY")]
    pub due: Option<String>,
    /// The milestone, by name or id.
    #[arg(long, value_name = "MILESTONE")]
    pub milestone: Option<String>,
}

/// Flags of `callboard ticket edit`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
pub struct EditArgs {
    /// The ticket.
    pub ticket: String,
    /// The new title.
    #[arg(long)]
    pub title: Option<String>,
    /// The new description; `-` reads standard input.
    #[arg(long, short, value_name = "TEXT")]
    pub description: Option<String>,
    /// The new ticket type.
    #[arg(long = "type", value_name = "TYPE")]
    pub ticket_type: Option<String>,
    /// The priority.
    #[arg(long, short)]
    pub priority: Option<PriorityArg>,
    /// Tags, comma-separated; they replace the current ones.
    #[arg(long, value_delimiter = ',', value_name = "TAGS")]
    pub tags: Option<Vec<String>>,
    /// The assignee, by name or id; an empty text removes the assignee.
    #[arg(long, value_name = "WHO")]
    pub assign: Option<String>,
    /// Story points.
    #[arg(long, value_name = "POINTS")]
    pub points: Option<f64>,
    /// The day by which it is to be done, like 2026-01-31; an empty text removes it.
    #[arg(long, value_name = "DAY")]
    pub due: Option<String>,
    /// The milestone, by name or id; an empty text takes the ticket out of it.
    #[arg(long, value_name = "MILESTONE")]
    pub milestone: Option<String>,
    /// The reason for the change.
    #[arg(long, short, value_name = "TEXT")]
    pub comment: Option<String>,
}

/// Creates a ticket.
pub async fn create(client: &Client, at: &WorkflowArgs, args: CreateArgs) -> Result<Created> {
    let workflow = at.find(client).await?;
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let mut input = CreateTicket {
        description: args.description.as_deref().map(text).transpose()?.unwrap_or_default(),
        title: args.title,
        ticket_type: args.ticket_type,
        priority: args.priority.map(Priority::from),
        tags: some(args.tags),
        initial_status: args.column,
        story_points: args.points,
        due_on: args.due,
        milestone_id: args.milestone,
        ..CreateTicket::in_workflow(&workflow)
    };
    if let Some(who) = &args.assign {
        input.assigned_agent_id = Some(MemberNames::of(client, &workflow).await?.id(who).to_owned());
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
            Some(Some(MemberNames::of(client, &workflow).await?.id(who).to_owned()))
        }
    };
    let filled = |given: String| Some(given).filter(|text| !text.is_empty());
    let updates = TicketUpdates {
        title: args.title,
        description: args.description.as_deref().map(text).transpose()?,
        priority: args.priority.map(Priority::from),
        ticket_type: args.ticket_type,
        assigned_agent_id,
        tags: args.tags.map(|tags| tags.into_iter().filter(|tag| !tag.is_empty()).collect()),
        story_points: args.points.map(Some),
        due_on: args.due.map(filled),
        milestone_id: args.milestone.map(filled),
        ..TicketUpdates::default()
    };
    let input =
        UpdateTicket { ticket_id, updates: Some(updates), update_comment: args.comment, ..UpdateTicket::default() };
    Ok(client.update_ticket(&input).await?)
}
