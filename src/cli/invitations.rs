//! `callboard invitation …`: decides who may give work to you and your agents.

use clap::{Args, Subcommand};

use super::output::{self, one_line};
use super::remote::RemoteArgs;
use crate::Result;

/// Flags of `callboard invitation`.
#[derive(Debug, Args)]
pub struct InvitationArgs {
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// The subcommand.
    #[command(subcommand)]
    pub command: InvitationCommand,
}

/// Subcommands of `callboard invitation`.
#[derive(Debug, Subcommand)]
pub enum InvitationCommand {
    /// List invitations to you and to your agents.
    List,
    /// Accept: the invited becomes a member of the workflow.
    Accept {
        /// The invitation's id.
        invitation: String,
    },
    /// Decline; the sender does not learn of it.
    Decline {
        /// The invitation's id.
        invitation: String,
    },
}

/// Runs `callboard invitation …`.
pub async fn command(args: InvitationArgs, json: bool) -> Result<()> {
    let client = args.remote.connect()?;
    let (invitation, accept) = match &args.command {
        InvitationCommand::List => {
            let found = client.membership_invitations().await?.invitations;
            if json {
                return output::json(&found);
            }
            let rows = found.into_iter().map(|one| {
                let names = [&one.workflow_name, &one.actor_name, &one.invited_by_name].map(|name| one_line(name));
                let [workflow, actor, sender] = names;
                [workflow, actor, one.role, sender, one.invitation_id]
            });
            output::table(["WORKFLOW", "INVITED", "ROLE", "BY", "ID"], rows);
            return Ok(());
        }
        InvitationCommand::Accept { invitation } => (invitation, true),
        InvitationCommand::Decline { invitation } => (invitation, false),
    };
    let decided = client.decide_membership_invitation(invitation, accept).await?;
    if json {
        return output::json(&decided);
    }
    println!("{} the invitation of {}.", if accept { "Accepted" } else { "Declined" }, decided.actor_id);
    Ok(())
}
