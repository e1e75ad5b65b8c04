//! Tasks of agents, which are jobs.

use std::collections::HashMap;

use actix_web::web;
use serde_json::{Value, json};

use super::changes::described;
use super::{Listener, acting};
use crate::app::AppState;
use crate::compat::tracker::{self, NewTask, TaskStatus};
use crate::domain::accounts::Caller;
use crate::domain::jobs::{self, Action, UpdateJob};
use crate::domain::tickets::Priority;
use crate::transport::http::listeners::Routes;
use crate::transport::http::{Auth, Json, Path, Query, Reply, Result};
use crate::{Error, Result as CoreResult};

/// The most tasks of a list.
const MAX_TASKS: i64 = 200;

pub(super) fn configure(routes: &mut Routes) {
    routes.post("/create_task", create).post("/update_task_status", set_status);
    routes.get("/task_progress", progress).get("/tasks", list);
    routes.get("/tasks/{id}", get_one).get("/tasks/{id}/full-details", details);
    routes.get("/blocked-tasks", blocked).get("/blocked-tasks/{id}/blockers", blockers);
    routes.post("/sync-blocking-status", sync_blocking).get("/queue_status", queue);
    routes.post("/bump_task_priority", bump).post("/cancel_queued_task", cancel);
    routes.post("/restart_task", restart);
}

/// A list's query.
type Asked = Query<HashMap<String, String>>;

/// The workflow that a query names.
pub(super) fn workflow_in(query: &HashMap<String, String>) -> Option<&str> {
    query.get("workflow_id").map(String::as_str).filter(|id| !id.is_empty())
}

/// Whether an agent starts the work of others, and so needs no ticket.
fn is_exempt(agent: &str) -> bool {
    let agent = agent.to_ascii_lowercase();
    agent.contains("sdk") || agent.contains("main")
}

async fn create(
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
    auth: Auth,
    Json(body): Json<Value>,
) -> Result<Reply<Value>> {
    let caller = acting(&auth, &body)?;
    let text = |name: &str| body[name].as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let description = text("task_description").or_else(|| text("description"));
    let description = description.ok_or_else(|| Error::invalid("task_description", "is required"))?;
    let priority = text("priority");
    if let Some(word) = &priority
        && serde_json::from_value::<Priority>(json!(word)).is_err()
    {
        return Err(Error::invalid("priority", "must be one of low, medium, high, critical").into());
    }
    let done = text("done_definition").unwrap_or_default();
    let agent = caller.acting_for.clone().unwrap_or_else(|| caller.actor.clone());
    let mut details = tracker::only(&body, &["done_definition", "phase_id", "cwd", "parent_task_id"]);
    details["created_by_agent_id"] = agent.as_str().into();
    let workflow = match text("workflow_id") {
        Some(workflow) => Some(workflow),
        None => listener.workflow(&state.db).await?,
    };
    let first_line = description.lines().next().unwrap_or_default();
    let new = NewTask {
        workflow,
        ticket: text("ticket_id"),
        title: first_line.chars().take(200).collect(),
        prompt: if done.is_empty() { description.clone() } else { format!("{description}\n\nDone when: {done}") },
        priority,
        job_type: listener.auto_queue().map(str::to_owned),
        details,
        exempt: is_exempt(&agent),
    };
    let row = tracker::create_task(&state.db, &caller, &new).await?;
    let mut task = tracker::task(&row);
    task["success"] = true.into();
    task["enriched_description"] = description.into();
    task["message"] = "The task is queued.".into();
    if task["assigned_agent_id"].is_null() {
        task["assigned_agent_id"] = "pending".into();
    }
    Ok(Reply::ok(task))
}

async fn set_status(state: web::Data<AppState>, auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    let caller = acting(&auth, &body)?;
    let text = |name: &str| body[name].as_str().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned);
    let task = text("task_id").ok_or_else(|| Error::invalid("task_id", "is required"))?;
    let status = text("status").ok_or_else(|| Error::invalid("status", "is required"))?;
    let commit = text("commit_sha").or_else(|| text("merge_commit_sha"));
    let mut git = None;
    if commit.is_some() {
        let row = tracker::get_task(&state.db, &caller, &task).await?;
        if let Some(ticket) = row["ticket_id"].as_str() {
            git = described(&state, &caller, ticket, commit.as_ref()).await?;
        }
    }
    let message = if status == "failed" { text("failure_reason").or_else(|| text("summary")) } else { text("summary") };
    let details = tracker::only(&body, &["summary", "key_learnings", "code_changes"]);
    let new = TaskStatus { task, status, message, commit_sha: commit, git, details };
    let answer = tracker::set_task_status(&state.db, &caller, &new).await?;
    let task = tracker::task(&answer["task"]);
    let said = match answer["ticket_resolved"].as_bool() {
        Some(true) => "The task is done and its ticket resolved.".to_owned(),
        Some(false) => format!("The task is done. {}", answer["notice"].as_str().unwrap_or_default()).trim().to_owned(),
        None => format!("The task is {}.", task["status"].as_str().unwrap_or_default().replace('_', " ")),
    };
    Ok(Reply::ok(
        json!({"success": true, "message": said, "task_id": task["id"], "status": task["status"], "ticket_id": task["ticket_id"],
        "ticket_resolved": answer["ticket_resolved"], "unblocked_tickets": answer["unblocked_tickets"], "termination_scheduled": false}),
    ))
}

