//! A ticket tracker's language: `/tickets/…` as its document and its clients write them, the tasks and agents of its MCP client,
//! and one socket with the events of everything that the listener's key may see.

mod changes;
mod executions;
mod pages;
mod tasks;
mod tickets;

use actix_web::{HttpRequest, HttpResponse, web};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Listener, Watch, open_socket};
use crate::app::AppState;
use crate::compat::tracker;
use crate::domain::accounts::Caller;
use crate::domain::history::{self, Room};
use crate::transport::http::listeners::Routes;
use crate::transport::http::ws::Credential;
use crate::transport::http::{Auth, Reply, Result, body};
use crate::transport::live::dialects::Dialect;
use crate::{Error, Result as CoreResult};

pub(super) fn configure(routes: &mut Routes) {
    changes::configure(routes);
    tickets::configure(routes);
    tasks::configure(routes);
    executions::configure(routes);
    pages::configure(routes);
    routes.get("/health", health).get("/ws", ws);
}

async fn health() -> Reply<Value> {
    Reply::ok(json!({"status": "healthy", "version": env!("CARGO_PKG_VERSION"), "timestamp": jiff::Timestamp::now()}))
}

async fn ws(request: HttpRequest, body: web::Payload, auth: Credential) -> Result<HttpResponse> {
    open_socket(&request, body, auth, Dialect::Tracker, Watch::All, None).await
}

/// A request as the main API takes it, from the members of a body that it knows.
fn input<T: DeserializeOwned>(given: &Value, names: &[&str]) -> CoreResult<T> {
    input_of(&tracker::only(given, names))
}

fn input_of<T: DeserializeOwned>(value: &Value) -> CoreResult<T> {
    body::parse(value.to_string().as_bytes())
}

/// An answer of the main API as a value, to which names are added.
fn value_of<T: Serialize>(answer: &T) -> CoreResult<Value> {
    serde_json::to_value(answer).map_err(|error| Error::Internal(error.to_string()))
}

/// The acting agent: of the header, else of the body.
fn acting(auth: &Auth, body: &Value) -> CoreResult<Caller> {
    let named = ["agent_id", "ai_agent_id"].iter().find_map(|name| body[*name].as_str());
    match (&auth.caller().acting_for, named) {
        (None, Some(agent)) => auth.acting_as(Some(agent)),
        _ => Ok(auth.caller()),
    }
}

/// The workflow that a request names, else the listener's, else the caller's default workflow.
async fn workflow_of(
    state: &AppState,
    listener: &Listener,
    caller: &Caller,
    named: Option<&str>,
) -> CoreResult<String> {
    if let Some(named) = named.filter(|named| !named.is_empty()) {
        return Ok(named.to_owned());
    }
    if let Some(workflow) = listener.workflow(&state.db).await? {
        return Ok(workflow);
    }
    match history::find_room(&state.db, caller, None).await? {
        Room::Workflow(workflow) => Ok(workflow),
        _ => Err(Error::invalid("workflow_id", "is required")),
    }
}
