//! `callboard embeddings`: how far the vectors for search by meaning are.

use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use indicatif::ProgressBar;

use super::database::DatabaseArgs;
use super::output;
use crate::db::Db;
use crate::domain::embeddings::{self, Progress};
use crate::{Error, Result};

/// How often `--watch` looks, and when it wonders whether anybody works.
const EVERY: Duration = Duration::from_millis(500);
const STILL: Duration = Duration::from_secs(20);

/// What to do about embeddings.
#[derive(Debug, Subcommand)]
pub enum EmbeddingsCommand {
    /// Show each model and how many tickets have its vectors.
    Status(StatusArgs),
    /// Let servers try at once what failed, instead of later.
    Retry(DatabaseArgs),
}

/// Flags of `callboard embeddings status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Stay until every ticket is embedded.
    #[arg(long)]
    pub watch: bool,
    /// Where the database is.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Runs `callboard embeddings …`.
pub async fn command(command: EmbeddingsCommand, json: bool) -> Result<()> {
    match command {
        EmbeddingsCommand::Retry(database) => {
            let open = database.open().await?;
            let outcome = embeddings::retry(&open.db).await;
            open.close().await;
            let tickets = outcome?;
            if json {
                return output::json(&serde_json::json!({ "retried": tickets }));
            }
            eprintln!("{tickets} tickets that failed are tried again.");
            Ok(())
        }
        EmbeddingsCommand::Status(args) => {
            let open = args.database.open().await?;
            let outcome = if args.watch { watch(&open.db, json).await } else { status(&open.db, json).await };
            open.close().await;
            outcome
        }
    }
}

async fn status(db: &Db, json: bool) -> Result<()> {
    let models = embeddings::progress(db).await?;
    if json {
        return output::json(&models);
    }
    if models.is_empty() {
        eprintln!("No embedding model was ever in use; search goes by words.");
        return Ok(());
    }
    let rows = models.iter().map(|m| {
        let oldest = m.oldest.as_deref().and_then(|at| at.parse().ok());
        [
            m.model.clone(),
            m.dimensions.to_string(),
            m.state.clone(),
            format!("{}/{}", m.embedded, m.total),
            m.queued.to_string(),
            m.failed.to_string(),
            output::time(oldest),
        ]
    });
    output::table(["MODEL", "DIMENSIONS", "STATE", "EMBEDDED", "WAITING", "FAILED", "WAITING SINCE"], rows);
    Ok(())
}

/// Follows the newest model that is wanted until nothing of it waits but what failed.
async fn watch(db: &Db, json: bool) -> Result<()> {
    let mut bar: Option<ProgressBar> = None;
    let mut last: Option<Progress> = None;
    let mut changed = Instant::now();
    loop {
        let models = embeddings::progress(db).await?;
        let Some(model) = models.into_iter().rev().find(|model| model.state != "retired") else {
            return Err(Error::Setup(
                "No embedding model was ever in use; a server with a provider registers its own.".to_owned(),
            ));
        };
        let done = model.state == "serving" && model.queued == model.failed;
        if last.as_ref() != Some(&model) {
            changed = Instant::now();
            if json {
                output::json(&model)?;
            } else {
                let bar = bar.get_or_insert_with(|| {
                    output::progress_bar(1, "{prefix} {wide_bar} {pos}/{len} {msg} {eta}")
                        .with_prefix(model.model.clone())
                });
                bar.set_length(u64::try_from(model.total).unwrap_or_default());
                bar.set_position(u64::try_from(model.total - (model.queued - model.failed)).unwrap_or_default());
                if model.failed > 0 {
                    bar.set_message(format!("{} failed", model.failed));
                }
            }
            last = Some(model.clone());
        }
        if done {
            if let Some(bar) = bar {
                bar.finish_and_clear();
            }
            if !json {
                let failed = if model.failed > 0 {
                    format!("; {} failed and are tried later", model.failed)
                } else {
                    String::new()
                };
                eprintln!("{} has the vectors of {} of {} tickets{failed}.", model.model, model.embedded, model.total);
            }
            return Ok(());
        }
        if changed.elapsed() > STILL && !json {
            eprintln!(
                "Nothing was embedded for {} seconds; does a server run, and what does its /ready say?",
                STILL.as_secs()
            );
            changed = Instant::now();
        }
        tokio::time::sleep(EVERY).await;
    }
}
