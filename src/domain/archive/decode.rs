//! From the bytes of an archive to chunks. Nothing is believed before its hash was computed, and nothing grows with the file.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, ErrorKind, Read};

use aws_lc_rs::digest::{Context, SHA256};
use flate2::bufread::MultiGzDecoder;
use serde::de::DeserializeOwned;

use super::{
    ChunkHeader, Closing, MANIFEST, MAX_CHUNK_BYTES, MAX_CHUNK_LINES, Opening, SectionEntry, VERSION, hex, refused,
    sha256,
};
use crate::Result;

/// Maximum bytes of a line: the largest row that the database takes is a fraction of it.
const MAX_LINE_BYTES: u64 = 16 << 20;

/// Maximum number of sections; a workflow has about forty.
const MAX_SECTIONS: usize = 4_000_000;

/// What a reader takes at most.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes after decompression.
    pub max_bytes: u64,
}

/// The rows of a chunk.
#[derive(Debug)]
pub struct Chunk {
    /// What they are.
    pub header: ChunkHeader,
    /// The lines, with their line breaks.
    pub rows: String,
}

/// The next part of an archive.
#[derive(Debug)]
pub enum Part {
    /// A chunk with rows.
    Chunk(Chunk),
    /// The end; all hashes are right.
    End {
        /// SHA-256 of the archive, as its last line states it.
        digest: String,
        /// Its sections.
        sections: Vec<SectionEntry>,
    },
}

/// Reads an archive part by part.
pub struct Reader<'a> {
    input: Box<dyn BufRead + Send + 'a>,
    /// The first line.
    pub opening: Opening,
    whole: Context,
    section: Context,
    entries: Vec<SectionEntry>,
    seen: HashSet<(Option<String>, String)>,
    listed: Vec<SectionEntry>,
    chunks: u64,
    bytes: u64,
    limits: Limits,
}

impl std::fmt::Debug for Reader<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reader after chunk {}", self.chunks)
    }
}

