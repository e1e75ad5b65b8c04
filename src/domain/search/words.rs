//! What search by words goes by: documents that are composed by the present rules, and how common words are.

use std::time::Duration;

use crate::db::Db;
use crate::{Result, sql_fn};

/// How often a server looks whether there are newer statistics; asking costs next to nothing.
const EVERY: Duration = Duration::from_secs(30);

/// Takes over newer statistics, if there are any; `gather` has them gathered first, after many tickets
/// came at once.
pub async fn refresh(db: &Db, gather: bool) -> Result<bool> {
    db.scalar(sql_fn!(refresh_search_words(gather: gather))).await
}

/// Documents composed anew at once.
const BITE: i32 = 200;

/// Composes documents anew that an older version composed; answers how many.
pub async fn reindex(db: &Db) -> Result<usize> {
    let mut count = 0;
    loop {
        let done: i32 = db.scalar(sql_fn!(reindex_outdated(max_rows: BITE))).await?;
        if done == 0 {
            return Ok(count);
        }
        count += usize::try_from(done).unwrap_or_default();
    }
}

/// Keeps up for as long as the server runs.
pub async fn run(db: Db) {
    loop {
        match reindex(&db).await {
            Ok(0) => {}
            Ok(count) => tracing::info!(count, "search documents were composed anew"),
            Err(error) => tracing::debug!(%error, "search documents could not be composed anew"),
        }
        if let Err(error) = refresh(&db, false).await {
            tracing::debug!(%error, "the commonness of words could not be read");
        }
        tokio::time::sleep(EVERY).await;
    }
}
