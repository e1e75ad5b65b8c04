//! Compression of socket messages: permessage-deflate, RFC 7692.
//!
//! Both sides forget a message's text when it ends (`no_context_takeover`), so that a message is compressed once and the
//! bytes are valid for every socket of a room.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// The end of a flushed deflate stream, which is not sent.
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
/// Maximum offers that are considered in a handshake.
const MAX_OFFERS: usize = 8;

/// What a client of a compressed socket can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Base-2 logarithm of the bytes of text that its decompressor looks back.
    bits: u8,
}

impl Window {
    /// The window of deflate itself.
    const FULL: u8 = 15;

    /// Whether it can read a compressed message of `len` bytes of text: a text that fits into the window never refers to
    /// anything before it.
    pub fn fits(self, len: usize) -> bool {
        self.bits == Self::FULL || len <= 1 << self.bits
    }
}

/// The first acceptable offer in the values of `Sec-WebSocket-Extensions`: the client's window and the value to answer.
pub fn negotiate<'a>(offers: impl Iterator<Item = &'a str>) -> Option<(Window, String)> {
    offers.flat_map(|value| value.split(',')).take(MAX_OFFERS).find_map(accept)
}

/// The answer to one offer, or `None` to decline it.
fn accept(offer: &str) -> Option<(Window, String)> {
    let mut parts = offer.split(';').map(str::trim);
    if parts.next() != Some("permessage-deflate") {
        return None;
    }
    let mut answer = "permessage-deflate; server_no_context_takeover; client_no_context_takeover".to_owned();
    let mut window = None;
    let mut seen: Vec<&str> = Vec::new();
    for part in parts {
        let (name, value) = match part.split_once('=') {
            Some((name, value)) => (name.trim(), Some(value.trim().trim_matches('"'))),
            None => (part, None),
        };
        let bits = value.filter(|value| !value.starts_with(['0', '+'])).and_then(|value| value.parse::<u8>().ok());
        let bits = bits.filter(|bits| (8..=Window::FULL).contains(bits));
        let valid = match name {
            "server_no_context_takeover" | "client_no_context_takeover" => value.is_none(),
            // Any window of the client can be read, so nothing is asked of it.
            "client_max_window_bits" => value.is_none() || bits.is_some(),
            "server_max_window_bits" => bits.is_some(),
            _ => false,
        };
        if !valid || seen.contains(&name) {
            return None;
        }
        seen.push(name);
        if name == "server_max_window_bits" {
            window = bits;
        }
    }
    if let Some(bits) = window {
        answer.push_str(&format!("; server_max_window_bits={bits}"));
    }
    Some((Window { bits: window.unwrap_or(Window::FULL) }, answer))
}

thread_local! {
    // Making one clears hundreds of kilobytes, which takes longer than compressing a message.
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), false));
}

/// Appends the compressed text to `output`. False, with an undefined end of `output`, if it does not get smaller.
pub fn compress(text: &[u8], output: &mut Vec<u8>) -> bool {
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        let start = output.len();
        // It gives up when the output is as long as the text.
        output.reserve_exact(text.len());
        let flushed = compressor.compress_vec(text, output, FlushCompress::Sync);
        let done = matches!(flushed, Ok(Status::Ok)) && compressor.total_in() == text.len() as u64;
        // The capacity may be more than was asked for; a full output may lack the end of the flush.
        if !done || output.len() == output.capacity() || !output.ends_with(&TAIL) {
            return false;
        }
        output.truncate(output.len() - TAIL.len());
        output.len() - start < text.len()
    })
}

/// Why a compressed message was refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum InflateError {
    /// It is larger than the limit.
    #[error("the message is too large once it is decompressed")]
    TooLarge,
    /// It is no deflate stream.
    #[error("the message is not compressed as agreed")]
    Malformed,
}

