//! What an archive is about.

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Result, sql_fn};

/// What an archive holds.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The workflows, by id.
    pub workflows: Vec<String>,
    /// Whether it holds what belongs to no workflow too: everybody on the server, and all definitions.
    pub server: bool,
}

impl Scope {
    /// Everything on the server.
    pub async fn whole_server(db: &Db, caller: &Caller) -> Result<Self> {
        let workflows = db.call(sql_fn!(list_archive_workflows(caller: caller.to_sql()))).await?;
        Ok(Self { workflows, server: true })
    }

    /// Some workflows, in the order in which they are written.
    pub fn of(mut workflows: Vec<String>) -> Self {
        workflows.sort_unstable();
        workflows.dedup();
        Self { workflows, server: false }
    }
}
