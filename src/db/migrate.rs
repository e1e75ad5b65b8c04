//! Migrations, and the rebuild of the schemas `logic` and `reporting`.
//!
//! Tables change by numbered migrations (refinery). Functions, triggers and views are dropped and created again from
//! `sql/`, in one transaction, when their text has changed: a function has one source, and no write happens while a
//! table lacks its triggers.

use std::collections::BTreeSet;
use std::time::Duration;

use aws_lc_rs::digest;
use rust_embed::RustEmbed;
use tokio_postgres::Client;

use crate::db::pool;
use crate::db::reporting_limits::{END_SESSIONS, MAX_SECONDS};
use crate::{Error, Result};

mod embedded_migrations {
    refinery::embed_migrations!("migrations");
}

#[derive(RustEmbed)]
#[folder = "sql/logic"]
struct Logic;

#[derive(RustEmbed)]
#[folder = "sql/reporting"]
struct Reporting;

/// Advisory lock that serializes the migrations of nodes that start at the same time.
const LOCK: i64 = 0x0063_616c_6c62_6f61;

/// The version of this binary.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The result of a migration run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Names of the migrations applied by this run.
    pub applied: Vec<String>,
    /// Whether `logic` and `reporting` were rebuilt.
    pub rebuilt: bool,
    /// The version of the database's schema, if it is newer than this binary and compatible with it.
    pub newer_schema: Option<i64>,
}

/// Applies migrations and rebuilds `logic` and `reporting`. Safe to run concurrently on several nodes, and to repeat
/// after a crash.
pub async fn run(url: &str) -> Result<Outcome> {
    let mut client = pool::connect(url, "callboard-migrate").await?;
    client.batch_execute("set lock_timeout = 0; set statement_timeout = 0").await?;
    lock(&client).await?;
    let runner = embedded_migrations::migrations::runner();
    let own = runner.get_migrations().iter().map(|migration| i64::from(migration.version())).max().unwrap_or(0);
    if let Some(newer_schema) = newer_schema(&client, own).await? {
        return Ok(Outcome { applied: Vec::new(), rebuilt: false, newer_schema: Some(newer_schema) });
    }
    client.batch_execute("create extension if not exists vector").await.map_err(|error| {
        Error::Setup(format!(
            "The extension vector cannot be created ({}); as a superuser run `create extension vector` in this database, then start again.",
            crate::error::describe_db(&error)
        ))
    })?;
    let report = runner
        .run_async(&mut client)
        .await
        .map_err(|error| Error::Setup(format!("A migration failed: {}.", explain(&error))))?;
    let applied = report.applied_migrations().iter().map(ToString::to_string).collect();
    let rebuilt = rebuild(&mut client).await?;
    client.batch_execute(include_str!("../../sql/queries/reporting/limit_role.sql")).await?;
    client.execute("select logic.create_history_partitions()", &[]).await?;
    Ok(Outcome { applied, rebuilt, newer_schema: None })
}

/// The version of the schema if it is newer than `own`, the newest migration of this binary; an error if this binary is
/// too old for it. Such a binary neither migrates nor rebuilds, because newer servers may run.
async fn newer_schema(client: &Client, own: i64) -> Result<Option<i64>> {
    let exists = async |table: &str| -> Result<bool> {
        Ok(client.query_one("select to_regclass($1) is not null", &[&table]).await?.try_get(0)?)
    };
    if !exists("public.refinery_schema_history").await? {
        return Ok(None);
    }
    let newest = client.query_one("select max(version)::bigint from refinery_schema_history", &[]).await?;
    let Some(newest) = newest.try_get::<_, Option<i64>>(0)?.filter(|newest| *newest > own) else { return Ok(None) };
    let oldest: i64 = match exists("public.schema_compatibility").await? {
        true => client.query_one("select oldest from schema_compatibility", &[]).await?.try_get(0)?,
        false => newest,
    };
    if own >= oldest {
        return Ok(Some(newest));
    }
    Err(Error::Setup(format!(
        "The database has schema V{newest}, which needs a Callboard with schema V{oldest} or newer, and this one ({}) has V{own}: install the newer version again, or restore the backup that was made before the upgrade.",
        VERSION
    )))
}

