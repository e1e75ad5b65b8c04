//! vibe-kanban: the archive that its cloud exports (`issues.csv` with `relationships.csv`, `comments.csv` and others), and the
//! answer of the local server's `/api/tasks`.

use serde_json::Value;

use super::{file_name, json_time, tag, time};
use crate::domain::import::dates::Dates;
use crate::domain::import::files::Files;
use crate::domain::import::formats::Format;
use crate::domain::import::json::{self, Object, each_object, objects, text};
use crate::domain::import::model::{Batch, Comment, MAX_LIST, Stage, Ticket};
use crate::domain::import::table::{Row, Table, listed};
use crate::domain::import::texts::{add_section, plain};

/// Reads an export.
pub fn read(files: &Files) -> Result<Batch, String> {
    let mut batch = Batch::new(Format::VibeKanban);
    let Some(issues) = files.ending("issues.csv").or_else(|| files.list.iter().find(|file| !file.ends_with(".json")))
    else {
        return tasks(files, batch);
    };
    if issues.text().0.trim_start().starts_with(['{', '[']) {
        return tasks(files, batch);
    }
    batch.file = file_name(files, issues);
    let table = Table::read(&issues.text().0);
    for row in table.rows() {
        let ticket = issue(&mut batch, row);
        batch.add(ticket);
    }
    table.ignore(&["Project"]);
    table.report_unused(&mut batch);
    for (name, read) in [
        ("relationships.csv", relation as fn(&mut Batch, Row<'_>)),
        ("comments.csv", comment),
        ("pull_requests.csv", pull_request),
        ("users.csv", user),
    ] {
        if let Some(file) = files.ending(name) {
            batch.file = file_name(files, file);
            let table = Table::read(&file.text().0);
            table.rows().for_each(|row| read(&mut batch, row));
        }
    }
    if let Some(file) = files.ending("attachments.csv") {
        for row in Table::read(&file.text().0).rows() {
            batch.not_taken.add("attached files", "files are not imported", &row.text(&["Filename"]));
        }
    }
    Ok(batch)
}

fn issue(batch: &mut Batch, row: Row<'_>) -> Ticket {
    let dates = Dates::default();
    let people: Vec<String> =
        row.all("Assignee(s)").flat_map(listed).filter_map(|name| batch.people.note(&name)).collect();
    let author = row.get(&["Creator"]).and_then(|name| batch.people.note(name));
    let mut description = row.text(&["Description"]);
    super::add_further_people(&mut description, people.iter().skip(1));
    let closed_at = time(batch, dates, row, &["Completed"]);
    let mut tags: Vec<String> = row.all("Labels").flat_map(listed).collect();
    tags.extend(row.get(&["Project"]).map(|name| tag("project", name)));
    Ticket {
        line: row.line,
        reference: row.text(&["Issue ID"]),
        title: row.text(&["Title"]),
        description,
        state: row.text(&["Status"]),
        stage: closed_at.map(|_| Stage::Done),
        priority: row.get(&["Priority"]).map(str::to_owned),
        author,
        assignee: people.into_iter().next(),
        tags,
        created_at: time(batch, dates, row, &["Created"]),
        updated_at: time(batch, dates, row, &["Updated"]),
        closed_at,
        due_at: time(batch, dates, row, &["Due Date"]),
        parent: row.get(&["Parent Issue"]).map(str::to_owned),
        ..Ticket::default()
    }
}

fn relation(batch: &mut Batch, row: Row<'_>) {
    let (one, other) = (row.text(&["Issue ID"]), row.text(&["Related Issue ID"]));
    let is_blocking = row.get(&["Type"]).is_some_and(|kind| plain(kind) == "blocking");
    match batch.find(&one) {
        Some(ticket) if ticket.blocks.len() + ticket.related.len() < MAX_LIST => {
            if is_blocking {
                ticket.blocks.push(other)
            } else {
                ticket.related.push(other)
            }
        }
        _ => batch.not_taken.add(
            "relations",
            "their issue is not in the file, or has more than 1,000",
            &format!("{one} to {other}"),
        ),
    }
}

fn comment(batch: &mut Batch, row: Row<'_>) {
    let author = row.get(&["Author"]).and_then(|name| batch.people.note(name));
    let created_at = time(batch, Dates::default(), row, &["Created"]);
    let (id, text) = (row.text(&["Issue ID"]), row.text(&["Message"]));
    match batch.find(&id) {
        Some(ticket) => ticket.comments.push(Comment { author, text, is_resolution: false, created_at }),
        None => batch.not_taken.add("comments of other issues", "their issue is not in the file", &id),
    }
}

fn pull_request(batch: &mut Batch, row: Row<'_>) {
    let url = row.text(&["PR URL"]);
    for id in row.all("Issue ID(s)").flat_map(listed) {
        if let Some(ticket) = batch.find(&id) {
            let line = format!("- {url} ({})", row.text(&["Status"]));
            if ticket.description.contains("## Pull requests\n") {
                ticket.description.push_str(&format!("\n{line}"));
            } else {
                add_section(&mut ticket.description, "Pull requests", &line);
            }
        }
    }
}

fn user(batch: &mut Batch, row: Row<'_>) {
    batch.people.learn_email(&row.text(&["Name"]), &row.text(&["Email"]));
}

/// `{"success": true, "data": [task, …]}`, or the tasks alone.
fn tasks(files: &Files, mut batch: Batch) -> Result<Batch, String> {
    let content = super::one_text(files, &mut batch)?;
    let mut line = 0;
    each_object(&content, |object| {
        if object.get("data").is_some_and(Value::is_array) {
            for task in objects(&object, "data") {
                line += 1;
                let ticket = self::task(&mut batch, line, task);
                batch.add(ticket);
            }
        } else {
            line += 1;
            let ticket = task(&mut batch, line, &object);
            batch.add(ticket);
        }
    })?;
    Ok(batch)
}

fn task(batch: &mut Batch, line: u64, task: &Object) -> Ticket {
    let known = [
        "id",
        "project_id",
        "title",
        "description",
        "status",
        "created_at",
        "updated_at",
        "parent_task_id",
        "parent_workspace_id",
        "parent_task_attempt",
        "has_in_progress_attempt",
        "has_merged_attempt",
        "last_attempt_failed",
        "executor",
        "shared_task_id",
    ];
    for (name, value) in task.iter().filter(|(name, value)| !known.contains(&name.as_str()) && !value.is_null()) {
        batch.not_taken.add(
            &format!("field {name}"),
            "Callboard has no field for it",
            &json::as_text(value).unwrap_or_default(),
        );
    }
    Ticket {
        line,
        reference: text(task, &["id"]).unwrap_or_default(),
        title: text(task, &["title"]).unwrap_or_default(),
        description: text(task, &["description"]).unwrap_or_default(),
        state: text(task, &["status"]).unwrap_or_default(),
        created_at: json_time(batch, line, task, &["created_at"]),
        updated_at: json_time(batch, line, task, &["updated_at"]),
        parent: text(task, &["parent_task_id"]),
        ..Ticket::default()
    }
}
