//! `callboard login`, `logout` and `whoami`: the saved sign-in of a person.

use std::io::BufRead;

use clap::Args;
use console::Term;

use super::credentials::{SavedSignIns, SignIn};
use super::output;
use super::remote::RemoteArgs;
use crate::client::Client;
use crate::{Error, Result};

/// Flags of `callboard login`.
#[derive(Debug, Args)]
pub struct LoginArgs {
    /// Your e-mail address. Without it, a prompt asks for it.
    pub email: Option<String>,
    /// Read the password from standard input.
    #[arg(long)]
    pub password_stdin: bool,
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
}

/// Runs `callboard login`.
pub async fn login(args: LoginArgs, json: bool) -> Result<()> {
    let url = args.remote.address()?;
    let email = match args.email {
        Some(email) => email,
        None => prompt_for("E-mail address: ", Term::read_line)?,
    };
    let password = if args.password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(|error| unreadable(&error))?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    } else {
        prompt_for("Password: ", Term::read_secure_line)?
    };
    let client = Client::sign_in(&url, email.trim(), &password).await?;
    let tokens = client.tokens().await.ok_or_else(|| Error::Internal("no tokens came with the sign-in".to_owned()))?;
    let me = client.me().await?;
    SavedSignIns::change(|saved| {
        saved.last = Some(url.clone());
        saved.servers.insert(url.clone(), SignIn { email: email.trim().to_owned(), tokens });
    })?;
    if json {
        return output::json(&me);
    }
    eprintln!("Signed in at {url} as {}.", email.trim());
    Ok(())
}

/// Runs `callboard logout`: ends the session on the server and removes the saved sign-in.
pub async fn logout(remote: RemoteArgs) -> Result<()> {
    let url = remote.address()?;
    let Some((tokens, _)) = SavedSignIns::sign_in(&url)? else {
        return Err(Error::Setup(format!("You are not signed in at {url}.")));
    };
    // The saved sign-in is removed even if the server is unavailable.
    let ended = Client::end_session(&url, &tokens).await;
    SavedSignIns::change(|saved| {
        saved.servers.remove(&url);
        if saved.last.as_ref() == Some(&url) {
            saved.last = saved.servers.keys().next().cloned();
        }
    })?;
    match ended {
        Ok(()) => eprintln!("Signed out at {url}."),
        Err(error) => eprintln!("Removed the saved sign-in; the session on the server could not be ended: {error}"),
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
        output::line(format!("Scopes: {}", scopes.join(", ")));
    }
    Ok(())
}

fn prompt_for(prompt: &str, read: impl FnOnce(&Term) -> std::io::Result<String>) -> Result<String> {
    let terminal = Term::stderr();
    if !console::user_attended_stderr() {
        return Err(Error::Setup(
            "There is no terminal for a prompt: pass the e-mail address, and the password with --password-stdin."
                .to_owned(),
        ));
    }
    terminal.write_str(prompt).map_err(|error| unreadable(&error))?;
    read(&terminal).map_err(|error| unreadable(&error))
}

fn unreadable(error: &std::io::Error) -> Error {
    Error::Setup(format!("The input cannot be read: {error}."))
}
