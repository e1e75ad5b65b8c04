//! Parser of the JSONL export of the tracker beads: one issue per line.

use std::io::{self, BufRead};

use jiff::Timestamp;

use crate::domain::import::files::Files;
use crate::domain::import::formats::Format;
use crate::domain::import::model::{Batch, Comment, MAX_LIST, Stage, Ticket};
use crate::domain::import::people::People;
use crate::domain::import::texts::{add_section, cut};

mod fields;
mod lines;

use fields::{Fields, Warnings};
use lines::{Line, Lines};

/// Maximum bytes of a line; longer ones are reported as bad.
const MAX_LINE: usize = 16 * 1024 * 1024;

/// Reads the files of an export.
pub fn read_files(files: &Files) -> Result<Batch, String> {
    let file = files.list.iter().find(|file| file.ends_with(".jsonl")).or(files.list.first()).ok_or("is empty")?;
    // Lines with invalid bytes are reported one by one, so only a file in UTF-16 is converted.
    let (text, encoding) = file.text();
    let bytes =
        if encoding.is_some_and(|encoding| encoding.starts_with("UTF-16")) { text.as_bytes() } else { &file.bytes };
    read(bytes).map_err(|error| error.to_string())
}

/// Reads a whole export.
pub fn read(source: impl BufRead) -> io::Result<Batch> {
    let mut batch = Batch::new(Format::Beads);
    let mut lines = Lines::new(source, MAX_LINE);
    while let Some(Line { number, text }) = lines.next()? {
        let warnings = Warnings::default();
        let outcome = match text {
            Some([]) => continue,
            Some(text) => read_line(text, number, &mut batch.people, &warnings),
            None => Err(format!("is longer than {} MB", MAX_LINE >> 20)),
        };
        match outcome {
            Ok(Entry::Tombstone(id)) => batch.not_taken.add("tombstones", "deleted tickets are skipped", &id),
            Ok(Entry::Other(kind)) => {
                batch.not_taken.add(
                    &format!("lines of the type {kind}"),
                    "they hold no issue",
                    &format!("line {number}"),
                );
            }
            Ok(Entry::Issue(ticket)) => {
                let known = batch.tickets.len();
                batch.add(*ticket);
                if batch.tickets.len() > known {
                    for reason in warnings.into_inner() {
                        batch.warn(number, reason);
                    }
                }
            }
            Err(reason) => batch.reject(number, reason),
        }
    }
    Ok(batch)
}

/// What a line holds.
enum Entry {
    Issue(Box<Ticket>),
    /// A deleted issue, by its id.
    Tombstone(String),
    /// A record that is no issue, such as a memory, by its type.
    Other(String),
}

/// Parses a line. The error states why nothing of it can be imported.
fn read_line(text: &[u8], line: u64, people: &mut People, warnings: &Warnings) -> Result<Entry, String> {
    let fields = Fields::parse(text, warnings)?;
    if let Some(kind) = fields.text("_type").filter(|kind| kind != "issue") {
        return Ok(Entry::Other(cut(&kind, 50)));
    }
    let reference =
        fields.filled("id").ok_or_else(|| warnings.take().pop().unwrap_or_else(|| "has no id".to_owned()))?;
    if fields.text("status").is_some_and(|status| status.eq_ignore_ascii_case("tombstone")) {
        return Ok(Entry::Tombstone(reference));
    }
    Ok(Entry::Issue(Box::new(issue(&fields, reference, line, people))))
}

