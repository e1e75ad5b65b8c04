//! Maintenance of keyword search: rebuilds outdated search documents and reloads word statistics.

use std::time::{Duration, Instant};

use crate::db::Db;
use crate::{Result, sql_fn};

/// Interval between checks for newer statistics; a check is cheap.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// Loads newer word statistics, if there are any. `gather` collects them first, e.g. after a bulk import.
pub async fn refresh(db: &Db, gather: bool) -> Result<bool> {
    db.scalar(sql_fn!(refresh_search_words(gather: gather))).await
}

/// Documents rebuilt per transaction.
const BATCH_SIZE: i32 = 100;

/// Interval between log lines on the progress of rebuilding.
const REPORT_INTERVAL: Duration = Duration::from_secs(10);

/// Search documents, and how many of them an older version wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TextProgress {
    /// The version of the rules that turn text into words.
    pub version: i64,
    /// The number of documents.
    pub documents: i64,
    /// Those that are still to be rebuilt.
    pub outdated: i64,
}

/// The progress of rebuilding search documents after an upgrade.
pub async fn progress(db: &Db) -> Result<TextProgress> {
    db.call(sql_fn!(search_text_progress())).await
}

/// Rebuilds search documents written by an older version and returns their number.
pub async fn reindex(db: &Db) -> Result<usize> {
    let mut count = 0;
    let mut reported = Instant::now();
    loop {
        let done: i32 = db.scalar(sql_fn!(reindex_outdated(max_rows: BATCH_SIZE))).await?;
        if done == 0 {
            return Ok(count);
        }
        count += usize::try_from(done).unwrap_or_default();
        if reported.elapsed() > REPORT_INTERVAL {
            let left = progress(db).await?.outdated;
            tracing::info!(rebuilt = count, left, "search documents are being rebuilt");
            reported = Instant::now();
        }
    }
}

/// Runs the maintenance until aborted.
pub async fn run(db: Db) {
    loop {
        match reindex(&db).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "search documents rebuilt"),
            Err(error) => tracing::warn!(%error, "search documents could not be rebuilt"),
        }
        if let Err(error) = refresh(&db, false).await {
            tracing::debug!(%error, "word statistics could not be refreshed");
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
