//! Commits of the repository that somebody stands in, to tell a server of them.

use std::path::Path;

use super::git::{Head, Repository};
use super::references::{LONGEST_MESSAGE, NewCommit};
use crate::Result;

/// Most commits that are looked at.
pub const MOST: usize = 5_000;
/// Paths of one commit that are told, and bytes of all of them.
const MOST_FILES: usize = 1_000;
const MOST_PATHS: usize = 100_000;

/// What a rewritten commit was before, and what it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewritten {
    /// The id that is gone.
    pub old: String,
    /// The id that stands for it.
    pub new: String,
}

impl Rewritten {
    /// Reads the lines that git gives to the hook `post-rewrite`: the old id, the new one, and perhaps more.
    pub fn read(lines: &str) -> Vec<Self> {
        let word = |word: &str| word.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| word.to_owned());
        let read = |line: &str| {
            let mut words = line.split_whitespace();
            Some(Self { old: word(words.next()?)?, new: word(words.next()?)? })
        };
        lines.lines().filter_map(read).collect()
    }
}

/// The commits that names and ranges stand for, the oldest first: those whose messages may name tickets, and those
/// that stand for others. `git_dir` is the repository's own folder (`.git`).
pub async fn read(git_dir: &Path, revisions: &[String], rewritten: &[Rewritten]) -> Result<Vec<NewCommit>> {
    let repository = Repository { folder: git_dir.to_owned(), home: git_dir.to_owned() };
    let ids: Vec<&str> = rewritten.iter().map(|one| one.new.as_str()).collect();
    if revisions.is_empty() && ids.is_empty() {
        return Ok(Vec::new());
    }
    let heads = repository.heads(revisions, &ids, MOST).await?;
    let mut commits = Vec::new();
    for head in heads.iter().rev() {
        let replaces: Vec<String> =
            rewritten.iter().filter(|one| one.new == head.sha).map(|one| one.old.clone()).take(100).collect();
        let names = head.message.to_ascii_lowercase().contains("tkt-");
        if names || !replaces.is_empty() {
            commits.push(describe(&repository, head, replaces, names).await);
        }
    }
    Ok(commits)
}

/// A commit as the server is told of it; without its files, where git does not say them.
async fn describe(repository: &Repository, head: &Head, replaces: Vec<String>, names: bool) -> NewCommit {
    let mut commit = NewCommit {
        sha: head.sha.clone(),
        message: head.message.chars().take(LONGEST_MESSAGE).collect(),
        author: Some(head.author.chars().take(200).collect()),
        timestamp: Some(head.time),
        replaces: Some(replaces).filter(|all| !all.is_empty()),
        ..NewCommit::default()
    };
    if names && let Ok(changes) = repository.changes(head).await {
        let mut bytes = 0;
        let paths = changes.files.iter().map(|file| file.path.clone()).take(MOST_FILES);
        commit.files = Some(
            paths
                .take_while(|path| {
                    bytes += path.len();
                    bytes <= MOST_PATHS
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
    fn lines_of_post_rewrite() {
        let read = Rewritten::read("aa bb\ncc dd extra words\n\nee\n--all HEAD\n");
        let pair = |old: &str, new: &str| Rewritten { old: old.to_owned(), new: new.to_owned() };
        assert_eq!(read, [pair("aa", "bb"), pair("cc", "dd")]);
    }
}
