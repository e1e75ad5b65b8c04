//! `callboard bench search`: the quality and the speed of search.
//!
//! Quality is measured over the REST API with labelled queries derived from real tickets. Speed is compared with
//! plain SQL: the same function, queries and number of connections, with precomputed embeddings. No test depends on
//! the results.

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

use self::dataset::Dataset;
use super::report::Report;
use super::test_server::TestServer;
use crate::domain::embeddings::Bert;
use crate::{Error, Result};

/// Flags of `callboard bench search`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// Folder of the runtime (Postgres and the embedding model), as `make setup` unpacks it.
    #[arg(long, env = "CALLBOARD_RUNTIME_DIR", default_value = ".runtime")]
    pub runtime_dir: PathBuf,
    /// Tickets to search: a JSONL export of the issue tracker beads. Defaults to generated tickets.
    #[arg(long, value_name = "FILE")]
    pub data: Option<PathBuf>,
    /// Additional labelled queries: [{"query": …, "relevant": [ids in the export]}].
    #[arg(long, value_name = "FILE")]
    pub queries: Vec<PathBuf>,
    /// Use every Nth title as a query.
    #[arg(long, default_value_t = 3)]
    pub every: usize,
    /// Dataset sizes for the measurements of speed.
    #[arg(long, value_delimiter = ',', default_value = "10000,100000")]
    pub tickets: Vec<i64>,
    /// Minimum seconds per measurement of speed.
    #[arg(long, default_value_t = 4)]
    pub seconds: u64,
    /// Run only benchmarks whose name contains this text: quality, recall, speed.
    #[arg(long)]
    pub only: Option<String>,
}

/// Runs the benchmarks and prints their tables.
pub async fn run(args: SearchArgs) -> Result<()> {
    let wanted = |name: &str| args.only.as_deref().is_none_or(|only| only.split(',').any(|only| name.contains(only)));
    let server = TestServer::start(&args.runtime_dir, "local").await?;
    let mut report = Report::default();
    let dataset = Dataset::open(&server, &args, wanted("quality"), &mut report).await?;
    if wanted("quality") {
        let sets = labelled::sets(&server, &dataset, &args.queries, args.every.max(1)).await?;
        quality::measure(&server, &sets, &mut report).await?;
        report.print();
    }
    if wanted("recall") || wanted("speed") {
        let bert = Bert::load(&args.runtime_dir.join("all-minilm-l6-v2")).map_err(Error::Setup)?;
        let mut generated = generate::prepare(&server, &dataset).await?;
        for (place, tickets) in args.tickets.iter().enumerate() {
            generate::fill(&server, &dataset, &mut generated, *tickets).await?;
            if wanted("recall") && place + 1 == args.tickets.len() {
                recall::measure(&server, &bert, &generated, &mut report).await?;
            }
            if wanted("speed") {
                speed::measure(&server, &bert, &generated, Duration::from_secs(args.seconds.max(1)), &mut report)
                    .await?;
            }
        }
    }
    server.close().await;
    Ok(())
}
