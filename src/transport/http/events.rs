//! Events for clients without sockets, as pages of JSON or as Server-Sent Events, of a workflow, a saved search or a job.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_ENCODING};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, get, web};
use futures_util::stream;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::Error;
use crate::app::AppState;
use crate::domain::accounts::Authenticated;
use crate::domain::history::{self, Cursor, MAX_EVENTS, Room};
use crate::transport::http::problem::Result;
use crate::transport::http::{Auth, Path, Query};
use crate::transport::live::Live;
use crate::transport::live::client::Client;
use crate::transport::live::dialects::{Dialect, native};
use crate::transport::live::send_queue::Closing;

/// Time between two keepalive comments on an event stream.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(15);

/// The position to read from, and the page size.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Since {
    /// The last seq seen; 0 for the start.
    #[param(minimum = 0)]
    since: Option<i64>,
    /// The epoch of that seq; without it the seq alone is trusted.
    epoch: Option<String>,
    /// Maximum number of events (JSON only).
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<i64>,
}

/// Lists the events of a workflow after a position in its stream.
///
/// With `Accept: text/event-stream` the response is a stream without end: missed events, then new ones, each with the id
/// `<epoch>:<seq>`. `Last-Event-ID` resumes; without a cursor the stream starts now. 410 (or the message `resync`) means
/// that the cursor is no longer valid: read the board again.
#[utoipa::path(tag = "live", params(("id" = String, Path, description = "The workflow"), Since), responses(
    (status = 200, description = "`{epoch, events, last_seq, has_more}`, or a stream of events", content(
        (serde_json::Value = "application/json"), (String = "text/event-stream"))),
    (status = 410, description = "The cursor belongs to another epoch, or its events were pruned")))]
#[get("/api/workflows/{id}/events")]
pub async fn events(
    request: HttpRequest,
    path: Path<String>,
    query: Query<Since>,
    auth: Auth,
    state: web::Data<AppState>,
    live: web::Data<Live>,
) -> Result<HttpResponse> {
    page_or_stream(&request, Room::Workflow(path.0), query.0, auth, &state, live).await
}

/// Lists the events of a saved search after a position in its stream: tickets that started to match.
///
/// Like the events of a workflow, as JSON or as a stream; a cursor is `epoch` and `last_seq` of the search.
#[utoipa::path(tag = "live", params(("id" = String, Path, description = "The search"), Since), responses(
    (status = 200, description = "`{epoch, events, last_seq, has_more}`, or a stream of events", content(
        (serde_json::Value = "application/json"), (String = "text/event-stream"))),
    (status = 410, description = "The cursor belongs to another epoch, or its events were pruned")))]
#[get("/api/searches/{id}/events")]
pub async fn search_events(
    request: HttpRequest,
    path: Path<String>,
    query: Query<Since>,
    auth: Auth,
    state: web::Data<AppState>,
    live: web::Data<Live>,
) -> Result<HttpResponse> {
    page_or_stream(&request, Room::Search(path.0), query.0, auth, &state, live).await
}

/// Lists the events of a job after a position in its stream: status, stages, progress, transcript.
///
/// Like the events of a workflow, as JSON or as a stream.
#[utoipa::path(tag = "live", params(("id" = String, Path, description = "The job"), Since), responses(
    (status = 200, description = "`{epoch, events, last_seq, has_more}`, or a stream of events", content(
        (serde_json::Value = "application/json"), (String = "text/event-stream"))),
    (status = 410, description = "The cursor belongs to another epoch, or its events were pruned")))]
#[get("/api/jobs/{id}/events")]
pub async fn job_events(
    request: HttpRequest,
    path: Path<String>,
    query: Query<Since>,
    auth: Auth,
    state: web::Data<AppState>,
    live: web::Data<Live>,
) -> Result<HttpResponse> {
    page_or_stream(&request, Room::Job(path.0), query.0, auth, &state, live).await
}

