//! Usage: reporting tokens and costs, and reading them.

use super::tickets::path_segment;
use super::{Client, Result};
use crate::domain::usage::{JobUsage, ReportUsage, TicketUsage, UsageFilter, UsageReported, UsageSource, UsageSummary};

impl Client {
    /// Reports what a model used for a job. With the lease token the report belongs to that attempt, also after its lease
    /// was lost.
    pub async fn report_usage(&self, job: &str, input: &ReportUsage) -> Result<UsageReported> {
        self.post(&format!("/api/jobs/{}/usage", path_segment(job)), &from_library(input)).await
    }

    /// Reports what a model used for a ticket without a job.
    pub async fn report_ticket_usage(&self, ticket: &str, input: &ReportUsage) -> Result<UsageReported> {
        self.post(&format!("/api/tickets/{}/usage", path_segment(ticket)), &from_library(input)).await
    }

    /// What a job used, by attempt and model.
    pub async fn job_usage(&self, job: &str) -> Result<JobUsage> {
        self.get(&format!("/api/jobs/{}/usage", path_segment(job)), &[]).await
    }

    /// What was used for a ticket, by job and model.
    pub async fn ticket_usage(&self, ticket: &str) -> Result<TicketUsage> {
        self.get(&format!("/api/tickets/{}/usage", path_segment(ticket)), &[]).await
    }

    /// Usage in a range of days.
    pub async fn usage(&self, filter: &UsageFilter) -> Result<UsageSummary> {
        let parameters = [
            ("workflow_id", filter.workflow_id.clone()),
            ("agent_id", filter.agent_id.clone()),
            ("first_day", filter.first_day.clone()),
            ("last_day", filter.last_day.clone()),
            ("tz", filter.time_zone.clone()),
            ("group_by", filter.group_by.map(|by| by.as_str().to_owned())),
            ("limit", filter.limit.map(|limit| limit.to_string())),
        ];
        let query: Vec<_> = parameters.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
        self.get("/api/usage", &query).await
    }
}

/// The report with its source.
fn from_library(input: &ReportUsage) -> ReportUsage {
    ReportUsage { source: input.source.or(Some(UsageSource::Sdk)), ..input.clone() }
}
