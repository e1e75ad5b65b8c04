//! Reports the usage of an attempt. What was spent is reported even after the lease was lost.

use std::time::Duration;

use super::lease::Lease;
use crate::client::Client;
use crate::domain::usage::{ReportUsage, UsageSource};
use crate::worker::WorkerContext;

/// How long a report may take, with its repetitions.
const REPORT_TIMEOUT: Duration = Duration::from_secs(20);

/// Reports usage for one claim of a job.
#[derive(Debug, Clone)]
pub(super) struct UsageReporter {
    client: Client,
    job: String,
    token: String,
}

impl UsageReporter {
    pub(super) fn new(context: &WorkerContext, lease: &Lease) -> Self {
        Self { client: context.client.clone(), job: lease.job.clone(), token: lease.token.clone() }
    }

    /// Reports what was used; the error is a sentence for the transcript.
    pub(super) async fn report(&self, report: ReportUsage) -> Result<(), String> {
        let input = ReportUsage {
            lease_token: Some(self.token.clone()),
            source: Some(UsageSource::Worker),
            agent_id: None,
            ..report
        };
        let why = match tokio::time::timeout(REPORT_TIMEOUT, self.client.report_usage(&self.job, &input)).await {
            Ok(Ok(_)) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "The server did not answer in time.".to_owned(),
        };
        tracing::warn!(job = self.job, why, "usage could not be reported");
        Err(format!("The usage was not counted: {why}"))
    }
}
