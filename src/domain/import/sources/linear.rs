//! Linear's CSV export. Columns are found by name, because Linear has added some over time.

use super::{one_table, tag, time};
use crate::domain::import::dates::Dates;
use crate::domain::import::files::Files;
use crate::domain::import::formats::Format;
use crate::domain::import::model::{Batch, Stage, Ticket};
use crate::domain::import::names::stage_of_name;
use crate::domain::import::table::{Row, listed};

/// Reads an export.
pub fn read(files: &Files) -> Result<Batch, String> {
    let mut batch = Batch::new(Format::Linear);
    let table = one_table(files, &mut batch)?;
    let dates = Dates::learn(table.values(&["Created", "Updated", "Completed"]));
    for row in table.rows() {
        let ticket = issue(&mut batch, dates, row);
        batch.add(ticket);
    }
    table.ignore(&["UUID", "Project ID", "Project Milestone ID", "Cycle Start", "Cycle End", "Cycle Number"]);
    table.report_unused(&mut batch);
    Ok(batch)
}

fn issue(batch: &mut Batch, dates: Dates, row: Row<'_>) -> Ticket {
    let mut person = |name: &str| row.get(&[name]).and_then(|name| batch.people.note(name));
    let (author, assignee) = (person("Creator"), person("Assignee"));
    let mut at = |name: &str| time(batch, dates, row, &[name]);
    let (created_at, updated_at, started_at) = (at("Created"), at("Updated"), at("Started"));
    let closed_at = at("Completed").or(at("Canceled"));
    let is_archived = at("Archived").is_some();
    let due_at = at("Due Date");
    let state = row.text(&["Status"]);
    let stage = match closed_at {
        Some(_) => Some(Stage::Done),
        None => stage_of_name(&state).or(started_at.map(|_| Stage::Active)),
    };
    let mut tags: Vec<String> = row.all("Labels").flat_map(listed).collect();
    for (kind, names) in
        [("team", ["Team", ""]), ("project", ["Project", ""]), ("cycle", ["Cycle Name", "Cycle Number"])]
    {
        tags.extend(row.get(&names).map(|value| tag(kind, value)));
    }
    let milestone = batch.milestone_named(row.get(&["Project Milestone"]), &mut tags);
    tags.extend(is_archived.then(|| "archived".to_owned()));
    let mut related: Vec<String> = row.all("Related to").flat_map(listed).collect();
    related.extend(row.all("Duplicate of").flat_map(listed));
    Ticket {
        line: row.line,
        reference: row.text(&["ID"]),
        title: row.text(&["Title"]),
        description: row.text(&["Description"]),
        state,
        stage,
        priority: row.get(&["Priority"]).map(str::to_owned),
        author,
        assignee,
        tags,
        milestone,
        story_points: row.get(&["Estimate"]).and_then(|points| points.parse().ok()),
        created_at,
        updated_at,
        started_at,
        closed_at,
        due_at,
        parent: row.get(&["Parent issue"]).map(str::to_owned),
        blocked_by: row.all("Blocked by").flat_map(listed).collect(),
        blocks: row.all("Blocks").flat_map(listed).collect(),
        related,
        ..Ticket::default()
    }
}
