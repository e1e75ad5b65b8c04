//! Exports of history, which are verified against a checkpoint without a database.
//!
//! An export is a text file. A line that is a JSON object begins a stream and states the hash before its first row; each line that
//! is a JSON array is a row, exactly as the chain hashes it.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use super::checkpoint::Checkpoint;
use super::{BrokenRow, Chain, from_hex, hex};
use crate::db::Db;
use crate::{Error, Result, sql_fn};

/// The format of the file.
const FORMAT: &str = "callboard-history/1";
/// Rows that are read by one statement.
const PAGE_SIZE: i32 = 2000;
/// The longest line that is read: larger than any row of history.
const MAX_LINE: usize = 256 << 20;

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
}

#[derive(Serialize, Deserialize)]
struct StreamHeader {
    stream: String,
    /// The row before the first one, and the hash there.
    cut_seq: i64,
    cut_hash: String,
}

/// What was exported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Streams.
    pub streams: u64,
    /// Rows.
    pub events: u64,
}

/// Writes the history of all streams, or of a workflow's, as far as it is chained, after it has chained what is committed.
pub async fn write(db: &Db, workflow: Option<&str>, out: &mut impl Write, on_progress: impl Fn(u64)) -> Result<Counts> {
    super::seal_all(db).await?;
    let unwritten = |error: std::io::Error| Error::Setup(format!("The export cannot be written: {error}."));
    writeln!(out, "{{\"format\":\"{FORMAT}\"}}").map_err(unwritten)?;
    let mut counts = Counts::default();
    super::for_each_chain(db, workflow, async |chain| {
        let Chain { stream, cut_seq, cut_hash, seq, .. } = chain;
        let header = StreamHeader { stream: stream.clone(), cut_seq, cut_hash };
        let header = serde_json::to_string(&header).map_err(|error| Error::Internal(error.to_string()))?;
        writeln!(out, "{header}").map_err(unwritten)?;
        counts.streams += 1;
        let mut after = cut_seq;
        while after < seq {
            let call = sql_fn!(export_history_lines(stream: stream, after_seq: after, up_to: seq, max_rows: PAGE_SIZE));
            let lines: Vec<String> = db.call(call).await?;
            for line in &lines {
                writeln!(out, "{line}").map_err(unwritten)?;
            }
            counts.events += u64::try_from(lines.len()).unwrap_or_default();
            on_progress(counts.events);
            match lines.last().and_then(|line| number(line.as_bytes())) {
                Some(last) => after = last,
                None => break,
            }
        }
        Ok(())
    })
    .await?;
    out.flush().map_err(unwritten)?;
    Ok(counts)
}

/// The number of a row: the second element of its array.
fn number(line: &[u8]) -> Option<i64> {
    // The array is read only as far as needed: (stream, number, …).
    let row: Vec<&serde_json::value::RawValue> = serde_json::from_slice(line).ok()?;
    row.get(1)?.get().parse().ok()
}

/// A stream that is being read.
struct Reading {
    stream: String,
    seq: i64,
    hash: Vec<u8>,
    is_broken: bool,
}

/// The result of verifying an export.
#[derive(Debug, Clone, Serialize)]
pub struct Verified {
    /// What the export contains.
    #[serde(flatten)]
    pub counts: Counts,
    /// Streams of the checkpoint that the export proves.
    pub proved: u64,
    /// Streams of the checkpoint that the export does not contain.
    pub absent: u64,
    /// The first row of each stream from which on the export is not what was signed.
    pub broken_rows: Vec<BrokenRow>,
}

