//! `/api/reports`: figures about the flow of work, as JSON and CSV.

use actix_web::http::header::IF_NONE_MATCH;
use actix_web::{HttpRequest, get, web};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{Auth, Path, Query, RawReply, Reply, Result, ServiceConfig};
use crate::Error;
use crate::app::AppState;
use crate::domain::export;
use crate::domain::reports::{self, RawReport, Report, ReportQuery, Reports};

/// Registers the handlers.
pub fn configure(cfg: &mut ServiceConfig<'_>) {
    cfg.service(list).service(report);
}

/// The format of a report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    /// An object with columns and rows.
    #[default]
    Json,
    /// A table.
    Csv,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Parameters {
    /// The workflow. Required.
    #[param(min_length = 1)]
    workflow_id: Option<String>,
    /// The first day, like 2026-01-31. Defaults to the 29th day before the last.
    #[param(format = Date)]
    from: Option<String>,
    /// The last day; it is in the range. Defaults to today.
    #[param(format = Date)]
    to: Option<String>,
    /// The time zone in which days begin, like Europe/Berlin. Defaults to the workflow's.
    tz: Option<String>,
    /// The length of a period: day, week, month, quarter, year, or all for the range as one.
    unit: Option<String>,
    /// What rows are split by: ticket_type, priority or agent.
    group: Option<String>,
    /// The milestone: its id or name. Required for reports on one milestone.
    milestone: Option<String>,
    /// 1 to 10000. Defaults to 1000, and in a CSV to all rows; a CSV of more than 10,000 is refused.
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<i32>,
    /// json (default) or csv.
    #[param(inline)]
    format: Option<Format>,
    /// Whether a CSV begins with a byte order mark, which Excel needs. Defaults to false.
    bom: Option<bool>,
}

/// The reports that there are, with their parameters and columns.
#[utoipa::path(tag = "Reports", responses((status = 200, body = Reports)))]
#[get("/api/reports")]
async fn list(state: web::Data<AppState>, auth: Auth) -> Result<Reply<Reports>> {
    Ok(Reply::ok(reports::list(&state.db, &auth.caller()).await?))
}

/// A report of a workflow: its columns, its rows, and the SQL that finds them.
///
/// `GET /api/reports` says which parameters a report has. Durations are in seconds. The `ETag` changes with the workflow, with the
/// day where the range ends today, and with the minute where the report has ages.
#[utoipa::path(tag = "Reports", params(("name" = String, Path, description = "The report"), Parameters), responses(
    (status = 200, content((Report = "application/json"), (String = "text/csv"))),
    (status = 304, description = "Nothing has changed since the ETag in If-None-Match")))]
#[get("/api/reports/{name}")]
async fn report(
    request: HttpRequest,
    state: web::Data<AppState>,
    auth: Auth,
    Path(name): Path<String>,
    Query(given): Query<Parameters>,
) -> Result<RawReply> {
    let query = ReportQuery {
        workflow_id: given.workflow_id.ok_or_else(|| Error::invalid("workflow_id", "is required"))?,
        from: given.from,
        to: given.to,
        tz: given.tz,
        unit: given.unit,
        group: given.group,
        milestone: given.milestone,
        limit: given.limit,
    };
    let headers = request.headers().get_all(IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    let known: Vec<&str> = headers.flat_map(|value| value.split(',')).map(str::trim).take(20).collect();
    let (db, caller) = (&state.db, auth.caller());
    if given.format.unwrap_or_default() == Format::Json {
        let RawReport { etag, body } = reports::read(db, &caller, &name, &query, &known).await?;
        return Ok(RawReply::ok(body.unwrap_or_default()).etag(etag));
    }
    let (etag, report) = reports::read_whole(db, &caller, &name, &query, &known).await?;
    let mut table = Vec::new();
    let mut file = name;
    if let Some(report) = report {
        report.csv(given.bom.unwrap_or(false), &mut table).map_err(|error| Error::Internal(error.to_string()))?;
        file = report.file_name();
    }
    let table = String::from_utf8(table).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(RawReply::ok(table).etag(etag).file(export::Format::Csv.media_type(), &format!("{file}.csv")))
}
