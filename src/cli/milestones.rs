//! `callboard milestone …`: lists and changes milestones.

use clap::{Args, Subcommand};
use console::Style;

use super::output::{self, Cell};
use super::remote::{RemoteArgs, WorkflowArgs, text};
use crate::client::Client;
use crate::domain::milestones::{CreateMilestone, Milestone, UpdateMilestone};
use crate::{Error, Result};

/// Flags of `callboard milestone`.
#[derive(Debug, Args)]
pub struct MilestoneArgs {
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// The workflow.
    #[command(flatten)]
    pub workflow: WorkflowArgs,
    /// The subcommand.
    #[command(subcommand)]
    pub command: MilestoneCommand,
}

/// Subcommands of `callboard milestone`. A milestone is given by name or id.
#[derive(Debug, Subcommand)]
pub enum MilestoneCommand {
    /// List the open milestones, those that are due first.
    List {
        /// Include closed ones.
        #[arg(long, short)]
        all: bool,
    },
    /// Create a milestone; prints its id.
    Create {
        /// The name.
        name: String,
        /// What it is for; `-` reads standard input.
        #[arg(long, short, value_name = "TEXT")]
        description: Option<String>,
        /// The day on which work on it starts, like 2026-01-05.
        #[arg(long, value_name = "DAY")]
        start: Option<String>,
        /// The day by which it is to be done, like 2026-01-31.
        #[arg(long, value_name = "DAY")]
        due: Option<String>,
    },
    /// Change a milestone.
    #[command(arg_required_else_help = true)]
    Update {
        /// The milestone.
        milestone: String,
        /// The new name.
        #[arg(long)]
        name: Option<String>,
        /// What it is for; `-` reads standard input.
        #[arg(long, short, value_name = "TEXT")]
        description: Option<String>,
        /// The day on which work on it starts; an empty text removes it.
        #[arg(long, value_name = "DAY")]
        start: Option<String>,
        /// The day by which it is to be done; an empty text removes it.
        #[arg(long, value_name = "DAY")]
        due: Option<String>,
    },
    /// Close a milestone: it keeps its tickets and takes no more.
    Close {
        /// The milestone.
        milestone: String,
    },
    /// Open a closed milestone again.
    Reopen {
        /// The milestone.
        milestone: String,
    },
    /// Delete a milestone; its tickets leave it.
    Delete {
        /// The milestone.
        milestone: String,
    },
}

/// Runs `callboard milestone …`.
pub async fn command(args: MilestoneArgs, json: bool) -> Result<()> {
    let client = args.remote.connect()?;
    let workflow = args.workflow.find(&client).await?;
    let day = |given: Option<String>| given.map(|day| Some(day).filter(|day| !day.is_empty()));
    match args.command {
        MilestoneCommand::List { all } => list(&client, &workflow, all, json).await,
        MilestoneCommand::Create { name, description, start, due } => {
            let description = description.as_deref().map(text).transpose()?;
            let input = CreateMilestone { name, description, starts_on: start, due_on: due, agent_id: None };
            let made = client.create_milestone(&workflow, &input).await?;
            if json {
                return output::json(&made);
            }
            eprintln!("Created the milestone {}:", output::one_line(&made.name));
            output::line(&made.milestone_id);
            Ok(())
        }
        MilestoneCommand::Update { milestone, name, description, start, due } => {
            let description = description.as_deref().map(text).transpose()?;
            let changes = UpdateMilestone {
                name,
                description,
                starts_on: day(start),
                due_on: day(due),
                ..UpdateMilestone::default()
            };
            update(&client, &workflow, &milestone, &changes, "Updated", json).await
        }
        MilestoneCommand::Close { milestone } => {
            let changes = UpdateMilestone { is_closed: Some(true), ..UpdateMilestone::default() };
            update(&client, &workflow, &milestone, &changes, "Closed", json).await
        }
        MilestoneCommand::Reopen { milestone } => {
            let changes = UpdateMilestone { is_closed: Some(false), ..UpdateMilestone::default() };
            update(&client, &workflow, &milestone, &changes, "Reopened", json).await
        }
        MilestoneCommand::Delete { milestone } => {
            let found = find(&client, &workflow, &milestone).await?;
            let deleted = client.delete_milestone(&found.milestone_id).await?;
            if json {
                return output::json(&deleted);
            }
            output::line(output::one_line(&deleted.message));
            Ok(())
        }
    }
}

async fn list(client: &Client, workflow: &str, all: bool, json: bool) -> Result<()> {
    let found = client.milestones(workflow, all).await?;
    if json {
        return output::json(&found);
    }
    if found.is_empty() {
        eprintln!("There are no {}milestones.", if all { "" } else { "open " });
        return Ok(());
    }
    output::table(["NAME", "START", "DUE", "DONE", "POINTS", "STATE"], found.iter().map(row));
    Ok(())
}

fn row(milestone: &Milestone) -> [Cell; 6] {
    let day = |day: &Option<String>| day.clone().unwrap_or_else(|| "-".to_owned());
    let late = if milestone.is_overdue { Style::new().yellow() } else { Style::new() };
    let state = if milestone.is_closed {
        "closed"
    } else if milestone.is_overdue {
        "overdue"
    } else {
        "open"
    };
    [
        Cell::styled(&milestone.name, Style::new().bold()),
        day(&milestone.starts_on).into(),
        Cell::styled(day(&milestone.due_on), late.clone()),
        format!("{} of {}", milestone.resolved_count, milestone.ticket_count).into(),
        format!("{} of {}", milestone.resolved_points, milestone.story_points).into(),
        Cell::styled(state, late),
    ]
}

async fn update(
    client: &Client,
    workflow: &str,
    milestone: &str,
    changes: &UpdateMilestone,
    done: &str,
    json: bool,
) -> Result<()> {
    let found = find(client, workflow, milestone).await?;
    let changed = client.update_milestone(&found.milestone_id, changes).await?;
    if json {
        return output::json(&changed);
    }
    output::line(format!("{done} the milestone {}.", output::one_line(&changed.name)));
    Ok(())
}

/// The milestone of this id or name.
async fn find(client: &Client, workflow: &str, named: &str) -> Result<Milestone> {
    let all = client.milestones(workflow, true).await?;
    let is_named = |milestone: &Milestone| {
        milestone.milestone_id == named || milestone.name.to_lowercase() == named.trim().to_lowercase()
    };
    if let Some(found) = all.iter().find(|milestone| is_named(milestone)) {
        return Ok(found.clone());
    }
    let names: Vec<&str> = all.iter().take(10).map(|milestone| milestone.name.as_str()).collect();
    let known = if names.is_empty() { "there are none".to_owned() } else { format!("they are {}", names.join(", ")) };
    Err(Error::Setup(format!("There is no milestone {named}; {known}.")))
}
