//! Reads a command's output and batches it for the transcript, in order and with bounded memory. A slow server slows
//! the command down, because its pipe fills up (backpressure).

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::{mpsc, oneshot};

use super::directives::Directive;
use super::redact::Secrets;
use crate::domain::jobs::messages::{Level, MessageKind};
use crate::domain::jobs::work::NewMessage;

/// Maximum delay before a batch is sent.
pub(crate) const FLUSH_INTERVAL: Duration = Duration::from_millis(250);
/// Size at which a batch is sent early.
const MAX_BATCH_BYTES: usize = 16 * 1024;
/// Longer lines are split.
const MAX_LINE_BYTES: usize = 8 * 1024;

/// A line of output.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The text, with secrets redacted.
    pub text: String,
    /// Whether it came from standard error.
    pub error: bool,
}

/// What a stage gives out, in order.
#[derive(Debug)]
pub(crate) enum Output {
    /// A line of a command, or of an agent outside of the protocol.
    Line(Line),
    /// A message of an agent.
    Message(NewMessage),
    /// An instruction in an agent's message.
    Directive(Result<Directive, String>),
    /// The state of an agent's plan: the part that is done, from 0 to 1, and what it works on.
    Plan(f64, Option<String>),
    /// The sender is dropped when everything before is in the transcript.
    Written(oneshot::Sender<()>),
}

/// Sends a message and waits until it is in the transcript.
pub(crate) async fn write(message: NewMessage, to: &mpsc::Sender<Output>) {
    let (sender, written) = oneshot::channel();
    if to.send(Output::Message(message)).await.is_ok() && to.send(Output::Written(sender)).await.is_ok() {
        let _ = written.await;
    }
}

/// Reads lines until the end of the stream.
pub(crate) async fn read(mut from: impl AsyncRead + Unpin, error: bool, secrets: Secrets, to: mpsc::Sender<Output>) {
    let mut buffer: Vec<u8> = Vec::new();
    let mut chunk = vec![0; 8 * 1024];
    loop {
        let read = match from.read(&mut chunk).await {
            Ok(0) | Err(_) => break,
            Ok(read) => read,
        };
        buffer.extend_from_slice(&chunk[..read]);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            if !send_line(&line[..end], error, &secrets, &to).await {
                return;
            }
        }
        if buffer.len() > MAX_LINE_BYTES + secrets.max_len() {
            // The end may be the beginning of a secret, so it stays in the buffer.
            let text = secrets.redact(&String::from_utf8_lossy(&buffer));
            let cut = text.floor_char_boundary(text.len() - secrets.max_len().min(text.len()));
            if !send_line(&text.as_bytes()[..cut], error, &secrets, &to).await {
                return;
            }
            buffer = text.as_bytes()[cut..].to_vec();
        }
    }
    if !buffer.is_empty() {
        send_line(&buffer, error, &secrets, &to).await;
    }
}

async fn send_line(bytes: &[u8], error: bool, secrets: &Secrets, to: &mpsc::Sender<Output>) -> bool {
    let text = secrets.redact(String::from_utf8_lossy(bytes).trim_end_matches('\r'));
    to.send(Output::Line(Line { text: storable(&text), error })).await.is_ok()
}

/// A text as Postgres can store it, which has no NUL.
pub(crate) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Messages to be sent together.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    messages: Vec<NewMessage>,
    /// The stream of the last line, if the last message is one of lines.
    last: Option<bool>,
    bytes: usize,
}

impl Batch {
    /// Adds a line: to the last message if that has lines of the same stream.
    pub(crate) fn push(&mut self, line: Line) {
        self.bytes += line.text.len() + 1;
        match self.messages.last_mut().filter(|_| self.last == Some(line.error)) {
            Some(message) => {
                message.content.push('\n');
                message.content.push_str(&line.text);
            }
            None => self.messages.push(NewMessage {
                kind: MessageKind::Log,
                content: line.text,
                role: None,
                sender: None,
                level: line.error.then_some(Level::Warning),
                metadata: Some(json!({"stream": if line.error { "stderr" } else { "stdout" }})),
            }),
        }
        self.last = Some(line.error);
    }

    /// Adds a message.
    pub(crate) fn push_message(&mut self, message: NewMessage) {
        self.bytes += message.content.len();
        self.messages.push(message);
        self.last = None;
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= MAX_BATCH_BYTES
    }

    /// Takes the messages.
    pub(crate) fn take(&mut self) -> Vec<NewMessage> {
        let Self { mut messages, .. } = std::mem::take(self);
        messages.retain(|message| !message.content.trim().is_empty());
        messages
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::worker::config::Config;

    async fn lines(bytes: Vec<u8>) -> Vec<String> {
        let (sender, mut receiver) = mpsc::channel(4);
        let secrets = Secrets::new("cb_0123456789", &Config::default(), std::iter::empty());
        let reading = tokio::spawn(async move { read(bytes.as_slice(), false, secrets, sender).await });
        let mut found = Vec::new();
        while let Some(Output::Line(line)) = receiver.recv().await {
            found.push(line.text);
        }
        reading.await.expect("read");
        found
    }

    #[tokio::test]
    async fn lines_keep_their_order_and_secrets_are_redacted_even_across_a_split() {
        assert_eq!(lines(b"a\r\nb\xff\n\nlast".to_vec()).await, ["a", "b\u{fffd}", "", "last"]);
        for offset in 0..20 {
            let mut long = vec![b'x'; MAX_LINE_BYTES + offset];
            long.extend_from_slice(b"cb_0123456789");
            long.extend(std::iter::repeat_n(b'y', MAX_LINE_BYTES * 2));
            let all = lines(long).await.concat();
            assert!(!all.contains("cb_0123456789") && all.contains("[redacted]"), "{offset}");
        }
    }

    #[test]
    fn a_batch_has_one_message_per_run_of_a_stream() {
        let mut batch = Batch::default();
        for (text, error) in [("a", false), ("b", false), ("c", true), ("d", false)] {
            batch.push(Line { text: text.into(), error });
        }
        let contents: Vec<String> = batch.take().into_iter().map(|message| message.content).collect();
        assert_eq!(contents, ["a\nb", "c", "d"]);
        assert!(batch.is_empty() && !batch.is_full());
    }
}
