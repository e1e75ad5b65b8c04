//! Commits: what the git repositories of workflows say about them.
//!
//! Callboard stores which commits a ticket has, not their content; that is read when it is asked for, by
//! the `git` program, from repositories below one folder that the operator named.

mod git;
mod language;
pub mod local;
mod parse;
mod place;
pub mod references;

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use self::git::{Found, Repository};
use self::place::Place;
use crate::config::Config;
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// Longest time the look-up of one commit takes.
const TIME: Duration = Duration::from_secs(30);
/// Files that are listed; the totals count all.
const MAX_FILES: usize = 3_000;
/// Bytes of patch that are read, in all and of one file.
const MAX_PATCH: usize = 10 << 20;
const MAX_FILE_PATCH: usize = 1 << 20;

/// What happened to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileStatus {
    /// It is new.
    Added,
    /// Its content, mode or type changed.
    Modified,
    /// It is gone.
    Deleted,
    /// It has another name (and perhaps other content).
    Renamed,
    /// It is a copy of another.
    Copied,
}

/// One file of a commit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FileDiff {
    /// Its path after the commit (before it, if it was deleted).
    pub path: String,
    /// What happened to it.
    pub status: FileStatus,
    /// Lines added; 0 for a binary file.
    pub insertions: u64,
    /// Lines removed; 0 for a binary file.
    pub deletions: u64,
    /// The unified diff.
    pub diff: String,
    /// The language for highlighting, `text` if it is not known.
    pub language: String,
    /// Its path before the commit, if it was renamed or copied.
    pub old_path: Option<String>,
    /// Whether its content is binary and so has no diff.
    pub binary: bool,
    /// Whether `diff` was cut because it is very long.
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
    /// The agent that linked the commit to a ticket, else the author.
    pub author_agent_id: String,
    /// The author as git names them.
    pub author: String,
    /// When it was written.
    pub timestamp: Timestamp,
    /// The same as `timestamp`.
    pub commit_timestamp: Timestamp,
    /// The ids of its parents; none for a first commit, several for a merge.
    pub parents: Vec<String>,
    /// Files it changed.
    pub files_changed: u64,
    /// The same as `files_changed`.
    pub total_files: u64,
    /// Lines it added.
    pub insertions: u64,
    /// The same as `insertions`.
    pub total_insertions: u64,
    /// Lines it removed.
    pub deletions: u64,
    /// The same as `deletions`.
    pub total_deletions: u64,
    /// The files; at most 3,000.
    pub files: Vec<FileDiff>,
    /// Whether files or diffs were left out because the commit is very large.
    pub truncated: bool,
    /// The workflow whose repository holds it.
    pub workflow_id: String,
}

/// The diff of a commit, from the repository of one workflow or of any the caller can read.
pub async fn diff(
    db: &Db,
    config: &Config,
    caller: &Caller,
    commit_sha: &str,
    workflow_id: Option<&str>,
) -> Result<CommitDiff> {
    let sha = checked(commit_sha)?;
    let places: Vec<Place> = db
        .call(sql_fn!(find_commit_repositories(
            caller: caller.to_sql(),
            commit_sha: sha,
            workflow: workflow_id,
        )))
        .await?;
    let looked = async {
        let (place, repository, full) = find(config, &places, &sha).await?;
        read(place, &repository, &full).await
    };
    tokio::time::timeout(TIME, looked).await.map_err(|_| too_slow())?
}

