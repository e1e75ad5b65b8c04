//! Load over HTTP, by a client that costs as little as possible: keep-alive, one request at a time a
//! connection, nothing parsed that is not needed.

use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::test_server::House;
use crate::{Error, Result};

/// One connection.
pub struct Http {
    stream: TcpStream,
    address: String,
    buffer: Vec<u8>,
}

fn fault(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("the measured server does not answer: {error}"))
}

impl Http {
    /// Connects.
    pub async fn open(address: &str) -> Result<Self> {
        let stream = TcpStream::connect(address).await.map_err(fault)?;
        stream.set_nodelay(true).map_err(fault)?;
        Ok(Self { stream, address: address.to_owned(), buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Connects once the server is ready.
    pub async fn wait(address: &str, limit: Duration) -> Result<Self> {
        let deadline = Instant::now() + limit;
        loop {
            if let Ok(mut http) = Self::open(address).await
                && let Ok((200, _)) = http.ask("GET", "/ready", "", "").await
            {
                return Ok(http);
            }
            if Instant::now() > deadline {
                return Err(Error::Setup("The measured server did not become ready.".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Sends a request and reads the answer: its status and body.
    pub async fn ask(&mut self, method: &str, path: &str, token: &str, body: &str) -> Result<(u16, &[u8])> {
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
                return Err(fault("it hung up"));
            }
            if let Some(end) = self.buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
                let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
                let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
                let length = length.and_then(|length| length.trim().parse::<usize>().ok());
                break (status.ok_or_else(|| fault("no HTTP"))?, end + 4, length.ok_or_else(|| fault("no length"))?);
            }
        };
        self.buffer.reserve(length);
        while self.buffer.len() < start + length {
            if self.stream.read_buf(&mut self.buffer).await.map_err(fault)? == 0 {
                return Err(fault("it hung up"));
            }
        }
        Ok((status, &self.buffer[start..start + length]))
    }

    /// The JSON of an answer that must be good.
    pub async fn json<T: DeserializeOwned>(&mut self, method: &str, path: &str, token: &str, body: &str) -> Result<T> {
        let (status, answer) = self.ask(method, path, token, body).await?;
        if !(200..300).contains(&status) {
            return Err(fault(format!("{method} {path} gave {status}: {}", String::from_utf8_lossy(answer))));
        }
        serde_json::from_slice(answer).map_err(fault)
    }
}

/// Requests a second over so many connections.
pub(super) async fn rate(
    house: &House,
    path: &'static str,
    clients: usize,
    span: Duration,
    bodies: Vec<String>,
) -> Result<f64> {
    let bodies = std::sync::Arc::new(bodies);
    let begin = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..clients {
        let (address, token, bodies) = (house.address.clone(), house.token.clone(), bodies.clone());
        tasks.push(tokio::spawn(async move {
            let mut http = Http::open(&address).await?;
            let mut done = 0u64;
            while begin.elapsed() < span {
                let body = &bodies[fastrand::usize(..bodies.len())];
                let (status, answer) = http.ask("POST", path, &token, body).await?;
                if !(200..300).contains(&status) {
                    return Err(fault(format!("{path} gave {status}: {}", String::from_utf8_lossy(answer))));
                }
                done += 1;
            }
            Ok(done)
        }));
    }
    let mut done = 0;
    for task in tasks {
        done += task.await.map_err(|error| Error::Internal(error.to_string()))??;
    }
    Ok(done as f64 / begin.elapsed().as_secs_f64())
}

/// Status changes a second.
pub async fn change_status(house: &House, clients: usize, span: Duration) -> Result<f64> {
    let columns = ["backlog", "todo", "in_progress", "review"];
    let bodies = house
        .tickets
        .iter()
        .flat_map(|ticket| columns.map(|column| json!({"ticket_id": ticket, "new_status": column}).to_string()));
    rate(house, "/api/tickets/change-status", clients, span, bodies.collect()).await
}

/// Tickets created a second.
pub async fn create(house: &House, clients: usize, span: Duration) -> Result<f64> {
    let body = json!({
        "workflow_id": house.workflow,
        "title": "Made while measuring",
        "description": "What is to be done, in a line or two",
    });
    rate(house, "/api/tickets/create", clients, span, vec![body.to_string()]).await
}

/// Milliseconds for the large board, on average.
pub async fn board(house: &House, span: Duration) -> Result<f64> {
    let mut http = Http::open(&house.address).await?;
    let path = format!("/api/board/{}", house.large);
    let begin = Instant::now();
    let mut done = 0;
    while begin.elapsed() < span {
        let (status, body) = http.ask("GET", &path, &house.token, "").await?;
        if status != 200 || body.len() < 1_000_000 {
            return Err(fault(format!("the board gave {status} and {} bytes", body.len())));
        }
        done += 1;
    }
    Ok(begin.elapsed().as_secs_f64() * 1000.0 / f64::from(done))
}
