//! `callboard user`: manages user accounts.

use std::io::{BufRead, stdin};

use clap::{Args, Subcommand};
use serde_json::json;

use super::output;
use super::target::TargetArgs;
use crate::domain::accounts::passwords::Password;
use crate::domain::accounts::{people, secrets};
use crate::domain::operators;
use crate::{Error, Result};

/// Subcommands of `callboard user`.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Create an account.
    Create(CreateArgs),
    /// List accounts.
    List(TargetArgs),
    /// Set a new password and end all sessions of an account.
    ResetPassword(ResetArgs),
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

/// Flags of `callboard user reset-password`.
#[derive(Debug, Args)]
pub struct ResetArgs {
    /// The e-mail address of the account.
    pub email: String,
    /// Read the password from standard input. Defaults to a generated password, which is printed.
    #[arg(long)]
    pub password_stdin: bool,
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
            let reset = operators::reset_password(&open.db, &args.email, password).await;
            open.close().await;
            print_account(&reset?, generated, json, "Set the password of")
        }
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
