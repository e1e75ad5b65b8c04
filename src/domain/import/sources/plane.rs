//! Plane's export, as JSON or CSV. Both hold the same fields; the CSV names them in title case and writes lists as JSON.

use serde_json::Value;

use super::{json_time, one_text, tag};
use crate::domain::import::files::Files;
use crate::domain::import::formats::Format;
use crate::domain::import::json::{self, Object, each_object, get, number, objects, text};
use crate::domain::import::model::{Batch, Comment, Stage, Ticket};
use crate::domain::import::table::{Table, listed};
use crate::domain::import::texts::add_section;

const KNOWN: &[&str] = &[
    "id",
    "identifier",
    "name",
    "description",
    "description_stripped",
    "state",
    "state_name",
    "priority",
    "assignee",
    "assignees",
    "created_by",
    "created_by_name",
    "created_at",
    "updated_at",
    "completed_at",
    "archived_at",
    "target_date",
    "estimate",
    "labels",
    "cycles",
    "cycle_name",
    "modules",
    "module_name",
    "links",
    "link",
    "relations",
    "comments",
    "parent",
    "type",
    "type_name",
    "project_name",
    "project",
    "project_identifier",
    "sequence_id",
    "sub_issues_count",
    "link_count",
    "is_draft",
    "subscribers",
    "cycle_start_date",
    "cycle_end_date",
    "module_start_date",
    "module_target_date",
];

/// Reads an export.
pub fn read(files: &Files) -> Result<Batch, String> {
    let mut batch = Batch::new(Format::Plane);
    let mut line = 0;
    for file in
        files.list.iter().filter(|file| file.ends_with(".csv") || file.ends_with(".json") || files.list.len() == 1)
    {
        let only = Files { list: vec![file.clone()], others: Vec::new() };
        let content = one_text(&only, &mut batch)?;
        if content.trim_start().starts_with(['[', '{']) {
            each_object(&content, |object| {
                line += 1;
                let object = object.into_iter().map(|(name, value)| (member(&name), value)).collect();
                let ticket = work_item(&mut batch, line, &object);
                batch.add(ticket);
            })?;
        } else {
            let table = Table::read(&content);
            for row in table.rows() {
                let object = table.names().filter_map(|name| Some((member(name), cell(row.get(&[name])?)))).collect();
                let ticket = work_item(&mut batch, row.line, &object);
                batch.add(ticket);
            }
        }
    }
    Ok(batch)
}

/// `Created By Name` is `created_by_name`.
fn member(name: &str) -> String {
    name.trim().to_lowercase().replace(' ', "_")
}

/// A cell that holds a list is one.
fn cell(text: &str) -> Value {
    let list = Some(text).filter(|text| text.starts_with(['[', '{'])).and_then(|text| serde_json::from_str(text).ok());
    list.unwrap_or_else(|| Value::String(text.to_owned()))
}

/// The texts of a list, or of a text with commas.
fn texts(object: &Object, names: &[&str]) -> Vec<String> {
    match get(object, names) {
        Some(Value::Array(list)) => list.iter().filter_map(json::as_text).collect(),
        Some(Value::String(text)) => listed(text).collect(),
        _ => Vec::new(),
    }
}

fn work_item(batch: &mut Batch, line: u64, object: &Object) -> Ticket {
    let reference = text(object, &["identifier", "id"]).unwrap_or_default();
    let people: Vec<String> =
        texts(object, &["assignees", "assignee"]).iter().filter_map(|name| batch.people.note(name)).collect();
    let author = text(object, &["created_by_name", "created_by"]).and_then(|name| batch.people.note(&name));
    let mut at = |name: &str| json_time(batch, line, object, &[name]);
    let (created_at, updated_at) = (at("created_at"), at("updated_at"));
    let (closed_at, archived_at) = (at("completed_at"), at("archived_at"));
    let due_at = at("target_date");
    let mut description = text(object, &["description_stripped", "description"]).unwrap_or_default();
    let links: String = objects(object, "links")
        .chain(objects(object, "link"))
        .map(|link| {
            format!(
                "- [{}]({})\n",
                text(link, &["title"]).unwrap_or_default(),
                text(link, &["url"]).unwrap_or_default()
            )
        })
        .collect();
    add_section(&mut description, "Links", &links);
    super::add_further_people(&mut description, people.iter().skip(1));
    let mut tags = texts(object, &["labels"]);
    for (kind, names) in [("cycle", ["cycles", "cycle_name"]), ("module", ["modules", "module_name"])] {
        tags.extend(texts(object, &names).iter().map(|name| tag(kind, name)));
    }
    tags.extend(archived_at.map(|_| "archived".to_owned()));
    let mut ticket = Ticket {
        line,
        title: text(object, &["name"]).unwrap_or_default(),
        description,
        state: text(object, &["state_name", "state"]).unwrap_or_default(),
        stage: closed_at.map(|_| Stage::Done),
        priority: text(object, &["priority"]),
        ticket_type: text(object, &["type_name", "type"]),
        author,
        assignee: people.into_iter().next(),
        tags,
        story_points: number(object, &["estimate"]),
        created_at,
        updated_at,
        closed_at,
        due_at,
        parent: text(object, &["parent"]),
        ..Ticket::default()
    };
    for relation in objects(object, "relations") {
        let (Some(other), kind) = (text(relation, &["issue"]), text(relation, &["type"]).unwrap_or_default()) else {
            continue;
        };
        match (kind.as_str(), text(relation, &["direction"]).as_deref()) {
            ("blocked_by", Some("incoming")) | ("blocking", _) => ticket.blocks.push(other),
            ("blocked_by", _) => ticket.blocked_by.push(other),
            _ => ticket.related.push(other),
        }
    }
    for comment in objects(object, "comments") {
        ticket.comments.push(Comment {
            author: text(comment, &["created_by"]).and_then(|name| batch.people.note(&name)),
            text: text(comment, &["comment"]).unwrap_or_default(),
            is_resolution: false,
            created_at: json_time(batch, line, comment, &["created_at"]),
        });
    }
    for (name, value) in object.iter().filter(|(name, value)| !KNOWN.contains(&name.as_str()) && !value.is_null()) {
        let value = json::as_text(value).unwrap_or_default();
        if !matches!(value.as_str(), "" | "0" | "false") {
            batch.not_taken.add(&format!("field {name}"), "Callboard has no field for it", &value);
        }
    }
    ticket.reference = reference;
    ticket
}
