//! Numbered lines of a file, read in bounded memory.

use std::io::{self, BufRead};

/// Reads lines; one that is too long is reported without its text.
pub struct Lines<R> {
    source: R,
    max_bytes: usize,
    number: u64,
    line: Vec<u8>,
}

/// One line.
pub struct Line<'a> {
    /// Its number, from 1.
    pub number: u64,
    /// Its trimmed text; none if it is too long.
    pub text: Option<&'a [u8]>,
}

impl<R: BufRead> Lines<R> {
    pub fn new(source: R, max_bytes: usize) -> Self {
        Self { source, max_bytes, number: 0, line: Vec::new() }
    }

    /// The next line.
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let (mut any, mut too_long) = (false, false);
        loop {
            let buffer = match self.source.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                buffer => buffer?,
            };
            if buffer.is_empty() {
                break;
            }
            any = true;
            let end = buffer.iter().position(|byte| *byte == b'\n');
            let piece = end.map_or(buffer, |end| &buffer[..end]);
            if self.line.len() + piece.len() > self.max_bytes {
                too_long = true;
            } else {
                self.line.extend_from_slice(piece);
            }
            let used = end.map_or(buffer.len(), |end| end + 1);
            self.source.consume(used);
            if end.is_some() {
                break;
            }
        }
        if !any {
            return Ok(None);
        }
        self.number += 1;
        let text =
            if self.number == 1 { self.line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.line) } else { &self.line };
        Ok(Some(Line { number: self.number, text: (!too_long).then(|| text.trim_ascii()) }))
    }
}
