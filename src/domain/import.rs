//! Import: turns the export of another tracker into tickets of one workflow, in one transaction.
//!
//! A source (`sources`, one a tool) fills a [`Batch`] and knows no board. A [`Board`] maps its names: as given, else as proposed.
//! `plan` makes rows of both, and `logic.import_tickets` writes them. Tickets that were imported before are not changed, unless
//! the import updates.

mod dates;
mod files;
mod formats;
mod graph;
mod item;
mod json;
mod mapping;
mod milestones;
mod model;
mod names;
mod people;
mod plan;
mod preview;
mod recognise;
pub mod sources;
mod table;
mod texts;
mod ticket_milestones;
mod zip;

use serde::{Deserialize, Serialize};
use tokio_postgres::types::Json;
use utoipa::ToSchema;

pub use self::files::{Files, MAX_BYTES, NamedFile};
pub use self::formats::Format;
pub use self::item::{Cycle, Item, Plan};
pub use self::mapping::{Board, BoardColumn, How, MappedName, MappedNames, Mapping, NEW_AGENT, UnknownPeople};
pub use self::milestones::Milestone;
pub use self::model::{BadLine, Batch, Comment, Losses, Move, NotTaken, Stage, Ticket};
pub use self::plan::plan;
pub use self::preview::{
    ImportAnswer, ImportFile, ImportPreview, ImportProgress, ImportStep, SampleTicket, import_file, preview_file,
    progress,
};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::{search, workflows};
use crate::{Result, sql_fn};

/// How many parts of a workflow's past are stored after an import at most; servers store the rest.
const MAX_STORED_PARTS: usize = 20;

/// The result of an import.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportOutcome)]
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
    /// Of those, tickets with a value that changed both there and here, so that an updating import left it.
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
    /// New milestones.
    pub milestones: u64,
    /// Milestones imported before that an updating import changed.
    pub milestones_updated: u64,
    /// Items that were imported before, whose tickets were deleted, archived or merged here since; an updating import leaves them alone and
    /// names them. At most 1,000.
    pub gone: Vec<GoneTicket>,
    /// How many these are.
    pub gone_count: u64,
    /// People provisioned as agents.
    pub agents: u64,
    /// Ticket types added to the board.
    pub types_added: Vec<String>,
}

/// A ticket that an updating import leaves alone, because it is no longer on the board.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct GoneTicket {
    /// The id in the other tracker.
    pub reference: String,
    /// The key here, e.g. `TKT-12`.
    pub key: String,
    /// `deleted`, `archived` or `merged`.
    pub reason: String,
}

/// The board of the workflow of this id or name; the default one if there is no such workflow, because an import creates it.
pub async fn board_of(db: &Db, caller: &Caller, named: &str) -> Result<Board> {
    match workflows::resolve(db, caller, named).await? {
        Some(id) => board_of_workflow(db, caller, &id).await,
        None => {
            let templates = workflows::templates(db).await?;
            let config = templates.get("development").cloned().unwrap_or_default();
            Ok(Board::new(&config, Vec::new()))
        }
    }
}

/// The board and the members of a workflow.
pub async fn board_of_workflow(db: &Db, caller: &Caller, id: &str) -> Result<Board> {
    let workflow = workflows::get(db, caller, id).await?;
    let members = workflows::members(db, caller, id).await?.members;
    Ok(Board::new(&workflow.board_config.unwrap_or_default(), members))
}

/// Imports what is planned into the workflow of this id or name, which is created if missing; all or nothing. `update` carries
/// changes of the source over into tickets that were imported before. A dry run is undone.
pub async fn run(
    db: &Db,
    caller: &Caller,
    workflow: &str,
    plan: &Plan,
    update: bool,
    dry_run: bool,
) -> Result<Outcome> {
    let (items, people, milestones) = (Json(&plan.items), Json(&plan.new_agents), Json(&plan.milestones));
    let caller = caller.to_sql();
    if dry_run {
        let call = sql_fn!(try_import(
            caller: caller,
            named: workflow,
            items,
            people,
            update_existing: update,
            milestones,
        ));
        return db.call(call).await;
    }
    let call = sql_fn!(import_tickets(
        caller: caller,
        named: workflow,
        items,
        people,
        update_existing: update,
        milestones,
    ));
    let outcome: Outcome = db.call(call).await?;
    finish(db, &outcome).await;
    Ok(outcome)
}

/// How far the import is that names the workflow so; none if it has not begun.
pub async fn find_progress(db: &Db, workflow: &str) -> Result<Option<ImportStep>> {
    db.call(sql_fn!(find_import_progress(named: workflow))).await
}

/// What servers do within minutes anyway, done at once, because an import changes so much: the frequencies of words, by which search
/// weighs them, and the stored past, without which each report reads all events of the import. A failure costs nothing else.
async fn finish(db: &Db, outcome: &Outcome) {
    if let Err(error) = search::words::refresh(db, true).await {
        tracing::debug!(%error, "word frequencies could not be refreshed");
    }
    // Each call stores some thousand events, and an import as a whole.
    for _ in 0..MAX_STORED_PARTS {
        match db.scalar::<i64>(sql_fn!(refresh_reporting(workflow: outcome.workflow_id.as_str()))).await {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => return tracing::debug!(%error, "the past could not be stored"),
        }
    }
}