impl<'a> Reader<'a> {
    /// Reads the first line. The file may be compressed with gzip or not.
    pub fn open(mut file: impl BufRead + Send + 'a, limits: Limits) -> Result<Self> {
        let start = file.fill_buf().map_err(|error| refused(format!("The file cannot be read: {error}.")))?;
        let input: Box<dyn BufRead + Send + 'a> = if start.starts_with(&[0x1f, 0x8b]) {
            Box::new(BufReader::with_capacity(1 << 16, MultiGzDecoder::new(file)))
        } else {
            Box::new(file)
        };
        let mut reader = Self {
            input,
            opening: Opening { callboard_archive: 0, schema: 0 },
            whole: Context::new(&SHA256),
            section: Context::new(&SHA256),
            entries: Vec::new(),
            seen: HashSet::new(),
            listed: Vec::new(),
            chunks: 0,
            bytes: 0,
            limits,
        };
        let foreign = || refused("This is not an archive of Callboard: its first line does not say so.");
        let mut line = Vec::new();
        // The line of another file may have any length.
        (&mut reader.input).take(1000).read_until(b'\n', &mut line).map_err(|_| foreign())?;
        reader.opening = serde_json::from_slice(&line).map_err(|_| foreign())?;
        if reader.opening.callboard_archive > VERSION {
            return Err(refused(format!(
                "The archive has the format {} of a newer Callboard, and this one reads up to {VERSION}: update it first.",
                reader.opening.callboard_archive
            )));
        }
        if reader.opening.callboard_archive == 0 || !line.ends_with(b"\n") {
            return Err(foreign());
        }
        reader.bytes = line.len() as u64;
        reader.whole.update(&line);
        Ok(reader)
    }

    /// The next chunk of rows, or the end.
    pub fn next_part(&mut self) -> Result<Part> {
        loop {
            let line = self.line()?;
            if let Ok(closing) = serde_json::from_slice::<Closing>(&line) {
                return self.end(closing);
            }
            self.whole.update(&line);
            let header: ChunkHeader = self.parse(&line)?;
            let rows = self.rows(&header)?;
            if header.section == MANIFEST && header.workflow.is_none() {
                self.end_section();
                for row in rows.lines() {
                    let entry = self.parse(row.as_bytes())?;
                    self.listed.push(entry);
                }
                if self.listed.len() > self.entries.len() {
                    return Err(self.damaged("its manifest does not fit its rows"));
                }
                continue;
            }
            self.count(&header, &rows)?;
            return Ok(Part::Chunk(Chunk { header, rows }));
        }
    }

    /// The rows after a header, if their hash is right.
    fn rows(&mut self, header: &ChunkHeader) -> Result<String> {
        if header.chunk != self.chunks + 1 {
            return Err(self.damaged("the next chunk has another number"));
        }
        if header.lines == 0 || header.lines > MAX_CHUNK_LINES {
            return Err(
                self.damaged(&format!("a chunk has 1 to {MAX_CHUNK_LINES} lines, the next one says {}", header.lines))
            );
        }
        let mut rows = Vec::new();
        for line in 0..header.lines {
            if line > 0 && rows.len() >= MAX_CHUNK_BYTES {
                return Err(self.damaged(&format!("the next chunk has more than {} MiB", MAX_CHUNK_BYTES >> 20)));
            }
            rows.extend(self.line()?);
        }
        if sha256(&rows) != header.sha256 {
            return Err(self.damaged(&format!("the SHA-256 of chunk {} is another one", header.chunk)));
        }
        self.chunks += 1;
        self.whole.update(&rows);
        String::from_utf8(rows).map_err(|_| self.damaged("it is not UTF-8"))
    }

    /// Adds rows to their section. Sections do not come twice.
    fn count(&mut self, header: &ChunkHeader, rows: &str) -> Result<()> {
        if !self.listed.is_empty() {
            return Err(self.damaged("rows follow its manifest"));
        }
        let goes_on = self.entries.last().is_some_and(|entry| {
            entry.sha256.is_empty() && entry.workflow == header.workflow && entry.section == header.section
        });
        if !goes_on {
            self.end_section();
            if !self.seen.insert((header.workflow.clone(), header.section.clone())) || self.seen.len() > MAX_SECTIONS {
                return Err(self.damaged(&format!("its section {} comes twice", header.section)));
            }
            self.entries.push(SectionEntry {
                workflow: header.workflow.clone(),
                section: header.section.clone(),
                lines: 0,
                sha256: String::new(),
            });
        }
        self.section.update(rows.as_bytes());
        if let Some(entry) = self.entries.last_mut() {
            entry.lines += header.lines;
        }
        Ok(())
    }

    fn end_section(&mut self) {
        if let Some(entry) = self.entries.last_mut()
            && entry.sha256.is_empty()
        {
            entry.sha256 = hex(std::mem::replace(&mut self.section, Context::new(&SHA256)));
        }
    }

    fn end(&mut self, closing: Closing) -> Result<Part> {
        self.end_section();
        if self.entries.is_empty() || self.listed != self.entries {
            return Err(self.damaged("its manifest does not fit its rows"));
        }
        if hex(self.whole.clone()) != closing.sha256 {
            return Err(self.damaged("its SHA-256 is not the one in its last line"));
        }
        match self.input.fill_buf() {
            Ok([]) => Ok(Part::End { digest: closing.sha256, sections: std::mem::take(&mut self.entries) }),
            _ => Err(self.damaged("something follows its last line")),
        }
    }

    /// The next line, with its line break.
    fn line(&mut self) -> Result<Vec<u8>> {
        let mut line = Vec::new();
        let read = (&mut self.input).take(MAX_LINE_BYTES + 1).read_until(b'\n', &mut line);
        self.bytes += line.len() as u64;
        match read {
            Err(error) if error.kind() == ErrorKind::UnexpectedEof => Err(self.cut_off()),
            Err(error) => Err(self.damaged(&format!("it cannot be decompressed further ({error})"))),
            Ok(_) if line.len() as u64 > MAX_LINE_BYTES => {
                Err(self.damaged(&format!("a line has more than {} MiB", MAX_LINE_BYTES >> 20)))
            }
            Ok(_) if !line.ends_with(b"\n") => Err(self.cut_off()),
            Ok(_) if self.bytes > self.limits.max_bytes => Err(refused(format!(
                "The archive is larger than {} MiB; --max-size lets larger ones in.",
                self.limits.max_bytes >> 20
            ))),
            Ok(_) => Ok(line),
        }
    }

    fn parse<T: DeserializeOwned>(&self, line: &[u8]) -> Result<T> {
        serde_json::from_slice(line).map_err(|_| self.damaged("the line after it is not one of an archive"))
    }

    fn cut_off(&self) -> crate::Error {
        refused(format!("The archive was cut off after chunk {}: export or copy it again.", self.chunks))
    }

    fn damaged(&self, why: &str) -> crate::Error {
        refused(format!("The archive is damaged or was changed after chunk {}: {why}.", self.chunks))
    }
}
