//! Checks that the agents of a settings file start and speak the protocol, without a job.

use std::sync::Arc;

use agent_client_protocol::v1::schema::{InitializeResponse, RequestPermissionOutcome, RequestPermissionRequest};
use agent_client_protocol::{BoxFuture, RequestCancellation};
use tokio::io::AsyncReadExt;
use tokio::sync::mpsc;

use super::connection::{Connection, Decide, InitializeError};
use super::files::Files;
use super::shorten;
use crate::worker::command::{DRAIN_TIMEOUT, Pipes, ProcessGroup};
use crate::worker::config::Step;

/// How much of an agent's standard error an error shows, in bytes.
const MAX_ERROR_BYTES: u64 = 4000;

/// Starts the agent of a step and agrees with it on the protocol; returns what it can do, or why that failed.
pub async fn agent(step: &Step) -> Result<String, String> {
    let cannot_start = |error: std::io::Error| {
        format!("The command {} cannot be started: {error}.", step.argv.first().map_or("", String::as_str))
    };
    let files = Files::below(&step.directory).map_err(cannot_start)?;
    let (mut group, Pipes { stdin, stdout, stderr }) = ProcessGroup::start(step, &[]).map_err(cannot_start)?;
    let errors = tokio::spawn(async move {
        let mut text = Vec::new();
        let mut stderr = stderr.take(MAX_ERROR_BYTES);
        let _ = stderr.read_to_end(&mut text).await;
        // The rest is read, so that the agent does not wait.
        let _ = tokio::io::copy(stderr.get_mut(), &mut tokio::io::sink()).await;
        String::from_utf8_lossy(&text).trim().to_owned()
    });
    let (events, mut reported) = mpsc::channel(16);
    tokio::spawn(async move { while reported.recv().await.is_some() {} });
    // Without a session there is nothing to permit.
    let decide: Decide = Arc::new(|_: RequestPermissionRequest, _: RequestCancellation| -> BoxFuture<'static, _> {
        Box::pin(std::future::ready(RequestPermissionOutcome::Cancelled))
    });
    let connection = Connection::open((stdin, stdout), files, decide, events).await?;
    let answered = connection.initialize().await;
    drop(connection);
    group.terminate(DRAIN_TIMEOUT).await;
    let errors = tokio::time::timeout(DRAIN_TIMEOUT, errors).await.ok().and_then(Result::ok).unwrap_or_default();
    match answered {
        Ok(answer) => Ok(describe(&answer)),
        Err(error) => {
            let why = match error {
                InitializeError::Closed => "The agent ended before it answered.".to_owned(),
                InitializeError::Reason(why) => why,
            };
            Err(if errors.is_empty() { why } else { format!("{why}\n{errors}") })
        }
    }
}

/// An agent and what it can do, in a line.
fn describe(answer: &InitializeResponse) -> String {
    let name = answer.agent_info.as_ref().map_or_else(
        || "an agent without a name".to_owned(),
        |info| format!("{} {}", info.title.as_deref().unwrap_or(&info.name), info.version),
    );
    let capabilities = &answer.agent_capabilities;
    let mut can = Vec::new();
    if capabilities.session_capabilities.resume.is_some() || capabilities.load_session {
        can.push("resumes sessions".to_owned());
    }
    if capabilities.mcp_capabilities.http {
        can.push("MCP over HTTP".to_owned());
    }
    let methods: Vec<&str> = answer.auth_methods.iter().take(20).map(|method| &*method.id().0).collect();
    if !methods.is_empty() {
        can.push(format!("signs in by {}", methods.join(", ")));
    }
    let can = if can.is_empty() { String::new() } else { format!(" ({})", can.join("; ")) };
    shorten(&format!("{name}, protocol version {}{can}", answer.protocol_version), 2000)
}
