//! Test fixture for client flows: an owner, an agent, an outsider, and sockets that record messages.
#![allow(dead_code)]

use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;

use crate::client::{Client, Server};
use crate::http::fixtures::{open, redact, service_client, signed_in_user, text};
use crate::live::socket::{Socket, SocketEvent};

/// See the module documentation.
pub struct Fixture {
    /// The server.
    pub server: Server,
    /// The owner of the work.
    pub ann: Client,
    /// The agent that does the work, with an API key.
    pub agent: Client,
    /// A user without access.
    pub outsider: Client,
}

impl Fixture {
    /// All actors, without a workflow.
    pub async fn open(hint: &str) -> Self {
        let server = open(hint).await;
        let ann = signed_in_user(&server, "ann").await;
        let outsider = signed_in_user(&server, "outsider").await;
        let agent = service_client(&server, "builder-1", &["read", "write"]).await;
        Self { server, ann, agent, outsider }
    }

    /// Adds the agent to a workflow as a member.
    pub async fn add_agent_as_member(&self, workflow: &str) {
        let path = format!("/api/workflows/{workflow}/members/{}", self.agent.id);
        self.ann.put(&path, json!({"role": "member"})).await.ok();
    }

    /// The agent claims the next job; returns its id and lease token.
    pub async fn claim(&self) -> Lease<'_> {
        let claimed = self.agent.post("/api/jobs/claim", json!({"worker": "builder-1"})).await.ok();
        Lease { agent: &self.agent, job: text(&claimed["job"], "id"), token: text(&claimed, "lease_token") }
    }

    /// Opens a socket for a client at a path.
    pub async fn socket(&self, who: &Client, address: &str) -> RecordingSocket {
        self.try_socket(who, address).await.expect("a socket")
    }

    /// Like [`Self::socket`], but returns the error of a refused handshake.
    pub async fn try_socket(&self, who: &Client, address: &str) -> Result<RecordingSocket, tungstenite::Error> {
        let bearer = format!("Bearer {}", who.token.as_deref().unwrap_or_default());
        let headers: Vec<(&str, &str)> = who.token.iter().map(|_| ("authorization", bearer.as_str())).collect();
        Socket::try_open(&format!("{}{address}", self.server.url), &headers).await.map(RecordingSocket)
    }

    /// The HTTP status of a refused handshake.
    pub async fn refused(&self, who: &Client, address: &str) -> u16 {
        match self.try_socket(who, address).await {
            Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
            other => panic!("{address} was not refused: {:?}", other.err()),
        }
    }
}

/// A claimed job and the calls of its holder.
pub struct Lease<'a> {
    agent: &'a Client,
    /// The job.
    pub job: String,
    /// The lease token.
    pub token: String,
}

impl Lease<'_> {
    /// A call of the worker API.
    pub async fn call(&self, what: &str, mut body: Value) -> Value {
        body["lease_token"] = json!(self.token);
        self.agent.post(&format!("/api/jobs/{}/{what}", self.job), body).await.ok()
    }

    /// Enters a stage.
    pub async fn stage(&self, stage: &str) -> Value {
        self.call("stage", json!({"stage": stage})).await
    }

    /// Appends a message to the transcript.
    pub async fn post_message(&self, kind: &str, content: &str) -> Value {
        self.call("messages", json!({"messages": [{"kind": kind, "content": content, "sender": "planner"}]})).await
    }
}

/// A socket that records the received messages.
pub struct RecordingSocket(pub Socket);

impl RecordingSocket {
    /// All messages up to and including the first that matches.
    pub async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut messages = Vec::new();
        let all = async {
            loop {
                match self.0.receive().await {
                    SocketEvent::Message(message) => {
                        messages.push(message);
                        if fits(&messages[messages.len() - 1]) {
                            break;
                        }
                    }
                    SocketEvent::Closed(code) => panic!("closed with {code} after {messages:#?}"),
                }
            }
        };
        if tokio::time::timeout(Duration::from_secs(20), all).await.is_err() {
            panic!("timed out; received {messages:#?}");
        }
        messages
    }

    /// All messages up to and including the first of a type.
    pub async fn until_type(&mut self, kind: &str) -> Vec<Value> {
        self.until(|message| message["type"] == kind).await
    }

    /// All messages received so far: sends a ping and collects everything before the pong.
    pub async fn received_so_far(&mut self) -> Vec<Value> {
        self.0.send(json!({"type": "ping"})).await;
        let mut messages = self.until_type("pong").await;
        messages.pop();
        messages
    }

    /// The close code.
    pub async fn closed(&mut self) -> u16 {
        self.0.closed().await
    }
}

/// The messages with values that differ from run to run redacted.
pub fn plain(messages: &[Value]) -> Vec<Value> {
    fn walk(value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(redact(text)),
            Value::Array(items) => items.iter().map(walk).collect(),
            Value::Object(members) => members
                .iter()
                .map(|(name, value)| {
                    let value = match (name.as_str(), value) {
                        (_, Value::Null) => Value::Null,
                        ("epoch" | "rank" | "session" | "expires_at", _) => json!(format!("[{name}]")),
                        (_, value) => walk(value),
                    };
                    (redact(name), value)
                })
                .collect(),
            other => other.clone(),
        }
    }
    messages.iter().map(walk).collect()
}
