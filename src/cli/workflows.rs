//! `callboard workflow`: manages workflows and their members.

use clap::{Args, Subcommand};

use super::output;
use super::target::{Target, TargetArgs};
use crate::domain::operators;
use crate::domain::workflows::{self, CreateWorkflow, Role, UpdateWorkflow, Workflow};
use crate::{Error, Result};

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
    /// The server or the database.
    #[command(flatten)]
    pub target: TargetArgs,
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
    /// In the database: the owner, by actor id or e-mail address. Defaults to the first administrator.
    #[arg(long)]
    pub owner: Option<String>,
    /// The server or the database.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Flags of `callboard workflow members`.
#[derive(Debug, Args)]
pub struct OneArgs {
    /// The workflow, by id or name.
    pub workflow: String,
    /// The server or the database.
    #[command(flatten)]
    pub target: TargetArgs,
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
    /// The server or the database.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Flags of `callboard workflow attach-repository`.
#[derive(Debug, Args)]
pub struct RepositoryArgs {
    /// The workflow, by id or name.
    pub workflow: String,
    /// The repository's folder, absolute or relative to CALLBOARD_REPOSITORIES_DIR; an empty text detaches it.
    pub path: String,
    /// The server or the database.
    #[command(flatten)]
    pub target: TargetArgs,
}

impl WorkflowCommand {
    fn target(&self) -> &TargetArgs {
        match self {
            Self::List(args) => &args.target,
            Self::Create(args) => &args.target,
            Self::Members(args) => &args.target,
            Self::AddMember(args) | Self::RemoveMember(args) => &args.target,
            Self::AttachRepository(args) => &args.target,
        }
    }

    fn owner(&self) -> Option<&str> {
        match self {
            Self::Create(args) => args.owner.as_deref(),
            _ => None,
        }
    }
}

/// Runs `callboard workflow …`.
pub async fn command(command: WorkflowCommand, json: bool) -> Result<()> {
    let target = command.target().open(command.owner()).await?;
    let outcome = run(&target, &command, json).await;
    target.close().await;
    outcome
}

async fn run(target: &Target, command: &WorkflowCommand, json: bool) -> Result<()> {
    match command {
        WorkflowCommand::List(args) => {
            let found = list(target, args.all).await?;
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
            let created = create(target, args).await?;
            if json {
                return output::json(&created);
            }
            eprintln!("Created the workflow {}:", created.name);
            println!("{}", created.id);
        }
        WorkflowCommand::Members(args) => {
            let id = target.find_workflow(&args.workflow).await?;
            let found = match target {
                Target::Server(client) => client.members(&id).await?,
                Target::Database(open, caller) => workflows::members(&open.db, caller, &id).await?,
            };
            if json {
                return output::json(&found.members);
            }
            let rows = found.members.into_iter().map(|member| {
                [member.name, member.kind, member.role, member.email.unwrap_or_default(), member.actor_id]
            });
            output::table(["NAME", "KIND", "ROLE", "E-MAIL", "ID"], rows);
        }
        WorkflowCommand::AddMember(args) => {
            let id = target.find_workflow(&args.workflow).await?;
            let role = match args.role.as_str() {
                "owner" => Role::Owner,
                "viewer" => Role::Viewer,
                _ => Role::Member,
            };
            let answer = match target {
                Target::Server(client) => client.set_member(&id, &args.actor, role).await?,
                // An operator has access to the database, so nobody is asked first.
                Target::Database(open, caller) => {
                    workflows::set_member(&open.db, caller, &id, &args.actor, role).await?
                }
            };
            if answer["status"] == "invited" {
                eprintln!(
                    "Invited {} to {} as {}; the invitation has to be accepted.",
                    args.actor, args.workflow, args.role
                );
            } else {
                eprintln!("{} now has the role {} in {}.", args.actor, args.role, args.workflow);
            }
        }
        WorkflowCommand::RemoveMember(args) => {
            let id = target.find_workflow(&args.workflow).await?;
            remove_member(target, &id, &args.actor).await?;
            eprintln!("Removed {} from {}.", args.actor, args.workflow);
        }
        WorkflowCommand::AttachRepository(args) => {
            let id = target.find_workflow(&args.workflow).await?;
            let change = UpdateWorkflow { repository_path: Some(args.path.clone()), ..UpdateWorkflow::default() };
            match target {
                Target::Server(client) => drop(client.update_workflow(&id, &change).await?),
                Target::Database(open, caller) => drop(workflows::update(&open.db, caller, &id, &change).await?),
            }
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
async fn list(target: &Target, archived: bool) -> Result<Vec<Workflow>> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = match target {
            Target::Server(client) => client.workflow_page(archived, cursor.as_deref()).await?,
            Target::Database(open, caller) => {
                workflows::list(&open.db, caller, archived, 100, cursor.as_deref()).await?
            }
        };
        found.extend(page.workflows);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(found);
        }
    }
}

async fn create(target: &Target, args: &CreateArgs) -> Result<Workflow> {
    let input = CreateWorkflow {
        name: args.name.clone(),
        description: args.description.clone(),
        template: args.template.clone(),
        board_config: None,
        agent_id: None,
    };
    match target {
        Target::Server(_) if args.owner.is_some() => Err(Error::Setup(
            "At a server you own the workflows that you create; --owner works only with --local.".to_owned(),
        )),
        Target::Server(client) => Ok(client.create_workflow(&input).await?),
        Target::Database(open, caller) => workflows::create(&open.db, caller, &input).await,
    }
}

/// Removes a member given by id or e-mail address.
async fn remove_member(target: &Target, workflow: &str, actor: &str) -> Result<()> {
    match target {
        Target::Server(client) => {
            let mut members = client.members(workflow).await?.members.into_iter();
            let named = members.find(|member| member.email.as_deref() == Some(actor)).map(|member| member.actor_id);
            client.remove_member(workflow, named.as_deref().unwrap_or(actor)).await?;
        }
        Target::Database(open, caller) => {
            let id = operators::operator(&open.db, Some(actor)).await?.actor;
            workflows::remove_member(&open.db, caller, workflow, &id).await?;
        }
    }
    Ok(())
}
