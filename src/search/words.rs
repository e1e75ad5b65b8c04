//! How common words are, which search weighs them by; kept up to date from Postgres's own statistics.

use std::time::Duration;

use crate::Result;
use crate::db::Db;

/// How often a server looks whether there are newer statistics; asking costs next to nothing.
const EVERY: Duration = Duration::from_secs(30);

/// Takes over newer statistics, if there are any; `gather` has them gathered first, after many tickets
/// came at once.
pub async fn refresh(db: &Db, gather: bool) -> Result<bool> {
    db.call(include_str!("../../sql/queries/search/refresh_words.sql"), &[&gather]).await
}

/// Keeps up for as long as the server runs.
pub async fn forever(db: Db) {
    loop {
        if let Err(error) = refresh(&db, false).await {
            tracing::debug!(%error, "the commonness of words could not be read");
        }
        tokio::time::sleep(EVERY).await;
    }
}
