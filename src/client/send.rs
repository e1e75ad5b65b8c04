//! Sends requests: retries with backoff, token refresh, and parsing of problem documents.

use std::time::Duration;

use reqwest::{Method, Response, StatusCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{Client, Error, Result, Tokens};
use crate::error::Problem;

/// Upper limit of a server's `Retry-After`.
const MAX_RETRY_DELAY: Duration = Duration::from_secs(20);

/// When a request may be retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Retry {
    /// Always: the request is idempotent.
    Idempotent,
    /// Always: the request carries an `Idempotency-Key`.
    WithKey,
    /// Only if the server has certainly not executed it.
    IfNotExecuted,
}

impl Client {
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, String)]) -> Result<T> {
        let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
        let path = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
        decode(self.send(Method::GET, &path, None, Retry::Idempotent, None).await?).await
    }

    pub(super) async fn post<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize, retry: Retry) -> Result<T> {
        self.call(Method::POST, path, body, retry).await
    }

    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        body: &impl Serialize,
        retry: Retry,
    ) -> Result<T> {
        decode(self.send(method, path, Some(body_of(body)?), retry, None).await?).await
    }

    /// Sends a create with the caller's idempotency key, which stays the same across restarts of the program.
    pub(super) async fn create<T: DeserializeOwned>(&self, path: &str, body: &impl Serialize, key: &str) -> Result<T> {
        decode(self.send(Method::POST, path, Some(body_of(body)?), Retry::WithKey, Some(key)).await?).await
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        body: Option<Value>,
        retry: Retry,
        key: Option<&str>,
    ) -> Result<Response> {
        let generated = (retry == Retry::WithKey && key.is_none()).then(|| uuid::Uuid::now_v7().to_string());
        let key = key.or(generated.as_deref());
        let mut backoff = Duration::from_millis(150);
        let mut refreshed = false;
        let mut attempt = 1;
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
            if let Some(body) = &body {
                request = request.json(body);
            }
            let (error, wait) = match request.send().await {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) if answer.status() == StatusCode::UNAUTHORIZED && !refreshed => {
                    refreshed = true;
                    let rejected = problem(answer).await;
                    match bearer {
                        Some(used) if self.refresh(&used).await? => continue,
                        _ => return Err(rejected),
                    }
                }
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    let wait = retry_after(&answer);
                    let error = problem(answer).await;
                    // After a 429, or a 503 from Callboard itself, the request was certainly not executed. A 503 from a
                    // proxy proves nothing.
                    let from_callboard = error.code().is_some_and(|code| !code.is_empty());
                    let not_executed = status == 429 || (status == 503 && from_callboard);
                    if !(not_executed || retry != Retry::IfNotExecuted && matches!(status, 502..=504)) {
                        return Err(error);
                    }
                    (error, wait)
                }
                Err(error) => {
                    let sent = !error.is_connect();
                    let error = self.unreachable(&error);
                    if sent && retry == Retry::IfNotExecuted {
                        return Err(error);
                    }
                    (error, None)
                }
            };
            if attempt >= self.inner.max_attempts {
                return Err(error);
            }
            attempt += 1;
            let jitter = 0.8 + 0.4 * fastrand::f64();
            tokio::time::sleep(wait.unwrap_or_else(|| backoff.mul_f64(jitter)).min(MAX_RETRY_DELAY)).await;
            backoff = (backoff * 2).min(Duration::from_secs(5));
        }
    }

    /// Refreshes the tokens; `used` is the expired access token.
    pub(super) async fn refresh(&self, used: &str) -> Result<bool> {
        let exchange = async |refresh: String| {
            let url = format!("{}/api/auth/token/refresh", self.inner.url);
            let request = self.inner.http.post(url).json(&serde_json::json!({"refresh": refresh}));
            let answer = request.send().await.map_err(|error| self.unreachable(&error))?;
            if !answer.status().is_success() {
                return Err(problem(answer).await);
            }
            decode::<Tokens>(answer).await
        };
        self.inner.credential.refresh(used, exchange).await
    }

    fn unreachable(&self, error: &reqwest::Error) -> Error {
        let mut why = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(deeper) = source {
            why = deeper.to_string();
            source = deeper.source();
        }
        Error::Unreachable { url: self.inner.url.clone(), why }
    }
}

/// Serializes a body without null fields.
fn body_of(body: &impl Serialize) -> Result<Value> {
    let mut body = serde_json::to_value(body).map_err(|error| Error::Unusable(error.to_string()))?;
    if let Value::Object(members) = &mut body {
        members.retain(|_, value| !value.is_null());
    }
    Ok(body)
}

async fn decode<T: DeserializeOwned>(answer: Response) -> Result<T> {
    let text = answer.text().await.map_err(|error| Error::Unexpected(error.to_string()))?;
    let text = if text.is_empty() { "null" } else { &text };
    serde_json::from_str(text).map_err(|error| Error::Unexpected(error.to_string()))
}

async fn problem(answer: Response) -> Error {
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
