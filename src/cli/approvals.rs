//! `callboard approval …`: requests and decides approvals from a terminal.

use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use console::Style;

use super::output::{self, Cell, block, bold, dim, line, one_line};
use super::remote::{RemoteArgs, WorkflowArgs, text};
use crate::client::Client;
use crate::domain::approvals::{
    Approval, ApprovalFilter, ApprovalState, CheckStatus, Decide, Decision, ReportedCheck, RequestApproval, Withdraw,
};
use crate::{Error, Result};

/// Duration of one long poll; the server responds earlier when the approval is decided.
const LONG_POLL_SECONDS: u32 = 25;

/// Flags of `callboard approval`.
#[derive(Debug, Args)]
pub struct ApprovalArgs {
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// The workflow.
    #[command(flatten)]
    pub workflow: WorkflowArgs,
    /// The subcommand.
    #[command(subcommand)]
    pub command: ApprovalCommand,
}

/// Subcommands of `callboard approval`.
#[derive(Debug, Subcommand)]
pub enum ApprovalCommand {
    /// List pending approvals.
    List {
        /// Include decided approvals.
        #[arg(long, short)]
        all: bool,
        /// Maximum number of results.
        #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=100))]
        limit: u32,
    },
    /// Show an approval.
    Show {
        /// The approval's id.
        approval: String,
    },
    /// Ask people a question; prints the approval's id, or with --wait the answer.
    Ask(AskArgs),
    /// Approve.
    Approve {
        /// The approval's id.
        approval: String,
        /// A comment on the decision.
        #[arg(long, short, value_name = "TEXT")]
        comment: Option<String>,
    },
    /// Reject.
    Reject {
        /// The approval's id.
        approval: String,
        /// The reason.
        #[arg(long, short, value_name = "TEXT")]
        reason: Option<String>,
    },
    /// Answer, with free text or one of the options.
    Answer {
        /// The approval's id.
        approval: String,
        /// The answer; `-` reads standard input.
        text: String,
    },
    /// Withdraw an approval request.
    Withdraw {
        /// The approval's id.
        approval: String,
        /// The reason.
        #[arg(long, short, value_name = "TEXT")]
        reason: Option<String>,
    },
}

/// Flags of `callboard approval ask`.
#[derive(Debug, Args)]
pub struct AskArgs {
    /// The question; `-` reads standard input.
    pub question: String,
    /// Background information for the decision.
    #[arg(long, value_name = "TEXT")]
    pub context: Option<String>,
    /// An answer option; repeatable.
    #[arg(long = "option", value_name = "TEXT")]
    pub options: Vec<String>,
    /// A check that was made, such as `"cargo test=passed: 772 tests"`: passed, failed, running or skipped; repeatable.
    #[arg(long = "check", value_name = "NAME=STATUS[: DETAILS]", value_parser = read_check)]
    pub checks: Vec<ReportedCheck>,
    /// The ticket concerned.
    #[arg(long, short, value_name = "TICKET")]
    pub ticket: Option<String>,
    /// The job concerned.
    #[arg(long, value_name = "JOB", conflicts_with = "ticket")]
    pub job: Option<String>,
    /// Seconds until the request expires.
    #[arg(long, value_name = "SECONDS")]
    pub expires: Option<i64>,
    /// Wait for the decision, optionally for at most SECONDS. Exit code 0 if approved or answered, otherwise 1.
    #[arg(long, value_name = "SECONDS", num_args = 0..=1, default_missing_value = "86400")]
    pub wait: Option<u64>,
}

/// Runs `callboard approval …`; returns false if the awaited decision is not positive.
pub async fn command(args: ApprovalArgs, json: bool) -> Result<bool> {
    let client = args.remote.connect()?;
    let decided = match args.command {
        ApprovalCommand::List { all, limit } => {
            list(&client, &args.workflow, all, limit, json).await?;
            return Ok(true);
        }
        ApprovalCommand::Ask(input) => return ask(&client, &args.workflow, input, json).await,
        ApprovalCommand::Show { approval } => {
            let found = client.approval(&approval, None).await?;
            if json {
                output::json(&found)?
            } else {
                show(&found)
            }
            return Ok(true);
        }
        ApprovalCommand::Approve { approval, comment } => {
            client.decide(&approval, Decision::Approve, &Decide { comment, ..Decide::default() }).await?
        }
        ApprovalCommand::Reject { approval, reason } => {
            client.decide(&approval, Decision::Reject, &Decide { reason, ..Decide::default() }).await?
        }
        ApprovalCommand::Answer { approval, text: answer } => {
            let input = Decide { answer: Some(text(&answer)?), ..Decide::default() };
            client.decide(&approval, Decision::Answer, &input).await?
        }
        ApprovalCommand::Withdraw { approval, reason } => {
            client.withdraw(&approval, &Withdraw { reason, ..Withdraw::default() }).await?
        }
    };
    if json {
        output::json(&decided)?
    } else {
        line(state(&decided))
    }
    Ok(true)
}

/// Reads `NAME=STATUS[: DETAILS]`. The name may contain an equals sign.
fn read_check(text: &str) -> std::result::Result<ReportedCheck, String> {
    let form = "give NAME=STATUS or NAME=STATUS: DETAILS";
    let (head, details) = text.split_once(": ").unwrap_or((text, ""));
    let (name, status) = head.rsplit_once('=').ok_or(form)?;
    let status = serde_json::from_value(serde_json::Value::String(status.trim().to_lowercase()))
        .map_err(|_| format!("{status} is not one of passed, failed, running, skipped; {form}"))?;
    Ok(ReportedCheck { name: name.trim().to_owned(), status, details: details.to_owned(), url: None })
}

