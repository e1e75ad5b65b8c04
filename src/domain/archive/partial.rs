//! What an interrupted export has left, and how much of it still holds.
//!
//! Each workflow is read in a snapshot of its own, so those that are complete stay. Of the workflow in which the export was
//! interrupted, chunks of history stay as far as the streams in them have not changed since: history only grows. The rest is read
//! again. What stays is byte for byte what an export from the beginning would write.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use flate2::bufread::GzDecoder;
use serde::Deserialize;

use super::encode::Encoder;
use super::scope::Scope;
use super::{
    Chunk, ChunkHeader, HISTORY, Limits, MANIFEST, MAX_CHUNK_BYTES, MAX_CHUNK_LINES, Opening, Part, Reader, VERSION,
    sha256,
};
use crate::db::Db;
use crate::db::session::{Mode, Session};
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// A chunk of the file.
#[derive(Debug)]
struct Seen {
    /// Where it ends in the file.
    end: u64,
    workflow: Option<String>,
    section: String,
    /// Whether it holds as much as a chunk can, so that it stays as it is when its section goes on.
    is_full: bool,
    /// Of history: the streams in it, each with its first and last number.
    streams: Vec<(String, i64, i64)>,
}

/// What is in a file.
#[derive(Debug, Default)]
pub struct Scan {
    schema: i64,
    start: u64,
    chunks: Vec<Seen>,
}

/// What stays of it.
#[derive(Debug)]
pub struct Kept {
    /// Where new bytes go.
    pub length: u64,
    /// Knows what was written.
    pub encoder: Encoder,
    /// How many workflows are complete.
    pub workflows: usize,
    /// Of the next workflow: the last event, and how many there are.
    pub history: Option<(String, i64, u64)>,
}

/// Looks through the file up to the first part that is not complete.
pub fn scan(file: &mut File) -> io::Result<Scan> {
    file.seek(SeekFrom::Start(0))?;
    let mut input = Counting { inner: BufReader::with_capacity(1 << 16, file), read: 0 };
    let mut scan = Scan::default();
    let Some(first) = next_member(&mut input)? else { return Ok(scan) };
    let Ok(opening) = serde_json::from_slice::<Opening>(&first) else { return Ok(scan) };
    if opening.callboard_archive != VERSION {
        return Ok(scan);
    }
    (scan.schema, scan.start) = (opening.schema, input.read);
    while let Some(text) = next_member(&mut input)? {
        let Some(seen) = read_chunk(&text, scan.chunks.len() as u64 + 1, input.read) else { break };
        scan.chunks.push(seen);
    }
    Ok(scan)
}

/// A reader that knows how far it has come.
struct Counting<R> {
    inner: R,
    read: u64,
}

impl<R: BufRead> Read for Counting<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)?;
        self.read += read as u64;
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counting<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.read += amount as u64;
        self.inner.consume(amount);
    }
}

/// The next gzip member; none at the end, and none if it is not complete.
fn next_member(input: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    const MAX: u64 = (MAX_CHUNK_BYTES as u64) + (20 << 20);
    if input.fill_buf()?.is_empty() {
        return Ok(None);
    }
    let mut text = Vec::new();
    match GzDecoder::new(input).take(MAX + 1).read_to_end(&mut text) {
        Ok(_) if text.len() as u64 <= MAX => Ok(Some(text)),
        _ => Ok(None),
    }
}

#[derive(Deserialize)]
struct Event {
    stream_id: String,
    seq: i64,
}

fn read_chunk(text: &[u8], number: u64, end: u64) -> Option<Seen> {
    let split = text.iter().position(|byte| *byte == b'\n')? + 1;
    let (line, rows) = text.split_at(split);
    let header: ChunkHeader = serde_json::from_slice(line).ok()?;
    if header.chunk != number || header.sha256 != sha256(rows) {
        return None;
    }
    let mut streams: Vec<(String, i64, i64)> = Vec::new();
    if header.section == HISTORY {
        for row in rows.split(|byte| *byte == b'\n').filter(|row| !row.is_empty()) {
            let event: Event = serde_json::from_slice(row).ok()?;
            match streams.last_mut() {
                Some((stream, _, last)) if *stream == event.stream_id && *last + 1 == event.seq => *last = event.seq,
                _ => streams.push((event.stream_id, event.seq, event.seq)),
            }
        }
    }
    Some(Seen {
        end,
        workflow: header.workflow,
        section: header.section,
        is_full: header.lines == MAX_CHUNK_LINES || rows.len() >= MAX_CHUNK_BYTES,
        streams,
    })
}

