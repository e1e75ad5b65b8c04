//! Checks before the protocol library sees a request: Origin, Host, credential, body size and time, accepted forms, and
//! the session with its owner.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpResponse, web};
use futures_util::stream;
use serde_json::{Value, json};

use crate::app::AppState;
use crate::domain::accounts::Caller;
use crate::transport::http::problem::{Result, not_found};
use crate::transport::http::{Auth, body, origin};
use crate::transport::mcp::accept::{self, Accepts};
use crate::transport::mcp::context::RequestContext;
use crate::transport::mcp::groups::Selection;
use crate::transport::mcp::replies::{self, Finish};
use crate::transport::mcp::session_id::{SESSION_HEADER, SessionId, SessionOwner, revision_of};
use crate::transport::mcp::sessions::{InFlight, Refusal, Sessions};
use crate::transport::mcp::sse::{self, EventWriter, Resumption};
use crate::transport::mcp::{PATH, subscriptions, tools};
use crate::{Error, Result as CoreResult};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// What becomes of a request that is admitted.
enum Admitted {
    /// The library answers it.
    Forward(Box<Forward>),
    /// It is answered already.
    Answered(HttpResponse),
}

struct Forward {
    context: RequestContext,
    sessions: web::Data<Sessions>,
    finish: Finish,
    /// Held until the library has taken the session up.
    taking_up: Option<tokio::sync::OwnedMutexGuard<()>>,
}

/// Middleware that admits a request or refuses it.
pub async fn apply<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let forward = match admit(&mut request).await {
        Ok(Admitted::Forward(forward)) => *forward,
        Ok(Admitted::Answered(response)) => return Ok(request.into_response(response)),
        Err(failure) => return Ok(request.error_response(failure)),
    };
    let Forward { context, sessions, finish, taking_up } = forward;
    let ends = (request.method() == Method::DELETE).then(|| context.clone());
    request.extensions_mut().insert(context);
    let response = next.call(request).await?.map_into_boxed_body();
    drop(taking_up);
    if let Some(context) = ends
        && response.status().is_success()
        && let Some(id) = &context.session
    {
        sessions.end(id).await;
        subscriptions::forget(&context, id, None).await;
    }
    replies::finish(response, &sessions, finish).await
}

async fn admit(request: &mut ServiceRequest) -> Result<Admitted> {
    // The route takes everything under its path, where clients look for metadata of an authorization server.
    if request.path().trim_end_matches('/') != PATH {
        return Err(not_found(request.path()).into());
    }
    let missing = || Error::Internal("the server has no state".to_owned());
    let state = request.app_data::<web::Data<AppState>>().ok_or_else(missing)?.clone();
    let sessions = request.app_data::<web::Data<Sessions>>().ok_or_else(missing)?.clone();
    origin::require_own(&state.config, request.headers())?;
    origin::require_host(&state.config, request.request(), &[])?;
    let Auth(who) = request.extract::<Auth>().await?;
    let tools = Selection::parse(request.query_string(), |name| tools::find(name).is_some())?;
    let accepts = Accepts::of(request.headers());
    let message = match *request.method() == Method::POST {
        true => Some(read_message(request).await?),
        false => None,
    };
    let asked = message.as_ref().and_then(|message| message["method"].as_str()).unwrap_or_default().to_owned();
    require_accepted(request.method(), &asked, accepts)?;
    let owner = SessionOwner::from(&who.caller);
    let mut finish = Finish {
        request_id: message.as_ref().and_then(|message| message.get("id")).filter(|_| !asked.is_empty()).cloned(),
        plain_json: message.is_some() && !accepts.stream,
        writer: None,
        in_flight: None,
        opens: None,
    };
    let named = session_id(request)?;
    let mut session = None;
    let mut taking_up = None;
    if asked == "initialize" {
        // A session id that a client kept from before means nothing here: it starts again.
        request.headers_mut().remove(&SESSION_HEADER);
        let revision = message.as_ref().map(revision_of).unwrap_or_default();
        finish.writer = Some(event_writer(&sessions, &revision, &finish.request_id));
        finish.opens = Some((owner, revision, state.clone()));
    } else if let Some(named) = named {
        let verified = SessionId::verify(&named, state.accounts.tokens(), &owner);
        let Some(id) = verified.filter(|id| !sessions.has_ended(&id.id)) else {
            // Sessions of others get 404, like ended ones; clients then initialize again.
            return Err(Error::problem(404, "not_found", "There is no such session; send `initialize` first.").into());
        };
        let value = HeaderValue::from_str(&id.id).map_err(|error| Error::Internal(error.to_string()))?;
        request.headers_mut().insert(SESSION_HEADER, value);
        taking_up = sessions.enter(&id, owner).await;
        if let Some(request_id) = &finish.request_id {
            match enter_request(&sessions, &id.id, request_id) {
                Ok(in_flight) => finish.in_flight = Some(in_flight),
                Err(answer) => return Ok(Admitted::Answered(*answer)),
            }
        }
        finish.writer = Some(event_writer(&sessions, &id.revision, &finish.request_id));
        if let Some(answer) = resume(request, &sessions) {
            return Ok(Admitted::Answered(answer));
        }
        session = Some(id.id);
    }
    accept::widen(request.headers_mut());
    // A model's typing error must not become an agent.
    let caller = Caller { strict: true, ..who.caller };
    let context = RequestContext { state, caller, expires_at: who.expires_at, session, tools };
    Ok(Admitted::Forward(Box::new(Forward { context, sessions, finish, taking_up })))
}

