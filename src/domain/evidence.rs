//! Evidence: the hash chains of history, checkpoints of them that are signed, and exports that are verified without a database.
//!
//! The rows of each stream are chained soon after their commit, in the background: hash(n) = SHA-256(hash(n − 1) ‖ line(n)),
//! where the line is the row as a JSON array (`logic.history_line`). Somebody with full access to the database can rewrite both
//! a row and its chain; a checkpoint that is kept elsewhere proves that too.

pub mod checkpoint;
pub mod exported;

use std::time::Duration;

use aws_lc_rs::digest;
use serde::{Deserialize, Serialize};

use crate::db::{Db, Work};
use crate::domain::operators::{self, Verification};
use crate::{Result, sql_fn};

/// Rows that are chained in one transaction.
const BATCH_SIZE: i32 = 5000;
/// Blocks of 512 rows that are verified by one statement.
const VERIFY_BLOCKS: i32 = 100;
/// Chains that are read by one statement.
const PAGE_SIZE: i32 = 1000;
/// Broken streams that a verification names.
const MAX_BROKEN: usize = 100;
/// The longest time between two looks for rows to chain.
const LOOK_INTERVAL: Duration = Duration::from_secs(60);

/// The end of a stream's chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// The stream.
    pub stream: String,
    /// The last pruned row; the kept chain begins after it.
    pub cut_seq: i64,
    /// The hash there, in hexadecimal digits.
    pub cut_hash: String,
    /// The last chained row.
    pub seq: i64,
    /// The hash there.
    pub hash: String,
}

/// A row that is missing or was changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BrokenRow {
    /// The stream; `workflow:` and the id of the workflow.
    pub stream_id: String,
    /// The first number that does not fit.
    pub seq: i64,
    /// What is wrong.
    pub why: String,
}

/// The result of verifying the streams and their chains.
#[derive(Debug, Clone, Serialize)]
pub struct Proof {
    /// Numbers without gaps.
    #[serde(flatten)]
    pub numbers: Verification,
    /// Events that are chained.
    pub chained: i64,
    /// Events after the first broken row of their stream, which cannot be proved.
    pub unprovable: i64,
    /// The first broken row of each stream that has one, at most 100 of them.
    pub broken_rows: Vec<BrokenRow>,
}

impl Proof {
    /// Whether nothing is wrong.
    pub fn holds(&self) -> bool {
        self.numbers.broken.is_empty() && self.numbers.strays == 0 && self.broken_rows.is_empty()
    }
}

/// Chains rows soon after their commit; a background task. Several servers may run it: one of them works at a time.
pub async fn seal(db: Db) {
    loop {
        if let Err(error) = seal_all(&db).await {
            tracing::debug!(%error, "history could not be chained; it will be retried");
        }
        db.wait_for_work(Work::Seals, LOOK_INTERVAL).await;
    }
}

/// Chains all rows that are committed and not chained yet.
pub async fn seal_all(db: &Db) -> Result<()> {
    loop {
        let sealed: i32 = db.scalar(sql_fn!(seal_history(max_rows: BATCH_SIZE))).await?;
        let progress: Progress = db.call(sql_fn!(get_sealing_progress())).await?;
        if progress.is_filled && (progress.streams_behind == 0 || sealed == 0) {
            return Ok(());
        }
    }
}

#[derive(Deserialize)]
struct Progress {
    streams_behind: i64,
    is_filled: bool,
}

/// Calls `each` with the end of every chain, or of those of one workflow, in the order of streams.
pub async fn for_each_chain(
    db: &Db,
    workflow: Option<&str>,
    mut each: impl AsyncFnMut(Chain) -> Result<()>,
) -> Result<()> {
    let mut after = String::new();
    loop {
        let call = sql_fn!(list_chains(after_stream: after, max_rows: PAGE_SIZE, workflow: workflow));
        let page: Vec<Chain> = db.call(call).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.stream.clone();
        for chain in page {
            each(chain).await?;
        }
    }
}

#[derive(Deserialize)]
struct ChainCheck {
    checked: i64,
    broken: Option<i64>,
    sealed: i64,
    is_complete: bool,
    after: i64,
    is_rolled_back: bool,
}

/// Verifies the numbers of all streams and their chains. `on_progress` receives how many chained events are verified.
pub async fn verify(db: &Db, on_progress: impl Fn(i64)) -> Result<Proof> {
    let numbers = operators::verify_streams(db).await?;
    let (mut chained, mut unprovable, mut broken_rows) = (0, 0, Vec::new());
    for_each_chain(db, None, async |chain| {
        let mut after = 0;
        loop {
            let call = sql_fn!(verify_chain(stream: chain.stream, after_seq: after, max_blocks: VERIFY_BLOCKS));
            let found: ChainCheck = db.call(call).await?;
            let from = after.max(chain.cut_seq);
            chained += found.checked - from;
            on_progress(chained);
            let wrong = match found.broken {
                Some(seq) => Some((seq, "the row is missing or was changed after it was written")),
                None if found.is_rolled_back => Some((found.sealed, "the stream has lost rows that were chained")),
                None => None,
            };
            // A row that was missing before it was chained ends the chain for ever.
            let has_hole = || numbers.broken.iter().any(|stream| stream.stream_id == chain.stream);
            if found.is_complete && (wrong.is_some() || has_hole()) {
                unprovable += found.after;
            }
            if let Some((seq, why)) = wrong
                && broken_rows.len() < MAX_BROKEN
            {
                broken_rows.push(BrokenRow { stream_id: chain.stream.clone(), seq, why: why.to_owned() });
            }
            if found.is_complete || found.checked <= from {
                return Ok(());
            }
            after = found.checked;
        }
    })
    .await?;
    Ok(Proof { numbers, chained, unprovable, broken_rows })
}

/// The hash that a stream's chain begins with (`logic.chain_start`).
fn chain_start(stream: &str) -> Vec<u8> {
    digest::digest(&digest::SHA256, stream.as_bytes()).as_ref().to_vec()
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The bytes of hexadecimal digits.
fn from_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = (0..text.len()).step_by(2).map(|at| text.get(at..at + 2));
    pairs.map(|pair| u8::from_str_radix(pair?, 16).ok()).collect()
}
