//! Ticket tracking of a workflow: its board, described by the caller, and what is on it.

use serde_json::{Value, json};

use super::send::Again;
use super::tickets::part;
use super::{Client, Result};
use crate::domain::export::Format;
use crate::domain::tickets::Card;
use crate::domain::tickets::read::{Filters, StatsAnswer};
use crate::domain::workflows::{BoardConfig, BoardSettings, Column, TicketType, Workflow};

/// A column of a board.
#[derive(Debug, Clone, Default)]
pub struct ColumnConfig {
    /// What tickets name as their status.
    pub id: String,
    /// What people read.
    pub name: String,
    /// Its place from the left.
    pub order: i64,
    /// `#rrggbb`
    pub color: String,
}

/// A type of tickets.
#[derive(Debug, Clone, Default)]
pub struct TicketTypeConfig {
    /// What tickets name as their type.
    pub id: String,
    /// What people read.
    pub name: String,
    /// One character.
    pub icon: String,
    /// `#rrggbb`
    pub color: String,
}

/// A board.
///
/// ```
/// use callboard::client::{ColumnConfig, TicketBoardConfig, TicketTypeConfig};
///
/// let column = |id: &str, name: &str, order| ColumnConfig {
///     id: id.into(), name: name.into(), order, color: "#6b7280".into(),
/// };
/// let board = TicketBoardConfig {
///     name: "Development Board".into(),
///     columns: vec![column("todo", "To Do", 0), column("done", "Done", 1)],
///     ticket_types: vec![TicketTypeConfig {
///         id: "bug".into(), name: "Bug".into(), icon: "!".into(), color: "#ef4444".into(),
///     }],
///     default_ticket_type: "bug".into(),
///     initial_status: "todo".into(),
///     ..TicketBoardConfig::default()
/// };
/// assert_eq!(board.columns.len(), 2);
/// ```
#[derive(Debug, Clone, Default)]
pub struct TicketBoardConfig {
    /// The board's name.
    pub name: String,
    /// Its columns.
    pub columns: Vec<ColumnConfig>,
    /// The types of its tickets.
    pub ticket_types: Vec<TicketTypeConfig>,
    /// The type of tickets that name none.
    pub default_ticket_type: String,
    /// The column of new tickets.
    pub initial_status: String,
    /// How it behaves.
    pub settings: BoardSettings,
}

impl From<TicketBoardConfig> for BoardConfig {
    fn from(board: TicketBoardConfig) -> Self {
        let columns = board.columns.into_iter().map(|column| Column {
            id: column.id,
            name: given(column.name),
            order: Some(column.order),
            color: given(column.color),
            wip_limit: None,
            category: None,
            ticket_count: None,
            previous_id: None,
        });
        let types = board.ticket_types.into_iter().map(|kind| TicketType {
            id: kind.id,
            name: given(kind.name),
            icon: given(kind.icon),
            color: given(kind.color),
        });
        let (columns, types): (Vec<_>, Vec<_>) = (columns.collect(), types.collect());
        Self {
            name: given(board.name),
            columns: (!columns.is_empty()).then_some(columns),
            ticket_types: (!types.is_empty()).then_some(types),
            default_ticket_type: given(board.default_ticket_type),
            initial_status: given(board.initial_status),
            settings: Some(board.settings),
            ..Self::default()
        }
    }
}

fn given(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// One workflow, for programs that set up and read its board.
#[derive(Debug, Clone)]
pub struct WorkflowHandle {
    client: Client,
    id: String,
}

impl Client {
    /// A handle on a workflow.
    pub fn in_workflow(&self, id: &str) -> WorkflowHandle {
        WorkflowHandle { client: self.clone(), id: id.to_owned() }
    }
}

impl WorkflowHandle {
    /// Turns ticket tracking on with a board; both or neither.
    pub async fn enable_ticket_tracking(&self, board: TicketBoardConfig) -> Result<Workflow> {
        let mut board = serde_json::to_value(BoardConfig::from(board)).unwrap_or_default();
        drop_nulls(&mut board);
        self.track(&json!({"enabled": true, "board_config": board})).await
    }

    /// Turns ticket tracking off; tickets stay.
    pub async fn disable_ticket_tracking(&self) -> Result<Workflow> {
        self.track(&json!({"enabled": false})).await
    }

    async fn track(&self, body: &Value) -> Result<Workflow> {
        let path = format!("/api/workflows/{}/ticket-tracking", part(&self.id));
        self.client.post(&path, body, Again::Safe).await
    }

    /// Every ticket that fits.
    pub async fn get_tickets(&self, filters: &Filters) -> Result<Vec<Card>> {
        let mut found: Vec<Card> = Vec::new();
        loop {
            let offset = i32::try_from(found.len()).unwrap_or(i32::MAX);
            let page = self.client.tickets(&self.id, filters, 200, offset).await?;
            let last = !page.has_more || page.tickets.is_empty();
            found.extend(page.tickets);
            if last {
                return Ok(found);
            }
        }
    }

    /// Numbers about the tickets.
    pub async fn get_ticket_stats(&self) -> Result<StatsAnswer> {
        self.client.ticket_stats(&self.id).await
    }

    /// The tickets as a document: JSON (an array), CSV or Markdown.
    pub async fn export_tickets(&self, format: Format) -> Result<String> {
        let all = Filters { include_completed: Some(true), ..Filters::default() };
        let cards = self.get_tickets(&all).await?;
        Ok(match format {
            Format::Json => serde_json::to_string_pretty(&cards).unwrap_or_default(),
            Format::Csv => csv(&cards),
            Format::Markdown => markdown(&cards),
        })
    }
}

fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(members) => {
            members.retain(|_, value| !value.is_null());
            members.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

fn csv(cards: &[Card]) -> String {
    let mut text =
        "key,title,ticket_type,priority,status,assigned_agent_id,tags,created_at,updated_at,ticket_id\r\n".to_owned();
    for card in cards {
        let tags = card.tags.join(" ");
        let assigned = card.assigned_agent_id.as_deref().unwrap_or_default();
        let cells = [
            &card.key,
            &card.title,
            &card.ticket_type,
            card.priority.as_str(),
            &card.status,
            assigned,
            &tags,
            &card.created_at,
            &card.updated_at,
            &card.ticket_id,
        ];
        let cells: Vec<String> = cells.into_iter().map(cell).collect();
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

/// Quoted, and never a formula for a spreadsheet.
fn cell(text: &str) -> String {
    let text = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() };
    format!("\"{}\"", text.replace('"', "\"\""))
}

fn markdown(cards: &[Card]) -> String {
    let mut text = "| Key | Title | Status | Priority | Assigned |\n|---|---|---|---|---|\n".to_owned();
    for card in cards {
        let title = card.title.replace('|', "\\|").replace(['\n', '\r'], " ");
        let assigned = card.assigned_agent_id.as_deref().unwrap_or("");
        text.push_str(&format!(
            "| {} | {title} | {} | {} | {assigned} |\n",
            card.key,
            card.status,
            card.priority.as_str()
        ));
    }
    text
}
