//! A Backlog.md folder: one Markdown file a task, in `tasks`, `completed`, `drafts` and `archive`.

use std::collections::HashMap;

use super::front_matter::{FrontMatter, split};
use crate::domain::import::dates::Dates;
use crate::domain::import::files::Files;
use crate::domain::import::formats::Format;
use crate::domain::import::model::{Batch, Ticket};
use crate::domain::import::texts::add_section;

/// Values that the import takes, or that mean nothing outside of Backlog.md.
const KNOWN: &[&str] = &[
    "id",
    "title",
    "status",
    "assignee",
    "reporter",
    "created_date",
    "updated_date",
    "labels",
    "milestone",
    "dependencies",
    "parent_task_id",
    "subtasks",
    "priority",
    "ordinal",
    "type",
    "references",
    "documentation",
    "modified_files",
    "actual_start",
    "actual_end",
    "due_date",
    "onstatuschange",
    "parent",
];

/// Whether a Markdown file is a task.
pub fn is_task(text: &str) -> bool {
    split(text).is_some_and(|(values, _)| ["id", "title", "status"].iter().all(|name| values.contains_key(*name)))
}

/// Reads a folder.
pub fn read(files: &Files) -> Result<Batch, String> {
    let mut batch = Batch::new(Format::BacklogMd);
    batch.is_file_a_ticket = true;
    let milestones = milestones(files);
    let mut line = 0;
    for file in files.list.iter().filter(|file| file.ends_with(".md")) {
        let (text, _) = file.text();
        let is_other =
            ["/docs/", "/decisions/", "/milestones/"].iter().any(|folder| format!("/{}", file.name).contains(folder));
        match split(&text) {
            Some((values, body)) if !is_other && has(&values, "id") && has(&values, "title") => {
                line += 1;
                batch.file = Some(file.name.clone());
                let ticket = task(&mut batch, line, (&file.name, &text), &values, &body, &milestones);
                batch.add(ticket);
            }
            found => match (is_other, problem(&file.name, &text, found.as_ref().map(|(values, _)| values))) {
                (false, Some((line, why))) => {
                    batch.file = Some(file.name.clone());
                    batch.reject(line, why);
                }
                _ => batch.not_taken.add("other documents", "they are no tasks", &file.name),
            },
        }
    }
    if line == 0 {
        return Err("has no tasks: Markdown files with id, title and status between lines of ---".to_owned());
    }
    Ok(batch)
}

/// Whether the front matter has a value of this name.
fn has(values: &FrontMatter, name: &str) -> bool {
    values.get(name).is_some_and(|list| !list.is_empty())
}

/// The names of milestones by their ids, from the files of the folder `milestones`.
fn milestones(files: &Files) -> HashMap<String, String> {
    let is_milestone = |name: &str| name.ends_with(".md") && format!("/{name}").contains("/milestones/");
    let read = files.list.iter().filter(|file| is_milestone(&file.name)).filter_map(|file| {
        let (values, _) = split(&file.text().0)?;
        let one = |name: &str| values.get(name).and_then(|list| list.first().cloned());
        Some((one("id")?.to_lowercase(), one("title")?))
    });
    read.collect()
}

/// What is wrong with a document that was meant to be a task, and in which line: its front matter is broken or lacks what a task has.
/// None for a document that is none.
fn problem(file_name: &str, text: &str, values: Option<&FrontMatter>) -> Option<(u64, String)> {
    let folder = format!("/{file_name}");
    let is_in_folder = ["/tasks/", "/completed/", "/drafts/"].iter().any(|name| folder.contains(name));
    let head: Vec<&str> = text.trim_start_matches('\u{feff}').lines().collect();
    if head.first().is_none_or(|line| line.trim_end() != "---") {
        return is_in_folder.then(|| (1, "has no front matter between lines of ---, so it is no task".to_owned()));
    }
    let names = |name: &str| head.iter().any(|line| line.trim_start().starts_with(&format!("{name}:")));
    if !(is_in_folder || names("id") || names("title")) {
        return None;
    }
    let Some(values) = values else {
        return Some((1, "begins a front matter that no line of --- ends, so it is no task".to_owned()));
    };
    let is_broken =
        |line: &&str| !line.trim().is_empty() && !line.starts_with([' ', '\t', '-', '#']) && !line.contains(':');
    let broken = head.iter().skip(1).take_while(|line| **line != "---").position(is_broken);
    if let Some(place) = broken {
        return Some((
            place as u64 + 2,
            "is no `name: value` of a front matter, so the document is no task".to_owned(),
        ));
    }
    let missing: Vec<&str> = ["id", "title"].into_iter().filter(|name| !has(values, name)).collect();
    Some((1, format!("begins a front matter without {}, so the document is no task", missing.join(" and "))))
}

