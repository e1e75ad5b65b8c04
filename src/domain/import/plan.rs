//! From the tickets of a source and a mapping to the rows that `logic.import_tickets` takes.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::graph::break_cycles;
use super::mapping::{Board, Mapping, NEW_AGENT, stage_of};
use super::model::{Batch, Losses, Stage, Ticket};
use super::people::{NewAgent, actor_id};
use super::texts::{MAX_COMMENT, MAX_DESCRIPTION, cut, title_of};
use crate::domain::tickets::Priority;

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
    /// The estimate in points.
    pub story_points: Option<f64>,
    /// The estimate in time.
    pub estimate_minutes: Option<u32>,
    /// The time spent.
    pub spent_minutes: Option<u32>,
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
    /// The agents to create for people.
    pub new_agents: Vec<NewAgent>,
    /// Links that are skipped because they would close a cycle.
    pub cycles: Vec<Cycle>,
}

/// Plans an import; takes the tickets out of the batch, and notes there what is lost on the way.
pub fn plan(batch: &mut Batch, board: &Board, mapping: &Mapping) -> Plan {
    let now = Timestamp::now();
    let mut new_agents = HashMap::new();
    let people: HashMap<&str, Option<String>> = batch
        .people
        .iter()
        .map(|person| {
            let to = mapping.people.get(&person.name).cloned().flatten().map(|to| {
                if to != NEW_AGENT {
                    return to;
                }
                let id = actor_id(&person.name);
                new_agents.insert(id.clone(), NewAgent { id: id.clone(), name: person.name.clone() });
                id
            });
            (person.name.as_str(), to)
        })
        .collect();
    let planner = Planner { board, mapping, people, tool: batch.format.tool(), source: batch.format.id(), now };
    let tickets = std::mem::take(&mut batch.tickets);
    let mut items: Vec<Item> = tickets.into_iter().map(|ticket| planner.item(ticket, &mut batch.not_taken)).collect();
    let cycles = break_cycles(&mut items);
    for cycle in &cycles {
        let example = format!("{} as {} of {}", cycle.to, cycle.kind, cycle.from);
        batch.not_taken.add("links that close a cycle", "one link of each cycle is skipped", &example);
    }
    let mut new_agents: Vec<NewAgent> = new_agents.into_values().collect();
    new_agents.sort_by(|one, other| one.id.cmp(&other.id));
    Plan { items, new_agents, cycles }
}

struct Planner<'a> {
    board: &'a Board,
    mapping: &'a Mapping,
    /// Actors by name; none for people who are kept as text.
    people: HashMap<&'a str, Option<String>>,
    tool: &'static str,
    source: &'static str,
    now: Timestamp,
}

