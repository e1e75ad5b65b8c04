//! Ticket tracking of a workflow: its board settings and its tickets.

use serde_json::{Value, json};

use super::tickets::path_segment;
use super::{Client, Result};
use crate::domain::export::Format;
use crate::domain::tickets::Card;
use crate::domain::tickets::read::{Filters, StatsAnswer};
use crate::domain::workflows::{BoardConfig, BoardSettings, Column, TicketType, Workflow};

/// A column of a board.
#[derive(Debug, Clone, Default)]
pub struct ColumnConfig {
    /// The status of tickets in this column.
    pub id: String,
    /// The display name.
    pub name: String,
    /// The position from the left.
    pub order: i64,
    /// The color: `#rrggbb`.
    pub color: String,
}

/// A ticket type.
#[derive(Debug, Clone, Default)]
pub struct TicketTypeConfig {
    /// The `ticket_type` of tickets.
    pub id: String,
    /// The display name.
    pub name: String,
    /// The icon: one character.
    pub icon: String,
    /// The color: `#rrggbb`.
    pub color: String,
}

/// The settings of a board.
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
    /// The name of the board.
    pub name: String,
    /// The columns.
    pub columns: Vec<ColumnConfig>,
    /// The ticket types.
    pub ticket_types: Vec<TicketTypeConfig>,
    /// The type of tickets that are created without one.
    pub default_ticket_type: String,
    /// The column of tickets that are created without a status.
    pub initial_status: String,
    /// The rules of the board.
    pub settings: BoardSettings,
}

impl From<TicketBoardConfig> for BoardConfig {
    fn from(board: TicketBoardConfig) -> Self {
        let columns = board.columns.into_iter().map(|column| Column {
            id: column.id,
            name: non_empty(column.name),
            order: Some(column.order),
            color: non_empty(column.color),
            wip_limit: None,
            category: None,
            ticket_count: None,
            previous_id: None,
        });
        let types = board.ticket_types.into_iter().map(|kind| TicketType {
            id: kind.id,
            name: non_empty(kind.name),
            icon: non_empty(kind.icon),
            color: non_empty(kind.color),
        });
        let (columns, types): (Vec<_>, Vec<_>) = (columns.collect(), types.collect());
        Self {
            name: non_empty(board.name),
            columns: (!columns.is_empty()).then_some(columns),
            ticket_types: (!types.is_empty()).then_some(types),
            default_ticket_type: non_empty(board.default_ticket_type),
            initial_status: non_empty(board.initial_status),
            settings: Some(board.settings),
            ..Self::default()
        }
    }
}

fn non_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}

/// A client of one workflow, for programs that set up and read its board.
#[derive(Debug, Clone)]
pub struct WorkflowHandle {
    client: Client,
    id: String,
}

impl Client {
    /// Returns a handle for a workflow.
    pub fn in_workflow(&self, id: &str) -> WorkflowHandle {
        WorkflowHandle { client: self.clone(), id: id.to_owned() }
    }
}

impl WorkflowHandle {
    /// Enables ticket tracking and sets the board, atomically.
    pub async fn enable_ticket_tracking(&self, board: TicketBoardConfig) -> Result<Workflow> {
        let mut board = serde_json::to_value(BoardConfig::from(board)).unwrap_or_default();
        drop_nulls(&mut board);
        self.set_tracking(&json!({"enabled": true, "board_config": board})).await
    }

    /// Disables ticket tracking; tickets are kept.
    pub async fn disable_ticket_tracking(&self) -> Result<Workflow> {
        self.set_tracking(&json!({"enabled": false})).await
    }

    async fn set_tracking(&self, body: &Value) -> Result<Workflow> {
        let path = format!("/api/workflows/{}/ticket-tracking", path_segment(&self.id));
        self.client.post(&path, body).await
    }

    /// All tickets that match the filters, over all pages.
    pub async fn get_tickets(&self, filters: &Filters) -> Result<Vec<Card>> {
        let (mut found, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.client.tickets(&self.id, filters, 200, cursor.as_deref()).await?;
            found.extend(page.tickets);
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(found);
            }
        }
    }

    /// Statistics of the tickets.
    pub async fn get_ticket_stats(&self) -> Result<StatsAnswer> {
        self.client.ticket_stats(&self.id).await
    }

    /// Exports all tickets as JSON (an array), CSV or Markdown.
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

/// Quotes a cell, and escapes a leading character that spreadsheets evaluate as a formula.
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
