//! `callboard commits` and `callboard commit-hook`: telling the server of what git has.
//!
//! The hook is a few lines of shell that call this program again, and not curl: here messages become JSON safely,
//! whatever they hold, no key stands in a list of processes, and large pushes are cut into requests.

use std::fs;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::output;
use super::remote::RemoteArgs;
use crate::client::Client;
use crate::domain::commits::local::{self, Rewritten};
use crate::domain::commits::references::{self, CommitLink, CommitsLinked, NewCommit, NewCommits, Unlinked};
use crate::{Error, Result};

const HOOK: &str = include_str!("commit_hook.sh");
/// What tells a hook of ours from another's.
const MADE_BY: &str = "Made by `callboard commit-hook`";
/// The hooks that the script serves as.
const NAMES: [&str; 3] = ["post-commit", "post-merge", "post-rewrite"];
/// Bytes of commits in one request, about.
const REQUEST: usize = 512 * 1024;

/// What to do with commits.
#[derive(Debug, Subcommand)]
pub enum CommitsCommand {
    /// Link commits of this repository to the tickets that their messages name (TKT-123).
    Push(PushArgs),
}

/// Flags of `callboard commits push`.
#[derive(Debug, Args)]
pub struct PushArgs {
    /// Commits and ranges, as `git log` reads them, e.g. `main..HEAD`.
    #[arg(default_value = "HEAD", conflicts_with = "rewritten")]
    pub revisions: Vec<String>,
    /// Read from standard input which commits came to stand for which, as git tells its hook post-rewrite.
    #[arg(long)]
    pub rewritten: bool,
    /// The workflow whose tickets are meant, by id or name; otherwise `git config callboard.workflow`.
    #[arg(long, short, env = "CALLBOARD_WORKFLOW", value_name = "WORKFLOW")]
    pub workflow: Option<String>,
    /// Where the server is; otherwise `git config callboard.url` and `git config callboard.keyFile` say so.
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// Flags of `callboard commit-hook`.
#[derive(Debug, Args)]
pub struct HookArgs {
    /// Write it into this repository, as post-commit, post-merge and post-rewrite.
    #[arg(long)]
    pub install: bool,
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
    let mut told = CommitsLinked {
        success: true,
        linked: Vec::new(),
        already_linked: Vec::new(),
        unknown: Vec::new(),
        message: String::new(),
    };
    let mut refused = None;
    if !commits.is_empty() {
        let client = connect(&args)?;
        let workflow = match args.workflow.clone().or_else(|| setting("callboard.workflow")) {
            Some(name) if !name.trim().is_empty() => Some(client.find_workflow(name.trim()).await?.id),
            _ => None,
        };
        let whole = NewCommits { workflow_id: workflow, repository: repository(&git_dir), ..NewCommits::default() };
        for part in parts(commits) {
            refused = push(&client, &whole, part, &mut told).await?.or(refused);
        }
    }
    told.message = format!("Made {} links.", told.linked.len());
    if json {
        output::json(&told)?;
    } else {
        print(&told);
    }
    refused.map_or(Ok(()), Err)
}

/// Tells of some commits. Where one of them breaks a rule, the others are told one by one; answers the last refusal.
async fn push(
    client: &Client,
    whole: &NewCommits,
    commits: Vec<NewCommit>,
    told: &mut CommitsLinked,
) -> Result<Option<Error>> {
    let mut refused = None;
    let mut waiting = vec![commits];
    while let Some(commits) = waiting.pop() {
        match client.link_commits(&NewCommits { commits: commits.clone(), ..whole.clone() }).await {
            Ok(answer) => {
                told.linked.extend(answer.linked);
                told.already_linked.extend(answer.already_linked);
                told.unknown.extend(answer.unknown);
            }
            Err(error) if error.problem().is_some_and(|problem| matches!(problem.status, 413 | 422)) => {
                if commits.len() > 1 {
                    waiting.extend(commits.into_iter().rev().map(|commit| vec![commit]));
                } else {
                    refused = Some(error.into());
                }
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(refused)
}

/// Cuts commits into what one request may hold.
fn parts(commits: Vec<NewCommit>) -> Vec<Vec<NewCommit>> {
    let mut parts: Vec<Vec<NewCommit>> = Vec::new();
    let mut bytes = 0;
    for commit in commits {
        let size = commit.message.len() + commit.files.iter().flatten().map(|path| path.len() + 4).sum::<usize>() + 500;
        match parts.last_mut() {
            Some(part) if part.len() < references::MAX_COMMITS_PER_REQUEST && bytes + size <= REQUEST => {
                bytes += size;
                part.push(commit);
            }
            _ => {
                bytes = size;
                parts.push(vec![commit]);
            }
        }
    }
    parts
}

fn print(told: &CommitsLinked) {
    let short = |sha: &str| sha.chars().take(10).collect::<String>();
    let link = |link: &CommitLink, how: &str| println!("{} {how} {}.", short(&link.commit_sha), link.ticket_key);
    told.linked.iter().for_each(|new| link(new, "is linked to"));
    told.already_linked.iter().for_each(|old| link(old, "was linked already to"));
    for lost in &told.unknown {
        let why = match lost.reason {
            Unlinked::NotFound => "there is no such ticket that you may write to",
            Unlinked::SeveralWorkflows => "several of your workflows have one; name the workflow with --workflow",
        };
        println!("{} names {}: {why}.", short(&lost.commit_sha), lost.reference);
    }
}

/// A client as everywhere, but for what git's settings say.
fn connect(args: &PushArgs) -> Result<Client> {
    let RemoteArgs { url, key_file } = args.remote.clone();
    let mut remote = RemoteArgs { url: url.or_else(|| setting("callboard.url")), key_file };
    if remote.key()?.is_none() {
        remote.key_file = setting("callboard.keyFile").map(PathBuf::from);
    }
    remote.connect()
}

/// The last part of the repository's name; its address may hold a password.
fn repository(git_dir: &Path) -> Option<String> {
    let address = setting("remote.origin.url").or_else(|| {
        let folder = if git_dir.ends_with(".git") { git_dir.parent()? } else { git_dir };
        Some(folder.to_string_lossy().into_owned())
    })?;
    let name = address.trim_end_matches(['/', '\\']).rsplit(['/', '\\', ':']).next()?;
    Some(name.chars().take(500).collect())
}

/// A setting of git.
fn setting(name: &str) -> Option<String> {
    let kind = if name == "callboard.keyFile" { "--type=path" } else { "--no-type" };
    git(&["config", kind, "--get", name]).ok().filter(|value| !value.is_empty())
}

/// What git prints, asked in the folder and environment of whoever calls.
fn git(arguments: &[&str]) -> Result<String> {
    let output = std::process::Command::new("git").args(arguments).output();
    let output = output.map_err(|error| Error::Setup(format!("The program git does not start: {error}.")))?;
    if !output.status.success() {
        return Err(Error::Setup("This is no folder of a git repository.".to_owned()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim_end_matches(['\r', '\n']).to_owned())
}

/// Runs `callboard commit-hook`.
pub fn hook(args: &HookArgs) -> Result<()> {
    // Where the program is not on the path, as in the surroundings of some editors.
    let program = std::env::current_exe().map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
    let script = HOOK.replace("@PROGRAM@", &format!("'{}'", program.replace('\'', r"'\''")));
    if !args.install {
        print!("{script}");
        return Ok(());
    }
    let folder = PathBuf::from(git(&["rev-parse", "--git-path", "hooks"])?);
    for name in NAMES {
        let file = folder.join(name);
        let other = match fs::read(&file) {
            Ok(text) => !String::from_utf8_lossy(&text).contains(MADE_BY),
            Err(error) => error.kind() != ErrorKind::NotFound,
        };
        if other {
            return Err(Error::Setup(format!(
                "{} is there already; nothing was written. Let it call `callboard commits push HEAD &`.",
                file.display()
            )));
        }
    }
    let refuse =
        |error: std::io::Error| Error::Setup(format!("The hooks in {} cannot be written: {error}.", folder.display()));
    fs::create_dir_all(&folder).map_err(refuse)?;
    for name in NAMES {
        install(&folder, name, &script).map_err(refuse)?;
    }
    eprintln!("Wrote {} to {}.", NAMES.join(", "), folder.display());
    Ok(())
}

/// Replaces a hook as a whole, so that git never runs half of it.
fn install(folder: &Path, name: &str, script: &str) -> std::io::Result<()> {
    let next = folder.join(format!("{name}.callboard-new"));
    let _ = fs::remove_file(&next);
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o755).open(&next)?;
    std::io::Write::write_all(&mut file, script.as_bytes())?;
    file.sync_all()?;
    fs::rename(next, folder.join(name))
}
