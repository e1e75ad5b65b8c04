//! Runs the `git` program in untrusted repositories: hooks, external diffs, filters and network access are
//! disabled, system and user configuration is ignored, and repository settings that could start a program or
//! change the output are overridden.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Stdio;

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::object_store::{self, unusable};
use super::parse::{self, Changes, Patch};
use crate::{Error, Result};

/// Limits concurrent git processes; further ones wait.
static PROCESS_LIMIT: Semaphore = Semaphore::const_new(4);

/// Maximum bytes read of a whole patch.
const MAX_PATCH: usize = 10 << 20;
/// Maximum bytes read of a file list.
const MAX_LIST: usize = 32 << 20;
/// Maximum bytes read of a message or an id list.
const MAX_TEXT: usize = 1 << 20;

/// Settings that override those of the repository.
const OVERRIDES: &[&str] = &[
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.quotePath=false",
    "core.pager=cat",
    "diff.orderFile=/dev/null",
    "diff.external=",
    "log.showSignature=false",
    "log.mailmap=false",
    "protocol.allow=never",
    // Git refuses repositories of other accounts by default; repository_location.rs has checked the path already.
    "safe.directory=*",
];

const DIFF: &[&str] = &[
    "diff-tree",
    "--root",
    "-r",
    "--no-commit-id",
    "-M",
    "-l2000",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-relative",
    "--full-index",
    "--ignore-submodules=none",
    "--submodule=short",
];

/// A repository on this server's disk.
#[derive(Debug)]
pub struct Repository {
    /// Its folder.
    pub folder: PathBuf,
    /// The folder that must contain it.
    pub root: PathBuf,
}

/// The result of resolving an abbreviated id.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    None,
    One(String),
    Several(usize),
}

/// A commit's metadata.
#[derive(Debug)]
pub struct Head {
    pub sha: String,
    pub parents: Vec<String>,
    pub author: String,
    pub time: Timestamp,
    pub message: String,
}

struct Output {
    text: Vec<u8>,
    truncated: bool,
}

impl Repository {
    /// Resolves a hexadecimal commit id, which may be abbreviated. Branch names are not resolved.
    pub async fn find(&self, sha: &str) -> Result<Found> {
        let wanted = format!("--disambiguate={sha}");
        let folders =
            ["rev-parse", "--absolute-git-dir", "--path-format=absolute", "--git-common-dir", "--git-path", "objects"];
        let output = self.run(&folders, b"", MAX_TEXT).await?;
        let folders: Vec<PathBuf> = parse::lossy(&output.text).lines().map(PathBuf::from).collect();
        object_store::check(folders, self.root.clone()).await?;
        let output = self.run(&["rev-parse", &wanted], b"", MAX_TEXT).await?;
        let text = parse::lossy(&output.text);
        let lines = text.lines();
        let ids: String = lines.map(|id| format!("{id}\n")).collect();
        if ids.is_empty() {
            return Ok(Found::None);
        }
        let arguments = ["cat-file", "--batch-check=%(objecttype) %(objectname)"];
        let kinds = self.run(&arguments, ids.as_bytes(), MAX_TEXT).await?;
        let kinds = parse::lossy(&kinds.text);
        let commits: Vec<&str> = kinds.lines().filter_map(|line| line.strip_prefix("commit ")).collect();
        Ok(match commits.as_slice() {
            [] => Found::None,
            [one] => Found::One((*one).to_owned()),
            several => Found::Several(several.len()),
        })
    }

    /// The metadata of a commit.
    pub async fn head(&self, sha: &str) -> Result<Head> {
        let format = "--format=%H%x00%P%x00%an%x00%at%x00%B";
        let arguments = [
            "log",
            "-1",
            "--no-show-signature",
            "--no-notes",
            "--encoding=UTF-8",
            format,
            "--end-of-options",
            sha,
            "--",
        ];
        let output = self.run(&arguments, b"", MAX_TEXT).await?;
        let fields: Vec<String> = output.text.splitn(5, |byte| *byte == 0).map(parse::lossy).collect();
        if fields.len() < 5 {
            return Err(unusable("git printed something unknown"));
        }
        Ok(read_head(fields.into_iter()))
    }

    /// The metadata of the commits in the given revisions and ranges and of those with the given ids, newest first.
    pub async fn heads(&self, revisions: &[String], ids: &[&str], max: usize) -> Result<Vec<Head>> {
        let max_count = format!("--max-count={max}");
        // Git walks a range only if it is an argument, not if it comes from stdin.
        let mut arguments = vec!["log", "-z", "--stdin", "--no-walk=unsorted", max_count.as_str()];
        arguments.extend(["--no-show-signature", "--no-notes", "--encoding=UTF-8"]);
        arguments.extend(["--format=tformat:%H%x00%P%x00%an%x00%at%x00%B", "--end-of-options"]);
        arguments.extend(revisions.iter().map(String::as_str));
        let ids: String = ids.iter().map(|id| format!("{id}\n")).collect();
        let output = self.run(&arguments, ids.as_bytes(), MAX_LIST).await?;
        let fields: Vec<&[u8]> = output.text.split(|byte| *byte == 0).collect();
        Ok(fields.chunks_exact(5).map(|fields| read_head(fields.iter().map(|field| parse::lossy(field)))).collect())
    }