impl Planner<'_> {
    fn actor(&self, name: &str) -> Option<String> {
        self.people.get(name).cloned().flatten()
    }

    /// The column of a state, and the progress that it means.
    fn column(&self, state: &str) -> (String, Stage) {
        let id = self.mapping.states.get(state).unwrap_or(&self.board.initial);
        (id.clone(), self.board.column(id).map_or(Stage::Open, |column| stage_of(column.category)))
    }

    fn item(&self, mut ticket: Ticket, losses: &mut Losses) -> Item {
        self.limit_times(&mut ticket, losses);
        let (status, stage) = self.column(&ticket.state);
        let times = [ticket.updated_at, ticket.started_at, ticket.closed_at, ticket.moves.first().map(|step| step.at)];
        let known = ticket.created_at.or_else(|| times.into_iter().flatten().min());
        if known.is_none() {
            losses.add("tickets without any time", "they are created at the time of the import", &ticket.reference);
        }
        let created_at = known.unwrap_or(self.now);
        let updated_at = known.map(|known| ticket.updated_at.unwrap_or(known).max(created_at));
        let mut closed_at = (stage == Stage::Done).then(|| ticket.closed_at.or(updated_at).unwrap_or(created_at));
        let mut started_at = ticket.started_at;
        let past = self.past(&ticket, created_at, &status, closed_at.or(updated_at).unwrap_or(created_at));
        if let Some(last) = past.as_ref().and_then(|past| past.last()) {
            started_at = started_at.or(last.started_at);
            closed_at = closed_at.and(last.completed_at.or(closed_at));
        }
        if stage == Stage::Active && started_at.is_none() {
            started_at = Some(updated_at.unwrap_or(created_at));
        }
        let ticket_type = ticket.ticket_type.as_ref().and_then(|name| self.mapping.types.get(name)).cloned();
        let priority = ticket.priority.as_ref().and_then(|name| self.mapping.priorities.get(name)).copied();
        let comments = self.comments(&mut ticket);
        let assignee = ticket.assignee.as_ref().and_then(|name| self.actor(name));
        let author = ticket.author.as_ref().and_then(|name| self.actor(name));
        let mut tags = std::mem::take(&mut ticket.tags);
        if let (Some(name), None) = (&ticket.assignee, &assignee) {
            tags.push(cut(&format!("assignee:{name}"), 100));
        }
        let description = self.description(&mut ticket, author.is_none(), losses);
        Item {
            line: ticket.line,
            title: title_of(&ticket.title, &ticket.reference),
            reference: ticket.reference,
            description,
            status,
            stage,
            priority: priority.unwrap_or(Priority::Medium).as_str(),
            ticket_type,
            author,
            assignee,
            tags,
            story_points: ticket.story_points,
            estimate_minutes: ticket.estimate_minutes,
            spent_minutes: ticket.spent_minutes,
            created_at,
            updated_at,
            started_at,
            closed_at,
            parent: ticket.parent,
            blocked_by: ticket.blocked_by,
            related: ticket.related,
            comments,
            source: self.source,
            url: ticket.url,
            past,
        }
    }

    /// Times in the future are those of the import.
    fn limit_times(&self, ticket: &mut Ticket, losses: &mut Losses) {
        let times = [&mut ticket.created_at, &mut ticket.updated_at, &mut ticket.started_at, &mut ticket.closed_at];
        let steps = ticket.moves.iter_mut().map(|step| &mut step.at);
        let comments = ticket.comments.iter_mut().filter_map(|comment| comment.created_at.as_mut());
        for time in times.into_iter().flatten().chain(steps).chain(comments).filter(|time| **time > self.now) {
            losses.add(
                "times in the future",
                "the time of the import is taken",
                &format!("{}: {time}", ticket.reference),
            );
            *time = self.now;
        }
    }

    /// Where a ticket stood, from its creation on. `ended_at` is when it came to its column at the latest.
    fn past(&self, ticket: &Ticket, created_at: Timestamp, status: &str, ended_at: Timestamp) -> Option<Vec<Stay>> {
        let first = ticket.moves.first()?;
        let stays = [(&first.from, created_at)].into_iter().chain(ticket.moves.iter().map(|step| (&step.to, step.at)));
        let mut past: Vec<Stay> = Vec::new();
        let mut add = |status: String, stage: Stage, at: Timestamp| {
            let (at, started_at) =
                past.last().map_or((at.max(created_at), None), |last| (at.max(last.at), last.started_at));
            if past.last().is_none_or(|last| last.status != status) {
                let started_at = started_at.or((stage == Stage::Active).then_some(at));
                past.push(Stay { at, status, started_at, completed_at: (stage == Stage::Done).then_some(at) });
            }
        };
        for (state, at) in stays {
            let (status, stage) = self.column(state);
            add(status, stage, at);
        }
        // A move that the source does not tell.
        let (_, stage) = self.column(&ticket.state);
        add(status.to_owned(), stage, ended_at);
        Some(past)
    }

    fn comments(&self, ticket: &mut Ticket) -> Vec<Note> {
        std::mem::take(&mut ticket.comments)
            .into_iter()
            .map(|comment| {
                let author = comment.author.as_ref().and_then(|name| self.actor(name));
                let text = match (&comment.author, &author) {
                    (Some(name), None) => cut(&format!("{name} wrote:\n\n{}", comment.text), MAX_COMMENT),
                    _ => comment.text,
                };
                let comment_type = if comment.is_resolution { "resolution" } else { "general" };
                Note { author, text, comment_type, created_at: comment.created_at }
            })
            .collect()
    }

    /// The description, and where the ticket comes from.
    fn description(&self, ticket: &mut Ticket, is_author_text: bool, losses: &mut Losses) -> String {
        let mut text = std::mem::take(&mut ticket.description);
        if text.chars().count() > MAX_DESCRIPTION {
            text = cut(&text, MAX_DESCRIPTION);
            losses.add("text beyond 199,000 characters", "cut", &ticket.reference);
        }
        let author = ticket
            .author
            .as_ref()
            .filter(|_| is_author_text)
            .map(|name| format!("Created by {name} in {}.", self.tool));
        let url = ticket.url.as_ref().map(|url| cut(&format!("Imported from {url}"), 500));
        let origin: Vec<String> = author.into_iter().chain(url).collect();
        if origin.is_empty() {
            return text;
        }
        format!("{}\n\n{}", text.trim_end(), origin.join(" ")).trim_start().to_owned()
    }
}
