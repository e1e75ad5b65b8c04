//! Commits linked to tickets, and their diffs.
//!
//! Callboard stores which commits a ticket has, not their content. Content is read on request by the `git`
//! program, only from repositories below the folder that the operator configured.

#[cfg(feature = "server")]
mod git;
#[cfg(feature = "server")]
mod language;
#[cfg(feature = "server")]
pub mod local;
#[cfg(feature = "server")]
mod lookup;
#[cfg(feature = "server")]
mod object_store;
#[cfg(feature = "server")]
mod parse;
pub mod references;
#[cfg(feature = "server")]
mod repository_location;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::lookup::{LinesQuery, describe, diff, lines};

/// How a commit changed a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    /// The file is new.
    Added,
    /// Its content, mode or type changed.
    Modified,
    /// The file was deleted.
    Deleted,
    /// It was renamed, and possibly changed.
    Renamed,
    /// It is a copy of another.
    Copied,
}

/// One file of a commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FileDiff {
    /// Its path after the commit (before it, if it was deleted).
    pub path: String,
    /// How it was changed.
    pub status: FileStatus,
    /// Lines added; 0 for a binary file.
    pub insertions: u64,
    /// Lines removed; 0 for a binary file.
    pub deletions: u64,
    /// The unified diff.
    pub diff: String,
    /// The language for syntax highlighting; `text` if unknown.
    pub language: String,
    /// Its previous path, if it was renamed or copied.
    pub old_path: Option<String>,
    /// Whether it is binary and therefore has no diff.
    pub binary: bool,
    /// Whether `diff` was truncated because of its size.
    pub truncated: bool,
}

/// A commit compared with its first parent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CommitDiff {
    /// Always true.
    pub success: bool,
    /// The full id of the commit.
    pub commit_sha: String,
    /// The commit's message.
    pub message: String,
    /// The same as `message`.
    pub commit_message: String,
    /// The agent that linked the commit to a ticket, or else the author.
    pub author_agent_id: String,
    /// The author as recorded by git.
    pub author: String,
    /// Commit time.
    pub timestamp: Timestamp,
    /// The same as `timestamp`.
    pub commit_timestamp: Timestamp,
    /// The ids of its parents: none for a root commit, several for a merge. Only owners of the workflow see them.
    pub parents: Vec<String>,
    /// Number of changed files.
    pub files_changed: u64,
    /// The same as `files_changed`.
    pub total_files: u64,
    /// Added lines.
    pub insertions: u64,
    /// The same as `insertions`.
    pub total_insertions: u64,
    /// Removed lines.
    pub deletions: u64,
    /// The same as `deletions`.
    pub total_deletions: u64,
    /// The files; at most 3,000.
    pub files: Vec<FileDiff>,
    /// Whether files or diffs were omitted or truncated because of the commit's size.
    pub truncated: bool,
    /// The workflow whose repository contains it.
    pub workflow_id: String,
}

/// Lines of a file as it is after a commit, to show more around a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FileLines {
    /// The full id of the commit.
    pub commit_sha: String,
    /// The path of the file after the commit.
    pub path: String,
    /// The number of the first line, from 1.
    pub first_line: u64,
    /// The lines, without their line breaks: those that were asked for and exist, as far as they fit into an answer.
    pub lines: Vec<String>,
    /// The number of lines of the file; of its first 10 MiB if it is larger.
    pub total_lines: u64,
    /// Whether the file is larger than 10 MiB, so that its end cannot be shown.
    pub truncated: bool,
}
