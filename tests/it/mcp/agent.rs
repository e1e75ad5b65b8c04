//! An agent that speaks the protocol by hand, so that every header and byte is the test's own choice.

use std::sync::atomic::{AtomicI64, Ordering};

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::client::Client;

/// The revision whose clients begin with `initialize`.
pub const REVISION: &str = "2025-11-25";

/// A client in a session.
pub struct Agent {
    /// Its credential.
    pub client: Client,
    /// Its session.
    pub session: String,
    /// What `initialize` answered.
    pub welcome: Value,
}

/// An answer over HTTP: the status, the headers, and the message, if it is one.
#[derive(Debug)]
pub struct Heard {
    pub status: u16,
    pub headers: HeaderMap,
    pub json: Value,
}

/// A request to the door, as the protocol wants it.
pub fn request(client: &Client, message: &Value) -> RequestBuilder {
    client.request(Method::POST, "/mcp").header("Accept", "application/json, text/event-stream").json(message)
}

/// Sends a request and reads the message in the answer, be it JSON or the last of a stream.
pub async fn hear(request: RequestBuilder) -> Heard {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("a body");
    let last = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).rfind(|data| !data.is_empty());
    let json = serde_json::from_str(last.unwrap_or(&text)).unwrap_or(Value::String(text.clone()));
    Heard { status, headers, json }
}

/// A new message with a number of its own.
pub fn message(method: &str, params: Value) -> Value {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    json!({"jsonrpc": "2.0", "id": NEXT.fetch_add(1, Ordering::Relaxed), "method": method, "params": params})
}

/// What opens a session.
pub fn hello() -> Value {
    message(
        "initialize",
        json!({"protocolVersion": REVISION, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}),
    )
}

impl Agent {
    /// Opens a session.
    pub async fn enter(client: &Client) -> Self {
        let heard = hear(request(client, &hello())).await;
        assert_eq!(heard.status, 200, "{heard:?}");
        let session = heard.headers["mcp-session-id"].to_str().expect("text").to_owned();
        let agent = Self { client: client.clone(), session, welcome: heard.json["result"].clone() };
        let ready = hear(agent.of(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))).await;
        assert_eq!(ready.status, 202, "{ready:?}");
        agent
    }

    /// A request in its session.
    pub fn of(&self, message: &Value) -> RequestBuilder {
        request(&self.client, message).header("Mcp-Session-Id", &self.session).header("MCP-Protocol-Version", REVISION)
    }

    /// Asks; answers the whole message.
    pub async fn ask(&self, method: &str, params: Value) -> Value {
        let message = message(method, params);
        let heard = hear(self.of(&message)).await;
        assert_eq!(heard.status, 200, "{method}: {heard:?}");
        assert_eq!(heard.json["id"], message["id"], "{method}: {heard:?}");
        heard.json
    }

    /// Asks what must succeed.
    pub async fn result(&self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Calls a tool; answers its result, good or bad.
    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.result("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// Calls a tool that must succeed; answers its data. The text must say the same.
    pub async fn does(&self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], false, "{tool}: {result}");
        let text = result["content"][1]["text"].as_str().expect("the data as text");
        assert_eq!(serde_json::from_str::<Value>(text).expect("JSON"), result["structuredContent"], "{tool}");
        assert!(result["content"][0]["text"].as_str().is_some_and(|line| !line.is_empty()), "{tool}: {result}");
        result["structuredContent"].clone()
    }

    /// Calls a tool that must be refused; answers code and text.
    pub async fn refused(&self, tool: &str, arguments: Value) -> (String, String) {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{tool}: {result}");
        let text = result["content"][0]["text"].as_str().expect("a text").to_owned();
        (result["structuredContent"]["code"].as_str().expect("a code").to_owned(), text)
    }

    /// The names of the tools it is shown.
    pub async fn tools(&self) -> Vec<String> {
        let listed = self.result("tools/list", json!({})).await;
        listed["tools"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|tool| crate::http::fixtures::text(tool, "name"))
            .collect()
    }
}
