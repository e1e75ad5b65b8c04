//! Export of a workflow's tickets, or of the results of a search, as JSON, CSV or Markdown.

#[cfg(feature = "server")]
mod queries;

use std::io::{self, Write};

#[cfg(feature = "server")]
use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[cfg_attr(feature = "server", derive(ValueEnum))]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One document with all fields and comments.
    Json,
    /// A table, one line per ticket.
    Csv,
    /// A readable document.
    Markdown,
}

impl Format {
    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Csv => "text/csv; charset=utf-8",
            Self::Markdown => "text/markdown; charset=utf-8",
        }
    }

    /// The file name extension.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Csv => "csv",
            Self::Markdown => "md",
        }
    }
}

/// A comment of an exported ticket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Comment {
    /// Who wrote it.
    pub agent_id: Option<String>,
    /// The text.
    pub comment_text: String,
    /// Its type.
    pub comment_type: String,
    /// When it was written.
    pub created_at: String,
}

/// An exported ticket.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ticket {
    /// The id.
    pub ticket_id: String,
    /// The key, `TKT-12`.
    pub key: String,
    /// The title.
    pub title: String,
    /// The description, Markdown.
    pub description: String,
    /// The type.
    pub ticket_type: String,
    /// The priority.
    pub priority: String,
    /// The column.
    pub status: String,
    /// The tags.
    pub tags: Vec<String>,
    /// Who works on it.
    pub assigned_agent_id: Option<String>,
    /// Who created it.
    pub created_by_agent_id: Option<String>,
    /// The key of the parent ticket.
    pub parent: Option<String>,
    /// The keys of the tickets that block it.
    pub blocked_by: Vec<String>,
    /// Linked commits.
    pub commits: Vec<String>,
    /// The story points.
    pub story_points: Option<f64>,
    /// The estimate.
    pub estimate_minutes: Option<i64>,
    /// The time spent.
    pub spent_minutes: i64,
    /// The day by which it is to be done.
    pub due_on: Option<String>,
    /// The name of its milestone.
    pub milestone: Option<String>,
    /// Whether it is resolved.
    pub is_resolved: bool,
    /// When it was created.
    pub created_at: String,
    /// When it last changed.
    pub updated_at: String,
    /// When work started.
    pub started_at: Option<String>,
    /// When it was finished.
    pub completed_at: Option<String>,
    /// Its id in the tracker from which it was imported.
    pub external_ref: Option<String>,
    /// The comments.
    pub comments: Vec<Comment>,
}

/// A workflow's tickets.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Export {
    /// The workflow.
    pub workflow_id: String,
    /// Its name.
    pub workflow_name: String,
    /// The tickets by number.
    pub tickets: Vec<Ticket>,
}

/// U+FEFF in UTF-8.
pub(super) const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// The columns of the CSV.
const COLUMNS: &[&str] = &[
    "key",
    "title",
    "status",
    "ticket_type",
    "priority",
    "assigned_agent_id",
    "created_by_agent_id",
    "tags",
    "parent",
    "blocked_by",
    "story_points",
    "estimate_minutes",
    "spent_minutes",
    "is_resolved",
    "created_at",
    "updated_at",
    "started_at",
    "completed_at",
    "external_ref",
    "comments",
    "commits",
    "ticket_id",
    "description",
    "due_on",
    "milestone",
];

impl Export {
    /// Writes the document. `mark` begins a CSV with a byte order mark: without it, Excel reads UTF-8 as another encoding.
    pub fn write(&self, format: Format, mark: bool, out: &mut impl Write) -> io::Result<()> {
        match format {
            Format::Json => self.json(out)?,
            Format::Csv => {
                out.write_all(if mark { BYTE_ORDER_MARK } else { b"" })?;
                self.csv(out)?;
            }
            Format::Markdown => self.markdown(out)?,
        }
        out.flush()
    }

