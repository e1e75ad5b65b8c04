//! Settings of the server, from `callboard.toml`, the environment and flags, in ascending order of precedence.

mod compat;

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use ipnet::{IpNet, Ipv4Net};
use secrecy::SecretString;

pub use self::compat::{CompatClient, CompatListener};

/// Who may create an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Registration {
    /// Anyone who can reach the server.
    Open,
    /// People with an invitation.
    Invite,
    /// No one: administrators create accounts.
    Off,
}

impl Registration {
    /// Its name in settings and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Invite => "invite",
            Self::Off => "off",
        }
    }
}

/// The provider of embeddings for semantic search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum EmbeddingProvider {
    /// all-MiniLM-L6-v2 from the runtime folder, in this process.
    Local,
    /// A server with OpenAI's embeddings API.
    Openai,
    /// No embeddings: keyword search only.
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

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// Lines for people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Settings of `callboard serve`. Each can be a flag, an environment variable, or an entry of the `--config` file (the
/// name of the flag with underscores).
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Address and port to listen on.
    #[arg(long, env = "CALLBOARD_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Data directory of the embedded Postgres.
    #[arg(long, env = "CALLBOARD_DATA_DIR", default_value = ".data")]
    pub data_dir: PathBuf,
    /// Folder of the downloaded runtime (Postgres and the embedding model).
    #[arg(long, env = "CALLBOARD_RUNTIME_DIR", default_value = ".runtime")]
    pub runtime_dir: PathBuf,
    /// URL of an external Postgres 16 or newer with pgvector. Defaults to the embedded Postgres.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// URL of the same Postgres for LISTEN, if DATABASE_URL goes through a pooler.
    #[arg(long, env = "DATABASE_LISTEN_URL", hide_env_values = true)]
    pub database_listen_url: Option<String>,
    /// Connections in the pool.
    #[arg(long, env = "CALLBOARD_POOL_SIZE", default_value_t = 16)]
    pub pool_size: usize,
    /// Timeout of a statement, in seconds.
    #[arg(long, env = "CALLBOARD_STATEMENT_TIMEOUT", default_value_t = 30)]
    pub statement_timeout: u64,
    /// URL at which users reach the server; browsers may send requests from its origin only.
    #[arg(long, env = "CALLBOARD_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// E-mail address of the administrator that the first start creates.
    #[arg(long, env = "CALLBOARD_ADMIN_EMAIL")]
    pub admin_email: Option<String>,
    /// Password of the administrator that the first start creates.
    #[arg(long, env = "CALLBOARD_ADMIN_PASSWORD", hide_env_values = true)]
    pub admin_password: Option<SecretString>,
    /// Who may create an account, at most: an administrator may choose less in the dashboard.
    #[arg(long, env = "CALLBOARD_REGISTRATION", value_enum, default_value = "open")]
    pub registration: Registration,
    /// Accept `?token=` on sockets, for clients that need it. Proxies may log the token.
    #[arg(long, env = "CALLBOARD_WS_TOKEN_QUERY", default_value_t = false, action = clap::ArgAction::Set)]
    pub ws_token_query: bool,
    /// Development mode: endpoints that purge data, and detailed error messages.
    #[arg(long, env = "CALLBOARD_DEV_MODE", default_value_t = false, action = clap::ArgAction::Set)]
    pub dev_mode: bool,
    /// Addresses and networks (172.16.0.0/12) of proxies whose X-Forwarded-For and X-Forwarded-Proto are trusted,
    /// comma-separated.
    #[arg(long, env = "CALLBOARD_TRUSTED_PROXIES", value_delimiter = ',', value_parser = network)]
    pub trusted_proxies: Vec<IpNet>,
    /// Folder of the git repositories that may be attached to workflows. Defaults to none.
    #[arg(long, env = "CALLBOARD_REPOSITORIES_DIR")]
    pub repositories_dir: Option<PathBuf>,
    /// Lifetime of an access token, in seconds.
    #[arg(long, env = "CALLBOARD_ACCESS_TOKEN_SECONDS", default_value_t = 900)]
    pub access_token_seconds: u32,
    /// Idle lifetime of a session, in days.
    #[arg(long, env = "CALLBOARD_SESSION_DAYS", default_value_t = 30)]
    pub session_days: u32,
    /// Failed sign-ins per minute for an account from one address; five times as many from all addresses that it never
    /// signed in from, and ten times as many per address.
    #[arg(long, env = "CALLBOARD_SIGN_IN_RATE", default_value_t = 10)]
    pub sign_in_rate: u32,
    /// Requests per second and actor or, before sign-in, per address; bursts of ten times as many.
    #[arg(long, env = "CALLBOARD_REQUEST_RATE", default_value_t = 1000)]
    pub request_rate: u32,
    /// Maximum size of a request body, in bytes.
    #[arg(long, env = "CALLBOARD_MAX_BODY", default_value_t = 2 * 1024 * 1024)]
    pub max_body: usize,
    /// Maximum size of a request that imports a file, in bytes; two of them are read at a time.
    #[arg(long, env = "CALLBOARD_MAX_IMPORT", default_value_t = 32 * 1024 * 1024)]
    pub max_import: usize,
    /// Bytes to buffer for a slow socket before it is closed.
    #[arg(long, env = "CALLBOARD_SOCKET_BUFFER", default_value_t = 1024 * 1024)]
    pub socket_buffer: usize,
    /// Compress the messages of sockets whose client asks for it, as browsers do.
    #[arg(long, env = "CALLBOARD_SOCKET_COMPRESSION", default_value_t = true, action = clap::ArgAction::Set)]
    pub socket_compression: bool,
    /// Months of history to keep; 0 keeps all.
    #[arg(long, env = "CALLBOARD_HISTORY_MONTHS", default_value_t = 0)]
    pub history_months: u32,
    /// Days of security events to keep, at least 30; 0 keeps all.
    #[arg(long, env = "CALLBOARD_SECURITY_EVENT_DAYS", default_value_t = 365)]
    pub security_event_days: u32,
    /// Days to keep the transcripts of jobs that have ended; 0 keeps all.
    #[arg(long, env = "CALLBOARD_TRANSCRIPT_DAYS", default_value_t = 0)]
    pub transcript_days: u32,
    /// Days after which completed tickets that nobody changed are archived; 0 leaves them on their boards.
    #[arg(long, env = "CALLBOARD_ARCHIVE_DAYS", default_value_t = 0)]
    pub archive_days: u32,
    /// Folder for backups of the embedded Postgres: the server archives the write-ahead log there all the time, and backs up
    /// regularly. Defaults to none.
    #[arg(long, env = "CALLBOARD_BACKUP_DIR")]
    pub backup_dir: Option<PathBuf>,
    /// Hours between two backups.
    #[arg(long, env = "CALLBOARD_BACKUP_HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub backup_hours: u32,
    /// Backups to keep, with the log that is needed to restore to any time since the oldest.
    #[arg(long, env = "CALLBOARD_BACKUP_KEEP", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub backup_keep: u32,
    /// Provider of embeddings for semantic search.
    #[arg(long, env = "CALLBOARD_EMBEDDING_PROVIDER", value_enum, default_value = "local")]
    pub embedding_provider: EmbeddingProvider,
    /// Model of the `openai` provider. Defaults to text-embedding-3-large.
    #[arg(long, env = "CALLBOARD_EMBEDDING_MODEL")]
    pub embedding_model: Option<String>,
    /// Base URL of the `openai` provider, without `/embeddings`. Defaults to https://api.openai.com/v1.
    /// Private networks are allowed, for self-hosted models.
    #[arg(long, env = "CALLBOARD_EMBEDDING_BASE_URL")]
    pub embedding_base_url: Option<String>,
    /// API key of the `openai` provider.
    #[arg(long, env = "CALLBOARD_EMBEDDING_API_KEY", hide_env_values = true)]
    pub embedding_api_key: Option<SecretString>,
    /// Dimensions of a vector, for models with a configurable size; at most 4,000.
    #[arg(long, env = "CALLBOARD_EMBEDDING_DIMENSIONS")]
    pub embedding_dimensions: Option<i64>,
    /// Timeout of a request to the `openai` provider, in seconds.
    #[arg(long, env = "CALLBOARD_EMBEDDING_TIMEOUT", default_value_t = 20)]
    pub embedding_timeout: u64,
    /// Texts per request to the `openai` provider.
    #[arg(long, env = "CALLBOARD_EMBEDDING_BATCH", default_value_t = 64)]
    pub embedding_batch: usize,
    /// Allow webhooks to call loopback, private and link-local addresses.
    #[arg(long, env = "CALLBOARD_WEBHOOK_ALLOW_PRIVATE", default_value_t = false, action = clap::ArgAction::Set)]
    pub webhook_allow_private: bool,
    /// A further address that speaks the language of another system's clients, e.g. `stage-board=127.0.0.1:8001`. After the
    /// address, separated by commas: key_file=, workflow=, origin= (repeatable), auto_queue=, allow_remote=. Repeatable; the
    /// clients are stage-board, job-builder, engine, tracker and workflow-board.
    #[arg(long, env = "CALLBOARD_COMPAT", value_parser = compat::parse)]
    pub compat: Vec<CompatListener>,
    /// Log filter, in the syntax of RUST_LOG.
    #[arg(
        long,
        env = "CALLBOARD_LOG",
        default_value = "info,refinery_core=warn,tokio_postgres=warn,actix_server=warn"
    )]
    pub log: String,
    /// Format of log lines. Defaults to human on a terminal, else json.
    #[arg(long, env = "CALLBOARD_LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,
    /// Address and port on which the embedded Postgres also accepts analysts, with a password and unencrypted, e.g. 127.0.0.1:5433.
    /// Defaults to none: then only programs of this machine's owner reach it.
    #[arg(long, env = "CALLBOARD_REPORTING_LISTEN")]
    pub reporting_listen: Option<SocketAddr>,
    /// Token that `/metrics` accepts as a bearer token, besides an administrator's credential and requests from this host.
    #[arg(long, env = "CALLBOARD_METRICS_TOKEN", hide_env_values = true)]
    pub metrics_token: Option<SecretString>,
}

/// An address, or a network in CIDR notation. IPv4 written as IPv6 (`::ffff:10.0.0.0/104`) is IPv4.
fn network(text: &str) -> Result<IpNet, String> {
    let text = text.trim();
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text
            .parse::<IpNet>()
            .map_err(|_| "it is neither an IP address nor a network like 172.16.0.0/12 or fd00::/8".to_owned())?,
    };
    match network {
        IpNet::V6(v6) if v6.prefix_len() >= 96 => match v6.addr().to_ipv4_mapped() {
            Some(v4) => Ipv4Net::new(v4, v6.prefix_len() - 96).map(IpNet::V4).map_err(|error| error.to_string()),
            None => Ok(network),
        },
        _ => Ok(network),
    }
}
