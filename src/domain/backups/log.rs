//! Finding where the archived log can be replayed no further although it goes on: a segment that is missing or damaged.
//!
//! The newest segment ends somewhere, because the archive is writing it, or was when it was interrupted. That is no break.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use super::segments::{self, SEGMENT_BYTES, Segment};
use super::waldump::{self, Commit, Links, Place, Reading};
use super::{Backups, OnProgress, Progress, archive, blocking};
use crate::db::embedded::Options;
use crate::{Error, Result};

/// Breaks that a check of the whole log looks for.
const MAX_BREAKS: usize = 20;

/// A place where the log can be replayed no further although it goes on.
#[derive(Debug, Clone, Serialize)]
pub struct Break {
    /// The file of the segment that is missing, damaged or incomplete.
    pub file: PathBuf,
    /// Why it cannot be read; none if it is missing.
    pub damage: Option<String>,
    /// The time of the last committed change before it, if there is one in the log before it.
    pub last_change: Option<Timestamp>,
}

impl std::fmt::Display for Break {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let file = self.file.display();
        match &self.damage {
            None => write!(formatter, "{file} is missing, and later segments of the log are there"),
            Some(why) => write!(formatter, "{file} is damaged or incomplete ({why}), and the log goes on after it"),
        }
    }
}

/// The archived log of an epoch, checked from the first backup on.
#[derive(Debug, Clone, Serialize)]
pub struct CheckedLog {
    /// The epoch.
    pub epoch: String,
    /// Segments that are there.
    pub segments: usize,
    /// Where it breaks off, at most 20 places.
    pub breaks: Vec<Break>,
}

/// What reading the log found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub breaks: Vec<Break>,
    /// The last committed change before the first break.
    pub last: Option<Commit>,
}

impl Backups {
    /// Reads the archived log of all epochs that have a backup.
    pub async fn check_log(&self, options: &Options, on_progress: OnProgress) -> Result<Vec<CheckedLog>> {
        let mut newest: Vec<super::Backup> = Vec::new();
        let backups = self.list()?;
        for backup in &backups {
            newest.retain(|known| known.epoch != backup.epoch);
            newest.push(backup.clone());
        }
        let mut checked = Vec::new();
        for newest in newest {
            let folders = archive::folders(&self.folder, &newest.epoch);
            let mut segments = segments::archived(&folders, "").map_err(|error| self.unusable(&error))?;
            segments.retain(|segment| segments::is_segment(&segment.name));
            // An older backup may be of before the log was archived.
            let is_archived = |first: &str| segments.iter().any(|segment| segment.name == first);
            let older = backups.iter().filter(|backup| backup.epoch == newest.epoch && is_archived(&backup.first_wal));
            let first = older.map(|backup| &backup.first_wal).chain([&newest.first_wal]).min().cloned();
            let first = first.unwrap_or_default();
            segments.retain(|segment| segment.name >= first);
            let (count, epoch) = (segments.len(), newest.epoch);
            let options = Options { major: newest.postgres, ..options.clone() };
            let found = find(options, segments, first, MAX_BREAKS, on_progress.clone()).await?;
            checked.push(CheckedLog { epoch, segments: count, breaks: found.breaks });
        }
        Ok(checked)
    }
}

/// Reads the log from the segment `first` on, until `most` breaks are found.
pub(super) async fn find(
    options: Options,
    mut segments: Vec<Segment>,
    first: String,
    most: usize,
    on_progress: OnProgress,
) -> Result<Found> {
    segments.retain(|segment| segments::is_segment(&segment.name));
    blocking(move || {
        let links = Links::to(&segments).map_err(|error| {
            Error::Setup(format!(
                "The archived log cannot be read through {}: {error}.",
                std::env::temp_dir().display()
            ))
        })?;
        Log { options: &options, links: &links, on_progress: &on_progress }.find(&segments, &first, most)
    })
    .await
}

struct Log<'a> {
    options: &'a Options,
    links: &'a Links,
    on_progress: &'a OnProgress,
}

impl Log<'_> {
    fn find(&self, segments: &[Segment], first: &str, most: usize) -> Result<Found> {
        let mut found = Found::default();
        let (mut rest, mut wanted, mut last) = (segments, segments::number(first), None);
        let total = segments.len() as u64 * SEGMENT_BYTES;
        while let Some(next) = rest.first()
            && found.breaks.len() < most
        {
            let broken = |last: Option<Commit>, file: PathBuf, damage: Option<String>| Break {
                file,
                damage,
                last_change: last.map(|commit| commit.at),
            };
            if segments::number(&next.name) != wanted {
                let name = wanted.map(|number| segments::name_of(number, first)).unwrap_or_default();
                found.breaks.push(broken(last, next.path.with_file_name(name), None));
                wanted = segments::number(&next.name);
                continue;
            }
            let (run, after) = rest.split_at(segments::run_length(rest, wanted).max(1));
            let done = (segments.len() - rest.len()) as u64 * SEGMENT_BYTES;
            let reading = self.read(run, (done, total))?;
            last = reading.last.or(last);
            if found.breaks.is_empty() {
                found.last = last;
            }
            let read = match self.damage(run, reading)? {
                Some((index, why)) => {
                    let file = run.get(index).map(|segment| segment.path.clone()).unwrap_or_default();
                    found.breaks.push(broken(last, file, Some(why)));
                    index + 1
                }
                None => run.len(),
            };
            wanted = wanted.map(|number| number + read as u64);
            rest = rest.get(read..).unwrap_or(after);
        }
        Ok(found)
    }

    /// Reads segments that follow each other.
    fn read(&self, run: &[Segment], (done, total): (u64, u64)) -> Result<Reading> {
        let (Some(first), Some(last)) = (run.first(), run.last()) else { return Ok(Reading::default()) };
        let begin = waldump::start(&first.name);
        waldump::read(self.options, self.links.folder(), (&first.name, &last.name), |place| {
            let done = (done + place.saturating_sub(begin)).min(total);
            (self.on_progress)(Progress { step: "Reading the archived log", done, total });
        })
    }

    /// The segment at which reading failed although the log goes on after it, and why it failed.
    fn damage(&self, run: &[Segment], reading: Reading) -> Result<Option<(usize, String)>> {
        let Some((place, why)) = reading.failure else { return Ok(None) };
        let is_at = |segment: &&Segment| waldump::start(&segment.name) <= place;
        let index = run.iter().take_while(is_at).count().saturating_sub(1);
        let Some(segment) = run.get(index) else { return Ok(None) };
        if segment.is_whole || index + 1 < run.len() {
            return Ok(Some((index, why)));
        }
        if !self.goes_on(segment, place)? {
            return Ok(None);
        }
        // A running server goes on writing: then it can be read further now.
        let again = self.read(run.get(index..).unwrap_or_default(), (0, 0))?;
        let is_stuck = again.failure.is_some_and(|(now, _)| now == place);
        Ok(is_stuck.then_some((index, why)))
    }

    /// Whether a record begins on a later page of the segment than a place.
    fn goes_on(&self, segment: &Segment, place: Place) -> Result<bool> {
        let folder = self.links.folder();
        // It may be renamed at this moment.
        let pages = waldump::pages_after(&segment.path, &segment.name, place).unwrap_or_default();
        for page in pages {
            if waldump::has_record_after(self.options, folder, &segment.name, page)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
