//! `callboard import`: imports the export of another tracker, with a preview, a mapping of names and a report; or an archive.

mod archive;
mod report;

use std::fs;
use std::io::stdin;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use indicatif::ProgressBar;

use super::database::DatabaseArgs;
use super::output;
use crate::db::Db;
use crate::domain::import::{self, Batch, Files, Format, ImportStep, MappedNames, Mapping, Outcome, UnknownPeople};
use crate::domain::operators::operator;
use crate::{Error, Result};

/// How often a running import is asked how far it is.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(500);

/// `callboard import FILE`, or an import of one kind.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true, arg_required_else_help = true)]
pub struct ImportArgs {
    /// One kind.
    #[command(subcommand)]
    pub command: Option<ImportCommand>,
    /// The file and how to import it.
    #[command(flatten)]
    pub file: FileArgs,
    /// The tool that the file comes from: beads, github, linear, jira, trello, backlog_md, task_master, plane, vibe_kanban,
    /// redmine or open_project. Defaults to what the content looks like.
    #[arg(long, value_name = "TOOL", value_parser = parse_format)]
    pub from: Option<Format>,
}

/// Subcommands of `callboard import`.
#[derive(Debug, Subcommand)]
pub enum ImportCommand {
    /// Import a JSONL export of the issue tracker beads; people become agents.
    Beads(FileArgs),
    /// Import an archive of a workflow or a server, as `callboard export archive` writes it: completely or not at all.
    Archive(archive::ArchiveArgs),
}

/// Flags of all imports of files.
#[derive(Debug, Args)]
pub struct FileArgs {
    /// The file, archive or folder; `-` reads standard input.
    // Required, but absent beside a subcommand.
    #[arg(required = true)]
    pub file: Option<PathBuf>,
    /// The workflow to import into, by id or name; created if it does not exist.
    #[arg(long, value_name = "NAME", required = true)]
    pub workflow: Option<String>,
    /// Show what would be imported, and how names are mapped, and import nothing.
    #[arg(long)]
    pub dry_run: bool,
    /// A file that maps names of states, types, priorities and people; other names are mapped as proposed.
    #[arg(long, value_name = "FILE")]
    pub mapping: Option<PathBuf>,
    /// Write the mapping that is used to a file, to edit it and give it to --mapping.
    #[arg(long, value_name = "FILE")]
    pub save_mapping: Option<PathBuf>,
    /// People who are no members: keep their names as text, or create agents for them. Defaults to text, and to agents for
    /// beads.
    #[arg(long, value_enum)]
    pub people: Option<PeopleArg>,
    /// Import nothing if any line or value is invalid.
    #[arg(long)]
    pub strict: bool,
    /// Also carry changes of the file over into tickets that were imported before, except values that changed here too.
    #[arg(long)]
    pub update: bool,
    /// The importing actor, by id or e-mail address. Defaults to the first administrator.
    #[arg(long = "as", value_name = "ACTOR")]
    pub actor: Option<String>,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

impl FileArgs {
    fn path(&self) -> &Path {
        self.file.as_deref().unwrap_or(Path::new("-"))
    }
}

/// `--people`.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum PeopleArg {
    /// Keep names as text.
    Text,
    /// Create agents.
    Agents,
}

fn parse_format(text: &str) -> std::result::Result<Format, String> {
    text.parse().map_err(|why: String| format!("it {why}"))
}

/// Runs `callboard import …`.
pub async fn command(args: ImportArgs, json: bool) -> Result<ExitCode> {
    match args.command {
        Some(ImportCommand::Beads(file)) => import_file(file, Some(Format::Beads), json).await,
        Some(ImportCommand::Archive(args)) => archive::command(args, json).await,
        None => import_file(args.file, args.from, json).await,
    }
}

/// What happened, for the report.
struct Done {
    batch: Batch,
    mapping: MappedNames,
    milestones: Vec<import::Milestone>,
    cycles: Vec<import::Cycle>,
    /// None if nothing was written.
    outcome: Option<Outcome>,
}

