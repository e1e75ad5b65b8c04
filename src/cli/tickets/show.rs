//! `callboard ticket show`.

use console::Style;

use super::list::priority_style;
use crate::Result;
use crate::cli::output::{self, alert, block, bold, dim, line, one_line};
use crate::cli::remote::{MemberNames, WorkflowArgs};
use crate::client::Client;
use crate::domain::tickets::read::TicketDetail;
use crate::domain::tickets::{ApprovalStatus, TicketRef};

/// Maximum number of history entries to print.
const MAX_HISTORY: usize = 10;

/// Runs `callboard ticket show`.
pub async fn show(client: &Client, at: &WorkflowArgs, ticket: &str, json: bool) -> Result<()> {
    let workflow = if ticket.starts_with("ticket-") { None } else { Some(at.find(client).await?) };
    let found = client.ticket(ticket, workflow.as_deref()).await?;
    if json {
        return output::json(&found);
    }
    let names = MemberNames::of(client, &found.fields.card.workflow_id).await?;
    head(&found, &names);
    related(&found);
    if !found.commits.is_empty() {
        line(format!("\n{}", bold("Commits")));
        for commit in &found.commits {
            let sha: String = commit.commit_sha.chars().take(10).collect();
            let message = commit.commit_message.lines().next().unwrap_or_default();
            line(format!("  {}  {}", dim(&sha), one_line(message)));
        }
    }
    if !found.comments.is_empty() {
        line(format!("\n{}", bold("Comments")));
        for comment in &found.comments {
            let who = comment.agent_name.as_deref().or(comment.agent_id.as_deref()).unwrap_or("unknown");
            line(format!("  {} {}", one_line(who), dim(&output::ago(&comment.created_at))));
            block(&comment.comment_text, "    ");
        }
    }
    if !found.history.is_empty() {
        line(format!("\n{}", bold("Recent history")));
        let mut last: Vec<_> = found.history.iter().collect();
        last.sort_by_key(|entry| entry.seq);
        for entry in last.iter().rev().take(MAX_HISTORY).rev() {
            let when = output::ago(&entry.changed_at);
            line(format!(
                "  {:>8}  {}: {}",
                dim(&when),
                one_line(names.name(&entry.agent_id)),
                one_line(&entry.change_description)
            ));
        }
    }
    Ok(())
}

fn head(found: &TicketDetail, names: &MemberNames) {
    let card = &found.fields.card;
    line(format!("{}  {}", bold(&card.key), bold(&card.title)));
    let mut about = vec![
        Style::new().cyan().apply_to(one_line(&card.status)).to_string(),
        one_line(&card.ticket_type),
        priority_style(card.priority).apply_to(card.priority.as_str()).to_string(),
    ];
    about.push(match card.assigned_agent_id.as_deref() {
        Some(id) => format!("assigned to {}", one_line(names.name(id))),
        None => "unassigned".to_owned(),
    });
    if card.is_resolved {
        about.push("resolved".to_owned());
    }
    if card.is_blocked {
        about.push(alert("blocked").to_string());
    }
    match card.approval_status {
        Some(ApprovalStatus::PendingReview) => about.push(alert("pending review").to_string()),
        Some(ApprovalStatus::Rejected) => about.push(alert("rejected").to_string()),
        Some(ApprovalStatus::Approved) | None => {}
    }
    line(about.join(" · "));
    let mut created = format!("created {}", output::ago(&card.created_at));
    if let Some(id) = card.created_by_agent_id.as_deref() {
        created.push_str(&format!(" by {}", names.name(id)));
    }
    let mut facts = vec![created, format!("updated {}", output::ago(&card.updated_at))];
    if !card.tags.is_empty() {
        facts.push(format!("tags {}", card.tags.join(", ")));
    }
    if let Some(points) = card.story_points {
        facts.push(format!("{points} points"));
    }
    facts.extend(found.milestone.as_ref().map(|milestone| format!("milestone {}", milestone.name)));
    facts.extend(card.due_on.as_ref().map(|day| format!("due {day}")));
    line(dim(&facts.join(" · ")));
    if let Some(description) = card.description.as_deref().filter(|text| !text.trim().is_empty()) {
        line("");
        block(description, "");
    }
}

fn related(found: &TicketDetail) {
    let one = |ticket: &Option<TicketRef>| ticket.iter().cloned().collect::<Vec<_>>();
    let groups = [
        ("Merged into", one(&found.merged_into)),
        ("Part of", one(&found.parent_ticket)),
        ("Blocked by", found.blocked_by.clone()),
        ("Blocks", found.blocks.clone()),
        ("Sub-tickets", found.sub_tickets.clone()),
        ("Duplicates", found.duplicates.clone()),
        ("Related", found.related_tickets.clone()),
    ];
    for (name, tickets) in groups.into_iter().filter(|(_, tickets)| !tickets.is_empty()) {
        line(format!("\n{}", bold(name)));
        for ticket in tickets {
            let style = if ticket.is_resolved { Style::new().dim() } else { Style::new() };
            let text = format!("{}  {}  {}", ticket.key, ticket.status, one_line(&ticket.title));
            line(format!("  {}", style.apply_to(text)));
        }
    }
}