/// Verifies an export: its rows follow each other, and at the number of the checkpoint the chain has the signed hash.
pub fn verify(mut input: impl BufRead, checkpoint: &Checkpoint) -> Result<Verified> {
    let invalid = |why: String| Error::Setup(format!("The file is not an export of history: {why}."));
    let mut result = Verified { counts: Counts::default(), proved: 0, absent: 0, broken_rows: Vec::new() };
    let mut seen = BTreeSet::new();
    let mut open: Option<Reading> = None;
    let (mut line, mut count) = (Vec::new(), 0_u64);
    loop {
        line.clear();
        let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX);
        let read = std::io::Read::take(&mut input, limit).read_until(b'\n', &mut line);
        if read.map_err(|error| invalid(error.to_string()))? == 0 {
            break;
        }
        count += 1;
        if line.pop() != Some(b'\n') {
            return Err(invalid(format!("line {count} has no end, so the file is not whole")));
        }
        if count == 1 {
            let header: Option<Header> = serde_json::from_slice(&line).ok();
            if header.is_none_or(|header| header.format != FORMAT) {
                return Err(invalid("its first line is another".to_owned()));
            }
        } else if line.first() == Some(&b'{') {
            let header: StreamHeader =
                serde_json::from_slice(&line).map_err(|_| invalid(format!("line {count} does not begin a stream")))?;
            let hash = from_hex(&header.cut_hash).ok_or_else(|| invalid(format!("line {count} has no hash")))?;
            close(open.take(), checkpoint, &mut result);
            result.counts.streams += 1;
            seen.insert(header.stream.clone());
            let starts_whole = header.cut_seq > 0 || hash == super::chain_start(&header.stream);
            let reading = Reading { stream: header.stream, seq: header.cut_seq, hash, is_broken: !starts_whole };
            if !starts_whole {
                result.broken_rows.push(broken(&reading.stream, 1, "the chain does not begin with its stream"));
            }
            open = Some(step(reading, checkpoint, &mut result));
        } else {
            let reading = open.as_mut().ok_or_else(|| invalid(format!("line {count} belongs to no stream")))?;
            result.counts.events += 1;
            let found = number(&line).ok_or_else(|| invalid(format!("line {count} is not a row")))?;
            if found != reading.seq + 1 && !reading.is_broken {
                reading.is_broken = true;
                result.broken_rows.push(broken(&reading.stream, reading.seq + 1, "the row is missing"));
            }
            let mut next = Context::new(&SHA256);
            next.update(&reading.hash);
            next.update(&line);
            reading.hash = next.finish().as_ref().to_vec();
            reading.seq = found;
            if let Some(reading) = open.take() {
                open = Some(step(reading, checkpoint, &mut result));
            }
        }
    }
    close(open.take(), checkpoint, &mut result);
    result.absent =
        u64::try_from(checkpoint.streams.keys().filter(|stream| !seen.contains(*stream)).count()).unwrap_or_default();
    Ok(result)
}

/// Compares the chain with the checkpoint when it is at its number.
fn step(mut reading: Reading, checkpoint: &Checkpoint, result: &mut Verified) -> Reading {
    match checkpoint.streams.get(&reading.stream) {
        Some((seq, hash)) if *seq == reading.seq && !reading.is_broken => {
            if hex(&reading.hash) == *hash {
                result.proved += 1;
            } else {
                reading.is_broken = true;
                let why = "the rows up to this one are not those that the checkpoint signed";
                result.broken_rows.push(broken(&reading.stream, reading.seq, why));
            }
        }
        _ => {}
    }
    reading
}

/// A stream that ends before its checkpoint lacks rows.
fn close(reading: Option<Reading>, checkpoint: &Checkpoint, result: &mut Verified) {
    let Some(reading) = reading.filter(|reading| !reading.is_broken) else { return };
    if let Some((seq, _)) = checkpoint.streams.get(&reading.stream)
        && reading.seq < *seq
    {
        result.broken_rows.push(broken(&reading.stream, reading.seq + 1, "the row is missing"));
    }
}

fn broken(stream: &str, seq: i64, why: &str) -> BrokenRow {
    BrokenRow { stream_id: stream.to_owned(), seq, why: why.to_owned() }
}