/// Decompresses a message of at most `limit` bytes. It never allocates more than the limit.
pub fn decompress(data: &[u8], limit: usize) -> Result<Vec<u8>, InflateError> {
    let mut inflater = Decompress::new(false);
    // One byte more than allowed, to tell a full message from one that is too large.
    let mut text = Vec::with_capacity(limit.min(data.len().saturating_mul(8)) + 1);
    for (part, last) in [(data, false), (&TAIL[..], true)] {
        let mut rest = part;
        loop {
            let (read, written) = (inflater.total_in(), text.len());
            let status = inflater.decompress_vec(rest, &mut text, FlushDecompress::Sync);
            let status = status.map_err(|_| InflateError::Malformed)?;
            rest = &rest[(inflater.total_in() - read) as usize..];
            if text.len() > limit {
                return Err(InflateError::TooLarge);
            }
            if status == Status::StreamEnd {
                // A sender may end its stream, as RFC 7692 section 7.2.3.4 allows.
                return Ok(text);
            }
            if text.len() == text.capacity() {
                text.reserve_exact((limit + 1 - text.len()).min(text.len().max(64)));
            } else if rest.is_empty() {
                break;
            } else if inflater.total_in() == read && text.len() == written {
                return Err(InflateError::Malformed);
            }
        }
        if last {
            break;
        }
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(offer: &str) -> Option<(u8, String)> {
        negotiate(std::iter::once(offer)).map(|(window, answer)| (window.bits, answer))
    }

    #[test]
    fn offers_are_accepted_without_context() {
        let base = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
        for offer in [
            "permessage-deflate",
            "permessage-deflate; client_max_window_bits",
            "permessage-deflate;client_max_window_bits=10; client_no_context_takeover",
            "x-webkit-deflate-frame, permessage-deflate; unknown, permessage-deflate",
            "permessage-deflate; server_max_window_bits=7, permessage-deflate",
        ] {
            assert_eq!(answer(offer), Some((15, base.to_owned())), "{offer}");
        }
        let small = answer("permessage-deflate; server_max_window_bits=12; client_max_window_bits=12");
        assert_eq!(small, Some((12, format!("{base}; server_max_window_bits=12"))));
        for offer in [
            "",
            "permessage-bzip2",
            "permessage-deflate; server_max_window_bits",
            "permessage-deflate; server_max_window_bits=16",
            "permessage-deflate; server_no_context_takeover=1",
            "permessage-deflate; client_max_window_bits; client_max_window_bits",
        ] {
            assert_eq!(answer(offer), None, "{offer}");
        }
        let window = Window { bits: 12 };
        assert!(window.fits(4096) && !window.fits(4097) && Window { bits: 15 }.fits(1 << 30));
    }

    #[test]
    fn texts_survive_and_later_ones_do_not_depend_on_earlier_ones() {
        for text in ["callboard ".repeat(40), "é".repeat(5000), "a".repeat(200_000)] {
            for _ in 0..2 {
                let mut data = vec![7; 3];
                assert!(compress(text.as_bytes(), &mut data));
                assert!(data.len() < text.len() / 4, "{}", data.len());
                assert_eq!(decompress(&data[3..], text.len()), Ok(text.clone().into_bytes()));
                assert_eq!(decompress(&data[3..], text.len() - 1), Err(InflateError::TooLarge));
            }
        }
        assert_eq!(decompress(&[], 10), Ok(Vec::new()));
    }

    #[test]
    fn what_does_not_shrink_is_left_alone() {
        let mut state = 1u64;
        let noise: Vec<u8> = std::iter::repeat_with(|| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 56) as u8
        })
        .take(600)
        .collect();
        assert!(!compress(&noise, &mut Vec::new()));
        assert!(!compress(b"", &mut Vec::new()));
    }

    #[test]
    fn bombs_and_nonsense_are_refused() {
        let mut bomb = Vec::new();
        assert!(compress(&vec![0; 50_000_000], &mut bomb));
        assert!(bomb.len() < 300_000);
        assert_eq!(decompress(&bomb, 65_536), Err(InflateError::TooLarge));
        assert_eq!(decompress(&[0xff; 40], 65_536), Err(InflateError::Malformed));
    }
}
