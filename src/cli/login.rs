//! `callboard login`, `logout` and `whoami`: the saved sign-in of a person.

use std::io::BufRead;

use clap::Args;
use console::Term;
use serde_json::Value;

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
    let (email, me) = sign_in(&url, args.email, args.password_stdin).await?;
    if json {
        return output::json(&me);
    }
    eprintln!("Signed in at {url} as {email}.");
    Ok(())
}

/// A client with the credential of a command, after a sign-in at the prompt if there is none and a person can answer.
pub async fn connect_or_sign_in(remote: &RemoteArgs) -> Result<Client> {
    match remote.connect() {
        Err(Error::Problem(problem)) if problem.status == 401 && console::user_attended_stderr() => {
            let url = remote.address()?;
            eprintln!("You are not signed in at {url}.");
            let (email, _) = sign_in(&url, None, false).await?;
            eprintln!("Signed in at {url} as {email}.");
            remote.connect()
        }
        other => other,
    }
}

/// Signs in with prompts for what is not given, and saves the sign-in. Returns the e-mail address and the actor.
async fn sign_in(url: &str, email: Option<String>, password_stdin: bool) -> Result<(String, Value)> {
    let email = match email {
        Some(email) => email,
        None => prompt_for("E-mail address: ", Term::read_line)?,
    };
    let password = if password_stdin {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map_err(|error| unreadable(&error))?;
        line.trim_end_matches(['\r', '\n']).to_owned()
    } else {
        prompt_for("Password: ", Term::read_secure_line)?
    };
    let client = Client::sign_in(url, email.trim(), &password).await?;
    let tokens = client.tokens().await.ok_or_else(|| Error::Internal("no tokens came with the sign-in".to_owned()))?;
    let me = client.me().await?;
    let email = email.trim().to_owned();
    SavedSignIns::change(|saved| {
        saved.last = Some(url.to_owned());
        saved.servers.insert(url.to_owned(), SignIn { email: email.clone(), tokens });
    })?;
    Ok((email, me))
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
    ask(prompt, "pass the e-mail address, and the password with --password-stdin", read)
}

/// Asks a person at the terminal; without one, an error says what to do instead.
pub fn ask(prompt: &str, otherwise: &str, read: impl FnOnce(&Term) -> std::io::Result<String>) -> Result<String> {
    let terminal = Term::stderr();
    if !console::user_attended_stderr() {
        return Err(Error::Setup(format!("There is no terminal for a prompt: {otherwise}.")));
    }
    terminal.write_str(prompt).map_err(|error| unreadable(&error))?;
    read(&terminal).map_err(|error| unreadable(&error))
}

fn unreadable(error: &std::io::Error) -> Error {
    Error::Setup(format!("The input cannot be read: {error}."))
}