/// The ticket of an issue. Values that are not valid are left out, with a warning.
fn issue(fields: &Fields<'_>, reference: String, line: u64, people: &mut People) -> Ticket {
    let state = fields.text("status").unwrap_or_else(|| "open".to_owned()).to_lowercase();
    let title = fields.filled("title").unwrap_or_default();
    let created_at = fields.time("created_at");
    let updated_at = fields.time("updated_at");
    // Without a time, comments get their ticket's, so that another import recognises them.
    let known_time = created_at.or(updated_at);
    let updated_at = updated_at.or(created_at).zip(known_time).map(|(updated, created)| updated.max(created));
    let closed_at = fields.time("closed_at");
    let started_at = fields.time("started_at");
    let stage = stage_of(&state);
    let priority = fields.whole_number("priority", 0, 4).map(|priority| format!("P{priority}"));
    let estimate_minutes = fields.whole_number("estimated_minutes", 0, 10_000_000);
    let links = links(fields, &reference);
    let description = describe(fields);
    let mut tags = fields.texts("labels");
    tags.truncate(MAX_LIST);
    let ticket_type = fields.text("issue_type");
    let reason = fields.text("close_reason").filter(|text| !text.trim().is_empty());
    let mut comments = comments(fields, known_time, people);
    let mut person = |name: &str| fields.text(name).and_then(|name| people.note(&name));
    let (author, assignee, closer) = (person("created_by"), person("assignee"), person("closed_by"));
    if let (Some(text), Some(Stage::Done)) = (reason, stage) {
        let created_at = closed_at.or(updated_at);
        comments.push(Comment { author: closer.or_else(|| assignee.clone()), text, is_resolution: true, created_at });
    }
    Ticket {
        line,
        reference,
        title,
        description,
        started_at: started_at.or(updated_at.filter(|_| stage == Some(Stage::Active))),
        state,
        stage,
        priority,
        ticket_type,
        author,
        assignee,
        tags,
        estimate_minutes,
        created_at: known_time,
        updated_at,
        closed_at,
        due_at: fields.time("due_at"),
        parent: links.parent,
        blocked_by: links.blocked_by,
        related: links.related,
        comments,
        ..Ticket::default()
    }
}

fn stage_of(status: &str) -> Option<Stage> {
    match status {
        "open" | "blocked" | "deferred" | "pinned" => Some(Stage::Open),
        "in_progress" | "hooked" => Some(Stage::Active),
        "closed" | "done" | "resolved" => Some(Stage::Done),
        _ => None,
    }
}

#[derive(Default)]
struct Links {
    parent: Option<String>,
    blocked_by: Vec<String>,
    related: Vec<String>,
}

fn links(fields: &Fields<'_>, reference: &str) -> Links {
    let mut links = Links::default();
    for link in fields.objects("dependencies", "a dependency") {
        let Some(target) = link.filled("depends_on_id") else {
            link.warn("has no depends_on_id");
            continue;
        };
        let kind = link.text("type").unwrap_or_else(|| "blocks".to_owned());
        if link.text("issue_id").is_some_and(|owner| owner != reference) {
            fields.warn("has a dependency of another issue");
            continue;
        }
        let list = match kind.as_str() {
            "blocks" | "blocked-by" | "conditional-blocks" | "waits-for" => &mut links.blocked_by,
            "parent-child" if links.parent.is_none() => {
                links.parent = Some(target);
                continue;
            }
            _ => &mut links.related,
        };
        if !list.contains(&target) && list.len() < MAX_LIST {
            list.push(target);
        }
    }
    links
}

fn comments(fields: &Fields<'_>, known_time: Option<Timestamp>, people: &mut People) -> Vec<Comment> {
    let mut comments = Vec::new();
    for comment in fields.objects("comments", "a comment") {
        let (text, at, author) = (comment.text("text"), comment.time("created_at"), comment.text("author"));
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            let author = author.and_then(|name| people.note(&name));
            comments.push(Comment { author, text, is_resolution: false, created_at: at.or(known_time) });
        }
    }
    comments
}

/// The description, followed by the fields that the board lacks, under headings.
fn describe(fields: &Fields<'_>) -> String {
    let mut whole = fields.text("description").unwrap_or_default();
    for (name, heading) in [
        ("design", "Design"),
        ("acceptance_criteria", "Acceptance criteria"),
        ("notes", "Notes"),
        ("external_ref", "External reference"),
    ] {
        add_section(&mut whole, heading, &fields.text(name).unwrap_or_default());
    }
    whole
}
