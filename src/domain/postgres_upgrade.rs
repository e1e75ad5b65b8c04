//! Moving the embedded Postgres to a newer major version: every table has the same rows afterwards, or nothing has changed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;
use tokio_postgres::Client;

use crate::db::embedded::upgrade::{self, Upgrade};
use crate::db::embedded::{Embedded, Options, StartError};
use crate::db::pool;
use crate::{Error, Result};

/// Receives what is being done.
pub type OnStep = Arc<dyn Fn(&str) + Send + Sync>;

/// An upgrade that was carried out.
#[derive(Debug, Clone, Serialize)]
pub struct Upgraded {
    /// The old major version.
    pub from: u32,
    /// The new one.
    pub to: u32,
    /// Tables that were compared.
    pub tables: usize,
    /// Their rows.
    pub rows: i64,
    /// Where the old data are kept.
    pub kept: PathBuf,
}

/// The number of rows of each table, and a hash of their contents that does not depend on their order.
type Contents = BTreeMap<String, (i64, String)>;

/// Upgrades the cluster in the data directory of `options` to their major version.
pub async fn upgrade(options: &Options, on_step: OnStep) -> Result<Upgraded> {
    let from = upgrade::version_of(&options.data_dir).ok_or_else(|| {
        Error::Setup(format!(
            "There is no database in {}: set CALLBOARD_DATA_DIR to the folder of one.",
            options.data_dir.display()
        ))
    })?;
    if from >= options.major {
        return Err(Error::Setup(format!("The database is at Postgres {from} already: there is nothing to upgrade.")));
    }
    let old = Options { major: from, ..options.clone() };
    on_step(&format!("Reading the database of Postgres {from}"));
    // This also recovers it after a crash and stops it cleanly, which pg_upgrade requires.
    let before = contents(&old).await?;
    let upgrade = Upgrade::open(&old, options).map_err(setup)?;
    match convert(upgrade, &before, on_step).await {
        Ok(kept) => Ok(Upgraded {
            from,
            to: options.major,
            tables: before.len(),
            rows: before.values().map(|(n, _)| n).sum(),
            kept,
        }),
        Err(error) => Err(error),
    }
}

async fn convert(upgrade: Upgrade, before: &Contents, on_step: OnStep) -> Result<PathBuf> {
    let steps = on_step.clone();
    let task = tokio::task::spawn_blocking(move || {
        let outcome = upgrade.run(|line| {
            // pg_upgrade ends a step with "ok" on its line.
            if let Some(step) = line.strip_suffix("ok") {
                steps(step.trim());
            }
        });
        (upgrade, outcome)
    });
    let (upgrade, outcome) = task.await.map_err(|error| Error::Internal(format!("a task has ended: {error}")))?;
    let checked = match outcome.map_err(setup) {
        Ok(()) => {
            on_step("Comparing all tables");
            contents(&upgrade.options()).await.and_then(|after| compare(before, &after))
        }
        Err(error) => Err(error),
    };
    match checked {
        Ok(()) => upgrade.finish().map_err(setup),
        Err(error) => {
            upgrade.discard();
            Err(error)
        }
    }
}

fn compare(before: &Contents, after: &Contents) -> Result<()> {
    let different: Vec<&str> = before
        .iter()
        .filter(|(table, found)| after.get(*table) != Some(*found))
        .map(|(table, _)| table.as_str())
        .collect();
    if different.is_empty() {
        return Ok(());
    }
    Err(Error::Setup(format!(
        "The upgraded tables {} differ from the old ones: nothing was changed, and the old version still runs the database.",
        different.join(", ")
    )))
}

/// Runs the cluster to read all tables, and gathers the statistics of the planner if there are none.
async fn contents(options: &Options) -> Result<Contents> {
    let postgres = Embedded::start(options.clone()).await.map_err(setup)?;
    let found = async {
        let client = pool::connect(postgres.url(), "callboard-upgrade").await?;
        client.batch_execute("set statement_timeout = 0; set timezone = 'UTC'; analyze").await?;
        read(&client).await
    }
    .await;
    postgres.stop().await;
    found
}

async fn read(client: &Client) -> Result<Contents> {
    let tables = client
        .query(
            "select c.relname::text from pg_class c
              where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
                and not exists (select from pg_depend d where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e')
              order by 1",
            &[],
        )
        .await?;
    let mut found = Contents::new();
    for row in tables {
        let table: String = row.try_get(0)?;
        let sql = format!(
            "select count(*), coalesce(sum(hashtextextended(t::text collate \"C\", 0)::numeric), 0)::text from public.\"{}\" t",
            table.replace('"', "\"\"")
        );
        let row = client.query_one(&sql, &[]).await?;
        found.insert(table, (row.try_get(0)?, row.try_get(1)?));
    }
    Ok(found)
}

/// Removes the data of old versions that upgrades have kept.
pub fn confirm(options: &Options) -> Result<Vec<PathBuf>> {
    upgrade::remove_kept(options).map_err(setup)
}

fn setup(error: StartError) -> Error {
    Error::Setup(error.to_string())
}
