//! The provider `openai`: any server with an OpenAI-compatible embeddings API.
//!
//! The server is not trusted: connections and responses have time limits, responses are bounded and validated, and
//! redirects are not followed. The background task retries with backoff; requests do not retry because of their
//! deadline. Error bodies are never shown, because they may repeat the texts.

mod response;

use std::sync::OnceLock;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use secrecy::ExposeSecret;
use serde_json::json;

use super::Settings;
use super::provider::{Provider, ProviderError, Urgency};
use crate::outbound::BodyError;
use crate::{Error, Result, outbound};

/// Time limit for connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Attempts of the background task for one request, and the delay after the first failed one.
const ATTEMPTS: u32 = 3;
const RETRY_DELAY: Duration = Duration::from_millis(250);

/// Maximum wait in seconds that is honored between two attempts; longer ones open the breaker.
const MAX_RETRY_AFTER: u64 = 5;

/// Maximum number of characters per request; fits a limit of 300,000 tokens in any script.
const MAX_REQUEST_CHARS: usize = 150_000;

/// Length to which a rejected text is truncated, in case it was too long; at most 2,000 tokens even in Chinese.
const TRUNCATED_LENGTH: usize = 2_000;

/// Maximum response size: bytes per number of a vector, plus a constant.
const BYTES_PER_NUMBER: usize = 32;
const RESPONSE_OVERHEAD: usize = 64 * 1024;
const MAX_DIMENSIONS: usize = 16_384;

/// The HTTP provider.
pub struct Remote {
    name: String,
    url: String,
    model: String,
    /// The requested dimensions; not every model supports this.
    requested_dimensions: Option<i64>,
    dimensions: OnceLock<i64>,
    client: Client,
    batch_size: usize,
}

impl Remote {
    /// The configured model.
    pub fn new(settings: &Settings) -> Result<Self> {
        let mut headers = HeaderMap::new();
        if let Some(key) = &settings.api_key {
            let key = key.expose_secret().trim();
            if !key.is_empty() {
                let mut value = HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| {
                    Error::Setup(
                        "CALLBOARD_EMBEDDING_API_KEY contains characters that are not allowed in a key.".to_owned(),
                    )
                })?;
                value.set_sensitive(true);
                headers.insert(AUTHORIZATION, value);
            }
        }
        let client = Client::builder()
            .use_preconfigured_tls(outbound::tls()?)
            .default_headers(headers)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(settings.timeout)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("callboard/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| Error::Setup("The embedding provider's HTTP client cannot be made.".to_owned()))?;
        let known_dimensions = OnceLock::new();
        if let Some(dimensions) = settings.dimensions.or_else(|| default_dimensions(&settings.model)) {
            let _ = known_dimensions.set(dimensions);
        }
        Ok(Self {
            name: match settings.dimensions {
                Some(dimensions) => format!("openai/{}@{dimensions}", settings.model),
                None => format!("openai/{}", settings.model),
            },
            url: format!("{}/embeddings", settings.base_url.trim_end_matches('/')),
            model: settings.model.clone(),
            requested_dimensions: settings.dimensions,
            dimensions: known_dimensions,
            client,
            batch_size: settings.batch,
        })
    }

    /// A previously configured model, with the current address and key.
    pub fn named(settings: &Settings, name: &str) -> Option<Self> {
        let name = name.strip_prefix("openai/")?;
        let (model, dimensions) = match name.rsplit_once('@') {
            Some((model, dimensions)) => (model, Some(dimensions.parse().ok()?)),
            None => (name, None),
        };
        Self::new(&Settings { model: model.to_owned(), dimensions, ..settings.clone() }).ok()
    }

    /// Sends one request.
    async fn request(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, ProviderError> {
        let mut body = json!({ "model": self.model, "input": texts });
        if let Some(dimensions) = self.requested_dimensions {
            body["dimensions"] = json!(dimensions);
        }
        let response = self.client.post(&self.url).json(&body).send().await.map_err(connection_error)?;
        if !response.status().is_success() {
            return Err(status_error(&response));
        }
        let numbers = self.dimensions.get().and_then(|n| usize::try_from(*n).ok()).unwrap_or(MAX_DIMENSIONS);
        response::vectors(
            &read_bounded(response, texts.len() * numbers * BYTES_PER_NUMBER + RESPONSE_OVERHEAD).await?,
            texts.len(),
        )
    }

    /// Sends a request; retries it for the background task.
    async fn request_with_retry(&self, texts: &[&str], urgency: Urgency) -> Result<Vec<Vec<f32>>, ProviderError> {
        let mut attempt = 1;
        loop {
            let error = match self.request(texts).await {
                // A single text may have been rejected for its length, so it is retried once in truncated form.
                Err(ProviderError::RejectedInput(_))
                    if texts.len() == 1 && truncate(texts[0]).len() < texts[0].len() =>
                {
                    return self.request(&[truncate(texts[0])]).await;
                }
                Err(error) if urgency == Urgency::Background && attempt < ATTEMPTS => error,
                outcome => return outcome,
            };
            let delay = match error {
                ProviderError::RateLimited(seconds) if seconds <= MAX_RETRY_AFTER => Duration::from_secs(seconds),
                ProviderError::Unavailable(_) => RETRY_DELAY * 2u32.pow(attempt - 1),
                error => return Err(error),
            };
            tokio::time::sleep(delay.mul_f64(1.0 + fastrand::f64() / 2.0)).await;
            attempt += 1;
        }
    }
}

impl Provider for Remote {
    fn name(&self) -> &str {
        &self.name
    }

