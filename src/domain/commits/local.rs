//! Reads commits of a local repository, to report them to a server.

use std::path::Path;

use super::git::{Head, Repository};
use super::references::{MAX_MESSAGE_LENGTH, NewCommit};
use crate::Result;

/// Maximum number of commits read.
pub const MAX_COMMITS: usize = 5_000;
/// Maximum number of paths reported per commit, and their maximum size in bytes.
const MAX_PATHS: usize = 1_000;
const MAX_PATH_BYTES: usize = 100_000;

/// A commit that was rewritten by amending or rebasing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The previous id.
    pub old: String,
    /// The id that replaces it.
    pub new: String,
}

impl Rewritten {
    /// Parses the input of git's `post-rewrite` hook: each line has the old id, the new id and optional extra data.
    pub fn read(lines: &str) -> Vec<Self> {
        let word = |word: &str| word.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| word.to_owned());
        let read = |line: &str| {
            let mut words = line.split_whitespace();
            Some(Self { old: word(words.next()?)?, new: word(words.next()?)? })
        };
        lines.lines().filter_map(read).collect()
    }
}

/// The commits in the given revisions and ranges, oldest first, limited to those whose messages may name tickets and
/// those that replace others. `git_dir` is the repository's `.git` folder.
pub async fn read(git_dir: &Path, revisions: &[String], rewritten: &[Rewritten]) -> Result<Vec<NewCommit>> {
    let repository = Repository { folder: git_dir.to_owned(), root: git_dir.to_owned() };
    let ids: Vec<&str> = rewritten.iter().map(|one| one.new.as_str()).collect();
    if revisions.is_empty() && ids.is_empty() {
        return Ok(Vec::new());
    }
    let heads = repository.heads(revisions, &ids, MAX_COMMITS).await?;
    let mut commits = Vec::new();
    for head in heads.iter().rev() {
        let replaces: Vec<String> =
            rewritten.iter().filter(|one| one.new == head.sha).map(|one| one.old.clone()).take(100).collect();
        let has_reference = head.message.to_ascii_lowercase().contains("tkt-");
        if has_reference || !replaces.is_empty() {
            commits.push(describe(&repository, head, replaces, has_reference).await);
        }
    }
    Ok(commits)
}

/// Builds the report of a commit; its files are omitted if git cannot list them.
async fn describe(repository: &Repository, head: &Head, replaces: Vec<String>, has_reference: bool) -> NewCommit {
    let mut commit = NewCommit {
        sha: head.sha.clone(),
        message: head.message.chars().take(MAX_MESSAGE_LENGTH).collect(),
        author: Some(head.author.chars().take(200).collect()),
        timestamp: Some(head.time),
        replaces: Some(replaces).filter(|all| !all.is_empty()),
        ..NewCommit::default()
    };
    if has_reference && let Ok(changes) = repository.changes(head).await {
        let mut bytes = 0;
        let paths = changes.files.iter().map(|file| file.path.clone()).take(MAX_PATHS);
        commit.files = Some(
            paths
                .take_while(|path| {
                    bytes += path.len();
                    bytes <= MAX_PATH_BYTES
                })
                .collect(),
        );
        commit.files_changed = i64::try_from(changes.files.len()).ok();
        commit.insertions = i64::try_from(changes.insertions()).ok();
        commit.deletions = i64::try_from(changes.deletions()).ok();
    }
    commit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_post_rewrite_input() {
        let read = Rewritten::read("aa bb\ncc dd extra words\n\nee\n--all HEAD\n");
        let pair = |old: &str, new: &str| Rewritten { old: old.to_owned(), new: new.to_owned() };
        assert_eq!(read, [pair("aa", "bb"), pair("cc", "dd")]);
    }
}
