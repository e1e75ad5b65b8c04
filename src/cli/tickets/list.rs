//! `callboard ticket list` and `search`.

use clap::Args;
use console::Style;

use super::{PriorityArg, SearchModeArg};
use crate::Result;
use crate::cli::output::{self, Cell};
use crate::cli::remote::{MemberNames, WorkflowArgs};
use crate::client::Client;
use crate::domain::search::{SearchTickets, SearchType};
use crate::domain::tickets::read::Filters;
use crate::domain::tickets::{Card, Priority};

/// The server's maximum page size.
const PAGE_SIZE: i32 = 200;

/// Flags of `callboard ticket list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Only tickets in this column (id); repeatable.
    #[arg(long = "column", value_name = "COLUMN")]
    pub columns: Vec<String>,
    /// Only tickets of this priority; repeatable.
    #[arg(long = "priority", short)]
    pub priorities: Vec<PriorityArg>,
    /// Only tickets of this type; repeatable.
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// Only tickets with this tag; repeatable.
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
    /// Only tickets of this assignee, by name or id.
    #[arg(long, value_name = "WHO")]
    pub assigned: Option<String>,
    /// Only unassigned tickets.
    #[arg(long, conflicts_with = "assigned")]
    pub unassigned: bool,
    /// Only blocked tickets.
    #[arg(long)]
    pub blocked: bool,
    /// Only tickets whose agent did nothing about them for so many minutes.
    #[arg(long, value_name = "MINUTES")]
    pub silent: Option<f64>,
    /// Only tickets of this milestone, by name or id.
    #[arg(long, value_name = "MILESTONE")]
    pub milestone: Option<String>,
    /// Only tickets that are open after their due day.
    #[arg(long)]
    pub overdue: bool,
    /// Only tickets that are due on this day or earlier, like 2026-01-31.
    #[arg(long, value_name = "DAY")]
    pub due: Option<String>,
    /// Include completed tickets.
    #[arg(long, short)]
    pub all: bool,
    /// Maximum number of results.
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(i32).range(1..=100_000))]
    pub limit: i32,
}

/// Flags of `callboard ticket search`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// The query.
    pub query: String,
    /// The search mode.
    #[arg(long, value_enum, default_value = "hybrid")]
    pub mode: SearchModeArg,
    /// Maximum number of results.
    #[arg(long, short = 'n', default_value_t = 10, value_parser = clap::value_parser!(i32).range(1..=100))]
    pub limit: i32,
}

/// Runs `callboard ticket list`.
pub async fn list(client: &Client, at: &WorkflowArgs, args: ListArgs, json: bool) -> Result<()> {
    let workflow = at.find(client).await?;
    let names = MemberNames::of(client, &workflow).await?;
    let some = |list: Vec<String>| (!list.is_empty()).then_some(list);
    let priority: Vec<Priority> = args.priorities.into_iter().map(Priority::from).collect();
    let filters = Filters {
        status: some(args.columns),
        priority: (!priority.is_empty()).then_some(priority),
        ticket_type: some(args.types),
        tags: some(args.tags),
        assigned_agent_id: args.assigned.map(|who| names.id(&who).to_owned()),
        unassigned: args.unassigned.then_some(true),
        is_blocked: args.blocked.then_some(true),
        silent_minutes: args.silent,
        milestone_id: args.milestone,
        due_before: args.due,
        overdue: args.overdue.then_some(true),
        include_completed: Some(args.all),
        ..Filters::default()
    };
    let mut page = client.tickets(&workflow, &filters, args.limit.min(PAGE_SIZE), None).await?;
    let mut tickets = std::mem::take(&mut page.tickets);
    while let Some(cursor) = page.next_cursor.take() {
        let left = args.limit.saturating_sub(i32::try_from(tickets.len()).unwrap_or(i32::MAX));
        if left <= 0 {
            break;
        }
        page = client.tickets(&workflow, &filters, left.min(PAGE_SIZE), Some(&cursor)).await?;
        tickets.append(&mut page.tickets);
    }
    if json {
        return output::json(&tickets);
    }
    let shown = tickets.len();
    output::table(
        ["KEY", "COLUMN", "PRIORITY", "TYPE", "ASSIGNED", "DUE", "UPDATED", "TITLE"],
        tickets.iter().map(|card| row(card, &names)),
    );
    if i64::try_from(shown).is_ok_and(|shown| shown < page.total_count) {
        eprintln!("{shown} of {}; use -n to show more.", page.total_count);
    }
    Ok(())
}

