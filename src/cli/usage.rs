//! `callboard usage` and `callboard job usage`: what work cost, in tokens and money.

use clap::{Args, ValueEnum};
use console::Style;

use super::output::{self, Cell, bold, line};
use super::remote::{RemoteArgs, WorkflowArgs};
use crate::Result;
use crate::client::Client;
use crate::domain::usage::{GroupBy, JobUsage, ModelUsage, TicketUsage, UsageFilter, UsageSummary, UsageTotals};

/// By what usage is added up.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum GroupArg {
    /// By day.
    Day,
    /// By agent.
    Agent,
    /// By model.
    Model,
    /// By ticket.
    Ticket,
    /// By job.
    Job,
    /// By workflow, of all that you see.
    Workflow,
}

impl From<GroupArg> for GroupBy {
    fn from(by: GroupArg) -> Self {
        match by {
            GroupArg::Day => Self::Day,
            GroupArg::Agent => Self::Agent,
            GroupArg::Model => Self::Model,
            GroupArg::Ticket => Self::Ticket,
            GroupArg::Job => Self::Job,
            GroupArg::Workflow => Self::Workflow,
        }
    }
}

/// Flags of `callboard usage`.
#[derive(Debug, Args)]
pub struct UsageArgs {
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// The workflow.
    #[command(flatten)]
    pub workflow: WorkflowArgs,
    /// What was used for a ticket, by job, instead of a range of days.
    #[arg(long, short, value_name = "TICKET", conflicts_with_all = ["by", "agent", "from", "to", "tz", "limit"])]
    pub ticket: Option<String>,
    /// By what it is added up.
    #[arg(long, default_value = "agent", value_name = "GROUP")]
    pub by: GroupArg,
    /// Only of this agent, by id.
    #[arg(long, value_name = "AGENT")]
    pub agent: Option<String>,
    /// The first day, like 2026-01-31. Defaults to 29 days before the last one.
    #[arg(long, value_name = "DAY")]
    pub from: Option<String>,
    /// The last day. Defaults to today.
    #[arg(long, value_name = "DAY")]
    pub to: Option<String>,
    /// The time zone in which days begin. Defaults to that of the workflow.
    #[arg(long, value_name = "ZONE")]
    pub tz: Option<String>,
    /// Maximum number of rows.
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=500))]
    pub limit: i64,
}

/// Runs `callboard usage`.
pub async fn command(args: UsageArgs, json: bool) -> Result<()> {
    let client = args.remote.connect()?;
    if let Some(ticket) = &args.ticket {
        let id = args.workflow.ticket(&client, ticket).await?;
        let found = client.ticket_usage(&id).await?;
        return if json { output::json(&found) } else { show_ticket(&found) };
    }
    let workflow_id = match args.by {
        GroupArg::Workflow => None,
        _ => Some(args.workflow.find(&client).await?),
    };
    let filter = UsageFilter {
        workflow_id,
        agent_id: args.agent,
        first_day: args.from,
        last_day: args.to,
        time_zone: args.tz,
        group_by: Some(args.by.into()),
        limit: Some(args.limit),
    };
    let found = client.usage(&filter).await?;
    if json { output::json(&found) } else { show_summary(&found) }
}

/// Runs `callboard job usage`.
pub async fn job(client: &Client, job: &str, json: bool) -> Result<()> {
    let found = client.job_usage(job).await?;
    if json { output::json(&found) } else { show_job(&found) }
}

const NUMBERS: [&str; 5] = ["INPUT", "OUTPUT", "CACHE READ", "CACHE WRITE", "COST"];

fn show_summary(found: &UsageSummary) -> Result<()> {
    line(bold(&format!("{} to {} ({})", found.first_day, found.last_day, found.time_zone)));
    let name = output::word(&found.group_by).to_uppercase();
    let rows = found.groups.iter().map(|group| {
        let name = group.name.as_ref().or(group.key.as_ref()).map_or("-", String::as_str);
        let attempts = group.attempts.map_or_else(|| "-".to_owned(), count);
        row(name, &group.usage, attempts, group.attempts_without_usage.unwrap_or(0))
    });
    let total = row("all", &found.usage, count(found.attempts), found.attempts_without_usage);
    print(&name, "ATTEMPTS", rows.chain([total]));
    if found.has_more {
        eprintln!("There are more; -n sets how many are shown.");
    }
    gaps(&found.usage);
    Ok(())
}

