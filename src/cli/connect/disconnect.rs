//! `callboard disconnect`: removes the entry and revokes its key.

use serde_json::json;

use super::account::Account;
use super::changes::{Change, Edit};
use super::{DisconnectArgs, configuration, confirm, entry, files, key_of};
use crate::cli::output;
use crate::client::{Client, Credential};
use crate::domain::agent_setup::{self, Entry, Scope, Tool, secrets};
use crate::{Error, Result};

/// Runs `callboard disconnect`.
pub async fn disconnect(args: DisconnectArgs, as_json: bool) -> Result<()> {
    let tool = agent_setup::find(&args.tool).ok_or_else(|| Error::Internal("an unknown tool".to_owned()))?;
    let scope = Scope::from(args.scope);
    let path = configuration(tool, scope)?;
    let mut changes = vec![Change { path: path.clone(), edit: Edit::Disconnect(tool) }];
    if let Some(hooks) = &tool.hooks {
        let path = match scope {
            Scope::User => files::of_user(&hooks.place)?,
            Scope::Project => files::project_folder()?.join(hooks.project),
        };
        changes.push(Change { path, edit: Edit::RemoveHooks(tool, hooks) });
    }
    if args.instructions {
        let path = files::project_folder()?.join(tool.instructions);
        changes.push(Change { path, edit: Edit::RemoveInstructions });
    }
    let previews: Vec<String> =
        changes.iter().filter_map(|change| change.preview("").transpose()).collect::<Result<_>>()?;
    let Some(entry) = entry(tool, scope)? else {
        return Err(Error::Setup(format!("{} is not connected: {} has no entry.", tool.name, path.display())));
    };
    confirm(&previews, false, args.yes)?;
    for change in &changes {
        change.write("")?;
    }
    let revoked = revoke(tool, scope, &args, &entry).await?;
    if as_json {
        return output::json(&json!({"tool": tool.id, "file": path.display().to_string(), "revoked_key_id": revoked}));
    }
    match revoked {
        Some(_) => eprintln!("Disconnected {} and revoked its key.", tool.name),
        None => eprintln!("Disconnected {}; its key was not valid any more, or is not known here.", tool.name),
    }
    Ok(())
}

/// Revokes the key of an entry, with itself or with the saved sign-in. Returns its id.
async fn revoke(tool: &Tool, scope: Scope, args: &DisconnectArgs, entry: &Entry) -> Result<Option<String>> {
    let of_entry = entry.url.as_deref().map(|url| url.trim_end_matches('/').trim_end_matches("/mcp").to_owned());
    let (url, key) = match scope {
        Scope::User => (of_entry, entry.key.clone()),
        // A project could name another server for the key in the environment.
        Scope::Project => (of_entry.filter(|url| args.remote.address().is_ok_and(|own| own == *url)), key_of(entry)),
    };
    let (Some(url), Some(key)) = (url, key) else {
        return match scope {
            Scope::User => Ok(None),
            Scope::Project => revoke_by_name(tool, scope, args).await,
        };
    };
    let Some(id) = secrets::key_id(&key) else { return Ok(None) };
    match Client::new(&url, Credential::key(key.clone()))?.revoke_key(id).await {
        Ok(()) => Ok(Some(id.to_owned())),
        Err(error) if error.problem().is_some_and(|problem| problem.status == 401) => Ok(None),
        Err(error) => Err(Error::Setup(format!(
            "The entry was removed, but the key {id} could not be revoked: {}; use `callboard key revoke {id}`.",
            error.to_string().trim_end_matches('.')
        ))),
    }
}

/// Revokes a project's key, which is in no file: the one that was made on this machine for this project.
async fn revoke_by_name(tool: &Tool, scope: Scope, args: &DisconnectArgs) -> Result<Option<String>> {
    if args.remote.connect().is_err() {
        return Ok(None);
    }
    let account = Account::open(&args.remote).await?;
    let mut revoked = None;
    for id in account.keys_made_here(tool, scope, None).await? {
        account.client.revoke_key(&id).await?;
        revoked = Some(id);
    }
    Ok(revoked)
}
