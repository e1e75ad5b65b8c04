//! Settings of the embedding provider, validated before the server starts.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use crate::config::{Config, EmbeddingProvider};
use crate::{Error, Result};

/// The settings `CALLBOARD_EMBEDDING_*`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The provider.
    pub provider: EmbeddingProvider,
    /// The runtime folder, which contains the local model.
    pub runtime_dir: PathBuf,
    /// The model of the HTTP provider.
    pub model: String,
    /// The base URL of the HTTP provider, without `/embeddings`.
    pub base_url: String,
    /// The API key of the HTTP provider.
    pub api_key: Option<SecretString>,
    /// Dimensions of a vector, if configurable.
    pub dimensions: Option<i64>,
    /// Time limit of one request to the HTTP provider.
    pub timeout: Duration,
    /// Maximum number of texts per request to the HTTP provider.
    pub batch: usize,
    /// Lease of claimed tickets.
    pub lease: Duration,
}

/// Minimum lease of a batch; it covers all retries of a slow provider.
const MIN_LEASE: Duration = Duration::from_secs(120);

impl Settings {
    /// Reads the settings from the server's configuration and validates them.
    pub fn of(config: &Config) -> Result<Self> {
        let given = |text: &Option<String>| text.as_deref().map(str::trim).filter(|t| !t.is_empty()).map(str::to_owned);
        let timeout = Duration::from_secs(config.embedding_timeout.clamp(1, 300));
        let settings = Self {
            provider: config.embedding_provider,
            runtime_dir: config.runtime_dir.clone(),
            model: given(&config.embedding_model).unwrap_or_else(|| "text-embedding-3-large".to_owned()),
            base_url: given(&config.embedding_base_url).unwrap_or_else(|| "https://api.openai.com/v1".to_owned()),
            api_key: config.embedding_api_key.clone(),
            dimensions: config.embedding_dimensions,
            timeout,
            batch: config.embedding_batch.clamp(1, 2048),
            lease: MIN_LEASE.max(timeout * 4),
        };
        settings.check()?;
        Ok(settings)
    }

    fn check(&self) -> Result<()> {
        let refuse = |text: &str| Err(Error::Setup(text.to_owned()));
        if self.provider != EmbeddingProvider::Openai {
            return Ok(());
        }
        if self.dimensions.is_some_and(|n| !(1..=4000).contains(&n)) {
            return refuse(
                "CALLBOARD_EMBEDDING_DIMENSIONS must be between 1 and 4000, the maximum of a half-precision vector index.",
            );
        }
        match reqwest::Url::parse(&self.base_url) {
            Ok(url) if matches!(url.scheme(), "http" | "https") && url.host().is_some() => {
                if !url.username().is_empty() || url.password().is_some() {
                    return refuse(
                        "CALLBOARD_EMBEDDING_BASE_URL contains a password, which would appear in logs; use CALLBOARD_EMBEDDING_API_KEY instead.",
                    );
                }
                Ok(())
            }
            _ => refuse("CALLBOARD_EMBEDDING_BASE_URL must be a URL such as https://api.openai.com/v1."),
        }
    }
}
