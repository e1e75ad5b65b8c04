//! What a client sends over a socket: frames, put together to messages and decompressed.

use actix_http::ws::{Codec, Frame, Item, ProtocolError};
use actix_web::web::{Bytes, BytesMut, Payload};
use bytestring::ByteString;
use futures_util::StreamExt;
use tokio_util::codec::Decoder;

use super::MAX_MESSAGE;
use crate::transport::live::deflate::{self, InflateError};

/// The bit in a frame's first byte that marks a compressed message.
const COMPRESSED: u8 = 0x40;
/// Maximum bytes of a frame's header.
const MAX_HEADER: usize = 14;

/// A message from a client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Received {
    Text(ByteString),
    Binary,
    Ping(Bytes),
    Pong(Bytes),
    Close,
}

/// Why a socket cannot be read on.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    #[error("the connection ended")]
    Ended,
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    #[error("the message is too large")]
    TooLarge,
    #[error(transparent)]
    Inflate(#[from] InflateError),
    #[error("a frame is marked as compressed that must not be")]
    NotCompressible,
    #[error("the text is not UTF-8")]
    NotText,
}

/// A message in several frames, of which the last has not come.
struct Partial {
    data: BytesMut,
    is_text: bool,
    compressed: bool,
}

/// Reads the messages of one socket. Dropping a read loses nothing.
pub(super) struct Frames {
    payload: Payload,
    decoder: FrameDecoder,
}

impl Frames {
    /// Reads from the body of the handshake. `compressed`: the client may compress its messages.
    pub(super) fn new(payload: Payload, compressed: bool) -> Self {
        Self { payload, decoder: FrameDecoder::new(compressed) }
    }

    /// The next message; `Err` once the connection has ended.
    pub(super) async fn next(&mut self) -> Result<Received, ReadError> {
        loop {
            if let Some(message) = self.decoder.next()? {
                return Ok(message);
            }
            match self.payload.next().await {
                Some(Ok(bytes)) => self.decoder.extend(bytes),
                Some(Err(_)) | None => return Err(ReadError::Ended),
            }
        }
    }
}

struct FrameDecoder {
    buffer: BytesMut,
    codec: Codec,
    /// Whether compression was agreed on.
    compresses: bool,
    /// The frame at the start of the buffer was marked; the mark is removed for the codec, which knows no extension.
    marked: bool,
    partial: Option<Partial>,
}

impl FrameDecoder {
    fn new(compresses: bool) -> Self {
        let codec = Codec::new().max_size(MAX_MESSAGE);
        Self { buffer: BytesMut::new(), codec, compresses, marked: false, partial: None }
    }

    fn extend(&mut self, bytes: Bytes) {
        if self.buffer.is_empty() {
            self.buffer = BytesMut::from(bytes);
        } else {
            self.buffer.extend_from_slice(&bytes);
        }
    }

    /// The next whole message in the buffer.
    fn next(&mut self) -> Result<Option<Received>, ReadError> {
        loop {
            if let Some(first) = self.buffer.first_mut().filter(|first| self.compresses && **first & COMPRESSED != 0) {
                *first &= !COMPRESSED;
                self.marked = true;
            }
            let Some(frame) = self.codec.decode(&mut self.buffer)? else {
                // The codec would wait for the end of a frame of any announced size.
                return if self.buffer.len() > MAX_MESSAGE + MAX_HEADER { Err(ReadError::TooLarge) } else { Ok(None) };
            };
            if let Some(message) = self.take(frame)? {
                return Ok(Some(message));
            }
        }
    }

    fn take(&mut self, frame: Frame) -> Result<Option<Received>, ReadError> {
        let compressed = std::mem::take(&mut self.marked);
        let starts = matches!(
            frame,
            Frame::Text(_) | Frame::Binary(_) | Frame::Continuation(Item::FirstText(_) | Item::FirstBinary(_))
        );
        if compressed && !starts {
            return Err(ReadError::NotCompressible);
        }
        match frame {
            Frame::Text(data) => text(data, compressed).map(Some),
            Frame::Binary(_) => Ok(Some(Received::Binary)),
            Frame::Ping(data) => Ok(Some(Received::Ping(data))),
            Frame::Pong(data) => Ok(Some(Received::Pong(data))),
            Frame::Close(_) => Ok(Some(Received::Close)),
            Frame::Continuation(Item::FirstText(data)) => {
                self.partial = Some(Partial { data: BytesMut::from(data), is_text: true, compressed });
                Ok(None)
            }
            Frame::Continuation(Item::FirstBinary(data)) => {
                self.partial = Some(Partial { data: BytesMut::from(data), is_text: false, compressed });
                Ok(None)
            }
            Frame::Continuation(Item::Continue(data)) => self.append(&data).map(|()| None),
            Frame::Continuation(Item::Last(data)) => {
                self.append(&data)?;
                match self.partial.take() {
                    Some(Partial { data, is_text: true, compressed }) => text(data.freeze(), compressed).map(Some),
                    _ => Ok(Some(Received::Binary)),
                }
            }
        }
    }

