//! The server and the credential of everyday commands: an API key, or the sign-in saved by `callboard login`.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::credentials::SavedSignIns;
use crate::client::{Client, Credential};
use crate::{Error, Result};

/// Default address of a local server.
const DEFAULT_URL: &str = "http://127.0.0.1:8080";

/// The server and the credential.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Server")]
pub struct RemoteArgs {
    /// The server's address. Defaults to the server of the last sign-in.
    #[arg(long, env = "CALLBOARD_URL", global = true, value_name = "URL")]
    pub url: Option<String>,
    /// File with an API key. Defaults to the key in CALLBOARD_API_KEY.
    #[arg(long, global = true, value_name = "FILE")]
    pub key_file: Option<PathBuf>,
}

/// The workflow.
#[derive(Debug, Clone, Args)]
pub struct WorkflowArgs {
    /// The workflow, by id or name. Required if you are a member of several.
    #[arg(long, short, env = "CALLBOARD_WORKFLOW", global = true, value_name = "WORKFLOW")]
    pub workflow: Option<String>,
}

impl RemoteArgs {
    /// The server's address.
    pub fn address(&self) -> Result<String> {
        let given = self.url.clone().filter(|url| !url.trim().is_empty());
        let url = match given {
            Some(url) => url,
            None => SavedSignIns::read()?.last.unwrap_or_else(|| DEFAULT_URL.to_owned()),
        };
        let url = url.trim().trim_end_matches('/').to_owned();
        let parsed = reqwest::Url::parse(&url).ok();
        if !parsed.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
            return Err(Error::Setup(format!(
                "{} is not the address of a server; --url and CALLBOARD_URL are like {DEFAULT_URL}.",
                super::output::one_line(&url)
            )));
        }
        Ok(url)
    }

    /// Whether a flag of this command names the server or the credential.
    pub fn is_chosen_by_flag(&self) -> bool {
        self.key_file.is_some() || self.url.is_some() && self.url != std::env::var("CALLBOARD_URL").ok()
    }

    /// Whether a server or a credential is set, or somebody has signed in.
    pub fn is_configured(&self) -> Result<bool> {
        let url = self.url.as_deref().is_some_and(|url| !url.trim().is_empty());
        Ok(url || self.key()?.is_some() || SavedSignIns::read()?.last.is_some())
    }

    /// The API key, if one is set.
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

    /// Creates a client with the API key or the saved sign-in.
    pub fn connect(&self) -> Result<Client> {
        let url = self.address()?;
        if let Some(key) = self.key()? {
            return Ok(Client::new(&url, Credential::key(key))?.strict());
        }
        let Some((tokens, store)) = SavedSignIns::sign_in(&url)? else {
            return Err(Error::unauthenticated(format!(
                "You are not signed in at {url}: run `callboard login`, or set CALLBOARD_API_KEY."
            )));
        };
        Ok(Client::with_store(&url, Credential::Tokens(tokens), Some(Arc::new(store)))?.strict())
    }
}

impl WorkflowArgs {
    /// The id of the selected workflow: the named one, or the actor's only one.
    pub async fn find(&self, client: &Client) -> Result<String> {
        if let Some(name) = self.workflow.as_deref().filter(|name| !name.trim().is_empty()) {
            return Ok(client.find_workflow(name.trim()).await?.id);
        }
        let mut all = client.workflows().await?;
        match all.len() {
            0 => Err(Error::Setup("You are not a member of any workflow.".to_owned())),
            1 => Ok(all.remove(0).id),
            _ => {
                let names: Vec<&str> = all.iter().take(10).map(|workflow| workflow.name.as_str()).collect();
                Err(Error::Setup(format!(
                    "You are a member of several workflows; select one with --workflow: {}.",
                    names.join(", ")
                )))
            }
        }
    }

    /// The id of a ticket given by id, key or number.
    pub async fn ticket(&self, client: &Client, ticket: &str) -> Result<String> {
        if ticket.starts_with("ticket-") {
            return Ok(ticket.to_owned());
        }
        let workflow = self.find(client).await?;
        Ok(client.ticket(ticket, Some(&workflow)).await?.fields.card.ticket_id)
    }

    /// The ids of several tickets.
    pub async fn tickets(&self, client: &Client, tickets: &[String]) -> Result<Vec<String>> {
        let mut found = Vec::with_capacity(tickets.len());
        for ticket in tickets {
            found.push(self.ticket(client, ticket).await?);
        }
        Ok(found)
    }
}

/// Names of a workflow's members; a former member is shown by id.
#[derive(Debug, Default)]
pub struct MemberNames(HashMap<String, String>);

impl MemberNames {
    /// Loads the members of a workflow.
    pub async fn of(client: &Client, workflow: &str) -> Result<Self> {
        let members = client.members(workflow).await?.members;
        Ok(Self(members.into_iter().map(|member| (member.actor_id, member.name)).collect()))
    }

    /// The name of an actor.
    pub fn name<'a>(&'a self, id: &'a str) -> &'a str {
        self.0.get(id).map_or(id, String::as_str)
    }

    /// The id of an actor given by name or id.
    pub fn id<'a>(&'a self, name: &'a str) -> &'a str {
        self.0.iter().find(|(_, known)| known.as_str() == name).map_or(name, |(id, _)| id)
    }
}

/// A text argument; `-` reads standard input.
pub fn text(given: &str) -> Result<String> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let text = std::io::read_to_string(std::io::stdin());
    text.map_err(|error| Error::Setup(format!("Standard input cannot be read: {error}.")))
}
