//! The board's one socket for all tasks, on which clients start the work.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Map, Value, json};

use super::Listener;
use crate::app::AppState;
use crate::compat::fields;
use crate::compat::workflow_board::{self, Trigger};
use crate::domain::accounts::Caller;
use crate::transport::http::Result;
use crate::transport::http::listeners::Routes;
use crate::transport::http::listeners::{Watch, open_socket};
use crate::transport::http::ws::Credential;
use crate::transport::live::dialects::Dialect;
use crate::transport::live::socket::ClientRequests;
use crate::{Error, Result as CoreResult};

pub(super) fn configure(routes: &mut Routes) {
    routes.get("/ws/trigger", ws).get("/ws", ws);
}

async fn ws(
    request: HttpRequest,
    body: web::Payload,
    auth: Credential,
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
) -> Result<HttpResponse> {
    let requests = ClientRequests(Arc::new(move |caller, message| {
        let (state, listener) = (state.clone(), listener.clone());
        Box::pin(async move { vec![answer(&state, &listener, &caller, &message).await] })
    }));
    open_socket(&request, body, auth, Dialect::WorkflowBoard, Watch::Workflow, Some(requests)).await
}

/// The answer to a client's message.
async fn answer(state: &AppState, listener: &Listener, caller: &Caller, message: &Value) -> Value {
    let data = &message["data"];
    let answered = match message["type"].as_str().unwrap_or_default() {
        "trigger_workflow" => trigger(state, listener, caller, data).await,
        "register_session" => Ok(json!({"type": "session_registered", "data": {"session_id": data["session_id"]}})),
        "workflow_log" => record(state, listener, caller, message).await,
        other => {
            let known = "trigger_workflow, workflow_log, register_session, ping";
            let other: String = other.chars().take(100).collect();
            Err(Error::problem(400, "unknown_message", format!("There is no message {other}; known here: {known}.")))
        }
    };
    answered.unwrap_or_else(|error| {
        let mut problem = error.as_problem().to_json();
        fields::rename(listener.settings.client, &mut problem);
        json!({"type": "error", "data": {"error_type": problem["code"], "message": problem["detail"], "adw_id": data["adw_id"], "details": {}}})
    })
}

/// Queues a job for a task.
async fn trigger(state: &AppState, listener: &Listener, caller: &Caller, data: &Value) -> CoreResult<Value> {
    let id = data["adw_id"].as_str().filter(|id| workflow_board::is_task_id(id));
    let id = id.ok_or_else(|| Error::invalid("adw_id", "must have eight letters and digits"))?;
    let name = data["workflow_type"].as_str().filter(|name| !name.is_empty() && name.chars().count() <= 64);
    let name = name.ok_or_else(|| Error::invalid("workflow_type", "must have 1 to 64 characters"))?;
    let workflow = listener.workflow(&state.db).await?;
    let issue = &data["issue_json"];
    let task = workflow_board::fields(&json!({"issue_title": issue["title"], "issue_body": issue["body"],
        "issue_class": data["issue_type"], "model_set": data["model_set"], "workflow_name": name}));
    let details: Map<String, Value> =
        ["workflow_type", "trigger_reason", "model_set", "config", "patch_request", "issue_number"]
            .into_iter()
            .filter(|name| !data[*name].is_null())
            .map(|name| (name.to_owned(), data[name].clone()))
            .collect();
    let trigger = Trigger {
        adw_id: id.to_owned(),
        job_type: listener.auto_queue().unwrap_or(name).to_owned(),
        stages: workflow_board::stages(name, &data["stages"]),
        issue: json!({"title": task.title, "description": task.description, "issue_class": task.issue_class, "fields": task.kept}),
        details,
    };
    let row = workflow_board::trigger(&state.db, caller, workflow.as_deref(), &trigger).await?;
    let message = if row["queued"] == true { "The work is queued." } else { "The work is under way already." };
    Ok(
        json!({"type": "trigger_response", "data": {"status": "accepted", "adw_id": id, "workflow_name": name, "message": message,
        "logs_path": format!("/api/stage-logs/{id}"), "issue_number": data["issue_number"]}}),
    )
}

/// Records a log line that came over the socket.
async fn record(state: &AppState, listener: &Listener, caller: &Caller, message: &Value) -> CoreResult<Value> {
    let report =
        workflow_board::report("workflow-updates", message).ok_or_else(|| Error::invalid("adw_id", "is required"))?;
    let workflow = listener.workflow(&state.db).await?;
    workflow_board::record_report(&state.db, caller, workflow.as_deref(), &report).await?;
    Ok(json!({"type": "workflow_log_ack", "data": {"adw_id": report.adw_id}}))
}
