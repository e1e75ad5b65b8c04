//! The lines of a connection. Each is checked before the protocol's crate sees it, because that queues without a bound:
//! updates are passed on through a bounded channel, and requests of the agent wait while many have no response yet.

use std::sync::{Arc, OnceLock};

use futures_util::{Sink, Stream};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::sync::{Semaphore, mpsc};

use super::{shorten, usage};

/// The longest line that an agent may send.
const MAX_LINE_BYTES: usize = 8 * 1024 * 1024;
/// The longest line outside of the protocol that reaches the transcript.
const MAX_STRAY_BYTES: usize = 8 * 1024;
/// Requests of an agent that have no response yet; the next one is read when one has.
const MAX_OPEN_REQUESTS: usize = 32;

/// What an agent sends without expecting a response, in order.
#[derive(Debug)]
pub(crate) enum AgentEvent {
    /// The parameters of `session/update`.
    Update(Value),
    /// The tokens that a turn has used.
    Usage(Value),
    /// The model of the session.
    Model(String),
    /// A line that is not JSON.
    Stray(String),
    /// Updates from here on repeat the past of a session, or no longer do.
    Replay(bool),
    /// Everything before was passed on when the sender is dropped.
    Flush(tokio::sync::oneshot::Sender<()>),
}

/// What the two directions share.
#[derive(Debug, Clone)]
pub(crate) struct LineState {
    open_requests: Arc<Semaphore>,
    fault: Arc<OnceLock<String>>,
}

impl Default for LineState {
    fn default() -> Self {
        Self { open_requests: Arc::new(Semaphore::new(MAX_OPEN_REQUESTS)), fault: Arc::default() }
    }
}

impl LineState {
    /// How the agent has broken the protocol, as a sentence.
    pub(crate) fn fault(&self) -> Option<&str> {
        self.fault.get().map(String::as_str)
    }
}

/// What a line is.
#[derive(Debug)]
enum Kind {
    /// Nothing, or a notification that has no meaning here.
    Skipped,
    Stray,
    Update(Value),
    Request,
    /// A response with what it states about usage, or another message that expects no response.
    Message(Vec<AgentEvent>),
    Malformed,
}

fn kind_of(line: &str) -> Kind {
    let line = line.trim();
    if !line.starts_with('{') {
        return if line.is_empty() { Kind::Skipped } else { Kind::Stray };
    }
    let Ok(mut message) = serde_json::from_str::<Value>(line) else { return Kind::Malformed };
    let expects_response = message.get("id").is_some();
    match message.get("method") {
        Some(Value::String(method)) => match method.as_str() {
            _ if expects_response => Kind::Request,
            "session/update" => Kind::Update(message["params"].take()),
            "$/cancel_request" => Kind::Message(Vec::new()),
            _ => Kind::Skipped,
        },
        Some(_) => Kind::Malformed,
        None if expects_response && (message.get("result").is_some() || message.get("error").is_some()) => {
            let model = message.get("result").and_then(usage::model_of).map(AgentEvent::Model);
            let usage = message.pointer_mut("/result/usage").map(Value::take).filter(Value::is_object);
            Kind::Message(model.into_iter().chain(usage.map(AgentEvent::Usage)).collect())
        }
        None => Kind::Malformed,
    }
}

/// The lines of an agent that are for the protocol's crate. Ends when the agent closes its output or breaks the protocol.
pub(crate) fn incoming(
    from: impl AsyncRead + Send + Unpin + 'static,
    events: mpsc::Sender<AgentEvent>,
    state: LineState,
) -> impl Stream<Item = std::io::Result<String>> + Send + 'static {
    let reader = BufReader::with_capacity(64 * 1024, from);
    futures_util::stream::unfold((reader, events, state), |(mut reader, events, state)| async move {
        let line = next_line(&mut reader, &events, &state).await?;
        Some((Ok(line), (reader, events, state)))
    })
}

async fn next_line(
    reader: &mut (impl AsyncBufRead + Unpin),
    events: &mpsc::Sender<AgentEvent>,
    state: &LineState,
) -> Option<String> {
    loop {
        let line = match read_line(reader).await {
            Ok(line) => line?,
            Err(fault) => {
                let _ = state.fault.set(fault);
                return None;
            }
        };
        match kind_of(&line) {
            Kind::Skipped => {}
            Kind::Stray => events.send(AgentEvent::Stray(shorten(line.trim_end(), MAX_STRAY_BYTES))).await.ok()?,
            Kind::Update(params) => events.send(AgentEvent::Update(params)).await.ok()?,
            Kind::Request => {
                state.open_requests.acquire().await.ok()?.forget();
                return Some(line);
            }
            Kind::Message(stated) => {
                for event in stated {
                    events.send(event).await.ok()?;
                }
                return Some(line);
            }
            Kind::Malformed => {
                let fault = format!("The agent sent a message that is not JSON-RPC: {}", shorten(line.trim(), 200));
                let _ = state.fault.set(fault);
                return None;
            }
        }
    }
}

