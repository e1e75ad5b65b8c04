//! Request bodies: JSON with limits on size, time and depth; errors name the field and the rule.

use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use actix_web::{FromRequest, HttpRequest, web};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::app::AppState;
use crate::transport::http::problem::Failure;
use crate::transport::http::{field_errors, idempotency, strict_json};
use crate::{Error, Result};

/// Time limit for a client to send its body.
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// A JSON body. An empty body reads as `{}`, so that a call whose fields are all optional needs none.
/// Mark request structs `#[serde(deny_unknown_fields)]` unless unknown fields should be ignored.
#[derive(Debug, Clone)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, std::result::Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let bytes = read(&request, payload).await?;
            idempotency::note_body(&bytes);
            Ok(Self(parse(&bytes)?))
        })
    }
}

/// A JSON body that holds a file to import. It may be larger than others, so few are read at a time; the rest wait.
#[derive(Debug)]
pub struct ImportJson<T> {
    /// The body.
    pub value: T,
    /// Held until the import is done.
    _permit: SemaphorePermit<'static>,
}

/// Imports that are read and carried out at a time.
static IMPORTS: Semaphore = Semaphore::const_new(2);
/// Time limit for a client to send a file.
const IMPORT_TIMEOUT: Duration = Duration::from_secs(300);

impl<T: DeserializeOwned + 'static> FromRequest for ImportJson<T> {
    type Error = Failure;
    type Future = LocalBoxFuture<'static, std::result::Result<Self, Failure>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        let payload = payload.take();
        Box::pin(async move {
            let limit = request.app_data::<web::Data<AppState>>().map_or(1 << 20, |state| state.config.max_import);
            let busy = || Error::problem(503, "busy", "Other imports are running; try again in a minute.");
            let waiting = tokio::time::timeout(READ_TIMEOUT, IMPORTS.acquire());
            let permit = waiting.await.map_err(|_| busy())?.map_err(|_| busy())?;
            let bytes = read_up_to(&request, payload, limit, IMPORT_TIMEOUT).await?;
            idempotency::note_body(&bytes);
            Ok(Self { value: parse(&bytes)?, _permit: permit })
        })
    }
}

/// Reads the body; checks content type, encoding, size and time.
pub(crate) async fn read(request: &HttpRequest, payload: Payload) -> Result<Bytes> {
    let limit = request.app_data::<web::Data<AppState>>().map_or(1 << 20, |state| state.config.max_body);
    read_up_to(request, payload, limit, READ_TIMEOUT).await
}

async fn read_up_to(request: &HttpRequest, mut payload: Payload, limit: usize, time: Duration) -> Result<Bytes> {
    let too_large = || Error::problem(413, "too_large", format!("The body may have at most {limit} bytes."));
    let header =
        |name| request.headers().get(name).and_then(|v: &actix_web::http::header::HeaderValue| v.to_str().ok());
    let announced = header(CONTENT_LENGTH).and_then(|v| v.parse::<usize>().ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large());
    }
    if header(CONTENT_ENCODING).is_some_and(|v| !v.eq_ignore_ascii_case("identity")) {
        return Err(Error::problem(415, "unsupported_encoding", "Send the body uncompressed (no Content-Encoding)."));
    }
    let reading = async {
        let mut body = BytesMut::with_capacity(announced.unwrap_or(0).min(limit).min(64 * 1024));
        while let Some(chunk) = payload.next().await {
            let chunk =
                chunk.map_err(|_| Error::problem(400, "bad_request", "The body ended before it was complete."))?;
            if body.len() + chunk.len() > limit {
                return Err(too_large());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    let body = tokio::time::timeout(time, reading)
        .await
        .map_err(|_| Error::problem(408, "too_slow", "The body took too long to arrive."))??;
    let json = header(CONTENT_TYPE).is_some_and(|value| {
        let kind = value.split(';').next().unwrap_or("").trim().to_ascii_lowercase();
        kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
    });
    if !body.is_empty() && !json {
        return Err(Error::problem(415, "unsupported_media_type", "Send the body as Content-Type: application/json."));
    }
    Ok(body)
}

/// Reads JSON as `T`. serde_json refuses nesting deeper than 128.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T> {
    let bytes = if bytes.iter().all(u8::is_ascii_whitespace) { b"{}" } else { bytes };
    if let Some(field) = find_nul(bytes) {
        return Err(field_errors::nul(&field));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = error.path().to_string();
        match error.inner() {
            inner if inner.is_data() => field_errors::from_serde(&path, &inner.to_string()),
            // Either the wrong type for an enum, or not JSON.
            inner => strict_json::check::<T>(bytes).err().unwrap_or_else(|| malformed(inner)),
        }
    })?;
    deserializer.end().map_err(|error| malformed(&error))?;
    if bytes.contains(&b'[') || bytes.iter().filter(|byte| **byte == b'{').count() > 1 {
        strict_json::check::<T>(bytes)?;
    }
    Ok(value)
}