/// The tasks that a query asks for, before their words are translated.
async fn rows(state: &AppState, caller: &Caller, query: &HashMap<String, String>, limit: i64) -> CoreResult<Value> {
    let number = |name: &str| query.get(name).and_then(|text| text.parse::<i64>().ok());
    let limit = number("limit").unwrap_or(limit).clamp(1, MAX_TASKS);
    let skip = number("skip").or_else(|| number("offset")).unwrap_or(0).clamp(0, 100_000);
    let status = query.get("status").map(String::as_str);
    let mut rows =
        tracker::list_tasks(&state.db, caller, workflow_in(query), tracker::job_statuses(status), limit, skip).await?;
    if let (Some(word @ ("blocked" | "queued")), Some(list)) = (status, rows.as_array_mut()) {
        list.retain(|row| tracker::task(row)["status"] == word);
    }
    Ok(rows)
}

async fn list(state: web::Data<AppState>, auth: Auth, Query(query): Asked) -> Result<Reply<Vec<Value>>> {
    Ok(Reply::ok(tracker::tasks(&rows(&state, &auth.caller(), &query, 50).await?)))
}

/// One task, or the newest.
async fn progress(state: web::Data<AppState>, auth: Auth, Query(query): Asked) -> Result<Reply<Value>> {
    if let Some(task) = query.get("task_id").filter(|id| !id.is_empty()) {
        return Ok(Reply::ok(tracker::task(&tracker::get_task(&state.db, &auth.caller(), task).await?)));
    }
    Ok(Reply::ok(tracker::tasks(&rows(&state, &auth.caller(), &query, MAX_TASKS).await?).into()))
}

async fn get_one(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Value>> {
    Ok(Reply::ok(tracker::task(&tracker::get_task(&state.db, &auth.caller(), &id).await?)))
}

async fn details(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Value>> {
    Ok(Reply::ok(tracker::task_details(&tracker::get_task(&state.db, &auth.caller(), &id).await?)))
}

async fn blocked(state: web::Data<AppState>, auth: Auth, Query(mut query): Asked) -> Result<Reply<Vec<Value>>> {
    query.insert("status".to_owned(), "blocked".to_owned());
    let rows = rows(&state, &auth.caller(), &query, MAX_TASKS).await?;
    Ok(Reply::ok(rows.as_array().into_iter().flatten().map(tracker::blocked_task).collect()))
}

async fn blockers(state: web::Data<AppState>, auth: Auth, Path(id): Path<String>) -> Result<Reply<Value>> {
    Ok(Reply::ok(tracker::blocked_task(&tracker::get_task(&state.db, &auth.caller(), &id).await?)))
}

/// Blockers always hold here, so there is nothing to bring in step.
async fn sync_blocking(_auth: Auth) -> Reply<Value> {
    Reply::ok(json!({"success": true, "tasks_blocked": 0, "tasks_unblocked": 0, "total_checked": 0, "errors": []}))
}

async fn queue(state: web::Data<AppState>, auth: Auth, Query(query): Asked) -> Result<Reply<Value>> {
    let caller = auth.caller();
    let waiting =
        tracker::list_tasks(&state.db, &caller, workflow_in(&query), Some(vec!["queued"]), MAX_TASKS, 0).await?;
    let agents = tracker::agents(&tracker::list_agents(&state.db, &caller).await?);
    Ok(Reply::ok(tracker::queue(&waiting, &agents)))
}

/// The task that a body names.
fn task_in(body: &Value) -> CoreResult<&str> {
    body["task_id"].as_str().filter(|id| !id.is_empty()).ok_or_else(|| Error::invalid("task_id", "is required"))
}

async fn bump(state: web::Data<AppState>, auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    let change = UpdateJob { priority: Some(Priority::Critical), ..UpdateJob::default() };
    let job = jobs::update(&state.db, &acting(&auth, &body)?, task_in(&body)?, &change).await?;
    Ok(Reply::ok(
        json!({"success": true, "message": "The task is next.", "agent_id": job.summary.agent_id, "task_id": job.id}),
    ))
}

async fn cancel(state: web::Data<AppState>, auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    let job = jobs::cancel(&state.db, &acting(&auth, &body)?, task_in(&body)?, None).await?;
    Ok(Reply::ok(json!({"success": true, "message": "The task is cancelled.", "task_id": job.id})))
}

async fn restart(state: web::Data<AppState>, auth: Auth, Json(body): Json<Value>) -> Result<Reply<Value>> {
    let job = jobs::act(&state.db, &acting(&auth, &body)?, task_in(&body)?, Action::Retry).await?;
    Ok(Reply::ok(
        json!({"success": true, "message": "The task is queued again.", "status": "queued", "agent_id": null, "task_id": job.id}),
    ))
}
