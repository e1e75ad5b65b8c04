//! `callboard findings`: what needs attention in a workflow.

use clap::Args;
use console::Style;

use super::output::{self, Cell};
use super::remote::{RemoteArgs, WorkflowArgs};
use crate::Result;
use crate::domain::findings::{Finding, FindingKind};

/// Flags of `callboard findings`.
#[derive(Debug, Args)]
pub struct FindingsArgs {
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// The workflow.
    #[command(flatten)]
    pub workflow: WorkflowArgs,
    /// Only these kinds, comma-separated, e.g. `stuck,blocked`.
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = kind)]
    pub kind: Vec<FindingKind>,
    /// Maximum number of results.
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=200))]
    pub limit: u32,
}

fn kind(name: &str) -> std::result::Result<FindingKind, String> {
    FindingKind::parse(name.trim())
        .ok_or_else(|| format!("the kinds are {}", FindingKind::ALL.map(FindingKind::as_str).join(", ")))
}

/// Runs `callboard findings`.
pub async fn command(args: FindingsArgs, json: bool) -> Result<()> {
    let client = args.remote.connect()?;
    let workflow = args.workflow.find(&client).await?;
    let found = client.findings(&workflow, &args.kind, args.limit).await?;
    if json {
        return output::json(&found);
    }
    if found.findings.is_empty() {
        eprintln!("Nothing needs attention.");
        return Ok(());
    }
    output::table(["KIND", "SINCE", "FINDING"], found.findings.iter().map(row));
    if found.has_more {
        eprintln!("There are more; -n sets how many are shown.");
    }
    Ok(())
}

/// The message names the ticket or agent; the suggestion follows it.
fn row(finding: &Finding) -> [Cell; 3] {
    [
        finding.kind.as_str().to_owned().into(),
        Cell::styled(output::ago(&finding.since), Style::new().dim()),
        format!("{} {}", finding.message, finding.suggestion.message).into(),
    ]
}
