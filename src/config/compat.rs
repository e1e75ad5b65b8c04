//! Settings of the addresses that speak the language of another system's clients: `[[compat]]` in the settings file, or
//! `--compat tracker=127.0.0.1:8000,key_file=tracker.key`.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;

/// A kind of clients that were written for another system.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CompatClient {
    /// A board whose tickets go through stages.
    StageBoard,
    /// Jobs that build apps from a prompt, with a chat.
    JobBuilder,
    /// An engine that reports about tickets, and its dashboard.
    Engine,
    /// A ticket tracker for agents.
    Tracker,
    /// A board of agentic workflows.
    WorkflowBoard,
}

impl CompatClient {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::StageBoard, Self::JobBuilder, Self::Engine, Self::Tracker, Self::WorkflowBoard];

    /// Its name in settings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::StageBoard => "stage-board",
            Self::JobBuilder => "job-builder",
            Self::Engine => "engine",
            Self::Tracker => "tracker",
            Self::WorkflowBoard => "workflow-board",
        }
    }

    /// Whether its users sign in. The listeners of the others send a key of their own.
    pub fn signs_in(self) -> bool {
        matches!(self, Self::JobBuilder | Self::Engine)
    }
}

/// An address that speaks one client's language.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CompatListener {
    /// Whose language.
    pub client: CompatClient,
    /// Address and port to listen on.
    pub listen: SocketAddr,
    /// File of the API key with which requests without a credential are made, for clients without a sign-in, and with which a
    /// worker takes what `auto_queue` queues. Created with a new key if it is missing. Defaults to `compat/<client>.key` in the
    /// data directory.
    pub key_file: Option<PathBuf>,
    /// Id or name of the workflow of requests that name none. Defaults to the caller's default workflow.
    pub workflow: Option<String>,
    /// Origins of pages that may call this address, besides its own, e.g. `http://localhost:5173`.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Type of the jobs that are queued for what arrives. Without it, nothing is queued.
    pub auto_queue: Option<String>,
    /// Allows an address that other machines can reach although requests need no credential.
    #[serde(default)]
    pub allow_remote: bool,
}

impl CompatListener {
    fn check(self) -> Result<Self, String> {
        let client = self.client.as_str();
        if self.client.signs_in() && self.key_file.is_some() && self.auto_queue.is_none() {
            return Err(format!(
                "{client} has a sign-in of its own and takes a key_file only with auto_queue, for the worker"
            ));
        }
        if !self.client.signs_in() && !self.listen.ip().is_loopback() && !self.allow_remote {
            return Err(format!(
                "every program that reaches {} could use the key of {client}; listen on 127.0.0.1, or set allow_remote=true",
                self.listen
            ));
        }
        for origin in &self.origins {
            let host = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://")).unwrap_or_default();
            if host.is_empty() || host.contains(['/', '?', '#', '@', '*']) {
                return Err(format!("the origin {origin} must have the form http://localhost:5173"));
            }
        }
        if let Some(kind) = &self.auto_queue
            && (kind.trim().is_empty() || kind.chars().count() > 64)
        {
            return Err("auto_queue must be a job type of 1 to 64 characters".to_owned());
        }
        Ok(self)
    }
}

/// Reads `client=address,name=value,…`; `origin` may be repeated. The settings file hands its table over as JSON.
pub fn parse(text: &str) -> Result<CompatListener, String> {
    if text.trim_start().starts_with('{') {
        let listener: CompatListener = serde_json::from_str(text).map_err(|error| error.to_string())?;
        return listener.check();
    }
    let mut parts = text.split(',').map(str::trim);
    let form = "use the form tracker=127.0.0.1:8000,key_file=tracker.key";
    let (client, listen) = parts.next().and_then(|first| first.split_once('=')).ok_or_else(|| form.to_owned())?;
    let Some(client) = CompatClient::ALL.into_iter().find(|known| known.as_str() == client.trim()) else {
        let known = CompatClient::ALL.map(CompatClient::as_str).join(", ");
        return Err(format!("there is no client {client}; the clients are {known}"));
    };
    let mut listener = CompatListener {
        client,
        listen: listen.trim().parse().map_err(|_| format!("{listen} is not an address like 127.0.0.1:8000"))?,
        key_file: None,
        workflow: None,
        origins: Vec::new(),
        auto_queue: None,
        allow_remote: false,
    };
    for part in parts {
        let (name, value) = part.split_once('=').ok_or_else(|| form.to_owned())?;
        match name {
            "key_file" => listener.key_file = Some(value.into()),
            "workflow" => listener.workflow = Some(value.to_owned()),
            "origin" => listener.origins.push(value.to_owned()),
            "auto_queue" => listener.auto_queue = Some(value.to_owned()),
            "allow_remote" => {
                listener.allow_remote = value.parse().map_err(|_| "allow_remote must be true or false".to_owned())?;
            }
            _ => {
                return Err(format!(
                    "there is no {name}; after the address come key_file, workflow, origin, auto_queue, allow_remote"
                ));
            }
        }
    }
    listener.check()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_and_tables_mean_the_same() {
        let flag =
            parse("tracker=127.0.0.1:8000,key_file=a.key,workflow=Work,origin=http://localhost:5173,auto_queue=demo");
        let table = parse(
            r#"{"client": "tracker", "listen": "127.0.0.1:8000", "key_file": "a.key", "workflow": "Work",
                "origins": ["http://localhost:5173"], "auto_queue": "demo"}"#,
        );
        assert_eq!(flag.expect("a flag"), table.expect("a table"));
    }

    #[test]
    fn mistakes_are_named() {
        for (text, word) in [
            ("", "form"),
            ("tracker", "form"),
            ("trekker=127.0.0.1:1", "workflow-board"),
            ("tracker=here", "address"),
            ("tracker=0.0.0.0:8000", "allow_remote"),
            ("engine=0.0.0.0:8000,key_file=x", "sign-in"),
            ("tracker=127.0.0.1:1,colour=red", "auto_queue"),
            ("tracker=127.0.0.1:1,origin=*", "origin"),
            ("tracker=127.0.0.1:1,origin=http://a/b", "origin"),
            ("tracker=127.0.0.1:1,auto_queue=", "auto_queue"),
            (r#"{"client": "tracker"}"#, "listen"),
            (r#"{"client": "tracker", "listen": "127.0.0.1:1", "x": 1}"#, "x"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.contains(word), "{text}: {error}");
        }
        assert!(parse("tracker=0.0.0.0:8000,allow_remote=true").is_ok());
        assert!(parse("engine=0.0.0.0:8000").is_ok());
    }
}
