//! The tool that shows a board: its columns, rules and the cards that fit.

use futures_util::future::BoxFuture;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::read::{card, page_size};
use super::{Access, Answer, Call, INTEGER, Tool, value};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::history::{self, Room};
use crate::domain::past_boards;
use crate::domain::tickets::read::{self, Filters, SortBy, SortOrder};
use crate::domain::times;
use crate::transport::mcp::{budget, schema};
use crate::{Error, Result};

/// Open milestones that a board names.
const MAX_MILESTONES: usize = 20;

pub(super) const TOOLS: &[Tool] = &[Tool {
    name: "get_board",
    description: "A workflow's columns (id, category, wip_limit, ticket_count), ticket types, rules and first cards. With \
        status: all cards of that column.",
    access: Access::Read,
    schema: schema::of::<BoardArguments>,
    shows: &[("workflow_id", ""), ("status", "A column."), ("limit", ""), ("cursor", "")],
    returns: &[("seq", INTEGER)],
    run: board,
}];

/// The board, and which part of it.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BoardArguments {
    /// The workflow.
    workflow_id: String,
    /// Only this column's cards, in pages.
    status: Option<String>,
    /// The time of which the board is wanted. Defaults to now.
    #[schema(value_type = Option<String>)]
    #[serde(default, deserialize_with = "times::optional")]
    at: Option<Timestamp>,
    /// Cards per column, 1 to 100. Defaults to 10, or to 50 with status.
    #[schema(minimum = 1, maximum = 100)]
    limit: Option<i32>,
    /// With status: the next_cursor of an answer before.
    cursor: Option<String>,
    /// The acting agent. Ignored, because reading changes nothing.
    #[serde(rename = "agent_id")]
    _agent_id: Option<String>,
}

