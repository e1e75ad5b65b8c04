//! Milestones: what a workflow plans to have done by a day.

use reqwest::Method;
use serde_json::json;

use super::tickets::path_segment;
use super::{Client, Result};
use crate::domain::milestones::{CreateMilestone, Milestone, MilestoneDeleted, MilestoneList, UpdateMilestone};

impl Client {
    /// The milestones of a workflow: the open ones, those that are due first, and then the closed ones if they are wanted.
    pub async fn milestones(&self, workflow: &str, include_closed: bool) -> Result<Vec<Milestone>> {
        let path = format!("/api/workflows/{}/milestones", path_segment(workflow));
        let list: MilestoneList = self.get(&path, &[("include_closed", include_closed.to_string())]).await?;
        Ok(list.milestones)
    }

    /// One milestone.
    pub async fn milestone(&self, id: &str) -> Result<Milestone> {
        self.get(&format!("/api/milestones/{}", path_segment(id)), &[]).await
    }

    /// Creates a milestone.
    pub async fn create_milestone(&self, workflow: &str, input: &CreateMilestone) -> Result<Milestone> {
        self.post(&format!("/api/workflows/{}/milestones", path_segment(workflow)), input).await
    }

    /// Changes fields of a milestone; `is_closed` closes and reopens it.
    pub async fn update_milestone(&self, id: &str, input: &UpdateMilestone) -> Result<Milestone> {
        self.call(Method::PATCH, &format!("/api/milestones/{}", path_segment(id)), input).await
    }

    /// Deletes a milestone; its tickets leave it. Requires an owner.
    pub async fn delete_milestone(&self, id: &str) -> Result<MilestoneDeleted> {
        self.call(Method::DELETE, &format!("/api/milestones/{}", path_segment(id)), &json!(null)).await
    }
}
