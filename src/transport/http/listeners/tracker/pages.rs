//! What other pages of the tracker's dashboard and its MCP client ask for: agents and numbers as far as Callboard has them; what
//! it does not have is empty, or refused with the reason.

use std::collections::HashMap;

use actix_web::web;
use serde::Deserialize;
use serde_json::{Value, json};

use super::acting;
use super::tasks::workflow_in;
use crate::Error;
use crate::app::AppState;
use crate::compat::tracker;
use crate::domain::accounts::is_actor_id;
use crate::domain::jobs;
use crate::domain::jobs::messages::{self, MessageFilter};
use crate::transport::http::listeners::Routes;
use crate::transport::http::{Auth, Json, Path, Query, Reply, Result};

pub(super) fn configure(routes: &mut Routes) {
    routes.get("/agents", agents).get("/agent_status", agents);
    routes.get("/agents/{id}/output", output).get("/validate_agent_id/{id}", validate);
    routes.post("/terminate_agent", terminate);
    routes.get("/dashboard/stats", dashboard).get("/system-overview", system);
    routes.get("/graph", graph);
    for path in ["/results", "/workflows/{id}/results", "/conductor-analyses", "/steering-interventions"] {
        routes.get(path, empty);
    }
    routes.get("/guardian-analyses/{id}", analyses);
    routes.get("/conductor-analyses/latest", nothing).get("/memories", memories);
    routes.post("/save_memory", without_memories).post("/broadcast_message", without_messages);
    routes.post("/send_message", without_messages);
    for path in ["/submit_result", "/submit_result_validation", "/report_results", "/give_validation_review"] {
        routes.post(path, without_results);
    }
}

async fn agents(state: web::Data<AppState>, auth: Auth) -> Result<Reply<Vec<Value>>> {
    Ok(Reply::ok(tracker::agents(&tracker::list_agents(&state.db, &auth.caller()).await?)))
}

/// The last lines of what an agent works on.
async fn output(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Value>> {
    let agents = tracker::agents(&tracker::list_agents(&state.db, &auth.caller()).await?);
    let agent = agents.iter().find(|agent| agent["id"] == id.as_str());
    let agent = agent.ok_or_else(|| Error::problem(404, "not_found", "There is no such agent."))?;
    let mut lines = Vec::new();
    if let Some(job) = agent["current_task_id"].as_str() {
        let filter =
            MessageFilter { job_id: job.to_owned(), kinds: None, after: 0, before: Some(i64::MAX), limit: 500 };
        let page = messages::list(&state.db, &auth.caller(), &filter).await?;
        lines = page.messages.iter().map(|message| message.content.clone()).collect();
    }
    Ok(Reply::ok(json!({"output": lines.join("\n"), "timestamp": jiff::Timestamp::now()})))
}

async fn validate(Path(id): Path<String>) -> Reply<Value> {
    let valid = is_actor_id(&id);
    let message = if valid { "The agent id is valid." } else { "The agent id is not valid." };
    let mistakes = if valid {
        vec![]
    } else {
        vec!["It must be 1 to 128 letters, digits or _ . / : @ + - and begin with a letter or digit."]
    };
    Reply::ok(json!({"valid": valid, "message": message, "agent_id": id, "common_mistakes": mistakes}))
}

/// Cancels what an agent works on, or asks its worker to stop.
async fn terminate(state: web::Data<AppState>, auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    let id = body["agent_id"].as_str().ok_or_else(|| Error::invalid("agent_id", "is required"))?;
    let caller = auth.caller();
    let agents = tracker::agents(&tracker::list_agents(&state.db, &caller).await?);
    let agent = agents.iter().find(|agent| agent["id"] == id);
    let agent = agent.ok_or_else(|| Error::problem(404, "not_found", "There is no such agent."))?;
    let Some(job) = agent["current_task_id"].as_str() else {
        return Ok(Reply::ok(json!({"success": false, "message": "The agent works on nothing."})));
    };
    jobs::cancel(&state.db, &caller, job, body["reason"].as_str()).await?;
    Ok(Reply::ok(json!({"success": true, "message": "Its worker was asked to stop."})))
}

async fn dashboard(
    state: web::Data<AppState>,
    auth: Auth,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Reply<Value>> {
    Ok(Reply::ok(tracker::dashboard(&tracker::overview(&state.db, &auth.caller(), workflow_in(&query)).await?)))
}

async fn system(_auth: Auth) -> Reply<Value> {
    Reply::ok(tracker::system())
}

async fn graph(
    state: web::Data<AppState>,
    auth: Auth,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Reply<Value>> {
    let caller = auth.caller();
    let tasks = tracker::list_tasks(&state.db, &caller, workflow_in(&query), None, 200, 0).await?;
    let agents = tracker::agents(&tracker::list_agents(&state.db, &caller).await?);
    Ok(Reply::ok(tracker::graph(&tasks, &agents)))
}

#[derive(Deserialize)]
struct Limit {
    limit: Option<i64>,
}

/// What a guardian would say about an agent: the findings about it and its tickets.
async fn analyses(
    state: web::Data<AppState>,
    auth: Auth,
    Path(id): Path<String>,
    Query(page): Query<Limit>,
) -> Result<Reply<Vec<Value>>> {
    let limit = page.limit.unwrap_or(50).clamp(1, 200);
    let findings = tracker::list_findings(&state.db, &auth.caller(), &id, limit).await?;
    Ok(Reply::ok(findings.iter().map(tracker::analysis).collect()))
}

async fn empty(_auth: Auth) -> Reply<Vec<Value>> {
    Reply::ok(Vec::new())
}

async fn nothing(_auth: Auth) -> Reply<Value> {
    Reply::ok(Value::Null)
}

async fn memories(_auth: Auth) -> Reply<Value> {
    Reply::ok(json!({"memories": [], "total": 0, "type_counts": {}}))
}

async fn without_memories(auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    acting(&auth, &body)?;
    Err(Error::problem(501, "not_implemented", "Callboard keeps no memories; write a comment on the ticket instead.")
        .into())
}

async fn without_messages(auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    acting(&auth, &body)?;
    let message =
        "Callboard has no messages between agents; mention the agent (@id) in a comment on its ticket instead.";
    Ok(Reply::ok(json!({"success": false, "recipient_count": 0, "message": message})))
}

async fn without_results(auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    acting(&auth, &body)?;
    Err(Error::problem(
        501,
        "not_implemented",
        "Callboard has no validation of results; resolve the ticket, or ask for a review of it.",
    )
    .into())
}
