//! Thousands of sockets in one thread, as a client that costs little: one large buffer for all of them, frames that are
//! not copied, and of each event only the few numbers at its end.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use futures_util::stream::{self, StreamExt};
use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

use super::frames::{self, FrameReader};
use super::histogram::Histogram;
use crate::{Error, Result};

/// Sockets that are being opened at once.
const OPENING: usize = 50;
/// Bytes of the buffer that all sockets share.
const BUFFER: usize = 256 * 1024;
/// Time limit for opening one socket.
const OPEN_TIMEOUT: Duration = Duration::from_secs(30);

/// What the sockets have received since it was last asked for.
#[derive(Debug, Default)]
pub struct Received {
    /// Events, counted for each socket.
    pub deliveries: u64,
    /// Their bytes on the wire.
    pub bytes: u64,
    /// Events whose predecessor did not arrive.
    pub gaps: u64,
    /// Sockets that the server closed.
    pub closed: u64,
    /// The time from an event's own time, just before its commit, to its receipt.
    pub delays: Histogram,
    /// When the last one arrived.
    pub last: Option<Instant>,
}

/// Open sockets; dropping it closes them.
pub struct SocketClients {
    commands: Option<mpsc::UnboundedSender<Command>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

enum Command {
    Open { target: Target, count: usize, reply: oneshot::Sender<Result<()>> },
    Count(oneshot::Sender<u64>),
    Take(oneshot::Sender<Received>),
}

/// What the sockets connect to.
#[derive(Clone)]
pub struct Target {
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// An access token.
    pub token: String,
    /// The workflow to subscribe to.
    pub workflow: String,
}

struct Shared {
    buffer: Vec<u8>,
    received: Received,
}

fn fault(error: impl std::fmt::Display) -> Error {
    Error::Unavailable(format!("a WebSocket to the benchmarked server failed: {error}"))
}

impl SocketClients {
    /// Starts the thread; there are no sockets yet.
    pub fn start() -> Result<Self> {
        let (commands, received) = mpsc::unbounded_channel();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(fault)?;
        let thread = std::thread::Builder::new()
            .name("sockets".to_owned())
            .spawn(move || tokio::task::LocalSet::new().block_on(&runtime, serve(received)))
            .map_err(fault)?;
        Ok(Self { commands: Some(commands), thread: Some(thread) })
    }

    /// Opens more sockets and waits until they receive events.
    pub async fn open(&self, target: &Target, count: usize) -> Result<()> {
        let target = target.clone();
        self.ask(|reply| Command::Open { target, count, reply }).await?
    }

    /// The events received since the last call of [`Self::take`].
    pub async fn count(&self) -> Result<u64> {
        self.ask(Command::Count).await
    }