    fn append(&mut self, data: &[u8]) -> Result<(), ReadError> {
        if let Some(partial) = &mut self.partial {
            if partial.data.len() + data.len() > MAX_MESSAGE {
                return Err(ReadError::TooLarge);
            }
            partial.data.extend_from_slice(data);
        }
        Ok(())
    }
}

fn text(data: Bytes, compressed: bool) -> Result<Received, ReadError> {
    let data = if compressed { deflate::decompress(&data, MAX_MESSAGE)?.into() } else { data };
    ByteString::try_from(data).map(Received::Text).map_err(|_| ReadError::NotText)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client's frame, masked with zeros.
    fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![first];
        match payload.len() {
            len @ ..126 => frame.push(0x80 | len as u8),
            len => {
                frame.push(0x80 | 127);
                frame.extend_from_slice(&(len as u64).to_be_bytes());
            }
        }
        frame.extend_from_slice(&[0; 4]);
        frame.extend_from_slice(payload);
        frame
    }

    /// Feeds bytes in pieces of this size.
    fn read(compresses: bool, bytes: &[u8], piece: usize) -> Result<Vec<Received>, ReadError> {
        let mut decoder = FrameDecoder::new(compresses);
        let mut found = Vec::new();
        for part in bytes.chunks(piece) {
            decoder.extend(Bytes::copy_from_slice(part));
            while let Some(message) = decoder.next()? {
                found.push(message);
            }
        }
        Ok(found)
    }

    fn compressed(text: &str) -> Vec<u8> {
        let mut data = Vec::new();
        assert!(deflate::compress(text.as_bytes(), &mut data));
        data
    }

    #[test]
    fn frames_are_put_together_and_decompressed() {
        let long = "subscribe ".repeat(100);
        let data = compressed(&long);
        let (begin, end) = data.split_at(data.len() / 2);
        let bytes = [
            frame(0x81, b"plain"),
            frame(0xc1, &data),
            frame(0x41, begin),
            frame(0x89, b"ping in between"),
            frame(0x80, end),
            frame(0x01, b"one "),
            frame(0x00, b""),
            frame(0x80, b"two"),
            frame(0x82, b"binary"),
            frame(0x88, &[]),
        ]
        .concat();
        let text = |text: &str| Received::Text(text.into());
        let expected = [
            text("plain"),
            text(&long),
            Received::Ping(Bytes::from_static(b"ping in between")),
            text(&long),
            text("one two"),
            Received::Binary,
            Received::Close,
        ];
        for piece in [1, 7, bytes.len()] {
            assert_eq!(read(true, &bytes, piece).expect("messages"), expected, "{piece}");
        }
    }

    #[test]
    fn marks_are_refused_where_nothing_may_be_compressed() {
        assert!(matches!(read(false, &frame(0xc1, b"x"), 100), Err(ReadError::Protocol(_))));
        assert!(matches!(read(true, &frame(0xc9, b"x"), 100), Err(ReadError::NotCompressible)));
        let continued = [frame(0x01, b"x"), frame(0xc0, b"y")].concat();
        assert!(matches!(read(true, &continued, 100), Err(ReadError::NotCompressible)));
        assert!(matches!(read(true, &frame(0x81, &[0xff]), 100), Err(ReadError::NotText)));
    }

    #[test]
    fn nothing_larger_than_the_limit_is_kept() {
        let bomb = frame(0xc1, &compressed(&"0".repeat(10_000_000)));
        assert!(bomb.len() < MAX_MESSAGE);
        assert!(matches!(read(true, &bomb, 4096), Err(ReadError::Inflate(InflateError::TooLarge))));
        let pieces = [frame(0x01, &[b'x'; 40_000]), frame(0x80, &[b'x'; 40_000])].concat();
        assert!(matches!(read(true, &pieces, 4096), Err(ReadError::TooLarge)));
        // A frame that announces a terabyte is refused long before.
        let announced = [&[0x81, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &[0; 100_000]].concat();
        assert!(matches!(read(true, &announced, 4096), Err(ReadError::TooLarge)));
    }
}
