//! Reports on the flow of work: lists of rows, such as the throughput of each week. What reports there are and how they are
//! computed is in `sql/reporting`.

#[cfg(feature = "server")]
mod queries;

use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;
use super::export::{BYTE_ORDER_MARK, csv_cell};

/// The most rows of an answer.
pub const MAX_ROWS: i32 = 10_000;
/// The rows of a JSON answer where no limit is given.
pub const USUAL_ROWS: i32 = 1000;

/// The reports that there are.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Reports {
    /// By title.
    pub reports: Vec<ReportDefinition>,
}

/// What a report shows and what it takes.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReportDefinition {
    /// Its name, for `GET /api/reports/{name}`.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What a row is.
    pub description: String,
    /// What it can be given beside the workflow.
    pub parameters: Vec<ReportParameter>,
    /// Its columns.
    pub columns: Vec<ReportColumn>,
}

/// A parameter of a report.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ReportParameter {
    /// `from`, `to`, `tz`, `unit` or `group`.
    pub name: String,
    /// What it means.
    pub description: String,
    /// The values that it may have; null if there is no list of them.
    pub values: Option<Vec<String>>,
}

/// A column of a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ReportColumn {
    /// The name of the field in each row.
    pub name: String,
    /// The type of its values.
    #[serde(rename = "type")]
    pub kind: ReportColumnType,
    /// What it says.
    pub description: Option<String>,
}

/// The type of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportColumnType {
    /// A text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// True or false.
    Boolean,
    /// A day, like 2026-01-31.
    Date,
    /// A time with its offset.
    Time,
    /// A duration in seconds.
    Seconds,
    /// Any JSON.
    Json,
}

/// The rows of a report, and how they were found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The report.
    pub name: String,
    /// Its title.
    pub title: String,
    /// What a row is.
    pub description: String,
    /// The workflow.
    pub workflow_id: String,
    /// The epoch of `seq`.
    pub epoch: String,
    /// The newest change in the workflow that the report knows.
    pub seq: i64,
    /// The first day of the range; null if the report has no range.
    pub from: Option<String>,
    /// The last day of the range.
    pub to: Option<String>,
    /// The time zone in which days begin.
    pub time_zone: String,
    /// The length of a period, if it was given.
    pub unit: Option<String>,
    /// What rows are split by, if it was given.
    pub group: Option<String>,
    /// The columns, in order.
    pub columns: Vec<ReportColumn>,
    /// The rows, with a field for each column.
    #[schema(value_type = Vec<Object>)]
    pub rows: Vec<Map<String, Value>>,
    /// Whether there are more rows than the limit.
    pub has_more: bool,
    /// The query, which the schema `reporting` answers too.
    pub sql: String,
}

/// Which part of a report is wanted.
#[derive(Debug, Clone, Default)]
pub struct ReportQuery {
    /// The workflow.
    pub workflow_id: String,
    /// The first day, like 2026-01-31. Defaults to the 29th day before the last.
    pub from: Option<String>,
    /// The last day; it is in the range. Defaults to today.
    pub to: Option<String>,
    /// The time zone in which days begin. Defaults to the workflow's.
    pub tz: Option<String>,
    /// The length of a period: day, week, month, quarter, year, or all for the range as one.
    pub unit: Option<String>,
    /// What rows are split by: ticket_type, priority or agent.
    pub group: Option<String>,
    /// The milestone: its id or name. Required for reports on one milestone.
    pub milestone: Option<String>,
    /// 1 to 10000. Defaults to 1000, and in a CSV to all rows; more than 10,000 are refused there.
    pub limit: Option<i32>,
}

impl Report {
    /// Writes a table as in RFC 4180. `mark` begins it with a byte order mark: without it, Excel reads UTF-8 as another encoding.
    /// An apostrophe precedes a text that a spreadsheet would evaluate as a formula.
    pub fn csv(&self, mark: bool, out: &mut impl Write) -> io::Result<()> {
        out.write_all(if mark { BYTE_ORDER_MARK } else { b"" })?;
        let names: Vec<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        write!(out, "{}\r\n", names.join(","))?;
        for row in &self.rows {
            let cells = names.iter().map(|name| match row.get(*name) {
                None | Some(Value::Null) => String::new(),
                Some(Value::String(text)) => csv_cell(text),
                Some(plain @ (Value::Number(_) | Value::Bool(_))) => plain.to_string(),
                Some(other) => csv_cell(&other.to_string()),
            });
            write!(out, "{}\r\n", cells.collect::<Vec<_>>().join(","))?;
        }
        Ok(())
    }

    /// The name of a file with it, without an extension.
    pub fn file_name(&self) -> String {
        [Some(&self.name), self.from.as_ref(), self.to.as_ref()]
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join("-")
    }
}
