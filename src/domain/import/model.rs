//! What the file of another tracker says, before anything is mapped to a board. Each source fills this, and only this.

use std::collections::{BTreeMap, HashMap};
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::formats::Format;
use super::milestones::Milestones;
use super::people::People;
use super::texts::{MAX_COMMENT, MAX_TITLE, cut};

/// Maximum tickets of one import.
pub const MAX_TICKETS: usize = 100_000;
/// Maximum links of one kind, tags, and moves of a ticket.
pub const MAX_LIST: usize = 1000;
/// Maximum bad lines and warnings that are kept; all are counted.
const MAX_LINES: usize = 10_000;

/// The progress of a ticket, independent of a board.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Stage {
    /// Not started.
    Open,
    /// In progress.
    Active,
    /// Finished.
    Done,
}

/// A ticket as its source describes it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ticket {
    /// Its line in the file, or its place among the tickets.
    pub line: u64,
    /// Its id in the other tracker; kept as `external_ref`, at most 200 characters.
    pub reference: String,
    /// The title, not yet cut.
    pub title: String,
    /// The description, followed by further fields of the other tracker under headings.
    pub description: String,
    /// The state as the source names it.
    pub state: String,
    /// The progress, if the source says it.
    pub stage: Option<Stage>,
    /// The priority as the source names it.
    pub priority: Option<String>,
    /// The type as the source names it.
    pub ticket_type: Option<String>,
    /// Who created it: a key of [`Batch::people`].
    pub author: Option<String>,
    /// Who works on it: a key of [`Batch::people`].
    pub assignee: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
    /// The milestone, as [`Batch::milestone`] named it.
    pub milestone: Option<String>,
    /// The estimate in points.
    pub story_points: Option<f64>,
    /// The estimate in time.
    pub estimate_minutes: Option<u32>,
    /// The time spent.
    pub spent_minutes: Option<u32>,
    /// When it is due.
    pub due_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Option<Timestamp>,
    /// When it last changed.
    pub updated_at: Option<Timestamp>,
    /// When work on it began.
    pub started_at: Option<Timestamp>,
    /// When it was finished.
    pub closed_at: Option<Timestamp>,
    /// The ticket it is part of.
    pub parent: Option<String>,
    /// The tickets that block it.
    pub blocked_by: Vec<String>,
    /// The tickets that it blocks; turned around when the file was read.
    pub blocks: Vec<String>,
    /// The tickets it is related to.
    pub related: Vec<String>,
    /// The comments.
    pub comments: Vec<Comment>,
    /// Where it was moved when, oldest first.
    pub moves: Vec<Move>,
    /// Its page in the other tracker.
    pub url: Option<String>,
}

/// A comment.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Comment {
    /// Who wrote it: a key of [`Batch::people`].
    pub author: Option<String>,
    /// The text.
    pub text: String,
    /// Whether it says how the ticket was resolved.
    pub is_resolution: bool,
    /// When it was written. Defaults to when its ticket was created.
    pub created_at: Option<Timestamp>,
}

/// A move of a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// The state it left.
    pub from: String,
    /// The state it entered.
    pub to: String,
    /// When.
    pub at: Timestamp,
}

/// A line that cannot be imported, or a value of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BadLine {
    /// The file, of an export of several files.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Its number in the file, from 1.
    pub line: u64,
    /// What is wrong with it, after "The line".
    pub reason: String,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "line {} of {file} {}", self.line, self.reason),
            None => write!(f, "line {} {}", self.line, self.reason),
        }
    }
}

/// Something of the source that the import does not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct NotTaken {
    /// What it is.
    pub kind: String,
    /// Why it is not taken, or what happens to it instead.
    pub reason: String,
    /// How often.
    pub count: u64,
    /// Up to three examples.
    pub examples: Vec<String>,
}

/// What is not taken, by kind; at most 500 kinds.
#[derive(Debug, Default, Clone)]
pub struct Losses(BTreeMap<String, NotTaken>);

impl Losses {
    /// Counts one.
    pub fn add(&mut self, kind: &str, reason: &str, example: &str) {
        self.add_many(kind, reason, example, 1);
    }

    /// Counts several, of which one is the example.
    pub fn add_many(&mut self, kind: &str, reason: &str, example: &str, count: u64) {
        let kind =
            if self.0.len() < 500 || self.0.contains_key(kind) { cut(kind, 100) } else { "further kinds".to_owned() };
        let entry = self.0.entry(kind.clone()).or_insert_with(|| NotTaken {
            kind,
            reason: reason.to_owned(),
            count: 0,
            examples: Vec::new(),
        });
        entry.count += count;
        let example = cut(example.trim(), 100);
        if entry.examples.len() < 3 && !example.is_empty() && !entry.examples.contains(&example) {
            entry.examples.push(example);
        }
    }

