//! History: the append-only record of every change, which is also the live stream.
//!
//! Clients of a room read the missed events and the initial snapshot from here; the relay follows the tail
//! (`history::tail`). Triggers write the rows (`sql/logic`); nothing here does.

pub mod own;
pub mod tail;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::db::Db;
use crate::domain::accounts::Caller;
use crate::{Error, Result, sql_fn};

/// Maximum number of events in one read.
pub const MAX_EVENTS: i64 = 1000;

/// One row of history.
#[derive(Debug, Clone, Deserialize)]
pub struct Event {
    /// The stream, e.g. `workflow:…`.
    pub stream_id: String,
    /// Its number in the stream: 1, 2, 3… without gaps, in commit order.
    pub seq: i64,
    /// The previous number in the room for which it was read; in a workflow's room `seq - 1`.
    pub prev: i64,
    /// Its workflow.
    pub workflow_id: String,
    /// The ticket that changed, if any.
    pub ticket_id: Option<String>,
    /// The job that changed, if any.
    pub job_id: Option<String>,
    /// What happened, e.g. `status_changed`.
    pub change_type: String,
    /// The field that changed, if any.
    pub field_name: Option<String>,
    /// The old value of the field, as text.
    pub old_value: Option<String>,
    /// The new value of the field, as text.
    pub new_value: Option<String>,
    /// A sentence for people.
    pub change_description: String,
    /// The `data` of socket messages: a JSON object.
    pub metadata: Box<RawValue>,
    /// The actor that made the change.
    pub actor_id: String,
    /// The actor on whose behalf it was made.
    pub on_behalf_of: Option<String>,
    /// The time by the database's clock.
    pub changed_at: jiff::Timestamp,
}

/// A position in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The epoch of the database, to which `seq` belongs.
    pub epoch: String,
    /// The last number that was read.
    pub seq: i64,
}

/// The events that a client of a room has missed.
#[derive(Debug, Clone, Deserialize)]
pub struct Missed {
    /// The epoch of the database.
    pub epoch: String,
    /// The stream behind the room.
    pub stream_id: String,
    /// The workflow of the room.
    pub workflow_id: String,
    /// The ticket, in the room of a ticket.
    pub ticket_id: Option<String>,
    /// The last assigned number of the stream.
    pub last_seq: i64,
    /// The last pruned number.
    pub pruned_seq: i64,
    /// Why the client has to resync instead of continuing: `epoch`, `ahead` or `pruned`.
    pub resync: Option<String>,
    /// The events after the cursor, in order.
    pub events: Vec<Event>,
    /// Whether more follow.
    pub has_more: bool,
}

/// A board, ticket, job or search with its cursor. Transports forward `body` without parsing it.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The cursor from which events continue.
    pub cursor: Cursor,
    /// The JSON text.
    pub body: String,
}

/// A room: what a client can watch.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Room {
    /// All events of a workflow.
    Workflow(String),
    /// The events of a ticket.
    Ticket(String),
    /// The matches of a saved search.
    Search(String),
    /// The events of a job.
    Job(String),
}

impl Room {
    /// Parses `workflow:<id>`, `ticket:<id>`, `search:<id>` or `job:<id>`. Other forms are rejected like a room that does
    /// not exist.
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

/// The events of `room` after a cursor, at most `limit`. Without an epoch, `since` is assumed to belong to the current
/// one.
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

/// The newest events of `room`, at most `limit`, oldest first.
pub async fn recent_events(db: &Db, caller: &Caller, room: &Room, limit: i64) -> Result<Missed> {
    db.call(sql_fn!(list_recent_events(caller: caller.to_sql(), room: room.to_string(), max_events: limit))).await
}

/// The initial state of a room: the board of the workflow, or the ticket, search or job.
pub async fn snapshot(db: &Db, caller: &Caller, room: &Room) -> Result<Snapshot> {
    let (caller, name) = (caller.to_sql(), room.to_string());
    let row = match room {
        Room::Workflow(id) => db.call_row(sql_fn!(board_snapshot(caller, workflow: id))).await?,
        Room::Ticket(_) => db.call_row(sql_fn!(ticket_snapshot(caller, room: name))).await?,
        Room::Search(_) => db.call_row(sql_fn!(search_snapshot(caller, room: name))).await?,
        Room::Job(_) => db.call_row(sql_fn!(job_snapshot(caller, room: name))).await?,
    };
    let cursor = Cursor { epoch: row.try_get("epoch")?, seq: row.try_get("seq")? };
    Ok(Snapshot { cursor, body: row.try_get("body")? })
}

/// The stream of a room. Rooms that the caller may not read get 404.
pub async fn open_room(db: &Db, caller: &Caller, room: &Room) -> Result<String> {
    let row = db.call_row(sql_fn!(authorize_room(caller: caller.to_sql(), room: room.to_string()))).await?;
    Ok(row.try_get("stream_id")?)
}

/// The rooms of the caller's workflows, at most 200.
pub async fn own_workflow_rooms(db: &Db, caller: &Caller) -> Result<Vec<Room>> {
    let ids: Vec<String> = db.call(sql_fn!(list_own_workflows(caller: caller.to_sql()))).await?;
    Ok(ids.into_iter().map(Room::Workflow).collect())
}

/// Resolves a room: a ticket may be given by its key. Defaults to the caller's default workflow.
pub async fn find_room(db: &Db, caller: &Caller, room: Option<&Room>) -> Result<Room> {
    let name: String =
        db.scalar(sql_fn!(resolve_room(caller: caller.to_sql(), room: room.map(Room::to_string)))).await?;
    Room::parse(&name)
}
