//! Sends requests: retries with backoff, token refresh, and parsing of problem documents.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Client, Error, Result, Tokens};
use crate::error::{Outcome, Problem};

/// Upper limit of a server's `Retry-After`.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(20);

/// How a request is repeated when it is unknown whether it was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeat {
    /// As it is: a second time changes nothing more.
    Freely,
    /// With the same `Idempotency-Key`, under which the server carries it out once.
    WithKey,
    /// Not at all: the server knows no key for it.
    Never,
}

/// A failed attempt.
struct Failure {
    error: Error,
    retry_after: Option<Duration>,
    /// Whether another attempt may succeed.
    temporary: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, retry_after: None, temporary: false }
    }
}

impl Client {
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T> {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let path = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        decode(&self.send(Method::GET, &path, None, Repeat::Freely).await?)
    }

    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize) -> Result<T> {
        self.call(Method::POST, path, body).await
    }

    /// Sends a write with the client's idempotency key, or with a new one.
    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
    ) -> Result<T> {
        decode(&self.send(method, path, Some(body_of(body)?), Repeat::WithKey).await?)
    }

    /// Sends a request and returns the body of the answer. Repeats it while that may help and cannot do it twice.
    pub(super) async fn send(&self, method: Method, path: &str, body: Option<Value>, repeat: Repeat) -> Result<String> {
        let key = (repeat == Repeat::WithKey)
            .then(|| self.key.as_deref().map_or_else(|| uuid::Uuid::now_v7().to_string(), str::to_owned));
        let mut backoff = Duration::from_millis(150);
        let mut attempt = 1;
        let mut unknown = false;
        loop {
            let failure = match self.attempt(&method, path, body.as_ref(), key.as_deref()).await {
                Ok(text) => return Ok(text),
                Err(failure) => failure,
            };
            let lost = failure.error.outcome() != Outcome::NotDone;
            unknown |= lost && method != Method::GET;
            if !failure.temporary || attempt >= self.inner.max_attempts || (lost && repeat == Repeat::Never) {
                // That a later attempt certainly did nothing says nothing of an earlier one, unless it was answered.
                return Err(match failure.error {
                    error if unknown && failure.temporary && !lost => self.outcome_unknown(error),
                    error => error,
                });
            }
            attempt += 1;
            let jitter = 0.8 + 0.4 * fastrand::f64();
            let wait = failure.retry_after.unwrap_or_else(|| backoff.mul_f64(jitter)).min(MAX_RETRY_DELAY);
            tokio::time::sleep(wait).await;
            backoff = (backoff * 2).min(Duration::from_secs(5));
        }
    }

    /// Sends a request once, or twice if its access token has expired.
    async fn attempt(
        &self,
        method: &Method,
        path: &str,
        body: Option<&Value>,
        key: Option<&str>,
    ) -> Result<String, Failure> {
        let mut refreshed = false;
        loop {
            let bearer = self.inner.credential.current().await.bearer();
            let mut request = self.inner.http.request(method.clone(), format!("{}{path}", self.inner.url));
            if let Some(bearer) = &bearer {
                request = request.bearer_auth(bearer);
            }
            if let Some(key) = key {
                request = request.header("idempotency-key", key);
            }
            if self.inner.strict {
                request = request.header("prefer", "handling=strict");
            }
            if let Some(body) = body {
                request = request.json(body);
            }
            let lost = |outcome| {
                move |error: reqwest::Error| Failure {
                    error: self.unreachable(&error, outcome),
                    retry_after: None,
                    temporary: true,
                }
            };
            let answer = match request.send().await {
                Ok(answer) => answer,
                Err(error) => {
                    let sent = !error.is_connect() && method != Method::GET;
                    return Err(lost(if sent { Outcome::Unknown } else { Outcome::NotDone })(error));
                }
            };
            if answer.status().is_success() {
                return answer.text().await.map_err(lost(Outcome::Done));
            }
            let (status, retry_after) = (answer.status(), retry_after(&answer));
            let error = problem(answer).await;
            if status == StatusCode::UNAUTHORIZED && !refreshed {
                refreshed = true;
                if let Some(used) = bearer
                    && self.refresh(&used).await?
                {
                    continue;
                }
            }
            let temporary = status == StatusCode::TOO_MANY_REQUESTS || matches!(status.as_u16(), 502..=504);
            return Err(Failure { error, retry_after, temporary });
        }
    }

    fn outcome_unknown(&self, error: Error) -> Error {
        let why = match error {
            Error::Unreachable { why, .. } => why,
            other => other.to_string().trim_end_matches('.').to_owned(),
        };
        Error::Unreachable { url: self.inner.url.clone(), why, outcome: Outcome::Unknown }
    }

    /// Refreshes the tokens; `used` is the expired access token.
    pub(super) async fn refresh(&self, used: &str) -> Result<bool> {
        let exchange = async |refresh: String| {
            let url = format!("{}/api/auth/token/refresh", self.inner.url);
            let request = self.inner.http.post(url).json(&serde_json::json!({"refresh": refresh}));
            let answer = request.send().await.map_err(|error| self.unreachable(&error, Outcome::NotDone))?;
            if !answer.status().is_success() {
                return Err(problem(answer).await);
            }
            let text = answer.text().await.map_err(|error| self.unreachable(&error, Outcome::NotDone))?;
            decode::<Tokens>(&text)
        };
        self.inner.credential.refresh(used, exchange).await
    }

    pub(super) fn unreachable(&self, error: &reqwest::Error, outcome: Outcome) -> Error {
        let mut why = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(deeper) = source {
            why = deeper.to_string();
            source = deeper.source();
        }
        Error::Unreachable { url: self.inner.url.clone(), why, outcome }
    }
}

/// Serializes a body without null fields.
pub(super) fn body_of(body: &impl Serialize) -> Result<Value> {
    let mut body = serde_json::to_value(body).map_err(|error| Error::Unusable(error.to_string()))?;
    if let Value::Object(members) = &mut body {
        members.retain(|_, value| !value.is_null());
    }
    Ok(body)
}

pub(super) fn decode<T: DeserializeOwned>(text: &str) -> Result<T> {
    let text = if text.is_empty() { "null" } else { text };
    serde_json::from_str(text).map_err(|error| Error::Unexpected(error.to_string()))
}

pub(super) async fn problem(answer: Response) -> Error {
    let status = answer.status();
    let mut members: Map<String, Value> = answer.json().await.unwrap_or_default();
    let mut text = |name: &str| match members.remove(name) {
        Some(Value::String(text)) => Some(text),
        _ => None,
    };
    let (code, detail) = (text("code").unwrap_or_default(), text("detail"));
    let errors = members.remove("errors").and_then(|errors| serde_json::from_value(errors).ok()).unwrap_or_default();
    for known in ["type", "title", "status"] {
        members.remove(known);
    }
    let detail = detail.unwrap_or_else(|| format!("The server responded with {status}."));
    Error::Refused(Box::new(Problem { status: status.as_u16(), code, detail, errors, extra: members }))
}

fn retry_after(answer: &Response) -> Option<Duration> {
    let seconds: f64 = answer.headers().get("retry-after")?.to_str().ok()?.trim().parse().ok()?;
    (seconds.is_finite() && seconds >= 0.0).then(|| Duration::from_secs_f64(seconds.min(3600.0)))
}
