//! The tail of the history: a dedicated connection that reads the events that became visible since the last read, and
//! receives NOTIFY while it is idle.
//!
//! Reads compare snapshots instead of `id > last`: transactions commit out of order, and a reader that only keeps the
//! greatest number loses events that commit later with a smaller one.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::value::RawValue;
use tokio::sync::Notify;
use tokio_postgres::types::Json;
use tokio_postgres::{AsyncMessage, Client, Row, Statement};

use super::Event;
use crate::db::pool;
use crate::domain::accounts::Caller;
use crate::{Error, Result};

/// Maximum number of events in one read.
const PAGE_SIZE: i64 = 500;

/// A snapshot of the database: the transactions that it sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    text: String,
    /// All transactions below have ended.
    pub xmin: i64,
    /// No transaction from here on had started.
    pub xmax: i64,
}

/// The result of one read.
#[derive(Debug)]
pub struct Read {
    /// The events, ordered by stream and seq.
    pub events: Vec<Event>,
    /// The snapshot of this read; the next read starts from it once `more` is false.
    pub snapshot: Snapshot,
    /// Seconds since the oldest of the events was written, by the database's clock.
    pub age: f64,
    /// Whether the page was full; `Tail::read_on` continues.
    pub more: bool,
}

/// The credentials and streams of an open socket, which are checked again.
#[derive(Debug, Clone, Serialize)]
pub struct Subscriber {
    /// The actor.
    pub actor: String,
    /// The session, if the caller authenticated with one.
    pub session: Option<String>,
    /// The API key, if the caller authenticated with one.
    pub key: Option<String>,
    /// The subscribed streams.
    pub streams: Vec<String>,
}

impl Subscriber {
    /// Whether these are the credentials of the caller.
    pub fn is_of(&self, caller: Option<&Caller>) -> bool {
        caller.is_some_and(|c| c.actor == self.actor && c.session == self.session && c.key == self.key)
    }
}

/// Lost access of a subscriber: to everything (no stream), because its credential is no longer valid, or to one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessRevoked {
    /// The index in the list of subscribers.
    pub subscriber: usize,
    /// The stream that it may no longer read.
    pub stream_id: Option<String>,
}

/// Signals that a writer has notified, or that the connection has ended.
#[derive(Debug, Clone, Default)]
pub struct WakeUp(Arc<Notify>);

impl WakeUp {
    /// Waits for the next signal; one that arrived since the last wait counts.
    pub async fn notified(&self) {
        self.0.notified().await;
    }
}

/// A connection that follows the tail.
pub struct Tail {
    client: Client,
    node: String,
    driver: tokio::task::JoinHandle<()>,
    read: Statement,
    check: Statement,
    lost: Statement,
    /// The epoch of the database when it connected.
    pub epoch: String,
    /// The snapshot when it connected.
    pub start: Snapshot,
    /// Signalled by writers.
    pub wake_up: WakeUp,
}

impl std::fmt::Debug for Tail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tail").field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

impl Drop for Tail {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl Tail {
    /// Connects and listens. Rejects a read-only replica: after a failover the primary is another server.
    pub async fn open(url: &str, node: &str) -> Result<Self> {
        let (client, mut connection) = pool::connect_raw(url, "callboard-relay").await?;
        let wake_up = WakeUp::default();
        let notifier = wake_up.clone();
        let driver = tokio::spawn(async move {
            loop {
                match poll_fn(|cx| connection.poll_message(cx)).await {
                    Some(Ok(AsyncMessage::Notification(_))) => notifier.0.notify_one(),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => break,
                }
            }
            // Wakes the reader, which then finds the connection closed.
            notifier.0.notify_one();
        });
        // Plans are cached; none may scan the whole history.
        client
            .batch_execute(
                "set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set jit = off;
                 set synchronous_commit = off; listen callboard",
            )
            .await?;
        let position = client.query_one(include_str!("../../../sql/queries/history/position.sql"), &[]).await?;
        if position.try_get::<_, bool>("replica")? {
            return Err(Error::Unavailable("the database is a read-only replica".to_owned()));
        }
        Ok(Self {
            read: client.prepare(include_str!("../../../sql/queries/history/tail.sql")).await?,
            check: client.prepare(include_str!("../../../sql/queries/history/check.sql")).await?,
            lost: client.prepare(include_str!("../../../sql/queries/history/lost_access.sql")).await?,
            epoch: position.try_get("epoch")?,
            start: snapshot_of(&position)?,
            client,
            node: node.to_owned(),
            driver,
            wake_up,
        })
    }

    /// The first page of the events that became visible since `last`.
    pub async fn read(&self, last: &Snapshot) -> Result<Read> {
        self.page(last, None, None).await
    }

    /// The next page of an earlier read, under the snapshot of that read, so that no event is skipped or repeated.
    pub async fn read_on(&self, last: &Snapshot, earlier: &Read) -> Result<Read> {
        let after = earlier.events.last().map(|e| (e.stream_id.as_str(), e.seq));
        self.page(last, Some(&earlier.snapshot), after).await
    }

