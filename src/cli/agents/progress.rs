//! `callboard agent report`: progress on the ticket in progress, from the message with which an agent stops.

use std::io::Read;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::brief::assigned_tickets;
use crate::client::Client;
use crate::domain::comments::AddComment;
use crate::{Error, Result};

/// Upper limit of the hook's input.
const MAX_INPUT: u64 = 1 << 20;
/// How long the input may take.
const INPUT_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest comment, in characters.
const MAX_COMMENT: usize = 1500;
/// Time between two comments on a ticket.
const INTERVAL: SignedDuration = SignedDuration::from_mins(10);
/// The beginning of such a comment.
const PREFIX: &str = "Progress: ";
/// The fields in which tools send the agent's last message.
const MESSAGE_FIELDS: [&str; 2] = ["last_assistant_message", "prompt_response"];

/// Runs `callboard agent report`.
pub async fn report(client: &Client) -> Result<()> {
    let me = client.me().await?;
    let actor = me["user"]["id"].as_str().unwrap_or_default();
    // The list also renews the leases of claimed tickets.
    let assigned = assigned_tickets(client, actor).await?;
    let mut active = assigned.iter().filter(|(_, card)| card.started_at.is_some());
    let (Some((_, card)), None) = (active.next(), active.next()) else { return Ok(()) };
    let Some(message) = message().await? else { return Ok(()) };
    let text = format!("{PREFIX}{message}");
    let ticket = client.ticket(&card.ticket_id, None).await?;
    let last = ticket
        .comments
        .iter()
        .rev()
        .find(|comment| comment.agent_id.as_deref() == Some(actor) && comment.comment_text.starts_with(PREFIX));
    if last.is_some_and(|last| last.comment_text == text || is_recent(&last.created_at)) {
        return Ok(());
    }
    let input = AddComment { ticket_id: card.ticket_id.clone(), comment_text: text, ..AddComment::default() };
    client.comment(&input).await?;
    Ok(())
}

/// The agent's last message, from the hook's input.
async fn message() -> Result<Option<String>> {
    let reading = tokio::task::spawn_blocking(|| {
        let mut text = String::new();
        std::io::stdin().lock().take(MAX_INPUT).read_to_string(&mut text).map(|_| text)
    });
    let read = tokio::time::timeout(INPUT_TIMEOUT, reading).await;
    let Ok(Ok(Ok(text))) = read else { return Err(Error::Setup("The hook's input cannot be read.".to_owned())) };
    let input: Value = serde_json::from_str(&text).unwrap_or_default();
    let message = MESSAGE_FIELDS.iter().find_map(|field| input[field].as_str()).unwrap_or_default().trim();
    let mut short: String = message.chars().take(MAX_COMMENT).collect();
    if short.len() < message.len() {
        short.push('…');
    }
    Ok((!short.is_empty()).then_some(short))
}

fn is_recent(at: &str) -> bool {
    at.parse::<Timestamp>().is_ok_and(|at| Timestamp::now().duration_since(at) < INTERVAL)
}
