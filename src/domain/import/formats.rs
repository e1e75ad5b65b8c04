//! The formats that can be imported.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::texts::plain;

/// A tool whose export can be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
// Exports have a `Format` as well.
#[schema(as = ImportTool)]
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
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.id())
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = plain(text);
        let found = Self::ALL.into_iter().find(|format| plain(format.id()) == name);
        found.ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|format| format.id()).collect();
            format!("is not known; known are {}", names.join(", "))
        })
    }
}
