//! Sending one request to a webhook. It has a time to connect and a time in all, redirects are not followed,
//! the answer is read only so far as to keep the connection, and only public addresses are called.

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use reqwest::{Client, redirect};
use secrecy::{ExposeSecret, SecretString};

use super::signature;
use crate::outbound::address::{self, Resolver};
use crate::{Error, Result, outbound};

/// Time to connect.
const CONNECT: Duration = Duration::from_secs(5);
/// Time for a request and its answer.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer that are read; none is kept.
const MOST: usize = 64 * 1024;

/// What became of a request.
#[derive(Debug)]
pub struct Outcome {
    /// The HTTP status, if there was an answer.
    pub status: Option<u16>,
    /// Why it counts as not taken; none if it was.
    pub error: Option<String>,
    /// When the receiver wants to be asked again, in seconds.
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
    /// A client that calls public addresses, or any where that is allowed.
    pub fn new(private_allowed: bool) -> Result<Self> {
        let client = Client::builder()
            .use_preconfigured_tls(outbound::tls()?)
            .no_proxy()
            .dns_resolver(Arc::new(Resolver { private_allowed }))
            .connect_timeout(CONNECT)
            .timeout(PATIENCE)
            .redirect(redirect::Policy::none())
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("callboard/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| Error::Setup("The HTTP client of webhooks cannot be made.".to_owned()))?;
        Ok(Self { client, private_allowed })
    }

    /// Whether other addresses than public ones are called.
    pub fn private_allowed(&self) -> bool {
        self.private_allowed
    }

    /// Posts a body, signed. `now` is in seconds since 1970.
    pub async fn send(&self, url: &str, secret: &SecretString, id: &str, now: i64, body: String) -> Outcome {
        let began = Instant::now();
        let (status, retry_after, error) = match address::parse(url, self.private_allowed) {
            Err(rule) => (None, None, Some(format!("The address {rule}."))),
            Ok(url) => {
                let request = self
                    .client
                    .post(url)
                    .header(CONTENT_TYPE, "application/json")
                    .header("webhook-id", id)
                    .header("webhook-timestamp", now.to_string())
                    .header("webhook-signature", signature::sign(secret.expose_secret(), id, now, &body))
                    .body(body);
                match request.send().await {
                    Err(error) => (None, None, Some(unreachable(&error).to_owned())),
                    Ok(response) => {
                        let status = response.status();
                        let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                        let retry_after = header.and_then(|text| text.trim().parse::<u32>().ok()).map(f64::from);
                        // So that the connection serves again; whatever it says changes nothing.
                        let _ = outbound::bounded(response, MOST).await;
                        let error = match status {
                            _ if status.is_success() => None,
                            _ if status.is_redirection() => Some(format!(
                                "It is somewhere else ({}), and redirects are not followed.",
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

/// Why there was no answer, without the address: it may hold a secret.
fn unreachable(error: &reqwest::Error) -> &'static str {
    if address::is_private(error) {
        "The address is loopback, private or link-local, and such are refused."
    } else if error.is_timeout() {
        "The receiver did not answer in time."
    } else if error.is_connect() {
        "The receiver cannot be reached."
    } else {
        "The connection to the receiver broke off."
    }
}
