//! `callboard agent brief`: what an agent should know when a session begins.

use console::truncate_str;
use futures_util::future::try_join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use crate::Result;
use crate::cli::output;
use crate::client::Client;
use crate::domain::agent_setup::Tool;
use crate::domain::approvals::{Approval, ApprovalFilter};
use crate::domain::tickets::Card;
use crate::domain::tickets::read::Filters;
use crate::domain::workflows::Workflow;

/// Upper limit of workflows that are looked at.
const MAX_WORKFLOWS: usize = 20;
/// Upper limit of tickets of one workflow.
const MAX_TICKETS: i32 = 20;
/// Upper limit of tickets that are printed.
const MAX_LISTED: usize = 10;
/// Upper limit of answers.
const MAX_ANSWERS: usize = 5;
/// How old an answer may be.
const ANSWER_AGE: SignedDuration = SignedDuration::from_hours(72);
/// Longest title or answer.
const MAX_WIDTH: usize = 160;

/// Runs `callboard agent brief`.
pub async fn brief(client: &Client, tool: Option<&Tool>, as_json: bool) -> Result<()> {
    let text = text(client).await?;
    match tool {
        Some(tool) if tool.hooks.is_some_and(|hooks| hooks.flat_output) => {
            output::json(&json!({"additional_context": text}))
        }
        Some(_) => {
            output::json(&json!({"hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": text}}))
        }
        None if as_json => output::json(&json!({"text": text})),
        None => {
            output::line(text.trim_end());
            Ok(())
        }
    }
}

async fn text(client: &Client) -> Result<String> {
    let me = client.me().await?;
    let actor = me["user"]["id"].as_str().unwrap_or_default();
    let assigned = assigned_tickets(client, actor).await?;
    let filter = ApprovalFilter {
        mine: Some(true),
        status: Some(["approved", "rejected", "answered"].map(str::to_owned).to_vec()),
        ..ApprovalFilter::default()
    };
    let answers = client.approvals(&filter, 20).await?.approvals;
    let mut text = format!("Callboard ({}): you are {}.\n", client.url(), output::one_line(actor));
    if assigned.is_empty() {
        text.push_str("No open ticket is assigned to you; the tool claim_ticket takes the next ready one.\n");
    } else {
        text.push_str("Open tickets that are assigned to you:\n");
    }
    for (workflow, card) in assigned.iter().take(MAX_LISTED) {
        let blocked = if card.is_blocked { ", blocked" } else { "" };
        text.push_str(&format!(
            "- {} [{}, {}{blocked}] {} (workflow {})\n",
            card.key,
            output::one_line(&card.status),
            card.priority.as_str(),
            short(&card.title),
            short(&workflow.name)
        ));
    }
    if assigned.len() > MAX_LISTED {
        text.push_str(&format!("- and {} more\n", assigned.len() - MAX_LISTED));
    }
    let recent: Vec<&Approval> = answers.iter().filter(|answer| is_recent(answer)).take(MAX_ANSWERS).collect();
    if !recent.is_empty() {
        text.push_str("Answers to your questions:\n");
    }
    for answer in recent {
        let about = answer.ticket_key.as_deref().map(|key| format!(" ({key})")).unwrap_or_default();
        let said = answer.answer.as_deref().or(answer.reason.as_deref()).map(|text| format!(": {}", short(text)));
        text.push_str(&format!(
            "- {}{about} — {}{}\n",
            short(&answer.question),
            output::word(&answer.status),
            said.unwrap_or_default()
        ));
    }
    Ok(text)
}

/// Open tickets that are assigned to an actor, those in progress first.
pub async fn assigned_tickets(client: &Client, actor: &str) -> Result<Vec<(Workflow, Card)>> {
    let page = client.workflow_page(false, None).await?;
    let workflows: Vec<Workflow> = page.workflows.into_iter().take(MAX_WORKFLOWS).collect();
    let filters =
        Filters { assigned_agent_id: Some(actor.to_owned()), include_completed: Some(false), ..Filters::default() };
    let lists = workflows.iter().map(|workflow| client.tickets(&workflow.id, &filters, MAX_TICKETS, None));
    let lists = try_join_all(lists).await?;
    let mut found: Vec<(Workflow, Card)> = workflows
        .iter()
        .zip(lists)
        .flat_map(|(workflow, list)| list.tickets.into_iter().map(|card| (workflow.clone(), card)))
        .collect();
    found.sort_by_key(|(_, card)| card.started_at.is_none());
    Ok(found)
}

fn is_recent(answer: &Approval) -> bool {
    let decided = answer.decided_at.as_deref().and_then(|at| at.parse::<Timestamp>().ok());
    decided.is_some_and(|at| Timestamp::now().duration_since(at) < ANSWER_AGE)
}

/// User content on one line of limited length.
fn short(text: &str) -> String {
    truncate_str(&output::one_line(text), MAX_WIDTH, "…").into_owned()
}
