//! The provider `openai`: a server that speaks OpenAI's embeddings API, theirs or anybody's.
//!
//! Nothing it does may hurt: it has a time to connect and a time to answer, its answers are bounded and
//! checked, redirects are not followed. The queue tries again with growing pauses; requests do not, they
//! have no time for it. What it says about its failures is told only where it cannot hold our texts.

mod answer;

use std::sync::OnceLock;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode, redirect};
use secrecy::ExposeSecret;
use serde_json::json;

use super::Settings;
use super::provider::{Fault, Provider, Urgency};
use crate::outbound::BodyError;
use crate::{Error, Result, outbound};

/// Time to connect.
const CONNECT: Duration = Duration::from_secs(5);

/// Attempts of the queue for one request, and the pause after the first that failed.
const ATTEMPTS: u32 = 3;
const PAUSE: Duration = Duration::from_millis(250);

/// Longest a provider may make the queue wait between two attempts; longer is a matter for the breaker.
const LONGEST_PAUSE: u64 = 5;

/// Characters in one request: models that take 300,000 tokens at once manage this in any script.
const CHARACTERS: usize = 150_000;

/// Where a text is cut that the model refuses for its length: 2,000 tokens even of Chinese.
const SHORT: usize = 2_000;

/// Bytes of an answer for each number of a vector, and beside them.
const BYTES_A_NUMBER: usize = 32;
const BYTES_BESIDE: usize = 64 * 1024;
const MOST_NUMBERS: usize = 16_384;

/// See the module.
pub struct Remote {
    name: String,
    url: String,
    model: String,
    /// As asked for; not every model lets them be chosen.
    asked: Option<i64>,
    known: OnceLock<i64>,
    client: Client,
    batch: usize,
}

impl Remote {
    /// The configured model.
    pub fn new(settings: &Settings) -> Result<Self> {
        let mut headers = HeaderMap::new();
        if let Some(key) = &settings.api_key {
            let key = key.expose_secret().trim();
            if !key.is_empty() {
                let mut value = HeaderValue::from_str(&format!("Bearer {key}")).map_err(|_| {
                    Error::Setup("CALLBOARD_EMBEDDING_API_KEY holds characters that no key has.".to_owned())
                })?;
                value.set_sensitive(true);
                headers.insert(AUTHORIZATION, value);
            }
        }
        let client = Client::builder()
            .use_preconfigured_tls(outbound::tls()?)
            .default_headers(headers)
            .connect_timeout(CONNECT)
            .timeout(settings.timeout)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("callboard/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| Error::Setup("The embedding provider's HTTP client cannot be made.".to_owned()))?;
        let known = OnceLock::new();
        if let Some(dimensions) = settings.dimensions.or_else(|| usual_dimensions(&settings.model)) {
            let _ = known.set(dimensions);
        }
        Ok(Self {
            name: match settings.dimensions {
                Some(dimensions) => format!("openai/{}@{dimensions}", settings.model),
                None => format!("openai/{}", settings.model),
            },
            url: format!("{}/embeddings", settings.base_url.trim_end_matches('/')),
            model: settings.model.clone(),
            asked: settings.dimensions,
            known,
            client,
            batch: settings.batch,
        })
    }

    /// A model that was configured earlier, at today's address and with today's key.
    pub fn named(settings: &Settings, name: &str) -> Option<Self> {
        let name = name.strip_prefix("openai/")?;
        let (model, dimensions) = match name.rsplit_once('@') {
            Some((model, dimensions)) => (model, Some(dimensions.parse().ok()?)),
            None => (name, None),
        };
        Self::new(&Settings { model: model.to_owned(), dimensions, ..settings.clone() }).ok()
    }

    /// One request and its answer.
    async fn ask(&self, texts: &[&str]) -> Result<Vec<Vec<f32>>, Fault> {
        let mut body = json!({ "model": self.model, "input": texts });
        if let Some(dimensions) = self.asked {
            body["dimensions"] = json!(dimensions);
        }
        let response = self.client.post(&self.url).json(&body).send().await.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(refusal(&response));
        }
        let numbers = self.known.get().and_then(|n| usize::try_from(*n).ok()).unwrap_or(MOST_NUMBERS);
        answer::vectors(&bounded(response, texts.len() * numbers * BYTES_A_NUMBER + BYTES_BESIDE).await?, texts.len())
    }

    /// The same, tried again where somebody has the time.
    async fn insist(&self, texts: &[&str], urgency: Urgency) -> Result<Vec<Vec<f32>>, Fault> {
        let mut attempt = 1;
        loop {
            let fault = match self.ask(texts).await {
                // The length of one text is the one thing about it that we can mend.
                Err(Fault::Texts(_)) if texts.len() == 1 && cut(texts[0]).len() < texts[0].len() => {
                    return self.ask(&[cut(texts[0])]).await;
                }
                Err(fault) if urgency == Urgency::Background && attempt < ATTEMPTS => fault,
                outcome => return outcome,
            };
            let pause = match fault {
                Fault::Busy(seconds) if seconds <= LONGEST_PAUSE => Duration::from_secs(seconds),
                Fault::Provider(_) => PAUSE * 2u32.pow(attempt - 1),
                fault => return Err(fault),
            };
            tokio::time::sleep(pause.mul_f64(1.0 + fastrand::f64() / 2.0)).await;
            attempt += 1;
        }
    }
}