fn task(
    batch: &mut Batch,
    line: u64,
    file: (&str, &str),
    values: &FrontMatter,
    body: &str,
    milestones: &HashMap<String, String>,
) -> Ticket {
    let (file_name, text) = file;
    let list = |name: &str| values.get(name).cloned().unwrap_or_default();
    let one = |name: &str| values.get(name).and_then(|list| list.first().cloned());
    let id = one("id").unwrap_or_default().to_lowercase();
    let mut at = |name: &str| {
        let value = one(name)?;
        let time = Dates { day_first: true, ..Dates::default() }.read(&value);
        if time.is_none() {
            batch.warn(line_of_value(text, name), format!("has {value:?} as {name}, not a time"));
        }
        time
    };
    let (created_at, updated_at) = (at("created_date"), at("updated_date"));
    let (started_at, closed_at, due_at) = (at("actual_start"), at("actual_end"), at("due_date"));
    let people: Vec<String> = list("assignee").iter().filter_map(|name| batch.people.note(name)).collect();
    let folder = format!("/{file_name}");
    let state = match one("status") {
        _ if folder.contains("/archive/") => "Archived".to_owned(),
        _ if folder.contains("/drafts/") => "Draft".to_owned(),
        status => status.unwrap_or_default(),
    };
    let mut description = without_markers(body);
    for (name, heading) in
        [("references", "References"), ("documentation", "Documentation"), ("modified_files", "Modified files")]
    {
        add_section(
            &mut description,
            heading,
            &list(name).iter().map(|item| format!("- {item}\n")).collect::<String>(),
        );
    }
    super::add_further_people(&mut description, people.iter().skip(1));
    for (name, value) in values.iter().filter(|(name, value)| !KNOWN.contains(&name.as_str()) && !value.is_empty()) {
        batch.not_taken.add(&format!("field {name}"), "Callboard has no field for it", &value.join(", "));
    }
    // task-12.1 is a part of task-12.
    let parent = one("parent_task_id")
        .or_else(|| one("parent"))
        .or_else(|| id.rsplit_once('.').map(|(parent, _)| parent.to_owned()));
    let prefix = id.split('-').next().unwrap_or("task").to_owned();
    let reference = |other: &str| {
        let other = other.trim().to_lowercase();
        if other.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            format!("{prefix}-{other}")
        } else {
            other
        }
    };
    let mut tags = list("labels");
    let milestone = one("milestone").map(|said| milestones.get(&said.to_lowercase()).cloned().unwrap_or(said));
    let milestone = batch.milestone_named(milestone.as_deref(), &mut tags);
    Ticket {
        line,
        title: one("title").unwrap_or_default(),
        description,
        state,
        priority: one("priority"),
        ticket_type: one("type"),
        author: one("reporter").and_then(|name| batch.people.note(&name)),
        assignee: people.into_iter().next(),
        tags,
        milestone,
        created_at,
        updated_at,
        started_at,
        closed_at,
        due_at,
        parent: parent.map(|parent| reference(&parent)),
        blocked_by: list("dependencies").iter().map(|other| reference(other)).collect(),
        reference: id,
        ..Ticket::default()
    }
}

/// The line of a value in the front matter.
fn line_of_value(text: &str, name: &str) -> u64 {
    let place =
        text.lines().position(|line| line.trim_start().strip_prefix(name).is_some_and(|rest| rest.starts_with(':')));
    place.map_or(1, |place| place as u64 + 1)
}

/// Without the comments that mark sections for Backlog.md.
fn without_markers(body: &str) -> String {
    let is_marker = |line: &str| {
        let line = line.trim();
        line.starts_with("<!--") && line.ends_with("-->") && (line.contains(":BEGIN") || line.contains(":END"))
    };
    body.lines().filter(|line| !is_marker(line)).collect::<Vec<_>>().join("\n").trim().to_owned()
}