    /// What was received since the last call.
    pub async fn take(&self) -> Result<Received> {
        self.ask(Command::Take).await
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T> {
        let (reply, answer) = oneshot::channel();
        let sent = self.commands.as_ref().is_some_and(|commands| commands.send(command(reply)).is_ok());
        let ended = || fault("the thread of the sockets has ended");
        if sent { answer.await.map_err(|_| ended()) } else { Err(ended()) }
    }
}

impl Drop for SocketClients {
    fn drop(&mut self) {
        self.commands = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Runs commands until their sender is dropped.
async fn serve(mut commands: mpsc::UnboundedReceiver<Command>) {
    let shared = Rc::new(RefCell::new(Shared { buffer: vec![0; BUFFER], received: Received::default() }));
    while let Some(command) = commands.recv().await {
        match command {
            Command::Open { target, count, reply } => drop(reply.send(open_all(&shared, &target, count).await)),
            Command::Count(reply) => drop(reply.send(shared.borrow().received.deliveries)),
            Command::Take(reply) => drop(reply.send(std::mem::take(&mut shared.borrow_mut().received))),
        }
    }
}

async fn open_all(shared: &Rc<RefCell<Shared>>, target: &Target, count: usize) -> Result<()> {
    let mut opening = stream::iter(0..count).map(|_| open(target)).buffer_unordered(OPENING);
    while let Some(socket) = opening.next().await {
        tokio::task::spawn_local(receive(socket?, shared.clone()));
    }
    Ok(())
}

struct Socket {
    stream: TcpStream,
    frames: FrameReader,
    last_seq: i64,
}

/// Opens one socket and waits until its subscription is live.
async fn open(target: &Target) -> Result<Socket> {
    match tokio::time::timeout(OPEN_TIMEOUT, subscribe(target)).await {
        Ok(socket) => socket,
        Err(_) => Err(fault("it did not open in time")),
    }
}

async fn subscribe(target: &Target) -> Result<Socket> {
    let mut stream = TcpStream::connect(&target.address).await.map_err(fault)?;
    stream.set_nodelay(true).map_err(fault)?;
    let handshake = format!(
        "GET /ws HTTP/1.1\r\nhost: {}\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nauthorization: Bearer {}\r\n\r\n",
        target.address, target.token
    );
    stream.write_all(handshake.as_bytes()).await.map_err(fault)?;
    let mut read = Vec::with_capacity(2048);
    let body = loop {
        if stream.read_buf(&mut read).await.map_err(fault)? == 0 {
            return Err(fault("it was closed in the handshake"));
        }
        if let Some(end) = find(&read, b"\r\n\r\n") {
            break end + 4;
        }
    };
    if !read.starts_with(b"HTTP/1.1 101") {
        return Err(fault(String::from_utf8_lossy(&read)));
    }
    let room = json!({"type": "subscribe", "room": format!("workflow:{}", target.workflow)}).to_string();
    stream.write_all(&frames::text(room.as_bytes())).await.map_err(fault)?;
    let mut socket = Socket { stream, frames: FrameReader::default(), last_seq: 0 };
    let mut rest = read.split_off(body);
    loop {
        let (mut seq, mut refused, mut out) = (None, None, Vec::new());
        let parsed = socket.frames.read(&rest, |frame| {
            if find(frame.payload, br#""type":"subscribed""#).is_some() {
                seq = number_after(frame.payload, br#""seq":"#);
            } else if frame.opcode == frames::CLOSE || find(frame.payload, br#""type":"error""#).is_some() {
                refused = Some(String::from_utf8_lossy(frame.payload).into_owned());
            } else if frame.opcode == frames::PING {
                out.extend(frames::pong(frame.payload));
            }
        });
        parsed.map_err(fault)?;
        if let Some(refused) = refused {
            return Err(fault(refused));
        }
        if let Some(seq) = seq {
            socket.last_seq = seq;
            return Ok(socket);
        }
        socket.stream.write_all(&out).await.map_err(fault)?;
        rest.clear();
        if socket.stream.read_buf(&mut rest).await.map_err(fault)? == 0 {
            return Err(fault("it was closed before its subscription"));
        }
    }
}

/// Receives events until the server closes the socket.
async fn receive(mut socket: Socket, shared: Rc<RefCell<Shared>>) {
    let mut out = Vec::new();
    loop {
        let read = std::future::poll_fn(|context| {
            let mut shared = shared.borrow_mut();
            // One read for each wake-up: the others' events would wait behind a second one.
            ready!(socket.poll_read(context, &mut shared, &mut out))?;
            Poll::Ready(Ok::<_, io::Error>(()))
        });
        if read.await.is_err() || (!out.is_empty() && socket.stream.write_all(&out).await.is_err()) {
            shared.borrow_mut().received.closed += 1;
            return;
        }
        out.clear();
    }
}

impl Socket {
    /// Reads once into the shared buffer and counts its events; pongs to send are added to `out`.
    fn poll_read(&mut self, context: &mut Context<'_>, shared: &mut Shared, out: &mut Vec<u8>) -> Poll<io::Result<()>> {
        let mut buffer = ReadBuf::new(&mut shared.buffer);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut buffer))?;
        if buffer.filled().is_empty() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        let (now, at) = (jiff::Timestamp::now(), Instant::now());
        let (received, last_seq) = (&mut shared.received, &mut self.last_seq);
        let parsed = self.frames.read(buffer.filled(), |frame| match frame.opcode {
            frames::TEXT => {
                // The numbers are at the end of a message. Only events have a predecessor.
                let Some(before) = number_after(frame.payload, br#""prev":"#) else { return };
                received.deliveries += 1;
                received.bytes += frame.bytes as u64;
                received.gaps += u64::from(before != *last_seq);
                *last_seq = number_after(frame.payload, br#""seq":"#).unwrap_or(before);
                if let Some(sent) = time_of(frame.payload) {
                    received.delays.add((now.as_microsecond() - sent.as_microsecond()).max(0) as f64 / 1000.0);
                }
                received.last = Some(at);
            }
            frames::PING => out.extend(frames::pong(frame.payload)),
            _ => {}
        });
        Poll::Ready(parsed.map_err(io::Error::other))
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// What follows the last occurrence of a key.
fn after<'a>(text: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let at = text.windows(key.len()).rposition(|window| window == key)?;
    text.get(at + key.len()..)
}

fn number_after(text: &[u8], key: &[u8]) -> Option<i64> {
    let rest = after(text, key)?;
    let end = rest.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(rest.len());
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}

fn time_of(text: &[u8]) -> Option<jiff::Timestamp> {
    let rest = after(text, br#""timestamp":""#)?;
    let end = rest.iter().position(|byte| *byte == b'"')?;
    std::str::from_utf8(&rest[..end]).ok()?.parse().ok()
}
