//! An MCP client written by hand, so that tests control every header and byte.

use std::sync::atomic::{AtomicI64, Ordering};

use reqwest::header::HeaderMap;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::client::Client;

/// The protocol revision with sessions.
pub const REVISION: &str = "2025-11-25";

/// A client in a session.
pub struct Agent {
    /// Its credential.
    pub client: Client,
    /// Its session.
    pub session: String,
    /// The result of `initialize`.
    pub initialize_result: Value,
}

/// An HTTP response: the status, the headers, and the JSON-RPC message, if any.
#[derive(Debug)]
pub struct McpResponse {
    pub status: u16,
    pub headers: HeaderMap,
    pub json: Value,
}

/// A request to the MCP endpoint with the required headers.
pub fn request(client: &Client, message: &Value) -> RequestBuilder {
    client.request(Method::POST, "/mcp").header("Accept", "application/json, text/event-stream").json(message)
}

/// Sends a request and reads the message of the response: JSON, or the last one of a stream.
pub async fn send(request: RequestBuilder) -> McpResponse {
    let response = request.send().await.expect("an answer");
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.expect("a body");
    let last = text.lines().filter_map(|line| line.strip_prefix("data:")).map(str::trim).rfind(|data| !data.is_empty());
    let json = serde_json::from_str(last.unwrap_or(&text)).unwrap_or(Value::String(text.clone()));
    McpResponse { status, headers, json }
}

/// A new message with a unique id.
pub fn message(method: &str, params: Value) -> Value {
    static NEXT: AtomicI64 = AtomicI64::new(1);
    json!({"jsonrpc": "2.0", "id": NEXT.fetch_add(1, Ordering::Relaxed), "method": method, "params": params})
}

/// The `initialize` message.
pub fn initialize_message() -> Value {
    message(
        "initialize",
        json!({"protocolVersion": REVISION, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}),
    )
}

/// How the data of a tool's answer differs from its output schema; empty if it does not.
pub fn mismatch(tool: &str, data: &Value) -> String {
    let schema = Value::Object(callboard::transport::mcp::tools::find(tool).expect("a tool").output_schema());
    let mut wrong = String::new();
    for (name, kind) in schema["properties"].as_object().into_iter().flatten() {
        let value = &data[name];
        let fits = match kind["type"].as_str() {
            Some("string") => value.is_string(),
            Some("integer") => value.is_i64() || value.is_u64(),
            Some("boolean") => value.is_boolean(),
            Some("array") => value.as_array().is_some_and(|items| items.iter().all(Value::is_object)),
            _ => false,
        };
        if !fits {
            wrong.push_str(&format!("{tool}.{name} is {value}\n"));
        }
    }
    wrong
}

impl Agent {
    /// Opens a session.
    pub async fn open_session(client: &Client) -> Self {
        Self::open_session_of(client, REVISION).await
    }

    /// Opens a session of a protocol revision.
    pub async fn open_session_of(client: &Client, revision: &str) -> Self {
        let mut message = initialize_message();
        message["params"]["protocolVersion"] = json!(revision);
        let response = send(request(client, &message)).await;
        assert_eq!(response.status, 200, "{response:?}");
        let session = response.headers["mcp-session-id"].to_str().expect("text").to_owned();
        let agent = Self { client: client.clone(), session, initialize_result: response.json["result"].clone() };
        let ready =
            send(agent.session_request(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))).await;
        assert_eq!(ready.status, 202, "{ready:?}");
        agent
    }

    /// A request in the session.
    pub fn session_request(&self, message: &Value) -> RequestBuilder {
        request(&self.client, message).header("Mcp-Session-Id", &self.session).header("MCP-Protocol-Version", REVISION)
    }

    /// Calls a method; returns the whole message.
    pub async fn call_method(&self, method: &str, params: Value) -> Value {
        let message = message(method, params);
        let response = send(self.session_request(&message)).await;
        assert_eq!(response.status, 200, "{method}: {response:?}");
        assert_eq!(response.json["id"], message["id"], "{method}: {response:?}");
        response.json
    }

    /// Calls a method that must succeed; returns its result.
    pub async fn result(&self, method: &str, params: Value) -> Value {
        let answer = self.call_method(method, params).await;
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// Calls a tool; returns its result, success or error.
    pub async fn call(&self, tool: &str, arguments: Value) -> Value {
        self.result("tools/call", json!({"name": tool, "arguments": arguments})).await
    }

    /// Calls a tool that must succeed; returns its data. The text must contain the same data.
    pub async fn call_ok(&self, tool: &str, arguments: Value) -> Value {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], false, "{tool}: {result}");
        let text = result["content"][1]["text"].as_str().expect("the data as text");
        assert_eq!(serde_json::from_str::<Value>(text).expect("JSON"), result["structuredContent"], "{tool}");
        assert!(result["content"][0]["text"].as_str().is_some_and(|line| !line.is_empty()), "{tool}: {result}");
        assert_eq!(mismatch(tool, &result["structuredContent"]), "", "{tool}");
        result["structuredContent"].clone()
    }

    /// Calls a tool that must fail; returns the code and text.
    pub async fn refused(&self, tool: &str, arguments: Value) -> (String, String) {
        let result = self.call(tool, arguments).await;
        assert_eq!(result["isError"], true, "{tool}: {result}");
        let text = result["content"][0]["text"].as_str().expect("a text").to_owned();
        (result["structuredContent"]["code"].as_str().expect("a code").to_owned(), text)
    }

    /// The names of the listed tools.
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
