//! The Model Context Protocol as far as a check of a connection needs it: a session, and the names of its tools.

use reqwest::Response;
use reqwest::header::{ACCEPT, HeaderValue};
use serde_json::{Value, json};

use super::send::problem;
use super::{Client, Error, Result};
use crate::error::Outcome;

/// The revision of the protocol that the check speaks; all current agents know it.
const REVISION: &str = "2025-06-18";
const SESSION_HEADER: &str = "mcp-session-id";
/// Upper limit of pages of tools.
const MAX_PAGES: usize = 20;

impl Client {
    /// Opens a session at the server's MCP endpoint as an agent does, and returns the names of the tools that it sees.
    pub async fn mcp_tools(&self) -> Result<Vec<String>> {
        let client = json!({"name": "callboard", "version": env!("CARGO_PKG_VERSION")});
        let params = json!({"protocolVersion": REVISION, "capabilities": {}, "clientInfo": client});
        let opened = self.send_mcp("initialize", Some(1), params, None).await?;
        let session = opened.headers().get(SESSION_HEADER).cloned();
        result(opened).await?;
        self.send_mcp("notifications/initialized", None, json!({}), session.as_ref()).await?;
        let (mut names, mut cursor) = (Vec::new(), None::<String>);
        for page in 0..MAX_PAGES {
            let params = cursor.take().map_or_else(|| json!({}), |cursor| json!({"cursor": cursor}));
            let id = i64::try_from(page).unwrap_or_default() + 2;
            let listed = result(self.send_mcp("tools/list", Some(id), params, session.as_ref()).await?).await?;
            let tools = listed["tools"].as_array().ok_or_else(|| Error::Unexpected("it lists no tools".to_owned()))?;
            names.extend(tools.iter().filter_map(|tool| tool["name"].as_str()).map(str::to_owned));
            match listed["nextCursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => break,
            }
        }
        if let Some(session) = session {
            // A session that is not closed expires.
            let url = format!("{}/mcp", self.inner.url);
            let request = self.inner.http.delete(url).header(SESSION_HEADER, session);
            let _ = self.with_bearer(request).await.send().await;
        }
        Ok(names)
    }

    async fn send_mcp(
        &self,
        method: &str,
        id: Option<i64>,
        params: Value,
        session: Option<&HeaderValue>,
    ) -> Result<Response> {
        let mut message = json!({"jsonrpc": "2.0", "method": method, "params": params});
        if let Some(id) = id {
            message["id"] = json!(id);
        }
        let request = self.inner.http.post(format!("{}/mcp", self.inner.url)).json(&message);
        let mut request = self.with_bearer(request).await.header(ACCEPT, "application/json, text/event-stream");
        if let Some(session) = session {
            request = request.header(SESSION_HEADER, session).header("mcp-protocol-version", REVISION);
        }
        let answer = request.send().await.map_err(|error| self.unreachable(&error, Outcome::NotDone))?;
        if answer.status().is_success() { Ok(answer) } else { Err(problem(answer).await) }
    }

    async fn with_bearer(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        match self.inner.credential.current().await.bearer() {
            Some(bearer) => request.bearer_auth(bearer),
            None => request,
        }
    }
}

/// The result of an answer: JSON, or the last message of a stream.
async fn result(answer: Response) -> Result<Value> {
    let text = answer.text().await.map_err(|error| Error::Unexpected(error.to_string()))?;
    let data = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).rfind(|data| !data.is_empty());
    let mut message: Value =
        serde_json::from_str(data.unwrap_or(&text)).map_err(|error| Error::Unexpected(error.to_string()))?;
    match message["error"]["message"].as_str() {
        Some(refusal) => Err(Error::Unexpected(format!("the MCP endpoint refused: {refusal}"))),
        None => Ok(message["result"].take()),
    }
}
