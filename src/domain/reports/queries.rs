//! The calls that list and read reports.

use super::{MAX_ROWS, Report, ReportQuery, Reports, USUAL_ROWS};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// A report as JSON with its `ETag`; without a body if the caller knows it.
#[derive(Debug)]
pub struct RawReport {
    /// Changes when the report does.
    pub etag: String,
    /// A [`Report`].
    pub body: Option<String>,
}

/// The reports that there are.
pub async fn list(db: &Db, caller: &Caller) -> Result<Reports> {
    db.call(sql_fn!(list_reports(caller: caller.to_sql()))).await
}

/// A report, unless its `ETag` is among `known`.
pub async fn read(db: &Db, caller: &Caller, name: &str, query: &ReportQuery, known: &[&str]) -> Result<RawReport> {
    raw(db, caller, name, query, query.limit.unwrap_or(USUAL_ROWS), known).await
}

/// A report with all its rows, or as many as the query's limit; fails if there are too many.
pub async fn read_whole(
    db: &Db,
    caller: &Caller,
    name: &str,
    query: &ReportQuery,
    known: &[&str],
) -> Result<(String, Option<Report>)> {
    let RawReport { etag, body } = raw(db, caller, name, query, query.limit.unwrap_or(MAX_ROWS), known).await?;
    let Some(body) = body else { return Ok((etag, None)) };
    let report: Report = serde_json::from_str(&body).map_err(|error| Error::Internal(error.to_string()))?;
    if report.has_more && query.limit.is_none() {
        let rule = format!("must be given, or the range be shorter: the report has more than {MAX_ROWS} rows");
        return Err(Error::invalid("limit", rule));
    }
    Ok((etag, Some(report)))
}

async fn raw(
    db: &Db,
    caller: &Caller,
    name: &str,
    query: &ReportQuery,
    max_rows: i32,
    known: &[&str],
) -> Result<RawReport> {
    let row = db
        .call_row(sql_fn!(get_report(
            caller: caller.to_sql(),
            workflow: query.workflow_id.as_str(),
            report: name,
            from_day: query.from.as_deref(),
            to_day: query.to.as_deref(),
            tz: query.tz.as_deref(),
            unit: query.unit.as_deref(),
            group_by: query.group.as_deref(),
            milestone: query.milestone.as_deref(),
            max_rows: max_rows,
            known: known,
        )))
        .await?;
    Ok(RawReport { etag: row.try_get("etag")?, body: row.try_get("body")? })
}
