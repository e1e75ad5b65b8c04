//! Lists over all workflows, one ticket, its changes and its timeline.

use actix_web::web;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::super::{Listener, caller_and_workflow};
use crate::Result as CoreResult;
use crate::app::AppState;
use crate::compat::engine::{self, TicketFilter, Written};
use crate::domain::history::{self, Room};
use crate::transport::http::listeners::Routes;
use crate::transport::http::{Auth, Json, Path, Query, Reply, Result};

type State = web::Data<AppState>;
type Of = web::Data<Listener>;

/// How many tickets a page has, unless the client asks for fewer.
const MAX_TICKETS: i64 = 200;
/// How many tickets a client can skip.
const MAX_OFFSET: i64 = 10_000;
/// How many entries a timeline has, the newest.
const MAX_ENTRIES: i64 = 200;

pub(super) fn configure(routes: &mut Routes) {
    routes.get("/tickets", list).post("/tickets", create);
    // Before `/tickets/{id}`.
    routes.get("/tickets/stats", stats).get("/projects", projects);
    routes.get("/tickets/{id}", get_one).put("/tickets/{id}", update);
    routes.patch("/tickets/{id}", update).post("/tickets/{id}/requeue", requeue);
    routes.get("/tickets/{id}/activity", activity);
}

/// `{ticket}`, as all answers about one ticket have it.
pub(super) fn ticket(row: &Value) -> Value {
    json!({"success": true, "ticket": engine::ticket(row)})
}

/// Lets the listener's worker take the job that may have been queued for a ticket.
pub(super) async fn admit_worker(state: &AppState, listener: &Listener, ticket: &Value) -> CoreResult<()> {
    match (listener.auto_queue(), ticket["workflow_id"].as_str()) {
        (Some(_), Some(workflow)) if ticket["state"] == "ready" => listener.admit_worker(&state.db, workflow).await,
        _ => Ok(()),
    }
}

#[derive(Deserialize)]
struct ListQuery {
    limit: Option<i64>,
    offset: Option<i64>,
    state: Option<String>,
    project_id: Option<String>,
}

async fn list(state: State, listener: Of, auth: Auth, Query(query): Query<ListQuery>) -> Result<Reply<Value>> {
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let filter = TicketFilter {
        workflow: workflow.as_deref(),
        project: query.project_id.as_deref(),
        state: query.state.as_deref(),
        limit: query.limit.unwrap_or(100).clamp(1, MAX_TICKETS),
        offset: query.offset.unwrap_or(0).clamp(0, MAX_OFFSET),
    };
    let found = engine::list(&state.db, &caller, &filter).await?;
    let rows = found["tickets"].as_array().map(Vec::as_slice).unwrap_or_default();
    let tickets: Vec<Value> = rows.iter().map(engine::ticket).collect();
    Ok(Reply::ok(json!({"tickets": tickets, "count": found["count"]})))
}

async fn stats(state: State, listener: Of, auth: Auth) -> Result<Reply<Value>> {
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    Ok(Reply::ok(engine::stats(&state.db, &caller, workflow.as_deref()).await?))
}

async fn projects(state: State, listener: Of, auth: Auth) -> Result<Reply<Value>> {
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    Ok(Reply::ok(json!({"projects": engine::projects(&state.db, &caller, workflow.as_deref()).await?})))
}

/// A new ticket, or changes of one; what Callboard has no field for is kept.
#[derive(Deserialize)]
struct Body {
    title: Option<String>,
    description: Option<String>,
    state: Option<String>,
    project_id: Option<String>,
    assignee_id: Option<String>,
    parent_id: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

impl Body {
    fn written<'a>(&'a self, listener: &'a Listener) -> Written<'a> {
        Written {
            title: self.title.as_deref(),
            description: self.description.as_deref(),
            state: self.state.as_deref().filter(|state| !state.is_empty()),
            assignee: self.assignee_id.as_deref(),
            parent: self.parent_id.as_deref(),
            fields: engine::kept(&self.others),
            queue_type: listener.auto_queue(),
        }
    }
}

async fn create(state: State, listener: Of, auth: Auth, Json(body): Json<Body>) -> Result<Reply<Value>> {
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let project = body.project_id.as_deref().filter(|project| !project.is_empty());
    let made = engine::create(&state.db, &caller, workflow.as_deref(), project, &body.written(&listener)).await?;
    admit_worker(&state, &listener, &made).await?;
    Ok(Reply::created(ticket(&made)))
}

async fn update(
    state: State,
    listener: Of,
    auth: Auth,
    Path(id): Path<String>,
    Json(body): Json<Body>,
) -> Result<Reply<Value>> {
    let project = body.project_id.as_deref().filter(|project| !project.is_empty());
    let changed = engine::update(&state.db, &auth.caller(), &id, project, &body.written(&listener)).await?;
    admit_worker(&state, &listener, &changed).await?;
    Ok(Reply::ok(ticket(&changed)))
}

#[derive(Deserialize)]
struct Include {
    include: Option<String>,
}

async fn get_one(
    state: State,
    auth: Auth,
    Path(id): Path<String>,
    Query(query): Query<Include>,
) -> Result<Reply<Value>> {
    let wanted = query.include.unwrap_or_default();
    let wants = |part: &str| wanted.split(',').any(|word| word.trim() == part);
    let found = engine::get(&state.db, &auth.caller(), &id, wants("dependencies"), wants("events")).await?;
    Ok(Reply::ok(ticket(&found)))
}

#[derive(Deserialize)]
struct Reason {
    reason: Option<String>,
}

async fn requeue(
    state: State,
    listener: Of,
    auth: Auth,
    Path(id): Path<String>,
    Json(body): Json<Reason>,
) -> Result<Reply<Value>> {
    let row = engine::requeue(&state.db, &auth.caller(), &id, body.reason.as_deref(), listener.auto_queue()).await?;
    admit_worker(&state, &listener, &row).await?;
    Ok(Reply::ok(ticket(&row)))
}

/// The timeline, oldest first: the entries that sockets send.
async fn activity(state: State, auth: Auth, Path(id): Path<String>) -> Result<Reply<Value>> {
    let caller = auth.caller();
    let room = history::find_room(&state.db, &caller, Some(&Room::Ticket(id))).await?;
    let newest = history::recent_events(&state.db, &caller, &room, MAX_ENTRIES).await?;
    let entries: Vec<Value> = newest.events.iter().filter_map(engine::entry).collect();
    Ok(Reply::ok(json!({"activity": entries})))
}
