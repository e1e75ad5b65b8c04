//! `callboard user`: accounts of people.

use std::io::{BufRead, stdin};

use clap::{Args, Subcommand};
use serde_json::json;

use super::database::DatabaseArgs;
use super::output;
use crate::domain::accounts::passwords::Password;
use crate::domain::accounts::{people, secrets};
use crate::domain::operators;
use crate::{Error, Result};

/// What to do with accounts of people.
#[derive(Debug, Subcommand)]
pub enum UserCommand {
    /// Make an account.
    Create(CreateArgs),
    /// List the accounts.
    List(DatabaseArgs),
    /// Give somebody a new password and end all their sessions.
    ResetPassword(ResetArgs),
}

/// Flags of `callboard user create`.
#[derive(Debug, Args)]
pub struct CreateArgs {
    /// The e-mail address to sign in with.
    pub email: String,
    /// The name; otherwise what stands before the @.
    #[arg(long)]
    pub name: Option<String>,
    /// Make an administrator.
    #[arg(long)]
    pub admin: bool,
    /// Read the password from standard input; otherwise one is made up and printed.
    #[arg(long)]
    pub password_stdin: bool,
    /// Where the database is.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Flags of `callboard user reset-password`.
#[derive(Debug, Args)]
pub struct ResetArgs {
    /// The e-mail address of the account.
    pub email: String,
    /// Read the password from standard input; otherwise one is made up and printed.
    #[arg(long)]
    pub password_stdin: bool,
    /// Where the database is.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Runs `callboard user …`.
pub async fn command(command: UserCommand, json: bool) -> Result<()> {
    match command {
        UserCommand::Create(args) => {
            let (password, made_up) = password(args.password_stdin)?;
            let open = args.database.open().await?;
            let made = people::create(&open.db, &args.email, args.name.as_deref(), password, args.admin).await;
            open.close().await;
            tell(&made?, made_up, json, "Made the account")
        }
        UserCommand::ResetPassword(args) => {
            let (password, made_up) = password(args.password_stdin)?;
            let open = args.database.open().await?;
            let reset = operators::reset_password(&open.db, &args.email, password).await;
            open.close().await;
            tell(&reset?, made_up, json, "Set the password of")
        }
        UserCommand::List(database) => {
            let open = database.open().await?;
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

/// The password to set, and its text if it was made up here.
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

fn tell(actor: &people::Actor, made_up: Option<String>, json: bool, what: &str) -> Result<()> {
    if json {
        return output::json(&json!({ "user": actor, "password": made_up }));
    }
    eprintln!("{what} {} ({}).", actor.email.as_deref().unwrap_or(&actor.name), actor.id);
    if let Some(text) = made_up {
        eprintln!("The password is printed this once:");
        println!("{text}");
    }
    Ok(())
}