fn show_ticket(found: &TicketUsage) -> Result<()> {
    let jobs = found.jobs.iter().map(|job| {
        let state = if job.is_deleted { "deleted".to_owned() } else { job.status.clone() };
        row(&job.title, &job.usage, state, job.attempts_without_usage)
    });
    let without = found.without_job.reported.then(|| row("without a job", &found.without_job, String::new(), 0));
    let missing = found.jobs.iter().map(|job| job.attempts_without_usage).sum();
    print(&found.key, "STATE", jobs.chain(without).chain([row("all", &found.usage, String::new(), missing)]));
    models(&found.models);
    gaps(&found.usage);
    Ok(())
}

fn show_job(found: &JobUsage) -> Result<()> {
    let attempts = found.attempts.iter().map(|attempt| {
        let name = attempt.attempt.map_or_else(|| "-".to_owned(), |number| number.to_string());
        let worker = attempt.worker.as_ref().or(attempt.agent_id.as_ref()).map_or("-", String::as_str);
        let missing = i64::from(!attempt.usage.reported && !attempt.is_running);
        row(&name, &attempt.usage, worker.to_owned(), missing)
    });
    let total = row("all", &found.usage, String::new(), found.attempts_without_usage);
    print("ATTEMPT", "WORKER", attempts.chain([total]));
    models(&found.models);
    gaps(&found.usage);
    Ok(())
}

/// The models, if there is more than one.
fn models(all: &[ModelUsage]) {
    if all.len() > 1 {
        line("");
        let rows = all.iter().map(|one| row(one.model.as_deref().unwrap_or("-"), &one.usage, String::new(), 0));
        print("MODEL", "", rows);
    }
}

/// Notes where the sums are too low.
fn gaps(totals: &UsageTotals) {
    for (reports, what) in [(totals.reports_without_tokens, "tokens"), (totals.reports_without_cost, "cost")] {
        if reports > 0 {
            eprintln!("{} of {} reports lack {what}.", count(reports), count(totals.reports));
        }
    }
}

fn print(name: &str, beside: &str, rows: impl Iterator<Item = [Cell; 8]>) {
    let [input, output, read, written, cost] = NUMBERS;
    output::table([name, input, output, read, written, cost, beside, "MISSING"], rows);
}

/// Costs and tokens in a few words.
pub fn brief(totals: &UsageTotals) -> String {
    if !totals.reported {
        return "not reported".to_owned();
    }
    let number = |tokens: Option<i64>| tokens.map_or_else(|| "?".to_owned(), count);
    let tokens = format!("{} in, {} out", number(totals.input_tokens), number(totals.output_tokens));
    match costs(totals) {
        Some(costs) => format!("{costs}, {tokens}"),
        None => tokens,
    }
}

/// The amount of each currency.
fn costs(totals: &UsageTotals) -> Option<String> {
    let costs: Vec<String> = totals.costs.iter().map(|cost| format!("{} {}", cost.amount, cost.currency)).collect();
    (!costs.is_empty()).then(|| costs.join(" + "))
}

fn row(name: &str, totals: &UsageTotals, beside: String, missing: i64) -> [Cell; 8] {
    let number = |tokens: Option<i64>| Cell::from(tokens.map_or_else(|| "-".to_owned(), count));
    let missing = match missing {
        0 => Cell::from(String::new()),
        missing => Cell::styled(format!("{} not reported", count(missing)), Style::new().yellow()),
    };
    [
        console::truncate_str(&output::one_line(name), 40, "…").into_owned().into(),
        number(totals.input_tokens),
        number(totals.output_tokens),
        number(totals.cache_read_tokens),
        number(totals.cache_write_tokens),
        costs(totals).unwrap_or_else(|| "-".to_owned()).into(),
        beside.into(),
        missing,
    ]
}

/// A number with commas between its thousands.
fn count(number: i64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) && !text.ends_with('-') {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn thousands_are_separated() {
        let shown: Vec<String> = [0, 12, 123, 1234, 1_234_567].into_iter().map(count).collect();
        assert_eq!(shown, ["0", "12", "123", "1,234", "1,234,567"]);
    }
}
