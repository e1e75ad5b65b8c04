//! Parser of the JSONL export of the tracker beads: one issue per line.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufRead};

use jiff::Timestamp;

use super::{BadLine, Batch, Item, Note, People, Stage, break_cycles};

mod fields;
mod lines;

use fields::{Fields, Warnings};
use lines::{Line, Lines};

/// Maximum bytes of a line; longer ones are reported as bad.
const MAX_LINE: usize = 16 * 1024 * 1024;
/// Maximum characters of a title.
const MAX_TITLE: usize = 500;
/// Maximum characters of a description; below the board's limit, which leaves space for a note on what was cut.
const MAX_DESCRIPTION: usize = 199_000;
/// Maximum characters of a comment.
const MAX_COMMENT: usize = 99_000;
/// Maximum links of one kind, and maximum tags, of a ticket.
const MAX_LIST: usize = 1000;

/// Reads a whole export; `progress` is called with the bytes read so far.
pub fn read(source: impl BufRead, mut progress: impl FnMut(u64)) -> io::Result<Batch> {
    let mut batch = Batch::default();
    let mut seen: HashMap<String, u64> = HashMap::new();
    let mut lines = Lines::new(source, MAX_LINE);
    while let Some(Line { number, text }) = lines.next()? {
        let warnings = Warnings::default();
        let outcome = match text {
            Some([]) => continue,
            Some(text) => read_line(text, number, &mut batch.people, &warnings),
            None => Err(format!("is longer than {} MB", MAX_LINE >> 20)),
        };
        progress(lines.bytes());
        match outcome {
            Ok(Entry::Tombstone) => batch.tombstones += 1,
            Ok(Entry::Other(kind)) => *batch.skipped.entry(kind).or_default() += 1,
            Ok(Entry::Issue(item)) => match seen.get(&item.reference) {
                Some(first) => {
                    let reason = format!("repeats the id {} of line {first}", item.reference);
                    batch.bad.push(BadLine { line: number, reason });
                }
                None => {
                    seen.insert(item.reference.clone(), number);
                    if stage_of(&item.status).is_none() {
                        *batch.unknown_statuses.entry(cut(&item.status, 50)).or_default() += 1;
                    }
                    batch.items.push(*item);
                    let warnings = warnings.into_inner().into_iter();
                    batch.warnings.extend(warnings.map(|reason| BadLine { line: number, reason }));
                }
            },
            Err(reason) => batch.bad.push(BadLine { line: number, reason }),
        }
    }
    batch.cycles = break_cycles(&mut batch.items);
    Ok(batch)
}

/// What a line holds.
enum Entry {
    Issue(Box<Item>),
    /// A deleted issue.
    Tombstone,
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
    if reference.chars().count() > 200 {
        return Err("has an id of more than 200 characters".to_owned());
    }
    if fields.text("status").is_some_and(|status| status.eq_ignore_ascii_case("tombstone")) {
        return Ok(Entry::Tombstone);
    }
    Ok(Entry::Issue(Box::new(issue(&fields, reference, line, people))))
}