/// Whether a version such as `1.10.0` comes after another.
fn is_newer(version: &str, than: &str) -> bool {
    let numbers =
        |text: &str| -> Vec<u64> { text.split(['.', '-', '+']).map_while(|part| part.parse().ok()).collect() };
    numbers(version) > numbers(than)
}

/// Waits for the session lock, which is released with the connection, also after a crash. Any role may take advisory locks,
/// so sessions of the reporting role that hold one are ended meanwhile.
async fn lock(client: &Client) -> Result<()> {
    loop {
        if client.query_one("select pg_try_advisory_lock($1)", &[&LOCK]).await?.try_get(0)? {
            return Ok(());
        }
        client.query(END_SESSIONS, &[&MAX_SECONDS]).await?;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn explain(error: &refinery::Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        text = match inner.downcast_ref::<tokio_postgres::Error>() {
            Some(error) => format!("{text}: {}", crate::error::describe_db(error)),
            None => format!("{text}: {inner}"),
        };
        source = inner.source();
    }
    text
}

/// The files of the two schemas in the order of their full paths, which is the load order.
fn sources() -> Result<Vec<(String, String)>> {
    fn read<E: RustEmbed>(schema: &str, into: &mut Vec<(String, String)>) -> Result<()> {
        let mut names: Vec<_> = E::iter().filter(|name| name.ends_with(".sql")).collect();
        names.sort();
        for name in names {
            let file = E::get(&name).ok_or_else(|| Error::Internal(format!("sql/{schema}/{name} is not embedded")))?;
            let text = String::from_utf8(file.data.into_owned())
                .map_err(|_| Error::Internal(format!("sql/{schema}/{name} is not UTF-8")))?;
            into.push((format!("sql/{schema}/{name}"), text));
        }
        Ok(())
    }
    let mut files = Vec::new();
    read::<Logic>("logic", &mut files)?;
    read::<Reporting>("reporting", &mut files)?;
    Ok(files)
}

/// Rebuilds `logic` and `reporting` in one transaction if the database has another version of them.
async fn rebuild(client: &mut Client) -> Result<bool> {
    let files = sources()?;
    let mut context = digest::Context::new(&digest::SHA256);
    for (name, text) in &files {
        context.update(name.as_bytes());
        context.update(text.as_bytes());
    }
    let fingerprint = context.finish().as_ref().iter().map(|b| format!("{b:02x}")).collect::<String>();
    if let Some(row) = client.query_opt("select fingerprint, version from logic_fingerprint", &[]).await? {
        let (current, version): (String, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
        // A server of an older version calls the functions of the newer one: their parameters are compatible.
        if current == fingerprint || version.is_some_and(|version| is_newer(&version, VERSION)) {
            return Ok(false);
        }
    }
    // Running transactions may deadlock with the rebuild; the victim retries.
    let mut attempt = 1;
    loop {
        match build(client, &files, &fingerprint).await {
            Err(error) if error.is_retryable() && attempt < 20 => attempt += 1,
            outcome => return outcome.map(|()| true),
        }
    }
}

/// The tables that the files create triggers on.
fn tables_of_new_triggers(files: &[(String, String)]) -> BTreeSet<String> {
    let code = |text: &str| -> String {
        text.lines().filter(|line| !line.starts_with("--")).collect::<Vec<_>>().join(" ").to_lowercase()
    };
    files
        .iter()
        .flat_map(|(_, text)| {
            let code = code(text);
            code.split("create trigger ")
                .skip(1)
                .filter_map(|rest| rest.split(" on ").nth(1)?.split_whitespace().next().map(str::to_owned))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The tables that currently have triggers from `logic`, without partitions, whose triggers follow the parent.
const TABLES_WITH_TRIGGERS: &str = "
    select distinct c.relname::text
      from pg_trigger t
      join pg_class c on c.oid = t.tgrelid and c.relnamespace = 'public'::regnamespace
      join pg_proc p on p.oid = t.tgfoid
      join pg_namespace n on n.oid = p.pronamespace and n.nspname = 'logic'
     where not t.tgisinternal and t.tgparentid = 0";

/// The first tables that a rebuild locks. Functions identify their caller in `actors` before they change anything, so
/// that lock lets running calls finish and holds back new ones. Writers that identify no caller, e.g. background tasks
/// and psql, reach jobs and tickets before the tables that belong to them.
const LOCKED_FIRST: [&str; 3] = ["actors", "jobs", "tickets"];

fn lock_order(mut tables: BTreeSet<String>) -> Vec<String> {
    tables.retain(|table| !LOCKED_FIRST.contains(&table.as_str()));
    LOCKED_FIRST.into_iter().map(str::to_owned).chain(tables).collect()
}

async fn build(client: &mut Client, files: &[(String, String)], fingerprint: &str) -> Result<()> {
    let transaction = client.transaction().await?;
    let mut tables = tables_of_new_triggers(files);
    for row in transaction.query(TABLES_WITH_TRIGGERS, &[]).await? {
        tables.insert(row.try_get(0)?);
    }
    // Dropping and creating triggers needs these locks anyway, except the one on actors. Taken first and in a fixed
    // order, they make writers wait until the new triggers are committed.
    let list = lock_order(tables).iter().map(|name| format!("public.\"{name}\"")).collect::<Vec<_>>().join(", ");
    transaction.batch_execute(&format!("lock table {list} in access exclusive mode")).await?;
    transaction
        .batch_execute(
            "drop schema if exists logic cascade;
             drop schema if exists reporting cascade;
             create schema logic;
             create schema reporting;
             set local check_function_bodies = on;",
        )
        .await?;
    for (name, text) in files {
        transaction.batch_execute(text).await.map_err(|error| match Error::from(error) {
            error if error.is_retryable() => error,
            Error::Database(error) => {
                Error::Setup(format!("{name} cannot be applied: {}.", crate::error::describe_db(&error)))
            }
            other => other,
        })?;
    }
    transaction
        .execute(
            "insert into logic_fingerprint (fingerprint, version) values ($1, $2)
             on conflict (singleton) do update
                set fingerprint = excluded.fingerprint, version = excluded.version, built_at = now()",
            &[&fingerprint, &VERSION],
        )
        .await?;
    transaction.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_of_triggers_are_found_in_the_text() {
        let tables = tables_of_new_triggers(&sources().expect("the files"));
        for table in ["tickets", "jobs", "webhooks", "ticket_activities", "board_transitions"] {
            assert!(tables.contains(table), "{table} is missing: {tables:?}");
        }
        let text = "-- create trigger none on comments\ncreate trigger a\n after update of b on c for each row …;";
        let found = tables_of_new_triggers(&[("f".to_owned(), text.to_owned())]);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!(is_newer("0.10.0", "0.9.9") && is_newer("1.0.0", "0.9.9") && is_newer("0.1.1", "0.1.0"));
        assert!(!is_newer("0.1.0", "0.1.0") && !is_newer("0.1.0", "0.1.1") && !is_newer("", "0.1.0"));
    }

    #[test]
    fn actors_are_locked_before_all_tables_with_triggers() {
        let tables = ["approvals", "jobs", "tickets", "workflows"].map(str::to_owned).into();
        assert_eq!(lock_order(tables), ["actors", "jobs", "tickets", "approvals", "workflows"]);
    }

    #[test]
    fn nested_files_load_in_path_order() {
        let names: Vec<_> = sources().expect("the files").into_iter().map(|(name, _)| name).collect();
        let place = |name: &str| names.iter().position(|n| n == name).unwrap_or_else(|| panic!("{name} is missing"));
        assert!(place("sql/logic/00_kernel/errors.sql") < place("sql/logic/20_tickets/triggers.sql"));
        assert!(place("sql/logic/90_maintenance/verify.sql") < place("sql/reporting/10_workflows.sql"));
    }
}
