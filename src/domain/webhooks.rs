//! Webhooks: addresses outside that are told what happens in a workflow, in the order of its stream and at
//! least once. Owners of the workflow make them; [`delivery`] sends.

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

/// Makes of an event its type and the body that is sent: the same text that sockets get. Given by the door
/// that knows it.
pub type Envelope = fn(&Event, &str) -> (String, String);

/// A webhook.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Webhook {
    /// `webhook-<uuid>`.
    pub id: String,
    /// The same as `id`.
    pub webhook_id: String,
    /// Whose events it is told.
    pub workflow_id: String,
    /// Where requests go.
    pub url: String,
    /// Types of events that are sent; none means all.
    pub events: Vec<String>,
    /// Whether it is told anything.
    pub active: bool,
    /// Why not.
    pub disabled_reason: Option<String>,
    /// The event up to which everything was taken, or not asked for.
    pub last_seq: i64,
    /// How many events have come since.
    pub behind: i64,
    /// Failed attempts at the next event.
    pub attempt: i64,
    /// Since when nothing was taken.
    #[schema(format = DateTime)]
    pub failing_since: Option<String>,
    /// When it is tried again.
    #[schema(format = DateTime)]
    pub next_attempt_at: Option<String>,
    /// Who made it.
    pub created_by: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    pub created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    pub updated_at: String,
}

/// A webhook that was just made, with its secret.
#[derive(Serialize, ToSchema)]
pub struct CreatedWebhook {
    /// The webhook.
    #[serde(flatten)]
    pub webhook: Webhook,
    /// Signs each request; shown this once.
    pub secret: String,
}

/// The webhooks of a workflow.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Webhooks {
    /// The oldest first.
    pub webhooks: Vec<Webhook>,
}

/// `POST /api/webhooks`
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateWebhook {
    /// Whose events to tell.
    pub workflow_id: String,
    /// Where to: a public http or https address.
    #[schema(min_length = 1, max_length = 2000)]
    pub url: String,
    /// Types of events like `status_changed`; all where left out or empty.
    #[schema(max_items = 100)]
    pub events: Option<Vec<String>>,
    /// The key of the signatures: `whsec_` and base64, or 24 to 128 visible characters; made where left out.
    #[schema(min_length = 24, max_length = 128)]
    pub secret: Option<String>,
}

/// `PATCH /api/webhooks/{id}`: what is left out stays.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateWebhook {
    /// Where to.
    #[schema(min_length = 1, max_length = 2000)]
    pub url: Option<String>,
    /// Types of events.
    #[schema(max_items = 100)]
    pub events: Option<Vec<String>>,
    /// false stops it; true goes on from where it stopped.
    pub active: Option<bool>,
}

/// One attempt at telling an event.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Delivery {
    /// Counts attempts.
    pub delivery_id: i64,
    /// The webhook.
    pub webhook_id: String,
    /// The header `webhook-id`, the same for each attempt at one event.
    pub message_id: String,
    /// The event's type; `webhook_test` for a test.
    pub event_type: String,
    /// The event's number in the workflow's stream; null for a test.
    pub seq: Option<i64>,
    /// Which attempt at it.
    pub attempt: i64,
    /// The HTTP status of the answer, if there was one.
    pub status_code: Option<i64>,
    /// Whether it was taken.
    pub delivered: bool,
    /// Why not.
    pub error: Option<String>,
    /// How long it took.
    pub duration_ms: i64,
    /// When.
    #[schema(format = DateTime)]
    pub attempted_at: String,
}

/// A page of attempts; the newest 200 are kept.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct DeliveryList {
    /// The newest first.
    pub deliveries: Vec<Delivery>,
    /// Whether there are more.
    pub has_more: bool,
    /// Give it as `cursor` for the next page.
    pub next_cursor: Option<String>,
}

/// The answer to a test.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct WebhookTested {
    /// Whether the receiver took it.
    pub success: bool,
    /// The header `webhook-id` that was sent.
    pub message_id: String,
    /// The HTTP status of the answer, if there was one.
    pub status_code: Option<u16>,
    /// How long it took.
    pub duration_ms: i64,
    /// A sentence for a person.
    pub message: String,
}

/// What sending needs to know of a webhook; never shown.
#[derive(Deserialize)]
struct Target {
    id: String,
    workflow_id: String,
    url: String,
    secret: String,
    events: Vec<String>,
}

impl Target {
    fn wants(&self, kind: &str) -> bool {
        self.events.is_empty() || self.events.iter().any(|event| event == kind)
    }

    /// The id of a message: the same for each attempt at an event, and for no other event, also after the
    /// database was restored. It holds no dot, which separates what is signed.
    fn message_id(&self, epoch: &str, seq: i64) -> String {
        let id = self.id.trim_start_matches("webhook-");
        format!("msg_{id}_{epoch}_{seq}").replace('.', "-")
    }
}

/// What a test is made of.
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
    /// Prepares sending; `private_allowed` lets URLs lead into private networks.
    pub fn new(db: Db, private_allowed: bool, envelope: Envelope) -> Result<Self> {
        let sender = Sender::new(private_allowed)?;
        Ok(Self { db, sender, envelope, deliveries: Deliveries::new() })
    }

    /// Delivers events until stopped or aborted; the background task.
    pub async fn run(&self) {
        self.deliveries.run(self.db.clone(), self.sender.clone(), self.envelope).await;
    }

    /// Stops delivering.
    pub async fn stop(&self) {
        self.deliveries.stop().await;
    }

    /// The address as it will be called, if it may be.
    async fn checked(&self, url: &str) -> Result<String> {
        let private_allowed = self.sender.private_allowed();
        let url = address::parse(url.trim(), private_allowed).map_err(|rule| Error::invalid("url", rule))?;
        if !private_allowed && !address::leads_outside(&url).await {
            return Err(Error::invalid("url", "must not lead to a loopback, private or link-local address"));
        }
        Ok(url.to_string())
    }

    /// Makes a webhook, and its secret unless one was brought along.
    pub async fn create(&self, db: &Db, caller: &Caller, input: &CreateWebhook) -> Result<CreatedWebhook> {
        let secret = match &input.secret {
            Some(secret) => {
                signature::check(secret)?;
                secret.clone()
            }
            None => signature::generate()?,
        };
        // Names are looked up for owners only.
        list(db, caller, &input.workflow_id).await?;
        let url = self.checked(&input.url).await?;
        let webhook = db
            .call(sql_fn!(create_webhook(
                caller: caller.to_sql(),
                workflow: input.workflow_id,
                url,
                secret,
                events: input.events,
            )))
            .await?;
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
        )))
        .await
    }

    /// Sends a test at once, whatever the webhook asks for and also where it is stopped.
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
        let secret = SecretString::from(target.secret.as_str());
        let sent = self.sender.send(&target.url, &secret, &message_id, now.as_second(), body).await;
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
            message: sent.error.unwrap_or_else(|| "The receiver took it.".to_owned()),
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

/// Deletes a webhook and its log.
pub async fn delete(db: &Db, caller: &Caller, id: &str) -> Result<()> {
    db.call(sql_fn!(delete_webhook(caller: caller.to_sql(), webhook: id))).await
}

/// The newest attempts, from below `cursor`.
pub async fn deliveries(db: &Db, caller: &Caller, id: &str, limit: i32, cursor: Option<i64>) -> Result<DeliveryList> {
    db.call(sql_fn!(list_webhook_deliveries(caller: caller.to_sql(), webhook: id, max_rows: limit, after: cursor)))
        .await
}