/// What linking stores of a commit: `{sha, message, timestamp, files_changed, insertions, deletions,
/// files}`; none where no repository knows it, because a link needs none.
pub async fn describe(db: &Db, config: &Config, caller: &Caller, ticket_id: &str, sha: &str) -> Result<Option<Value>> {
    let (Some(_), Ok(sha)) = (&config.repositories_dir, checked(sha)) else { return Ok(None) };
    let places: Vec<Place> = db
        .call(sql_fn!(find_ticket_commit_repositories(
            caller: caller.to_sql(),
            ticket: ticket_id,
            commit_sha: sha,
        )))
        .await?;
    let looked = async {
        let (_, repository, full) = find(config, &places, &sha).await?;
        let head = repository.head(&full).await?;
        let changes = repository.changes(&head).await?;
        let files: Vec<&str> = changes.files.iter().take(1000).map(|file| file.path.as_str()).collect();
        Ok::<_, Error>(json!({
            "sha": head.sha,
            "message": head.message.chars().take(20_000).collect::<String>(),
            "timestamp": head.time,
            "files_changed": changes.files.len(),
            "insertions": changes.insertions(),
            "deletions": changes.deletions(),
            "files": files,
        }))
    };
    match tokio::time::timeout(TIME, looked).await {
        Ok(Ok(found)) => Ok(Some(found)),
        Ok(Err(error)) => {
            tracing::debug!(%error, sha, "a linked commit is not described");
            Ok(None)
        }
        Err(_) => Ok(None),
    }
}

fn too_slow() -> Error {
    Error::problem(503, "busy", "The repository did not answer in time; try again in a moment.")
}

/// The id in lower case, if it is one.
fn checked(sha: &str) -> Result<String> {
    let sha = sha.trim();
    if (4..=64).contains(&sha.len()) && sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(sha.to_ascii_lowercase())
    } else {
        Err(Error::invalid("commit_sha", "must be 4 to 64 hexadecimal digits"))
    }
}

/// The first repository that holds the commit, and the commit's full id.
async fn find<'a>(config: &Config, places: &'a [Place], sha: &str) -> Result<(&'a Place, Repository, String)> {
    let mut refusal = None;
    for place in places {
        let found = match place.open(config) {
            Ok(repository) => repository.find(sha).await.map(|found| (repository, found)),
            Err(error) => Err(error),
        };
        match found {
            Ok((repository, Found::One(full))) => return Ok((place, repository, full)),
            Ok((_, Found::None)) => {}
            Ok((_, Found::Several(count))) => {
                refusal = Some(Error::problem(
                    409,
                    "ambiguous_commit",
                    format!("{count} commits begin with {sha}; give more digits."),
                ));
            }
            Err(error) => refusal = refusal.or(Some(error)),
        }
    }
    Err(refusal.unwrap_or_else(|| {
        let why = if places.is_empty() { " No repository is attached to a workflow that you can read." } else { "" };
        Error::problem(404, "not_found", format!("There is no commit {sha}.{why}"))
    }))
}

async fn read(place: &Place, repository: &Repository, sha: &str) -> Result<CommitDiff> {
    let head = repository.head(sha).await?;
    let changes = repository.changes(&head).await?;
    let (files_changed, insertions, deletions) =
        (changes.files.len() as u64, changes.insertions(), changes.deletions());
    let (patches, cut) = repository.patches(&head, &changes).await?;
    let truncated = cut || changes.cut || changes.files.len() > MAX_FILES;
    let files = changes.files.into_iter().zip(patches).take(MAX_FILES).map(|(change, patch)| FileDiff {
        language: language::of(&change.path).to_owned(),
        path: change.path,
        status: change.status,
        insertions: change.insertions,
        deletions: change.deletions,
        diff: patch.text,
        old_path: change.old_path,
        binary: change.binary,
        truncated: patch.cut,
    });
    Ok(CommitDiff {
        success: true,
        commit_sha: head.sha,
        message: head.message.clone(),
        commit_message: head.message,
        author_agent_id: place.agent_id.clone().unwrap_or_else(|| head.author.clone()),
        author: head.author,
        timestamp: head.time,
        commit_timestamp: head.time,
        parents: head.parents,
        files_changed,
        total_files: files_changed,
        insertions,
        total_insertions: insertions,
        deletions,
        total_deletions: deletions,
        files: files.collect(),
        truncated,
        workflow_id: place.workflow_id.clone(),
    })
}
