//! Single sockets: the delay of deliveries, and their number.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest};

use super::results::{Better, Measurement, Run};
use super::test_server::TestServer;
use crate::{Error, Result};

/// An open WebSocket.
pub type Socket = WebSocketStream<TcpStream>;

fn fault(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("a WebSocket to the benchmarked server failed: {error}"))
}

/// Opens a socket and subscribes it to a workflow.
async fn open(server: &TestServer, workflow: &str) -> Result<Socket> {
    subscribe(server, &format!("workflow:{workflow}")).await
}

/// Opens a socket and waits until its subscription to a room is live.
pub async fn subscribe(server: &TestServer, room: &str) -> Result<Socket> {
    let mut request = format!("ws://{}/ws", server.address).into_client_request().map_err(fault)?;
    let bearer = format!("Bearer {}", server.token).parse().map_err(fault)?;
    request.headers_mut().insert("authorization", bearer);
    let stream = TcpStream::connect(&server.address).await.map_err(fault)?;
    let (mut socket, _) = tokio_tungstenite::client_async(request, stream).await.map_err(fault)?;
    let subscribe = json!({"type": "subscribe", "room": room});
    socket.send(Message::text(subscribe.to_string())).await.map_err(fault)?;
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) if text.contains(r#""type":"subscribed""#) => return Ok(socket),
            Some(Ok(Message::Text(text))) if text.contains(r#""type":"error""#) => return Err(fault(text)),
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(fault(error)),
            None => return Err(fault("the socket was closed")),
        }
    }
}

/// Sorted delays in milliseconds.
#[derive(Debug)]
pub struct Latency(Vec<f64>);

impl From<Vec<f64>> for Latency {
    fn from(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        Self(times)
    }
}

impl Latency {
    fn quantile(&self, share: f64) -> f64 {
        self.0.get((self.0.len().saturating_sub(1) as f64 * share) as usize).copied().unwrap_or_default()
    }

    /// Adds its quantiles as a line; returns the p99.
    pub fn add_to<'a>(&self, run: &'a mut Run, line: &str) -> &'a mut Measurement {
        run.add(line, "p50 ms", "ms", Better::Lower, &[self.quantile(0.5)]);
        run.add(line, "p95 ms", "ms", Better::Lower, &[self.quantile(0.95)]);
        run.add(line, "p99 ms", "ms", Better::Lower, &[self.quantile(0.99)])
    }
}

/// Writes 100 changes per second and measures the delay from commit to message.
pub async fn latency(server: &TestServer, span: Duration) -> Result<Latency> {
    let ticket = server.spread.ids.first().ok_or_else(|| fault("no tickets"))?;
    let workflow: String =
        server.sql.query_one("select workflow_id from tickets where id = $1", &[ticket]).await?.get(0);
    let mut socket = open(server, &workflow).await?;
    let change = server.sql.prepare("update tickets set title = $2 where id = $1").await?;
    let mark = format!("benchmark {}", fastrand::u64(..));
    let reader = tokio::spawn({
        let mark = mark.clone();
        async move {
            let mut arrivals: Vec<(usize, Instant)> = Vec::new();
            while let Some(Ok(message)) = socket.next().await {
                let now = Instant::now();
                let Message::Text(text) = message else { continue };
                let Ok(event) = serde_json::from_str::<Value>(&text) else { continue };
                let title = event["data"]["changes"]["title"].as_str().and_then(|title| title.strip_prefix(&mark));
                match title.map(str::trim) {
                    Some("end") => break,
                    Some(number) => arrivals.extend(number.parse().map(|number: usize| (number, now))),
                    None => {}
                }
            }
            arrivals
        }
    });
    let mut committed = Vec::new();
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    let begin = Instant::now();
    while begin.elapsed() < span {
        tick.tick().await;
        let title = format!("{mark} {}", committed.len());
        server.sql.execute(&change, &[ticket, &title]).await?;
        committed.push(Instant::now());
    }
    server.sql.execute(&change, &[ticket, &format!("{mark} end")]).await?;
    let arrivals = tokio::time::timeout(Duration::from_secs(20), reader).await.map_err(fault)?.map_err(fault)?;
    if arrivals.len() != committed.len() {
        return Err(Error::Internal(format!("{} of {} changes arrived", arrivals.len(), committed.len())));
    }
    let times =
        arrivals.iter().map(|(number, at)| at.saturating_duration_since(committed[*number]).as_secs_f64() * 1000.0);
    Ok(times.collect::<Vec<f64>>().into())
}

/// A socket that is subscribed to every benchmarked workflow and counts events.
pub struct Counting {
    events: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

/// Starts counting.
pub async fn count(server: &TestServer) -> Result<Counting> {
    let Some((first, rest)) = server.workflows.split_first() else { return Err(fault("no workflows")) };
    let mut socket = open(server, first).await?;
    for workflow in rest {
        let subscribe = json!({"type": "subscribe", "room": format!("workflow:{workflow}")});
        socket.send(Message::text(subscribe.to_string())).await.map_err(fault)?;
    }
    let events = Arc::new(AtomicU64::new(0));
    let counter = events.clone();
    let task = tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            let event =
                matches!(&message, Message::Text(text) if text.contains(r#""seq":"#) && text.contains(r#""changes":"#));
            counter.fetch_add(u64::from(event), Ordering::Relaxed);
        }
    });
    Ok(Counting { events, task })
}

impl Counting {
    /// Waits until no more events arrive; returns their number.
    pub async fn finish(self) -> u64 {
        let mut before = 0;
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let now = self.events.load(Ordering::Relaxed);
            if now == before {
                self.task.abort();
                return now;
            }
            before = now;
        }
    }
}
