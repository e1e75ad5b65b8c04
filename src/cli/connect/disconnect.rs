//! `callboard disconnect`: removes the entry and revokes its key.

use serde_json::json;

use super::changes::{Change, Edit};
use super::noted::{self, Noted};
use super::{DisconnectArgs, configuration, confirm, entry, files, hooks_file, key_of};
use crate::cli::output;
use crate::client::{Client, Credential};
use crate::domain::agent_setup::{self, Entry, KEY_VARIABLE, Scope, Tool, secrets};
use crate::{Error, Result};

/// What became of the key.
enum Outcome {
    /// It is revoked.
    Revoked(String),
    /// It was not valid any more.
    Invalid,
    /// The entry held none.
    NoKey,
    /// It stays valid, and why.
    Kept(String),
}

/// Runs `callboard disconnect`.
pub async fn disconnect(args: DisconnectArgs, as_json: bool) -> Result<()> {
    let tool = agent_setup::find(&args.tool).ok_or_else(|| Error::Internal("an unknown tool".to_owned()))?;
    let scope = Scope::from(args.scope);
    let path = configuration(tool, scope)?;
    let mut changes = Vec::new();
    Change::add(&mut changes, path.clone(), Edit::Disconnect(tool));
    if let Some(hooks) = &tool.hooks {
        Change::add(&mut changes, hooks_file(hooks, scope)?, Edit::RemoveHooks(tool, hooks));
    }
    if args.instructions {
        Change::add(&mut changes, files::project_folder()?.join(tool.instructions), Edit::RemoveInstructions);
    }
    let previews: Vec<String> =
        changes.iter().filter_map(|change| change.preview("").transpose()).collect::<Result<_>>()?;
    let Some(entry) = entry(tool, scope)? else {
        return Err(Error::Setup(format!("{} is not connected: {} has no entry.", tool.name, path.display())));
    };
    confirm(&previews, false, args.yes)?;
    changes.iter().try_for_each(Change::undo)?;
    let outcome = match scope {
        Scope::User => revoke_of_user(&entry).await?,
        Scope::Project => revoke_of_project(tool, &args, &entry).await?,
    };
    if as_json {
        let revoked = match &outcome {
            Outcome::Revoked(id) => Some(id),
            _ => None,
        };
        return output::json(&json!({"tool": tool.id, "file": path.display().to_string(), "revoked_key_id": revoked}));
    }
    match outcome {
        Outcome::Revoked(_) => eprintln!("Disconnected {} and revoked its key.", tool.name),
        Outcome::Invalid => eprintln!("Disconnected {}; its key was not valid any more.", tool.name),
        Outcome::NoKey => eprintln!("Disconnected {}; its entry held no key.", tool.name),
        Outcome::Kept(why) => eprintln!("Disconnected {}, but revoked no key: {why}.", tool.name),
    }
    Ok(())
}

/// Revokes the key of an entry with itself.
async fn revoke_of_user(entry: &Entry) -> Result<Outcome> {
    let (Some(url), Some(key)) = (address_of(entry), &entry.key) else { return Ok(Outcome::NoKey) };
    let Some(id) = secrets::key_id(key) else { return Ok(Outcome::NoKey) };
    revoke(&Client::new(&url, Credential::key(key.clone()))?, id).await
}

/// Revokes the key that was made here for a tool in this project. It is in no file, and another key in the environment may be
/// in use elsewhere.
async fn revoke_of_project(tool: &Tool, args: &DisconnectArgs, entry: &Entry) -> Result<Outcome> {
    let folder = files::project_folder()?;
    let noted = address_of(entry).and_then(|url| Noted::read().key(&url, tool.id, &folder).cloned());
    let Some(noted) = noted else {
        return Ok(Outcome::Kept(format!(
            "none was made here for {} in this project; `callboard key list` shows yours",
            tool.name
        )));
    };
    let id = noted.key_id;
    let stays =
        |why: &str| Ok(Outcome::Kept(format!("{id} stays valid, because {why}; use `callboard key revoke {id}`")));
    // A credential is not sent to another server than the one of the command.
    if !args.remote.address().is_ok_and(|own| own == noted.url) {
        return stays(&format!("it belongs to {}", output::one_line(&noted.url)));
    }
    let own = key_of(&Entry { url: None, key: None }).filter(|key| secrets::key_id(key) == Some(&id));
    let client = match own {
        Some(key) => Client::new(&noted.url, Credential::key(key))?,
        None => match args.remote.connect() {
            Ok(client) => client,
            Err(_) => return stays(&format!("it is not in {KEY_VARIABLE} and you are not signed in")),
        },
    };
    let outcome = revoke(&client, &id).await?;
    noted::forget_key(&id);
    Ok(outcome)
}

async fn revoke(client: &Client, id: &str) -> Result<Outcome> {
    match client.revoke_key(id).await {
        Ok(()) => Ok(Outcome::Revoked(id.to_owned())),
        Err(error) if error.problem().is_some_and(|problem| matches!(problem.status, 401 | 404)) => {
            Ok(Outcome::Invalid)
        }
        Err(error) => Err(Error::Setup(format!(
            "The entry was removed, but the key {id} could not be revoked: {}; use `callboard key revoke {id}`.",
            error.to_string().trim_end_matches('.')
        ))),
    }
}

/// The server of an entry.
fn address_of(entry: &Entry) -> Option<String> {
    entry.url.as_deref().map(|url| url.trim_end_matches('/').trim_end_matches("/mcp").to_owned())
}
