//! The tail of history: a connection of its own that reads what has become visible since it last looked,
//! and hears the bell (NOTIFY) while it sleeps.
//!
//! The tail is read by snapshot difference, not by `id > last`: transactions commit out of order, and a
//! reader that remembers the greatest number it has seen loses what commits later under a smaller one.

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

/// Events in one read.
const PAGE: i64 = 500;

/// A snapshot of the database: which transactions it sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    text: String,
    /// Every transaction below has ended.
    pub xmin: i64,
    /// Every transaction from here on had not begun.
    pub xmax: i64,
}

/// What one read found.
#[derive(Debug)]
pub struct Read {
    /// The events, ordered by stream and seq.
    pub events: Vec<Event>,
    /// What this read saw; the next begins here, once nothing is left.
    pub snapshot: Snapshot,
    /// Seconds since the oldest of the events was written, by the database's clock.
    pub age: f64,
    /// Whether the read was cut off; `Tail::read_on` continues it.
    pub more: bool,
}

/// An open socket's caller, to be asked about again.
#[derive(Debug, Clone, Serialize)]
pub struct Holder {
    /// The actor.
    pub actor: String,
    /// The session that authenticated, if it was one.
    pub session: Option<String>,
    /// The key that authenticated, if it was one.
    pub key: Option<String>,
    /// The streams it watches.
    pub streams: Vec<String>,
}

impl Holder {
    /// Whether this is what the caller presented.
    pub fn is_of(&self, caller: Option<&Caller>) -> bool {
        caller.is_some_and(|c| c.actor == self.actor && c.session == self.session && c.key == self.key)
    }
}

/// What a holder lost: its credential (no stream), or one stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loss {
    /// Index in the list that was asked about.
    pub holder: usize,
    /// The stream it may no longer read.
    pub stream_id: Option<String>,
}

/// Rings when a writer notifies, and when the connection ends.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Waits for the next ring; one that came since the last wait counts.
    pub async fn rung(&self) {
        self.0.notified().await;
    }
}

