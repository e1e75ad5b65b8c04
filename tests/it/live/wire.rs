//! Bytes on the wire: compressed messages, shared by the sockets of a room, and what an event costs.

use callboard::transport::live::deflate;
use callboard::transport::live::socket::MAX_MESSAGE;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::fixtures::LiveFixture;
use crate::harness;

/// A socket without a library, to see frames as they are.
struct RawSocket {
    stream: TcpStream,
    /// The value of `Sec-WebSocket-Extensions` in the response.
    agreed: Option<String>,
}

impl RawSocket {
    async fn open(url: &str, key: &str, offer: Option<&str>) -> Self {
        let address = url.strip_prefix("http://").expect("an address");
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let offer = offer.map(|offer| format!("sec-websocket-extensions: {offer}\r\n")).unwrap_or_default();
        let request = format!(
            "GET /ws HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: x3JJHMbDL1EzLkh9GBhXDw==\r\nauthorization: Bearer {key}\r\n{offer}\r\n"
        );
        stream.write_all(request.as_bytes()).await.expect("a request");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a response"));
        }
        let head = String::from_utf8(head).expect("text");
        assert!(head.starts_with("HTTP/1.1 101"), "{head}");
        assert!(head.contains("HSmrc0sMlYUkAGmm5OPpG2HaGWk="), "{head}");
        let agreed = head.lines().find_map(|line| line.strip_prefix("sec-websocket-extensions: ")).map(str::to_owned);
        Self { stream, agreed }
    }

    /// The next frame: its first byte and its payload.
    async fn frame(&mut self) -> (u8, Vec<u8>) {
        let read = async {
            let first = self.stream.read_u8().await?;
            let len = match self.stream.read_u8().await? {
                126 => u64::from(self.stream.read_u16().await?),
                127 => self.stream.read_u64().await?,
                len => u64::from(len),
            };
            let mut payload = vec![0; len as usize];
            self.stream.read_exact(&mut payload).await?;
            Ok::<_, std::io::Error>((first, payload))
        };
        tokio::time::timeout(std::time::Duration::from_secs(20), read).await.expect("in time").expect("a frame")
    }

    /// The next message of a type: its first byte, its payload as sent, and its text.
    async fn until(&mut self, kind: &str) -> (u8, Vec<u8>, String) {
        loop {
            let (first, payload) = self.frame().await;
            let text = match first {
                0x81 => payload.clone(),
                0xc1 => deflate::decompress(&payload, 10_000_000).expect("a compressed message"),
                0x89 => {
                    self.send(0x8a, &payload).await;
                    continue;
                }
                other => panic!("frame {other:x}: {payload:?}"),
            };
            let text = String::from_utf8(text).expect("text");
            if text.contains(&format!(r#""type":"{kind}""#)) {
                return (first, payload, text);
            }
        }
    }

    async fn closed(&mut self) -> u16 {
        loop {
            if let (0x88, reason) = self.frame().await {
                return u16::from_be_bytes([reason[0], reason[1]]);
            }
        }
    }

    async fn send(&mut self, first: u8, payload: &[u8]) {
        let mut frame = vec![first, 0x80 | 127];
        frame.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        let mask = [1, 2, 3, 4];
        frame.extend_from_slice(&mask);
        frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
        self.stream.write_all(&frame).await.expect("send");
    }

    async fn send_compressed(&mut self, text: &[u8]) {
        let mut data = Vec::new();
        assert!(deflate::compress(text, &mut data));
        self.send(0xc1, &data).await;
    }

    /// Subscribes with a message long enough to be compressed, in the manner of a browser.
    async fn subscribe(&mut self, workflow: &str) {
        let message = json!({"type": "subscribe", "room": format!("workflow:{workflow}"), "pad": " ".repeat(300)});
        match &self.agreed {
            Some(_) => self.send_compressed(message.to_string().as_bytes()).await,
            None => self.send(0x81, message.to_string().as_bytes()).await,
        }
        self.until("subscribed").await;
    }
}

