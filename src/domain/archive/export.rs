//! Reading a workflow or a server as an archive.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::encode::Encoder;
use super::partial::Kept;
use super::scope::Scope;
use super::{HISTORY, MAX_CHUNK_BYTES, MAX_CHUNK_LINES, SectionEntry};
use crate::db::Db;
use crate::db::session::{Mode, Session};
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// Rows that one call reads.
const PAGE_SIZE: i64 = 10_000;

/// How far an export has come with a workflow.
#[derive(Debug, Clone)]
pub struct Progress<'a> {
    /// Its name.
    pub name: &'a str,
    /// The section that is being read.
    pub section: &'a str,
    /// The rows that are written.
    pub rows: u64,
    /// About how many there are.
    pub of: u64,
}

/// A finished archive.
#[derive(Debug)]
pub struct Written {
    /// SHA-256 of its lines, as its last line states it.
    pub digest: String,
    /// Its sections.
    pub sections: Vec<SectionEntry>,
    /// Streams whose history is not complete, at most 100 of each workflow: the archive cannot be imported.
    pub gaps: Vec<Gap>,
}

/// A place at which the history of a stream is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The stream.
    pub stream_id: String,
    /// The first number that is missing or repeated.
    pub seq: i64,
}

/// A workflow that is about to be exported.
#[derive(Debug, Deserialize)]
pub struct Prepared {
    /// Its name.
    pub name: String,
    /// About how many rows it has.
    pub rows: u64,
}

/// Checks that the caller may export a workflow.
pub async fn check_access(db: &Db, caller: &Caller, workflow: &str) -> Result<()> {
    let _: bool = db.scalar(sql_fn!(check_archive_access(caller: caller.to_sql(), workflow))).await?;
    Ok(())
}

/// The same, and prepares the workflow.
pub async fn prepare(db: &Db, caller: &Caller, workflow: &str) -> Result<Prepared> {
    db.call(sql_fn!(prepare_archive(caller: caller.to_sql(), workflow))).await
}

/// The newest migration of the database.
pub async fn schema(db: &Db) -> Result<i64> {
    db.scalar(sql_fn!(get_archive_schema())).await
}

/// Writes an archive to `sink`, after what was `kept` of an interrupted export.
pub async fn write(
    db: &Db,
    caller: &Caller,
    scope: &Scope,
    kept: Option<Kept>,
    sink: impl AsyncFnMut(Vec<u8>) -> Result<()>,
    progress: impl Fn(Progress<'_>),
) -> Result<Written> {
    let mut writer = Writer { caller, sink, progress, encoder: None, rows: 0, of: 0, gaps: Vec::new() };
    let (mut done, mut history) = (0, None);
    match kept {
        Some(kept) => {
            (writer.encoder, done, history) = (Some(kept.encoder), kept.workflows, kept.history);
        }
        None => {
            let (encoder, bytes) = Encoder::begin(schema(db).await?)?;
            writer.encoder = Some(encoder);
            (writer.sink)(bytes).await?;
        }
    }
    for (number, workflow) in scope.workflows.iter().enumerate() {
        if number < done {
            // Written before the interruption.
            let gaps: Vec<Gap> = db.call(sql_fn!(list_archive_gaps(caller: caller.to_sql(), workflow))).await?;
            writer.gaps.extend(gaps);
            continue;
        }
        let prepared = prepare(db, caller, workflow).await?;
        writer.of = prepared.rows;
        let session = db.session(Mode::Snapshot).await?;
        writer.block(&session, Some(workflow), &prepared.name, history.take()).await?;
        let gaps: Vec<Gap> = session.call(sql_fn!(list_archive_gaps(caller: caller.to_sql(), workflow))).await?;
        writer.gaps.extend(gaps);
        session.commit().await?;
    }
    if scope.server {
        let session = db.session(Mode::Snapshot).await?;
        writer.block(&session, None, "the server", None).await?;
        session.commit().await?;
    }
    writer.finish().await
}

struct Writer<'a, S, P> {
    caller: &'a Caller,
    sink: S,
    progress: P,
    encoder: Option<Encoder>,
    rows: u64,
    of: u64,
    gaps: Vec<Gap>,
}

impl<S: AsyncFnMut(Vec<u8>) -> Result<()>, P: Fn(Progress<'_>)> Writer<'_, S, P> {
    /// Writes all sections of a workflow, or of the server; of the history what comes after the given event.
    async fn block(
        &mut self,
        session: &Session,
        workflow: Option<&str>,
        name: &str,
        history: Option<(String, i64, u64)>,
    ) -> Result<()> {
        self.rows = history.as_ref().map_or(0, |(_, _, rows)| *rows);
        let of_server = workflow.is_none();
        let sections: Vec<String> = session.scalar(sql_fn!(list_archive_sections(of_server: of_server))).await?;
        for section in &sections {
            let after = match &history {
                Some((stream, seq, _)) if section == HISTORY => {
                    Some(json!({"stream_id": stream, "seq": seq}).to_string())
                }
                _ => None,
            };
            self.section(session, workflow, section, name, after).await?;
        }
        Ok(())
    }

    async fn section(
        &mut self,
        session: &Session,
        workflow: Option<&str>,
        section: &str,
        name: &str,
        mut after: Option<String>,
    ) -> Result<()> {
        let caller = self.caller.to_sql();
        let mut rows = String::new();
        let mut lines = 0;
        loop {
            let mut read = 0;
            let mut last = None;
            let page = sql_fn!(export_archive_lines(caller: caller, workflow: workflow, section: section, after: after, max_rows: PAGE_SIZE));
            session
                .each(page, async |row| {
                    let line: &str = row.try_get(0)?;
                    rows.push_str(line);
                    rows.push('\n');
                    read += 1;
                    lines += 1;
                    if read == PAGE_SIZE {
                        last = Some(line.to_owned());
                    }
                    if lines == MAX_CHUNK_LINES || rows.len() >= MAX_CHUNK_BYTES {
                        self.chunk(workflow, section, name, &std::mem::take(&mut rows), std::mem::take(&mut lines))
                            .await?;
                    }
                    Ok(())
                })
                .await?;
            if last.is_none() {
                break;
            }
            after = last;
        }
        if lines > 0 {
            self.chunk(workflow, section, name, &rows, lines).await?;
        }
        Ok(())
    }

    async fn chunk(&mut self, workflow: Option<&str>, section: &str, name: &str, rows: &str, lines: u64) -> Result<()> {
        if let Some(encoder) = &mut self.encoder {
            let bytes = encoder.chunk(workflow, section, rows.as_bytes(), lines)?;
            (self.sink)(bytes).await?;
        }
        self.rows += lines;
        (self.progress)(Progress { name, section, rows: self.rows, of: self.of.max(self.rows) });
        Ok(())
    }

    async fn finish(mut self) -> Result<Written> {
        let Some(mut encoder) = self.encoder.take() else {
            return Err(crate::Error::Internal("an archive has no beginning".to_owned()));
        };
        let sections = encoder.entries().to_vec();
        let (bytes, digest) = encoder.finish()?;
        (self.sink)(bytes).await?;
        Ok(Written { digest, sections, gaps: self.gaps })
    }
}
