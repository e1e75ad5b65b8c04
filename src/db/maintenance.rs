//! Hourly housekeeping; the rules are in `logic.run_maintenance`.

use std::time::Duration;

use serde_json::Value;

use super::Db;
use crate::{Result, sql_fn};

/// How often a server tidies up.
const EVERY: Duration = Duration::from_secs(3600);

/// Makes partitions ahead and removes what is past its time; `history_months` 0 keeps all history.
pub async fn once(db: &Db, history_months: u32) -> Result<Value> {
    let months = i32::try_from(history_months).unwrap_or(i32::MAX);
    db.call(sql_fn!(run_maintenance(history_months: months))).await
}

/// Tidies up for as long as the server runs.
pub async fn run(db: Db, history_months: u32) {
    loop {
        match once(&db, history_months).await {
            Ok(done) => tracing::debug!(%done, "tidied up"),
            Err(error) => tracing::warn!(%error, "could not tidy up"),
        }
        tokio::time::sleep(EVERY).await;
    }
}
