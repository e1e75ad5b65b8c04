//! Usage: the tokens and the money that models cost for jobs and tickets, as workers and agents report them. What nobody
//! reported is null, never zero, and amounts of different currencies are never added. The rules are in `sql/logic/72_usage`.

mod amount;
#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::amount::Amount;
#[cfg(feature = "server")]
pub use self::queries::*;

/// Which numbers of a report are the totals of its session so far, of which only what is new is counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cumulative {
    /// None: they are added to earlier reports.
    #[default]
    None,
    /// The cost; the tokens are added.
    Cost,
    /// The cost and the tokens.
    All,
}

/// What sent a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum UsageSource {
    /// `callboard worker`.
    Worker,
    /// An agent over MCP.
    Mcp,
    /// A program over REST.
    #[default]
    Api,
    /// One of the client libraries.
    Sdk,
}

impl UsageSource {
    /// Its name in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Worker => "worker",
            Self::Mcp => "mcp",
            Self::Api => "api",
            Self::Sdk => "sdk",
        }
    }
}

/// `POST /api/jobs/{id}/usage` and `/api/tickets/{id}/usage`: what a model used. At least one number is required; leave out
/// what is not known.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ReportUsage {
    /// The token from the claim, for a job: the report belongs to this attempt, also after its lease was lost. Defaults to
    /// the newest attempt.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lease_token: Option<String>,
    /// The model.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub model: Option<String>,
    /// Input tokens that were neither read from a cache nor written to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_u64)]
    pub input_tokens: Option<i64>,
    /// Output tokens, with those of reasoning.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_u64)]
    pub output_tokens: Option<i64>,
    /// Input tokens that were read from a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_u64)]
    pub cache_read_tokens: Option<i64>,
    /// Input tokens that were written to a cache.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_u64)]
    pub cache_write_tokens: Option<i64>,
    /// The cost: a decimal text like `0.0125` with at most 12 digits after the point, or a number, which is rounded to them. Requires
    /// `currency`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Amount>,
    /// The currency of the cost (ISO 4217), e.g. `USD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 3, max_length = 3)]
    pub currency: Option<String>,
    /// A name for this report. Repeated with the same numbers, it is counted once; with others, it is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub report_id: Option<String>,
    /// The session of the model or agent. Required with `cumulative`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(max_length = 200)]
    pub session: Option<String>,
    /// Which numbers are totals of the session so far. Send totals in order: one below the last begins a new count.
    /// Defaults to `none`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cumulative: Option<Cumulative>,
    /// What sends the report. Defaults to `api`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<UsageSource>,
    /// The acting agent, if the caller may act on behalf of others.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_id: Option<String>,
}

/// An amount of money.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Money {
    /// The currency (ISO 4217).
    pub currency: String,
    /// The decimal amount, e.g. `0.0125`.
    #[schema(value_type = String)]
    pub amount: Amount,
}

/// Totals of usage. Numbers that were not reported are null.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct UsageTotals {
    /// Whether anything was reported. Otherwise the usage is missing, and not zero.
    pub reported: bool,
    /// The number of reports.
    pub reports: i64,
    /// Input tokens that were neither read from a cache nor written to one.
    pub input_tokens: Option<i64>,
    /// Output tokens.
    pub output_tokens: Option<i64>,
    /// Input tokens that were read from a cache.
    pub cache_read_tokens: Option<i64>,
    /// Input tokens that were written to a cache.
    pub cache_write_tokens: Option<i64>,
    /// The costs, one for each currency; empty if none was reported.
    pub costs: Vec<Money>,
    /// Reports that lack input or output tokens, so the sums are too low.
    pub reports_without_tokens: i64,
    /// Reports without a cost, so the costs are too low.
    pub reports_without_cost: i64,
}

/// The answer to a report.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UsageReported {
    /// Always true.
    pub success: bool,
    /// `usage-<uuid>`; null if it was not counted.
    pub usage_id: Option<String>,
    /// Whether it was counted: false for a report that was counted before, and for totals without anything new.
    pub counted: bool,
    /// The job.
    pub job_id: Option<String>,
    /// The ticket.
    pub ticket_id: Option<String>,
    /// The attempt of the job that it belongs to.
    pub attempt: Option<i64>,
    /// The totals of the job, or of the ticket if the report is of no job.
    pub usage: UsageTotals,
}

/// What an attempt of a job used.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct AttemptUsage {
    /// The number of the claim: 1, 2, 3…, also of those that were given back. Null for usage from before the first claim.
    pub attempt: Option<i64>,
    /// The agent that claimed the job.
    pub agent_id: Option<String>,
    /// The worker that claimed the job.
    pub worker: Option<String>,
    /// When it was claimed.
    #[schema(format = DateTime)]
    pub claimed_at: Option<String>,
    /// Whether it goes on, so that reports may be to come.
    pub is_running: bool,
    /// What it used.
    pub usage: UsageTotals,
}

