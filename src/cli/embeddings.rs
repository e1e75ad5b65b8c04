//! `callboard embeddings`: the state of the embeddings for semantic search.

use std::time::{Duration, Instant};

use clap::{Args, Subcommand};
use indicatif::ProgressBar;

use super::database::DatabaseArgs;
use super::output;
use crate::db::Db;
use crate::domain::embeddings::{self, Progress};
use crate::domain::search::words;
use crate::{Error, Result};

/// Poll interval of `--watch`.
const POLL_INTERVAL: Duration = Duration::from_millis(500);
/// Time without progress after which `--watch` prints a warning.
const STALL_WARNING_AFTER: Duration = Duration::from_secs(20);

/// Subcommands of `callboard embeddings`.
#[derive(Debug, Subcommand)]
pub enum EmbeddingsCommand {
    /// Show each model and its progress.
    Status(StatusArgs),
    /// Retry failed tickets now.
    Retry(DatabaseArgs),
}

/// Flags of `callboard embeddings status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Wait until every ticket is embedded.
    #[arg(long)]
    pub watch: bool,
    /// The database.
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
            eprintln!("{tickets} failed tickets will be retried.");
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
    let text = words::progress(db).await?;
    if text.outdated > 0 {
        eprintln!(
            "Search by words: {} of {} documents are rebuilt for version {}.",
            text.documents - text.outdated,
            text.documents,
            text.version
        );
    }
    if models.is_empty() {
        eprintln!("No embedding model has been used; search is by keyword only.");
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
    output::table(["MODEL", "DIMENSIONS", "STATE", "EMBEDDED", "QUEUED", "FAILED", "QUEUED SINCE"], rows);
    Ok(())
}

/// Follows the newest active model until only failed tickets remain in its queue.
async fn watch(db: &Db, json: bool) -> Result<()> {
    let mut bar: Option<ProgressBar> = None;
    let mut last: Option<Progress> = None;
    let mut changed = Instant::now();
    loop {
        let models = embeddings::progress(db).await?;
        let Some(model) = models.into_iter().rev().find(|model| model.state != "retired") else {
            return Err(Error::Setup(
                "No embedding model has been used; start a server with an embedding provider.".to_owned(),
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
                    format!("; {} failed and will be retried", model.failed)
                } else {
                    String::new()
                };
                eprintln!("{}: {} of {} tickets are embedded{failed}.", model.model, model.embedded, model.total);
            }
            return Ok(());
        }
        if changed.elapsed() > STALL_WARNING_AFTER && !json {
            eprintln!(
                "Nothing was embedded for {} seconds; check that a server is running and see its /ready.",
                STALL_WARNING_AFTER.as_secs()
            );
            changed = Instant::now();
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