fn event_writer(sessions: &Sessions, revision: &str, request_id: &Option<Value>) -> EventWriter {
    EventWriter {
        process: sessions.process().to_owned(),
        revision: revision.to_owned(),
        request_id: request_id.as_ref().map(Value::to_string),
    }
}

/// Reads the body, which must be exactly one JSON-RPC message, and puts it back for the library.
async fn read_message(request: &mut ServiceRequest) -> Result<Value> {
    let payload = request.take_payload();
    let bytes = body::read(request.request(), payload).await?;
    let message = one_message(&bytes)?;
    let whole = stream::once(async move { Ok::<_, actix_web::error::PayloadError>(bytes) });
    request.set_payload(Payload::Stream { payload: Box::pin(whole) });
    Ok(message)
}

/// Refuses a body that is not exactly one JSON-RPC message. The library checks the rest.
fn one_message(bytes: &[u8]) -> CoreResult<Value> {
    let refused = |detail: &str| Err(Error::problem(400, "bad_request", detail));
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Array(_)) => refused("Send one message at a time; batches are not supported."),
        Ok(message) if message["jsonrpc"] == "2.0" => match &message["id"] {
            Value::Null if message.get("id").is_none() => Ok(message),
            Value::String(_) => Ok(message),
            Value::Number(id) if id.is_i64() || id.is_u64() => Ok(message),
            _ => refused("The id of a request must be a string or an integer."),
        },
        Ok(_) => refused("The body must be a JSON-RPC 2.0 message."),
        Err(_) => refused("The body must be a JSON-RPC 2.0 message; it is not JSON."),
    }
}

/// Refuses a client that takes no form of the answer.
fn require_accepted(method: &Method, asked: &str, accepts: Accepts) -> CoreResult<()> {
    let streams = accepts.stream || accepts.anything;
    let accepted = match *method {
        Method::POST if asked == "subscriptions/listen" => streams,
        Method::POST => accepts.json || accepts.stream,
        Method::GET => streams,
        _ => true,
    };
    match accepted {
        true => Ok(()),
        false => Err(Error::problem(
            406,
            "not_acceptable",
            "The answer is application/json or text/event-stream; Accept must allow one of them, and the stream where the \
             answer is one.",
        )),
    }
}

/// The session id of a request; the header may be given once.
fn session_id(request: &ServiceRequest) -> CoreResult<Option<String>> {
    let mut named = request.headers().get_all(&SESSION_HEADER);
    let Some(first) = named.next() else { return Ok(None) };
    match (first.to_str(), named.next()) {
        (Ok(id), None) if id.len() <= 200 => Ok(Some(id.to_owned())),
        _ => Err(Error::problem(400, "bad_request", "Mcp-Session-Id must be one header of plain text.")),
    }
}

/// Admits a request into its session, or answers it with an error: of two requests with one id only one could be answered.
fn enter_request(
    sessions: &web::Data<Sessions>,
    session: &str,
    request_id: &Value,
) -> std::result::Result<InFlight, Box<HttpResponse>> {
    sessions.clone().into_inner().begin(session, request_id).map_err(|refusal| {
        let message = match refusal {
            Refusal::SameId => "A request with this id is still worked on; give every request of a session its own id.",
            Refusal::TooMany => "Too many requests of this session are worked on at once; wait for some answers.",
        };
        let error = json!({"jsonrpc": "2.0", "id": request_id, "error": {"code": -32600, "message": message}});
        Box::new(HttpResponse::BadRequest().content_type("application/json").body(error.to_string()))
    })
}

/// Translates `Last-Event-ID` for the library. Answers at once if the stream belonged to a process that is gone.
fn resume(request: &mut ServiceRequest, sessions: &Sessions) -> Option<HttpResponse> {
    let last = request.headers().get(&LAST_EVENT_ID)?.to_str().unwrap_or_default().to_owned();
    request.headers_mut().remove(&LAST_EVENT_ID);
    match sse::resumption(&last, sessions.process()) {
        Resumption::Stream(id) => {
            if let Ok(value) = HeaderValue::from_str(&id) {
                request.headers_mut().insert(LAST_EVENT_ID, value);
            }
            None
        }
        Resumption::Afresh => None,
        Resumption::Lost(request_id) => {
            Some(HttpResponse::Ok().content_type("text/event-stream").body(sse::lost_answer(&request_id)))
        }
    }
}
