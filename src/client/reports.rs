//! Reports on the flow of work.

use super::tickets::path_segment;
use super::{Client, Result};
use crate::domain::reports::{Report, ReportQuery, Reports};

impl Client {
    /// The reports that there are, with their parameters and columns.
    pub async fn reports(&self) -> Result<Reports> {
        self.get("/api/reports", &[]).await
    }

    /// A report of a workflow, e.g. `throughput`.
    pub async fn report(&self, name: &str, query: &ReportQuery) -> Result<Report> {
        self.get(&format!("/api/reports/{}", path_segment(name)), &pairs(query)).await
    }
}

fn pairs(query: &ReportQuery) -> Vec<(&'static str, String)> {
    let optional = [
        ("from", query.from.clone()),
        ("to", query.to.clone()),
        ("tz", query.tz.clone()),
        ("unit", query.unit.clone()),
        ("group", query.group.clone()),
        ("milestone", query.milestone.clone()),
        ("limit", query.limit.map(|limit| limit.to_string())),
    ];
    let given = optional.into_iter().filter_map(|(name, value)| Some((name, value?)));
    std::iter::once(("workflow_id", query.workflow_id.clone())).chain(given).collect()
}
