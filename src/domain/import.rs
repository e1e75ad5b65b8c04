//! Import: reads what another tracker exported and makes it one board's tickets, in one transaction.
//!
//! Reading (here and in `beads`) turns lines into [`Item`]s and says of each bad line what is wrong with
//! it; `logic.import_tickets` does the rest. An item that was imported before stays as it is.

pub mod beads;
mod graph;
mod people;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Json;

pub use self::graph::break_cycles;
pub use self::people::{People, Person};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::search;
use crate::{Result, sql_fn};

/// Where a ticket stands, apart from any board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Not begun.
    Open,
    /// Being worked on.
    Active,
    /// Finished.
    Done,
}

/// One ticket to import.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// The line it came from.
    pub line: u64,
    /// Its id in the other tracker; kept as `external_ref`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The title, 3 to 500 characters.
    pub title: String,
    /// The description, with what else the other tracker knew under headings.
    pub description: String,
    /// The status as the other tracker names it; a column of that name is preferred.
    pub status: String,
    /// Where it stands.
    pub stage: Stage,
    /// low, medium, high or critical.
    pub priority: &'static str,
    /// The ticket type; added to the board if it has none of that name.
    pub ticket_type: Option<String>,
    /// Who created it (an actor's id).
    pub author: Option<String>,
    /// Who works on it (an actor's id).
    pub assignee: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
    /// The estimate.
    pub estimate_minutes: Option<u32>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When work on it began.
    pub started_at: Option<Timestamp>,
    /// When it was finished; present if and only if it is done.
    pub closed_at: Option<Timestamp>,
    /// The item it is part of.
    pub parent: Option<String>,
    /// The items that block it.
    pub blocked_by: Vec<String>,
    /// The items it is related to.
    pub related: Vec<String>,
    /// The comments.
    pub comments: Vec<Note>,
}

/// A comment to import.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Note {
    /// Who wrote it (an actor's id); unknown: the importer.
    pub author: Option<String>,
    /// The text.
    pub text: String,
    /// A comment type of Callboard.
    pub comment_type: &'static str,
    /// When it was written.
    pub created_at: Timestamp,
}

/// A line that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadLine {
    /// Its number in the file, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// A link that was left out because it would close a circle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cycle {
    /// The line that states it.
    pub line: u64,
    /// The item that would be blocked (or be the child).
    pub from: String,
    /// The item that would block it (or be the parent).
    pub to: String,
    /// `blocker` or `parent`.
    pub kind: &'static str,
}

/// What was read from a file.
#[derive(Debug, Default)]
pub struct Batch {
    /// The tickets.
    pub items: Vec<Item>,
    /// The people they name.
    pub people: People,
    /// Lines that cannot be imported.
    pub bad: Vec<BadLine>,
    /// Deleted tickets, which are skipped.
    pub tombstones: u64,
    /// Links that were left out because they would close a circle.
    pub cycles: Vec<Cycle>,
    /// Statuses that are not known, with their number; such tickets go to the first column.
    pub unknown_statuses: std::collections::BTreeMap<String, u64>,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The workflow.
    pub workflow_id: String,
    /// Its name.
    pub workflow_name: String,
    /// New tickets.
    pub imported: u64,
    /// Items imported before, which stay as they are.
    pub existing: u64,
    /// Of those, items that changed in the file since.
    pub newer: u64,
    /// Tickets of the workflow that earlier imports had made.
    pub imported_before: u64,
    /// Comments.
    pub comments: u64,
    /// Blockers that still hold something up.
    pub blockers: u64,
    /// Parents.
    pub parents: u64,
    /// Other relations, blockers of the past among them.
    pub related: u64,
    /// Links to what is not here.
    pub missing_links: u64,
    /// People provisioned as agents.
    pub agents: u64,
    /// Ticket types added to the board.
    pub types_added: Vec<String>,
}

/// Imports a batch into the workflow of this id or name (made if there is none), all or nothing.
pub async fn run(db: &Db, caller: &Caller, workflow: &str, batch: &Batch) -> Result<Outcome> {
    let people: Vec<&Person> = batch.people.iter().collect();
    let (items, people) = (Json(&batch.items), Json(&people));
    let outcome = db.call(sql_fn!(import_tickets(caller: caller.to_sql(), named: workflow, items, people))).await?;
    // Search weighs words by how common they are, which many tickets at once change. It would be noticed
    // within minutes; only ranking is a little worse till then, so a failure here is no failure to import.
    if let Err(error) = search::words::refresh(db, true).await {
        tracing::debug!(%error, "the commonness of words could not be read");
    }
    Ok(outcome)
}
