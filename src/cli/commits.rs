//! `callboard commits`: links commits of a git repository to tickets.
//!
//! The hook (`callboard commit-hook`) calls this program instead of curl: messages are encoded as JSON safely, the key does not appear in the
//! process list, and large pushes are split into several requests.

use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::output;
use super::remote::RemoteArgs;
use crate::client::Client;
use crate::domain::commits::local::{self, Rewritten};
use crate::domain::commits::references::{self, CommitLink, CommitsLinked, NewCommit, NewCommits, Unlinked};
use crate::{Error, Result};

/// Approximate maximum size of a request.
const MAX_REQUEST_BYTES: usize = 512 * 1024;

/// Subcommands of `callboard commits`.
#[derive(Debug, Subcommand)]
pub enum CommitsCommand {
    /// Link commits of this repository to the tickets that their messages name (TKT-123).
    Push(PushArgs),
}

/// Flags of `callboard commits push`.
#[derive(Debug, Args)]
pub struct PushArgs {
    /// Commits and ranges in the syntax of `git log`, e.g. `main..HEAD`.
    #[arg(default_value = "HEAD", conflicts_with = "rewritten")]
    pub revisions: Vec<String>,
    /// Read the rewritten commits from standard input, in the format of git's post-rewrite hook.
    #[arg(long)]
    pub rewritten: bool,
    /// The workflow of the tickets, by id or name. Defaults to `git config callboard.workflow`.
    #[arg(long, short, env = "CALLBOARD_WORKFLOW", value_name = "WORKFLOW")]
    pub workflow: Option<String>,
    /// The server. Defaults to `git config callboard.url` and `git config callboard.keyFile`.
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// Runs `callboard commits …`.
pub async fn command(command: CommitsCommand, json: bool) -> Result<()> {
    let CommitsCommand::Push(args) = command;
    let git_dir = PathBuf::from(git(&["rev-parse", "--absolute-git-dir"])?);
    let (revisions, rewritten) = if args.rewritten {
        let mut lines = String::new();
        let read = std::io::stdin().read_to_string(&mut lines);
        read.map_err(|error| Error::Setup(format!("Standard input cannot be read: {error}.")))?;
        (Vec::new(), Rewritten::read(&lines))
    } else {
        (args.revisions.clone(), Vec::new())
    };
    let commits = local::read(&git_dir, &revisions, &rewritten).await?;
    let mut result = CommitsLinked {
        success: true,
        linked: Vec::new(),
        already_linked: Vec::new(),
        unknown: Vec::new(),
        message: String::new(),
    };
    let mut rejected = None;
    if !commits.is_empty() {
        let client = connect(&args)?;
        let workflow = match args.workflow.clone().or_else(|| setting("callboard.workflow")) {
            Some(name) if !name.trim().is_empty() => Some(client.find_workflow(name.trim()).await?.id),
            _ => None,
        };
        let template = NewCommits { workflow_id: workflow, repository: repository(&git_dir), ..NewCommits::default() };
        for batch in batches(commits) {
            rejected = push(&client, &template, batch, &mut result).await?.or(rejected);
        }
    }
    result.message = format!("Created {} links.", result.linked.len());
    if json {
        output::json(&result)?;
    } else {
        print(&result);
    }
    rejected.map_or(Ok(()), Err)
}

/// Sends some commits. If the server rejects a batch, its commits are sent one by one; returns the last rejection.
async fn push(
    client: &Client,
    template: &NewCommits,
    commits: Vec<NewCommit>,
    result: &mut CommitsLinked,
) -> Result<Option<Error>> {
    let mut rejected = None;
    let mut pending = vec![commits];
    while let Some(commits) = pending.pop() {
        match client.link_commits(&NewCommits { commits: commits.clone(), ..template.clone() }).await {
            Ok(answer) => {
                result.linked.extend(answer.linked);
                result.already_linked.extend(answer.already_linked);
                result.unknown.extend(answer.unknown);
            }
            Err(error) if error.problem().is_some_and(|problem| matches!(problem.status, 413 | 422)) => {
                if commits.len() > 1 {
                    pending.extend(commits.into_iter().rev().map(|commit| vec![commit]));
                } else {
                    rejected = Some(error.into());
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(rejected)
}

/// Splits commits into batches for one request each.
fn batches(commits: Vec<NewCommit>) -> Vec<Vec<NewCommit>> {
    let mut batches: Vec<Vec<NewCommit>> = Vec::new();
    let mut bytes = 0;
    for commit in commits {
        let size = commit.message.len() + commit.files.iter().flatten().map(|path| path.len() + 4).sum::<usize>() + 500;
        match batches.last_mut() {
            Some(batch) if batch.len() < references::MAX_COMMITS_PER_REQUEST && bytes + size <= MAX_REQUEST_BYTES => {
                bytes += size;
                batch.push(commit);
            }
            _ => {
                bytes = size;
                batches.push(vec![commit]);
            }
        }
    }
    batches
}

fn print(result: &CommitsLinked) {
    let short = |sha: &str| sha.chars().take(10).collect::<String>();
    let link = |link: &CommitLink, how: &str| println!("{} {how} {}.", short(&link.commit_sha), link.ticket_key);
    result.linked.iter().for_each(|new| link(new, "is linked to"));
    result.already_linked.iter().for_each(|old| link(old, "was already linked to"));
    for unlinked in &result.unknown {
        let why = match unlinked.reason {
            Unlinked::NotFound => "you have no such ticket with write access",
            Unlinked::SeveralWorkflows => "several of your workflows have such a ticket; set --workflow",
        };
        println!("{} names {}: {why}.", short(&unlinked.commit_sha), unlinked.reference);
    }
}

/// Connects like other commands, with defaults from git's configuration.
fn connect(args: &PushArgs) -> Result<Client> {
    let RemoteArgs { url, key_file } = args.remote.clone();
    let mut remote = RemoteArgs { url: url.or_else(|| setting("callboard.url")), key_file };
    if remote.key()?.is_none() {
        remote.key_file = setting("callboard.keyFile").map(PathBuf::from);
    }
    remote.connect()
}

/// The last segment of the repository's address. The full address may contain a password.
fn repository(git_dir: &Path) -> Option<String> {
    let address = setting("remote.origin.url").or_else(|| {
        let folder = if git_dir.ends_with(".git") { git_dir.parent()? } else { git_dir };
        Some(folder.to_string_lossy().into_owned())
    })?;
    let name = address.trim_end_matches(['/', '\\']).rsplit(['/', '\\', ':']).next()?;
    Some(name.chars().take(500).collect())
}

/// A value of git's configuration.
fn setting(name: &str) -> Option<String> {
    let kind = if name == "callboard.keyFile" { "--type=path" } else { "--no-type" };
    git(&["config", kind, "--get", name]).ok().filter(|value| !value.is_empty())
}

/// The output of git in the current folder and environment.
pub(super) fn git(arguments: &[&str]) -> Result<String> {
    let output = std::process::Command::new("git").args(arguments).output();
    let output = output.map_err(|error| Error::Setup(format!("git cannot be started: {error}.")))?;
    if !output.status.success() {
        return Err(Error::Setup("This folder is not in a git repository.".to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches(['\r', '\n']).to_owned())
}
