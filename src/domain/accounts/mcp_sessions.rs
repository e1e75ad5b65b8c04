//! What is remembered of a session of the Model Context Protocol: the resources that it watches.

use serde_json::Value;

use super::Caller;
use crate::db::Db;
use crate::{Result, sql_fn};

/// Remembers that a session watches a resource.
pub async fn add_subscription(db: &Db, caller: &Caller, session: &str, resource: &str) -> Result<()> {
    let _: Value = db.call(sql_fn!(add_mcp_subscription(caller: caller.to_sql(), session, resource))).await?;
    Ok(())
}

/// Forgets one resource that a session watches, or all of them.
pub async fn remove_subscriptions(db: &Db, caller: &Caller, session: &str, resource: Option<&str>) -> Result<()> {
    let _: Value = db.call(sql_fn!(remove_mcp_subscriptions(caller: caller.to_sql(), session, resource))).await?;
    Ok(())
}

/// The resources that a session watches.
pub async fn list_subscriptions(db: &Db, caller: &Caller, session: &str) -> Result<Vec<String>> {
    db.call(sql_fn!(list_mcp_subscriptions(caller: caller.to_sql(), session))).await
}
