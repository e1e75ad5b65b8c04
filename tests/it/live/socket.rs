//! A generic client of `/ws`.
#![allow(dead_code)]

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{self, Message, client::IntoClientRequest};

/// An open socket.
pub struct Socket(pub WebSocketStream<TcpStream>);

/// A received message, or the end of the connection.
#[derive(Debug, Clone, PartialEq)]
pub enum SocketEvent {
    /// A message.
    Message(Value),
    /// The server closed: the code (0 if the connection just ended).
    Closed(u16),
}

impl Socket {
    /// Performs the handshake with these headers.
    pub async fn try_open(url: &str, headers: &[(&str, &str)]) -> Result<Self, tungstenite::Error> {
        let address = url.strip_prefix("http://").expect("an http address");
        let mut request = format!("ws://{address}").into_client_request().expect("a request");
        if !address.contains('/') {
            request = format!("ws://{address}/ws").into_client_request().expect("a request");
        }
        for (name, value) in headers {
            let name: tungstenite::http::HeaderName = name.parse().expect("a name");
            request.headers_mut().append(name, value.parse().expect("a value"));
        }
        let host = address.split('/').next().unwrap_or(address);
        let stream = TcpStream::connect(host).await?;
        let (socket, _) = tokio_tungstenite::client_async(request, stream).await?;
        Ok(Self(socket))
    }

    /// Opens a socket with a bearer token.
    pub async fn open(url: &str, token: &str) -> Self {
        let bearer = format!("Bearer {token}");
        Self::try_open(url, &[("authorization", &bearer)]).await.expect("a socket")
    }

    /// Sends a message.
    pub async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.expect("send");
    }

    /// Sends a message; returns the error if the server is gone.
    pub async fn try_send(&mut self, message: Value) -> Result<(), tungstenite::Error> {
        self.0.send(Message::text(message.to_string())).await
    }

    /// Subscribes.
    pub async fn subscribe(&mut self, room: &str, since: Option<(&str, i64)>) {
        let since = since.map(|(epoch, seq)| json!({"epoch": epoch, "seq": seq}));
        self.send(json!({"type": "subscribe", "room": room, "since": since})).await;
    }

    /// The next event, or `None` after the time limit.
    pub async fn receive_within(&mut self, limit: Duration) -> Option<SocketEvent> {
        tokio::time::timeout(limit, self.receive()).await.ok()
    }

    /// The next event.
    pub async fn receive(&mut self) -> SocketEvent {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => {
                    return SocketEvent::Message(serde_json::from_str(&text).expect("JSON"));
                }
                Some(Ok(Message::Close(frame))) => {
                    return SocketEvent::Closed(frame.map_or(0, |frame| frame.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return SocketEvent::Closed(0),
            }
        }
    }

    /// The next message of a type; earlier ones are dropped. Panics after 20 seconds.
    pub async fn until(&mut self, kind: &str) -> Value {
        let wait = async {
            loop {
                match self.receive().await {
                    SocketEvent::Message(message) if message["type"] == kind => return message,
                    SocketEvent::Message(_) => {}
                    SocketEvent::Closed(code) => panic!("closed with {code} before {kind}"),
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.unwrap_or_else(|_| panic!("no {kind} came"))
    }

    /// The close code; messages before it are dropped.
    pub async fn closed(&mut self) -> u16 {
        let wait = async {
            loop {
                if let SocketEvent::Closed(code) = self.receive().await {
                    return code;
                }
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait).await.expect("the socket is closed")
    }
}
