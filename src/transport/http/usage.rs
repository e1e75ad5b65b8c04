//! Usage: `/api/jobs/{id}/usage`, `/api/tickets/{id}/usage` and `/api/usage`.

use actix_web::{get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{Auth, Json, Path, Query, Reply, Result, ServiceConfig};
use crate::app::AppState;
use crate::domain::usage::{
    self, GroupBy, JobUsage, ReportUsage, TicketUsage, UsageFilter, UsageReported, UsageSummary,
};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(report_for_job).service(report_for_ticket).service(of_job).service(of_ticket).service(summary);
}

/// Reports what a model used for a job. With the lease token of a claim the report belongs to that attempt, also after its
/// lease was lost or the job has ended; without one, to the newest. An attempt takes 1,000 reports at most.
///
/// What is not known is left out: missing usage stays missing. A report with a `report_id` is counted once. Numbers that
/// are totals of a session so far are marked by `cumulative`; what is new since the last totals is counted.
#[utoipa::path(tag = "Usage", request_body = ReportUsage, responses(
    (status = 200, body = UsageReported), (status = 409, description = "The report_id was used for other numbers, or there are too many reports")))]
#[post("/api/jobs/{id}/usage")]
async fn report_for_job(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<ReportUsage>,
) -> Result<Reply<UsageReported>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(usage::report_for_job(&state.db, &caller, &id, &input).await?))
}

/// Reports what a model used for a ticket without a job. A ticket takes 10,000 such reports at most. See the report for a job.
#[utoipa::path(tag = "Usage", request_body = ReportUsage, responses(
    (status = 200, body = UsageReported), (status = 409, description = "The report_id was used for other numbers, or there are too many reports")))]
#[post("/api/tickets/{id}/usage")]
async fn report_for_ticket(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Json(input): Json<ReportUsage>,
) -> Result<Reply<UsageReported>> {
    let caller = auth.acting_as(input.agent_id.as_deref())?;
    Ok(Reply::ok(usage::report_for_ticket(&state.db, &caller, &id, None, &input).await?))
}

/// What a job used: in all, by attempt and by model. An attempt without a report is listed, with `reported` false.
#[utoipa::path(tag = "Usage", responses((status = 200, body = JobUsage)))]
#[get("/api/jobs/{id}/usage")]
async fn of_job(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<JobUsage>> {
    Ok(Reply::ok(usage::of_job(&state.db, &auth.caller(), &id).await?))
}

/// What was used for a ticket: in all, by job, without a job, and by model.
#[utoipa::path(tag = "Usage", responses((status = 200, body = TicketUsage)))]
#[get("/api/tickets/{id}/usage")]
async fn of_ticket(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<TicketUsage>> {
    Ok(Reply::ok(usage::of_ticket(&state.db, &auth.caller(), &id).await?))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SummaryQuery {
    /// Of this workflow. Defaults to all of the caller's workflows.
    workflow_id: Option<String>,
    /// Of this agent.
    agent_id: Option<String>,
    /// The first day, e.g. `2026-01-31`. Defaults to 29 days before the last one; at most 365.
    first_day: Option<String>,
    /// The last day. Defaults to today.
    last_day: Option<String>,
    /// The time zone in which days begin. Defaults to that of the workflow, or to UTC.
    #[param(max_length = 64)]
    tz: Option<String>,
    /// By what usage is added up. Defaults to nothing but the total.
    #[param(inline)]
    group_by: Option<GroupBy>,
    /// The number of groups, 1 to 500. Defaults to 100.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<i64>,
}

/// Usage in a range of days: in all, and by day, agent, model, ticket, job or workflow. Attempts that have ended without a
/// report are counted beside it.
#[utoipa::path(tag = "Usage", params(SummaryQuery), responses((status = 200, body = UsageSummary)))]
#[get("/api/usage")]
async fn summary(
    state: web::Data<AppState>,
    auth: Auth,
    Query(query): Query<SummaryQuery>,
) -> Result<Reply<UsageSummary>> {
    let filter = UsageFilter {
        workflow_id: query.workflow_id,
        agent_id: query.agent_id,
        first_day: query.first_day,
        last_day: query.last_day,
        time_zone: query.tz,
        group_by: query.group_by,
        limit: query.limit,
    };
    Ok(Reply::ok(usage::summary(&state.db, &auth.caller(), &filter).await?))
}
