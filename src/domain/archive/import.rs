//! Reading an archive into a database: first all of its hashes, then its chunks into tables where nothing else sees them, then
//! everything in one transaction.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

use super::{Chunk, HISTORY, Limits, Part, Reader, SectionEntry, refused};
use crate::db::Db;
use crate::db::session::Mode;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// Months that history may be about; more are not a workflow's.
const MAX_MONTHS: usize = 2_000;

/// What an archive says that it is. Its hashes are right.
#[derive(Debug, Clone)]
pub struct Contents {
    /// SHA-256 of its lines.
    pub digest: String,
    /// The newest migration of the database that it is from.
    pub schema: i64,
    /// Its sections.
    pub sections: Vec<SectionEntry>,
    /// The months in which its events happened.
    months: BTreeSet<String>,
    limits: Limits,
}

impl Contents {
    /// The number of its rows.
    pub fn rows(&self) -> u64 {
        self.sections.iter().map(|section| section.lines).sum()
    }
}

/// A workflow that was imported.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportedWorkflow {
    /// Its id here.
    pub workflow_id: String,
    /// Its name.
    pub name: String,
    /// The number of its tickets.
    pub tickets: u64,
    /// The number of its events.
    pub events: u64,
}

/// The result of an import.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Imported {
    /// The workflows, by name.
    pub workflows: Vec<ImportedWorkflow>,
    /// Ids that were taken, so that rows have other ones here.
    pub ids_replaced: u64,
    /// People, agents and services that were here already.
    pub people_found: u64,
    /// Those that were created.
    pub people_created: u64,
    /// The accounts among them, which have no password yet.
    pub accounts_created: u64,
    /// Those that have another id here.
    pub people_renamed: u64,
}

/// The first half of it, before the sections are written.
#[derive(Deserialize)]
struct People {
    people_found: u64,
    people_created: u64,
    accounts_created: u64,
    people_renamed: u64,
}

#[derive(Deserialize)]
struct Finished {
    workflows: Vec<ImportedWorkflow>,
    ids_replaced: u64,
}

#[derive(Deserialize)]
struct Dated<'a> {
    #[serde(borrow)]
    changed_at: std::borrow::Cow<'a, str>,
}

/// A file that counts what was read of it.
struct Counted {
    file: File,
    read: Arc<AtomicU64>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(out)?;
        self.read.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

fn open(path: &Path, limits: Limits, read: Arc<AtomicU64>) -> Result<Reader<'static>> {
    let file = File::open(path)
        .map_err(|error| Error::Setup(format!("The file {} cannot be read: {error}.", path.display())))?;
    Reader::open(BufReader::with_capacity(1 << 16, Counted { file, read }), limits)
}

/// Reads the whole file and checks all of its hashes. `read` counts bytes of the file.
pub async fn verify(path: &Path, limits: Limits, read: Arc<AtomicU64>) -> Result<Contents> {
    let path = path.to_owned();
    blocking(move || {
        let mut reader = open(&path, limits, read)?;
        let schema = reader.opening.schema;
        let mut months = BTreeSet::new();
        loop {
            match reader.next_part()? {
                Part::Chunk(chunk) if chunk.header.section == HISTORY => add_months(&chunk, &mut months)?,
                Part::Chunk(_) => {}
                Part::End { digest, sections } => return Ok(Contents { digest, schema, sections, months, limits }),
            }
        }
    })
    .await
}

fn add_months(chunk: &Chunk, months: &mut BTreeSet<String>) -> Result<()> {
    for row in chunk.rows.lines() {
        let dated: Dated<'_> =
            serde_json::from_str(row).map_err(|_| refused("A row of the archive's section history has no time."))?;
        let month = dated.changed_at.get(..7).unwrap_or_default();
        if !months.contains(month) {
            months.insert(month.to_owned());
        }
        if months.len() > MAX_MONTHS {
            return Err(refused(format!("The archive has events of more than {MAX_MONTHS} months.")));
        }
    }
    Ok(())
}

/// Imports the file. `staged` and `written` count rows that have arrived, and rows that have become part of a workflow.
pub async fn import(
    db: &Db,
    caller: &Caller,
    path: &Path,
    contents: &Contents,
    staged: impl Fn(u64),
    written: impl Fn(&str, u64),
) -> Result<Imported> {
    stage(db, caller, path, contents, staged).await?;
    let months: Vec<&str> = contents.months.iter().map(String::as_str).collect();
    let _: i64 = db.scalar(sql_fn!(create_archive_partitions(caller: caller.to_sql(), months: months))).await?;
    let digest = contents.digest.as_str();
    let session = db.session(Mode::Write).await?;
    let people: People = session.call(sql_fn!(begin_archive_import(caller: caller.to_sql(), digest: digest))).await?;
    let mut rows = 0;
    for entry in &contents.sections {
        let (workflow, section) = (entry.workflow.as_deref(), entry.section.as_str());
        written(section, rows);
        let call = sql_fn!(import_archive_section(caller: caller.to_sql(), digest: digest, workflow: workflow, section: section));
        let _: i64 = session.scalar(call).await?;
        rows += entry.lines;
    }
    written("checks", rows);
    let finished: Finished =
        session.call(sql_fn!(finish_archive_import(caller: caller.to_sql(), digest: digest))).await?;
    session.commit().await?;
    Ok(Imported {
        workflows: finished.workflows,
        ids_replaced: finished.ids_replaced,
        people_found: people.people_found,
        people_created: people.people_created,
        accounts_created: people.accounts_created,
        people_renamed: people.people_renamed,
    })
}

/// Brings the chunks to the database that have not arrived yet.
async fn stage(db: &Db, caller: &Caller, path: &Path, contents: &Contents, staged: impl Fn(u64)) -> Result<()> {
    let digest = contents.digest.clone();
    let schema_version = contents.schema;
    let call = sql_fn!(stage_archive(caller: caller.to_sql(), digest: digest, schema_version: schema_version));
    let arrived: i64 = db.scalar(call).await?;
    let (sender, mut receiver) = tokio::sync::mpsc::channel::<Chunk>(2);
    let (path, limits) = (path.to_owned(), contents.limits);
    let reading = tokio::task::spawn_blocking(move || {
        let mut reader = open(&path, limits, Arc::default())?;
        loop {
            match reader.next_part()? {
                // The other side has failed, which is reported there.
                Part::Chunk(chunk) => {
                    if sender.blocking_send(chunk).is_err() {
                        return Ok(String::new());
                    }
                }
                Part::End { digest, .. } => return Ok(digest),
            }
        }
    });
    let mut rows = 0;
    while let Some(Chunk { header, rows: lines }) = receiver.recv().await {
        let place = i64::try_from(header.chunk).unwrap_or(i64::MAX);
        if place > arrived {
            let (workflow, section, lines) =
                (header.workflow.as_deref(), header.section.as_str(), lines.trim_end_matches('\n'));
            let call = sql_fn!(stage_archive_chunk(caller: caller.to_sql(), digest: digest, place: place, workflow: workflow, section: section, lines: lines));
            let _: i64 = db.scalar(call).await?;
        }
        rows += header.lines;
        staged(rows);
    }
    let read: Result<String> = reading.await.map_err(|_| Error::Internal("reading the archive failed".to_owned()))?;
    if read? != contents.digest {
        return Err(refused("The file was changed while it was read."));
    }
    Ok(())
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Internal("reading the archive failed".to_owned()))?
}