async fn list(client: &Client, at: &WorkflowArgs, all: bool, limit: u32, json: bool) -> Result<()> {
    let workflow_id = match &at.workflow {
        Some(_) => Some(at.find(client).await?),
        None => None,
    };
    let status = (!all).then(|| vec!["pending".to_owned()]);
    let found = client.approvals(&ApprovalFilter { workflow_id, status, ..ApprovalFilter::default() }, limit).await?;
    if json {
        return output::json(&found.approvals);
    }
    if found.approvals.is_empty() {
        eprintln!("No pending approvals.");
        return Ok(());
    }
    let rows = found.approvals.iter().map(|approval| {
        [
            approval.approval_id.clone().into(),
            approval.ticket_key.clone().unwrap_or_else(|| "-".to_owned()).into(),
            Cell::styled(state(approval), style(approval.status)),
            approval.asked_by_name.clone().or(approval.asked_by.clone()).unwrap_or_default().into(),
            Cell::styled(output::ago(&approval.created_at), Style::new().dim()),
            approval.question.clone().into(),
        ]
    });
    output::table(["ID", "TICKET", "STATE", "ASKED BY", "CREATED", "QUESTION"], rows);
    Ok(())
}

async fn ask(client: &Client, at: &WorkflowArgs, args: AskArgs, json: bool) -> Result<bool> {
    let ticket_id = match &args.ticket {
        Some(ticket) => Some(at.ticket(client, ticket).await?),
        None => None,
    };
    let without_subject = ticket_id.is_none() && args.job.is_none();
    let input = RequestApproval {
        workflow_id: if without_subject { Some(at.find(client).await?) } else { None },
        ticket_id,
        job_id: args.job,
        question: text(&args.question)?,
        context: args.context,
        options: (!args.options.is_empty()).then_some(args.options),
        checks: (!args.checks.is_empty()).then_some(args.checks),
        expires_in_seconds: args.expires,
        ..RequestApproval::default()
    };
    let mut asked = client.ask(&input).await?;
    let Some(max_wait) = args.wait else {
        if json {
            output::json(&asked)?
        } else {
            line(&asked.approval_id)
        }
        return Ok(true);
    };
    eprintln!("Created {}; waiting for a decision.", asked.approval_id);
    let deadline = Instant::now() + Duration::from_secs(max_wait);
    while asked.status == ApprovalState::Pending {
        let left = deadline.saturating_duration_since(Instant::now()).as_secs();
        if left == 0 {
            return Err(Error::Setup(format!("{} was not decided in time.", asked.approval_id)));
        }
        asked = client
            .approval(&asked.approval_id, Some(LONG_POLL_SECONDS.min(u32::try_from(left).unwrap_or(LONG_POLL_SECONDS))))
            .await?;
    }
    if json {
        output::json(&asked)?;
    } else {
        eprintln!("{}", state(&asked));
        line(one_line(asked.answer.as_deref().or(asked.reason.as_deref()).unwrap_or_default()));
    }
    Ok(matches!(asked.status, ApprovalState::Approved | ApprovalState::Answered))
}

fn show(approval: &Approval) {
    line(bold(&approval.question));
    let mut facts = vec![style(approval.status).apply_to(state(approval)).to_string()];
    facts.extend(approval.ticket_key.as_deref().map(one_line));
    facts.extend(approval.asked_by_name.as_deref().map(|who| format!("asked by {}", one_line(who))));
    facts.push(output::ago(&approval.created_at));
    line(facts.join(" · "));
    line(dim(&approval.approval_id));
    if !approval.context.trim().is_empty() {
        line("");
        block(&approval.context, "");
    }
    for option in &approval.options {
        line(format!("  [ ] {}", one_line(option)));
    }
    for check in &approval.checks {
        let style = match check.status {
            CheckStatus::Passed => Style::new().green(),
            CheckStatus::Failed => Style::new().red(),
            CheckStatus::Running | CheckStatus::Skipped => Style::new().yellow(),
        };
        let address = check.url.as_deref().map(|url| format!(" {}", one_line(url))).unwrap_or_default();
        line(format!("  {} {}{address}", style.apply_to(output::word(&check.status)), one_line(&check.name)));
        if !check.details.trim().is_empty() {
            block(&check.details, "    ");
        }
    }
    for (name, text) in [("Answer", &approval.answer), ("Reason", &approval.reason)] {
        if let Some(text) = text {
            line(format!("\n{}", bold(name)));
            block(text, "  ");
        }
    }
}

fn state(approval: &Approval) -> String {
    let word = output::word(&approval.status);
    match approval.decided_by_name.as_deref() {
        Some(who) => format!("{word} by {}", one_line(who)),
        None => word,
    }
}

fn style(state: ApprovalState) -> Style {
    match state {
        ApprovalState::Pending => Style::new().yellow(),
        ApprovalState::Approved | ApprovalState::Answered => Style::new().green(),
        ApprovalState::Rejected => Style::new().red(),
        ApprovalState::Expired | ApprovalState::Withdrawn => Style::new().dim(),
    }
}
