//! Jira's CSV export, of Cloud and Data Center. Columns with several values are repeated; comments, attachments and work are
//! `date;author;…`; people of comments are named by account ids, which other columns explain.

use std::collections::HashMap;

use super::{one_table, tag, time};
use crate::domain::import::dates::Dates;
use crate::domain::import::files::Files;
use crate::domain::import::formats::Format;
use crate::domain::import::model::{Batch, Comment, Stage, Ticket};
use crate::domain::import::table::{Row, Table};
use crate::domain::import::texts::{add_section, plain};

/// Columns that repeat what others say, or mean nothing outside of Jira.
const IGNORED: &[&str] = &[
    "Issue id",
    "Work item id",
    "Project key",
    "Project name",
    "Project type",
    "Project lead",
    "Project lead id",
    "Project description",
    "Project url",
    "Assignee Id",
    "Reporter Id",
    "Creator Id",
    "Watchers Id",
    "Parent summary",
    "Status Category Changed",
    "Last Viewed",
    "Work Ratio",
    "Votes",
    "Custom field (Rank)",
    "Custom field (Issue color)",
    "Custom field (Work item color)",
    "Custom field (Development)",
    "Σ Original Estimate",
    "Σ Remaining Estimate",
    "Σ Time Spent",
];

const KEY: &[&str] = &["Issue key", "Work item key", "Key"];
const FIX_VERSIONS: &[&str] = &["Fix Version/s", "Fix versions"];
const ID: &[&str] = &["Issue id", "Work item id"];

/// Reads an export.
pub fn read(files: &Files) -> Result<Batch, String> {
    let mut batch = Batch::new(Format::Jira);
    let table = one_table(files, &mut batch)?;
    let known = Known::of(&table);
    for row in table.rows() {
        let ticket = issue(&mut batch, &known, &table, row);
        batch.add(ticket);
    }
    table.ignore(IGNORED);
    table.report_unused(&mut batch);
    Ok(batch)
}

/// What the table says as a whole.
struct Known<'a> {
    dates: Dates,
    /// Keys of issues by their numbers.
    keys: HashMap<&'a str, &'a str>,
    /// Names of people by their account ids.
    names: HashMap<&'a str, &'a str>,
}

impl<'a> Known<'a> {
    fn of(table: &'a Table) -> Self {
        let dates = Dates::learn(table.values(&["Created", "Updated", "Resolved"]));
        let (mut keys, mut names) = (HashMap::new(), HashMap::new());
        for row in table.rows() {
            keys.extend(row.get(ID).zip(row.get(KEY)));
            for (id, name) in [("Assignee Id", "Assignee"), ("Reporter Id", "Reporter"), ("Creator Id", "Creator")] {
                names.extend(row.get(&[id]).zip(row.get(&[name])));
            }
        }
        Self { dates, keys, names }
    }

    fn person(&self, batch: &mut Batch, name: &str) -> Option<String> {
        let name = name.trim();
        batch.people.note(self.names.get(name).copied().unwrap_or(name))
    }

    /// An issue given by key or number.
    fn key(&self, text: &str) -> String {
        self.keys.get(text.trim()).copied().unwrap_or(text.trim()).to_owned()
    }
}

fn issue(batch: &mut Batch, known: &Known<'_>, table: &Table, row: Row<'_>) -> Ticket {
    let assignee = row.get(&["Assignee"]).and_then(|name| known.person(batch, name));
    let author = row.get(&["Reporter", "Creator"]).and_then(|name| known.person(batch, name));
    let mut at = |names: &[&str]| time(batch, known.dates, row, names);
    let (created_at, updated_at, resolved_at) =
        (at(&["Created"]), at(&["Updated"]), at(&["Resolved", "Resolution date"]));
    // When the state's category changed last: of an issue in progress, when it was begun.
    let changed_at = at(&["Status Category Changed"]);
    let due_at = at(&["Due date", "Due Date"]);
    let resolution = row.get(&["Resolution"]).map(plain).unwrap_or_default();
    let stage = match row.get(&["Status Category"]).map(plain).as_deref() {
        Some("todo" | "new") => Some(Stage::Open),
        Some("inprogress" | "indeterminate") => Some(Stage::Active),
        Some("done" | "complete") => Some(Stage::Done),
        _ if resolved_at.is_some() && resolution != "unresolved" => Some(Stage::Done),
        _ => None,
    };
    let closed_at = resolved_at.or(changed_at).filter(|_| stage == Some(Stage::Done));
    let mut tags = tags(row, &resolution);
    // A ticket is in one milestone: the first version; the others are tags.
    let mut versions = FIX_VERSIONS.iter().flat_map(|name| row.all(name));
    let milestone = batch.milestone_named(versions.next(), &mut tags);
    tags.extend(versions.map(|version| tag("version", version)));
    let links = links(batch, known, table, row);
    let estimate = row.get(&[
        "Custom field (Story Points)",
        "Custom field (Story point estimate)",
        "Story Points",
        "Story point estimate",
    ]);
    Ticket {
        line: row.line,
        reference: row.text(KEY),
        title: row.text(&["Summary"]),
        description: description(row),
        state: row.text(&["Status"]),
        stage,
        priority: row.get(&["Priority"]).map(str::to_owned),
        ticket_type: row.get(&["Issue Type", "Work type", "Work item type", "Type"]).map(str::to_owned),
        author,
        assignee,
        tags,
        milestone,
        story_points: estimate.and_then(|points| points.replace(',', ".").parse().ok()),
        estimate_minutes: seconds(row, &["Original estimate", "Original Estimate"]),
        spent_minutes: seconds(row, &["Time Spent"]),
        created_at,
        updated_at,
        started_at: changed_at.filter(|_| stage == Some(Stage::Active)),
        closed_at,
        due_at,
        parent: row
            .get(&["Parent key", "Custom field (Epic Link)", "Parent", "Parent id"])
            .map(|parent| known.key(parent)),
        blocked_by: links.blocked_by,
        blocks: links.blocks,
        related: links.related,
        comments: row.all("Comment").chain(row.all("Comments")).map(|text| comment(batch, known, text)).collect(),
        ..Ticket::default()
    }
}

