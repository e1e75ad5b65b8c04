//! Findings: what somebody should look at in a workflow.

use reqwest::Method;

use super::tickets::path_segment;
use super::{Client, Result};
use crate::domain::findings::{FindingKind, FindingThresholds, Findings, SetFindingThresholds};

impl Client {
    /// The findings of a workflow, at most `limit` (1 to 200); without kinds, those of all kinds.
    pub async fn findings(&self, workflow: &str, kinds: &[FindingKind], limit: u32) -> Result<Findings> {
        let mut query = vec![("limit", limit.to_string())];
        if !kinds.is_empty() {
            query.push(("kind", kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(",")));
        }
        self.get(&format!("/api/workflows/{}/findings", path_segment(workflow)), &query).await
    }

    /// The thresholds from which something in a workflow counts as a finding.
    pub async fn finding_thresholds(&self, workflow: &str) -> Result<FindingThresholds> {
        self.get(&format!("/api/workflows/{}/finding-thresholds", path_segment(workflow)), &[]).await
    }

    /// Changes the given thresholds of a workflow; 0 turns a kind of finding off. Requires an owner.
    pub async fn set_finding_thresholds(
        &self,
        workflow: &str,
        input: &SetFindingThresholds,
    ) -> Result<FindingThresholds> {
        let path = format!("/api/workflows/{}/finding-thresholds", path_segment(workflow));
        self.call(Method::PATCH, &path, input).await
    }
}
