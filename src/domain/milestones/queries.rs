//! The calls that read and change milestones.

use tokio_postgres::types::Json;

use super::{CreateMilestone, Milestone, MilestoneDeleted, MilestoneList, UpdateMilestone};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// The milestones of a workflow.
pub async fn list(db: &Db, caller: &Caller, workflow: &str, include_closed: bool) -> Result<MilestoneList> {
    db.call(sql_fn!(list_milestones(caller: caller.to_sql(), workflow, include_closed))).await
}

/// One milestone.
pub async fn get(db: &Db, caller: &Caller, id: &str) -> Result<Milestone> {
    db.call(sql_fn!(get_milestone(caller: caller.to_sql(), milestone: id))).await
}

/// Creates a milestone.
pub async fn create(db: &Db, caller: &Caller, workflow: &str, input: &CreateMilestone) -> Result<Milestone> {
    db.call(sql_fn!(create_milestone(
        caller: caller.to_sql(),
        workflow,
        name: input.name,
        description: input.description,
        starts_on: input.starts_on,
        due_on: input.due_on,
    )))
    .await
}

/// Changes fields of a milestone; closes and reopens it.
pub async fn update(db: &Db, caller: &Caller, id: &str, input: &UpdateMilestone) -> Result<Milestone> {
    let changes = serde_json::to_value(input).map(Json).map_err(|e| Error::Internal(e.to_string()))?;
    db.call(sql_fn!(update_milestone(caller: caller.to_sql(), milestone: id, changes))).await
}

/// Deletes a milestone; its tickets leave it.
pub async fn delete(db: &Db, caller: &Caller, id: &str) -> Result<MilestoneDeleted> {
    db.call(sql_fn!(delete_milestone(caller: caller.to_sql(), milestone: id))).await
}