/// About this many bytes of a text as people write it.
fn prose(bytes: usize) -> String {
    let words = "the session of a user ends early when a login is slow because its timeout counts from the first byte \
                 and not from the last so that people see an error page try again and double the load on the service";
    let words: Vec<&str> = words.split_whitespace().collect();
    let mut text = String::new();
    let mut at = 7usize;
    while text.len() < bytes {
        at = (at * 31 + 17) % 1009;
        text.push_str(words[at % words.len()]);
        text.push(' ');
    }
    text.truncate(bytes);
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_are_compressed_for_sockets_that_ask() {
    let fixture = LiveFixture::open("deflate").await;
    let workflow = fixture.workflow("ann", 400).await;
    let (_, key) = fixture.key("ann").await;
    let url = &fixture.server.url;
    let offer = "permessage-deflate; client_max_window_bits";
    let base = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    let mut plain = RawSocket::open(url, &key, None).await;
    let mut first = RawSocket::open(url, &key, Some(offer)).await;
    let mut second = RawSocket::open(url, &key, Some(offer)).await;
    let mut small = RawSocket::open(url, &key, Some("permessage-deflate; server_max_window_bits=9")).await;
    assert_eq!((plain.agreed.as_deref(), first.agreed.as_deref()), (None, Some(base)));
    assert_eq!(small.agreed, Some(format!("{base}; server_max_window_bits=9")));
    let unknown = RawSocket::open(url, &key, Some("permessage-deflate; server_max_window_bits=99, x-other")).await;
    assert_eq!(unknown.agreed, None);

    // The snapshot, which is many times larger than an event.
    let room = format!("workflow:{workflow}");
    first
        .send_compressed(json!({"type": "subscribe", "room": room, "pad": "x".repeat(300)}).to_string().as_bytes())
        .await;
    let (kind, sent, text) = first.until("snapshot").await;
    assert!(kind == 0xc1 && sent.len() < text.len() / 4, "{} of {}", sent.len(), text.len());
    assert_eq!(
        serde_json::from_str::<Value>(&text).expect("JSON")["board"]["tickets"].as_array().map(Vec::len),
        Some(400)
    );
    for socket in [&mut plain, &mut second, &mut small] {
        socket.subscribe(&workflow).await;
    }
    first.until("subscribed").await;
    fixture
        .sql
        .execute(
            "update tickets set description = $2 where workflow_id = $1 and number = 1",
            &[&workflow, &prose(1000)],
        )
        .await
        .expect("an update");
    let (kind, bytes, text) = plain.until("ticket_updated").await;
    assert_eq!((kind, bytes), (0x81, text.clone().into_bytes()));
    let (kind, bytes, inflated) = first.until("ticket_updated").await;
    assert!(kind == 0xc1 && bytes.len() < text.len() * 2 / 3, "{} of {}", bytes.len(), text.len());
    assert_eq!(inflated, text);
    // The same bytes, whatever was sent to a socket before.
    assert_eq!(second.until("ticket_updated").await, (0xc1, bytes, text.clone()));
    // Its window is smaller than the message.
    assert_eq!(small.until("ticket_updated").await, (0x81, text.clone().into_bytes(), text));

    // Short answers are not worth it; a bomb is refused after the limit.
    first.send(0x81, br#"{"type":"ping"}"#).await;
    assert_eq!(first.until("pong").await.0, 0x81);
    first.send(0x89, b"are you there").await;
    assert_eq!(first.frame().await, (0x8a, b"are you there".to_vec()));
    first.send_compressed(&vec![b' '; MAX_MESSAGE + 1]).await;
    assert_eq!(first.closed().await, 4009);
    // Compressed without agreement.
    plain.send(0xc1, b"x").await;
    assert_eq!(plain.closed().await, 4009);
    harness::eventually("the closed ones have left", async || fixture.server.live.rooms.clients().len() <= 3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compression_can_be_switched_off() {
    let fixture = LiveFixture::with("no-deflate", &["--socket-compression", "false"]).await;
    let (_, key) = fixture.key("ann").await;
    let socket = RawSocket::open(&fixture.server.url, &key, Some("permessage-deflate")).await;
    assert_eq!(socket.agreed, None);
}

/// A text in a row is said once, and what surrounds it does not grow with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_says_a_text_once() {
    let fixture = LiveFixture::open("once").await;
    let workflow = fixture.workflow("ann", 1).await;
    let (_, key) = fixture.key("ann").await;
    let run = async |statement: &str, text: &str| {
        let row = fixture.sql.query_one(statement, &[&workflow, &text]).await;
        row.unwrap_or_else(|error| panic!("{statement}: {error:?}")).get::<_, String>(0)
    };
    let job = run(
        "select (logic.create_job('ann', workflow => $1, initial_prompt => $2, with_ticket => true) is not null)::text",
        "Do it",
    )
    .await;
    assert_eq!(job, "true");
    let mut socket = RawSocket::open(&fixture.server.url, &key, None).await;
    let mut compressed = RawSocket::open(&fixture.server.url, &key, Some("permessage-deflate")).await;
    socket.subscribe(&workflow).await;
    compressed.subscribe(&workflow).await;
    let kinds = [
        ("ticket_created", "insert into tickets as t (workflow_id, title, description) values ($1, 'Another', $2) returning to_jsonb(t)::text"),
        ("ticket_updated", "update tickets t set description = $2 where workflow_id = $1 and number = 1 returning to_jsonb(t)::text"),
        ("ticket_updated", "update tickets t set title = left($2, 420) where workflow_id = $1 and number = 1 returning to_jsonb(t)::text"),
        ("comment_added", "insert into ticket_comments as c (id, workflow_id, ticket_id, agent_id, comment_text)
            select logic.new_id('comment'), $1, id, 'ann', $2 from tickets where workflow_id = $1 and number = 1 returning to_jsonb(c)::text"),
        ("job_message", "insert into job_messages as m (workflow_id, job_id, kind, role, sender, content)
            select $1, id, 'step', 'agent', 'w', $2 from jobs where workflow_id = $1 returning to_jsonb(m)::text"),
        ("workflow_updated", "update workflows w set description = $2 where id = $1 returning to_jsonb(w)::text"),
    ];
    for (kind, statement) in kinds {
        let text = format!("{} {kind} {}", prose(980), statement.len());
        let row = run(statement, &text).await;
        let said = &text[..400];
        let (_, _, message) = socket.until(kind).await;
        let (_, sent, _) = compressed.until(kind).await;
        println!("{kind}: row {}, message {}, compressed {}", row.len(), message.len(), sent.len());
        assert_eq!(message.matches(said).count(), 1, "{message}");
        assert!(message.len() <= text.len() + 1200, "{kind}: {}", message.len());
        assert!(sent.len() * 5 <= row.len() * 6, "{kind}: {} for a row of {}", sent.len(), row.len());
    }
}
