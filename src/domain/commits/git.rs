//! Running the `git` program so that nothing a repository holds can run anything: no hooks, no external
//! diffs, no filters, no network, no configuration but the repository's own, and that overruled where it
//! could start a program or change the output.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Stdio;

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::process::Command;
use tokio::sync::Semaphore;

use super::MAX_PATCH;
use super::parse::{self, Changes, Patch};
use super::place::unusable;
use crate::{Error, Result};

/// Git programs that run at once; more wait.
static TURNS: Semaphore = Semaphore::const_new(4);

/// Bytes read of a list of files.
const MAX_LIST: usize = 32 << 20;
/// Bytes read of a message or a list of ids.
const MAX_TEXT: usize = 1 << 20;

const OVERRULED: &[&str] = &[
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
    // Git refuses repositories of other accounts unless told; place.rs has decided already.
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
    /// Where it is.
    pub folder: PathBuf,
    /// The folder it has to lie in.
    pub home: PathBuf,
}

/// What an abbreviated id stands for.
#[derive(Debug, PartialEq, Eq)]
pub enum Found {
    None,
    One(String),
    Several(usize),
}

/// A commit without its content.
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
    cut: bool,
}

impl Repository {
    /// Finds the commit that an id of hexadecimal digits stands for. Names of branches do not count.
    pub async fn find(&self, sha: &str) -> Result<Found> {
        let wanted = format!("--disambiguate={sha}");
        let arguments = ["rev-parse", "--absolute-git-dir", "--path-format=absolute", "--git-common-dir", &wanted];
        let output = self.run(&arguments, b"", MAX_TEXT).await?;
        let text = parse::lossy(&output.text);
        let mut lines = text.lines();
        for directory in lines.by_ref().take(2) {
            let real = PathBuf::from(directory).canonicalize().map_err(|_| unusable("its folder is not there"))?;
            if !real.starts_with(&self.home) {
                return Err(unusable("it lies outside of CALLBOARD_REPOSITORIES_DIR"));
            }
        }
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

    /// Author, time, parents and message.
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

    /// What `head` says, of all commits that names and ranges stand for, and of those with these ids; the newest first.
    pub async fn heads(&self, revisions: &[String], ids: &[&str], most: usize) -> Result<Vec<Head>> {
        let most = format!("--max-count={most}");
        // Ranges are walked only where they are arguments.
        let mut arguments = vec!["log", "-z", "--stdin", "--no-walk=unsorted", most.as_str()];
        arguments.extend(["--no-show-signature", "--no-notes", "--encoding=UTF-8"]);
        arguments.extend(["--format=tformat:%H%x00%P%x00%an%x00%at%x00%B", "--end-of-options"]);
        arguments.extend(revisions.iter().map(String::as_str));
        let ids: String = ids.iter().map(|id| format!("{id}\n")).collect();
        let output = self.run(&arguments, ids.as_bytes(), MAX_LIST).await?;
        let fields: Vec<&[u8]> = output.text.split(|byte| *byte == 0).collect();
        Ok(fields.chunks_exact(5).map(|fields| read_head(fields.iter().map(|field| parse::lossy(field)))).collect())
    }

    /// The files that a commit changed against its first parent, with counts of lines.
    pub async fn changes(&self, head: &Head) -> Result<Changes> {
        let output = self.diff(&["--raw", "--numstat", "-z"], head, MAX_LIST).await?;
        Ok(parse::changes(&output.text, output.cut))
    }

    /// The diff of each of these files, and whether any had to be cut.
    pub async fn patches(&self, head: &Head, changes: &Changes) -> Result<(Vec<Patch>, bool)> {
        let flags = ["--patch", "-U3", "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/"];
        let output = self.diff(&flags, head, MAX_PATCH).await?;
        let patches = parse::patches(&output.text, output.cut, changes);
        let cut = output.cut || patches.iter().any(|patch| patch.cut);
        Ok((patches, cut))
    }

    async fn diff(&self, flags: &[&str], head: &Head, most: usize) -> Result<Output> {
        let mut arguments = [DIFF, flags, &["--end-of-options"]].concat();
        arguments.extend(head.parents.first().map(String::as_str));
        arguments.extend([head.sha.as_str(), "--"]);
        self.run(&arguments, b"", most).await
    }

    /// Runs git and reads at most `most` bytes of what it prints.
    async fn run(&self, arguments: &[&str], input: &[u8], most: usize) -> Result<Output> {
        let _turn = TURNS.acquire().await.map_err(|_| unusable("the server is stopping"))?;
        let mut command = Command::new("git");
        command.args(["--no-pager", "--no-replace-objects", "--literal-pathspecs"]);
        for setting in OVERRULED {
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
            // A folder without a repository of its own does not stand for one above it.
            ("GIT_CEILING_DIRECTORIES", self.folder.parent().unwrap_or(&self.home).as_os_str()),
        ] {
            command.env(name, value);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().map_err(|error| {
            tracing::warn!(%error, "git does not start");
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
        let (_, output, errors) = tokio::join!(feed, read(stdout, most), read(stderr, MAX_TEXT));
        let (output, errors) = (output.map_err(lost)?, errors.map_err(lost)?);
        if output.cut {
            // It is still printing; what it would say is not wanted any more.
            let _ = child.kill().await;
            return Ok(output);
        }
        let status = child.wait().await.map_err(lost)?;
        if !status.success() {
            let said = parse::lossy(&errors.text);
            tracing::debug!(folder = %self.folder.display(), %said, "git refused");
            return Err(unusable(if said.contains("not a git repository") {
                "its folder holds no git repository"
            } else {
                "git refused to read it"
            }));
        }
        Ok(output)
    }
}

/// Id, parents, author, time and message.
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

fn lost(error: std::io::Error) -> Error {
    Error::Internal(format!("git's output was lost: {error}"))
}

/// Reads up to `most` bytes; closing the pipe then ends the program.
async fn read(source: Option<impl AsyncRead + Unpin>, most: usize) -> std::io::Result<Output> {
    let mut text = Vec::new();
    let Some(source) = source else { return Ok(Output { text, cut: false }) };
    let read = source.take(most as u64 + 1).read_to_end(&mut text).await?;
    text.truncate(most);
    Ok(Output { text, cut: read > most })
}