/// Reads a line; `None` at the end. An unfinished line at the end is dropped: the agent ended while it wrote it.
async fn read_line(reader: &mut (impl AsyncBufRead + Unpin)) -> Result<Option<String>, String> {
    let mut line: Vec<u8> = Vec::new();
    loop {
        let available = match reader.fill_buf().await {
            Ok([]) | Err(_) => return Ok(None),
            Ok(available) => available,
        };
        let end = available.iter().position(|byte| *byte == b'\n');
        let used = end.map_or(available.len(), |end| end + 1);
        line.extend_from_slice(&available[..end.unwrap_or(used)]);
        reader.consume(used);
        if line.len() > MAX_LINE_BYTES {
            return Err(format!("The agent sent a line of more than {} MiB.", MAX_LINE_BYTES / 1024 / 1024));
        }
        if end.is_some() {
            return Ok(Some(String::from_utf8_lossy(&line).into_owned()));
        }
    }
}

#[derive(Deserialize)]
struct Outgoing {
    method: Option<IgnoredAny>,
}

/// Writes lines to an agent. One that has closed its input may still have something to say, so errors are ignored.
pub(crate) fn outgoing<W: AsyncWrite + Send + Unpin + 'static>(
    to: W,
    state: LineState,
) -> impl Sink<String, Error = std::io::Error> + Send + 'static {
    futures_util::sink::unfold((to, state), |(mut to, state): (W, LineState), mut line: String| async move {
        let response = serde_json::from_str::<Outgoing>(&line).is_ok_and(|message| message.method.is_none());
        line.push('\n');
        let _ = to.write_all(line.as_bytes()).await;
        let _ = to.flush().await;
        if response {
            state.open_requests.add_permits(1);
        }
        Ok((to, state))
    })
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    async fn read(text: Vec<u8>) -> (Vec<String>, Vec<String>, Option<String>) {
        let (sender, mut receiver) = mpsc::channel(100);
        let state = LineState::default();
        let lines = incoming(std::io::Cursor::new(text), sender, state.clone());
        let lines = lines.map(|line| line.expect("a line")).collect().await;
        let mut events = Vec::new();
        while let Some(event) = receiver.recv().await {
            events.push(format!("{event:?}"));
        }
        (lines, events, state.fault().map(str::to_owned))
    }

    #[tokio::test]
    async fn lines_are_sorted_by_what_they_are() {
        let text = concat!(
            "starting up\n\n",
            "{\"jsonrpc\":\"2.0\",\"method\":\"session/update\",\"params\":{\"a\":1}}\n",
            "{\"jsonrpc\":\"2.0\",\"method\":\"_vendor/news\"}\n",
            "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"fs/read_text_file\"}\n",
            "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"usage\":{\"totalTokens\":7},\"models\":{\"currentModelId\":\"m\"}}}\n",
            "{\"jsonrpc\":\"2.0\",\"id\":3,\"err",
        );
        let (lines, events, fault) = read(text.into()).await;
        assert_eq!(lines.len(), 2);
        assert!(lines[0].contains("fs/read_text_file") && lines[1].contains("totalTokens"), "{lines:?}");
        assert_eq!(events.len(), 4, "{events:?}");
        assert!(events[0].contains("starting up") && events[1].contains("Update"));
        assert!(events[2].contains("Model(\"m\")") && events[3].contains("Usage"), "{events:?}");
        assert_eq!(fault, None);
    }

    #[tokio::test]
    async fn malformed_and_endless_lines_end_the_connection() {
        for text in ["{\"jsonrpc\": \n", "{}\n", "{\"id\":1}\n", "{\"method\":7}\n", "{\"result\":{}}\n"] {
            let (lines, _, fault) = read(format!("{text}{{\"id\":1,\"result\":null}}\n").into()).await;
            assert!(lines.is_empty() && fault.is_some_and(|fault| fault.contains("not JSON-RPC")), "{text}");
        }
        let (_, _, fault) = read(vec![b'{'; MAX_LINE_BYTES + 70_000]).await;
        assert!(fault.is_some_and(|fault| fault.contains("8 MiB")));
    }

    #[tokio::test]
    async fn requests_wait_while_many_are_open() {
        let (sender, _receiver) = mpsc::channel(1);
        let state = LineState::default();
        let text = "{\"id\":1,\"method\":\"x\"}\n".repeat(MAX_OPEN_REQUESTS + 1);
        let mut lines = Box::pin(incoming(std::io::Cursor::new(text.into_bytes()), sender, state.clone()));
        for _ in 0..MAX_OPEN_REQUESTS {
            lines.next().await.expect("a line").expect("readable");
        }
        let waiting = tokio::time::timeout(std::time::Duration::from_millis(20), lines.next()).await;
        assert!(waiting.is_err(), "one more than the limit was read");
        let mut out = Box::pin(outgoing(tokio::io::sink(), state));
        futures_util::SinkExt::send(&mut out, "{\"id\":1,\"result\":null}".to_owned()).await.expect("sent");
        lines.next().await.expect("a line").expect("readable");
    }
}
