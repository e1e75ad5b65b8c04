//! `callboard login`, `logout` and `whoami`: the sign-in of a person, kept for the commands that follow.

use std::io::BufRead;

use clap::Args;
use console::Term;

use super::credentials::{Kept, SignIn};
use super::output;
use super::remote::RemoteArgs;
use crate::client::Client;
use crate::{Error, Result};

/// Flags of `callboard login`.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// Your e-mail address; asked for where it is left out.
    pub email: Option<String>,
    /// Read the password from standard input.
    #[arg(long)]
    pub password_stdin: bool,
    /// Where the server is.
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// Runs `callboard login`.
pub async fn login(args: LoginArgs, json: bool) -> Result<()> {
    let url = args.remote.address()?;
    let email = match args.email {
        Some(email) => email,
        None => ask("E-mail address: ", Term::read_line)?,
    };
    let password = if args.password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(|error| unreadable(&error))?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    } else {
        ask("Password: ", Term::read_secure_line)?
    };
    let client = Client::sign_in(&url, email.trim(), &password).await?;
    let tokens = client.tokens().await.ok_or_else(|| Error::Internal("no tokens came with the sign-in".to_owned()))?;
    let me = client.me().await?;
    Kept::change(|kept| {
        kept.last = Some(url.clone());
        kept.servers.insert(url.clone(), SignIn { email: email.trim().to_owned(), tokens });
    })?;
    if json {
        return output::json(&me);
    }
    eprintln!("Signed in at {url} as {}.", email.trim());
    Ok(())
}

/// Runs `callboard logout`: ends the session at the server and forgets it here.
pub async fn logout(remote: RemoteArgs) -> Result<()> {
    let url = remote.address()?;
    let Some((tokens, _)) = Kept::sign_in(&url)? else {
        return Err(Error::Setup(format!("Nobody is signed in at {url}.")));
    };
    // A server that is away must not keep anybody signed in here.
    let ended = Client::end_session(&url, &tokens).await;
    Kept::change(|kept| {
        kept.servers.remove(&url);
        if kept.last.as_ref() == Some(&url) {
            kept.last = kept.servers.keys().next().cloned();
        }
    })?;
    match ended {
        Ok(()) => eprintln!("Signed out at {url}."),
        Err(error) => eprintln!("Forgot the sign-in; the server could not be told: {error}"),
    }
    Ok(())
}

/// Runs `callboard whoami`.
pub async fn whoami(remote: RemoteArgs, json: bool) -> Result<()> {
    let client = remote.connect()?;
    let me = client.me().await?;
    if json {
        return output::json(&me);
    }
    let user = &me["user"];
    let text = |name: &str| output::one_line(user[name].as_str().unwrap_or_default());
    let scopes: Vec<&str> = me["scopes"].as_array().into_iter().flatten().filter_map(|scope| scope.as_str()).collect();
    output::line(format!("{} ({} {}) at {}", text("name"), text("kind"), text("id"), client.url()));
    if scopes != ["*"] {
        output::line(format!("The key may: {}", scopes.join(", ")));
    }
    Ok(())
}

fn ask(prompt: &str, read: impl FnOnce(&Term) -> std::io::Result<String>) -> Result<String> {
    let terminal = Term::stderr();
    if !console::user_attended_stderr() {
        return Err(Error::Setup(
            "There is no terminal to ask at: give the e-mail address, and the password with --password-stdin."
                .to_owned(),
        ));
    }
    terminal.write_str(prompt).map_err(|error| unreadable(&error))?;
    read(&terminal).map_err(|error| unreadable(&error))
}

fn unreadable(error: &std::io::Error) -> Error {
    Error::Setup(format!("What you type cannot be read: {error}."))
}