fn board(call: Call<'_>) -> BoxFuture<'_, Result<Answer>> {
    Box::pin(async move {
        let input = call.read::<BoardArguments>()?;
        let (limit, cursor) = (input.limit, input.cursor.as_deref());
        let board = match input.at {
            Some(at) => Board::read_at(&call.state.db, &call.caller, &input.workflow_id, at).await?,
            None => Board::read(&call.state.db, &call.caller, &input.workflow_id).await?,
        };
        let Some(status) = &input.status else {
            let limit = page_size(limit, 10, 100)? as usize;
            return Ok(Answer::new(board.line(), board.glance(limit)));
        };
        let status = &board.column_named(status)?;
        if input.at.is_some() {
            return Ok(board.column_then(status, page_size(limit, 50, 100)? as usize));
        }
        let (db, caller, workflow) = (&call.state.db, &call.caller, &input.workflow_id);
        let filters = &Filters { status: Some(vec![status.clone()]), ..Filters::default() };
        let (by, order) = (SortBy::Rank, SortOrder::Asc);
        let (cards, more, next) = budget::fit_page(page_size(limit, 50, 100)?, |limit| async move {
            let page = read::list(db, caller, workflow, filters, by, order, limit, 0, cursor).await?;
            let cards = page.tickets.iter().map(|ticket| Ok(card(&value(ticket)?)));
            Ok((cards.collect::<Result<_>>()?, page.has_more, page.next_cursor))
        })
        .await?;
        let total = board.count(status);
        let line = format!("{} of {total} cards in {status}.", cards.len());
        let mut data = budget::page("tickets", cards, more, next);
        data["status"] = json!(status);
        data["ticket_count"] = json!(total);
        data["seq"] = board.snapshot["seq"].clone();
        Ok(Answer::new(line, data))
    })
}

/// A board as REST returns it.
pub struct Board {
    snapshot: Value,
}

impl Board {
    /// Reads the board, if the caller can read it.
    pub async fn read(db: &Db, caller: &Caller, workflow: &str) -> Result<Self> {
        let stored = history::snapshot(db, caller, &Room::Workflow(workflow.to_owned())).await?;
        let snapshot = serde_json::from_str(&stored.body).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self { snapshot })
    }

    /// Reads the board as it was at a time.
    async fn read_at(db: &Db, caller: &Caller, workflow: &str, at: Timestamp) -> Result<Self> {
        let stored = past_boards::board_at(db, caller, workflow, at).await?;
        let snapshot = serde_json::from_str(&stored.body).map_err(|error| Error::Internal(error.to_string()))?;
        Ok(Self { snapshot })
    }

    /// The first cards of a column of a board of the past, which has no further pages.
    fn column_then(&self, status: &str, limit: usize) -> Answer {
        let (cards, count) = budget::fit(self.cards(status, limit), budget::RESPONSE_BUDGET);
        let total = self.count(status);
        let mut data = budget::page("tickets", cards, count < total, None);
        data["status"] = json!(status);
        data["ticket_count"] = json!(total);
        data["seq"] = self.snapshot["seq"].clone();
        data["at"] = self.snapshot["at"].clone();
        Answer::new(format!("{count} of {total} cards that were in {status}."), data)
    }

    /// The open milestones, those that are due first, as many as an agent can choose from.
    fn open_milestones(&self) -> Vec<Value> {
        let all = self.snapshot["milestones"].as_array().into_iter().flatten();
        let mut open: Vec<&Value> = all.filter(|milestone| milestone["is_closed"] == false).collect();
        open.sort_by_key(|milestone| milestone["due_on"].as_str().unwrap_or("9999-99-99").to_owned());
        let short = open.into_iter().take(MAX_MILESTONES).map(|milestone| {
            let name = budget::truncate(milestone["name"].as_str().unwrap_or(""), 100);
            budget::compact(
                json!({"milestone_id": milestone["milestone_id"], "name": name, "due_on": milestone["due_on"]}),
            )
        });
        short.collect()
    }

    fn columns(&self) -> impl Iterator<Item = &Value> {
        self.snapshot["board_config"]["columns"].as_array().into_iter().flatten()
    }

    /// The id of the column that a text names: by id, or regardless of case, spaces, hyphens and underscores by id or name.
    fn column_named(&self, text: &str) -> Result<String> {
        let plain = |text: &str| text.replace(|c: char| c.is_whitespace() || "_-".contains(c), "").to_lowercase();
        let wanted = plain(text);
        let named =
            |column: &&Value| ["id", "name"].iter().any(|of| column[of].as_str().is_some_and(|n| plain(n) == wanted));
        let ids = |columns: &[&Value]| columns.iter().filter_map(|c| c["id"].as_str()).collect::<Vec<_>>().join(", ");
        let exact: Vec<&Value> = self.columns().filter(|column| column["id"] == *text).collect();
        let found = if exact.is_empty() { self.columns().filter(named).collect() } else { exact };
        match found.as_slice() {
            [only] => Ok(only["id"].as_str().unwrap_or_default().to_owned()),
            [] => {
                let known = ids(&self.columns().collect::<Vec<_>>());
                Err(Error::invalid("status", format!("must be a column of the board: {known}")))
            }
            several => {
                Err(Error::invalid("status", format!("must be the id of one of these columns: {}", ids(several))))
            }
        }
    }

    fn column(&self, status: &str) -> impl Iterator<Item = &Value> {
        self.snapshot["tickets"].as_array().into_iter().flatten().filter(move |card| card["status"] == *status)
    }

    /// The number of tickets in a column; a done column has more than the board shows.
    fn count(&self, status: &str) -> usize {
        let column = self.columns().find(|column| column["id"] == *status);
        column.and_then(|column| column["ticket_count"].as_u64()).unwrap_or(0) as usize
    }

    /// The first cards of a column.
    fn cards(&self, status: &str, limit: usize) -> Vec<Value> {
        let mut cards: Vec<&Value> = self.column(status).collect();
        cards.sort_by(|a, b| {
            let position = |card: &Value| (card["rank"].as_str().unwrap_or("").to_owned(), card["number"].as_i64());
            position(a).cmp(&position(b))
        });
        cards.into_iter().take(limit).map(card).collect()
    }

    /// A summary line for people.
    pub fn line(&self) -> String {
        let name = self.snapshot["workflow"]["name"].as_str().unwrap_or("");
        let all: u64 = self.columns().filter_map(|column| column["ticket_count"].as_u64()).sum();
        format!("{}: {all} tickets in {} columns.", budget::truncate(name, 100), self.columns().count())
    }

    /// The board with the first cards of each column that is not done, as many as fit.
    pub fn glance(&self, limit: usize) -> Value {
        let mut remaining = budget::RESPONSE_BUDGET;
        let columns: Vec<Value> = self
            .columns()
            .map(|column| {
                let status = column["id"].as_str().unwrap_or("");
                let done = column["category"] == "done";
                let total = self.count(status);
                let cards = self.cards(status, if done { 0 } else { limit });
                let (cards, count) = budget::fit(cards, remaining);
                remaining = remaining.saturating_sub(json!(cards).to_string().len());
                let mut column = budget::compact(column.clone());
                if let Some(members) = column.as_object_mut() {
                    // They are in order.
                    members.remove("order");
                }
                column["ticket_count"] = json!(total);
                if !done {
                    column["tickets"] = json!(cards);
                    column["more"] = json!(total - count);
                }
                column
            })
            .collect();
        let config = &self.snapshot["board_config"];
        let workflow = &self.snapshot["workflow"];
        budget::compact(json!({
            "workflow_id": workflow["id"],
            "name": workflow["name"],
            "ticket_tracking": workflow["ticket_tracking"],
            "role": workflow["role"],
            "columns": columns,
            "ticket_types": config["ticket_types"].as_array().map(|types| types.iter().map(|kind| &kind["id"]).collect::<Vec<_>>()),
            "default_ticket_type": config["default_ticket_type"],
            "initial_status": config["initial_status"],
            "settings": config["settings"],
            "transitions": config["transitions"],
            "milestones": self.open_milestones(),
            "at": self.snapshot["at"],
            "seq": self.snapshot["seq"],
        }))
    }
}
