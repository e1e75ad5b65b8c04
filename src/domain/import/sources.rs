//! The parsers, one a tool. Each fills a [`Batch`](super::model::Batch) and knows nothing about boards.

pub mod backlog_md;
pub mod beads;
mod front_matter;
pub mod github;
pub mod jira;
pub mod linear;
pub mod plane;
pub mod redmine;
pub mod task_master;
pub mod trello;
pub mod vibe_kanban;

use jiff::Timestamp;

use super::dates::Dates;
use super::files::{Files, NamedFile};
use super::model::Batch;
use super::table::{Row, Table};

/// The text of the only file, with a note if it was not UTF-8.
fn one_text(files: &Files, batch: &mut Batch) -> Result<String, String> {
    let file = files.list.first().ok_or("is empty")?;
    for other in files.list.iter().skip(1) {
        batch.not_taken.add("files", "one file is read", &other.name);
    }
    batch.file = file_name(files, file);
    let (text, encoding) = file.text();
    if let Some(encoding) = encoding {
        batch.not_taken.add("encoding", "the file is not UTF-8 and was read as named here", encoding);
    }
    Ok(text)
}

/// What invalid lines name: the file, of an export of several files.
fn file_name(files: &Files, file: &NamedFile) -> Option<String> {
    (files.list.len() > 1).then(|| file.name.clone())
}

/// The table of the only file.
fn one_table(files: &Files, batch: &mut Batch) -> Result<Table, String> {
    let table = Table::read(&one_text(files, batch)?);
    if table.rows().next().is_none() {
        return Err("has no rows".to_owned());
    }
    Ok(table)
}

/// A time of a row; one that cannot be read is reported.
fn time(batch: &mut Batch, dates: Dates, row: Row<'_>, names: &[&str]) -> Option<Timestamp> {
    let text = row.get(names)?;
    let time = dates.read(text);
    if time.is_none() {
        let text = super::texts::cut(text, 40);
        batch.warn(row.line, format!("has {text:?} as {}, not a time", names[0]));
    }
    time
}

/// A time of a JSON export; one that cannot be read is reported.
fn json_time(batch: &mut Batch, line: u64, object: &super::json::Object, names: &[&str]) -> Option<Timestamp> {
    let text = super::json::text(object, names)?;
    let time = Dates::default().read(&text);
    if time.is_none() && !text.starts_with("0001-") {
        let text = super::texts::cut(&text, 40);
        batch.warn(line, format!("has {text:?} as {}, not a time", names[0]));
    }
    time
}

/// The tag of a value that Callboard has no field for: `milestone:1.0`.
fn tag(kind: &str, value: &str) -> String {
    format!("{kind}:{}", value.trim())
}

/// Hours, or a duration like `3h 30m`, `PT2H`, `1:30`, in minutes.
fn minutes_of_hours(text: &str) -> Option<u32> {
    let text =
        text.trim().trim_end_matches("hours").trim_end_matches("hour").trim_end_matches('h').trim().replace(',', ".");
    let minutes = match text.split_once(':') {
        Some((hours, minutes)) => hours.trim().parse::<f64>().ok()? * 60.0 + minutes.trim().parse::<f64>().ok()?,
        None => text.parse::<f64>().ok()? * 60.0,
    };
    // Rounded, and within bounds, so the cast keeps the number.
    (0.0..=10_000_000.0).contains(&minutes).then(|| minutes.round() as u32)
}

/// Adds the people beside the assignee, of whom Callboard has one.
fn add_further_people<'a>(description: &mut String, people: impl Iterator<Item = &'a String>) {
    let names: Vec<&str> = people.map(String::as_str).collect();
    if !names.is_empty() {
        *description =
            format!("{}\n\nAlso assigned: {}", description.trim_end(), names.join(", ")).trim_start().to_owned();
    }
}