    fn prepare(&self) -> BoxFuture<'_, Result<i64, ProviderError>> {
        async {
            if let Some(known) = self.dimensions.get() {
                return Ok(*known);
            }
            let vectors = self.request_with_retry(&["ping"], Urgency::Background).await?;
            let count = vectors.first().map_or(0, Vec::len);
            match i64::try_from(count) {
                Ok(dimensions @ 1..=4000) => Ok(*self.dimensions.get_or_init(|| dimensions)),
                _ => Err(ProviderError::InvalidResponse(format!(
                    "The model {} makes vectors with {count} dimensions, but an index supports at most 4,000; set CALLBOARD_EMBEDDING_DIMENSIONS if the model supports it.",
                    self.model
                ))),
            }
        }
        .boxed()
    }

    fn embed<'a>(
        &'a self,
        texts: &'a [String],
        urgency: Urgency,
    ) -> BoxFuture<'a, Result<Vec<Vec<f32>>, ProviderError>> {
        async move {
            let mut vectors = Vec::with_capacity(texts.len());
            for group in batches(texts, self.batch_size) {
                vectors.extend(self.request_with_retry(&group, urgency).await?);
            }
            Ok(vectors)
        }
        .boxed()
    }

    fn batch_size(&self) -> usize {
        self.batch_size
    }
}

/// Splits texts into requests with a bounded number of texts and characters.
fn batches(texts: &[String], max: usize) -> Vec<Vec<&str>> {
    let mut batches: Vec<Vec<&str>> = Vec::new();
    let mut remaining = 0;
    for text in texts {
        let size = text.chars().count();
        match batches.last_mut() {
            Some(group) if group.len() < max && size <= remaining => group.push(text),
            _ => {
                remaining = MAX_REQUEST_CHARS;
                batches.push(vec![text]);
            }
        }
        remaining = remaining.saturating_sub(size);
    }
    batches
}

/// Truncates a text.
fn truncate(text: &str) -> &str {
    text.char_indices().nth(TRUNCATED_LENGTH).map_or(text, |(end, _)| &text[..end])
}

/// The default dimensions of well-known models.
fn default_dimensions(model: &str) -> Option<i64> {
    match model {
        "text-embedding-3-large" => Some(3072),
        "text-embedding-3-small" | "text-embedding-ada-002" => Some(1536),
        _ => None,
    }
}

/// Reads a response up to a maximum size.
async fn read_bounded(response: Response, max: usize) -> Result<Vec<u8>, ProviderError> {
    outbound::read_bounded(response, max).await.map_err(|unread| match unread {
        BodyError::TooLong => ProviderError::InvalidResponse(format!("It answered more than {} kB.", max / 1024)),
        BodyError::Broken(error) => connection_error(error),
    })
}

/// The error for a request without a response.
fn connection_error(error: reqwest::Error) -> ProviderError {
    if error.is_connect() {
        ProviderError::Unavailable("It cannot be reached.".to_owned())
    } else if error.is_timeout() {
        ProviderError::TimedOut("It did not answer in time.".to_owned())
    } else {
        ProviderError::Unavailable("The connection was lost.".to_owned())
    }
}

/// The error for an error status. The body is not included, because it may repeat the texts.
fn status_error(response: &Response) -> ProviderError {
    let status = response.status();
    match status {
        StatusCode::TOO_MANY_REQUESTS => {
            let wait = response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok()?.trim().parse().ok());
            ProviderError::RateLimited(wait.unwrap_or(1))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            ProviderError::Unavailable(format!("It does not accept the key ({}).", status.as_u16()))
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => ProviderError::Unavailable(format!(
            "It has no embeddings API or no such model ({}); check CALLBOARD_EMBEDDING_BASE_URL and _MODEL.",
            status.as_u16()
        )),
        _ if status.is_redirection() => ProviderError::Unavailable(format!(
            "It redirects ({}), and redirects are not followed; check CALLBOARD_EMBEDDING_BASE_URL.",
            status.as_u16()
        )),
        _ if status.is_client_error() => {
            ProviderError::RejectedInput(format!("It refuses the text ({}).", status.as_u16()))
        }
        _ => ProviderError::Unavailable(format!("It answers {}.", status.as_u16())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_bounded_in_number_and_characters() {
        let texts: Vec<String> = [100_000, 40_000, 20_000, 10, 10, 10, 200_000].map(|n| "é".repeat(n)).into();
        let sizes: Vec<Vec<usize>> =
            batches(&texts, 3).iter().map(|group| group.iter().map(|t| t.chars().count()).collect()).collect();
        assert_eq!(sizes, [vec![100_000, 40_000], vec![20_000, 10, 10], vec![10], vec![200_000]]);
        assert!(batches(&[], 3).is_empty());
        assert_eq!((truncate(&texts[1]).chars().count(), truncate("short")), (TRUNCATED_LENGTH, "short"));
    }
}