async fn import_file(args: FileArgs, from: Option<Format>, json: bool) -> Result<ExitCode> {
    let batch = read(&args, from, json)?;
    let given = args.mapping.as_ref().map(read_mapping).transpose()?.unwrap_or_default();
    let is_rejected = args.strict && !(batch.bad.is_empty() && batch.warnings.is_empty());
    let done = write(&args, batch, &given, is_rejected).await?;
    if let Some(file) = &args.save_mapping {
        save_mapping(file, &done.mapping.mapping())?;
    }
    let is_invalid = !done.batch.bad.is_empty() || is_rejected;
    if json {
        report::print_json(&args, &done);
    } else {
        report::print(&args, &done, is_rejected);
    }
    Ok(if is_invalid { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Reads and parses the file.
fn read(args: &FileArgs, from: Option<Format>, json: bool) -> Result<Batch> {
    let name = args.path().display();
    let unreadable = |error: std::io::Error| Error::Setup(format!("The file {name} cannot be read: {error}."));
    let files = if args.path().as_os_str() == "-" {
        Files::of_reader(stdin().lock()).map_err(unreadable)?
    } else {
        let length = fs::metadata(args.path()).map_err(unreadable)?.len();
        let bar = output::progress_bar(length, "Reading  {bar:40} {bytes}/{total_bytes}");
        let files = Files::of_path(args.path(), |bytes| bar.set_position(bytes)).map_err(unreadable)?;
        bar.finish_and_clear();
        files
    };
    let format = match from {
        Some(format) => format,
        None => {
            let found = Format::recognise(&files).ok_or_else(|| {
                let tools: Vec<_> = Format::ALL.iter().map(|format| format.id()).collect();
                Error::Setup(format!(
                    "The format of {name} is not known; name the tool with --from: {}.",
                    tools.join(", ")
                ))
            })?;
            if !json {
                eprintln!("This looks like {}.", found.description());
            }
            found
        }
    };
    format.read(&files).map_err(|why| Error::Setup(format!("The file {name} {why}.")))
}

fn read_mapping(file: &PathBuf) -> Result<Mapping> {
    let text = fs::read_to_string(file)
        .map_err(|error| Error::Setup(format!("The mapping {} cannot be read: {error}.", file.display())))?;
    serde_json::from_str(&text)
        .map_err(|error| Error::Setup(format!("The mapping {} is not valid: {error}.", file.display())))
}

fn save_mapping(file: &PathBuf, mapping: &Mapping) -> Result<()> {
    let text = serde_json::to_string_pretty(mapping).map_err(|error| Error::Internal(error.to_string()))?;
    fs::write(file, text + "\n")
        .map_err(|error| Error::Setup(format!("The mapping {} cannot be written: {error}.", file.display())))
}

/// Shows how far an import is, for as long as it runs.
async fn show_progress(db: &Db, workflow: &str, bar: &ProgressBar) -> std::convert::Infallible {
    loop {
        tokio::time::sleep(PROGRESS_INTERVAL).await;
        if let Ok(Some(ImportStep { step, done, total })) = import::find_progress(db, workflow).await {
            bar.set_message(match step.as_str() {
                "tickets" => format!("Writing {total} tickets"),
                "comments" => "Writing comments".to_owned(),
                _ => format!("Making tickets searchable: {done} of {total}"),
            });
        }
    }
}

/// Maps the names and writes the tickets, unless the import is rejected or has none.
async fn write(args: &FileArgs, mut batch: Batch, given: &Mapping, is_rejected: bool) -> Result<Done> {
    let open = args.database.open().await?;
    let people = match (args.people, batch.format) {
        (Some(PeopleArg::Agents), _) | (None, Format::Beads) => UnknownPeople::NewAgents,
        _ => UnknownPeople::Text,
    };
    let is_empty = batch.tickets.is_empty() && !batch.bad.is_empty();
    let workflow = args.workflow.as_deref().unwrap_or_default();
    let bar = output::progress_bar(0, "{spinner} {msg} {elapsed}");
    bar.set_message(format!("Writing {} tickets", batch.tickets.len()));
    bar.enable_steady_tick(Duration::from_millis(100));
    let write = async {
        let caller = operator(&open.db, args.actor.as_deref()).await?;
        let board = import::board_of(&open.db, &caller, workflow).await?;
        let mapping = board.map(&batch, given, people)?;
        let plan = import::plan(&mut batch, &board, &mapping.mapping());
        if is_rejected || is_empty {
            return Ok((mapping, plan, None));
        }
        let outcome = import::run(&open.db, &caller, workflow, &plan, args.update, args.dry_run).await?;
        Ok((mapping, plan, Some(outcome)))
    };
    let written: Result<_> = tokio::select! {
        written = write => written,
        never = show_progress(&open.db, workflow, &bar) => match never {},
    };
    bar.finish_and_clear();
    open.close().await;
    let (mapping, plan, outcome) = written?;
    Ok(Done { batch, mapping, milestones: plan.milestones, cycles: plan.cycles, outcome })
}
