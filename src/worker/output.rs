//! Reads a command's output and batches it for the transcript, in order and with bounded memory. A slow server slows
//! the command down, because its pipe fills up (backpressure).

use std::time::Duration;

use serde_json::json;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::sync::mpsc;

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

/// Reads lines until the end of the stream.
pub(crate) async fn read(mut from: impl AsyncRead + Unpin, error: bool, secrets: Secrets, to: mpsc::Sender<Line>) {
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

async fn send_line(bytes: &[u8], error: bool, secrets: &Secrets, to: &mpsc::Sender<Line>) -> bool {
    let text = secrets.redact(String::from_utf8_lossy(bytes).trim_end_matches('\r'));
    // Postgres cannot store NUL.
    to.send(Line { text: text.replace('\0', "\u{fffd}"), error }).await.is_ok()
}

/// Lines to be sent together.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    lines: Vec<Line>,
    bytes: usize,
}

impl Batch {
    pub(crate) fn push(&mut self, line: Line) {
        self.bytes += line.text.len() + 1;
        self.lines.push(line);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub(crate) fn is_full(&self) -> bool {
        self.bytes >= MAX_BATCH_BYTES
    }

    /// Takes the lines as messages, one per consecutive run of the same stream.
    pub(crate) fn take(&mut self) -> Vec<NewMessage> {
        let mut messages: Vec<NewMessage> = Vec::new();
        let mut last = None;
        self.bytes = 0;
        for line in std::mem::take(&mut self.lines) {
            match messages.last_mut().filter(|_| last == Some(line.error)) {
                Some(message) => {
                    message.content.push('\n');
                    message.content.push_str(&line.text);
                }
                None => messages.push(NewMessage {
                    kind: MessageKind::Log,
                    content: line.text,
                    role: None,
                    sender: None,
                    level: line.error.then_some(Level::Warning),
                    metadata: Some(json!({"stream": if line.error { "stderr" } else { "stdout" }})),
                }),
            }
            last = Some(line.error);
        }
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
        while let Some(line) = receiver.recv().await {
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
