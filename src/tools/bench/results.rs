//! What a run has measured, and the file that keeps it.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::processes;
use super::test_server::TestServer;
use crate::{Error, Result};

/// The version of the file's format.
const SCHEMA: u32 = 1;
/// Bytes of the largest file that is read.
const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Which of two values is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Better {
    /// The higher one.
    Higher,
    /// The lower one.
    Lower,
}

/// One number.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Measurement {
    /// Its group, line and column in one.
    pub name: String,
    /// The table that it belongs to.
    pub group: String,
    /// Its line there.
    pub line: String,
    /// Its column; empty if the table has only one.
    pub column: String,
    /// The unit: `1/s`, `ms`, `MB`, `ratio`, …
    pub unit: String,
    /// The median of the repetitions.
    pub value: f64,
    /// Which of two values is the better one.
    pub better: Better,
    /// What is aimed at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aim: Option<f64>,
    /// The repetitions, in their order.
    pub repetitions: Vec<f64>,
}

impl Measurement {
    /// Whether the aim is met; `None` without one.
    pub fn meets_aim(&self) -> Option<bool> {
        self.aim.map(|aim| match self.better {
            Better::Higher => self.value >= aim,
            Better::Lower => self.value <= aim,
        })
    }

    /// The distance between the lowest and the highest repetition, as a share of the median; `None` with only one.
    pub fn spread(&self) -> Option<f64> {
        let lowest = self.repetitions.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = self.repetitions.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        (self.repetitions.len() > 1 && self.value.abs() > f64::EPSILON).then(|| (highest - lowest) / self.value.abs())
    }
}

/// The flags of a run that its numbers depend on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    /// Seconds of each repetition.
    pub seconds: u64,
    /// Repetitions of each measurement.
    pub rounds: usize,
    /// Whether the run was shortened.
    pub quick: bool,
}

/// A run: where and when it was, and what it measured.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Run {
    /// The version of this format.
    pub schema: u32,
    /// The version of Callboard.
    pub callboard: String,
    /// `release`, or `debug`, whose numbers are of no use.
    pub build: String,
    /// The version of Postgres.
    pub postgres: String,
    /// Processors.
    pub cores: usize,
    /// Memory of the machine.
    pub memory_mb: u64,
    /// When it began.
    pub date: Timestamp,
    /// Its flags.
    pub settings: Settings,
    /// The numbers, in the order of the page.
    pub measurements: Vec<Measurement>,
    #[serde(skip)]
    group: String,
}

impl Run {
    /// Begins a run.
    pub async fn begin(server: &TestServer, settings: Settings) -> Result<Self> {
        let postgres = server.sql.query_one("select current_setting('server_version')", &[]).await?.get(0);
        Ok(Self {
            schema: SCHEMA,
            callboard: env!("CARGO_PKG_VERSION").to_owned(),
            build: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
            postgres,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mb: processes::machine_memory(),
            date: Timestamp::now(),
            settings,
            measurements: Vec::new(),
            group: String::new(),
        })
    }

    /// Begins a table.
    pub fn group(&mut self, title: &str) {
        title.clone_into(&mut self.group);
        eprintln!("measuring: {title}");
    }

    /// Adds a number, measured once or several times.
    pub fn add(
        &mut self,
        line: &str,
        column: &str,
        unit: &str,
        better: Better,
        repetitions: &[f64],
    ) -> &mut Measurement {
        let separator = if column.is_empty() { "" } else { ": " };
        self.measurements.push(Measurement {
            name: format!("{}, {line}{separator}{column}", self.group),
            group: self.group.clone(),
            line: line.to_owned(),
            column: column.to_owned(),
            unit: unit.to_owned(),
            value: median(repetitions),
            better,
            aim: None,
            repetitions: repetitions.to_vec(),
        });
        let last = self.measurements.len() - 1;
        &mut self.measurements[last]
    }

    /// Writes it to a file; creates the folder.
    pub fn save(&self, file: &Path) -> Result<()> {
        let fault = |error: &dyn std::fmt::Display| {
            Error::Setup(format!("The results cannot be written to {}: {error}.", file.display()))
        };
        let text = serde_json::to_string_pretty(self).map_err(|error| fault(&error))?;
        if let Some(folder) = file.parent() {
            std::fs::create_dir_all(folder).map_err(|error| fault(&error))?;
        }
        std::fs::write(file, text + "\n").map_err(|error| fault(&error))
    }

    /// Reads one from a file.
    pub fn load(file: &Path) -> Result<Self> {
        let fault =
            |why: String| Error::Setup(format!("{} holds no results of `callboard bench`: {why}.", file.display()));
        let unreadable = |error: std::io::Error| Error::Setup(format!("{} cannot be read: {error}.", file.display()));
        if std::fs::metadata(file).map_err(unreadable)?.len() > MAX_FILE {
            return Err(fault("it is too large".to_owned()));
        }
        let text = std::fs::read(file).map_err(unreadable)?;
        #[derive(Deserialize)]
        struct Header {
            schema: u32,
        }
        let header: Header = serde_json::from_slice(&text).map_err(|error| fault(error.to_string()))?;
        if header.schema != SCHEMA {
            return Err(fault(format!(
                "its format is {}, and this version reads {SCHEMA}; measure again",
                header.schema
            )));
        }
        serde_json::from_slice(&text).map_err(|error| fault(error.to_string()))
    }
}

impl Measurement {
    /// States what is aimed at.
    pub fn aim(&mut self, aim: f64) {
        self.aim = Some(aim);
    }
}

/// The middle of the values, or the mean of the two in the middle; 0 without values.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match (sorted.get(half), half.checked_sub(1).and_then(|below| sorted.get(below))) {
        (Some(upper), Some(lower)) if sorted.len().is_multiple_of(2) => f64::midpoint(*lower, *upper),
        (Some(upper), _) => *upper,
        (None, _) => 0.0,
    }
}

/// The two newest files of a folder, the older one first.
pub fn newest_two(folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    // The names begin with the date.
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.extension().is_some_and(|ending| ending == "json")).collect();
    files.sort();
    match files.as_slice() {
        [.., old, new] => Ok((old.clone(), new.clone())),
        _ => Err(Error::Setup(format!(
            "{} has fewer than two results: run `make bench` before and after a change, or name two files.",
            folder.display()
        ))),
    }
}
