//! `callboard user`: manages user accounts.

use std::io::{BufRead, stdin};

use clap::{Args, Subcommand};
use serde_json::json;

use super::output;
use super::target::TargetArgs;
use crate::domain::accounts::passwords::Password;
use crate::domain::accounts::{people, secrets, users};
use crate::domain::operators;
use crate::{Error, Result};

/// Subcommands of `callboard user`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Create an account.
    Create(CreateArgs),
    /// List accounts.
    List(TargetArgs),
    /// Set a new password, end all sessions of an account and revoke the keys it holds or made.
    ResetPassword(ResetArgs),
    /// Disable an account: end its sessions, stop its keys, and its agents and services.
    Disable(AccountArgs),
    /// Enable a disabled account again, with its keys and agents.
    Enable(AccountArgs),
}

/// Flags of `callboard user create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// The e-mail address to sign in with.
    pub email: String,
    /// The display name. Defaults to the part of the address before the @.
    #[arg(long)]
    pub name: Option<String>,
    /// Create an administrator.
    #[arg(long)]
    pub admin: bool,
    /// Read the password from standard input. Defaults to a generated password, which is printed.
    #[arg(long)]
    pub password_stdin: bool,
    /// The server or the database.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Flags of `callboard user disable` and `callboard user enable`.
#[derive(Debug, Args)]
pub struct AccountArgs {
    /// The e-mail address or id of the account.
    pub account: String,
    /// The server or the database.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Flags of `callboard user reset-password`.
#[derive(Debug, Args)]
pub struct ResetArgs {
    /// The e-mail address of the account.
    pub email: String,
    /// Read the password from standard input. Defaults to a generated password, which is printed.
    #[arg(long)]
    pub password_stdin: bool,
    /// Keep the API keys that the account holds or made.
    #[arg(long)]
    pub keep_keys: bool,
    /// The server or the database.
    #[command(flatten)]
    pub target: TargetArgs,
}

/// Runs `callboard user …`.
pub async fn command(command: UserCommand, json: bool) -> Result<()> {
    match command {
        UserCommand::Create(args) => {
            let (password, generated) = password(args.password_stdin)?;
            let open = args.target.open_database("Accounts are created").await?;
            let created = people::create(&open.db, &args.email, args.name.as_deref(), password, args.admin).await;
            open.close().await;
            print_account(&created?, generated, json, "Created the account")
        }
        UserCommand::ResetPassword(args) => {
            let (password, generated) = password(args.password_stdin)?;
            let open = args.target.open_database("Passwords are reset").await?;
            let reset = operators::reset_password(&open.db, &args.email, password, args.keep_keys).await;
            open.close().await;
            let reset = reset?;
            if reset.keys_revoked > 0 {
                eprintln!("Revoked {} API keys of the account; --keep-keys would keep them.", reset.keys_revoked);
            }
            print_account(&reset.user, generated, json, "Set the password of")
        }
        UserCommand::Disable(args) => set_disabled(args, true, json).await,
        UserCommand::Enable(args) => set_disabled(args, false, json).await,
        UserCommand::List(target) => {
            let open = target.open_database("Accounts are listed").await?;
            let users = operators::list_users(&open.db).await;
            open.close().await;
            let users = users?;
            if json {
                return output::json(&users);
            }
            let rows = users.into_iter().map(|user| {
                let role = match (user.disabled_at.is_some(), user.is_admin) {
                    (true, _) => "disabled",
                    (_, true) => "admin",
                    _ => "",
                };
                [user.email.unwrap_or_default(), user.name, role.to_owned(), output::time(user.last_seen_at), user.id]
            });
            output::table(["E-MAIL", "NAME", "ROLE", "LAST SEEN", "ID"], rows);
            Ok(())
        }
    }
}

async fn set_disabled(args: AccountArgs, disabled: bool, json: bool) -> Result<()> {
    let open = args.target.open_database("Accounts are disabled and enabled").await?;
    let changed = async {
        let caller = operators::operator(&open.db, None).await?;
        users::set_disabled(&open.db, &caller, &args.account, disabled).await
    }
    .await;
    open.close().await;
    let changed = changed?;
    if json {
        return output::json(&changed);
    }
    let name = changed.user.email.as_deref().unwrap_or(&changed.user.name);
    let agents = changed.agents_changed;
    if disabled {
        eprintln!("Disabled {name}: {} sessions ended, {agents} agents and services stopped.", changed.sessions_ended);
    } else {
        eprintln!("Enabled {name} again, with {agents} agents and services.");
    }
    Ok(())
}

/// The password to set, and its text if it was generated.
fn password(from_stdin: bool) -> Result<(Password, Option<String>)> {
    if from_stdin {
        let mut line = String::new();
        stdin()
            .lock()
            .read_line(&mut line)
            .map_err(|error| Error::Setup(format!("The password cannot be read from standard input: {error}.")))?;
        let text = line.trim_end_matches(['\r', '\n']).to_owned();
        return Ok((Password::from(secrecy::SecretString::from(text)), None));
    }
    let text = secrets::random_text(20)?;
    Ok((Password::from(secrecy::SecretString::from(text.clone())), Some(text)))
}

fn print_account(actor: &people::Actor, generated: Option<String>, json: bool, what: &str) -> Result<()> {
    if json {
        return output::json(&json!({ "user": actor, "password": generated }));
    }
    eprintln!("{what} {} ({}).", actor.email.as_deref().unwrap_or(&actor.name), actor.id);
    if let Some(text) = generated {
        eprintln!("The password cannot be shown again:");
        println!("{text}");
    }
    Ok(())
}
