//! Milestones, versions and cycles of a source: each is kept once, with what any line says about it.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::item::Item;
use super::model::{Batch, Losses};
use super::plan::within_day;
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
    fn note(&mut self, mut milestone: Milestone) -> Option<String> {
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
}

impl Batch {
    /// Notes the milestone of a ticket. One too many becomes a tag.
    pub fn milestone(&mut self, milestone: Milestone, tags: &mut Vec<String>) -> Option<String> {
        let name = one_line(&milestone.name);
        let noted = self.milestones.note(milestone);
        if noted.is_none() && !name.is_empty() {
            self.not_taken.add("milestones beyond the limit", "a workflow has at most 300; they become tags", &name);
            tags.push(super::sources::tag("milestone", &name));
        }
        noted
    }

    /// The same for a source that says only the name.
    pub fn milestone_named(&mut self, name: Option<&str>, tags: &mut Vec<String>) -> Option<String> {
        self.milestone(Milestone { name: name?.to_owned(), ..Milestone::default() }, tags)
    }

    /// Notes a milestone that is described apart from the tickets.
    pub fn describe_milestone(&mut self, milestone: Milestone) {
        self.milestones.note(milestone);
    }
}

/// The milestones that the planned items are in. Others are counted as not taken, as are days that no milestone can have.
pub fn planned(milestones: &Milestones, items: &[Item], losses: &mut Losses) -> Vec<Milestone> {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for name in items.iter().filter_map(|item| item.milestone.as_deref()) {
        *counts.entry(name).or_default() += 1;
    }
    let mut kept = Vec::new();
    for milestone in &milestones.list {
        let Some(tickets) = counts.get(milestone.name.as_str()) else {
            losses.add("milestones without tickets", "only milestones of tickets are imported", &milestone.name);
            continue;
        };
        let mut milestone = Milestone { tickets: *tickets, ..milestone.clone() };
        for day in [&mut milestone.starts_at, &mut milestone.due_at] {
            if day.is_some_and(|at| !(1901..9999).contains(&at.to_zoned(TimeZone::UTC).year())) {
                losses.add("days of milestones", "only the years 1901 to 9998 are taken", &milestone.name);
                *day = None;
            }
            *day = day.map(within_day);
        }
        if milestone.starts_at.zip(milestone.due_at).is_some_and(|(starts_at, due_at)| starts_at > due_at) {
            losses.add("starts of milestones", "they are after the end", &milestone.name);
            milestone.starts_at = None;
        }
        kept.push(milestone);
    }
    kept
}

/// A name as one line of at most 200 characters.
fn one_line(name: &str) -> String {
    let line: String = name.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut(line.trim(), 200)
}
