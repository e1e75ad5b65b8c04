//! A minimal HTTP/1.1 client, so that the load generator takes little processor time from the server: keep-alive,
//! one request at a time per connection, and only the needed headers parsed.

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::{Error, Result};

/// One keep-alive connection.
pub struct Http {
    stream: TcpStream,
    address: String,
    buffer: Vec<u8>,
}

pub(super) fn fault(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("the benchmarked server does not answer: {error}"))
}

impl Http {
    /// Opens a connection.
    pub async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await.map_err(fault)?;
        stream.set_nodelay(true).map_err(fault)?;
        Ok(Self { stream, address: address.to_owned(), buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Opens a connection as soon as the server is ready.
    pub async fn wait(address: &str, limit: Duration) -> Result<Self> {
        let deadline = Instant::now() + limit;
        loop {
            if let Ok(mut http) = Self::open(address).await
                && let Ok((200, _)) = http.request("GET", "/ready", "", "").await
            {
                return Ok(http);
            }
            if Instant::now() > deadline {
                return Err(Error::Setup("The benchmarked server did not become ready in time.".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Sends a request; returns the status and body of the response.
    pub async fn request(&mut self, method: &str, path: &str, token: &str, body: &str) -> Result<(u16, &[u8])> {
        let bearer = if token.is_empty() { String::new() } else { format!("authorization: Bearer {token}\r\n") };
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\n{bearer}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.address,
            body.len()
        );
        self.stream.write_all(request.as_bytes()).await.map_err(fault)?;
        self.buffer.clear();
        let (status, start, length) = loop {
            if self.stream.read_buf(&mut self.buffer).await.map_err(fault)? == 0 {
                return Err(fault("the connection was closed"));
            }
            if let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
                let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
                let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
                let length = length.and_then(|length| length.trim().parse::<usize>().ok());
                break (
                    status.ok_or_else(|| fault("the response has no status line"))?,
                    end + 4,
                    length.ok_or_else(|| fault("the response has no content-length"))?,
                );
            }
        };
        self.buffer.reserve(length);
        while self.buffer.len() < start + length {
            if self.stream.read_buf(&mut self.buffer).await.map_err(fault)? == 0 {
                return Err(fault("the connection was closed"));
            }
        }
        Ok((status, &self.buffer[start..start + length]))
    }

    /// Sends a request that must succeed; returns its JSON.
    pub async fn json<T: DeserializeOwned>(&mut self, method: &str, path: &str, token: &str, body: &str) -> Result<T> {
        let (status, answer) = self.request(method, path, token, body).await?;
        if !(200..300).contains(&status) {
            return Err(fault(format!("{method} {path} returned {status}: {}", String::from_utf8_lossy(answer))));
        }
        serde_json::from_slice(answer).map_err(fault)
    }
}