/// The item of an issue. Values that are not valid are left out, with a warning.
fn issue(fields: &Fields<'_>, reference: String, line: u64, people: &mut People) -> Item {
    let status = fields.text("status").unwrap_or_else(|| "open".to_owned()).to_lowercase();
    let title = fields.filled("title").unwrap_or_else(|| {
        fields.warn("has no title; its id is used");
        reference.clone()
    });
    let created_at = fields.time("created_at");
    let updated_at = fields.time("updated_at");
    // Without a time, comments get their ticket's, so that another import recognises them.
    let known_time = created_at.or(updated_at);
    let created_at = known_time.unwrap_or_else(Timestamp::now);
    let updated_at = updated_at.unwrap_or(created_at).max(created_at);
    let closed_at = fields.time("closed_at");
    let started_at = fields.time("started_at");
    let stage = stage_of(&status).unwrap_or(Stage::Open);
    let priority = match fields.whole_number("priority", 0, 4) {
        Some(0) => "critical",
        Some(1) => "high",
        Some(2) | None => "medium",
        Some(_) => "low",
    };
    let estimate_minutes = fields.whole_number("estimated_minutes", 0, 10_000_000);
    let links = links(fields, &reference);
    let description = describe(fields, &title);
    let mut tags = fields.texts("labels");
    for tag in &mut tags {
        *tag = cut(tag.trim(), 100);
    }
    tags.retain(|tag| !tag.is_empty());
    let mut kept = HashSet::new();
    tags.retain(|tag| kept.insert(tag.clone()));
    tags.truncate(MAX_LIST);
    let ticket_type = fields.text("issue_type").and_then(|name| type_id(&name));
    let reason = fields.text("close_reason").filter(|text| !text.trim().is_empty());
    let mut comments = comments(fields, known_time, people);
    let mut person = |name: &str| fields.text(name).and_then(|name| people.id_of(&name));
    let (author, assignee, closer) = (person("created_by"), person("assignee"), person("closed_by"));
    let closed_at = (stage == Stage::Done).then(|| closed_at.unwrap_or(updated_at));
    if let (Some(reason), Some(at)) = (reason, closed_at) {
        let is_known = known_time.is_some() || fields.time("closed_at").is_some();
        comments.push(Note {
            author: closer.or_else(|| assignee.clone()),
            text: cut(&reason, MAX_COMMENT),
            comment_type: "resolution",
            created_at: is_known.then_some(at),
        });
    }
    Item {
        line,
        title: title_of(&title, &reference),
        reference,
        description,
        started_at: started_at.or((stage == Stage::Active).then_some(updated_at)),
        status,
        stage,
        priority,
        ticket_type,
        author,
        assignee,
        tags,
        estimate_minutes,
        due_at: fields.time("due_at"),
        created_at,
        updated_at: known_time.map(|_| updated_at),
        closed_at,
        parent: links.parent,
        blocked_by: links.blocked_by,
        related: links.related,
        comments,
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

fn comments(fields: &Fields<'_>, known_time: Option<Timestamp>, people: &mut People) -> Vec<Note> {
    let mut notes = Vec::new();
    for comment in fields.objects("comments", "a comment") {
        let (text, at, author) = (comment.text("text"), comment.time("created_at"), comment.text("author"));
        if let Some(text) = text.filter(|text| !text.trim().is_empty()) {
            notes.push(Note {
                author: author.and_then(|name| people.id_of(&name)),
                text: cut(&text, MAX_COMMENT),
                comment_type: "general",
                created_at: at.or(known_time),
            });
        }
    }
    notes
}

/// The description, followed by the fields that the board lacks, under headings.
fn describe(fields: &Fields<'_>, title: &str) -> String {
    let mut whole = fields.text("description").unwrap_or_default();
    if title.chars().count() > MAX_TITLE {
        whole = format!("{title}\n\n{whole}").trim_end().to_owned();
    }
    for (name, heading) in [
        ("design", "Design"),
        ("acceptance_criteria", "Acceptance criteria"),
        ("notes", "Notes"),
        ("external_ref", "External reference"),
    ] {
        if let Some(text) = fields.text(name).filter(|text| !text.trim().is_empty()) {
            let gap = if whole.trim().is_empty() { "" } else { "\n\n" };
            whole = format!("{}{gap}## {heading}\n\n{}", whole.trim_end(), text.trim_end());
        }
    }
    cut(&whole, MAX_DESCRIPTION)
}

/// A title of valid length: the id is appended to a short one, a long one is cut.
fn title_of(title: &str, reference: &str) -> String {
    if title.chars().count() < 3 { cut(&format!("{title} ({reference})"), MAX_TITLE) } else { cut(title, MAX_TITLE) }
}

/// Cuts a text to `max` characters, with an ellipsis at the end.
fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(max - 1).chain(['…']).collect(),
    }
}

/// The id of a ticket type: letters, digits and `_ . -`, at most 50.
fn type_id(name: &str) -> Option<String> {
    let id: String = name
        .trim()
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '-' })
        .skip_while(|c| !c.is_ascii_alphanumeric())
        .take(50)
        .collect();
    Some(id).filter(|id| !id.is_empty())
}
