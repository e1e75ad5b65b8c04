//! Maintenance of keyword search: rebuilds outdated search documents and reloads word statistics.

use std::time::Duration;

use crate::db::Db;
use crate::{Result, sql_fn};

/// Interval between checks for newer statistics; a check is cheap.
const POLL_INTERVAL: Duration = Duration::from_secs(30);

/// Loads newer word statistics, if there are any. `gather` collects them first, e.g. after a bulk import.
pub async fn refresh(db: &Db, gather: bool) -> Result<bool> {
    db.scalar(sql_fn!(refresh_search_words(gather: gather))).await
}

/// Documents rebuilt per transaction.
const BATCH_SIZE: i32 = 200;

/// Rebuilds search documents written by an older version and returns their number.
pub async fn reindex(db: &Db) -> Result<usize> {
    let mut count = 0;
    loop {
        let done: i32 = db.scalar(sql_fn!(reindex_outdated(max_rows: BATCH_SIZE))).await?;
        if done == 0 {
            return Ok(count);
        }
        count += usize::try_from(done).unwrap_or_default();
    }
}

/// Runs the maintenance until aborted.
pub async fn run(db: Db) {
    loop {
        match reindex(&db).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "search documents rebuilt"),
            Err(error) => tracing::debug!(%error, "search documents could not be rebuilt"),
        }
        if let Err(error) = refresh(&db, false).await {
            tracing::debug!(%error, "word statistics could not be refreshed");
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
