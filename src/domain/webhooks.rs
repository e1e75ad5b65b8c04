//! Webhooks: URLs that receive the events of a workflow, in stream order and at least once.
//!
//! Owners of the workflow create them; [`delivery`] sends the events.

pub mod dead_letters;
pub mod delivery;
pub mod sender;
pub mod signature;

use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use self::delivery::Deliveries;
use self::sender::Sender;
use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::domain::history::Event;
use crate::outbound::address;
use crate::{Error, Result, sql_fn};

/// Renders an event as its type and the body to send, which is the message that sockets receive. A transport provides it.
pub type Envelope = fn(&Event, &str) -> (String, String);

/// A webhook.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Webhook {
    /// `webhook-<uuid>`.
    pub id: String,
    /// The same as `id`.
    pub webhook_id: String,
    /// The workflow whose events it receives.
    pub workflow_id: String,
    /// The URL that receives the requests.
    pub url: String,
    /// The event types to send; empty means all.
    pub events: Vec<String>,
    /// Whether events are sent.
    pub active: bool,
    /// Why it was disabled.
    pub disabled_reason: Option<String>,
    /// The cursor: every event up to this number was delivered or filtered out.
    pub last_seq: i64,
    /// The number of events after the cursor.
    pub behind: i64,
    /// Failed attempts to deliver the next event.
    pub attempt: i64,
    /// Since when deliveries have failed.
    #[schema(format = DateTime)]
    pub failing_since: Option<String>,
    /// When the next attempt is due.
    #[schema(format = DateTime)]
    pub next_attempt_at: Option<String>,
    /// How often an event that the receiver refuses (4xx) is tried before it is set aside as a dead letter.
    pub refusal_attempts: i64,
    /// The number of events set aside.
    pub dead_letters: i64,
    /// After a rotation: until when requests are signed with the old secret too.
    #[schema(format = DateTime)]
    pub previous_secret_expires_at: Option<String>,
    /// Who created it.
    pub created_by: Option<String>,
    /// When it was created.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// A webhook with its new secret.
#[derive(Serialize, ToSchema)]
pub struct CreatedWebhook {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// The key of the signatures. Shown only here.
    pub secret: String,
}

/// The webhooks of a workflow.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Webhooks {
    /// The webhooks, oldest first.
    pub webhooks: Vec<Webhook>,
}

/// `POST /api/webhooks`
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhook {
    /// The workflow whose events to send.
    pub workflow_id: String,
    /// The URL that receives the requests: public, http or https.
    #[schema(min_length = 1, max_length = 2000)]
    pub url: String,
    /// The event types to send, e.g. `status_changed`. Defaults to all.
    #[schema(max_items = 100)]
    pub events: Option<Vec<String>>,
    /// The key of the signatures: `whsec_` and base64, or 24 to 128 visible characters. Defaults to a generated one.
    #[schema(min_length = 24, max_length = 128)]
    pub secret: Option<String>,
    /// Attempts at an event that the receiver refuses (4xx), 1 to 20. Defaults to 3.
    #[schema(minimum = 1, maximum = 20)]
    pub refusal_attempts: Option<i64>,
}

/// `POST /api/webhooks/{id}/rotate-secret`
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RotateSecret {
    /// The new secret, as in `POST /api/webhooks`. Defaults to a generated one.
    #[schema(min_length = 24, max_length = 128)]
    pub secret: Option<String>,
    /// How long requests are signed with the old secret too, in seconds, up to 30 days. Defaults to a day.
    #[schema(minimum = 0, maximum = 2_592_000)]
    pub overlap_seconds: Option<f64>,
}

/// `PATCH /api/webhooks/{id}`: omitted fields keep their values.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateWebhook {
    /// The URL that receives the requests.
    #[schema(min_length = 1, max_length = 2000)]
    pub url: Option<String>,
    /// The event types to send.
    #[schema(max_items = 100)]
    pub events: Option<Vec<String>>,
    /// false pauses it; true resumes from its cursor.
    pub active: Option<bool>,
    /// Attempts at an event that the receiver refuses (4xx).
    #[schema(minimum = 1, maximum = 20)]
    pub refusal_attempts: Option<i64>,
}