fn description(row: Row<'_>) -> String {
    let mut text = row.text(&["Description"]);
    add_section(&mut text, "Environment", &row.text(&["Environment"]));
    let mut files = String::new();
    for attachment in row.all("Attachment").chain(row.all("Attachments")) {
        // date;author;name;address
        let parts: Vec<&str> = attachment.splitn(4, ';').collect();
        match parts.as_slice() {
            [_, _, name, url] => files.push_str(&format!("- [{}]({})\n", name.trim(), url.trim())),
            _ => files.push_str(&format!("- {}\n", attachment.trim())),
        }
    }
    add_section(&mut text, "Attachments", &files);
    text
}

fn tags(row: Row<'_>, resolution: &str) -> Vec<String> {
    let mut tags: Vec<String> = row.all("Labels").flat_map(|cell| cell.split([' ', ','])).map(str::to_owned).collect();
    for (kind, names) in
        [("component", ["Component/s", "Components"]), ("affects", ["Affects Version/s", "Affects versions"])]
    {
        tags.extend(names.iter().flat_map(|name| row.all(name)).map(|value| tag(kind, value)));
    }
    tags.extend(row.all("Sprint").last().map(|value| tag("sprint", value)));
    let is_plain = matches!(resolution, "" | "done" | "fixed" | "resolved" | "unresolved" | "complete" | "completed");
    tags.extend((!is_plain).then(|| row.get(&["Resolution"]).map(|value| tag("resolution", value))).flatten());
    tags
}

/// Seconds in minutes.
fn seconds(row: Row<'_>, names: &[&str]) -> Option<u32> {
    let seconds: u32 = row.get(names)?.parse().ok()?;
    Some(seconds / 60)
}

#[derive(Default)]
struct Links {
    blocked_by: Vec<String>,
    blocks: Vec<String>,
    related: Vec<String>,
}

/// `Inward issue link (Blocks)` holds what blocks the issue, `Outward issue link (Blocks)` what it blocks; other types relate.
fn links(batch: &mut Batch, known: &Known<'_>, table: &Table, row: Row<'_>) -> Links {
    let mut links = Links::default();
    let mut seen = std::collections::HashSet::new();
    for name in table.names() {
        let lower = name.to_lowercase();
        let is_link = lower.contains("issue link (") || lower.contains("work item link (");
        if !is_link || !seen.insert(lower.clone()) {
            continue;
        }
        let kind = lower.split_once('(').map_or("", |(_, kind)| kind.trim_end_matches(')')).to_owned();
        for other in row.all(name) {
            let other = known.key(other);
            match (kind.starts_with("block"), lower.starts_with("inward")) {
                (true, true) => links.blocked_by.push(other),
                (true, false) => links.blocks.push(other),
                _ => {
                    if !kind.starts_with("relat") {
                        batch.not_taken.add(&format!("links of the type {kind}"), "they become relations", &other);
                    }
                    links.related.push(other);
                }
            }
        }
    }
    links
}

/// `12/Mar/24 3:04 PM;account;text`; another text as it is.
fn comment(batch: &mut Batch, known: &Known<'_>, cell: &str) -> Comment {
    let parts: Vec<&str> = cell.splitn(3, ';').collect();
    if let [at, author, text] = parts.as_slice()
        && let Some(created_at) = known.dates.read(at)
    {
        let author = known.person(batch, author);
        return Comment { author, text: (*text).to_owned(), is_resolution: false, created_at: Some(created_at) };
    }
    Comment { text: cell.to_owned(), ..Comment::default() }
}
