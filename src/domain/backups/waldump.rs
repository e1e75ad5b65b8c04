//! Runs pg_waldump, which reads the log as recovery does, and says where and why it can be read no further.

use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use super::segments::{SEGMENT_BYTES, Segment, is_segment, number};
use crate::Result;
use crate::db::embedded::{Options, tools};

/// The bytes of a page, which begins with a header that states its place.
const PAGE_BYTES: u64 = 8192;

/// A place in the log, in bytes from its beginning.
pub(super) type Place = u64;

/// A change that was committed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Commit {
    pub place: Place,
    pub at: Timestamp,
}

/// What reading a run of segments found.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// The last committed change.
    pub last: Option<Commit>,
    /// Where it could be read no further, and why; none if it was read to the end of the last segment.
    pub failure: Option<(Place, String)>,
}

/// A folder in which segments have the names that Postgres gives them, wherever they are; removed when dropped.
#[derive(Debug)]
pub(super) struct Links(PathBuf);

impl Links {
    pub fn to(segments: &[Segment]) -> io::Result<Self> {
        use std::os::unix::fs::{DirBuilderExt, symlink};
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("callboard-log-{}-{}-{count}", std::process::id(), Timestamp::now().as_nanosecond());
        let folder = std::env::temp_dir().join(name);
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let links = Self(folder);
        for segment in segments {
            // A server that is still running may complete the segment and rename it at this moment.
            let whole = segment.path.with_file_name(&segment.name);
            let path = if whole.exists() { &whole } else { &segment.path };
            symlink(std::path::absolute(path)?, links.0.join(&segment.name))?;
        }
        Ok(links)
    }

    pub fn folder(&self) -> &Path {
        &self.0
    }
}

impl Drop for Links {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Reads the segments from one to another, and calls `each` with the places that it comes by.
pub(super) fn read(
    options: &Options,
    folder: &Path,
    (first, last): (&str, &str),
    mut each: impl FnMut(Place),
) -> Result<Reading> {
    let mut command = tools::command(options, "pg_waldump", folder).map_err(super::setup)?;
    command.args(["--rmgr=Transaction", "--path=.", first, last]);
    let mut reading = Reading::default();
    let outcome = tools::run(command, |line| {
        if let Some(commit) = commit(line) {
            reading.last = Some(commit);
            each(commit.place);
        }
    });
    reading.failure = outcome.err().map(|why| (place_of(&why).unwrap_or_else(|| start(first)), why));
    Ok(reading)
}

/// Reads from one place to another; the error says why it cannot be read.
pub(super) fn read_range(
    options: &Options,
    folder: &Path,
    first: &str,
    (from, to): (&str, &str),
) -> Result<std::result::Result<(), String>> {
    let mut command = tools::command(options, "pg_waldump", folder).map_err(super::setup)?;
    command.args(["--quiet", "--path=.", "--start", from, "--end", to, first]);
    Ok(tools::run(command, |_| {}))
}

/// Whether a record begins after a place in a segment.
pub(super) fn has_record_after(options: &Options, folder: &Path, segment: &str, from: Place) -> Result<bool> {
    let mut command = tools::command(options, "pg_waldump", folder).map_err(super::setup)?;
    let from = format!("{:X}/{:X}", from >> 32, from & 0xffff_ffff);
    command.args(["--quiet", "--limit=1", "--path=.", "--start", &from, segment, segment]);
    Ok(tools::run(command, |_| {}).is_ok())
}

/// The pages of a segment after a place that were written, last first.
pub(super) fn pages_after(path: &Path, segment: &str, after: Place) -> io::Result<Vec<Place>> {
    let first = start(segment);
    let mut file = fs::File::open(path)?;
    let mut pages = Vec::new();
    let mut page = (after.max(first) - first) / PAGE_BYTES + 1;
    while page < SEGMENT_BYTES / PAGE_BYTES {
        let (place, mut header) = (first + page * PAGE_BYTES, [0; 16]);
        file.seek(SeekFrom::Start(page * PAGE_BYTES))?;
        if file.read_exact(&mut header).is_err() {
            break;
        }
        // A mark of the version, flags, the timeline, and the page's place.
        let [.., a, b, c, d, e, f, g, h] = header;
        if header.first_chunk::<2>() != Some(&[0, 0]) && u64::from_ne_bytes([a, b, c, d, e, f, g, h]) == place {
            pages.push(place);
        }
        page += 1;
    }
    pages.reverse();
    Ok(pages)
}

/// Where a segment begins.
pub(super) fn start(segment: &str) -> Place {
    number(segment).unwrap_or_default() * SEGMENT_BYTES
}

/// The commit in a line such as `rmgr: Transaction … lsn: 4/253F04D0, prev 4/253F0490, desc: COMMIT 2026-11-30 17:55:35.658853 UTC; …`.
fn commit(line: &str) -> Option<Commit> {
    let (before, description) = line.split_once("desc: COMMIT")?;
    let place = parse(before.split_once("lsn: ")?.1.split_once(',')?.0)?;
    let words = description.split_once(char::is_whitespace)?.1;
    // A prepared transaction's number precedes the time.
    let words = words.rsplit_once(": ").filter(|_| description.starts_with("_PREPARED")).map_or(words, |split| split.1);
    let mut words = words.split_whitespace();
    let at = format!("{}T{}Z", words.next()?, words.next()?).parse().ok()?;
    Some(Commit { place, at })
}

/// The place that a message names last: `… in record at 4/252DC6B0`, or `… in WAL file "000000010000000400000025" …`.
pub(super) fn place_of(message: &str) -> Option<Place> {
    let words = message.split(|c: char| c.is_whitespace() || matches!(c, '"' | ',' | ':' | '(' | ')'));
    let place = |word: &str| if is_segment(word) { Some(start(word)) } else { parse(word) };
    words.filter_map(place).next_back()
}

/// A place as Postgres writes it: `4/252DC6B0`.
pub(super) fn parse(text: &str) -> Option<Place> {
    let (high, low) = text.split_once('/')?;
    let part = |text| u64::from_str_radix(text, 16).ok().filter(|part| *part <= 0xffff_ffff);
    Some((part(high)? << 32) + part(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commits_and_places_are_read() {
        let line = "rmgr: Transaction len (rec/tot):     82/    82, tx:      37181, lsn: 4/253F04D0, prev 4/253F0490, desc: COMMIT 2026-11-30 17:55:35.658853 UTC; inval msgs: catcache 65";
        let at = "2026-11-30T17:55:35.658853Z".parse().expect("a time");
        assert_eq!(commit(line), Some(Commit { place: 0x4_253F_04D0, at }));
        assert_eq!(commit("lsn: 4/253F04D0, prev 4/1, desc: ABORT 2026-11-30 17:55:35.658853 UTC"), None);
        let prepared = "lsn: 0/10, prev 0/1, desc: COMMIT_PREPARED 733: 2026-11-30 17:55:35.658853 UTC";
        assert_eq!(commit(prepared), Some(Commit { place: 16, at }));
        for (message, place) in [
            ("error in WAL record at 0/10: invalid record length at 0/12A8: expected at least 24, got 0", 0x12A8),
            (
                "error in WAL record at 0/1: invalid magic number 0000 in WAL segment 000000010000000000000013, LSN 0/13002000, offset 8192",
                0x1300_2000,
            ),
            ("invalid WAL segment size in WAL file \"000000010000000000000013\" (-46 bytes)", 0x1300_0000),
        ] {
            assert_eq!(place_of(message), Some(place), "{message}");
        }
        assert_eq!(place_of("out of memory"), None);
    }
}
