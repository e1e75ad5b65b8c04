//! Looks commits up in the repositories of workflows, within a time limit.

use std::time::Duration;

use serde_json::{Value, json};

use super::git::{Found, Repository};
use super::repository_location::RepositoryLocation;
use super::{CommitDiff, FileDiff, FileLines, FileStatus, language};
use crate::config::Config;
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// Time limit for looking one commit up.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(30);
/// Maximum number of files listed; the totals count every file.
const MAX_FILES: usize = 3_000;
/// Maximum number of lines in one answer, and of their bytes.
const MAX_LINES: u64 = 1_000;
const MAX_LINE_BYTES: usize = 1 << 20;
const NO_TEXT: &str = "must be a text file that the commit changed and did not delete";

/// The diff of a commit, from the repository of the given workflow or of any workflow the caller can read.
pub async fn diff(
    db: &Db,
    config: &Config,
    caller: &Caller,
    commit_sha: &str,
    workflow_id: Option<&str>,
) -> Result<CommitDiff> {
    let sha = normalize_sha(commit_sha)?;
    let locations = locate(db, caller, &sha, workflow_id).await?;
    let lookup = async {
        let (location, repository, full) = find(config, &locations, &sha).await?;
        read(location, &repository, &full).await
    };
    tokio::time::timeout(LOOKUP_TIMEOUT, lookup).await.map_err(|_| timed_out())?
}

/// Which lines of which file, and where.
#[derive(Debug)]
pub struct LinesQuery<'a> {
    /// The workflow whose repository has the commit. Defaults to any that the caller can read.
    pub workflow_id: Option<&'a str>,
    /// The path of a file that the commit changed.
    pub path: &'a str,
    /// The numbers of the first and the last line, from 1, inclusive.
    pub lines: (u64, u64),
}

/// Lines of a changed file as it is after the commit. Files that the commit did not change are refused: members see what
/// linked commits changed, and no other part of a repository.
pub async fn lines(
    db: &Db,
    config: &Config,
    caller: &Caller,
    commit_sha: &str,
    query: &LinesQuery<'_>,
) -> Result<FileLines> {
    let (sha, (first, last)) = (normalize_sha(commit_sha)?, query.lines);
    if first == 0 {
        return Err(Error::invalid("first_line", "must be 1 or more"));
    }
    if last < first || last - first >= MAX_LINES {
        return Err(Error::invalid("last_line", format!("must be first_line or more, and at most {MAX_LINES} lines")));
    }
    let locations = locate(db, caller, &sha, query.workflow_id).await?;
    let lookup = async {
        let (_, repository, full) = find(config, &locations, &sha).await?;
        let head = repository.head(&full).await?;
        let changes = repository.changes(&head).await?;
        let changed = changes.files.iter().find(|file| file.path == query.path);
        if changed.is_none_or(|file| file.status == FileStatus::Deleted || file.binary) {
            return Err(Error::invalid("path", NO_TEXT));
        }
        let (text, truncated) =
            repository.file(&head, query.path).await.map_err(|error| match error.as_problem().status {
                // The repository was read before, so the path is that of a submodule, or of a name that is no UTF-8.
                409 => Error::invalid("path", NO_TEXT),
                _ => error,
            })?;
        Ok(cut(head.sha, query, &text, truncated))
    };
    tokio::time::timeout(LOOKUP_TIMEOUT, lookup).await.map_err(|_| timed_out())?
}

/// The lines of a text that a query asks for.
fn cut(commit_sha: String, query: &LinesQuery<'_>, text: &str, truncated: bool) -> FileLines {
    let (first, last) = query.lines;
    let mut found = FileLines {
        commit_sha,
        path: query.path.to_owned(),
        first_line: first,
        lines: Vec::new(),
        total_lines: 0,
        truncated,
    };
    let mut bytes = 0;
    // Git ends lines at a line feed only.
    for line in text.split_terminator('\n') {
        found.total_lines += 1;
        if (first..=last).contains(&found.total_lines) && bytes < MAX_LINE_BYTES {
            bytes += line.len();
            found.lines.push(line.to_owned());
        }
    }
    found
}

async fn locate(db: &Db, caller: &Caller, sha: &str, workflow: Option<&str>) -> Result<Vec<RepositoryLocation>> {
    db.call(sql_fn!(find_commit_repositories(caller: caller.to_sql(), commit_sha: sha, workflow: workflow))).await
}

