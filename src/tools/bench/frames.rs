//! The frames that a server sends over a WebSocket, parsed without copying: a client of the load generator must cost
//! less than the server that it measures. Nothing is compressed, because the handshake does not ask for it.

/// Longer frames are refused; the server sends none.
const MAX_FRAME: usize = 64 * 1024 * 1024;

/// One frame.
pub(super) struct Frame<'a> {
    /// What it is, such as [`TEXT`].
    pub opcode: u8,
    /// Its content.
    pub payload: &'a [u8],
    /// Its bytes on the wire, with the header.
    pub bytes: usize,
}

/// The opcode of a message of text.
pub(super) const TEXT: u8 = 1;
/// The opcode of a request for a pong.
pub(super) const PING: u8 = 9;
/// The opcode of the last frame.
pub(super) const CLOSE: u8 = 8;
const PONG: u8 = 10;

/// Splits what is read into frames; keeps the beginning of an incomplete one.
#[derive(Default)]
pub(super) struct FrameReader {
    incomplete: Vec<u8>,
}

impl FrameReader {
    /// Calls `each` for every frame that is complete with `data`. Fails if the data is not a server's.
    pub fn read(&mut self, data: &[u8], mut each: impl FnMut(Frame<'_>)) -> Result<(), &'static str> {
        if self.incomplete.is_empty() {
            let used = split(data, &mut each)?;
            self.incomplete.extend_from_slice(&data[used..]);
        } else {
            self.incomplete.extend_from_slice(data);
            let used = split(&self.incomplete, &mut each)?;
            self.incomplete.drain(..used);
        }
        Ok(())
    }
}

/// Calls `each` for every complete frame; returns the bytes that they took.
fn split(data: &[u8], each: &mut impl FnMut(Frame<'_>)) -> Result<usize, &'static str> {
    let mut used = 0;
    while let [first, second, rest @ ..] = &data[used..] {
        if second & 0x80 != 0 {
            return Err("a server's frame is masked");
        }
        let (length, header) = match (second & 0x7f, rest) {
            (126, [a, b, ..]) => (usize::from(u16::from_be_bytes([*a, *b])), 4),
            (127, [a, b, c, d, e, f, g, h, ..]) => {
                let length = u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
                (usize::try_from(length).unwrap_or(usize::MAX), 10)
            }
            (126 | 127, _) => break,
            (length, _) => (usize::from(length), 2),
        };
        if length > MAX_FRAME {
            return Err("a frame is too long");
        }
        let Some(payload) = data.get(used + header..used + header + length) else { break };
        each(Frame { opcode: first & 0x0f, payload, bytes: header + length });
        used += header + length;
    }
    Ok(used)
}

/// A short message of a client: text, or the pong for a ping. The mask is zero, which leaves the payload as it is.
pub(super) fn text(payload: &[u8]) -> Vec<u8> {
    masked(TEXT, payload)
}

/// The answer to a ping.
pub(super) fn pong(payload: &[u8]) -> Vec<u8> {
    masked(PONG, payload)
}

fn masked(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0x80 | opcode];
    match u8::try_from(payload.len()) {
        Ok(length) if length < 126 => frame.push(0x80 | length),
        _ => {
            frame.push(0x80 | 126);
            frame.extend_from_slice(&u16::try_from(payload.len()).unwrap_or(u16::MAX).to_be_bytes());
        }
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(payload);
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_found_however_the_bytes_arrive() {
        let payloads = [Vec::new(), vec![b'a'; 125], vec![b'b'; 126], vec![b'c'; 70_000], b"end".to_vec()];
        let mut wire = Vec::new();
        for payload in &payloads {
            wire.push(0x81);
            match payload.len() {
                length @ 0..126 => wire.push(length as u8),
                length @ 126..65_536 => {
                    wire.push(126);
                    wire.extend_from_slice(&(length as u16).to_be_bytes());
                }
                length => {
                    wire.push(127);
                    wire.extend_from_slice(&(length as u64).to_be_bytes());
                }
            }
            wire.extend_from_slice(payload);
        }
        for step in [1, 2, 3, 127, 4096, wire.len()] {
            let (mut reader, mut found, mut bytes) = (FrameReader::default(), Vec::new(), 0);
            for part in wire.chunks(step) {
                let read = reader.read(part, |frame| {
                    assert_eq!(frame.opcode, TEXT);
                    bytes += frame.bytes;
                    found.push(frame.payload.to_vec());
                });
                assert_eq!(read, Ok(()));
            }
            assert_eq!((found.as_slice(), bytes), (payloads.as_slice(), wire.len()), "in parts of {step} bytes");
        }
    }

    #[test]
    fn what_no_server_sends_is_refused() {
        assert!(FrameReader::default().read(&[0x81, 0x80, 0, 0, 0, 0], |_| {}).is_err());
        assert!(FrameReader::default().read(&[0x81, 127, 255, 0, 0, 0, 0, 0, 0, 0], |_| {}).is_err());
    }
}
