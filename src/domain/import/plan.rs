//! From the tickets of a source and a mapping to the rows that `logic.import_tickets` takes.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, civil};

use super::graph::break_cycles;
use super::item::{Item, Note, Plan, Stay};
use super::mapping::{Board, Mapping, NEW_AGENT, stage_of};
use super::milestones::{Milestone, Milestones};
use super::model::{Batch, Losses, Stage, Ticket};
use super::people::{NewAgent, actor_id};
use super::texts::{MAX_COMMENT, MAX_DESCRIPTION, cut, title_of};
use crate::domain::tickets::Priority;

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
    let milestones = planned_milestones(&batch.milestones, &items, &mut batch.not_taken);
    Plan { items, milestones, new_agents, cycles }
}

/// The milestones that the planned items are in. Others are counted as not taken, as are days that no milestone can have.
fn planned_milestones(milestones: &Milestones, items: &[Item], losses: &mut Losses) -> Vec<Milestone> {
    let mut counts: HashMap<&str, u64> = HashMap::new();
    for name in items.iter().filter_map(|item| item.milestone.as_deref()) {
        *counts.entry(name).or_default() += 1;
    }
    let mut kept = Vec::new();
    for milestone in milestones.list() {
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
            milestone: ticket.milestone,
            story_points: ticket.story_points,
            estimate_minutes: ticket.estimate_minutes,
            spent_minutes: ticket.spent_minutes,
            due_at: ticket.due_at.map(within_day),
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

/// A day without a time was read as its first moment in UTC; its noon is that day in almost every time zone.
fn within_day(at: Timestamp) -> Timestamp {
    let is_day = at.to_zoned(TimeZone::UTC).time() == civil::Time::midnight();
    if is_day { at.saturating_add(SignedDuration::from_hours(12)).unwrap_or(at) } else { at }
}
