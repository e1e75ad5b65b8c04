//! Hourly maintenance; the rules are in `logic.run_maintenance`.

use std::time::Duration;

use serde_json::Value;

use super::Db;
use crate::config::Config;
use crate::{Result, sql_fn};

/// Interval between two runs.
const INTERVAL: Duration = Duration::from_secs(3600);

/// The longest retention in days, so that dates stay valid.
const MAX_DAYS: i32 = 36_500;

/// How long records are kept; 0 keeps all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Retention {
    /// Months of history.
    pub history_months: u32,
    /// Days of security events, at least 30.
    pub security_event_days: u32,
    /// Days of transcripts of jobs that have ended.
    pub transcript_days: u32,
    /// Days after which completed tickets are archived.
    pub archive_days: u32,
}

impl Retention {
    /// The configured retention.
    pub fn of(config: &Config) -> Self {
        Self {
            history_months: config.history_months,
            security_event_days: config.security_event_days,
            transcript_days: config.transcript_days,
            archive_days: config.archive_days,
        }
    }
}

/// Creates partitions in advance, deletes expired rows, prunes transcripts and archives tickets.
pub async fn once(db: &Db, retention: Retention) -> Result<Value> {
    let number = |value: u32| i32::try_from(value).unwrap_or(MAX_DAYS).min(MAX_DAYS);
    let (months, days) = (number(retention.history_months), number(retention.security_event_days));
    let mut done: Value = db.call(sql_fn!(run_maintenance(history_months: months, security_event_days: days))).await?;
    let (transcript_days, archive_days) = (number(retention.transcript_days), number(retention.archive_days));
    let (mut pruned, mut archived) = (0_i64, 0_i64);
    // A part in each transaction, until nothing is left.
    loop {
        match db.scalar::<i32>(sql_fn!(prune_transcripts(days: transcript_days))).await? {
            0 => break,
            jobs => pruned += i64::from(jobs),
        }
    }
    loop {
        match db.scalar::<i32>(sql_fn!(archive_completed_tickets(days: archive_days))).await? {
            0 => break,
            tickets => archived += i64::from(tickets),
        }
    }
    if let Some(done) = done.as_object_mut() {
        done.insert("transcripts_pruned".to_owned(), pruned.into());
        done.insert("tickets_archived".to_owned(), archived.into());
    }
    Ok(done)
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
