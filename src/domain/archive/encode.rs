//! From rows to chunks.

use std::io::Write;

use aws_lc_rs::digest::{Context, SHA256};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Serialize;

use super::{ChunkHeader, Closing, MANIFEST, MAX_CHUNK_LINES, Opening, SectionEntry, VERSION, hex, sha256};
use crate::{Error, Result};

/// Makes the bytes of an archive. Each chunk is a gzip member of its own; together they are one gzip file. Equal rows give equal
/// bytes: nothing states a time, a name or an order that is not in the rows.
pub struct Encoder {
    whole: Context,
    section: Context,
    current: Option<SectionEntry>,
    entries: Vec<SectionEntry>,
    chunks: u64,
}

impl std::fmt::Debug for Encoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Encoder after chunk {}", self.chunks)
    }
}

impl Encoder {
    /// Begins an archive of a database with this newest migration; returns the first bytes.
    pub fn begin(schema: i64) -> Result<(Self, Vec<u8>)> {
        let mut encoder = Self {
            whole: Context::new(&SHA256),
            section: Context::new(&SHA256),
            current: None,
            entries: Vec::new(),
            chunks: 0,
        };
        let line = line_of(&Opening { callboard_archive: VERSION, schema })?;
        encoder.whole.update(&line);
        let bytes = member(&[&line])?;
        Ok((encoder, bytes))
    }

    /// The next chunk: rows of a section, each with its line break. All chunks of a section follow each other.
    pub fn chunk(&mut self, workflow: Option<&str>, section: &str, rows: &[u8], lines: u64) -> Result<Vec<u8>> {
        let header = self.account(workflow, section, rows, lines)?;
        member(&[&header, rows])
    }

    /// Counts a chunk that was written before; returns its header.
    pub fn account(&mut self, workflow: Option<&str>, section: &str, rows: &[u8], lines: u64) -> Result<Vec<u8>> {
        let goes_on = self
            .current
            .as_ref()
            .is_some_and(|entry| entry.workflow.as_deref() == workflow && entry.section == section);
        if !goes_on {
            self.end_section();
            self.current = Some(SectionEntry {
                workflow: workflow.map(str::to_owned),
                section: section.to_owned(),
                lines: 0,
                sha256: String::new(),
            });
        }
        self.chunks += 1;
        self.section.update(rows);
        if let Some(entry) = &mut self.current {
            entry.lines += lines;
        }
        let header = line_of(&ChunkHeader {
            chunk: self.chunks,
            workflow: workflow.map(str::to_owned),
            section: section.to_owned(),
            lines,
            sha256: sha256(rows),
        })?;
        self.whole.update(&header);
        self.whole.update(rows);
        Ok(header)
    }

    /// The sections so far.
    pub fn entries(&mut self) -> &[SectionEntry] {
        self.end_section();
        &self.entries
    }

    /// Ends the archive; returns the last bytes, and the SHA-256 that the last line states.
    pub fn finish(mut self) -> Result<(Vec<u8>, String)> {
        let mut bytes = Vec::new();
        let entries = self.entries().to_vec();
        for part in entries.chunks(usize::try_from(MAX_CHUNK_LINES).unwrap_or(usize::MAX)) {
            let mut rows = Vec::new();
            for entry in part {
                rows.extend(line_of(entry)?);
            }
            bytes.extend(self.chunk(None, MANIFEST, &rows, part.len() as u64)?);
        }
        let digest = hex(self.whole);
        bytes.extend(member(&[&line_of(&Closing { sha256: digest.clone() })?])?);
        Ok((bytes, digest))
    }

    fn end_section(&mut self) {
        let hash = std::mem::replace(&mut self.section, Context::new(&SHA256));
        if let Some(entry) = self.current.take() {
            self.entries.push(SectionEntry { sha256: hex(hash), ..entry });
        }
    }
}

/// A value as a line.
fn line_of(value: &impl Serialize) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(value).map_err(|error| Error::Internal(error.to_string()))?;
    line.push(b'\n');
    Ok(line)
}

/// A gzip member, without a time.
fn member(parts: &[&[u8]]) -> Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    parts
        .iter()
        .try_for_each(|part| encoder.write_all(part))
        .and_then(|()| encoder.finish())
        .map_err(|error| Error::Internal(error.to_string()))
}
