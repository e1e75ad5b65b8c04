//! Milestones, versions and cycles of a source: each is kept once, with what any line says about it.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::texts::cut;

/// Maximum milestones of a workflow, as `logic.max_milestones` has it.
const MAX_MILESTONES: usize = 300;

/// A milestone as its source describes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = ImportMilestone)]
pub struct Milestone {
    /// The name. Names that differ in case only are one milestone.
    pub name: String,
    /// The description.
    #[serde(default)]
    pub description: String,
    /// When the work on it starts.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub starts_at: Option<Timestamp>,
    /// When it is due.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub due_at: Option<Timestamp>,
    /// Whether it is closed; null if the source does not say it.
    pub is_closed: Option<bool>,
    /// When it was closed, if the source says it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub closed_at: Option<Timestamp>,
    /// How many tickets of the file are in it.
    #[serde(default)]
    pub tickets: u64,
}

/// The milestones of a file, in the order in which it names them.
#[derive(Debug, Default, Clone)]
pub struct Milestones {
    list: Vec<Milestone>,
    places: HashMap<String, usize>,
}

impl Milestones {
    /// Notes a milestone, or more about a known one. Returns its name; none if it has no name or is one too many.
    pub fn note(&mut self, mut milestone: Milestone) -> Option<String> {
        milestone.name = one_line(&milestone.name);
        milestone.description = cut(milestone.description.replace('\0', "").trim(), 2000);
        let key = milestone.name.to_lowercase();
        if let Some(known) = self.places.get(&key).and_then(|place| self.list.get_mut(*place)) {
            if known.description.is_empty() {
                known.description = milestone.description;
            }
            known.starts_at = known.starts_at.or(milestone.starts_at);
            known.due_at = known.due_at.or(milestone.due_at);
            known.is_closed = known.is_closed.or(milestone.is_closed);
            known.closed_at = known.closed_at.or(milestone.closed_at);
            return Some(known.name.clone());
        }
        if key.is_empty() || self.list.len() >= MAX_MILESTONES {
            return None;
        }
        self.places.insert(key, self.list.len());
        let name = milestone.name.clone();
        self.list.push(milestone);
        Some(name)
    }

    /// All of them.
    pub fn list(&self) -> &[Milestone] {
        &self.list
    }
}

/// A name as one line of at most 200 characters.
pub fn one_line(name: &str) -> String {
    let line: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(line.trim(), 200)
}
