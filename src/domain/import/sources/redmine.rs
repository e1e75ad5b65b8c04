//! CSV of Redmine's issue list and of OpenProject's work packages, which descend from one program.

use super::{minutes_of_hours, one_table, tag, time};
use crate::domain::import::dates::Dates;
use crate::domain::import::files::Files;
use crate::domain::import::formats::Format;
use crate::domain::import::model::{Batch, Comment, Stage, Ticket};
use crate::domain::import::table::Row;

/// Columns that repeat what others say.
const IGNORED: &[&str] = &[
    "Parent task subject",
    "Total estimated time",
    "Total spent time",
    "Private",
    "Watchers",
    "Last updated by",
    "Files",
    "Position",
    "Total work",
    "Total remaining work",
    "Total % complete",
];

const CREATED: &[&str] = &["Created", "Created on", "Created at"];
const UPDATED: &[&str] = &["Updated", "Updated on", "Updated at"];
const CLOSED: &[&str] = &["Closed", "Closed on", "Closed at"];

/// Reads Redmine's export.
pub fn read(files: &Files) -> Result<Batch, String> {
    read_as(files, Format::Redmine)
}

/// Reads OpenProject's export.
pub fn read_open_project(files: &Files) -> Result<Batch, String> {
    read_as(files, Format::OpenProject)
}

fn read_as(files: &Files, format: Format) -> Result<Batch, String> {
    let mut batch = Batch::new(format);
    let table = one_table(files, &mut batch)?;
    let names: Vec<&str> = CREATED.iter().chain(UPDATED).chain(CLOSED).copied().collect();
    let dates = Dates::learn(table.values(&names));
    for row in table.rows() {
        let ticket = issue(&mut batch, dates, row);
        batch.add(ticket);
    }
    table.ignore(IGNORED);
    table.report_unused(&mut batch);
    Ok(batch)
}

/// Numbers of different trackers differ by a prefix: `redmine-12`.
fn reference(format: Format, number: &str) -> String {
    let prefix = if format == Format::Redmine { "redmine" } else { "openproject" };
    format!("{prefix}-{}", number.trim().trim_start_matches('#'))
}

fn issue(batch: &mut Batch, dates: Dates, row: Row<'_>) -> Ticket {
    let format = batch.format;
    let mut person = |names: &[&str]| row.get(names).and_then(|name| batch.people.note(name));
    let (author, assignee) = (person(&["Author"]), person(&["Assignee", "Assigned to"]));
    let mut at = |names: &[&str]| time(batch, dates, row, names);
    let (created_at, updated_at, closed_at) = (at(CREATED), at(UPDATED), at(CLOSED));
    let due_at = at(&["Due date", "Finish date"]);
    let mut tags: Vec<String> = Vec::new();
    for (kind, name) in [("project", "Project"), ("category", "Category")] {
        tags.extend(row.get(&[name]).map(|value| tag(kind, value)));
    }
    let milestone = batch.milestone_named(row.get(&["Target version", "Version"]), &mut tags);
    tags.extend(row.all("Tags").chain(row.all("Labels")).flat_map(crate::domain::import::table::listed));
    let mut ticket = Ticket {
        line: row.line,
        reference: row.get(&["#", "ID", "Id"]).map(|number| reference(format, number)).unwrap_or_default(),
        title: row.text(&["Subject"]),
        description: row.text(&["Description"]),
        state: row.text(&["Status"]),
        stage: closed_at.map(|_| Stage::Done),
        priority: row.get(&["Priority"]).map(str::to_owned),
        ticket_type: row.get(&["Tracker", "Type"]).map(str::to_owned),
        author,
        assignee,
        tags,
        milestone,
        story_points: row.get(&["Story points", "Story Points"]).and_then(|points| points.parse().ok()),
        estimate_minutes: row.get(&["Estimated time", "Work"]).and_then(minutes_of_hours),
        spent_minutes: row.get(&["Spent time"]).and_then(minutes_of_hours),
        created_at,
        updated_at,
        closed_at,
        due_at,
        parent: row.get(&["Parent task", "Parent"]).and_then(first_number).map(|number| reference(format, &number)),
        ..Ticket::default()
    };
    if let Some(notes) = row.get(&["Last notes"]) {
        ticket.comments.push(Comment {
            author: None,
            text: notes.to_owned(),
            is_resolution: false,
            created_at: updated_at,
        });
    }
    // `Blocked by #3, Related to #4`
    for relation in row.all("Related issues").chain(row.all("Relations")).flat_map(crate::domain::import::table::listed)
    {
        let Some(other) = first_number(&relation).map(|number| reference(format, &number)) else { continue };
        let kind = relation.to_lowercase();
        if kind.starts_with("blocked by") {
            ticket.blocked_by.push(other);
        } else if kind.starts_with("blocks") {
            ticket.blocks.push(other);
        } else {
            ticket.related.push(other);
        }
    }
    ticket
}

/// The number in `#12`, `12` or `Epic #12: Subject`.
fn first_number(text: &str) -> Option<String> {
    let from = text.find('#').map_or(text, |at| &text[at + 1..]);
    let digits: String = from.trim_start().chars().take_while(char::is_ascii_digit).collect();
    Some(digits).filter(|digits| !digits.is_empty())
}
