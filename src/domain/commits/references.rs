//! Commits whose messages name tickets (`TKT-123`), reported by git hooks and other integrations.

#[cfg(feature = "server")]
mod queries;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::times;

#[cfg(feature = "server")]
pub use self::queries::*;

/// Maximum number of commits per request.
pub const MAX_COMMITS_PER_REQUEST: usize = 100;
/// Maximum length of a message in characters.
pub const MAX_MESSAGE_LENGTH: usize = 20_000;

/// A reported commit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCommit {
    /// Its id, preferably in full.
    #[schema(pattern = "^[0-9A-Fa-f]{4,64}$")]
    pub sha: String,
    /// Its message; up to 20 tickets named by their keys are linked.
    #[schema(max_length = 20_000)]
    pub message: String,
    /// The author.
    #[schema(max_length = 200)]
    pub author: Option<String>,
    /// Commit time.
    #[serde(default, deserialize_with = "times::optional")]
    pub timestamp: Option<Timestamp>,
    /// Web address of the commit (http or https).
    #[schema(max_length = 2_000, pattern = "^https?://")]
    pub url: Option<String>,
    /// Number of changed files.
    #[schema(minimum = 0)]
    pub files_changed: Option<i64>,
    /// Added lines.
    #[schema(minimum = 0)]
    pub insertions: Option<i64>,
    /// Removed lines.
    #[schema(minimum = 0)]
    pub deletions: Option<i64>,
    /// Changed paths.
    #[schema(max_items = 1_000)]
    pub files: Option<Vec<String>>,
    /// Ids of commits that it replaces after amending or rebasing; links created from references in their
    /// messages are removed.
    #[schema(max_items = 100)]
    pub replaces: Option<Vec<String>>,
}

/// `POST /api/internal/commits`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCommits {
    /// The workflow of the referenced tickets. Defaults to all workflows that the caller may write to.
    pub workflow_id: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// The repository's address, path or name. Without `workflow_id`, selects the workflows with a repository of this name.
    #[schema(max_length = 500)]
    pub repository: Option<String>,
    /// The commits.
    #[schema(min_items = 1, max_items = 100)]
    pub commits: Vec<NewCommit>,
}

/// A link between a commit and a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CommitLink {
    /// The commit.
    pub commit_sha: String,
    /// The ticket.
    pub ticket_id: String,
    /// The ticket's key.
    pub ticket_key: String,
    /// The ticket's workflow.
    pub workflow_id: String,
}

/// Why a reference could not be resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unlinked {
    /// No such ticket exists that the caller may write to.
    NotFound,
    /// Several of the caller's workflows have such a ticket; set `workflow_id`.
    SeveralWorkflows,
}

/// A reference that could not be resolved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnknownReference {
    /// The commit.
    pub commit_sha: String,
    /// The ticket key in its message.
    pub reference: String,
    /// Why it is not linked.
    pub reason: Unlinked,
}

/// The response to reporting commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CommitsLinked {
    /// Always true.
    pub success: bool,
    /// New links.
    pub linked: Vec<CommitLink>,
    /// Links that already existed.
    pub already_linked: Vec<CommitLink>,
    /// References that could not be resolved.
    pub unknown: Vec<UnknownReference>,
    /// Human-readable summary.
    pub message: String,
}
