//! History: the record of every change, which is the live stream too.
//!
//! Rooms read from here what a client missed and the board it starts from; the relay follows the tail
//! (`history::tail`). Nothing here changes a row of history: triggers write it (`sql/logic`).

pub mod tail;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// Most events one read answers with.
pub const PAGE: i64 = 1000;

/// One row of history.
#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    /// The stream, e.g. `workflow:…`.
    pub stream_id: String,
    /// Its number in the stream: 1, 2, 3… without gaps, in commit order.
    pub seq: i64,
    /// The number before it in the room it was read for; in a workflow's room `seq - 1`.
    pub prev: i64,
    /// The workflow it belongs to.
    pub workflow_id: String,
    /// The ticket that changed, if it was one.
    pub ticket_id: Option<String>,
    /// The job that changed, if it was one.
    pub job_id: Option<String>,
    /// What happened, e.g. `status_changed`.
    pub change_type: String,
    /// The field that changed, if it was one.
    pub field_name: Option<String>,
    /// The field's value before, as text.
    pub old_value: Option<String>,
    /// The field's value after, as text.
    pub new_value: Option<String>,
    /// A sentence for people.
    pub change_description: String,
    /// What sockets send as `data`: a JSON object.
    pub metadata: Box<RawValue>,
    /// Who did it.
    pub actor_id: String,
    /// In whose name.
    pub on_behalf_of: Option<String>,
    /// When, by the database's clock.
    pub changed_at: jiff::Timestamp,
}

/// A place in a stream that a client has reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The life of the database it belongs to.
    pub epoch: String,
    /// The last number seen.
    pub seq: i64,
}

/// What a room's client missed.
#[derive(Debug, Clone, Deserialize)]
pub struct Missed {
    /// The life of the database.
    pub epoch: String,
    /// The stream behind the room.
    pub stream_id: String,
    /// The workflow of the room.
    pub workflow_id: String,
    /// The ticket, in a ticket's room.
    pub ticket_id: Option<String>,
    /// The last number given out in the stream.
    pub last_seq: i64,
    /// The last number that retention has removed.
    pub pruned_seq: i64,
    /// Why the cursor cannot be continued from: `epoch`, `ahead` or `pruned`.
    pub resync: Option<String>,
    /// The events after the cursor, in order.
    pub events: Vec<Event>,
    /// Whether more follow.
    pub has_more: bool,
}

/// A board, ticket or search with its place in the stream; `body` is JSON that doors pass on unread.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The place from which events continue.
    pub cursor: Cursor,
    /// The JSON text.
    pub body: String,
}

/// A room: what a client can watch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Room {
    /// Everything in a workflow.
    Workflow(String),
    /// One ticket.
    Ticket(String),
    /// What a saved search tells.
    Search(String),
    /// One job.
    Job(String),
}

impl Room {
    /// Reads `workflow:<id>`, `ticket:<id>`, `search:<id>` or `job:<id>`. What has another form is refused like an absent room.
    pub fn parse(name: &str) -> Result<Self> {
        let absent = || Error::problem(404, "not_found", format!("There is no room {name}."));
        match name.split_once(':') {
            _ if name.len() > 200 || name.contains('\0') => Err(Error::invalid("room", "is not the name of a room")),
            Some(("workflow", id)) if !id.is_empty() => Ok(Self::Workflow(id.to_owned())),
            Some(("ticket", id)) if !id.is_empty() => Ok(Self::Ticket(id.to_owned())),
            Some(("search", id)) if !id.is_empty() => Ok(Self::Search(id.to_owned())),
            Some(("job", id)) if !id.is_empty() => Ok(Self::Job(id.to_owned())),
            _ => Err(absent()),
        }
    }
}

impl std::fmt::Display for Room {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Workflow(id) => write!(f, "workflow:{id}"),
            Self::Ticket(id) => write!(f, "ticket:{id}"),
            Self::Search(id) => write!(f, "search:{id}"),
            Self::Job(id) => write!(f, "job:{id}"),
        }
    }
}

/// What a client of `room` missed since a cursor, at most `limit` events. Without an epoch the number
/// alone is trusted.
pub async fn events_since(
    db: &Db,
    caller: &Caller,
    room: &Room,
    since: i64,
    epoch: Option<&str>,
    limit: i64,
) -> Result<Missed> {
    db.call(sql_fn!(list_events_since(
        caller: caller.to_sql(),
        room: room.to_string(),
        since,
        since_epoch: epoch,
        max_events: limit,
    )))
    .await
}

/// The state a room's client starts from: the workflow's board, the ticket's card, or the search.
pub async fn snapshot(db: &Db, caller: &Caller, room: &Room) -> Result<Snapshot> {
    let caller = caller.to_sql();
    let rows = match room {
        Room::Workflow(id) => db.rows(include_str!("../../sql/queries/history/board.sql"), &[&caller, id]).await?,
        Room::Ticket(_) => {
            let name = room.to_string();
            db.rows(include_str!("../../sql/queries/history/ticket_snapshot.sql"), &[&caller, &name]).await?
        }
        Room::Search(_) => {
            let name = room.to_string();
            db.rows(include_str!("../../sql/queries/history/search_snapshot.sql"), &[&caller, &name]).await?
        }
        Room::Job(_) => {
            let name = room.to_string();
            db.rows(include_str!("../../sql/queries/history/job_snapshot.sql"), &[&caller, &name]).await?
        }
    };
    let row = rows.first().ok_or_else(|| Error::Internal("a snapshot answered no row".to_owned()))?;
    let cursor = Cursor { epoch: row.try_get(0)?, seq: row.try_get(1)? };
    Ok(Snapshot { cursor, body: row.try_get(2)? })
}

/// The stream behind a room; what the caller may not read looks absent.
pub async fn open_room(db: &Db, caller: &Caller, room: &Room) -> Result<String> {
    const SQL: &str = include_str!("../../sql/queries/history/open_room.sql");
    db.query_text(SQL, &[&caller.to_sql(), &room.to_string()]).await
}

/// The room that a caller means: a ticket may be named by its key; without a name it is the workflow the
/// caller works in by default.
pub async fn find_room(db: &Db, caller: &Caller, room: Option<&Room>) -> Result<Room> {
    Room::parse(&db.scalar(sql_fn!(resolve_room(caller: caller.to_sql(), room: room.map(Room::to_string)))).await?)
}
