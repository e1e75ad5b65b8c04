//! Settings of the server: `callboard.toml`, then the environment, then flags; the later wins.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use secrecy::SecretString;

/// Who may register by themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// Anyone who reaches the server.
    Open,
    /// Only with an invitation.
    Invite,
    /// Nobody; accounts are made by an administrator.
    Off,
}

/// Who makes vectors of texts, for search by meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EmbeddingProvider {
    /// The model in the runtime folder, all-MiniLM-L6-v2, inside this process.
    Local,
    /// A server that speaks OpenAI's embeddings API.
    Openai,
    /// Nobody: search goes by words.
    None,
}

impl EmbeddingProvider {
    /// Its name in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Openai => "openai",
            Self::None => "none",
        }
    }
}

/// Settings of `callboard serve`. Every one can be given as a flag, in the environment, or in the file
/// named by `--config` (key = the flag's name with underscores).
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Address and port to listen on.
    #[arg(long, env = "CALLBOARD_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Where the embedded Postgres keeps its data.
    #[arg(long, env = "CALLBOARD_DATA_DIR", default_value = ".data")]
    pub data_dir: PathBuf,
    /// Where the fetched runtime (Postgres and the embedding model) is unpacked.
    #[arg(long, env = "CALLBOARD_RUNTIME_DIR", default_value = ".runtime")]
    pub runtime_dir: PathBuf,
    /// An external Postgres 16 or newer with pgvector; unset: the embedded one.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// A direct address of the same Postgres for LISTEN, where DATABASE_URL goes through a pooler.
    #[arg(long, env = "DATABASE_LISTEN_URL", hide_env_values = true)]
    pub database_listen_url: Option<String>,
    /// Connections in the pool.
    #[arg(long, env = "CALLBOARD_POOL_SIZE", default_value_t = 16)]
    pub pool_size: usize,
    /// Longest a statement may run, in seconds.
    #[arg(long, env = "CALLBOARD_STATEMENT_TIMEOUT", default_value_t = 30)]
    pub statement_timeout: u64,
    /// The address people reach the server at; its origin is the one browsers may come from.
    #[arg(long, env = "CALLBOARD_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// E-mail of the administrator made on the first start.
    #[arg(long, env = "CALLBOARD_ADMIN_EMAIL")]
    pub admin_email: Option<String>,
    /// Password of the administrator made on the first start.
    #[arg(long, env = "CALLBOARD_ADMIN_PASSWORD", hide_env_values = true)]
    pub admin_password: Option<SecretString>,
    /// Who may register by themselves.
    #[arg(long, env = "CALLBOARD_REGISTRATION", value_enum, default_value = "open")]
    pub registration: Registration,
    /// Accept `?token=` on sockets (it ends up in logs of proxies; off unless a client needs it).
    #[arg(long, env = "CALLBOARD_WS_TOKEN_QUERY", default_value_t = false, action = clap::ArgAction::Set)]
    pub ws_token_query: bool,
    /// Development mode: purging endpoints and detailed faults.
    #[arg(long, env = "CALLBOARD_DEV_MODE", default_value_t = false, action = clap::ArgAction::Set)]
    pub dev_mode: bool,
    /// Proxies whose X-Forwarded-For and X-Forwarded-Proto are believed (addresses, comma-separated).
    #[arg(long, env = "CALLBOARD_TRUSTED_PROXIES", value_delimiter = ',')]
    pub trusted_proxies: Vec<std::net::IpAddr>,
    /// Folder under which git repositories may be attached to workflows; unset: none.
    #[arg(long, env = "CALLBOARD_REPOSITORIES_DIR")]
    pub repositories_dir: Option<PathBuf>,
    /// Lifetime of an access token, in seconds.
    #[arg(long, env = "CALLBOARD_ACCESS_TOKEN_SECONDS", default_value_t = 900)]
    pub access_token_seconds: u32,
    /// Lifetime of a sign-in without use, in days.
    #[arg(long, env = "CALLBOARD_SESSION_DAYS", default_value_t = 30)]
    pub session_days: u32,
    /// Sign-in attempts a minute for one account, and ten times as many for one address.
    #[arg(long, env = "CALLBOARD_SIGN_IN_RATE", default_value_t = 10)]
    pub sign_in_rate: u32,
    /// Requests a second for one actor or, before sign-in, one address; bursts of ten times as many.
    #[arg(long, env = "CALLBOARD_REQUEST_RATE", default_value_t = 1000)]
    pub request_rate: u32,
    /// Largest request body, in bytes.
    #[arg(long, env = "CALLBOARD_MAX_BODY", default_value_t = 2 * 1024 * 1024)]
    pub max_body: usize,
    /// Bytes that may wait for one socket before it is closed as too slow.
    #[arg(long, env = "CALLBOARD_SOCKET_BUFFER", default_value_t = 1024 * 1024)]
    pub socket_buffer: usize,
    /// Months of history to keep; 0 keeps all.
    #[arg(long, env = "CALLBOARD_HISTORY_MONTHS", default_value_t = 0)]
    pub history_months: u32,
    /// Who makes vectors of texts, for search by meaning.
    #[arg(long, env = "CALLBOARD_EMBEDDING_PROVIDER", value_enum, default_value = "local")]
    pub embedding_provider: EmbeddingProvider,
    /// The model to ask an `openai` provider for; text-embedding-3-large where left out.
    #[arg(long, env = "CALLBOARD_EMBEDDING_MODEL")]
    pub embedding_model: Option<String>,
    /// Where the `openai` provider is, without `/embeddings`; https://api.openai.com/v1 where left out.
    /// Addresses in private networks are allowed, for models that run at home.
    #[arg(long, env = "CALLBOARD_EMBEDDING_BASE_URL")]
    pub embedding_base_url: Option<String>,
    /// The key of the `openai` provider.
    #[arg(long, env = "CALLBOARD_EMBEDDING_API_KEY", hide_env_values = true)]
    pub embedding_api_key: Option<SecretString>,
    /// Numbers in one vector, for models that let them be chosen; at most 4,000.
    #[arg(long, env = "CALLBOARD_EMBEDDING_DIMENSIONS")]
    pub embedding_dimensions: Option<i64>,
    /// Longest one request to the `openai` provider may take, in seconds.
    #[arg(long, env = "CALLBOARD_EMBEDDING_TIMEOUT", default_value_t = 20)]
    pub embedding_timeout: u64,
    /// Texts in one request to the `openai` provider.
    #[arg(long, env = "CALLBOARD_EMBEDDING_BATCH", default_value_t = 64)]
    pub embedding_batch: usize,
    /// Let webhooks call loopback, private and link-local addresses.
    #[arg(long, env = "CALLBOARD_WEBHOOK_ALLOW_PRIVATE", default_value_t = false, action = clap::ArgAction::Set)]
    pub webhook_allow_private: bool,
    /// What to log, in the syntax of RUST_LOG.
    #[arg(
        long,
        env = "CALLBOARD_LOG",
        default_value = "info,refinery_core=warn,tokio_postgres=warn,actix_server=warn"
    )]
    pub log: String,
}
