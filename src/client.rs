//! The typed Rust client of a Callboard server. The command line and the worker use it too.
//!
//! ```no_run
//! use callboard::client::{Client, Credential};
//! use callboard::domain::tickets::change::CreateTicket;
//!
//! # async fn example() -> callboard::client::Result<()> {
//! let client = Client::new("http://127.0.0.1:8080", Credential::key("cb_…"))?;
//! let workflow = client.find_workflow("Bicycle shop").await?;
//! let created = client
//!     .create_ticket(&CreateTicket {
//!         title: "Login fails".into(),
//!         description: "The form answers 500.".into(),
//!         ..CreateTicket::in_workflow(&workflow.id)
//!     })
//!     .await?;
//! println!("{}", created.key);
//! # Ok(())
//! # }
//! ```
//!
//! Requests and responses are the structs of the domain modules. Requests are repeated with backoff when the server is
//! unavailable, limits the rate, or its response is lost: every write carries an `Idempotency-Key`, so it happens once.
//! [`Error::outcome`] says whether a failed request was carried out.
//! [`Client::watch`] subscribes to a room and resumes after a lost connection.

mod admin;
pub mod boards;
pub mod credential;
mod error;
mod findings;
mod jobs;
mod mcp;
mod milestones;
mod people;
mod reports;
mod send;
mod tickets;
mod usage;
pub mod watch;

use std::sync::Arc;
use std::time::Duration;

pub use self::boards::{ColumnConfig, TicketBoardConfig, TicketTypeConfig, WorkflowHandle};
pub use self::credential::{Credential, TokenStore, Tokens};
pub use self::error::{Error, Result};
pub use self::watch::{Cursor, Update, Watch};
pub use crate::error::Outcome;

/// Timeout of one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(45);

/// A client of one server with one credential; cheap to clone.
#[derive(Debug, Clone)]
pub struct Client {
    inner: Arc<Inner>,
    /// The idempotency key of its writes, if it is not a new one for each.
    key: Option<Arc<str>>,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    url: String,
    credential: credential::CredentialCell,
    max_attempts: u32,
    /// Whether the server shall refuse unknown names instead of creating what they name.
    strict: bool,
}

impl Client {
    /// Creates a client of the server at `url`, e.g. `http://127.0.0.1:8080`.
    pub fn new(url: &str, credential: Credential) -> Result<Self> {
        Self::with_store(url, credential, None)
    }

    /// Creates a client whose tokens are kept in a store that several processes can share.
    pub fn with_store(url: &str, credential: Credential, store: Option<Arc<dyn TokenStore>>) -> Result<Self> {
        // Fails only if a provider is installed already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let url = url.trim().trim_end_matches('/');
        let parsed = reqwest::Url::parse(url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let parsed = parsed.ok_or_else(|| {
            Error::Unusable(format!("{url} is not the address of a server; use one like http://127.0.0.1:8080"))
        })?;
        let mut builder = reqwest::Client::builder()
            .timeout(REQUEST_TIMEOUT)
            .connect_timeout(Duration::from_secs(10))
            .user_agent(concat!("callboard/", env!("CARGO_PKG_VERSION")));
        if parsed.host_str().is_some_and(|host| host == "localhost" || host.starts_with("127.") || host == "[::1]") {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|error| Error::Unusable(error.to_string()))?;
        let credential = credential::CredentialCell::new(credential, store);
        let inner = Inner { http, url: url.to_owned(), credential, max_attempts: 5, strict: false };
        Ok(Self { inner: Arc::new(inner), key: None })
    }

    /// The same client, with which unknown assignees are refused instead of becoming agents.
    pub fn strict(self) -> Self {
        let key = self.key;
        match Arc::try_unwrap(self.inner) {
            Ok(inner) => Self { inner: Arc::new(Inner { strict: true, ..inner }), key },
            Err(inner) => Self { inner, key },
        }
    }

    /// Creates a client that is signed in with an e-mail address and a password.
    pub async fn sign_in(url: &str, email: &str, password: &str) -> Result<Self> {
        let client = Self::new(url, Credential::None)?;
        let tokens = client.log_in(email, password).await?;
        Self::new(url, Credential::Tokens(tokens))
    }

    /// A client whose next write has this idempotency key. Use it for one write, and for its repetitions when it is unknown
    /// whether it was carried out, also after a restart of the program: the server carries it out once.
    pub fn with_idempotency_key(&self, key: &str) -> Self {
        Self { inner: self.inner.clone(), key: Some(key.into()) }
    }

    /// The server's address, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// The current tokens, if the client is signed in with a password.
    pub async fn tokens(&self) -> Option<Tokens> {
        match self.inner.credential.current().await {
            Credential::Tokens(tokens) => Some(tokens),
            _ => None,
        }
    }
}