    /// How often something of this kind was not taken.
    pub fn count(&self, kind: &str) -> u64 {
        self.0.get(kind).map_or(0, |entry| entry.count)
    }

    /// All kinds.
    pub fn list(&self) -> Vec<NotTaken> {
        self.0.values().cloned().collect()
    }
}

/// The parsed content of an export.
#[derive(Debug)]
pub struct Batch {
    /// Its format.
    pub format: Format,
    /// The tickets.
    pub tickets: Vec<Ticket>,
    /// The people that they name.
    pub people: People,
    /// Their milestones.
    pub milestones: Milestones,
    /// Lines that cannot be imported.
    pub bad: Vec<BadLine>,
    /// Values that are not valid and are left out; the rest of their lines is imported.
    pub warnings: Vec<BadLine>,
    /// What the import does not take.
    pub not_taken: Losses,
    /// The file that is being read, of an export of several files.
    pub file: Option<String>,
    /// Whether each file is one ticket, so that the tickets' `line` counts files.
    pub is_file_a_ticket: bool,
    seen: HashMap<String, u64>,
}

impl Batch {
    /// An empty one.
    pub fn new(format: Format) -> Self {
        Self {
            format,
            tickets: Vec::new(),
            people: People::default(),
            milestones: Milestones::default(),
            bad: Vec::new(),
            warnings: Vec::new(),
            not_taken: Losses::default(),
            file: None,
            is_file_a_ticket: false,
            seen: HashMap::new(),
        }
    }

    /// Notes a line that cannot be imported.
    pub fn reject(&mut self, line: u64, reason: impl Into<String>) {
        let bad = self.bad_line(line, reason);
        self.not_taken.add("invalid lines", "they cannot be read", &bad.to_string());
        if self.bad.len() < MAX_LINES {
            self.bad.push(bad);
        }
    }

    /// Notes a value that is left out.
    pub fn warn(&mut self, line: u64, reason: impl Into<String>) {
        let bad = self.bad_line(line, reason);
        self.not_taken.add("invalid values", "the rest of their lines is imported", &bad.to_string());
        if self.warnings.len() < MAX_LINES {
            self.warnings.push(bad);
        }
    }

    fn bad_line(&self, line: u64, reason: impl Into<String>) -> BadLine {
        BadLine { file: self.file.clone(), line, reason: reason.into() }
    }

    /// Adds a ticket, in a form that the board can store: titles, tags and lists within their bounds, no NUL. Refuses one
    /// without an id, and one whose id was seen before.
    pub fn add(&mut self, mut ticket: Ticket) {
        let line = self.line_of(&ticket);
        ticket.reference = clean(&ticket.reference).trim().to_owned();
        if ticket.reference.is_empty() {
            return self.reject(line, "has no id");
        }
        if ticket.reference.chars().count() > 200 {
            return self.reject(line, "has an id of more than 200 characters");
        }
        if let Some(first) = self.seen.get(&ticket.reference) {
            let first = if self.is_file_a_ticket { "another file".to_owned() } else { format!("line {first}") };
            let reason = format!("repeats the id {} of {first}", ticket.reference);
            return self.reject(line, reason);
        }
        if self.tickets.len() >= MAX_TICKETS {
            return self.not_taken.add(
                "tickets beyond the limit",
                "an import has at most 100,000 tickets",
                &ticket.reference,
            );
        }
        self.seen.insert(ticket.reference.clone(), ticket.line);
        self.tidy(&mut ticket);
        self.tickets.push(ticket);
    }

    /// The line of a ticket in its file.
    fn line_of(&self, ticket: &Ticket) -> u64 {
        if self.is_file_a_ticket { 1 } else { ticket.line }
    }