fn malformed(error: &serde_json::Error) -> Error {
    let text = error.to_string();
    let reason = text.rsplit_once(" at line ").map_or(text.as_str(), |(head, _)| head);
    Error::problem(
        400,
        "malformed_json",
        format!("The body is not JSON: {reason} at line {}, column {}.", error.line(), error.column()),
    )
}

/// The field that contains a NUL. JSON can only write it as `\u0000`, so bodies without that are not parsed again.
fn find_nul(bytes: &[u8]) -> Option<String> {
    let mut rest = bytes;
    let mut suspicious = false;
    while let Some(at) = rest.windows(6).position(|w| w == b"\\u0000") {
        suspicious = true;
        let backslashes = rest[..at].iter().rev().take_while(|b| **b == b'\\').count();
        if backslashes % 2 == 0 {
            break;
        }
        rest = &rest[at + 6..];
        suspicious = false;
    }
    if !suspicious {
        return None;
    }
    let value: Value = serde_json::from_slice(bytes).ok()?;
    nul_in(&value, String::new())
}

fn nul_in(value: &Value, path: String) -> Option<String> {
    match value {
        Value::String(text) if text.contains('\0') => Some(if path.is_empty() { "body".to_owned() } else { path }),
        Value::Array(items) => items.iter().enumerate().find_map(|(i, item)| nul_in(item, format!("{path}[{i}]"))),
        Value::Object(members) => members.iter().find_map(|(name, member)| {
            let clean = name.replace('\0', "\u{fffd}");
            let path = if path.is_empty() { clean } else { format!("{path}.{clean}") };
            if name.contains('\0') { Some(path) } else { nul_in(member, path) }
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code)]
    struct Ticket {
        title: String,
        tags: Option<Vec<String>>,
        priority: Option<crate::domain::tickets::Priority>,
    }

    fn fault(body: &str) -> (u16, String) {
        let problem = parse::<Ticket>(body.as_bytes()).expect_err("refused").as_problem();
        (problem.status, problem.detail)
    }

    #[test]
    fn each_mistake_gets_a_clear_message() {
        assert_eq!(fault(""), (422, "The field title is required.".into()));
        assert_eq!(fault("[\"x\", null]").1, "The field body must be an object, not a list.");
        assert_eq!(fault("{\"title\": 5}").1, "The field title must be a string, not integer 5.");
        assert_eq!(fault("{\"title\":\"x\",\"tags\":[1]}").1, "The field tags[0] must be a string, not integer 1.");
        assert_eq!(
            fault("{\"title\":\"x\",\"colour\":1}").1,
            "The field colour is not known; known here: title, tags, priority."
        );
        for (sent, found) in [("5", "integer 5"), ("[]", "a list"), ("{\"low\":null}", "an object")] {
            let refused = fault(&format!("{{\"title\":\"x\",\"priority\":{sent}}}"));
            assert_eq!(refused, (422, format!("The field priority must be a string, not {found}.")));
        }
        assert_eq!(fault("{\"title\":\n!}").0, 400);
        assert_eq!(fault("{\"title\":\"x\"} {}").0, 400);
        assert_eq!(fault(&"[".repeat(100_000)).0, 422);
        assert_eq!(fault(&format!("{{\"title\":\"x\",\"tags\":{}", "[".repeat(100_000))).0, 422);
        assert_eq!(
            fault("{\"title\":\"x\",\"tags\":[\"a\\u0000\"]}").1,
            "The field tags[0] must not contain the character NUL."
        );
        assert!(parse::<Ticket>(b"{\"title\":\"\\\\u0000\",\"tags\":null}").is_ok());
    }
}