/// One attempt to deliver an event.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// The number of the attempt, counted over all webhooks.
    pub delivery_id: i64,
    /// The webhook.
    pub webhook_id: String,
    /// The header `webhook-id`, the same in each attempt to deliver an event.
    pub message_id: String,
    /// The event's type; `webhook_test` for a test.
    pub event_type: String,
    /// The event's number in the workflow's stream; null for a test.
    pub seq: Option<i64>,
    /// The number of the attempt for this event.
    pub attempt: i64,
    /// The HTTP status of the response, if there was one.
    pub status_code: Option<i64>,
    /// Whether the receiver accepted it.
    pub delivered: bool,
    /// Why not.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
    /// When it was sent.
    #[schema(format = DateTime)]
    pub attempted_at: String,
}

/// A page of delivery attempts; the newest 200 are kept.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeliveryList {
    /// The attempts, newest first.
    pub deliveries: Vec<Delivery>,
    /// Whether there are more.
    pub has_more: bool,
    /// The `cursor` of the next page.
    pub next_cursor: Option<String>,
}

/// The answer to a test.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookTested {
    /// Whether the receiver accepted it.
    pub success: bool,
    /// The header `webhook-id` that was sent.
    pub message_id: String,
    /// The HTTP status of the response, if there was one.
    pub status_code: Option<u16>,
    /// How long it took.
    pub duration_ms: i64,
    /// A sentence for a person.
    pub message: String,
}

/// The fields of a webhook that sending needs; holds the secret and is never serialized.
#[derive(Deserialize)]
struct Target {
    id: String,
    workflow_id: String,
    url: String,
    secret: String,
    /// The secret before a rotation, while it is valid.
    #[serde(default)]
    previous_secret: Option<String>,
    events: Vec<String>,
}

impl Target {
    /// The secrets to sign with, the current one first.
    fn secrets(&self) -> Vec<SecretString> {
        let previous = self.previous_secret.as_deref();
        [Some(self.secret.as_str()), previous].into_iter().flatten().map(SecretString::from).collect()
    }

    fn wants(&self, kind: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|event| event == kind)
    }

    /// The id of a message: unique to an event, also after a restore of the database, and the same in each attempt to
    /// deliver it. It contains no dot, because dots separate the signed parts.
    fn message_id(&self, epoch: &str, seq: i64) -> String {
        let id = self.id.trim_start_matches("webhook-");
        format!("msg_{id}_{epoch}_{seq}").replace('.', "-")
    }
}

/// What a test delivery needs.
#[derive(Deserialize)]
struct TestTarget {
    #[serde(flatten)]
    target: Target,
    actor_id: String,
    epoch: String,
    now: jiff::Timestamp,
}

/// Checks the URLs of webhooks and sends to them; [`WebhookDispatcher::run`] is its background task.
#[derive(Debug)]
pub struct WebhookDispatcher {
    db: Db,
    sender: Sender,
    envelope: Envelope,
    deliveries: Deliveries,
}

impl WebhookDispatcher {
    /// Prepares sending. `private_allowed` permits URLs in private networks.
    pub fn new(db: Db, private_allowed: bool, envelope: Envelope) -> Result<Self> {
        let sender = Sender::new(private_allowed)?;
        Ok(Self { db, sender, envelope, deliveries: Deliveries::default() })
    }

    /// Delivers events until stopped or aborted; the background task.
    pub async fn run(&self) {
        self.deliveries.run(self.db.clone(), self.sender.clone(), self.envelope).await;
    }

    /// Stops delivering.
    pub async fn stop(&self) {
        self.deliveries.stop().await;
    }

    /// Parses and normalizes a URL, and rejects one that may not be called.
    async fn checked(&self, url: &str) -> Result<String> {
        let private_allowed = self.sender.private_allowed();
        let url = address::parse(url.trim(), private_allowed).map_err(|rule| Error::invalid("url", rule))?;
        if !private_allowed && !address::is_reachable_publicly(&url).await {
            return Err(Error::invalid("url", "must not lead to a loopback, private or link-local address"));
        }
        Ok(url.to_string())
    }

    /// Creates a webhook, with a generated secret unless one is given.
    pub async fn create(&self, db: &Db, caller: &Caller, input: &CreateWebhook) -> Result<CreatedWebhook> {
        let secret = signature::checked_or_generated(input.secret.as_deref())?;
        // Authorizes before the host name is resolved: only owners may cause DNS queries.
        list(db, caller, &input.workflow_id).await?;
        let url = self.checked(&input.url).await?;
        let webhook = db
            .call(sql_fn!(create_webhook(
                caller: caller.to_sql(),
                workflow: input.workflow_id,
                url,
                secret,
                events: input.events,
                refusal_attempts: input.refusal_attempts,
            )))
            .await?;
        let secret = if input.secret.is_none() { signature::settled(&secret) } else { secret };
        Ok(CreatedWebhook { webhook, secret })
    }

