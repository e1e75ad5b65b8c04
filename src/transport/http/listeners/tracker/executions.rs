//! Boards as definitions, workflows as executions.

use std::collections::HashMap;

use actix_web::web;
use serde_json::{Value, json};

use super::{Listener, acting, input, value_of};
use crate::app::AppState;
use crate::compat::executions::{self, CreateDefinition, CreateExecution};
use crate::compat::tracker;
use crate::domain::accounts::Caller;
use crate::transport::http::listeners::Routes;
use crate::transport::http::{Auth, Json, Path, Query, Reply, Result};
use crate::{Error, Result as CoreResult};

pub(super) fn configure(routes: &mut Routes) {
    routes.get("/workflow-definitions", definitions).post("/workflow-definitions", define);
    routes.get("/workflow-executions", list).post("/workflow-executions", create);
    routes.get("/workflow-executions/{id}", get_one);
    routes.get("/workflows", workflows).get("/workflows/{id}", get_one);
}

async fn definitions(state: web::Data<AppState>, auth: Auth) -> Result<Reply<Value>> {
    let read = value_of(&executions::definitions(&state.db, &auth.caller()).await?)?;
    let definitions: Vec<Value> =
        read["definitions"].as_array().into_iter().flatten().map(tracker::definition).collect();
    Ok(Reply::ok(json!({"definitions": definitions})))
}

async fn define(state: web::Data<AppState>, auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    let new: CreateDefinition = input(&body, &["name", "description", "phases", "board_config"])?;
    let made = executions::define(&state.db, &acting(&auth, &body)?, &new).await?;
    Ok(Reply::ok(tracker::definition(&value_of(&made)?)))
}

/// The executions with a status; the listener's workflow, else the caller's default one, is first, because the clients take the first
/// active one.
async fn executions_with(
    state: &AppState,
    listener: &Listener,
    caller: &Caller,
    status: Option<&str>,
) -> CoreResult<Vec<Value>> {
    let Some(wanted) = tracker::workflow_status(status) else { return Ok(Vec::new()) };
    let workflow = listener.workflow(&state.db).await?;
    let rows = tracker::list_executions(&state.db, caller, wanted, workflow.as_deref()).await?;
    let mut executions: Vec<Value> = rows.as_array().into_iter().flatten().map(tracker::execution).collect();
    if let Some(status @ ("active" | "completed")) = status {
        executions.retain(|execution| execution["status"] == status);
    }
    Ok(executions)
}

async fn list(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Query(query): Query<HashMap<String, String>>,
) -> Result<Reply<Value>> {
    let status = query.get("status").map(String::as_str);
    let executions = executions_with(&state, &listener, &auth.caller(), status).await?;
    Ok(Reply::ok(json!({"executions": executions})))
}

async fn workflows(state: web::Data<AppState>, listener: web::Data<Listener>, auth: Auth) -> Result<Reply<Vec<Value>>> {
    Ok(Reply::ok(executions_with(&state, &listener, &auth.caller(), None).await?))
}

async fn create(state: web::Data<AppState>, auth: Auth, Json(mut body): Json<Value>) -> Result<Reply<Value>> {
    if let Some(directory) = body["working_directory"].as_str().map(str::to_owned) {
        if !body["launch_params"].is_object() {
            body["launch_params"] = json!({});
        }
        body["launch_params"]["working_directory"] = directory.into();
    }
    let new: CreateExecution = input(&body, &["definition_id", "name", "description", "launch_params", "prompt"])?;
    let caller = acting(&auth, &body)?;
    let made = executions::create(&state.db, &caller, &new).await?;
    let row = tracker::get_execution(&state.db, &caller, &made.id).await?;
    let mut execution = tracker::execution(&row);
    execution["message"] = format!("The workflow {} is ready.", made.name).into();
    Ok(Reply::ok(execution))
}

async fn get_one(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Value>> {
    let row = tracker::get_execution(&state.db, &auth.caller(), &id).await.map_err(|error| {
        match error.as_problem().status {
            404 => Error::problem(
                404,
                "not_found",
                format!("Workflow {} not found.", id.chars().take(100).collect::<String>()),
            ),
            _ => error,
        }
    })?;
    Ok(Reply::ok(tracker::execution(&row)))
}