/// Decides what stays of a file, for the export of `scope` from a database with this newest migration. None if nothing does.
pub async fn keep(
    db: &Db,
    caller: &Caller,
    scope: &Scope,
    schema: i64,
    scan: &Scan,
    file: &mut File,
) -> Result<Option<Kept>> {
    if scan.schema != schema || scan.chunks.is_empty() {
        return Ok(None);
    }
    // The workflows in the file, with the number of chunks before each.
    let mut blocks: Vec<(Option<&str>, usize)> = Vec::new();
    for (at, chunk) in scan.chunks.iter().enumerate() {
        let workflow = chunk.workflow.as_deref();
        if blocks.last().is_none_or(|(known, _)| *known != workflow) {
            blocks.push((workflow, at));
        }
    }
    let wanted = scope.workflows.iter().map(|id| Some(id.as_str())).chain([None]);
    if blocks.len() > scope.workflows.len() + 1
        || !blocks.iter().zip(wanted).all(|((found, _), wanted)| *found == wanted)
    {
        return Ok(None);
    }
    let Some((last, before)) = blocks.pop() else { return Ok(None) };
    let workflows = blocks.len();
    let mut kept = before;
    let mut history = None;
    if let Some(workflow) = last {
        let streams = streams(&db.session(Mode::Snapshot).await?, caller, workflow).await?;
        let chunks = scan.chunks.get(before..).unwrap_or_default();
        let count = unchanged(chunks, &streams);
        kept += count;
        if let Some((stream, _, seq)) = count.checked_sub(1).and_then(|at| chunks.get(at)?.streams.last()) {
            history = Some((stream.clone(), *seq));
        }
    }
    let length = kept.checked_sub(1).and_then(|at| scan.chunks.get(at)).map_or(scan.start, |chunk| chunk.end);
    if kept == 0 {
        return Ok(None);
    }
    let (encoder, chunks, events) = replay(file, length, schema, last.filter(|_| history.is_some()))?;
    if chunks != kept {
        return Ok(None);
    }
    Ok(Some(Kept { length, encoder, workflows, history: history.map(|(stream, seq)| (stream, seq, events)) }))
}

/// How many of a workflow's first chunks are full chunks of history in which each stream is as it is now: complete, or, in the end,
/// the beginning of one.
fn unchanged(chunks: &[Seen], streams: &[(String, i64, i64)]) -> usize {
    let mut streams = streams.iter();
    let mut current = streams.next();
    let mut next = current.map_or(0, |(_, pruned, _)| pruned + 1);
    for (at, chunk) in chunks.iter().enumerate() {
        if chunk.section != HISTORY || !chunk.is_full {
            return at;
        }
        for (stream, first, last) in &chunk.streams {
            if let Some((_, _, top)) = current
                && next > *top
            {
                current = streams.next();
                next = current.map_or(0, |(_, pruned, _)| pruned + 1);
            }
            match current {
                Some((id, _, top)) if id == stream && *first == next && last <= top => next = last + 1,
                _ => return at,
            }
        }
    }
    chunks.len()
}

/// The streams of a workflow that have events: id, the number before the first, the last.
async fn streams(session: &Session, caller: &Caller, workflow: &str) -> Result<Vec<(String, i64, i64)>> {
    let mut found = Vec::new();
    session
        .each(sql_fn!(list_archive_streams(caller: caller.to_sql(), workflow)), async |row| {
            found.push((row.try_get(0)?, row.try_get(1)?, row.try_get(2)?));
            Ok(())
        })
        .await?;
    Ok(found)
}

/// An encoder that has written the first bytes of a file, and how many chunks, and events of the workflow, are in them.
fn replay(file: &mut File, length: u64, schema: i64, workflow: Option<&str>) -> Result<(Encoder, usize, u64)> {
    let unreadable =
        |error: io::Error| Error::Setup(format!("The file of the interrupted export cannot be read: {error}."));
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;
    let (mut encoder, _) = Encoder::begin(schema)?;
    let (mut chunks, mut events) = (0, 0);
    let input = BufReader::with_capacity(1 << 16, file.take(length));
    let mut reader = Reader::open(input, Limits { max_bytes: u64::MAX })?;
    // The end of the kept part reads as one that was cut off.
    while let Ok(Part::Chunk(Chunk { header, rows })) = reader.next_part() {
        chunks += 1;
        encoder.account(header.workflow.as_deref(), &header.section, rows.as_bytes(), header.lines)?;
        if workflow.is_some() && header.workflow.as_deref() == workflow && header.section != MANIFEST {
            events += header.lines;
        }
    }
    Ok((encoder, chunks, events))
}
