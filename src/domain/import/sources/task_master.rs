//! Task Master's `tasks.json`: tasks with subtasks, in one list or in a list for each tag.

use serde_json::Value;

use super::{json_time, one_text, tag};
use crate::domain::import::files::Files;
use crate::domain::import::formats::Format;
use crate::domain::import::json::{self, Object, list, objects, text};
use crate::domain::import::model::{Batch, Ticket};
use crate::domain::import::texts::add_section;

const KNOWN: &[&str] = &[
    "id",
    "title",
    "description",
    "status",
    "dependencies",
    "priority",
    "details",
    "testStrategy",
    "subtasks",
    "createdAt",
    "created",
    "updatedAt",
    "updated",
    "assignedTo",
    "assignee",
    "tags",
    "parentId",
    "parentTaskId",
    "completedAt",
];

/// Reads a file.
pub fn read(files: &Files) -> Result<Batch, String> {
    let mut batch = Batch::new(Format::TaskMaster);
    let content = one_text(files, &mut batch)?;
    let whole: Value =
        serde_json::from_str(content.trim_start_matches('\u{feff}')).map_err(|error| json::sentence(&error))?;
    let whole = whole.as_object().ok_or("is no list of tasks")?;
    let mut line = 0;
    if whole.get("tasks").is_some_and(Value::is_array) {
        tasks(&mut batch, &mut line, "master", whole);
    } else {
        for (name, tag) in whole {
            if let Some(tag) = tag.as_object() {
                tasks(&mut batch, &mut line, name, tag);
            }
        }
    }
    if line == 0 {
        return Err("has no tasks".to_owned());
    }
    Ok(batch)
}

fn tasks(batch: &mut Batch, line: &mut u64, name: &str, group: &Object) {
    for task in objects(group, "tasks") {
        let Some(id) = text(task, &["id"]) else {
            batch.reject(*line + 1, "has no id");
            continue;
        };
        *line += 1;
        let reference = format!("{name}/{id}");
        let ticket = self::task(batch, *line, name, &reference, None, task);
        batch.add(ticket);
        for part in objects(task, "subtasks") {
            *line += 1;
            let Some(part_id) = text(part, &["id"]) else {
                batch.reject(*line, "is a subtask without an id");
                continue;
            };
            // The id of a subtask is a number within its task, sometimes written with that.
            let part_id = part_id.strip_prefix(&format!("{id}.")).unwrap_or(&part_id).to_owned();
            let ticket = self::task(batch, *line, name, &format!("{reference}.{part_id}"), Some(&reference), part);
            batch.add(ticket);
        }
    }
}

fn task(batch: &mut Batch, line: u64, group: &str, reference: &str, parent: Option<&str>, task: &Object) -> Ticket {
    let mut description = text(task, &["description"]).unwrap_or_default();
    for (name, heading) in [("details", "Details"), ("testStrategy", "Test strategy")] {
        add_section(&mut description, heading, &text(task, &[name]).unwrap_or_default());
    }
    let blocked_by = list(task, "dependencies").iter().filter_map(json::as_text).map(|id| match parent {
        // Within a task, numbers are its subtasks.
        Some(parent) if !id.contains('.') => format!("{parent}.{id}"),
        _ => format!("{group}/{id}"),
    });
    let mut tags = json::texts(task, "tags");
    tags.extend((group != "master").then(|| tag("tag", group)));
    for (name, value) in task.iter().filter(|(name, value)| !KNOWN.contains(&name.as_str()) && !value.is_null()) {
        batch.not_taken.add(
            &format!("field {name}"),
            "Callboard has no field for it",
            &json::as_text(value).unwrap_or_default(),
        );
    }
    Ticket {
        line,
        reference: reference.to_owned(),
        title: text(task, &["title"]).unwrap_or_default(),
        description,
        state: text(task, &["status"]).unwrap_or_else(|| "pending".to_owned()),
        priority: text(task, &["priority"]),
        assignee: text(task, &["assignedTo", "assignee"]).and_then(|name| batch.people.note(&name)),
        tags,
        created_at: json_time(batch, line, task, &["createdAt", "created"]),
        updated_at: json_time(batch, line, task, &["updatedAt", "updated"]),
        closed_at: json_time(batch, line, task, &["completedAt"]),
        parent: parent.map(str::to_owned),
        blocked_by: blocked_by.collect(),
        ..Ticket::default()
    }
}
