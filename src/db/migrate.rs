//! Migrations, and the rebuild of the schemas `logic` and `reporting`.
//!
//! Tables change by numbered migrations (refinery). Functions, triggers and views are dropped and made
//! anew from `sql/` in one transaction whenever their text changed: there is no second copy of a function
//! in a migration, and no moment in which a writer meets a table without its triggers.

use aws_lc_rs::digest;
use rust_embed::RustEmbed;
use tokio_postgres::Client;

use crate::db::pool;
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

/// Advisory lock held while migrating: nodes that start together take turns.
const LOCK: i64 = 0x0063_616c_6c62_6f61;

/// What a migration run did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Names of the migrations applied by this run.
    pub applied: Vec<String>,
    /// Whether `logic` and `reporting` were rebuilt.
    pub rebuilt: bool,
}

/// Brings the database to this binary's schema. Safe to run from many nodes at once and again after
/// being killed anywhere.
pub async fn run(url: &str) -> Result<Outcome> {
    let mut client = pool::connect(url, "callboard-migrate").await?;
    client.batch_execute("set lock_timeout = 0; set statement_timeout = 0").await?;
    // The lock is the session's: it is gone with the connection, also when we are killed.
    client.execute("select pg_advisory_lock($1)", &[&LOCK]).await?;
    client.batch_execute("create extension if not exists vector").await.map_err(|error| {
        Error::Setup(format!(
            "The extension vector cannot be created ({}); as a superuser run `create extension vector` in this database, then start again.",
            crate::error::describe_db(&error)
        ))
    })?;
    let report = embedded_migrations::migrations::runner()
        .run_async(&mut client)
        .await
        .map_err(|error| Error::Setup(format!("A migration failed: {}.", explain(&error))))?;
    let applied = report.applied_migrations().iter().map(ToString::to_string).collect();
    let rebuilt = rebuild(&mut client).await?;
    client.execute("select logic.create_history_partitions()", &[]).await?;
    Ok(Outcome { applied, rebuilt })
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

/// The text of the two schemas in file order.
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

/// Rebuilds `logic` and `reporting` in one transaction if their text differs from what the database has.
async fn rebuild(client: &mut Client) -> Result<bool> {
    let files = sources()?;
    let mut context = digest::Context::new(&digest::SHA256);
    for (name, text) in &files {
        context.update(name.as_bytes());
        context.update(text.as_bytes());
    }
    let fingerprint = context.finish().as_ref().iter().map(|b| format!("{b:02x}")).collect::<String>();
    let current = client.query_opt("select fingerprint from logic_fingerprint", &[]).await?;
    if current.is_some_and(|row| row.get::<_, String>(0) == fingerprint) {
        return Ok(false);
    }
    // Readers and writers in flight may hold what we want and want what we hold; one side is told to retry.
    let mut attempt = 1;
    loop {
        match build(client, &files, &fingerprint).await {
            Err(error) if error.is_retryable() && attempt < 20 => attempt += 1,
            outcome => return outcome.map(|()| true),
        }
    }
}

async fn build(client: &mut Client, files: &[(String, String)], fingerprint: &str) -> Result<()> {
    let transaction = client.transaction().await?;
    // Dropping a trigger needs this lock anyway; taken first and in one order, writers wait here instead
    // of meeting a table without triggers.
    transaction
        .batch_execute(
            "lock table actors, workflows, boards, board_columns, tickets, ticket_blockers, ticket_comments,
                        comment_reactions, ticket_commits, streams, history in access exclusive mode;
             drop schema if exists logic cascade;
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
            "insert into logic_fingerprint (fingerprint) values ($1)
             on conflict (singleton) do update set fingerprint = excluded.fingerprint, built_at = now()",
            &[&fingerprint],
        )
        .await?;
    transaction.commit().await?;
    Ok(())
}
