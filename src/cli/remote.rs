//! How commands reach a server, and whom they speak for: a key, or the sign-in that `callboard login` has kept.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::credentials::Kept;
use crate::client::{Client, Credential};
use crate::{Error, Result};

/// The address of a server on this machine.
const HERE: &str = "http://127.0.0.1:8080";

/// Where the server is, and in whose name the command works.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct RemoteArgs {
    /// The server's address; otherwise the one that was signed in to last.
    #[arg(long, env = "CALLBOARD_URL", global = true, value_name = "URL")]
    pub url: Option<String>,
    /// A file that holds an API key. CALLBOARD_API_KEY may hold the key itself.
    #[arg(long, global = true, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

/// Which workflow is meant.
#[derive(Debug, Clone, Args)]
pub struct WorkflowArgs {
    /// The workflow, by id or name; needed by those who are in several.
    #[arg(long, short, env = "CALLBOARD_WORKFLOW", global = true, value_name = "WORKFLOW")]
    pub workflow: Option<String>,
}

impl RemoteArgs {
    /// The server's address.
    pub fn address(&self) -> Result<String> {
        let given = self.url.clone().filter(|url| !url.trim().is_empty());
        let url = match given {
            Some(url) => url,
            None => Kept::read()?.last.unwrap_or_else(|| HERE.to_owned()),
        };
        Ok(url.trim().trim_end_matches('/').to_owned())
    }

    /// The key that was given, if there is one.
    pub fn key(&self) -> Result<Option<String>> {
        let given =
            match &self.key_file {
                Some(file) => Some(std::fs::read_to_string(file).map_err(|error| {
                    Error::Setup(format!("The key cannot be read from {}: {error}.", file.display()))
                })?),
                None => std::env::var("CALLBOARD_API_KEY").ok(),
            };
        Ok(given.map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()))
    }

    /// A client in the name of the key, or of whoever signed in.
    pub fn connect(&self) -> Result<Client> {
        let url = self.address()?;
        if let Some(key) = self.key()? {
            return Ok(Client::new(&url, Credential::key(key))?);
        }
        let Some((tokens, store)) = Kept::sign_in(&url)? else {
            return Err(Error::Setup(format!(
                "Nobody is signed in at {url}: run `callboard login`, or set CALLBOARD_API_KEY."
            )));
        };
        Ok(Client::with_store(&url, Credential::Tokens(tokens), Some(Arc::new(store)))?)
    }
}

impl WorkflowArgs {
    /// The id of the workflow that is meant: the named one, or the only one.
    pub async fn find(&self, client: &Client) -> Result<String> {
        if let Some(name) = self.workflow.as_deref().filter(|name| !name.trim().is_empty()) {
            return Ok(client.find_workflow(name.trim()).await?.id);
        }
        let mut all = client.workflows().await?;
        match all.len() {
            0 => Err(Error::Setup("You are in no workflow yet.".to_owned())),
            1 => Ok(all.remove(0).id),
            _ => {
                let names: Vec<&str> = all.iter().take(10).map(|workflow| workflow.name.as_str()).collect();
                Err(Error::Setup(format!("Say which workflow is meant with --workflow: {}.", names.join(", "))))
            }
        }
    }

    /// The id of a ticket that is named by id, key or number.
    pub async fn ticket(&self, client: &Client, ticket: &str) -> Result<String> {
        if ticket.starts_with("ticket-") {
            return Ok(ticket.to_owned());
        }
        let workflow = self.find(client).await?;
        Ok(client.ticket(ticket, Some(&workflow)).await?.fields.card.ticket_id)
    }

    /// The ids of tickets.
    pub async fn tickets(&self, client: &Client, tickets: &[String]) -> Result<Vec<String>> {
        let mut found = Vec::with_capacity(tickets.len());
        for ticket in tickets {
            found.push(self.ticket(client, ticket).await?);
        }
        Ok(found)
    }
}

/// What the members of a workflow are called; an actor that is no member any more goes by its id.
#[derive(Debug, Default)]
pub struct Names(HashMap<String, String>);

impl Names {
    /// Asks the server.
    pub async fn of(client: &Client, workflow: &str) -> Result<Self> {
        let members = client.members(workflow).await?.members;
        Ok(Self(members.into_iter().map(|member| (member.actor_id, member.name)).collect()))
    }

    /// The name of an actor.
    pub fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }

    /// The id of an actor that is named by name or id.
    pub fn id<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.iter().find(|(_, known)| known.as_str() == name).map_or(name, |(id, _)| id)
    }
}

/// A text from the command line, or standard input where it is `-`.
pub fn text(given: &str) -> Result<String> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let text = std::io::read_to_string(std::io::stdin());
    text.map_err(|error| Error::Setup(format!("Standard input cannot be read: {error}.")))
}
