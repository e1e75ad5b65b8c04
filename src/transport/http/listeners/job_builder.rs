//! A job builder's language: bare arrays, jobs from a `prompt`, a chat over the job's socket, and its own sign-in.

mod auth;
mod jobs;

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::FutureExt;
use serde_json::{Value, json};

use super::{Listener, Watch, open_socket};
use crate::app::AppState;
use crate::compat::job_builder::{self, Line};
use crate::domain::accounts::Caller;
use crate::domain::history::Room;
use crate::transport::http::listeners::Routes;
use crate::transport::http::ws::Credential;
use crate::transport::http::{OptionalAuth, Path, Result, origin};
use crate::transport::live::dialects::Dialect;
use crate::transport::live::socket::ClientRequests;

pub(super) fn configure(routes: &mut Routes) {
    auth::configure(routes);
    jobs::configure(routes);
    routes.get("/ws/jobs/{id}", ws);
}

async fn ws(
    request: HttpRequest,
    body: web::Payload,
    Path(id): Path<String>,
    auth: Credential,
    state: web::Data<AppState>,
    listener: web::Data<Listener>,
) -> Result<HttpResponse> {
    let mut rooms = vec![Room::Job(id.clone())];
    if let Some(ticket) = ticket_of(&request, &state, &auth, &id).await {
        rooms.push(Room::Ticket(ticket));
    }
    let requests = chat(state, listener, id);
    open_socket(&request, body, auth, Dialect::JobBuilder, Watch::Rooms(rooms), Some(requests)).await
}

/// The ticket of the job, if the caller may read it; what else is wrong, opening the socket finds out.
async fn ticket_of(request: &HttpRequest, state: &AppState, auth: &Credential, job: &str) -> Option<String> {
    let caller = match auth {
        Ok(OptionalAuth(Some(auth))) => auth.caller(),
        _ => {
            let token = super::token(request)?;
            state.accounts.authenticate(&token, Some(origin::address_of(&state.config, request))).await.ok()?.caller
        }
    };
    let job = job_builder::get(&state.db, &caller, job).await.ok()?;
    job["ticket_id"].as_str().filter(|_| job["has_ticket"] == true).map(str::to_owned)
}

/// Keeps what the client writes as lines of the chat. They come back to it as events.
fn chat(state: web::Data<AppState>, listener: web::Data<Listener>, job: String) -> ClientRequests {
    ClientRequests(Arc::new(move |caller: Caller, message: Value| {
        let (state, listener, job) = (state.clone(), listener.clone(), job.clone());
        async move {
            let refused = match post(&state, &listener, &caller, &job, &message).await {
                Ok(()) => return Vec::new(),
                Err(error) => error.as_problem().detail,
            };
            vec![json!({"kind": "error", "jobId": job, "message": refused, "timestamp": jiff::Timestamp::now()})]
        }
        .boxed_local()
    }))
}

async fn post(state: &AppState, listener: &Listener, caller: &Caller, job: &str, message: &Value) -> crate::Result<()> {
    let content = message["content"].as_str().map(str::trim).filter(|content| !content.is_empty());
    let Some(content) = content.filter(|_| message["kind"] == "chat") else {
        return Err(crate::Error::invalid("content", "is required: send {\"kind\": \"chat\", \"content\": \"…\"}"));
    };
    let line = Line { job, content, ..Line::default() };
    job_builder::post_line(&state.db, caller, &line, listener.auto_queue()).await.map(drop)
}