    /// One JSON document.
    pub fn json(&self, out: &mut impl Write) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut *out, self)?;
        writeln!(out)
    }

    /// A table as in RFC 4180, one line per ticket.
    pub fn csv(&self, out: &mut impl Write) -> io::Result<()> {
        write!(out, "{}\r\n", COLUMNS.join(","))?;
        for ticket in &self.tickets {
            let number = |value: Option<i64>| value.map(|n| n.to_string()).unwrap_or_default();
            let cells = [
                ticket.key.clone(),
                ticket.title.clone(),
                ticket.status.clone(),
                ticket.ticket_type.clone(),
                ticket.priority.clone(),
                ticket.assigned_agent_id.clone().unwrap_or_default(),
                ticket.created_by_agent_id.clone().unwrap_or_default(),
                ticket.tags.join(" "),
                ticket.parent.clone().unwrap_or_default(),
                ticket.blocked_by.join(" "),
                ticket.story_points.map(|points| points.to_string()).unwrap_or_default(),
                number(ticket.estimate_minutes),
                number(Some(ticket.spent_minutes)),
                ticket.is_resolved.to_string(),
                ticket.created_at.clone(),
                ticket.updated_at.clone(),
                ticket.started_at.clone().unwrap_or_default(),
                ticket.completed_at.clone().unwrap_or_default(),
                ticket.external_ref.clone().unwrap_or_default(),
                ticket.comments.len().to_string(),
                ticket.commits.join(" "),
                ticket.ticket_id.clone(),
                ticket.description.clone(),
                ticket.due_on.clone().unwrap_or_default(),
                ticket.milestone.clone().unwrap_or_default(),
            ];
            write!(out, "{}\r\n", cells.map(|cell| csv_cell(&cell)).join(","))?;
        }
        Ok(())
    }

    /// A readable document: the columns in order of first use, each with its tickets.
    pub fn markdown(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "# {}\n", one_line(&self.workflow_name))?;
        let mut columns: Vec<&str> = Vec::new();
        for ticket in &self.tickets {
            if !columns.contains(&ticket.status.as_str()) {
                columns.push(&ticket.status);
            }
        }
        for column in columns {
            writeln!(out, "## {column}\n")?;
            for ticket in self.tickets.iter().filter(|ticket| ticket.status == column) {
                ticket.markdown(out)?;
            }
        }
        Ok(())
    }
}

impl Ticket {
    fn markdown(&self, out: &mut impl Write) -> io::Result<()> {
        writeln!(out, "### {} {}\n", self.key, one_line(&self.title))?;
        let mut facts = vec![self.ticket_type.clone(), self.priority.clone()];
        facts.extend(self.assigned_agent_id.as_ref().map(|agent| format!("assigned to {agent}")));
        facts.extend(self.parent.as_ref().map(|parent| format!("part of {parent}")));
        if !self.blocked_by.is_empty() {
            facts.push(format!("blocked by {}", self.blocked_by.join(", ")));
        }
        if !self.tags.is_empty() {
            facts.push(format!("tags: {}", self.tags.join(", ")));
        }
        facts.extend(self.milestone.as_ref().map(|milestone| format!("milestone {milestone}")));
        facts.extend(self.due_on.as_ref().map(|day| format!("due {day}")));
        facts.push(format!("created {}", self.created_at));
        writeln!(out, "*{}*\n", one_line(&facts.join(" · ")))?;
        if !self.description.trim().is_empty() {
            writeln!(out, "{}\n", self.description.trim())?;
        }
        for comment in &self.comments {
            let who = comment.agent_id.as_deref().unwrap_or("somebody");
            let text = comment.comment_text.trim().replace('\n', "\n> ");
            writeln!(out, "> **{who}**, {}:\n>\n> {text}\n", comment.created_at)?;
        }
        Ok(())
    }
}

/// The most that a cell of Excel holds, in UTF-16 units; it puts the rest of a longer one into the next rows.
const MAX_CELL: usize = 32_767;

/// Quotes a cell if necessary. An apostrophe precedes a text that a spreadsheet would evaluate as a formula; a text that is too
/// long for a cell is cut, and says so.
pub(super) fn csv_cell(text: &str) -> String {
    let mut text = match text.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r' | '\n' | '＝' | '＋' | '－' | '＠') => format!("'{text}"),
        _ => text.to_owned(),
    };
    const CUT: &str = "… (cut; the JSON has all of it)";
    if text.len() > MAX_CELL && text.encode_utf16().count() > MAX_CELL {
        let mut room = MAX_CELL - CUT.encode_utf16().count();
        let fits = |c: &char| {
            let left = room.checked_sub(c.len_utf16());
            room = left.unwrap_or(0);
            left.is_some()
        };
        text = text.chars().take_while(fits).collect();
        text.push_str(CUT);
    }
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    #[test]
    fn cells_are_quoted_and_formulas_are_neutralized() {
        for (text, cell) in [
            ("plain", "plain"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=1+1", "'=1+1"),
            ("@x,y", "\"'@x,y\""),
            ("two\nlines", "\"two\nlines\""),
            ("\n=1+1", "\"'\n=1+1\""),
            ("＝1+1", "'＝1+1"),
            ("-5", "'-5"),
        ] {
            assert_eq!(super::csv_cell(text), cell);
        }
        let cut = super::csv_cell(&"🦀".repeat(20_000));
        assert!(cut.encode_utf16().count() <= super::MAX_CELL && cut.ends_with("has all of it)"));
        assert_eq!(super::csv_cell(&"ü".repeat(super::MAX_CELL)), "ü".repeat(super::MAX_CELL));
    }
}
