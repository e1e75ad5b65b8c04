//! A person with a program of theirs, an agent that works, and a stranger; and ears.
#![allow(dead_code)]

use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite;

use crate::client::{Client, Server};
use crate::http::fixtures::{open, person, redact, service, text};
use crate::live::socket::{Heard, Socket};

/// See the module.
pub struct Desk {
    /// The server.
    pub server: Server,
    /// Who owns the work.
    pub ann: Client,
    /// Who does it, with a key.
    pub agent: Client,
    /// Somebody else.
    pub stranger: Client,
}

impl Desk {
    /// Everybody, and no workflow yet.
    pub async fn open(hint: &str) -> Self {
        let server = open(hint).await;
        let ann = person(&server, "ann").await;
        let stranger = person(&server, "stranger").await;
        let agent = service(&server, "builder-1", &["read", "write"]).await;
        Self { server, ann, agent, stranger }
    }

    /// Makes the agent a member of a workflow.
    pub async fn hire(&self, workflow: &str) {
        let path = format!("/api/workflows/{workflow}/members/{}", self.agent.id);
        self.ann.put(&path, json!({"role": "member"})).await.ok();
    }

    /// The agent takes the next job; answers its id and the lease.
    pub async fn claim(&self) -> Lease<'_> {
        let claimed = self.agent.post("/api/jobs/claim", json!({"worker": "builder-1"})).await.ok();
        Lease { agent: &self.agent, job: text(&claimed["job"], "id"), token: text(&claimed, "lease_token") }
    }

    /// A socket of somebody at an address.
    pub async fn socket(&self, who: &Client, address: &str) -> Ears {
        self.try_socket(who, address).await.expect("a socket")
    }

    /// The same where it may be refused.
    pub async fn try_socket(&self, who: &Client, address: &str) -> Result<Ears, tungstenite::Error> {
        let bearer = format!("Bearer {}", who.token.as_deref().unwrap_or_default());
        let headers: Vec<(&str, &str)> = who.token.iter().map(|_| ("authorization", bearer.as_str())).collect();
        Socket::try_open(&format!("{}{address}", self.server.url), &headers).await.map(Ears)
    }

    /// The status with which a handshake is refused, and the problem.
    pub async fn refused(&self, who: &Client, address: &str) -> u16 {
        match self.try_socket(who, address).await {
            Err(tungstenite::Error::Http(response)) => response.status().as_u16(),
            other => panic!("{address} was not refused: {:?}", other.err()),
        }
    }
}

/// A claim, and what its holder reports.
pub struct Lease<'a> {
    agent: &'a Client,
    /// The job.
    pub job: String,
    /// The proof.
    pub token: String,
}

impl Lease<'_> {
    /// A call of the worker's side.
    pub async fn call(&self, what: &str, mut body: Value) -> Value {
        body["lease_token"] = json!(self.token);
        self.agent.post(&format!("/api/jobs/{}/{what}", self.job), body).await.ok()
    }

    /// Enters a stage.
    pub async fn stage(&self, stage: &str) -> Value {
        self.call("stage", json!({"stage": stage})).await
    }

    /// Says something.
    pub async fn say(&self, kind: &str, content: &str) -> Value {
        self.call("messages", json!({"messages": [{"kind": kind, "content": content, "sender": "planner"}]})).await
    }
}

/// A socket that is listened to.
pub struct Ears(pub Socket);

impl Ears {
    /// Everything up to the message that fits, that one too.
    pub async fn until(&mut self, fits: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut heard = Vec::new();
        let all = async {
            loop {
                match self.0.hear().await {
                    Heard::Message(message) => {
                        heard.push(message);
                        if fits(&heard[heard.len() - 1]) {
                            break;
                        }
                    }
                    Heard::Closed(code) => panic!("closed with {code} after {heard:#?}"),
                }
            }
        };
        if tokio::time::timeout(Duration::from_secs(20), all).await.is_err() {
            panic!("it never came; heard {heard:#?}");
        }
        heard
    }

    /// Everything up to a message of a type.
    pub async fn until_type(&mut self, kind: &str) -> Vec<Value> {
        self.until(|message| message["type"] == kind).await
    }

    /// What has come by now: asks and takes everything before the answer.
    pub async fn now(&mut self) -> Vec<Value> {
        self.0.say(json!({"type": "ping"})).await;
        let mut heard = self.until_type("pong").await;
        heard.pop();
        heard
    }

    /// The close code.
    pub async fn closed(&mut self) -> u16 {
        self.0.closed().await
    }
}

/// What was heard, without what differs from run to run.
pub fn plain(heard: &[Value]) -> Vec<Value> {
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
    heard.iter().map(walk).collect()
}