    async fn page(&self, last: &Snapshot, until: Option<&Snapshot>, after: Option<(&str, i64)>) -> Result<Read> {
        let (until, stream, seq) = (until.map(|s| &s.text), after.map(|a| a.0), after.map(|a| a.1));
        let rows = self.client.query(&self.read, &[&last.text, &until, &stream, &seq, &PAGE_SIZE]).await?;
        let first = rows.first().ok_or_else(|| Error::Internal("the tail returned no row".to_owned()))?;
        let snapshot = snapshot_of(first)?;
        let mut events = Vec::with_capacity(rows.len());
        let mut age = 0.0f64;
        for row in &rows {
            if row.try_get::<_, Option<i64>>("seq")?.is_some() {
                events.push(event_of(row)?);
                age = age.max(row.try_get("age")?);
            }
        }
        let more = events.len() as i64 == PAGE_SIZE;
        Ok(Read { events, snapshot, age, more })
    }

    /// The number of events that a snapshot does not see, counted up to `bound`.
    pub async fn count_unseen(&self, last: &Snapshot, bound: i64) -> Result<i64> {
        let sql = include_str!("../../../sql/queries/history/count_unseen.sql");
        Ok(self.client.query_one(sql, &[&last.text, &bound]).await?.try_get(0)?)
    }

    /// The current epoch, whether the server has become a replica, and the last assigned number of each of the streams.
    pub async fn check(&self, streams: &[String]) -> Result<(String, bool, HashMap<String, i64>)> {
        let row = self.client.query_one(&self.check, &[&streams]).await?;
        let Json(heads) = row.try_get("heads")?;
        Ok((row.try_get("epoch")?, row.try_get("replica")?, heads))
    }

    /// For each (ticket, seq), the previous number in the room of the ticket, as (ticket, prev).
    pub async fn previous(&self, events: &[(String, i64)]) -> Result<Vec<(String, i64)>> {
        let (tickets, seqs): (Vec<&str>, Vec<i64>) = events.iter().map(|(t, s)| (t.as_str(), *s)).unzip();
        let sql = include_str!("../../../sql/queries/history/previous.sql");
        let rows = self.client.query(sql, &[&tickets, &seqs]).await?;
        rows.iter().map(|row| Ok((row.try_get("ticket_id")?, row.try_get("prev")?))).collect()
    }

    /// The subscribers that have lost their credential or access to a stream.
    pub async fn lost_access(&self, subscribers: &[Subscriber]) -> Result<Vec<AccessRevoked>> {
        let rows = self.client.query(&self.lost, &[&Json(subscribers)]).await?;
        rows.iter()
            .map(|row| {
                let place: i64 = row.try_get("place")?;
                Ok(AccessRevoked { subscriber: place as usize - 1, stream_id: row.try_get("stream_id")? })
            })
            .collect()
    }

    /// Renews the mark of this relay: that it is alive, and whether it needs NOTIFY.
    pub async fn mark(&self, asleep: bool) -> Result<()> {
        let sql = include_str!("../../../sql/queries/history/mark.sql");
        self.client.execute(sql, &[&self.node, &asleep]).await?;
        Ok(())
    }

    /// Removes the marks of dead relays; with `leaving` also its own.
    pub async fn prune_marks(&self, leaving: bool) -> Result<()> {
        let own = leaving.then_some(&self.node);
        self.client.execute(include_str!("../../../sql/queries/history/prune_relays.sql"), &[&own]).await?;
        Ok(())
    }
}

/// Limits a call of the database, which may have died without closing the connection.
pub async fn with_timeout<T>(limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(limit, work)
        .await
        .unwrap_or_else(|_| Err(Error::Unavailable("the database did not answer in time".to_owned())))
}

fn snapshot_of(row: &Row) -> Result<Snapshot> {
    Ok(Snapshot { text: row.try_get("snapshot")?, xmin: row.try_get("xmin")?, xmax: row.try_get("xmax")? })
}

fn event_of(row: &Row) -> Result<Event> {
    let seq: i64 = row.try_get("seq")?;
    Ok(Event {
        stream_id: row.try_get("stream_id")?,
        seq,
        prev: seq - 1,
        workflow_id: row.try_get("workflow_id")?,
        ticket_id: row.try_get("ticket_id")?,
        job_id: row.try_get("job_id")?,
        change_type: row.try_get("change_type")?,
        field_name: row.try_get("field_name")?,
        old_value: row.try_get("old_value")?,
        new_value: row.try_get("new_value")?,
        change_description: row.try_get("change_description")?,
        metadata: RawValue::from_string(row.try_get("metadata")?)
            .map_err(|error| Error::Internal(format!("the metadata of an event is not JSON: {error}")))?,
        actor_id: row.try_get("actor_id")?,
        on_behalf_of: row.try_get("on_behalf_of")?,
        changed_at: row.try_get("changed_at")?,
    })
}
