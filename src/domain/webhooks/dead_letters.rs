//! Dead letters: events that a receiver refused so often that they were set aside. Owners send them again or discard them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Target, WebhookDispatcher, WebhookTested};
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::history::Event;
use crate::{Result, sql_fn};

/// An event that was set aside.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeadLetter {
    /// `letter-<uuid>`.
    pub dead_letter_id: String,
    /// The webhook.
    pub webhook_id: String,
    /// The header `webhook-id` of the refused requests; a replay sends the same.
    pub message_id: String,
    /// The event's type.
    pub event_type: String,
    /// The event's number in the workflow's stream.
    pub seq: i64,
    /// How often it was sent.
    pub attempts: i64,
    /// The HTTP status of the last response.
    pub status_code: Option<i64>,
    /// Why it was not accepted.
    pub error: Option<String>,
    /// When it was set aside.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// A page of dead letters; the newest 1,000 of a webhook are kept.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeadLetters {
    /// The dead letters, newest first.
    pub dead_letters: Vec<DeadLetter>,
    /// Whether there are more.
    pub has_more: bool,
    /// The `cursor` of the next page.
    pub next_cursor: Option<String>,
}

/// What sending a dead letter again needs.
#[derive(Deserialize)]
struct ReplayTarget {
    #[serde(flatten)]
    target: Target,
    event: Event,
    message_id: String,
    epoch: String,
    now: jiff::Timestamp,
}

impl WebhookDispatcher {
    /// Sends a dead letter again at once; an accepted one is removed from the list.
    pub async fn replay(&self, db: &Db, caller: &Caller, id: &str, letter: &str) -> Result<WebhookTested> {
        let ReplayTarget { target, event, message_id, epoch, now } =
            db.call(sql_fn!(get_replay_target(caller: caller.to_sql(), webhook: id, letter))).await?;
        db.execute(sql_fn!(begin_replay(webhook: target.id, letter))).await?;
        let (kind, body) = (self.envelope)(&event, &epoch);
        let sent = self.sender.send(&target.url, &target.secrets(), &message_id, now.as_second(), body).await;
        let duration_ms = i64::try_from(sent.duration.as_millis()).unwrap_or(i64::MAX);
        db.execute(sql_fn!(record_replay(
            webhook: target.id,
            letter,
            event_type: kind,
            status_code: sent.status.map(i64::from),
            error: sent.error,
            duration_ms,
        )))
        .await?;
        Ok(WebhookTested {
            success: sent.error.is_none(),
            message_id,
            status_code: sent.status,
            duration_ms,
            message: sent.error.unwrap_or_else(|| "The receiver accepted it.".to_owned()),
        })
    }
}

/// Dead letters of a webhook, newest first, after `cursor`.
pub async fn list(db: &Db, caller: &Caller, id: &str, limit: i32, cursor: Option<&str>) -> Result<DeadLetters> {
    db.call(sql_fn!(list_dead_letters(caller: caller.to_sql(), webhook: id, max_rows: limit, cursor))).await
}

/// Discards a dead letter.
pub async fn discard(db: &Db, caller: &Caller, id: &str, letter: &str) -> Result<()> {
    db.call(sql_fn!(discard_dead_letter(caller: caller.to_sql(), webhook: id, letter))).await
}
