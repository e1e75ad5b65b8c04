//! Import: turns the export of another tracker into tickets of one workflow, in one transaction.
//!
//! Parsing (`beads`) turns lines into [`Item`]s and reports what is wrong with each bad line; `logic.import_tickets`
//! does the rest. Items that were imported before are not changed, unless the import updates.

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

/// The progress of an item, independent of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Not started.
    Open,
    /// In progress.
    Active,
    /// Finished.
    Done,
}

/// One ticket to import.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// The number of its line.
    pub line: u64,
    /// Its id in the other tracker; kept as `external_ref`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The title, 3 to 500 characters.
    pub title: String,
    /// The description, followed by further fields of the other tracker under headings.
    pub description: String,
    /// The status in the other tracker; a column of that name is preferred.
    pub status: String,
    /// The progress.
    pub stage: Stage,
    /// low, medium, high or critical.
    pub priority: &'static str,
    /// The ticket type; added to the board if missing.
    pub ticket_type: Option<String>,
    /// Who created it (an actor's id).
    pub author: Option<String>,
    /// Who works on it (an actor's id).
    pub assignee: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
    /// The estimate.
    pub estimate_minutes: Option<u32>,
    /// When it is due.
    pub due_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it last changed, if the source states any time; a ticket without one gets that of its creation.
    pub updated_at: Option<Timestamp>,
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
    /// Who wrote it (an actor's id). Defaults to the importer.
    pub author: Option<String>,
    /// The text.
    pub text: String,
    /// A comment type of Callboard.
    pub comment_type: &'static str,
    /// When it was written. Defaults to when its ticket was created.
    pub created_at: Option<Timestamp>,
}

/// A line that cannot be imported, or a value of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BadLine {
    /// Its number in the file, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub reason: String,
}

/// A link that was skipped because it would close a cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Cycle {
    /// The number of its line.
    pub line: u64,
    /// The item that would be blocked (or be the child).
    pub from: String,
    /// The item that would block it (or be the parent).
    pub to: String,
    /// `blocker` or `parent`.
    pub kind: &'static str,
}

/// The parsed content of a file.
#[derive(Debug, Default)]
pub struct Batch {
    /// The tickets.
    pub items: Vec<Item>,
    /// The people that they name.
    pub people: People,
    /// Lines that cannot be imported.
    pub bad: Vec<BadLine>,
    /// Values that are not valid and are left out; the rest of their lines is imported.
    pub warnings: Vec<BadLine>,
    /// Lines that hold no issue, by type; they are skipped.
    pub skipped: std::collections::BTreeMap<String, u64>,
    /// Deleted tickets, which are skipped.
    pub tombstones: u64,
    /// Links that were skipped because they would close a cycle.
    pub cycles: Vec<Cycle>,
    /// Unknown statuses with the number of items; such tickets go to the first column.
    pub unknown_statuses: std::collections::BTreeMap<String, u64>,
}

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// The workflow.
    pub workflow_id: String,
    /// Its name.
    pub workflow_name: String,
    /// New tickets.
    pub imported: u64,
    /// Items imported before.
    pub existing: u64,
    /// Of those, tickets that an updating import changed.
    pub updated: u64,
    /// Of those, tickets that differ but changed here after the source did, so that an updating import left them.
    pub kept: u64,
    /// Of those, items that have changed in the file since.
    pub newer: u64,
    /// Tickets of the workflow from earlier imports.
    pub imported_before: u64,
    /// Comments.
    pub comments: u64,
    /// Blockers that are still open.
    pub blockers: u64,
    /// Parents.
    pub parents: u64,
    /// Other relations, including resolved blockers.
    pub related: u64,
    /// Links to items that do not exist.
    pub missing_links: u64,
    /// People provisioned as agents.
    pub agents: u64,
    /// Ticket types added to the board.
    pub types_added: Vec<String>,
}

/// Imports a batch into the workflow of this id or name, which is created if missing; all or nothing. `update` carries
/// changes of the source over into tickets that were imported before.
pub async fn run(db: &Db, caller: &Caller, workflow: &str, batch: &Batch, update: bool) -> Result<Outcome> {
    let people: Vec<&Person> = batch.people.iter().collect();
    let (items, people) = (Json(&batch.items), Json(&people));
    let outcome = db
        .call(sql_fn!(import_tickets(
            caller: caller.to_sql(),
            named: workflow,
            items,
            people,
            update_existing: update,
        )))
        .await?;
    // Search weighs words by their frequency, which an import changes. A failure only leaves the ranking slightly worse
    // until the next refresh, within minutes.
    if let Err(error) = search::words::refresh(db, true).await {
        tracing::debug!(%error, "word frequencies could not be refreshed");
    }
    Ok(outcome)
}