impl Provider for Remote {
    fn name(&self) -> &str {
        &self.name
    }

    fn prepare(&self) -> BoxFuture<'_, Result<i64, Fault>> {
        async {
            if let Some(known) = self.known.get() {
                return Ok(*known);
            }
            let vectors = self.insist(&["How many numbers has a vector?"], Urgency::Background).await?;
            let count = vectors.first().map_or(0, Vec::len);
            match i64::try_from(count) {
                Ok(dimensions @ 1..=4000) => Ok(*self.known.get_or_init(|| dimensions)),
                _ => Err(Fault::Nonsense(format!(
                    "The model {} makes vectors of {count} numbers, and an index holds 4,000 at most; state CALLBOARD_EMBEDDING_DIMENSIONS if it lets them be chosen.",
                    self.model
                ))),
            }
        }
        .boxed()
    }

    fn embed<'a>(&'a self, texts: &'a [String], urgency: Urgency) -> BoxFuture<'a, Result<Vec<Vec<f32>>, Fault>> {
        async move {
            let mut vectors = Vec::with_capacity(texts.len());
            for group in groups(texts, self.batch) {
                vectors.extend(self.insist(&group, urgency).await?);
            }
            Ok(vectors)
        }
        .boxed()
    }

    fn batch(&self) -> usize {
        self.batch
    }
}

/// Texts that go into one request each, bounded in number and in characters.
fn groups(texts: &[String], most: usize) -> Vec<Vec<&str>> {
    let mut groups: Vec<Vec<&str>> = Vec::new();
    let mut room = 0;
    for text in texts {
        let size = text.chars().count();
        match groups.last_mut() {
            Some(group) if group.len() < most && size <= room => group.push(text),
            _ => {
                room = CHARACTERS;
                groups.push(vec![text]);
            }
        }
        room = room.saturating_sub(size);
    }
    groups
}

/// The beginning of a text.
fn cut(text: &str) -> &str {
    text.char_indices().nth(SHORT).map_or(text, |(end, _)| &text[..end])
}

/// What well-known models make where nothing else is asked for.
fn usual_dimensions(model: &str) -> Option<i64> {
    match model {
        "text-embedding-3-large" => Some(3072),
        "text-embedding-3-small" | "text-embedding-ada-002" => Some(1536),
        _ => None,
    }
}

/// Reads an answer of bounded size.
async fn bounded(response: Response, most: usize) -> Result<Vec<u8>, Fault> {
    outbound::read_bounded(response, most).await.map_err(|unread| match unread {
        BodyError::TooLong => Fault::Nonsense(format!("It answered more than {} kB.", most / 1024)),
        BodyError::Broken(error) => unreachable(error),
    })
}

/// No answer.
fn unreachable(error: reqwest::Error) -> Fault {
    if error.is_connect() {
        Fault::Provider("It cannot be reached.".to_owned())
    } else if error.is_timeout() {
        Fault::Hung("It did not answer in time.".to_owned())
    } else {
        Fault::Provider("The connection to it broke off.".to_owned())
    }
}

/// An answer that is a refusal. Its text is not told: it may repeat ours.
fn refusal(response: &Response) -> Fault {
    let status = response.status();
    match status {
        StatusCode::TOO_MANY_REQUESTS => {
            let wait = response.headers().get(RETRY_AFTER).and_then(|v| v.to_str().ok()?.trim().parse().ok());
            Fault::Busy(wait.unwrap_or(1))
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            Fault::Provider(format!("It does not accept the key ({}).", status.as_u16()))
        }
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => Fault::Provider(format!(
            "It knows nothing of embeddings or of the model ({}); check CALLBOARD_EMBEDDING_BASE_URL and _MODEL.",
            status.as_u16()
        )),
        _ if status.is_redirection() => Fault::Provider(format!(
            "It is somewhere else ({}), and redirects are not followed; check CALLBOARD_EMBEDDING_BASE_URL.",
            status.as_u16()
        )),
        _ if status.is_client_error() => Fault::Texts(format!("It refuses the text ({}).", status.as_u16())),
        _ => Fault::Provider(format!("It answers {}.", status.as_u16())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_bounded_in_number_and_characters() {
        let texts: Vec<String> = [100_000, 40_000, 20_000, 10, 10, 10, 200_000].map(|n| "é".repeat(n)).into();
        let sizes: Vec<Vec<usize>> =
            groups(&texts, 3).iter().map(|group| group.iter().map(|t| t.chars().count()).collect()).collect();
        assert_eq!(sizes, [vec![100_000, 40_000], vec![20_000, 10, 10], vec![10], vec![200_000]]);
        assert!(groups(&[], 3).is_empty());
        assert_eq!((cut(&texts[1]).chars().count(), cut("short")), (SHORT, "short"));
    }
}
