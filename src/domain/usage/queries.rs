//! The calls that report usage and read it.

use serde_json::Value;
use tokio_postgres::types::Json;

use super::{GroupBy, JobUsage, ReportUsage, TicketUsage, UsageFilter, UsageReported, UsageSource, UsageSummary};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// Fields of a request that are parameters of the function.
const PARAMETERS: [&str; 3] = ["lease_token", "source", "agent_id"];
/// Groups in an answer, unless the caller says how many.
const DEFAULT_GROUPS: i64 = 100;

/// The report of a request.
fn report_of(input: &ReportUsage) -> Result<Value> {
    let mut report = serde_json::to_value(input).map_err(|error| Error::Internal(error.to_string()))?;
    if let Some(fields) = report.as_object_mut() {
        fields.retain(|name, _| !PARAMETERS.contains(&name.as_str()));
    }
    Ok(report)
}

/// Reports what was used for a job.
pub async fn report_for_job(db: &Db, caller: &Caller, job: &str, input: &ReportUsage) -> Result<UsageReported> {
    let (report, source) = (report_of(input)?, input.source.unwrap_or_default());
    db.call(sql_fn!(report_usage(
        caller: caller.to_sql(),
        report: Json(&report),
        job: job,
        token: input.lease_token,
        source: UsageSource::as_str(source),
    )))
    .await
}

/// Reports what was used for a ticket without a job.
pub async fn report_for_ticket(
    db: &Db,
    caller: &Caller,
    ticket: &str,
    workflow: Option<&str>,
    input: &ReportUsage,
) -> Result<UsageReported> {
    let (report, source) = (report_of(input)?, input.source.unwrap_or_default());
    db.call(sql_fn!(report_usage(
        caller: caller.to_sql(),
        report: Json(&report),
        ticket: ticket,
        token: input.lease_token,
        source: UsageSource::as_str(source),
        workflow: workflow,
    )))
    .await
}

/// What a job used, by attempt and model.
pub async fn of_job(db: &Db, caller: &Caller, job: &str) -> Result<JobUsage> {
    db.call(sql_fn!(get_job_usage(caller: caller.to_sql(), job))).await
}

/// What was used for a ticket, by job and model.
pub async fn of_ticket(db: &Db, caller: &Caller, ticket: &str) -> Result<TicketUsage> {
    db.call(sql_fn!(get_ticket_usage(caller: caller.to_sql(), ticket))).await
}

/// Usage in a range of days.
pub async fn summary(db: &Db, caller: &Caller, filter: &UsageFilter) -> Result<UsageSummary> {
    let limit = filter.limit.unwrap_or(DEFAULT_GROUPS);
    if !(1..=500).contains(&limit) {
        return Err(Error::invalid("limit", "must be between 1 and 500"));
    }
    db.call(sql_fn!(get_usage(
        caller: caller.to_sql(),
        workflow: filter.workflow_id,
        agent: filter.agent_id,
        first_day: filter.first_day,
        last_day: filter.last_day,
        time_zone: filter.time_zone,
        group_by: filter.group_by.map(GroupBy::as_str),
        max_rows: limit,
    )))
    .await
}
