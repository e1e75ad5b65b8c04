//! A simulated agent's way to the server: plain HTTP with its key.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::domain::tickets::Card;
use crate::{Error, Result};

/// Where an agent works.
pub struct Desk {
    http: reqwest::Client,
    base_url: String,
    key: String,
    /// The agent.
    pub agent: String,
    /// The workflow.
    pub workflow: String,
}

/// Why a request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// The key has ended or the agent was taken out of the workflow.
    #[error("the key no longer holds")]
    Key,
    /// The server is away or asks to slow down.
    #[error("the server is busy")]
    Busy,
    /// Anything else, in the server's words.
    #[error("{0}")]
    Other(String),
}

impl Desk {
    pub fn new(base_url: &str, key: String, agent: &str, workflow: &str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(15))
            .no_proxy()
            .user_agent("callboard-demo")
            .build()
            .map_err(|error| Error::Setup(format!("The demo's HTTP client cannot be made: {error}.")))?;
        Ok(Self { http, base_url: base_url.to_owned(), key, agent: agent.to_owned(), workflow: workflow.to_owned() })
    }

    /// Waits until the server answers; half a minute at most.
    pub async fn wait_for_server(&self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match self.http.get(format!("{}/health", self.base_url)).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) if Instant::now() > deadline => {
                    return Err(Error::Setup(format!(
                        "The address {} answers {}; is it a Callboard server?",
                        self.base_url,
                        answer.status()
                    )));
                }
                Err(_) if Instant::now() > deadline => {
                    return Err(Error::Setup(format!(
                        "No server answers at {}: start one with `callboard serve`, or name another with --url.",
                        self.base_url
                    )));
                }
                _ => tokio::time::sleep(Duration::from_millis(250)).await,
            }
        }
    }

    /// Every card of the board.
    pub async fn cards(&self) -> Result<Vec<Card>, Refused> {
        let path = format!("/api/tickets?workflow_id={}&limit=200&sort_by=updated_at&sort_order=asc", self.workflow);
        let mut answer = self.send(self.http.get(self.base_url.clone() + &path)).await?;
        serde_json::from_value(answer["tickets"].take()).map_err(|error| Refused::Other(error.to_string()))
    }

    /// A ticket with everything that hangs on it.
    pub async fn ticket(&self, id: &str) -> Result<Value, Refused> {
        self.send(self.http.get(format!("{}/api/tickets/{id}", self.base_url))).await
    }

    /// A POST request.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value, Refused> {
        self.send(self.http.post(self.base_url.clone() + path).json(&body)).await
    }

    /// Reacts to a comment.
    pub async fn react(&self, comment: &str, emoji: &str) -> Result<Value, Refused> {
        self.send(self.http.put(format!("{}/api/comments/{comment}/reactions/{emoji}", self.base_url))).await
    }

    /// Comments on a ticket, unless it has been talked about enough.
    pub async fn say(&self, card: &Card, text: String) -> Result<(), Refused> {
        if card.comment_count >= 40 {
            return Ok(());
        }
        let body = json!({"ticket_id": card.ticket_id, "comment_text": text});
        self.post("/api/tickets/comment", body).await.map(drop)
    }

    /// Moves a ticket to another column with a comment.
    pub async fn shift(&self, card: &Card, column: &str, comment: &str) -> Result<(), Refused> {
        let comment = (card.comment_count < 40).then_some(comment);
        let body = json!({"ticket_id": card.ticket_id, "new_status": column, "comment": comment});
        self.post("/api/tickets/change-status", body).await.map(drop)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value, Refused> {
        let answer = request.bearer_auth(&self.key).send().await.map_err(|_| Refused::Busy)?;
        let status = answer.status();
        let body: Value = answer.json().await.unwrap_or_default();
        match status.as_u16() {
            200..=299 => Ok(body),
            401 => Err(Refused::Key),
            429 | 500..=599 => Err(Refused::Busy),
            // The workflow is gone, or the agent is no member any more.
            404 if body["detail"].as_str().is_some_and(|text| text.starts_with("There is no workflow")) => {
                Err(Refused::Key)
            }
            _ => Err(Refused::Other(format!("{status}: {}", body["detail"].as_str().unwrap_or_default()))),
        }
    }
}
