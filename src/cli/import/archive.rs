//! `callboard import archive`: checks an archive, brings its rows to the database, and imports them in one transaction.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::cli::database::DatabaseArgs;
use crate::cli::output;
use crate::db::Db;
use crate::domain::archive::{self, Contents, Imported, Limits};
use crate::domain::operators::operator;
use crate::{Error, Result};

/// Flags of `callboard import archive`.
#[derive(Debug, Args)]
pub struct ArchiveArgs {
    /// The archive.
    pub file: PathBuf,
    /// Import nothing unless the archive has this SHA-256, which `callboard export archive` prints.
    #[arg(long, value_name = "HEX")]
    pub sha256: Option<String>,
    /// Only check the archive and print what is in it.
    #[arg(long)]
    pub check: bool,
    /// Maximum size of the archive after decompression, in GiB.
    #[arg(long, value_name = "GIB", default_value_t = 64, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub max_size: u64,
    /// The importing actor, by id or e-mail address. Defaults to the first administrator.
    #[arg(long = "as", value_name = "ACTOR")]
    pub actor: Option<String>,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// Runs `callboard import archive …`.
pub(super) async fn command(args: ArchiveArgs, json: bool) -> Result<ExitCode> {
    let contents = verify(&args).await?;
    if let Some(wanted) = &args.sha256
        && !wanted.eq_ignore_ascii_case(&contents.digest)
    {
        return Err(Error::Setup(format!(
            "The archive has the SHA-256 {}, not the one that was given. Nothing was imported.",
            contents.digest
        )));
    }
    if args.check {
        report_contents(&contents, json)?;
        return Ok(ExitCode::SUCCESS);
    }
    let open = args.database.open().await?;
    let outcome = run(&args, &contents, &open.db).await;
    open.close().await;
    let imported = outcome?;
    if json {
        output::json(&json!({"sha256": contents.digest, "imported": imported}))?;
    } else {
        report(&contents, &imported);
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(args: &ArchiveArgs) -> Result<Contents> {
    let unreadable =
        |error: std::io::Error| Error::Setup(format!("The file {} cannot be read: {error}.", args.file.display()));
    let about = std::fs::metadata(&args.file).map_err(unreadable)?;
    if !about.is_file() {
        return Err(Error::Setup(format!(
            "{} is not a file; an archive is read twice, so it cannot be a pipe.",
            args.file.display()
        )));
    }
    let bar = output::progress_bar(about.len(), "Checking   {bar:40} {bytes}/{total_bytes}");
    let read = Arc::new(AtomicU64::new(0));
    let checking = archive::verify(&args.file, Limits { max_bytes: args.max_size << 30 }, read.clone());
    let mut checking = std::pin::pin!(checking);
    let contents = loop {
        tokio::select! {
            contents = &mut checking => break contents,
            () = tokio::time::sleep(Duration::from_millis(100)) => bar.set_position(read.load(Ordering::Relaxed)),
        }
    };
    bar.finish_and_clear();
    contents
}

async fn run(args: &ArchiveArgs, contents: &Contents, db: &Db) -> Result<Imported> {
    let caller = operator(db, args.actor.as_deref()).await?;
    let staging = output::progress_bar(contents.rows(), "Copying    {bar:40} {human_pos}/{human_len} rows");
    let writing = output::progress_bar(contents.rows(), "Importing  {bar:40} {human_pos}/{human_len} rows {msg}");
    writing.enable_steady_tick(Duration::from_millis(200));
    let imported = archive::import(
        db,
        &caller,
        &args.file,
        contents,
        |rows| staging.set_position(rows),
        |section, rows| {
            staging.finish_and_clear();
            writing.set_message(section.to_owned());
            writing.set_position(rows);
        },
    )
    .await;
    staging.finish_and_clear();
    writing.finish_and_clear();
    imported
}

fn report_contents(contents: &Contents, json: bool) -> Result<()> {
    if json {
        return output::json(
            &json!({"sha256": contents.digest, "schema": contents.schema, "sections": contents.sections}),
        );
    }
    output::table(
        ["WORKFLOW", "SECTION", "ROWS"],
        contents.sections.iter().map(|section| {
            [
                section.workflow.clone().unwrap_or_else(|| "(server)".to_owned()),
                section.section.clone(),
                section.lines.to_string(),
            ]
        }),
    );
    eprintln!("The archive is complete, SHA-256 {}.", contents.digest);
    Ok(())
}

fn report(contents: &Contents, imported: &Imported) {
    for workflow in &imported.workflows {
        println!(
            "{}  {}: {} tickets, {} events",
            workflow.workflow_id,
            output::one_line(&workflow.name),
            workflow.tickets,
            workflow.events
        );
    }
    eprintln!(
        "Of the people and agents, {} are here already and {} are new.",
        imported.people_found, imported.people_created
    );
    if imported.accounts_created > 0 {
        eprintln!(
            "{} new accounts have no password: `callboard user reset-password E-MAIL` gives them one.",
            imported.accounts_created
        );
    }
    if imported.people_renamed > 0 {
        eprintln!("{} have another id here.", imported.people_renamed);
    }
    if imported.ids_replaced > imported.people_renamed {
        eprintln!(
            "{} other ids were taken here and were replaced; keys such as TKT-1 are the same.",
            imported.ids_replaced - imported.people_renamed
        );
    }
    if contents.sections.iter().any(|section| section.section == "webhooks") {
        eprintln!("Webhooks are stopped until they get a new secret.");
    }
    eprintln!("An archive holds no API keys: create new ones for agents and services.");
}