    /// Changes a webhook.
    pub async fn update(&self, db: &Db, caller: &Caller, id: &str, input: &UpdateWebhook) -> Result<Webhook> {
        let url = match &input.url {
            Some(url) => {
                get(db, caller, id).await?;
                Some(self.checked(url).await?)
            }
            None => None,
        };
        db.call(sql_fn!(update_webhook(
            caller: caller.to_sql(),
            webhook: id,
            url,
            events: input.events,
            active: input.active,
            refusal_attempts: input.refusal_attempts,
        )))
        .await
    }

    /// Sends a test event immediately, regardless of the event filter and of `active`.
    pub async fn test(&self, db: &Db, caller: &Caller, id: &str) -> Result<WebhookTested> {
        let TestTarget { target, actor_id, epoch, now } =
            db.call(sql_fn!(get_webhook_target(caller: caller.to_sql(), webhook: id))).await?;
        let metadata = RawValue::from_string(json!({"webhook": {"webhook_id": target.id}}).to_string())
            .map_err(|error| Error::Internal(error.to_string()))?;
        let event = Event {
            stream_id: format!("workflow:{}", target.workflow_id),
            seq: 0,
            prev: 0,
            workflow_id: target.workflow_id.clone(),
            ticket_id: None,
            job_id: None,
            change_type: "webhook_test".to_owned(),
            field_name: None,
            old_value: None,
            new_value: None,
            change_description: String::new(),
            metadata,
            actor_id,
            on_behalf_of: None,
            changed_at: now,
        };
        let (kind, body) = (self.envelope)(&event, &epoch);
        let message_id = format!("msg_test_{}", uuid::Uuid::now_v7());
        let sent = self.sender.send(&target.url, &target.secrets(), &message_id, now.as_second(), body).await;
        let duration_ms = i64::try_from(sent.duration.as_millis()).unwrap_or(i64::MAX);
        let (status, success) = (sent.status.map(i64::from), sent.error.is_none());
        let (webhook, workflow) = (&target.id, &target.workflow_id);
        db.execute(sql_fn!(insert_webhook_delivery(
            webhook,
            workflow,
            message_id,
            event_type: kind,
            seq: None::<i64>,
            attempt: 1_i64,
            status_code: status,
            delivered: success,
            error: sent.error,
            duration_ms,
        )))
        .await?;
        Ok(WebhookTested {
            success,
            message_id,
            status_code: sent.status,
            duration_ms,
            message: sent.error.unwrap_or_else(|| "The receiver accepted it.".to_owned()),
        })
    }
}

/// The webhooks of a workflow.
pub async fn list(db: &Db, caller: &Caller, workflow: &str) -> Result<Webhooks> {
    db.call(sql_fn!(list_webhooks(caller: caller.to_sql(), workflow))).await
}

/// One webhook.
pub async fn get(db: &Db, caller: &Caller, id: &str) -> Result<Webhook> {
    db.call(sql_fn!(get_webhook(caller: caller.to_sql(), webhook: id))).await
}

/// Gives a webhook a new secret; the old one is valid for an overlap.
pub async fn rotate_secret(db: &Db, caller: &Caller, id: &str, input: &RotateSecret) -> Result<CreatedWebhook> {
    let secret = signature::checked_or_generated(input.secret.as_deref())?;
    let webhook = db
        .call(sql_fn!(rotate_webhook_secret(
            caller: caller.to_sql(),
            webhook: id,
            secret,
            overlap_seconds: input.overlap_seconds,
        )))
        .await?;
    let secret = if input.secret.is_none() { signature::settled(&secret) } else { secret };
    Ok(CreatedWebhook { webhook, secret })
}

/// Deletes a webhook, its delivery log and its dead letters.
pub async fn delete(db: &Db, caller: &Caller, id: &str) -> Result<()> {
    db.call(sql_fn!(delete_webhook(caller: caller.to_sql(), webhook: id))).await
}

/// Delivery attempts, newest first, after `cursor`.
pub async fn deliveries(db: &Db, caller: &Caller, id: &str, limit: i32, cursor: Option<&str>) -> Result<DeliveryList> {
    db.call(sql_fn!(list_webhook_deliveries(caller: caller.to_sql(), webhook: id, max_rows: limit, cursor))).await
}
