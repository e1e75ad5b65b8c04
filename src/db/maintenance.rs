//! Hourly maintenance; the rules are in `logic.run_maintenance`.

use std::time::Duration;

use serde_json::Value;

use super::Db;
use crate::{Result, sql_fn};

/// Interval between two runs.
const INTERVAL: Duration = Duration::from_secs(3600);

/// Creates partitions in advance and deletes expired rows; `history_months` 0 keeps all history.
pub async fn once(db: &Db, history_months: u32) -> Result<Value> {
    let months = i32::try_from(history_months).unwrap_or(i32::MAX);
    db.call(sql_fn!(run_maintenance(history_months: months))).await
}

/// Runs maintenance every hour; a background task.
pub async fn run(db: Db, history_months: u32) {
    loop {
        match once(&db, history_months).await {
            Ok(done) => tracing::debug!(%done, "maintenance finished"),
            Err(error) => tracing::warn!(%error, "maintenance failed; it will be retried in an hour"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