/// A connection that follows the tail.
pub struct Tail {
    client: Client,
    node: String,
    driver: tokio::task::JoinHandle<()>,
    read: Statement,
    heads: Statement,
    lost: Statement,
    /// The life of the database this connection found.
    pub epoch: String,
    /// What the connection saw when it was made.
    pub start: Snapshot,
    /// Rung by writers.
    pub bell: Bell,
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
    /// Connects and listens. A read-only replica is refused: the primary has moved.
    pub async fn open(url: &str, node: &str) -> Result<Self> {
        let (client, mut connection) = pool::connect_raw(url, "callboard-relay").await?;
        let bell = Bell::default();
        let ringer = bell.clone();
        let driver = tokio::spawn(async move {
            loop {
                match poll_fn(|cx| connection.poll_message(cx)).await {
                    Some(Ok(AsyncMessage::Notification(_))) => ringer.0.notify_one(),
                    Some(Ok(_)) => {}
                    Some(Err(_)) | None => break,
                }
            }
            // Whoever sleeps wakes up and finds the connection closed.
            ringer.0.notify_one();
        });
        // Plans are made once; none may walk through all of history.
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
            heads: client.prepare(include_str!("../../../sql/queries/history/heads.sql")).await?,
            lost: client.prepare(include_str!("../../../sql/queries/history/lost_access.sql")).await?,
            epoch: position.try_get("epoch")?,
            start: snapshot_of(&position)?,
            client,
            node: node.to_owned(),
            driver,
            bell,
        })
    }

    /// What has become visible since `last`, as far as one page reaches.
    pub async fn read(&self, last: &Snapshot) -> Result<Read> {
        self.page(last, None, None).await
    }

    /// Goes on with a read that was cut off: up to the snapshot it was made under, so that nothing is
    /// read past or twice.
    pub async fn read_on(&self, last: &Snapshot, earlier: &Read) -> Result<Read> {
        let place = earlier.events.last().map(|e| (e.stream_id.as_str(), e.seq));
        self.page(last, Some(&earlier.snapshot), place).await
    }

    async fn page(&self, last: &Snapshot, until: Option<&Snapshot>, after: Option<(&str, i64)>) -> Result<Read> {
        let (until, stream, seq) = (until.map(|s| &s.text), after.map(|a| a.0), after.map(|a| a.1));
        let rows = self.client.query(&self.read, &[&last.text, &until, &stream, &seq, &PAGE]).await?;
        let first = rows.first().ok_or_else(|| Error::Internal("the tail answered no row".to_owned()))?;
        let snapshot = snapshot_of(first)?;
        let mut events = Vec::with_capacity(rows.len());
        let mut age = 0.0f64;
        for row in &rows {
            if row.try_get::<_, Option<i64>>("seq")?.is_some() {
                events.push(event_of(row)?);
                age = age.max(row.try_get("age")?);
            }
        }
        let more = events.len() as i64 == PAGE;
        Ok(Read { events, snapshot, age, more })
    }

    /// How many events a snapshot does not see, counted up to `bound`.
    pub async fn count_unseen(&self, last: &Snapshot, bound: i64) -> Result<i64> {
        let sql = include_str!("../../../sql/queries/history/count_unseen.sql");
        Ok(self.client.query_one(sql, &[&last.text, &bound]).await?.try_get(0)?)
    }

    /// The epoch now, and whether this server has become a replica.
    pub async fn position(&self) -> Result<(String, bool)> {
        let row = self.client.query_one(include_str!("../../../sql/queries/history/position.sql"), &[]).await?;
        Ok((row.try_get("epoch")?, row.try_get("replica")?))
    }

    /// The last number given out in each of some streams.
    pub async fn heads(&self, streams: &[String]) -> Result<Vec<(String, i64)>> {
        let rows = self.client.query(&self.heads, &[&streams]).await?;
        rows.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
    }

    /// The number before each of some events in the room of its ticket: (ticket, seq) gives (ticket, prev).
    pub async fn previous(&self, events: &[(String, i64)]) -> Result<Vec<(String, i64)>> {
        let (tickets, seqs): (Vec<&str>, Vec<i64>) = events.iter().map(|(t, s)| (t.as_str(), *s)).unzip();
        let sql = include_str!("../../../sql/queries/history/previous.sql");
        let rows = self.client.query(sql, &[&tickets, &seqs]).await?;
        rows.iter().map(|row| Ok((row.try_get("ticket_id")?, row.try_get("prev")?))).collect()
    }

    /// Which of the holders lost their credential or a stream.
    pub async fn lost_access(&self, holders: &[Holder]) -> Result<Vec<Loss>> {
        let rows = self.client.query(&self.lost, &[&Json(holders)]).await?;
        rows.iter()
            .map(|row| {
                let place: i64 = row.try_get("place")?;
                Ok(Loss { holder: place as usize - 1, stream_id: row.try_get("stream_id")? })
            })
            .collect()
    }

    /// Says whether this relay sleeps, and that it lives.
    pub async fn mark(&self, asleep: bool) -> Result<()> {
        let sql = include_str!("../../../sql/queries/history/mark.sql");
        self.client.execute(sql, &[&self.node, &asleep]).await?;
        Ok(())
    }

    /// Removes marks of relays that are gone; `leaving` removes our own too.
    pub async fn prune_marks(&self, leaving: bool) -> Result<()> {
        let own = leaving.then_some(&self.node);
        self.client.execute(include_str!("../../../sql/queries/history/prune_relays.sql"), &[&own]).await?;
        Ok(())
    }
}

/// A wait for the database that may have died without a word.
pub async fn within<T>(limit: Duration, work: impl Future<Output = Result<T>>) -> Result<T> {
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
            .map_err(|error| Error::Internal(format!("an event holds no JSON: {error}")))?,
        actor_id: row.try_get("actor_id")?,
        on_behalf_of: row.try_get("on_behalf_of")?,
        changed_at: row.try_get("changed_at")?,
    })
}
