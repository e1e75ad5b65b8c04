//! Calls of the functions in `sql/logic/55_embeddings/`.

use jiff::Timestamp;
use pgvector::HalfVector;
use serde::{Deserialize, Serialize};
use tokio_postgres::types::Json;

use super::Progress;
use crate::db::Db;
use crate::{Result, sql_fn};

/// A model in use.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Model {
    pub id: i64,
    pub name: String,
    pub dimensions: i64,
    pub state: String,
}

/// Tickets claimed from the queue until the lease expires.
#[derive(Debug, Deserialize)]
pub(super) struct Claim {
    /// When the texts were read.
    pub claimed_at: Timestamp,
    /// When the lease expires; also its fencing token.
    pub lease: Timestamp,
    pub tickets: Vec<Claimed>,
    /// Number of tickets dropped because their text had not changed.
    pub dropped: i64,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct Claimed {
    pub ticket_id: String,
    pub revision: i64,
    pub hash: String,
    pub texts: Vec<String>,
}

/// What is stored of a claimed ticket in addition to its vectors.
#[derive(Debug, Serialize)]
struct Done<'a> {
    ticket_id: &'a str,
    revision: i64,
    hash: &'a str,
    parts: usize,
}

/// The result of model maintenance.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Maintenance {
    /// The model that was promoted to serving, if any.
    pub promoted: Option<String>,
    /// Number of removed vectors of retired models.
    pub removed: i64,
}

pub(super) async fn register(db: &Db, name: &str, dimensions: i64) -> Result<i64> {
    db.scalar(sql_fn!(register_embedding_model(model_name: name, model_dimensions: dimensions))).await
}

pub(super) async fn models(db: &Db) -> Result<Vec<Model>> {
    db.call(sql_fn!(embedding_models_in_use())).await
}

pub(super) async fn claim(db: &Db, model: i64, max: usize, lease: f64, ticket: Option<&str>) -> Result<Claim> {
    let max = i64::try_from(max).unwrap_or(i64::MAX);
    db.call(sql_fn!(claim_embeddings(model: model, max_tickets: max, lease_seconds: lease, ticket: ticket))).await
}

/// Stores the vectors of tickets, given ticket by ticket with all parts of each. Returns the number of tickets whose
/// lease was still valid.
pub(super) async fn store(
    db: &Db,
    model: i64,
    claim: &Claim,
    tickets: &[Claimed],
    vectors: &[Vec<f32>],
) -> Result<i64> {
    let done: Vec<Done<'_>> = tickets
        .iter()
        .map(|t| Done { ticket_id: &t.ticket_id, revision: t.revision, hash: &t.hash, parts: t.texts.len() })
        .collect();
    let vectors: Vec<HalfVector> = vectors.iter().map(|vector| HalfVector::from_f32_slice(vector)).collect();
    db.scalar(sql_fn!(store_embeddings(
        model: model,
        claimed_at: claim.claimed_at,
        lease: claim.lease,
        claimed: Json(done),
        vectors: vectors,
    )))
    .await
}

/// Releases claimed tickets. With a reason they failed and are retried later; without one they can be claimed again
/// immediately.
pub(super) async fn release(db: &Db, model: i64, claim: &Claim, tickets: &[Claimed], why: Option<&str>) -> Result<i64> {
    let ids: Vec<&str> = tickets.iter().map(|t| t.ticket_id.as_str()).collect();
    match why {
        Some(why) => {
            db.scalar(sql_fn!(fail_embeddings(model: model, lease: claim.lease, tickets: ids, why: why))).await
        }
        None => db.scalar(sql_fn!(release_embeddings(model: model, lease: claim.lease, tickets: ids))).await,
    }
}

/// Whether a ticket has an up-to-date vector.
pub(super) async fn is_embedded(db: &Db, model: i64, ticket: &str) -> Result<bool> {
    db.scalar(sql_fn!(is_embedded(model: model, ticket: ticket))).await
}

pub(super) async fn maintain(db: &Db) -> Result<Maintenance> {
    db.call(sql_fn!(maintain_embedding_models())).await
}

/// Progress per model, counted now.
pub async fn progress(db: &Db) -> Result<Vec<Progress>> {
    db.call(sql_fn!(embedding_progress())).await
}

/// Makes tickets that failed during a provider outage claimable again and returns their number.
pub(super) async fn resume(db: &Db, model: i64) -> Result<i64> {
    db.scalar(sql_fn!(resume_embeddings(model: model))).await
}

/// Makes all failed tickets claimable again and returns their number.
pub async fn retry(db: &Db) -> Result<i64> {
    db.scalar(sql_fn!(retry_embeddings())).await
}
