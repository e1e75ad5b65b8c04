//! What programs report about tasks, and the logs that the detail of a task shows.

use actix_web::{HttpRequest, web};
use serde_json::{Value, json};

use super::{Listener, caller_and_workflow, check_id, get_one};
use crate::app::AppState;
use crate::compat::workflow_board;
use crate::transport::http::listeners::Routes;
use crate::transport::http::{Auth, Json, Path, Reply, Result};
use crate::{Error, Result as CoreResult};

/// The addresses of reports.
const REPORTS: [&str; 7] = [
    "workflow-updates",
    "stage-event",
    "agent-state-update",
    "workflow-phase-transition",
    "agent-output-chunk",
    "screenshot-available",
    "spec-created",
];

pub(super) fn configure(routes: &mut Routes) {
    for kind in REPORTS {
        routes.post(&format!("/{kind}"), report);
    }
    routes.get("/stage-logs/{id}/{stage}", stage_logs).get("/stage-logs/{id}", all_logs);
    routes.get("/execution-logs/{id}/{stage}", execution_logs).get("/agent-state/{id}", get_one);
    routes.get("/adws/{id}/plan", plan);
}

/// Records a report of a kind.
pub(super) async fn keep(
    state: &AppState,
    listener: &Listener,
    auth: &Auth,
    kind: &str,
    body: &Value,
) -> CoreResult<Value> {
    let (caller, workflow) = caller_and_workflow(auth, state, listener).await?;
    let report = workflow_board::report(kind, body).ok_or_else(|| Error::invalid("adw_id", "is required"))?;
    workflow_board::record_report(&state.db, &caller, workflow.as_deref(), &report).await
}

async fn report(
    request: HttpRequest,
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Json(body): Json<Value>,
) -> Result<Reply<Value>> {
    let kind = request.path().rsplit('/').next().unwrap_or_default();
    let recorded = keep(&state, &listener, &auth, kind, &body).await?;
    Ok(Reply::ok(
        json!({"status": "success", "success": true, "message": "Recorded.", "recorded": recorded["recorded"]}),
    ))
}

/// The transcript lines of a stage, or of all stages.
async fn lines(
    state: &AppState,
    listener: &Listener,
    auth: &Auth,
    id: &str,
    stage: Option<&str>,
) -> CoreResult<Vec<Value>> {
    check_id(id)?;
    let (caller, workflow) = caller_and_workflow(auth, state, listener).await?;
    let rows = workflow_board::lines(&state.db, &caller, workflow.as_deref(), id, stage).await?;
    Ok(rows.as_array().map(|rows| rows.iter().map(workflow_board::log_line).collect()).unwrap_or_default())
}

async fn stage_logs(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Path((id, stage)): Path<(String, String)>,
) -> Result<Reply<Value>> {
    let logs = lines(&state, &listener, &auth, &id, Some(&stage)).await?;
    Ok(Reply::ok(
        json!({"adw_id": id, "stage": stage, "has_streaming_logs": !logs.is_empty(), "logs": logs, "result": null,
        "has_result": false}),
    ))
}

async fn all_logs(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Path(id): Path<String>,
) -> Result<Reply<Value>> {
    let logs = lines(&state, &listener, &auth, &id, None).await?;
    Ok(Reply::ok(
        json!({"adw_id": id, "has_streaming_logs": !logs.is_empty(), "logs": logs, "result": null, "has_result": false}),
    ))
}

async fn execution_logs(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Path((id, stage)): Path<(String, String)>,
) -> Result<Reply<Value>> {
    let logs = lines(&state, &listener, &auth, &id, Some(&stage)).await?;
    Ok(Reply::ok(json!({"adw_id": id, "stage": stage, "has_logs": !logs.is_empty(), "logs": logs})))
}

/// The plan is a file of the program that wrote it, which Callboard does not have.
async fn plan(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Path(id): Path<String>,
) -> Result<Reply<Value>> {
    check_id(&id)?;
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let row = workflow_board::get(&state.db, &caller, workflow.as_deref(), &id).await?;
    match workflow_board::record(&row)["plan_file"].as_str() {
        Some(file) => {
            Ok(Reply::ok(json!({"plan_content": format!("The plan is in the file {file}."), "plan_file": file})))
        }
        None => Err(Error::problem(404, "not_found", format!("No plan of ADW {id} was reported.")).into()),
    }
}
