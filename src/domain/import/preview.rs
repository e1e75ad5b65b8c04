//! Importing a file over the network: a preview with the proposed mapping, then the import.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use super::mapping::{BoardColumn, MappedNames, Mapping, UnknownPeople};
use super::{BadLine, Batch, Files, Format, Milestone, NotTaken, Outcome, Plan, board_of_workflow, finish, plan};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// Maximum names, lines and tickets in a list of an answer.
const MAX_SHOWN: usize = 1000;
/// Tickets shown as examples.
const SAMPLES: usize = 20;

/// `POST /api/workflows/{id}/import` and its preview: the file, and how to import it.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ImportFile {
    /// The file's name.
    #[schema(max_length = 1000)]
    pub file_name: Option<String>,
    /// The content of a text file.
    pub content: Option<String>,
    /// Instead of `content`: the bytes of a file in Base64, for archives and other encodings than UTF-8.
    pub content_base64: Option<String>,
    /// The format. Defaults to what the content looks like.
    pub format: Option<Format>,
    /// What names become. Defaults to what the preview proposes.
    pub mapping: Mapping,
    /// Whether changes of the source are carried over into tickets that were imported before, except values that changed here
    /// too. Defaults to false: known tickets are skipped.
    pub update: bool,
    /// Whether nothing is imported if any line or value is invalid. Defaults to false.
    pub strict: bool,
    /// Whether the import is undone, to see its exact outcome. Defaults to false.
    pub dry_run: bool,
}

/// `GET /api/workflows/{id}/import`.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportProgress {
    /// How far the import is that runs, also one without writing; null if none does.
    pub progress: Option<ImportStep>,
}

/// The step that an import is at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportStep {
    /// `tickets` while tickets are written, `comments` while their comments are, and `search` while both are made searchable, which takes
    /// most of the time.
    pub step: String,
    /// What of the step is done. Only `search` counts.
    pub done: u64,
    /// Of how many.
    pub total: u64,
}

/// What an import would do.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportPreview {
    /// The format.
    pub format: Format,
    /// What the file looks like, e.g. `a Linear CSV export`.
    pub looks_like: String,
    /// Its tickets.
    pub tickets: u64,
    /// Its comments.
    pub comments: u64,
    /// Of the tickets, those that were imported before.
    pub existing: u64,
    /// Whether some tickets bring their moves between columns.
    pub has_moves: bool,
    /// The milestones of the tickets.
    pub milestones: Vec<Milestone>,
    /// What each name becomes, at most 1,000 of a kind.
    pub mapping: MappedNames,
    /// The columns of the board, from which states can be chosen.
    pub columns: Vec<BoardColumn>,
    /// The ids of its ticket types.
    pub ticket_types: Vec<String>,
    /// The first tickets.
    pub samples: Vec<SampleTicket>,
    /// What is not taken, by kind.
    pub not_taken: Vec<NotTaken>,
    /// Lines that cannot be imported, at most 1,000.
    pub bad_lines: Vec<BadLine>,
    /// Values that are left out, at most 1,000.
    pub warnings: Vec<BadLine>,
}

/// A ticket of a preview.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct SampleTicket {
    /// Its id in the other tracker.
    pub reference: String,
    /// The title.
    pub title: String,
    /// Its state there.
    pub state: String,
    /// Its column here.
    pub status: String,
    /// The priority.
    pub priority: String,
    /// When it was created.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: jiff::Timestamp,
    /// When it was finished.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<jiff::Timestamp>,
}

/// The answer of an import.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ImportAnswer {
    /// The format.
    pub format: Format,
    /// Whether it was undone.
    pub dry_run: bool,
    /// What was done, or would be.
    pub outcome: Outcome,
    /// What each name became, at most 1,000 of a kind.
    pub mapping: MappedNames,
    /// What was not taken, by kind.
    pub not_taken: Vec<NotTaken>,
    /// Lines that could not be imported, at most 1,000.
    pub bad_lines: Vec<BadLine>,
    /// Values that were left out, at most 1,000.
    pub warnings: Vec<BadLine>,
}

