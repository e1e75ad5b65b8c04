//! Commits that name tickets in their messages (`TKT-123`): told by git hooks and by whoever else pushes.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Json;
use utoipa::ToSchema;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// Most commits of one request.
pub const MOST: usize = 100;
/// Most characters of a message.
pub const LONGEST_MESSAGE: usize = 20_000;

/// A commit, as a program tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCommit {
    /// Its id, best the whole of it.
    #[schema(pattern = "^[0-9A-Fa-f]{4,64}$")]
    pub sha: String,
    /// Its message; tickets that it names by their keys are linked, at most 20.
    #[schema(max_length = 20_000)]
    pub message: String,
    /// Who wrote it.
    #[schema(max_length = 200)]
    pub author: Option<String>,
    /// When it was made.
    pub timestamp: Option<Timestamp>,
    /// Where it can be looked at: an http or https address.
    #[schema(max_length = 2_000, pattern = "^https?://")]
    pub url: Option<String>,
    /// Files it changed.
    #[schema(minimum = 0)]
    pub files_changed: Option<i64>,
    /// Lines it added.
    #[schema(minimum = 0)]
    pub insertions: Option<i64>,
    /// Lines it removed.
    #[schema(minimum = 0)]
    pub deletions: Option<i64>,
    /// Paths it changed.
    #[schema(max_items = 1_000)]
    pub files: Option<Vec<String>>,
    /// Ids of the commits that it came to stand for, by amending or rebasing: links that references to tickets
    /// had made of them are taken back.
    #[schema(max_items = 100)]
    pub replaces: Option<Vec<String>>,
}

/// `POST /api/internal/commits`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCommits {
    /// The workflow whose tickets are meant; where left out, those that the caller may write to.
    pub workflow_id: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
    /// The repository's address, path or name. Without a workflow, those that show a repository of this name are meant.
    #[schema(max_length = 500)]
    pub repository: Option<String>,
    /// The commits.
    #[schema(min_items = 1, max_items = 100)]
    pub commits: Vec<NewCommit>,
}

/// A commit and the ticket it is linked to.
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

/// Why a reference leads nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unlinked {
    /// There is no such ticket that the caller may write to.
    NotFound,
    /// Several of the caller's workflows have one: name the workflow.
    SeveralWorkflows,
}

/// A reference that leads nowhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnknownReference {
    /// The commit.
    pub commit_sha: String,
    /// The key that its message names.
    pub reference: String,
    /// Why it is not linked.
    pub reason: Unlinked,
}

/// The answer to telling of commits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CommitsLinked {
    /// Always true.
    pub success: bool,
    /// Links that are new.
    pub linked: Vec<CommitLink>,
    /// Links that were there before.
    pub already_linked: Vec<CommitLink>,
    /// References that lead nowhere.
    pub unknown: Vec<UnknownReference>,
    /// A sentence for a person.
    pub message: String,
}

/// Links commits to the tickets that their messages name.
pub async fn link(db: &Db, caller: &Caller, input: &NewCommits) -> Result<CommitsLinked> {
    db.call(sql_fn!(link_referenced_commits(
        caller: caller.to_sql(),
        commits: Json(&input.commits),
        workflow: input.workflow_id,
        repository: input.repository,
    )))
    .await
}
