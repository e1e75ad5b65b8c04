//! The formats that can be imported, and how a file's format is recognised by its content.

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::files::{Files, NamedFile};
use super::model::Batch;
use super::{json, sources, table};

/// A tool whose export can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// beads, JSONL.
    Beads,
    /// GitHub issues, JSON of the REST API or of `gh issue list --json`.
    Github,
    /// Linear, CSV.
    Linear,
    /// Jira, CSV.
    Jira,
    /// Trello, JSON of a board.
    Trello,
    /// A Backlog.md folder.
    BacklogMd,
    /// Task Master, `tasks.json`.
    TaskMaster,
    /// Plane, JSON or CSV.
    Plane,
    /// vibe-kanban, the exported archive or JSON of its API.
    VibeKanban,
    /// Redmine, CSV of an issue list.
    Redmine,
    /// OpenProject, CSV of work packages.
    OpenProject,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Beads,
        Self::Github,
        Self::Linear,
        Self::Jira,
        Self::Trello,
        Self::BacklogMd,
        Self::TaskMaster,
        Self::Plane,
        Self::VibeKanban,
        Self::Redmine,
        Self::OpenProject,
    ];

    /// The name that flags and requests use.
    pub fn id(self) -> &'static str {
        match self {
            Self::Beads => "beads",
            Self::Github => "github",
            Self::Linear => "linear",
            Self::Jira => "jira",
            Self::Trello => "trello",
            Self::BacklogMd => "backlog_md",
            Self::TaskMaster => "task_master",
            Self::Plane => "plane",
            Self::VibeKanban => "vibe_kanban",
            Self::Redmine => "redmine",
            Self::OpenProject => "open_project",
        }
    }

    /// What a file of this format is, after "This looks like".
    pub fn description(self) -> &'static str {
        match self {
            Self::Beads => "a beads export (JSONL)",
            Self::Github => "GitHub issues (JSON)",
            Self::Linear => "a Linear CSV export",
            Self::Jira => "a Jira CSV export",
            Self::Trello => "a Trello board (JSON)",
            Self::BacklogMd => "a Backlog.md folder",
            Self::TaskMaster => "a Task Master file (tasks.json)",
            Self::Plane => "a Plane export",
            Self::VibeKanban => "a vibe-kanban export",
            Self::Redmine => "a Redmine CSV export",
            Self::OpenProject => "an OpenProject CSV export",
        }
    }

    /// The name of the tool.
    pub fn tool(self) -> &'static str {
        match self {
            Self::Beads => "beads",
            Self::Github => "GitHub",
            Self::Linear => "Linear",
            Self::Jira => "Jira",
            Self::Trello => "Trello",
            Self::BacklogMd => "Backlog.md",
            Self::TaskMaster => "Task Master",
            Self::Plane => "Plane",
            Self::VibeKanban => "vibe-kanban",
            Self::Redmine => "Redmine",
            Self::OpenProject => "OpenProject",
        }
    }

    /// How to export there.
    pub fn how_to_export(self) -> &'static str {
        match self {
            Self::Beads => "bd export -o issues.jsonl, or .beads/issues.jsonl",
            Self::Github => "gh api --paginate 'repos/OWNER/REPO/issues?state=all' > issues.json",
            Self::Linear => "Settings, Import and export, Export CSV; or a view's menu, Export issues as CSV",
            Self::Jira => "the issue search, Export, Export CSV (all fields)",
            Self::Trello => "the board's menu, Print, export and share, Export as JSON",
            Self::BacklogMd => "the folder backlog/ itself, or a ZIP archive of it",
            Self::TaskMaster => ".taskmaster/tasks/tasks.json",
            Self::Plane => "Workspace settings, Exports, JSON or CSV",
            Self::VibeKanban => {
                "Settings, Organization, Export: the ZIP archive; or the answer of /api/tasks?project_id=…"
            }
            Self::Redmine => "the issue list with all columns and descriptions, Also available in CSV",
            Self::OpenProject => "the work package table, Export, CSV with descriptions",
        }
    }

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

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let plain = super::texts::plain(text);
        let found = Self::ALL.into_iter().find(|format| super::texts::plain(format.id()) == plain);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|format| format.id()).collect();
            format!("is not known; known are {}", names.join(", "))
        })
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
        names.get_or_insert_with(|| object.keys().cloned().collect());
    });
    names
}
