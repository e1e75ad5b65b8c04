//! The text files of a ZIP archive, unpacked within bounds.

use std::io::Read;

use flate2::read::DeflateDecoder;

/// What an archive may hold.
pub struct Limits {
    /// Maximum bytes of all unpacked files.
    pub bytes: usize,
    /// Maximum files.
    pub files: usize,
    /// Which files are unpacked, by name.
    pub is_wanted: fn(&str) -> bool,
}

/// The content of an archive.
#[derive(Debug, Default)]
pub struct Unpacked {
    /// The wanted files by name.
    pub files: Vec<(String, Vec<u8>)>,
    /// The names of the others.
    pub others: Vec<String>,
}

/// Unpacks an archive. The error is the rest of a sentence that begins with the file's name.
pub fn unpack(bytes: &[u8], limits: &Limits) -> Result<Unpacked, String> {
    let broken = || "is a broken ZIP archive".to_owned();
    let end = bytes
        .windows(4)
        .rev()
        // The end record is followed by a comment of at most 64 KiB.
        .take(22 + (1 << 16))
        .position(|window| window == b"PK\x05\x06")
        .map(|back| bytes.len() - 4 - back)
        .ok_or_else(broken)?;
    let count = number(bytes, end + 10, 2).ok_or_else(broken)?;
    let mut at = number(bytes, end + 16, 4).ok_or_else(broken)?;
    if count > limits.files {
        return Err(format!("has more than {} files", limits.files));
    }
    let mut unpacked = Unpacked::default();
    let mut left = limits.bytes;
    for _ in 0..count {
        let field = |offset, size| number(bytes, at + offset, size);
        if bytes.get(at..at + 4) != Some(b"PK\x01\x02") {
            return Err(broken());
        }
        let all = (field(8, 2), field(10, 2), field(20, 4), field(28, 2), field(30, 2), field(32, 2), field(42, 4));
        let (Some(flags), Some(method), Some(packed), Some(name_length), Some(extra), Some(comment), Some(start)) = all
        else {
            return Err(broken());
        };
        let name = bytes.get(at + 46..at + 46 + name_length).ok_or_else(broken)?;
        let name = String::from_utf8_lossy(name).replace('\\', "/");
        at += 46 + name_length + extra + comment;
        if name.ends_with('/') || name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX") {
            continue;
        }
        if !(limits.is_wanted)(&name) {
            unpacked.others.push(name);
            continue;
        }
        if flags & 1 != 0 {
            return Err("is encrypted; unpack it first".to_owned());
        }
        // The local header has lengths of its own.
        let lengths = number(bytes, start + 26, 2).zip(number(bytes, start + 28, 2)).ok_or_else(broken)?;
        let data = start + 30 + lengths.0 + lengths.1;
        let data = bytes.get(data..data + packed).ok_or_else(broken)?;
        let mut content = Vec::new();
        let read = match method {
            0 => data.take(left as u64 + 1).read_to_end(&mut content),
            8 => DeflateDecoder::new(data).take(left as u64 + 1).read_to_end(&mut content),
            _ => return Err(format!("has the file {name} in an unknown compression; unpack it first")),
        };
        read.map_err(|_| broken())?;
        left = left
            .checked_sub(content.len())
            .ok_or_else(|| format!("has more than {} MB of text", limits.bytes >> 20))?;
        unpacked.files.push((name, content));
    }
    unpacked.files.sort();
    Ok(unpacked)
}

/// A little-endian number of the archive.
fn number(bytes: &[u8], at: usize, size: usize) -> Option<usize> {
    let field = bytes.get(at..at.checked_add(size)?)?;
    Some(field.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte)))
}
