//! What an import writes: rows as `logic.import_tickets` takes them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::milestones::Milestone;
use super::model::Stage;
use super::people::NewAgent;

/// One ticket to import, as SQL reads it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Item {
    /// The number of its line.
    pub line: u64,
    /// Its id in the other tracker; kept as `external_ref`.
    #[serde(rename = "ref")]
    pub reference: String,
    /// The title, 3 to 500 characters.
    pub title: String,
    /// The description.
    pub description: String,
    /// The column.
    pub status: String,
    /// The progress that the column means.
    pub stage: Stage,
    /// low, medium, high or critical.
    pub priority: &'static str,
    /// The ticket type; added to the board if missing.
    pub ticket_type: Option<String>,
    /// Who created it (an actor's id).
    pub author: Option<String>,
    /// Who works on it (an actor's id).
    pub assignee: Option<String>,
    /// The tags.
    pub tags: Vec<String>,
    /// The name of its milestone.
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
    pub created_at: Timestamp,
    /// When it last changed, if the source states any time; a ticket without one gets that of its creation.
    pub updated_at: Option<Timestamp>,
    /// When work on it began.
    pub started_at: Option<Timestamp>,
    /// When it was finished; present if and only if it is done.
    pub closed_at: Option<Timestamp>,
    /// The item it is part of.
    pub parent: Option<String>,
    /// The items that block it.
    pub blocked_by: Vec<String>,
    /// The items it is related to.
    pub related: Vec<String>,
    /// The comments.
    pub comments: Vec<Note>,
    /// The tool it comes from.
    pub source: &'static str,
    /// Its page there.
    pub url: Option<String>,
    /// Where it stood when, from its creation on, if the source says it.
    pub past: Option<Vec<Stay>>,
}

/// The beginning of a stay in a column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stay {
    /// When it began.
    pub at: Timestamp,
    /// The column.
    pub status: String,
    /// When work had begun then.
    pub started_at: Option<Timestamp>,
    /// When the ticket was finished, if it was then.
    pub completed_at: Option<Timestamp>,
}

/// A comment to import.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Note {
    /// Who wrote it (an actor's id). Defaults to the importer.
    pub author: Option<String>,
    /// The text.
    pub text: String,
    /// A comment type of Callboard.
    pub comment_type: &'static str,
    /// When it was written. Defaults to when its ticket was created.
    pub created_at: Option<Timestamp>,
}

/// A link that is skipped because it would close a cycle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Cycle {
    /// The number of its line.
    pub line: u64,
    /// The item that would be blocked (or be the child).
    pub from: String,
    /// The item that would block it (or be the parent).
    pub to: String,
    /// `blocker` or `parent`.
    #[serde(deserialize_with = "cycle_kind")]
    #[schema(value_type = String)]
    pub kind: &'static str,
}

fn cycle_kind<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<&'static str, D::Error> {
    Ok(if String::deserialize(deserializer)? == "parent" { "parent" } else { "blocker" })
}

/// What is to be written.
#[derive(Debug, Default)]
pub struct Plan {
    /// The tickets.
    pub items: Vec<Item>,
    /// The milestones that they are in.
    pub milestones: Vec<Milestone>,
    /// The agents to create for people.
    pub new_agents: Vec<NewAgent>,
    /// Links that are skipped because they would close a cycle.
    pub cycles: Vec<Cycle>,
}
