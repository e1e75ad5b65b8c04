//! How a file's format is recognised by its content, and which parser reads it.

use std::collections::BTreeSet;

use serde_json::value::RawValue;

use super::files::{Files, NamedFile};
use super::formats::Format;
use super::model::Batch;
use super::{json, sources, table};

impl Format {
    /// The format of a file, by its content.
    pub fn recognise(files: &Files) -> Option<Self> {
        let tasks = files.list.iter().filter(|file| file.ends_with(".md"));
        if tasks.into_iter().any(|file| sources::backlog_md::is_task(&file.text().0)) {
            return Some(Self::BacklogMd);
        }
        files.list.iter().find_map(recognise)
    }

    /// Parses the files. The error is the rest of a sentence that begins with the file's name.
    pub fn read(self, files: &Files) -> Result<Batch, String> {
        let mut batch = match self {
            Self::Beads => sources::beads::read_files(files),
            Self::Github => sources::github::read(files),
            Self::Linear => sources::linear::read(files),
            Self::Jira => sources::jira::read(files),
            Self::Trello => sources::trello::read(files),
            Self::BacklogMd => sources::backlog_md::read(files),
            Self::TaskMaster => sources::task_master::read(files),
            Self::Plane => sources::plane::read(files),
            Self::VibeKanban => sources::vibe_kanban::read(files),
            Self::Redmine => sources::redmine::read(files),
            Self::OpenProject => sources::redmine::read_open_project(files),
        }?;
        batch.turn_links();
        for name in &files.others {
            batch.not_taken.add("files", "only texts are imported", name);
        }
        Ok(batch)
    }
}

fn recognise(file: &NamedFile) -> Option<Format> {
    let (text, _) = file.text();
    match text.trim_start().bytes().next() {
        Some(b'{') => recognise_object(&text),
        Some(b'[') => recognise_members(&first_object(&text)?),
        _ => recognise_table(&table::headers(&text)),
    }
}

fn recognise_table(headers: &[String]) -> Option<Format> {
    let has = |name: &str| headers.iter().any(|header| header == name);
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    if has("id")
        && has("title")
        && has("status")
        && any(&["cycle number", "project milestone", "triaged", "parent issue", "team"])
    {
        Some(Format::Linear)
    } else if any(&["issue key", "work item key", "key"])
        && has("summary")
        && any(&["issue type", "work type", "work item type", "status"])
    {
        Some(Format::Jira)
    } else if has("identifier") && has("state name")
        || has("name") && has("state") && any(&["cycle name", "module name"])
    {
        Some(Format::Plane)
    } else if has("issue id") && any(&["assignee(s)", "parent issue"]) {
        Some(Format::VibeKanban)
    } else if has("#") && has("subject") && has("tracker") {
        Some(Format::Redmine)
    } else if any(&["id", "#"]) && has("subject") && any(&["type", "status"]) {
        Some(Format::OpenProject)
    } else {
        None
    }
}

/// A document that begins with `{`: a board, a file of tasks, or one object a line.
fn recognise_object(text: &str) -> Option<Format> {
    let whole: Result<std::collections::BTreeMap<String, &RawValue>, _> = serde_json::from_str(text);
    let Ok(whole) = whole else {
        return recognise_members(&first_object(text.lines().find(|line| !line.trim().is_empty())?)?);
    };
    let names: BTreeSet<String> = whole.keys().cloned().collect();
    let has = |name: &str| names.contains(name);
    let begins =
        |name: &str, with: char| whole.get(name).is_some_and(|value| value.get().trim_start().starts_with(with));
    if has("lists") && has("cards") {
        Some(Format::Trello)
    } else if begins("tasks", '[') || whole.values().any(|value| is_task_list(value.get())) {
        Some(Format::TaskMaster)
    } else if begins("data", '[') && has("success") {
        Some(Format::VibeKanban)
    } else {
        recognise_members(&names)
    }
}

/// `{"tasks": [...], "metadata": {...}}`, a tag of Task Master.
fn is_task_list(text: &str) -> bool {
    let tag: Result<std::collections::BTreeMap<String, &RawValue>, _> = serde_json::from_str(text);
    tag.is_ok_and(|tag| tag.get("tasks").is_some_and(|tasks| tasks.get().starts_with('[')))
}

fn recognise_members(names: &BTreeSet<String>) -> Option<Format> {
    let has = |name: &str| names.contains(name);
    let any = |list: &[&str]| list.iter().any(|name| has(name));
    if has("number") && has("title") || has("issue_url") && has("body") {
        Some(Format::Github)
    } else if has("identifier") && has("state_name")
        || has("Name") && has("State") && any(&["Cycle Name", "Module Name"])
    {
        Some(Format::Plane)
    } else if has("id") && has("title") && any(&["issue_type", "_type", "depends_on_id"])
        || has("_type") && any(&["key", "value", "id"])
    {
        Some(Format::Beads)
    } else if has("project_id") && has("title") && has("status") {
        Some(Format::VibeKanban)
    } else if has("id") && has("title") && any(&["created_at", "dependencies", "status"]) {
        Some(Format::Beads)
    } else {
        None
    }
}

/// The names of the members of the first object.
fn first_object(text: &str) -> Option<BTreeSet<String>> {
    let mut names = None;
    // What follows may be broken; importing reports it.
    let _ = json::each_object(text, |object| {
        if !object.is_empty() {
            names.get_or_insert_with(|| object.keys().cloned().collect());
        }
    });
    names
}
