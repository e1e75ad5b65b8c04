//! A workflow board's language: tasks with an `adw_id` that the client chooses, one socket for all, and the reports of the
//! programs that work for it. Its document's `/api/v1/workflows` lead to the same tasks.

mod reports;
mod socket;
mod workflows;

use actix_web::{HttpRequest, web};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Listener, caller_and_workflow};
use crate::app::AppState;
use crate::compat::workflow_board::{self, TaskFields};
use crate::domain::tickets::read;
use crate::transport::http::listeners::Routes;
use crate::transport::http::{Auth, Json, Path, Query, Reply, Result};
use crate::{Error, Result as CoreResult};

pub(super) fn configure(routes: &mut Routes) {
    routes.get("/", service).get("/health", health);
    routes.get("/adws", list).post("/adws", create);
    routes.get("/adws/list", list);
    routes.get("/adws/{id}", get_one).patch("/adws/{id}", update);
    routes.delete("/adws/{id}", delete);
    routes.get("/adws/{id}/activity", activities).post("/adws/{id}/activity", add_activity);
    routes.post("/issues/allocate", allocate).post("/clarify", clarify);
    reports::configure(routes);
    workflows::configure(routes);
    socket::configure(routes);
}

async fn service() -> Reply<Value> {
    Reply::ok(json!({"status": "ok", "service": "callboard", "version": env!("CARGO_PKG_VERSION")}))
}

/// Under `/api` with the number of tasks, which is where the clients look for it.
async fn health(
    request: HttpRequest,
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
) -> Result<Reply<Value>> {
    if !request.path().starts_with("/api") {
        return Ok(Reply::ok(json!({"status": "healthy"})));
    }
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let rows = workflow_board::list(&state.db, &caller, workflow.as_deref()).await?;
    let count = rows.as_array().map_or(0, Vec::len);
    Ok(Reply::ok(json!({"healthy": true, "database_path": "postgres", "adw_count": count})))
}

/// Refuses what cannot be the id of a task.
fn check_id(id: &str) -> CoreResult<()> {
    if workflow_board::is_task_id(id) {
        return Ok(());
    }
    Err(invalid_id(id))
}

fn invalid_id(id: &str) -> Error {
    let id: String = id.chars().take(100).collect();
    Error::problem(400, "bad_request", format!("Invalid ADW ID format: {id}; it has eight letters and digits."))
}

#[derive(Deserialize)]
struct ListQuery {
    status: Option<String>,
}

async fn list(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Query(query): Query<ListQuery>,
) -> Result<Reply<Value>> {
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let rows = workflow_board::list(&state.db, &caller, workflow.as_deref()).await?;
    let tasks = workflow_board::records(&rows, query.status.as_deref());
    Ok(Reply::ok(json!({"total_count": tasks.len(), "adws": tasks})))
}

async fn create(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Json(body): Json<Value>,
) -> Result<Reply<Value>> {
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let id = body["adw_id"].as_str().ok_or_else(|| Error::invalid("adw_id", "is required"))?;
    if !workflow_board::is_adw_id(id) {
        return Err(invalid_id(id).into());
    }
    let mut task = workflow_board::fields(&body);
    // A new task is pending; only later is that said of one.
    task.kept.remove("status");
    task.title.get_or_insert_with(|| format!("Task {id}"));
    let row = workflow_board::create(&state.db, &caller, workflow.as_deref(), id, &task).await?;
    Ok(Reply::created(workflow_board::record(&row)))
}

async fn get_one(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Path(id): Path<String>,
) -> Result<Reply<Value>> {
    check_id(&id)?;
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let row = workflow_board::get(&state.db, &caller, workflow.as_deref(), &id).await?;
    Ok(Reply::ok(workflow_board::record(&row)))
}

async fn update(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Path(id): Path<String>,
    Json(body): Json<Value>,
) -> Result<Reply<Value>> {
    check_id(&id)?;
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let task: TaskFields = workflow_board::fields(&body);
    let row = workflow_board::update(&state.db, &caller, workflow.as_deref(), &id, &task).await?;
    Ok(Reply::ok(workflow_board::record(&row)))
}

async fn delete(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Path(id): Path<String>,
) -> Result<Reply<Value>> {
    check_id(&id)?;
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    Ok(Reply::ok(workflow_board::delete(&state.db, &caller, workflow.as_deref(), &id).await?))
}

/// How many changes of a task are listed.
const MAX_ACTIVITIES: i32 = 200;

async fn activities(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Path(id): Path<String>,
) -> Result<Reply<Value>> {
    check_id(&id)?;
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let row = workflow_board::get(&state.db, &caller, workflow.as_deref(), &id).await?;
    let ticket = row["ticket_id"].as_str().unwrap_or_default();
    let page = read::changes(&state.db, &caller, ticket, MAX_ACTIVITIES, None).await?;
    let activities: Vec<Value> = page
        .history
        .iter()
        .map(|entry| {
            json!({"id": entry.seq, "adw_id": id, "event_type": entry.change_type, "field_changed": entry.field_name,
                "old_value": entry.old_value, "new_value": entry.new_value, "event_data": entry.metadata,
                "message": entry.change_description, "user": entry.agent_id, "timestamp": entry.changed_at})
        })
        .collect();
    Ok(Reply::ok(json!({"adw_id": id, "total_count": activities.len(), "activities": activities})))
}

async fn add_activity(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Path(id): Path<String>,
    Json(body): Json<Map<String, Value>>,
) -> Result<Reply<Value>> {
    check_id(&id)?;
    let mut body = Value::Object(body);
    body["adw_id"] = id.as_str().into();
    if !body["message"].is_string() {
        let event = body["event_type"].as_str().ok_or_else(|| Error::invalid("event_type", "is required"))?;
        body["message"] = event.replace('_', " ").into();
    }
    let answer = reports::keep(&state, &listener, &auth, "activity", &body).await?;
    Ok(Reply::created(
        json!({"success": true, "adw_id": id, "event_type": body["event_type"], "recorded": answer["recorded"]}),
    ))
}

async fn allocate(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    body: Json<Value>,
) -> Result<Reply<Value>> {
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let mut answer = workflow_board::allocate_number(&state.db, &caller, workflow.as_deref()).await?;
    answer["issue_title"] = body.0["issue_title"].clone();
    answer["project_id"] = body.0["project_id"].as_str().unwrap_or("default").into();
    Ok(Reply::created(answer))
}

/// No model reads the text here: it is passed on as it is, and nothing is asked.
async fn clarify(_auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    let text = body["description"].as_str().ok_or_else(|| Error::invalid("description", "is required"))?.trim();
    Ok(Reply::ok(
        json!({"understanding": text, "objective": text.lines().next().unwrap_or_default(), "requirements": [],
        "assumptions": [], "confidence": 0.0, "questions": [], "status": "awaiting_approval"}),
    ))
}
