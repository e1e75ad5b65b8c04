//! What the engine and its workers report about tickets, and how its workers get them.

use actix_web::{HttpResponse, Responder, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{Listener, caller_and_workflow};
use super::tickets::{admit_worker, ticket};
use crate::Error;
use crate::app::AppState;
use crate::compat::engine;
use crate::compat::ticket_events::TicketEvent;
use crate::domain::accounts::sessions;
use crate::transport::http::listeners::Routes;
use crate::transport::http::{Auth, Json, Path, Reply, Result};
use crate::transport::live::Live;
use crate::transport::live::dialects::Dialect;

type State = web::Data<AppState>;
type Of = web::Data<Listener>;

pub(super) fn configure(routes: &mut Routes) {
    routes.post("/internal/ticket-event", report);
    routes.post("/tickets/{id}/activity", post_activity);
    routes.post("/tickets/{id}/heartbeat", heartbeat);
    routes.post("/claim", claim).post("/status", status);
    routes.post("/complete", complete).post("/fail", fail);
}

/// Maximum bytes of a report about an unknown ticket, which is only passed on.
const MAX_UNKNOWN: usize = 64 * 1024;

/// An event about a ticket. One about a ticket that is not here is sent to the sockets that wait for it: those of the reporting actor,
/// and of the person whose agent or service it is.
async fn report(
    state: State,
    live: web::Data<Live>,
    auth: Auth,
    Json(event): Json<TicketEvent>,
) -> Result<Reply<Value>> {
    let named = event.ticket.as_ref().or(event.ticket_id.as_ref());
    let id = named.filter(|id| !id.is_empty() && id.len() <= 190);
    let id = id.ok_or_else(|| Error::invalid("ticketId", "is required: the id of a ticket"))?;
    let caller = auth.caller();
    let unknown = match engine::record(&state.db, &caller, id, &event).await {
        Ok(recorded) => return Ok(Reply::ok(recorded)),
        Err(error) if error.as_problem().status == 404 => error,
        Err(error) => return Err(error.into()),
    };
    let payload = serde_json::to_value(&event).map_err(|error| Error::Internal(error.to_string()))?;
    if payload.to_string().len() > MAX_UNKNOWN {
        return Err(Error::invalid("ticketId", "must be a ticket that is here, for a report of this size").into());
    }
    let known = engine::of_unknown(id, &caller.actor, &event.event, &payload);
    let Some(known) = known.filter(|_| caller.acting_for.is_none()) else { return Err(unknown.into()) };
    let owner = sessions::me(&state.db, &caller).await?.user.owner_id;
    let actors: Vec<&str> = [Some(caller.actor.as_str()), owner.as_deref()].into_iter().flatten().collect();
    let messages = Dialect::Engine.messages(&known, "", 0, false);
    let sockets = live.send_to_awaiting(&actors, &format!("ticket:{id}"), &messages);
    let notice = "There is no such ticket here, so nothing was recorded; it was sent to the open pages of the ticket.";
    Ok(Reply::ok(json!({"success": true, "event": event.event, "ticketId": id, "ticket_id": id, "recorded": false,
        "sockets": sockets, "notice": notice})))
}

#[derive(Deserialize)]
struct NewEntry {
    agent_id: Option<String>,
    category: Option<String>,
    message: Option<String>,
    metadata: Option<Value>,
}

async fn post_activity(
    state: State,
    auth: Auth,
    Path(id): Path<String>,
    Json(new): Json<NewEntry>,
) -> Result<Reply<Value>> {
    let entry = json!({"event": "activity", "category": new.category, "message": new.message, "metadata": new.metadata,
        "actor_id": new.agent_id});
    let event: TicketEvent = serde_json::from_value(entry).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Reply::created(engine::record(&state.db, &auth.caller(), &id, &event).await?))
}

/// What a worker sends; each call reads some of it.
#[derive(Deserialize)]
struct Work {
    agent_id: Option<String>,
    ticket_id: Option<String>,
    project_id: Option<String>,
    ticket_filter: Option<String>,
    state: Option<String>,
    pr_url: Option<String>,
    branch_name: Option<String>,
    error_message: Option<String>,
    #[serde(default)]
    should_retry: bool,
}

impl Work {
    fn ticket(&self) -> crate::Result<&str> {
        self.ticket_id.as_deref().ok_or_else(|| Error::invalid("ticket_id", "is required"))
    }
}

/// A ticket for an agent, in the state that it works on; 204 if there is none.
async fn claim(
    request: actix_web::HttpRequest,
    state: State,
    listener: Of,
    auth: Auth,
    Json(work): Json<Work>,
) -> Result<HttpResponse> {
    let (_, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let caller = auth.acting_as(work.agent_id.as_deref())?;
    let project = work.project_id.as_deref().filter(|project| !project.is_empty()).or(workflow.as_deref());
    let claimed = engine::claim(&state.db, &caller, project, work.ticket_filter.as_deref()).await?;
    if claimed.is_null() {
        return Ok(HttpResponse::NoContent().finish());
    }
    let answer = json!({"ticket": engine::ticket(&claimed), "project_settings": {"id": claimed["workflow_id"]}});
    Ok(Reply::ok(answer).respond_to(&request))
}

async fn heartbeat(state: State, auth: Auth, Path(id): Path<String>, Json(work): Json<Work>) -> Result<Reply<Value>> {
    let caller = auth.acting_as(work.agent_id.as_deref())?;
    Ok(Reply::ok(engine::renew(&state.db, &caller, &id).await?))
}

async fn status(state: State, auth: Auth, Json(work): Json<Work>) -> Result<Reply<Value>> {
    let caller = auth.acting_as(work.agent_id.as_deref())?;
    let wanted = work.state.as_deref().ok_or_else(|| Error::invalid("state", "is required"))?;
    let entry = json!({"event": "state_change", "state": wanted});
    let event: TicketEvent = serde_json::from_value(entry).map_err(|error| Error::Internal(error.to_string()))?;
    Ok(Reply::ok(engine::record(&state.db, &caller, work.ticket()?, &event).await?))
}

async fn complete(state: State, auth: Auth, Json(work): Json<Work>) -> Result<Reply<Value>> {
    let caller = auth.acting_as(work.agent_id.as_deref())?;
    let (pr_url, branch) = (work.pr_url.as_deref(), work.branch_name.as_deref());
    Ok(Reply::ok(ticket(&engine::complete(&state.db, &caller, work.ticket()?, pr_url, branch).await?)))
}

async fn fail(state: State, listener: Of, auth: Auth, Json(work): Json<Work>) -> Result<Reply<Value>> {
    let caller = auth.acting_as(work.agent_id.as_deref())?;
    let error = work.error_message.as_deref();
    let row = engine::fail(&state.db, &caller, work.ticket()?, error, work.should_retry, listener.auto_queue()).await?;
    admit_worker(&state, &listener, &row).await?;
    Ok(Reply::ok(ticket(&row)))
}
