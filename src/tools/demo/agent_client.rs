//! The HTTP client of a simulated agent, with its API key.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::domain::tickets::Card;
use crate::{Error, Result};

/// Tickets with this many comments get no more.
const MAX_COMMENTS: i64 = 40;

/// A client of one agent in one workflow.
pub struct AgentClient {
    http: reqwest::Client,
    base_url: String,
    key: String,
    /// The agent.
    pub agent: String,
    /// The workflow.
    pub workflow: String,
}

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The key is no longer valid, or the agent is no longer a member of the workflow.
    #[error("the key is no longer valid")]
    Key,
    /// The server is unavailable or limits the rate of requests.
    #[error("the server is unavailable or overloaded")]
    Busy,
    /// Any other error, with the server's message.
    #[error("{0}")]
    Other(String),
}

impl AgentClient {
    pub fn new(base_url: &str, key: String, agent: &str, workflow: &str) -> Result<Self> {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(15))
            .no_proxy()
            .user_agent("callboard-demo")
            .build()
            .map_err(|error| Error::Setup(format!("The demo's HTTP client cannot be created: {error}.")))?;
        Ok(Self { http, base_url: base_url.to_owned(), key, agent: agent.to_owned(), workflow: workflow.to_owned() })
    }

    /// Waits up to 30 seconds until the server responds.
    pub async fn wait_for_server(&self) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            match self.http.get(format!("{}/health", self.base_url)).send().await {
                Ok(answer) if answer.status().is_success() => return Ok(()),
                Ok(answer) if Instant::now() > deadline => {
                    return Err(Error::Setup(format!(
                        "The server at {} responded with {}: check that it is a Callboard server.",
                        self.base_url,
                        answer.status()
                    )));
                }
                Err(_) if Instant::now() > deadline => {
                    return Err(Error::Setup(format!(
                        "No server responds at {}: start one with `callboard serve`, or set --url.",
                        self.base_url
                    )));
                }
                _ => tokio::time::sleep(Duration::from_millis(250)).await,
            }
        }
    }

    /// All cards of the board, least recently updated first.
    pub async fn cards(&self) -> Result<Vec<Card>, RequestError> {
        let path = format!("/api/tickets?workflow_id={}&limit=200&sort_by=updated_at&sort_order=asc", self.workflow);
        let mut answer = self.send(self.http.get(self.base_url.clone() + &path)).await?;
        serde_json::from_value(answer["tickets"].take()).map_err(|error| RequestError::Other(error.to_string()))
    }

    /// A ticket with its comments, commits and history.
    pub async fn ticket(&self, id: &str) -> Result<Value, RequestError> {
        self.send(self.http.get(format!("{}/api/tickets/{id}", self.base_url))).await
    }

    /// Sends a POST request.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value, RequestError> {
        self.send(self.http.post(self.base_url.clone() + path).json(&body)).await
    }

    /// Reacts to a comment.
    pub async fn react(&self, comment: &str, emoji: &str) -> Result<Value, RequestError> {
        self.send(self.http.put(format!("{}/api/comments/{comment}/reactions/{emoji}", self.base_url))).await
    }

    /// Comments on a ticket, unless it has many comments already.
    pub async fn comment(&self, card: &Card, text: String) -> Result<(), RequestError> {
        if card.comment_count >= MAX_COMMENTS {
            return Ok(());
        }
        let body = json!({"ticket_id": card.ticket_id, "comment_text": text});
        self.post("/api/tickets/comment", body).await.map(drop)
    }

    /// Moves a ticket to another column with a comment.
    pub async fn move_card(&self, card: &Card, column: &str, comment: &str) -> Result<(), RequestError> {
        let comment = (card.comment_count < MAX_COMMENTS).then_some(comment);
        let body = json!({"ticket_id": card.ticket_id, "new_status": column, "comment": comment});
        self.post("/api/tickets/change-status", body).await.map(drop)
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<Value, RequestError> {
        let answer = request.bearer_auth(&self.key).send().await.map_err(|_| RequestError::Busy)?;
        let status = answer.status();
        let body: Value = answer.json().await.unwrap_or_default();
        match status.as_u16() {
            200..=299 => Ok(body),
            401 => Err(RequestError::Key),
            429 | 500..=599 => Err(RequestError::Busy),
            // The workflow was deleted, or the agent is no longer a member.
            404 if body["detail"].as_str().is_some_and(|text| text.starts_with("There is no workflow")) => {
                Err(RequestError::Key)
            }
            _ => Err(RequestError::Other(format!("{status}: {}", body["detail"].as_str().unwrap_or_default()))),
        }
    }
}