async fn page_or_stream(
    request: &HttpRequest,
    room: Room,
    query: Since,
    auth: Auth,
    state: &AppState,
    live: web::Data<Live>,
) -> Result<HttpResponse> {
    let Since { since, epoch, limit } = query;
    if since.is_some_and(|since| since < 0) {
        return Err(Error::invalid("since", "must not be negative").into());
    }
    let limit = limit.unwrap_or(MAX_EVENTS);
    if !(1..=MAX_EVENTS).contains(&limit) {
        return Err(Error::invalid("limit", format!("must be between 1 and {MAX_EVENTS}")).into());
    }
    let streaming =
        request.headers().get_all(ACCEPT).any(|a| a.to_str().is_ok_and(|a| a.contains("text/event-stream")));
    if streaming {
        let cursor =
            last_event_id(request).or(since.map(|seq| Cursor { epoch: epoch.clone().unwrap_or_default(), seq }));
        return stream_events(live.into_inner(), auth.0, room, cursor, since.is_some() && epoch.is_none()).await;
    }
    let caller = auth.caller();
    let missed = history::events_since(&state.db, &caller, &room, since.unwrap_or(0), epoch.as_deref(), limit).await?;
    if let Some(reason) = missed.resync {
        let mut problem = Error::problem(
            410,
            "resync",
            "The events after this position are no longer available; read the current state and continue from its seq.",
        )
        .as_problem();
        problem.extra.insert("reason".to_owned(), reason.into());
        problem.extra.insert("epoch".to_owned(), missed.epoch.into());
        problem.extra.insert("last_seq".to_owned(), missed.last_seq.into());
        return Err(Error::Problem(Box::new(problem)).into());
    }
    let listed = missed
        .events
        .iter()
        .filter_map(|event| RawValue::from_string(native::message(event, &missed.epoch, event.prev)).ok());
    Ok(HttpResponse::Ok().json(serde_json::json!({
        "epoch": missed.epoch,
        "events": listed.collect::<Vec<_>>(),
        "last_seq": missed.last_seq,
        "has_more": missed.has_more,
    })))
}

/// The position in `Last-Event-ID`, which a browser's EventSource sends when it reconnects.
fn last_event_id(request: &HttpRequest) -> Option<Cursor> {
    let (epoch, seq) = request.headers().get("last-event-id")?.to_str().ok()?.rsplit_once(':')?;
    Some(Cursor { epoch: epoch.to_owned(), seq: seq.parse().ok().filter(|seq| *seq >= 0)? })
}

/// Ends the client's membership when the response is dropped, whichever side ended it.
struct StreamGuard {
    live: Arc<Live>,
    client: Arc<Client>,
}

impl Drop for StreamGuard {
    fn drop(&mut self) {
        self.client.queue.close(Closing::Gone);
        self.live.rooms.remove(&self.client);
    }
}

async fn stream_events(
    live: Arc<Live>,
    who: Authenticated,
    room: Room,
    cursor: Option<Cursor>,
    any_epoch: bool,
) -> Result<HttpResponse> {
    // Before the stream starts: access is checked, and the current position is read.
    let now = history::events_since(&live.db, &who.caller, &room, i64::MAX, None, 1).await?;
    let now = Cursor { epoch: now.epoch, seq: now.last_seq };
    let cursor = match cursor {
        Some(cursor) if any_epoch => Cursor { epoch: now.epoch, seq: cursor.seq },
        Some(cursor) => cursor,
        None => now,
    };
    let client = Client::new(&live, Some(who.caller), Dialect::Native, false);
    live.rooms.add(client.clone());
    let guard = StreamGuard { live: live.clone(), client: client.clone() };
    if live.is_stopping() {
        client.queue.close(Closing::Restarting);
    }
    let (member, _) = client.enter(room, Some(cursor));
    live.catch_up(member, true);
    // Leaves the rooms once the client is to be closed, and closes it when its credential expires.
    let ends = who.expires_at.map(|end| end.duration_since(Timestamp::now()).as_secs_f64().clamp(0.0, 1e9));
    tokio::spawn(async move {
        let closed = client.queue.closed();
        match ends {
            Some(left) => {
                if tokio::time::timeout(Duration::from_secs_f64(left), closed).await.is_err() {
                    client.queue.close(Closing::Unauthenticated("the access token expired"));
                }
            }
            None => drop(closed.await),
        }
        live.rooms.remove(&client);
    });
    let body = stream::unfold(guard, |guard| async move {
        let text = match tokio::time::timeout(KEEPALIVE_INTERVAL, guard.client.queue.next()).await {
            Ok(Ok(message)) => match message.seq {
                Some(seq) => format!("id: {}:{seq}\ndata: {}\n\n", guard.live.epoch(), message.message.text()),
                None => format!("data: {}\n\n", message.message.text()),
            },
            Ok(Err(_)) => return None,
            Err(_) => ": still here\n\n".to_owned(),
        };
        Some((Ok::<_, std::convert::Infallible>(Bytes::from(text)), guard))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        // Neither compression nor a proxy may buffer the stream.
        .insert_header((CONTENT_ENCODING, "identity"))
        .insert_header((CACHE_CONTROL, "no-cache"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(body))
}
