//! `callboard workflow`: manages workflows and their members.

use clap::{Args, Subcommand};

use super::database::{DatabaseArgs, OpenDatabase};
use super::output;
use crate::Result;
use crate::domain::accounts::Caller;
use crate::domain::operators;
use crate::domain::workflows::{self, CreateWorkflow, Role, UpdateWorkflow, Workflow};

/// Subcommands of `callboard workflow`.
#[derive(Debug, Subcommand)]
pub enum WorkflowCommand {
    /// List workflows.
    List(ListArgs),
    /// Create a workflow.
    Create(CreateArgs),
    /// List the members of a workflow.
    Members(OneArgs),
    /// Add a member, or change a member's role.
    AddMember(MemberArgs),
    /// Remove a member from a workflow.
    RemoveMember(MemberArgs),
    /// Attach a git repository below CALLBOARD_REPOSITORIES_DIR, to show the diffs of its commits.
    AttachRepository(RepositoryArgs),
}

/// Flags of `callboard workflow list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Include archived workflows.
    #[arg(long)]
    pub all: bool,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Flags of `callboard workflow create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// The workflow's name.
    pub name: String,
    /// The board template: development, sdlc, security or research.
    #[arg(long)]
    pub template: Option<String>,
    /// The description.
    #[arg(long)]
    pub description: Option<String>,
    /// The owner, by actor id or e-mail address. Defaults to the first administrator.
    #[arg(long)]
    pub owner: Option<String>,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Flags of `callboard workflow members`.
#[derive(Debug, Args)]
pub struct OneArgs {
    /// The workflow, by id or name.
    pub workflow: String,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Flags of `callboard workflow add-member` and `remove-member`.
#[derive(Debug, Args)]
pub struct MemberArgs {
    /// The workflow, by id or name.
    pub workflow: String,
    /// The actor's id or e-mail address.
    pub actor: String,
    /// The role: owner, member or viewer.
    #[arg(long, default_value = "member", value_parser = ["owner", "member", "viewer"])]
    pub role: String,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Flags of `callboard workflow attach-repository`.
#[derive(Debug, Args)]
pub struct RepositoryArgs {
    /// The workflow, by id or name.
    pub workflow: String,
    /// The repository's folder, absolute or relative to CALLBOARD_REPOSITORIES_DIR; an empty text detaches it.
    pub path: String,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

impl WorkflowCommand {
    fn database(&self) -> &DatabaseArgs {
        match self {
            Self::List(args) => &args.database,
            Self::Create(args) => &args.database,
            Self::Members(args) => &args.database,
            Self::AddMember(args) | Self::RemoveMember(args) => &args.database,
            Self::AttachRepository(args) => &args.database,
        }
    }
}

/// Runs `callboard workflow …`.
pub async fn command(command: WorkflowCommand, json: bool) -> Result<()> {
    let open = command.database().open().await?;
    let outcome = run(&open, &command, json).await;
    open.close().await;
    outcome
}

async fn run(open: &OpenDatabase, command: &WorkflowCommand, json: bool) -> Result<()> {
    let db = &open.db;
    let owner = match command {
        WorkflowCommand::Create(args) => args.owner.as_deref(),
        _ => None,
    };
    let caller = operators::operator(db, owner).await?;
    match command {
        WorkflowCommand::List(args) => {
            let found = all(open, &caller, args.all).await?;
            if json {
                return output::json(&found);
            }
            let rows = found.into_iter().map(|workflow| {
                let tickets = workflow.ticket_count.unwrap_or_default().to_string();
                let state = if workflow.archived_at.is_some() { "archived" } else { "" };
                [workflow.name, tickets, state.to_owned(), workflow.id]
            });
            output::table(["NAME", "TICKETS", "STATE", "ID"], rows);
        }
        WorkflowCommand::Create(args) => {
            let input = CreateWorkflow {
                name: args.name.clone(),
                description: args.description.clone(),
                template: args.template.clone(),
                board_config: None,
                agent_id: None,
            };
            let created = workflows::create(db, &caller, &input).await?;
            if json {
                return output::json(&created);
            }
            eprintln!("Created the workflow {}:", created.name);
            println!("{}", created.id);
        }
        WorkflowCommand::Members(args) => {
            let id = operators::find_workflow(db, &caller, &args.workflow).await?;
            let found = workflows::members(db, &caller, &id).await?;
            if json {
                return output::json(&found.members);
            }
            let rows = found.members.into_iter().map(|member| {
                [member.name, member.kind, member.role, member.email.unwrap_or_default(), member.actor_id]
            });
            output::table(["NAME", "KIND", "ROLE", "E-MAIL", "ID"], rows);
        }
        WorkflowCommand::AddMember(args) => {
            let id = operators::find_workflow(db, &caller, &args.workflow).await?;
            let role = match args.role.as_str() {
                "owner" => Role::Owner,
                "viewer" => Role::Viewer,
                _ => Role::Member,
            };
            workflows::set_member(db, &caller, &id, &args.actor, role).await?;
            eprintln!("{} now has the role {} in {}.", args.actor, args.role, args.workflow);
        }
        WorkflowCommand::RemoveMember(args) => {
            let id = operators::find_workflow(db, &caller, &args.workflow).await?;
            let actor = operators::operator(db, Some(&args.actor)).await?.actor;
            workflows::remove_member(db, &caller, &id, &actor).await?;
            eprintln!("Removed {} from {}.", args.actor, args.workflow);
        }
        WorkflowCommand::AttachRepository(args) => {
            let id = operators::find_workflow(db, &caller, &args.workflow).await?;
            let change = UpdateWorkflow { repository_path: Some(args.path.clone()), ..UpdateWorkflow::default() };
            workflows::update(db, &caller, &id, &change).await?;
            if args.path.is_empty() {
                eprintln!("Detached the repository from {}.", args.workflow);
            } else {
                eprintln!("Attached the repository {} to {}.", args.path, args.workflow);
            }
        }
    }
    Ok(())
}

/// All workflows, over all pages.
async fn all(open: &OpenDatabase, caller: &Caller, archived: bool) -> Result<Vec<Workflow>> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = workflows::list(&open.db, caller, archived, 100, cursor.as_deref()).await?;
        found.extend(page.workflows);
        match page.next_cursor {
            Some(next) if page.has_more => cursor = Some(next),
            _ => return Ok(found),
        }
    }
}