/// What importing a file would do, with the mapping that it would use.
pub async fn preview_file(db: &Db, caller: &Caller, workflow: &str, input: ImportFile) -> Result<ImportPreview> {
    let board = board_of_workflow(db, caller, workflow).await?;
    let mapping = input.mapping.clone();
    let mut batch = parse(input).await?;
    let mapped = board.map(&batch, &mapping, UnknownPeople::Text)?;
    let references: Vec<String> = batch.tickets.iter().map(|ticket| ticket.reference.clone()).collect();
    let existing = db.call(sql_fn!(count_imported(caller: caller.to_sql(), workflow, refs: references))).await?;
    let states: Vec<String> = batch.tickets.iter().take(SAMPLES).map(|ticket| ticket.state.clone()).collect();
    let comments = batch.tickets.iter().map(|ticket| ticket.comments.len() as u64).sum();
    let has_moves = batch.tickets.iter().any(|ticket| !ticket.moves.is_empty());
    let planned = plan(&mut batch, &board, &mapped.mapping());
    let samples = planned.items.iter().zip(states).map(|(item, state)| SampleTicket {
        reference: item.reference.clone(),
        title: item.title.clone(),
        state,
        status: item.status.clone(),
        priority: item.priority.to_owned(),
        created_at: item.created_at,
        closed_at: item.closed_at,
    });
    Ok(ImportPreview {
        format: batch.format,
        looks_like: batch.format.description().to_owned(),
        tickets: planned.items.len() as u64,
        comments,
        existing,
        has_moves,
        milestones: planned.milestones,
        mapping: mapped.shortened(MAX_SHOWN),
        columns: board.columns,
        ticket_types: board.types.into_iter().map(|(id, _)| id).collect(),
        samples: samples.collect(),
        not_taken: batch.not_taken.list(),
        bad_lines: first(batch.bad),
        warnings: first(batch.warnings),
    })
}

/// Imports a file into a workflow. People are mapped to members or kept as text; nobody is added.
pub async fn import_file(db: &Db, caller: &Caller, workflow: &str, input: ImportFile) -> Result<ImportAnswer> {
    let board = board_of_workflow(db, caller, workflow).await?;
    let (mapping, update, strict, dry_run) = (input.mapping.clone(), input.update, input.strict, input.dry_run);
    let mut batch = parse(input).await?;
    if strict && let Some(line) = batch.bad.first().or(batch.warnings.first()) {
        let (lines, values) = (batch.not_taken.count("invalid lines"), batch.not_taken.count("invalid values"));
        let rule =
            format!("has {lines} invalid lines and {values} invalid values, of which `strict` allows none: {line}");
        return Err(Error::invalid("content", rule));
    }
    let mapped = board.map(&batch, &mapping, UnknownPeople::Text)?;
    let Plan { items, milestones, .. } = plan(&mut batch, &board, &mapped.mapping());
    let call = sql_fn!(import_file(
        caller: caller.to_sql(),
        workflow,
        items: Json(&items),
        update_existing: update,
        dry_run: dry_run,
        milestones: Json(&milestones),
    ));
    let outcome: Outcome = db.for_long_work().call(call).await?;
    if !dry_run {
        finish(db, &outcome).await;
    }
    Ok(ImportAnswer {
        format: batch.format,
        dry_run,
        outcome,
        mapping: mapped.shortened(MAX_SHOWN),
        not_taken: batch.not_taken.list(),
        bad_lines: first(batch.bad),
        warnings: first(batch.warnings),
    })
}

/// How far the running import into a workflow is.
pub async fn progress(db: &Db, caller: &Caller, workflow: &str) -> Result<ImportProgress> {
    db.call(sql_fn!(get_import_progress(caller: caller.to_sql(), workflow))).await
}

fn first(mut lines: Vec<BadLine>) -> Vec<BadLine> {
    lines.truncate(MAX_SHOWN);
    lines
}

/// Parses the file of a request, on a thread that may be busy for a while.
async fn parse(input: ImportFile) -> Result<Batch> {
    let work = move || {
        let (field, bytes) = match (input.content, input.content_base64) {
            (Some(text), None) => ("content", text.into_bytes()),
            (None, Some(text)) => {
                let bytes =
                    STANDARD.decode(text.trim()).map_err(|_| Error::invalid("content_base64", "must be Base64"))?;
                ("content_base64", bytes)
            }
            (Some(_), Some(_)) => {
                return Err(Error::invalid("content_base64", "must not be given together with content"));
            }
            (None, None) => return Err(Error::invalid("content", "or content_base64 must be given")),
        };
        let name = input.file_name.unwrap_or_default();
        let files = Files::of_bytes(&name, bytes).map_err(|why| Error::invalid(field, why))?;
        let format = input.format.or_else(|| Format::recognise(&files)).ok_or_else(|| {
            Error::invalid(
                field,
                "is of no known format; name it in `format` if it is one of those that can be imported",
            )
        })?;
        format.read(&files).map_err(|why| Error::invalid(field, why))
    };
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.to_string()))?
}