/// What was used with a model.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ModelUsage {
    /// The model; null where it was not reported.
    pub model: Option<String>,
    /// What was used.
    pub usage: UsageTotals,
}

/// What a job used.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct JobUsage {
    /// The job.
    pub job_id: String,
    /// Its workflow.
    pub workflow_id: String,
    /// Its ticket.
    pub ticket_id: Option<String>,
    /// All of it.
    pub usage: UsageTotals,
    /// By attempt, newest first; at most 200.
    pub attempts: Vec<AttemptUsage>,
    /// Attempts that have ended without a report.
    pub attempts_without_usage: i64,
    /// By model, the most used first; at most 50.
    pub models: Vec<ModelUsage>,
}

/// What a job of a ticket used.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketJobUsage {
    /// The job.
    pub job_id: String,
    /// Its title.
    pub title: String,
    /// Its state, as that of a job.
    pub status: String,
    /// Whether it was deleted.
    pub is_deleted: bool,
    /// How often it was claimed.
    pub attempts: i64,
    /// Attempts that have ended without a report.
    pub attempts_without_usage: i64,
    /// What it used.
    pub usage: UsageTotals,
}

/// What was used for a ticket.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct TicketUsage {
    /// The ticket.
    pub ticket_id: String,
    /// Its key, `TKT-12`.
    pub key: String,
    /// Its workflow.
    pub workflow_id: String,
    /// All of it.
    pub usage: UsageTotals,
    /// The part that belongs to no job.
    pub without_job: UsageTotals,
    /// By job, newest first; at most 200. Jobs without a report are listed too.
    pub jobs: Vec<TicketJobUsage>,
    /// Whether there are more jobs.
    pub has_more: bool,
    /// By model, the most used first; at most 50.
    pub models: Vec<ModelUsage>,
}

/// By what usage is added up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GroupBy {
    /// The day of the report, or of the claim.
    Day,
    /// The agent.
    Agent,
    /// The model.
    Model,
    /// The ticket.
    Ticket,
    /// The job.
    Job,
    /// The workflow.
    Workflow,
}

impl GroupBy {
    /// Its name in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Agent => "agent",
            Self::Model => "model",
            Self::Ticket => "ticket",
            Self::Job => "job",
            Self::Workflow => "workflow",
        }
    }
}

/// Selects usage.
#[derive(Debug, Clone, Default)]
pub struct UsageFilter {
    /// Of this workflow. Defaults to all workflows of the caller.
    pub workflow_id: Option<String>,
    /// Of this agent.
    pub agent_id: Option<String>,
    /// From this day on, e.g. `2026-01-31`. Defaults to 29 days before the last one.
    pub first_day: Option<String>,
    /// Until the end of this day. Defaults to today.
    pub last_day: Option<String>,
    /// The zone in which days begin. Defaults to that of the workflow, or to UTC.
    pub time_zone: Option<String>,
    /// By what it is added up.
    pub group_by: Option<GroupBy>,
    /// The maximum number of groups, 1 to 500. Defaults to 100.
    pub limit: Option<i64>,
}

/// Usage of a day, an agent, a model, a ticket, a job or a workflow.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UsageGroup {
    /// The day, the id or the model; null where there is none.
    pub key: Option<String>,
    /// The name of the agent or workflow, the key of the ticket, the title of the job.
    pub name: Option<String>,
    /// Claims of jobs; null by model.
    pub attempts: Option<i64>,
    /// Those of them that have ended without a report.
    pub attempts_without_usage: Option<i64>,
    /// What was used.
    pub usage: UsageTotals,
}

/// Usage in a range of days.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct UsageSummary {
    /// The workflow, if one was selected.
    pub workflow_id: Option<String>,
    /// The agent, if one was selected.
    pub agent_id: Option<String>,
    /// The first day.
    #[schema(format = Date)]
    pub first_day: String,
    /// The last day.
    #[schema(format = Date)]
    pub last_day: String,
    /// The zone of the days.
    pub time_zone: String,
    /// By what it is added up.
    pub group_by: Option<GroupBy>,
    /// All of it.
    pub usage: UsageTotals,
    /// Claims of jobs in the range.
    pub attempts: i64,
    /// Those of them that have ended without a report.
    pub attempts_without_usage: i64,
    /// The groups: days in order, others by their tokens.
    pub groups: Vec<UsageGroup>,
    /// Whether there are more groups.
    pub has_more: bool,
}
