//! A message to clients: encoded, and compressed, at most once, and shared by every client it goes to.

use std::sync::OnceLock;

use bytes::Bytes;
use bytestring::ByteString;

use super::deflate::{self, Window};

/// The final frame of a text message.
const TEXT: u8 = 0x81;
/// The bit that marks a message as compressed.
const COMPRESSED: u8 = 0x40;
/// Bytes of text from which a message is worth compressing.
const MIN_COMPRESSED: usize = 200;
/// Bytes of text up to which a message is compressed where it is sent. Longer ones only by [`Message::compress`], because
/// other sockets wait meanwhile.
const MAX_COMPRESSED_IN_PLACE: usize = 64 * 1024;

/// A control frame of a socket, with at most 125 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Control {
    /// The last frame: a code and a reason.
    Close = 0x88,
    /// A question whether the client is there.
    Ping = 0x89,
    /// The answer to a ping.
    Pong = 0x8a,
}

impl Control {
    /// Encodes it; a longer payload is cut.
    pub(super) fn frame(self, payload: &[u8]) -> Bytes {
        let payload = &payload[..payload.len().min(125)];
        [&[self as u8, payload.len() as u8], payload].concat().into()
    }
}

/// One message to clients.
#[derive(Debug)]
pub struct Message {
    text: ByteString,
    /// The text as a frame of a socket; `text` shares its memory.
    frame: Bytes,
    /// The same, compressed; `None` if that is no gain.
    compressed: OnceLock<Option<Bytes>>,
}

impl Message {
    /// A text message.
    pub fn new(text: impl AsRef<str>) -> Self {
        let text = text.as_ref();
        let mut frame = Vec::with_capacity(10 + text.len());
        frame_header(&mut frame, TEXT, text.len());
        let start = frame.len();
        frame.extend_from_slice(text.as_bytes());
        let frame = Bytes::from(frame);
        let text = ByteString::try_from(frame.slice(start..)).unwrap_or_default();
        Self { text, frame, compressed: OnceLock::new() }
    }

    /// A control frame, queued like a message so that it is bounded like one.
    pub(super) fn control(kind: Control, payload: &[u8]) -> Self {
        let compressed = OnceLock::from(None);
        Self { text: ByteString::new(), frame: kind.frame(payload), compressed }
    }

    /// Its text; empty for a control frame.
    pub fn text(&self) -> &ByteString {
        &self.text
    }

    /// Its bytes uncompressed, which is what it counts for in queues.
    pub fn size(&self) -> usize {
        self.frame.len()
    }

    /// Its frame for a socket, compressed if the client has a window.
    pub(super) fn frame(&self, window: Option<Window>) -> &Bytes {
        let len = self.text.len();
        if len < MIN_COMPRESSED || !window.is_some_and(|window| window.fits(len)) {
            return &self.frame;
        }
        let compressed = if len <= MAX_COMPRESSED_IN_PLACE {
            self.compressed.get_or_init(|| self.compressed_frame()).as_ref()
        } else {
            self.compressed.get().and_then(Option::as_ref)
        };
        compressed.unwrap_or(&self.frame)
    }

    /// Compresses a long message before it is sent.
    pub(super) fn compress(&self) {
        self.compressed.get_or_init(|| self.compressed_frame());
    }

    fn compressed_frame(&self) -> Option<Bytes> {
        let mut data = Vec::new();
        if !deflate::compress(self.text.as_bytes(), &mut data) {
            return None;
        }
        let mut frame = Vec::with_capacity(10 + data.len());
        frame_header(&mut frame, TEXT | COMPRESSED, data.len());
        frame.extend_from_slice(&data);
        Some(frame.into())
    }
}

/// Appends the header of an unmasked frame.
fn frame_header(frame: &mut Vec<u8>, first: u8, len: usize) {
    frame.push(first);
    match (u16::try_from(len), len) {
        (_, ..=125) => frame.push(len as u8),
        (Ok(len), _) => {
            frame.push(126);
            frame.extend_from_slice(&len.to_be_bytes());
        }
        (Err(_), _) => {
            frame.push(127);
            frame.extend_from_slice(&(len as u64).to_be_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_have_the_header_of_their_length() {
        for (len, header) in [
            (0, &[0x81, 0][..]),
            (125, &[0x81, 125]),
            (126, &[0x81, 126, 0, 126]),
            (65_535, &[0x81, 126, 0xff, 0xff]),
            (65_536, &[0x81, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
        ] {
            let message = Message::new("x".repeat(len));
            let frame = message.frame(None);
            assert_eq!((&frame[..header.len()], frame.len()), (header, header.len() + len));
            assert_eq!(message.text().len(), len);
        }
        assert_eq!(&Control::Pong.frame(b"hi")[..], [0x8a, 2, b'h', b'i']);
        assert_eq!(Control::Ping.frame(&[0; 200]).len(), 127);
    }

    #[test]
    fn a_message_is_compressed_once_and_only_for_clients_that_can_read_it() {
        let (window, _) = deflate::negotiate(["permessage-deflate"].into_iter()).expect("a window");
        let (small, _) =
            deflate::negotiate(["permessage-deflate; server_max_window_bits=9"].into_iter()).expect("a window");
        let text = "A long sentence about a ticket. ".repeat(30);
        let message = Message::new(&text);
        let compressed = message.frame(Some(window)).clone();
        assert_eq!(compressed[0], 0xc1);
        assert_eq!(deflate::decompress(&compressed[2..], text.len()).expect("text"), text.as_bytes());
        assert_eq!(message.frame(Some(window)).as_ptr(), compressed.as_ptr());
        assert_eq!(message.frame(None)[0], 0x81);
        assert_eq!(message.frame(Some(small))[0], 0x81);
        assert_eq!(Message::new("x".repeat(199)).frame(Some(window))[0], 0x81);
        let long = Message::new("x".repeat(100_000));
        assert_eq!(long.frame(Some(window))[0], 0x81);
        long.compress();
        assert_eq!(long.frame(Some(window))[0], 0xc1);
    }
}