    /// The files changed against the first parent, with line counts.
    pub async fn changes(&self, head: &Head) -> Result<Changes> {
        let output = self.diff(&["--raw", "--numstat", "-z"], head, MAX_LIST).await?;
        Ok(parse::changes(&output.text, output.truncated))
    }

    /// The diff of each of these files, and whether any was truncated.
    pub async fn patches(&self, head: &Head, changes: &Changes) -> Result<(Vec<Patch>, bool)> {
        let flags = ["--patch", "-U3", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/"];
        let output = self.diff(&flags, head, MAX_PATCH).await?;
        let patches = parse::patches(&output.text, output.truncated, changes);
        let truncated = output.truncated || patches.iter().any(|patch| patch.truncated);
        Ok((patches, truncated))
    }

    /// The text of a file as it is after a commit, and whether its end is missing. `path` is one of the commit's changed files.
    pub async fn file(&self, head: &Head, path: &str) -> Result<(String, bool)> {
        // A path such as `./a` would be read as relative to the folder that git runs in; changed files have none.
        let wanted = format!("{}:{path}", head.sha);
        let output = self.run(&["cat-file", "blob", &wanted], b"", MAX_PATCH).await?;
        Ok((parse::lossy(&output.text), output.truncated))
    }

    async fn diff(&self, flags: &[&str], head: &Head, max: usize) -> Result<Output> {
        let mut arguments = [DIFF, flags, &["--end-of-options"]].concat();
        arguments.extend(head.parents.first().map(String::as_str));
        arguments.extend([head.sha.as_str(), "--"]);
        self.run(&arguments, b"", max).await
    }

    /// Runs git and reads at most `max` bytes of its output.
    async fn run(&self, arguments: &[&str], input: &[u8], max: usize) -> Result<Output> {
        let _permit = PROCESS_LIMIT.acquire().await.map_err(|_| unusable("the server is stopping"))?;
        let mut command = Command::new("git");
        command.args(["--no-pager", "--no-replace-objects", "--literal-pathspecs"]);
        for setting in OVERRIDES {
            command.args(["-c", setting]);
        }
        command.args(arguments).current_dir(&self.folder).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into()));
        for (name, value) in [
            ("LC_ALL", OsStr::new("C")),
            ("GIT_CONFIG_NOSYSTEM", OsStr::new("1")),
            ("GIT_CONFIG_GLOBAL", OsStr::new("/dev/null")),
            ("GIT_ATTR_NOSYSTEM", OsStr::new("1")),
            ("GIT_NO_LAZY_FETCH", OsStr::new("1")),
            ("GIT_OPTIONAL_LOCKS", OsStr::new("0")),
            ("GIT_TERMINAL_PROMPT", OsStr::new("0")),
            // Keeps git from using a repository in a parent folder.
            ("GIT_CEILING_DIRECTORIES", self.folder.parent().unwrap_or(&self.root).as_os_str()),
        ] {
            command.env(name, value);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| {
            tracing::warn!(%error, "git cannot be started");
            Error::problem(
                503,
                "git_missing",
                "The program git does not start on this server; install git to see commits.",
            )
        })?;
        let (mut stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let feed = async {
            if let Some(stdin) = &mut stdin {
                // Git may end without reading everything.
                let _ = stdin.write_all(input).await;
            }
            drop(stdin.take());
        };
        let (_, output, errors) = tokio::join!(feed, read(stdout, max), read(stderr, MAX_TEXT));
        let (output, errors) = (output.map_err(output_lost)?, errors.map_err(output_lost)?);
        if output.truncated {
            // Git is still writing; the rest of its output is not needed.
            let _ = child.kill().await;
            return Ok(output);
        }
        let status = child.wait().await.map_err(output_lost)?;
        if !status.success() {
            let stderr = parse::lossy(&errors.text);
            tracing::debug!(folder = %self.folder.display(), %stderr, "git failed");
            return Err(unusable(if stderr.contains("not a git repository") {
                "its folder holds no git repository"
            } else {
                "git refused to read it"
            }));
        }
        Ok(output)
    }
}

/// Builds the metadata from the fields id, parents, author, time and message.
fn read_head(mut fields: impl Iterator<Item = String>) -> Head {
    let mut field = || fields.next().unwrap_or_default();
    let (sha, parents, author, time, message) = (field(), field(), field(), field(), field());
    Head {
        sha,
        parents: parents.split_whitespace().map(str::to_owned).collect(),
        author,
        time: time.parse().ok().and_then(|seconds| Timestamp::from_second(seconds).ok()).unwrap_or_default(),
        message: message.trim().to_owned(),
    }
}

fn output_lost(error: std::io::Error) -> Error {
    Error::Internal(format!("git's output was lost: {error}"))
}

/// Reads up to `max` bytes; closing the pipe then ends the process.
async fn read(source: Option<impl AsyncRead + Unpin>, max: usize) -> std::io::Result<Output> {
    let mut text = Vec::new();
    let Some(source) = source else { return Ok(Output { text, truncated: false }) };
    let read = source.take(max as u64 + 1).read_to_end(&mut text).await?;
    text.truncate(max);
    Ok(Output { text, truncated: read > max })
}
