//! `callboard bench search`: what search finds, and how fast.
//!
//! Quality is measured through the server as any client would ask it, on labelled queries made from real
//! tickets. Speed is measured beside bare SQL: the same function, called for the same queries over as many
//! connections, with vectors that were made before. Nothing here gates a test.

mod dataset;
mod generate;
mod labelled;
mod quality;
mod queries;
mod recall;
mod speed;
mod workload;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use self::dataset::Stock;
use super::report::Report;
use super::test_server::House;
use crate::domain::embeddings::Bert;
use crate::{Error, Result};

/// Flags of `callboard bench search`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// Where the fetched runtime (Postgres and the embedding model) is unpacked.
    #[arg(long, env = "CALLBOARD_RUNTIME_DIR", default_value = ".runtime")]
    pub runtime_dir: PathBuf,
    /// Tickets to search: the JSONL export of the issue tracker beads. Without one, tickets are made up.
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Labelled queries beside those made from the tickets: [{"query": …, "relevant": [ids in the export]}].
    #[arg(long, value_name = "FILE")]
    pub queries: Vec<PathBuf>,
    /// Of the titles that are used as queries, take one of so many.
    #[arg(long, default_value_t = 3)]
    pub every: usize,
    /// Numbers of tickets to measure speed with.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000")]
    pub tickets: Vec<i64>,
    /// Seconds each measurement of speed takes at least.
    #[arg(long, default_value_t = 4)]
    pub seconds: u64,
    /// Measure only what has this in its name: quality, recall, speed.
    #[arg(long)]
    pub only: Option<String>,
}

/// Runs the measurements and prints their tables.
pub async fn run(args: SearchArgs) -> Result<()> {
    let wanted = |name: &str| args.only.as_deref().is_none_or(|only| only.split(',').any(|only| name.contains(only)));
    let house = House::start(&args.runtime_dir, "local").await?;
    let mut report = Report::default();
    let stock = Stock::open(&house, &args, wanted("quality"), &mut report).await?;
    if wanted("quality") {
        let sets = labelled::sets(&house, &stock, &args.queries, args.every.max(1)).await?;
        quality::measure(&house, &sets, &mut report).await?;
        report.print();
    }
    if wanted("recall") || wanted("speed") {
        let bert = Bert::load(&args.runtime_dir.join("all-minilm-l6-v2")).map_err(Error::Setup)?;
        let mut grown = generate::prepare(&house, &stock).await?;
        for (place, tickets) in args.tickets.iter().enumerate() {
            generate::grow(&house, &stock, &mut grown, *tickets).await?;
            if wanted("recall") && place + 1 == args.tickets.len() {
                recall::measure(&house, &bert, &grown, &mut report).await?;
            }
            if wanted("speed") {
                speed::measure(&house, &bert, &grown, Duration::from_secs(args.seconds.max(1)), &mut report).await?;
            }
        }
    }
    house.close().await;
    Ok(())
}
