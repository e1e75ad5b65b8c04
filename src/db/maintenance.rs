//! Hourly maintenance; the rules are in `logic.run_maintenance`.

use std::time::Duration;

use serde_json::Value;

use super::Db;
use crate::config::Config;
use crate::{Result, sql_fn};

/// Interval between two runs.
const INTERVAL: Duration = Duration::from_secs(3600);

/// How long records are kept; 0 keeps all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Retention {
    /// Months of history.
    pub history_months: u32,
    /// Days of security events, at least 30.
    pub security_event_days: u32,
}

impl Retention {
    /// The configured retention.
    pub fn of(config: &Config) -> Self {
        Self { history_months: config.history_months, security_event_days: config.security_event_days }
    }
}

/// Creates partitions in advance and deletes expired rows.
pub async fn once(db: &Db, retention: Retention) -> Result<Value> {
    let months = i32::try_from(retention.history_months).unwrap_or(i32::MAX);
    let days = i32::try_from(retention.security_event_days).unwrap_or(i32::MAX);
    db.call(sql_fn!(run_maintenance(history_months: months, security_event_days: days))).await
}

/// Runs maintenance every hour; a background task.
pub async fn run(db: Db, retention: Retention) {
    loop {
        match once(&db, retention).await {
            Ok(done) => tracing::debug!(%done, "maintenance finished"),
            Err(error) => tracing::warn!(%error, "maintenance failed; it will be retried in an hour"),
        }
        tokio::time::sleep(INTERVAL).await;
    }
}
