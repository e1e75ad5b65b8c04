//! Jobs, their chat, tickets, apps and files.

use actix_web::{HttpResponse, Responder, web};
use serde::Deserialize;
use serde_json::{Value, json};

use super::super::{Listener, caller_and_workflow};
use crate::app::AppState;
use crate::compat::job_builder::{self, Line};
use crate::domain::apps::{self, AppSelector};
use crate::domain::jobs::messages::{self, MessageFilter};
use crate::domain::jobs::{self, JobFilter, Purged, UpdateJob};
use crate::transport::http::listeners::Routes;
use crate::transport::http::{Auth, Json, NoContent, Path, Query, Reply, Result};
use crate::{Error, Result as CoreResult};

type State = web::Data<AppState>;
type Of = web::Data<Listener>;

/// How many jobs a list has at most, newest first.
const MAX_JOBS: i64 = 200;
/// How many lines of a chat, the newest.
const MAX_LINES: i64 = 200;

pub(super) fn configure(routes: &mut Routes) {
    routes.get("/jobs", list).post("/jobs", create);
    // Before `/jobs/{id}`.
    routes.delete("/jobs/purge", purge).post("/jobs/purge", purge);
    routes.get("/jobs/{id}", get_one).patch("/jobs/{id}", update);
    routes.delete("/jobs/{id}", remove).post("/jobs/{id}/continue", go_on);
    routes.post("/jobs/{id}/pause", pause).post("/jobs/{id}/resume", resume);
    routes.get("/jobs/{id}/files/structure", files);
    routes.get("/jobs/{id}/files/content", file);
    routes.get("/job-messages", chat).post("/job-messages", post_line);
    routes.delete("/job-messages/{id}", remove_line);
    routes.get("/apps", list_apps).get("/apps/{id}", get_app);
    routes.get("/apps/by-job/{id}", app_of_job).get("/tickets", tickets);
}

/// A struct of the domain as JSON, for the shapes.
fn row<T: serde::Serialize>(value: &T) -> CoreResult<Value> {
    serde_json::to_value(value).map_err(|error| Error::Internal(error.to_string()))
}

#[derive(Deserialize)]
struct ListQuery {
    /// A status in the clients' words.
    status: Option<String>,
}

async fn list(state: State, listener: Of, auth: Auth, Query(query): Query<ListQuery>) -> Result<Reply<Vec<Value>>> {
    let (caller, workflow_id) = caller_and_workflow(&auth, &state, &listener).await?;
    let filter = JobFilter { workflow_id, limit: MAX_JOBS, ..JobFilter::default() };
    let found = jobs::list(&state.db, &caller, &filter).await?;
    let mut shown = Vec::with_capacity(found.jobs.len());
    for job in &found.jobs {
        shown.push(job_builder::job(&row(job)?));
    }
    shown.retain(|job| query.status.as_deref().is_none_or(|status| job["status"] == status));
    Ok(Reply::ok(shown))
}

#[derive(Deserialize)]
struct NewJob {
    prompt: Option<String>,
    initial_prompt: Option<String>,
}

async fn create(state: State, listener: Of, auth: Auth, Json(new): Json<NewJob>) -> Result<Reply<Value>> {
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let prompt = new.prompt.or(new.initial_prompt).ok_or_else(|| Error::invalid("prompt", "is required"))?;
    let queue_type = listener.auto_queue();
    let made = job_builder::create(&state.db, &caller, workflow.as_deref(), &prompt, queue_type).await?;
    if let (Some(_), Some(workflow)) = (queue_type, made["workflow_id"].as_str()) {
        listener.admit_worker(&state.db, workflow).await?;
    }
    Ok(Reply::created(job_builder::job(&made)))
}

async fn get_one(state: State, auth: Auth, Path(id): Path<String>) -> Result<Reply<Value>> {
    Ok(Reply::ok(job_builder::job(&job_builder::get(&state.db, &auth.caller(), &id).await?)))
}

#[derive(Deserialize)]
struct Change {
    initial_prompt: Option<String>,
    prompt: Option<String>,
    title: Option<String>,
}

async fn update(state: State, auth: Auth, Path(id): Path<String>, Json(change): Json<Change>) -> Result<Reply<Value>> {
    let input = UpdateJob {
        title: change.title,
        initial_prompt: change.initial_prompt.or(change.prompt),
        ..UpdateJob::default()
    };
    let changed = jobs::update(&state.db, &auth.caller(), &id, &input).await?;
    Ok(Reply::ok(job_builder::job(&row(&changed)?)))
}

async fn remove(state: State, auth: Auth, Path(id): Path<String>) -> Result<NoContent> {
    jobs::delete(&state.db, &auth.caller(), &id).await?;
    Ok(NoContent)
}

/// As on the main address: the caller's own jobs, on a server in development mode.
async fn purge(state: State, auth: Auth) -> Result<Reply<Purged>> {
    if !state.config.dev_mode {
        let detail = "Jobs can be purged only on a server in development mode (CALLBOARD_DEV_MODE=true).";
        return Err(Error::problem(403, "forbidden", detail).into());
    }
    Ok(Reply::ok(jobs::purge(&state.db, &auth.caller()).await?))
}

