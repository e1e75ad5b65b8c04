//! Sending one request to a webhook: with timeouts, without following redirects, and to public addresses only. The
//! response body is read only to reuse the connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, redirect};
use secrecy::SecretString;

use super::signature;
use crate::outbound::address::{self, Resolver};
use crate::{Error, Result, outbound};

/// Timeout of connecting.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Timeout of a request with its response.
pub const REQUEST_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of a response to read and discard.
const MAX_RESPONSE_BYTES: usize = 64 * 1024;

/// The outcome of a request.
#[derive(Debug)]
pub struct Outcome {
    /// The HTTP status, if there was a response.
    pub status: Option<u16>,
    /// Why it counts as failed; none if the receiver accepted it.
    pub error: Option<String>,
    /// The `Retry-After` of the receiver, in seconds.
    pub retry_after: Option<f64>,
    /// How long it took.
    pub duration: Duration,
}

/// The HTTP client of all webhooks; cheap to clone.
#[derive(Debug, Clone)]
pub struct Sender {
    client: Client,
    private_allowed: bool,
}

impl Sender {
    /// A client that calls public addresses, or all if `private_allowed`.
    pub fn new(private_allowed: bool) -> Result<Self> {
        let client = Client::builder()
            .use_preconfigured_tls(outbound::tls()?)
            .no_proxy()
            .dns_resolver(Arc::new(Resolver { private_allowed }))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .redirect(redirect::Policy::none())
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("callboard/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| Error::Setup("The HTTP client of webhooks cannot be created.".to_owned()))?;
        Ok(Self { client, private_allowed })
    }

    /// Whether private addresses may be called.
    pub fn private_allowed(&self) -> bool {
        self.private_allowed
    }

    /// Posts a body signed with each of the secrets. `now` is in seconds since 1970.
    pub async fn send(&self, url: &str, secrets: &[SecretString], id: &str, now: i64, body: String) -> Outcome {
        let began = Instant::now();
        let (status, retry_after, error) = match address::parse(url, self.private_allowed) {
            Err(rule) => (None, None, Some(format!("The URL {rule}."))),
            Ok(url) => {
                let request = self
                    .client
                    .post(url)
                    .header(CONTENT_TYPE, "application/json")
                    .header("webhook-id", id)
                    .header("webhook-timestamp", now.to_string())
                    .header("webhook-signature", signature::sign_with_all(secrets, id, now, &body))
                    .body(body);
                match request.send().await {
                    Err(error) => (None, None, Some(unreachable(&error).to_owned())),
                    Ok(response) => {
                        let status = response.status();
                        let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                        let retry_after = header.and_then(|text| text.trim().parse::<u32>().ok()).map(f64::from);
                        // Read so that the connection can be reused; its content does not matter.
                        let _ = outbound::read_bounded(response, MAX_RESPONSE_BYTES).await;
                        let error = match status {
                            _ if status.is_success() => None,
                            _ if status.is_redirection() => Some(format!(
                                "The receiver redirects ({}); redirects are not followed.",
                                status.as_u16()
                            )),
                            _ => Some(format!("The receiver answered {}.", status.as_u16())),
                        };
                        (Some(status.as_u16()), retry_after, error)
                    }
                }
            }
        };
        Outcome { status, error, retry_after, duration: began.elapsed() }
    }
}

/// Why there was no response. Omits the URL, which may contain a secret.
fn unreachable(error: &reqwest::Error) -> &'static str {
    if address::is_private(error) {
        "The URL leads to a loopback, private or link-local address."
    } else if error.is_timeout() {
        "The receiver did not answer in time."
    } else if error.is_connect() {
        "The receiver cannot be reached."
    } else {
        "The connection to the receiver was closed."
    }
}
