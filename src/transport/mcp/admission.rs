//! Checks before the protocol library sees a request: Origin, Host, credential, body size and time, and the owner of the
//! session.

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, web};
use futures_util::stream;
use jiff::Timestamp;
use serde_json::Value;

use crate::app::AppState;
use crate::domain::accounts::Caller;
use crate::transport::http::problem::Result;
use crate::transport::http::{Auth, body, origin};
use crate::transport::mcp::sessions::{SessionOwner, Sessions};
use crate::{Error, Result as CoreResult};

const SESSION_HEADER: HeaderName = HeaderName::from_static("mcp-session-id");

/// The context of one request, for the handlers of the protocol.
#[derive(Clone)]
pub struct RequestContext {
    /// The shared state of the server.
    pub state: web::Data<AppState>,
    /// The authenticated caller.
    pub caller: Caller,
    /// When the credential expires.
    pub expires_at: Option<Timestamp>,
    /// The session of the request, which belongs to the caller.
    pub session: Option<String>,
}

/// Middleware that admits a request or refuses it.
pub async fn apply<B: MessageBody + 'static>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> std::result::Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let context = match admit(&mut request).await {
        Ok(context) => context,
        Err(failure) => return Ok(request.error_response(failure)),
    };
    let sessions = request.app_data::<web::Data<Sessions>>().cloned();
    let (owner, current) = (SessionOwner::from(&context.caller), context.session.clone());
    let ends = request.method() == Method::DELETE;
    request.extensions_mut().insert(context);
    let mut response = next.call(request).await?.map_into_boxed_body();
    if let Some(sessions) = sessions {
        let opened = response.headers().get(SESSION_HEADER).and_then(|id| id.to_str().ok()).map(str::to_owned);
        match (opened, current) {
            (Some(opened), None) => sessions.bind(&opened, owner).await,
            (_, Some(id)) if ends && response.status().is_success() => sessions.close(&id).await,
            _ => {}
        }
    }
    let streaming = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/event"));
    if streaming {
        // Neither compression nor a proxy may buffer the stream.
        response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
        response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    }
    Ok(response)
}

async fn admit(request: &mut ServiceRequest) -> Result<RequestContext> {
    let missing = || Error::Internal("the server has no state".to_owned());
    let state = request.app_data::<web::Data<AppState>>().ok_or_else(missing)?.clone();
    let sessions = request.app_data::<web::Data<Sessions>>().ok_or_else(missing)?.clone();
    origin::require_own(&state.config, request.headers())?;
    origin::require_host(&state.config, request.request())?;
    let Auth(who) = request.extract::<Auth>().await?;
    let session = session_id(request)?;
    if let Some(id) = &session
        && !sessions.is_owned_by(id, &SessionOwner::from(&who.caller))
    {
        // Sessions of others get 404, like ended ones; clients then initialize again.
        return Err(Error::problem(404, "not_found", "There is no such session; send `initialize` first.").into());
    }
    if request.method() == Method::POST {
        let payload = request.take_payload();
        let bytes = body::read(request.request(), payload).await?;
        one_message(&bytes)?;
        let whole = stream::once(async move { Ok::<_, actix_web::error::PayloadError>(bytes) });
        request.set_payload(Payload::Stream { payload: Box::pin(whole) });
    }
    // A model's typing error must not become an agent.
    let caller = Caller { strict: true, ..who.caller };
    Ok(RequestContext { state, caller, expires_at: who.expires_at, session })
}

/// Refuses a body that is not exactly one JSON-RPC message. The library checks the rest.
fn one_message(bytes: &[u8]) -> CoreResult<()> {
    let refused = |detail: &str| Err(Error::problem(400, "bad_request", detail));
    match serde_json::from_slice::<Value>(bytes) {
        Ok(Value::Array(_)) => refused("Send one message at a time; batches are not supported."),
        Ok(message) if message["jsonrpc"] == "2.0" => match &message["id"] {
            Value::Null if message.get("id").is_none() => Ok(()),
            Value::String(_) => Ok(()),
            Value::Number(id) if id.is_i64() || id.is_u64() => Ok(()),
            _ => refused("The id of a request must be a string or an integer."),
        },
        Ok(_) => refused("The body must be a JSON-RPC 2.0 message."),
        Err(_) => refused("The body must be a JSON-RPC 2.0 message; it is not JSON."),
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