/// Pauses a job, or lets it go on.
async fn set_paused(
    state: &AppState,
    listener: &Listener,
    auth: &Auth,
    id: &str,
    paused: bool,
) -> Result<Reply<Value>> {
    let job = job_builder::set_paused(&state.db, &auth.caller(), id, paused, listener.auto_queue()).await?;
    Ok(Reply::ok(job_builder::paused(&job)))
}

async fn pause(state: State, listener: Of, auth: Auth, Path(id): Path<String>) -> Result<Reply<Value>> {
    set_paused(&state, &listener, &auth, &id, true).await
}

async fn resume(state: State, listener: Of, auth: Auth, Path(id): Path<String>) -> Result<Reply<Value>> {
    set_paused(&state, &listener, &auth, &id, false).await
}

#[derive(Deserialize)]
struct Requirements {
    requirements: Option<String>,
}

async fn go_on(
    state: State,
    auth: Auth,
    Path(id): Path<String>,
    Json(more): Json<Requirements>,
) -> Result<Reply<Value>> {
    let job = job_builder::continue_job(&state.db, &auth.caller(), &id, more.requirements.as_deref()).await?;
    let answer = json!({"detail": "The job was queued.", "status": job_builder::status(&job), "is_paused": false});
    Ok(Reply::with(202, answer))
}

#[derive(Deserialize)]
struct OfJob {
    job_id: String,
}

async fn chat(state: State, auth: Auth, Query(of): Query<OfJob>) -> Result<Reply<Vec<Value>>> {
    let filter = MessageFilter {
        job_id: of.job_id,
        kinds: Some(vec!["chat".to_owned()]),
        before: Some(i64::MAX),
        limit: MAX_LINES,
        ..MessageFilter::default()
    };
    let found = messages::list(&state.db, &auth.caller(), &filter).await?;
    let lines = found.messages.iter().map(|line| row(line).map(|line| job_builder::message(&line)));
    Ok(Reply::ok(lines.collect::<CoreResult<_>>()?))
}

#[derive(Deserialize)]
struct NewLine {
    job_id: String,
    content: Option<String>,
    role: Option<String>,
    metadata: Option<Value>,
}

async fn post_line(state: State, listener: Of, auth: Auth, Json(new): Json<NewLine>) -> Result<Reply<Value>> {
    let line = Line {
        job: &new.job_id,
        content: new.content.as_deref().unwrap_or_default(),
        role: new.role.as_deref(),
        metadata: new.metadata.as_ref().filter(|data| !data.is_null()),
    };
    let made = job_builder::post_line(&state.db, &auth.caller(), &line, listener.auto_queue()).await?;
    Ok(Reply::created(job_builder::message(&made)))
}

async fn remove_line(state: State, auth: Auth, Path(id): Path<String>) -> Result<NoContent> {
    messages::delete(&state.db, &auth.caller(), &id).await?;
    Ok(NoContent)
}

async fn list_apps(state: State, listener: Of, auth: Auth) -> Result<Reply<Vec<Value>>> {
    let (caller, workflow) = caller_and_workflow(&auth, &state, &listener).await?;
    let found = job_builder::apps(&state.db, &caller, workflow.as_deref()).await?;
    Ok(Reply::ok(found.iter().map(job_builder::app).collect()))
}

async fn get_app(state: State, auth: Auth, Path(id): Path<String>) -> Result<Reply<Value>> {
    let found = apps::get(&state.db, &auth.caller(), AppSelector::App(&id)).await?;
    Ok(Reply::ok(job_builder::app(&row(&found)?)))
}

/// The app of a job; 204 if it has none.
async fn app_of_job(
    request: actix_web::HttpRequest,
    state: State,
    auth: Auth,
    Path(id): Path<String>,
) -> Result<HttpResponse> {
    let job = jobs::get(&state.db, &auth.caller(), &id).await?;
    let Some(app) = job.app_id else { return Ok(HttpResponse::NoContent().finish()) };
    let found = apps::get(&state.db, &auth.caller(), AppSelector::App(&app)).await?;
    Ok(Reply::ok(job_builder::app(&row(&found)?)).respond_to(&request))
}

async fn tickets(state: State, auth: Auth, Query(of): Query<OfJob>) -> Result<Reply<Vec<Value>>> {
    let found = job_builder::tickets(&state.db, &auth.caller(), &of.job_id).await?;
    Ok(Reply::ok(found.iter().map(job_builder::ticket).collect()))
}

/// Callboard keeps no files of a job: its worker has them.
async fn files(state: State, auth: Auth, Path(id): Path<String>) -> Result<Reply<Value>> {
    jobs::get(&state.db, &auth.caller(), &id).await?;
    Ok(Reply::ok(json!({"structure": []})))
}

#[derive(Deserialize)]
struct FileQuery {
    path: Option<String>,
}

/// The clients show no error whose text has "not found".
async fn file(state: State, auth: Auth, Path(id): Path<String>, Query(file): Query<FileQuery>) -> Result<NoContent> {
    jobs::get(&state.db, &auth.caller(), &id).await?;
    let path = file.path.unwrap_or_default();
    let detail = format!("The file {path} was not found: the files of a job are with its worker.");
    Err(Error::problem(404, "not_found", detail).into())
}
