//! Links commits to tickets.

use tokio_postgres::types::Json;

use super::{CommitsLinked, NewCommits};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// Links commits to the tickets that their messages name.
pub async fn link(db: &Db, caller: &Caller, input: &NewCommits) -> Result<CommitsLinked> {
    db.call(sql_fn!(link_referenced_commits(
        caller: caller.to_sql(),
        commits: Json(&input.commits),
        workflow: input.workflow_id,
        repository: input.repository,
    )))
    .await
}