/// What a link stores of a commit: `{sha, message, timestamp, author, files_changed, insertions, deletions, files}`.
/// `None` if no repository contains it; the commit can be linked all the same.
pub async fn describe(db: &Db, config: &Config, caller: &Caller, ticket_id: &str, sha: &str) -> Result<Option<Value>> {
    let (Some(_), Ok(sha)) = (&config.repositories_dir, normalize_sha(sha)) else { return Ok(None) };
    let locations: Vec<RepositoryLocation> = db
        .call(sql_fn!(find_ticket_commit_repositories(
            caller: caller.to_sql(),
            ticket: ticket_id,
            commit_sha: sha,
        )))
        .await?;
    let lookup = async {
        let (_, repository, full) = find(config, &locations, &sha).await?;
        let head = repository.head(&full).await?;
        let changes = repository.changes(&head).await?;
        let files: Vec<&str> = changes.files.iter().take(1000).map(|file| file.path.as_str()).collect();
        Ok::<_, Error>(json!({
            "sha": head.sha,
            "message": head.message.chars().take(20_000).collect::<String>(),
            "timestamp": head.time,
            "author": head.author.chars().take(200).collect::<String>(),
            "files_changed": changes.files.len(),
            "insertions": changes.insertions(),
            "deletions": changes.deletions(),
            "files": files,
        }))
    };
    match tokio::time::timeout(LOOKUP_TIMEOUT, lookup).await {
        Ok(Ok(found)) => Ok(Some(found)),
        Ok(Err(error)) => {
            tracing::debug!(%error, sha, "linking a commit without details");
            Ok(None)
        }
        Err(_) => Ok(None),
    }
}

fn timed_out() -> Error {
    Error::problem(503, "busy", "The repository did not answer in time; try again in a moment.")
}

/// Validates a commit id and converts it to lower case.
fn normalize_sha(sha: &str) -> Result<String> {
    let sha = sha.trim();
    if (4..=64).contains(&sha.len()) && sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(sha.to_ascii_lowercase())
    } else {
        Err(Error::invalid("commit_sha", "must be 4 to 64 hexadecimal digits"))
    }
}

/// The first repository that contains the commit, and the commit's full id.
async fn find<'a>(
    config: &Config,
    locations: &'a [RepositoryLocation],
    sha: &str,
) -> Result<(&'a RepositoryLocation, Repository, String)> {
    let mut failure = None;
    for location in locations {
        let found = match location.open(config) {
            Ok(repository) => {
                let wanted = location.commit_sha.as_deref().unwrap_or(sha);
                repository.find(wanted).await.map(|found| (repository, found))
            }
            Err(error) => Err(error),
        };
        match found {
            Ok((repository, Found::One(full))) => return Ok((location, repository, full)),
            Ok((_, Found::None)) => {}
            Ok((_, Found::Several(count))) => {
                failure = Some(Error::problem(
                    409,
                    "ambiguous_commit",
                    format!("{count} commits begin with {sha}; give more digits."),
                ));
            }
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    Err(failure.unwrap_or_else(|| {
        let why = match locations.is_empty() {
            true => " Members see commits that are linked to tickets, in workflows with a repository.",
            false => "",
        };
        Error::problem(404, "not_found", format!("There is no commit {sha}.{why}"))
    }))
}

async fn read(location: &RepositoryLocation, repository: &Repository, sha: &str) -> Result<CommitDiff> {
    let head = repository.head(sha).await?;
    let changes = repository.changes(&head).await?;
    let (files_changed, insertions, deletions) =
        (changes.files.len() as u64, changes.insertions(), changes.deletions());
    let (patches, patches_truncated) = repository.patches(&head, &changes).await?;
    let truncated = patches_truncated || changes.truncated || changes.files.len() > MAX_FILES;
    let files = changes.files.into_iter().zip(patches).take(MAX_FILES).map(|(change, patch)| FileDiff {
        language: language::of(&change.path).to_owned(),
        path: change.path,
        status: change.status,
        insertions: change.insertions,
        deletions: change.deletions,
        diff: patch.text,
        old_path: change.old_path,
        binary: change.binary,
        truncated: patch.truncated,
    });
    Ok(CommitDiff {
        success: true,
        commit_sha: head.sha,
        message: head.message.clone(),
        commit_message: head.message,
        author_agent_id: location.agent_id.clone().unwrap_or_else(|| head.author.clone()),
        author: head.author,
        timestamp: head.time,
        commit_timestamp: head.time,
        parents: if location.shows_parents { head.parents } else { Vec::new() },
        files_changed,
        total_files: files_changed,
        insertions,
        total_insertions: insertions,
        deletions,
        total_deletions: deletions,
        files: files.collect(),
        truncated,
        workflow_id: location.workflow_id.clone(),
    })
}