    fn tidy(&mut self, ticket: &mut Ticket) {
        // A title is one line.
        ticket.title =
            ticket.title.chars().filter(|c| *c != '\0').map(|c| if c.is_control() { ' ' } else { c }).collect();
        ticket.title = ticket.title.trim().to_owned();
        if ticket.title.is_empty() {
            self.warn(self.line_of(ticket), "has no title; its id is used");
            ticket.title.clone_from(&ticket.reference);
        }
        ticket.description = clean(&ticket.description);
        if ticket.title.chars().count() > MAX_TITLE {
            ticket.description = format!("{}\n\n{}", ticket.title, ticket.description).trim_end().to_owned();
            self.not_taken.add(
                "titles over 500 characters",
                "cut; the whole title begins the description",
                &ticket.title,
            );
        }
        ticket.state = cut(clean(&ticket.state).trim(), 100);
        if ticket.state.is_empty() {
            "(none)".clone_into(&mut ticket.state);
        }
        for value in [&mut ticket.priority, &mut ticket.ticket_type] {
            *value = value.take().map(|text| cut(clean(&text).trim(), 100)).filter(|text| !text.is_empty());
        }
        let mut kept = std::collections::HashSet::new();
        ticket.tags = std::mem::take(&mut ticket.tags).iter().map(|tag| cut(clean(tag).trim(), 100)).collect();
        ticket.tags.retain(|tag| !tag.is_empty() && kept.insert(tag.clone()));
        ticket.parent = ticket.parent.take().filter(|parent| !parent.trim().is_empty());
        for (list, what) in [
            (&mut ticket.blocked_by, "blockers"),
            (&mut ticket.blocks, "blocked tickets"),
            (&mut ticket.related, "relations"),
        ] {
            let mut kept = std::collections::HashSet::new();
            list.retain(|link| !link.trim().is_empty() && kept.insert(link.clone()));
            if list.len() > MAX_LIST {
                self.not_taken.add_many(
                    what,
                    "a ticket takes 1,000",
                    &ticket.reference,
                    (list.len() - MAX_LIST) as u64,
                );
                list.truncate(MAX_LIST);
            }
        }
        ticket.tags.truncate(MAX_LIST);
        if let Some(points) = ticket.story_points
            && !(0.0..=1000.0).contains(&points)
        {
            self.warn(self.line_of(ticket), format!("has {points} story points, not 0 to 1000"));
            ticket.story_points = None;
        }
        for minutes in [&mut ticket.estimate_minutes, &mut ticket.spent_minutes] {
            *minutes = minutes.filter(|minutes| *minutes <= 10_000_000);
        }
        for comment in &mut ticket.comments {
            comment.text = clean(&comment.text).trim_end().to_owned();
            if comment.text.chars().count() > MAX_COMMENT {
                comment.text = cut(&comment.text, MAX_COMMENT);
                self.not_taken.add("text beyond 99,000 characters of a comment", "cut", &ticket.reference);
            }
        }
        ticket.comments.retain(|comment| !comment.text.trim().is_empty());
        ticket.moves.sort_by_key(|step| step.at);
        if ticket.moves.len() > MAX_LIST - 2 {
            let over = ticket.moves.len() - (MAX_LIST - 2);
            self.not_taken.add_many("moves", "a ticket takes its last 998", &ticket.reference, over as u64);
            ticket.moves.drain(..over);
        }
    }

    /// Turns `blocks` around into `blocked_by`. Called once, when the file was read.
    pub fn turn_links(&mut self) {
        let places: HashMap<&str, usize> =
            self.tickets.iter().enumerate().map(|(place, ticket)| (ticket.reference.as_str(), place)).collect();
        let mut turned: Vec<(usize, String)> = Vec::new();
        let mut missing: Vec<String> = Vec::new();
        for ticket in &self.tickets {
            for blocked in &ticket.blocks {
                match places.get(blocked.as_str()) {
                    Some(place) => turned.push((*place, ticket.reference.clone())),
                    None => missing.push(format!("{} blocks {blocked}", ticket.reference)),
                }
            }
        }
        for (place, blocker) in turned {
            let list = &mut self.tickets[place].blocked_by;
            if list.len() < MAX_LIST && !list.contains(&blocker) {
                list.push(blocker);
            }
        }
        for example in missing {
            self.not_taken.add("links to tickets outside the file", "the other ticket is not in the file", &example);
        }
    }

    /// The tickets by id, to add what other lines say about them.
    pub fn find(&mut self, reference: &str) -> Option<&mut Ticket> {
        // Tickets are only added, at the end; a hash of places would repeat `seen`.
        let line = *self.seen.get(reference)?;
        let place = self.tickets.partition_point(|ticket| ticket.line < line);
        let found = self.tickets.get(place).is_some_and(|ticket| ticket.reference == reference);
        let place = if found { place } else { self.tickets.iter().position(|ticket| ticket.reference == reference)? };
        self.tickets.get_mut(place)
    }
}

/// Without NUL, which Postgres cannot store.
fn clean(text: &str) -> String {
    if text.contains('\0') { text.replace('\0', "") } else { text.to_owned() }
}