/// Runs `callboard ticket deleted`.
pub async fn deleted(client: &Client, at: &WorkflowArgs, limit: i32, json: bool) -> Result<()> {
    let workflow = at.find(client).await?;
    let mut tickets = Vec::new();
    let mut cursor = None;
    loop {
        let left = limit.saturating_sub(i32::try_from(tickets.len()).unwrap_or(i32::MAX));
        let mut page = client.deleted_tickets(&workflow, left.min(PAGE_SIZE), cursor.as_deref()).await?;
        tickets.append(&mut page.tickets);
        cursor = page.next_cursor;
        if cursor.is_none() || i32::try_from(tickets.len()).is_ok_and(|found| found >= limit) {
            break;
        }
    }
    if json {
        return output::json(&tickets);
    }
    output::table(
        ["KEY", "COLUMN", "DELETED", "BY", "TITLE"],
        tickets.iter().map(|ticket| {
            let who = ticket.deleted_by_name.as_deref().or(ticket.deleted_by.as_deref()).unwrap_or("-");
            let by = if ticket.archived { "(archived)" } else { who };
            [
                output::one_line(&ticket.key),
                output::one_line(&ticket.status),
                output::ago(&ticket.deleted_at),
                output::one_line(by),
                output::one_line(&ticket.title),
            ]
        }),
    );
    if cursor.is_some() {
        eprintln!("There are more; use -n to show them.");
    }
    Ok(())
}

fn row(card: &Card, names: &MemberNames) -> [Cell; 8] {
    let who = card.assigned_agent_id.as_deref().map_or("-", |id| names.name(id));
    let title = if card.is_blocked { Style::new().yellow() } else { Style::new() };
    let title = if card.is_resolved { title.dim() } else { title };
    [
        Cell::styled(&card.key, Style::new().bold()),
        Cell::styled(&card.status, Style::new().cyan()),
        Cell::styled(card.priority.as_str(), priority_style(card.priority)),
        card.ticket_type.clone().into(),
        who.to_owned().into(),
        card.due_on.clone().unwrap_or_else(|| "-".to_owned()).into(),
        Cell::styled(output::ago(&card.updated_at), Style::new().dim()),
        Cell::styled(if card.is_blocked { format!("[blocked] {}", card.title) } else { card.title.clone() }, title),
    ]
}

/// The style of a priority.
pub(in crate::cli) fn priority_style(priority: Priority) -> Style {
    match priority {
        Priority::Critical => Style::new().red().bold(),
        Priority::High => Style::new().yellow(),
        Priority::Medium => Style::new(),
        Priority::Low => Style::new().dim(),
    }
}

/// Runs `callboard ticket search`.
pub async fn search(client: &Client, at: &WorkflowArgs, args: SearchArgs, json: bool) -> Result<()> {
    let input = SearchTickets {
        workflow_id: at.find(client).await?,
        query: args.query,
        search_type: Some(SearchType::from(args.mode)),
        limit: Some(args.limit),
        ..SearchTickets::default()
    };
    let answer = client.search(&input).await?;
    if json {
        return output::json(&answer);
    }
    if let Some(notice) = &answer.notice {
        eprintln!("{notice}");
    }
    if answer.results.is_empty() {
        eprintln!("No tickets found.");
        return Ok(());
    }
    let rows = answer.results.iter().map(|found| {
        let title = if found.is_resolved { Style::new().dim() } else { Style::new() };
        [
            Cell::styled(&found.key, Style::new().bold()),
            Cell::styled(&found.status, Style::new().cyan()),
            Cell::styled(found.priority.as_str(), priority_style(found.priority)),
            Cell::styled(&found.title, title),
        ]
    });
    output::table(["KEY", "COLUMN", "PRIORITY", "TITLE"], rows);
    Ok(())
}
