//! What becomes of the library's answers on their way to the client: errors are JSON, events are rewritten, clients that
//! take no stream get the message alone, and a new session gets its signed id.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::dev::ServiceResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError, web};
use bytes::{Bytes, BytesMut};
use serde_json::Value;

use crate::Error;
use crate::app::AppState;
use crate::transport::http::problem::Failure;
use crate::transport::mcp::session_id::{SESSION_HEADER, SessionId, SessionOwner};
use crate::transport::mcp::sessions::{InFlight, Sessions};
use crate::transport::mcp::sse::{self, EventWriter};

/// Maximum bytes of an answer that is collected for a client without streams, and of an error's text.
const MAX_COLLECTED: usize = 4 << 20;
const MAX_ERROR: usize = 2000;

/// How the answer to one request is finished.
#[derive(Debug)]
pub struct Finish {
    /// The id of the JSON-RPC request, if it is one.
    pub request_id: Option<Value>,
    /// Whether the client takes no event stream.
    pub plain_json: bool,
    /// Rewrites events, in a session.
    pub writer: Option<EventWriter>,
    /// Occupies the id of the request until its answer ends.
    pub in_flight: Option<InFlight>,
    /// Whose session `initialize` opens, and of which revision.
    pub opens: Option<(SessionOwner, String, web::Data<AppState>)>,
}

/// Finishes an answer of the library.
pub async fn finish(
    mut response: ServiceResponse<BoxBody>,
    sessions: &web::Data<Sessions>,
    mut finish: Finish,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    if let Some((owner, revision, state)) = finish.opens.take() {
        let opened = response.headers().get(SESSION_HEADER).and_then(|id| id.to_str().ok()).map(str::to_owned);
        if let Some(id) = opened.map(|id| SessionId { id, revision }) {
            let signed = HeaderValue::from_str(&id.sign(state.accounts.tokens(), &owner));
            drop(sessions.enter(&id, owner).await);
            if let Ok(signed) = signed {
                response.headers_mut().insert(SESSION_HEADER, signed);
            }
        }
    }
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
    if kind.starts_with("text/event-stream") {
        return match finish.plain_json {
            true => message_alone(response, finish).await,
            false => Ok(stream(response, finish)),
        };
    }
    if status.is_client_error() || status.is_server_error() {
        return match kind.starts_with("application/json") || kind.starts_with("application/problem+json") {
            true => Ok(response),
            false => as_problem(response).await,
        };
    }
    if status == StatusCode::ACCEPTED {
        // The library answers a DELETE with 202 too, but the session has ended by now.
        let ended = response.request().method() == actix_web::http::Method::DELETE;
        let status = if ended { StatusCode::NO_CONTENT } else { StatusCode::ACCEPTED };
        let (request, _) = response.into_parts();
        return Ok(ServiceResponse::new(request, HttpResponse::build(status).finish()));
    }
    Ok(response)
}

/// An error of the library, which is plain text, as a problem.
async fn as_problem(response: ServiceResponse<BoxBody>) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let status = response.status().as_u16();
    let allow = response.headers().get("allow").cloned();
    let (request, response) = response.into_parts();
    let text = actix_web::body::to_bytes_limited(response.into_body(), MAX_ERROR).await;
    let text = text.ok().and_then(Result::ok).unwrap_or_default();
    let code = match status {
        404 => "not_found",
        405 => "method_not_allowed",
        406 => "not_acceptable",
        413 => "too_large",
        415 => "unsupported_media_type",
        500.. => "internal",
        _ => "bad_request",
    };
    let detail = match status {
        // The text may hold details of the failure.
        500.. => "The server could not answer this request.".to_owned(),
        _ => format!("{}.", String::from_utf8_lossy(&text).trim_end_matches('.')),
    };
    let mut answer = Failure(Error::problem(status, code, detail)).error_response();
    if let Some(allow) = allow {
        answer.headers_mut().insert(HeaderName::from_static("allow"), allow);
    }
    Ok(ServiceResponse::new(request, answer))
}

/// The message that answers the request, out of the stream, for a client that takes no stream.
async fn message_alone(
    response: ServiceResponse<BoxBody>,
    finish: Finish,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let session = response.headers().get(SESSION_HEADER).cloned();
    let (request, response) = response.into_parts();
    let mut body = response.into_body();
    let mut read = BytesMut::new();
    let found = loop {
        let chunk = std::future::poll_fn(|cx| Pin::new(&mut body).poll_next(cx)).await;
        let Some(Ok(chunk)) = chunk else { break None };
        read.extend_from_slice(&chunk);
        if let Some(message) = answer_in(&read, &finish.request_id) {
            break Some(message);
        }
        if read.len() > MAX_COLLECTED {
            break None;
        }
    };
    let mut answer = match found {
        Some(message) => HttpResponse::Ok().content_type("application/json").body(message.to_string()),
        None => {
            let lost = sse::lost_error(finish.request_id.as_ref().unwrap_or(&Value::Null));
            HttpResponse::Ok().content_type("application/json").body(lost.to_string())
        }
    };
    if let Some(session) = session {
        answer.headers_mut().insert(SESSION_HEADER, session);
    }
    Ok(ServiceResponse::new(request, answer))
}

/// The answer to a request among the events read so far. Each event ends with a blank line.
fn answer_in(read: &[u8], request_id: &Option<Value>) -> Option<Value> {
    let text = std::str::from_utf8(read).ok()?;
    let complete = &text[..text.rfind("\n\n")? + 2];
    complete.split("\n\n").find_map(|event| {
        let message: Value = serde_json::from_str(sse::data(event)?).ok()?;
        let answers = message.get("method").is_none() && message.get("id") == request_id.as_ref();
        answers.then_some(message)
    })
}

/// An event stream, not buffered on its way.
fn stream(response: ServiceResponse<BoxBody>, finish: Finish) -> ServiceResponse<BoxBody> {
    let mut response =
        response.map_body(|_, body| BoxBody::new(Events { body, writer: finish.writer, _in_flight: finish.in_flight }));
    // Neither compression nor a proxy may buffer the stream.
    response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static("identity"));
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    response
}

/// The events of a stream, rewritten.
struct Events {
    body: BoxBody,
    writer: Option<EventWriter>,
    _in_flight: Option<InFlight>,
}

impl MessageBody for Events {
    type Error = Box<dyn std::error::Error>;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        loop {
            let chunk = match Pin::new(&mut self.body).poll_next(cx) {
                Poll::Ready(Some(Ok(chunk))) => chunk,
                other => return other,
            };
            let kept = match &self.writer {
                Some(writer) => writer.rewrite(&chunk),
                None => Some(chunk),
            };
            if let Some(kept) = kept {
                return Poll::Ready(Some(Ok(kept)));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_answer_is_found_among_events() {
        let id = Some(json!(7));
        let events =
            "data: \nid: 0/1\nretry: 3000\n\ndata: {\"method\":\"x\",\"id\":7}\n\ndata: {\"id\":7,\"result\":1}\n";
        assert_eq!(answer_in(events.as_bytes(), &id), None, "the event is not complete");
        let whole = format!("{events}\n");
        assert_eq!(answer_in(whole.as_bytes(), &id).map(|message| message["result"].clone()), Some(json!(1)));
        assert_eq!(answer_in(whole.as_bytes(), &Some(json!("7"))), None);
    }
}
