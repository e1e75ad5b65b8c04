//! The files of an export: one file, a folder, or the content of a ZIP archive; and their texts, whatever the encoding.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use super::zip;

/// Maximum bytes of an export, also unpacked.
pub const MAX_BYTES: usize = 256 << 20;
/// Maximum files of a folder or an archive.
pub const MAX_FILES: usize = 20_000;

/// A file.
#[derive(Debug, Clone)]
pub struct NamedFile {
    /// Its name, with the folders below the one that was given, separated by `/`.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl NamedFile {
    /// The content as text, without carriage returns before line feeds, and the encoding if it is not UTF-8.
    pub fn text(&self) -> (String, Option<&'static str>) {
        decode(&self.bytes)
    }

    /// Whether the name ends like this, in any case.
    pub fn ends_with(&self, ending: &str) -> bool {
        self.name.to_ascii_lowercase().ends_with(ending)
    }
}

/// The files of an export, by name.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// The files.
    pub list: Vec<NamedFile>,
    /// Files of an archive or a folder that hold no text and are not read.
    pub others: Vec<String>,
}

impl Files {
    /// One file, or the content of an archive. The error is the rest of a sentence that begins with the file's name.
    pub fn of_bytes(name: &str, bytes: Vec<u8>) -> Result<Self, String> {
        if bytes.starts_with(b"PK\x03\x04") {
            let limits = zip::Limits { bytes: MAX_BYTES, files: MAX_FILES, is_wanted: is_text };
            let unpacked = zip::unpack(&bytes, &limits)?;
            let list = unpacked.files.into_iter().map(|(name, bytes)| NamedFile { name, bytes }).collect();
            return Ok(Self { list, others: unpacked.others });
        }
        Ok(Self { list: vec![NamedFile { name: name.to_owned(), bytes }], others: Vec::new() })
    }

    /// A file, an archive, or a folder; `progress` is called with the bytes read so far.
    pub fn of_path(path: &Path, mut progress: impl FnMut(u64)) -> io::Result<Self> {
        if !path.is_dir() {
            let bytes = read_bounded(fs::File::open(path)?, MAX_BYTES, &mut progress)?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            return Self::of_bytes(&name, bytes).map_err(invalid);
        }
        let mut files = Self::default();
        let mut left = MAX_BYTES;
        let mut pending = vec![path.to_owned()];
        while let Some(folder) = pending.pop() {
            let mut entries = fs::read_dir(&folder)?.collect::<io::Result<Vec<_>>>()?;
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                let (kind, at) = (entry.file_type()?, entry.path());
                let name = at.strip_prefix(path).unwrap_or(&at).to_string_lossy().replace('\\', "/");
                // Links may lead out of the folder, and hidden folders hold no tickets.
                if kind.is_dir() && !entry.file_name().to_string_lossy().starts_with('.') {
                    pending.push(at);
                } else if kind.is_file() && is_text(&name) {
                    if files.list.len() >= MAX_FILES {
                        return Err(invalid(format!("has more than {MAX_FILES} files")));
                    }
                    let bytes = read_bounded(fs::File::open(&at)?, left, &mut |_| ())?;
                    left -= bytes.len();
                    progress((MAX_BYTES - left) as u64);
                    files.list.push(NamedFile { name, bytes });
                } else if kind.is_file() {
                    files.others.push(name);
                }
            }
        }
        Ok(files)
    }

    /// Standard input.
    pub fn of_reader(source: impl Read) -> io::Result<Self> {
        Self::of_bytes("standard input", read_bounded(source, MAX_BYTES, &mut |_| ())?).map_err(invalid)
    }

    /// The first file whose name ends like this.
    pub fn ending(&self, ending: &str) -> Option<&NamedFile> {
        self.list.iter().find(|file| file.ends_with(ending))
    }
}

/// Whether an importer reads files of this name.
pub fn is_text(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    [".csv", ".json", ".jsonl", ".md", ".txt", ".tsv"].iter().any(|ending| name.ends_with(ending))
}

fn invalid(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

fn read_bounded(mut source: impl Read, max: usize, progress: &mut impl FnMut(u64)) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut buffer = vec![0; 1 << 18];
    loop {
        match source.read(&mut buffer) {
            Ok(0) => return Ok(bytes),
            Ok(count) if bytes.len() + count > max => {
                return Err(invalid(format!("an export may have at most {} MB", MAX_BYTES >> 20)));
            }
            Ok(count) => bytes.extend_from_slice(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        progress(bytes.len() as u64);
    }
}

/// UTF-8 and UTF-16 with or without a mark; anything else is read as Windows-1252, which has a character for every byte.
fn decode(bytes: &[u8]) -> (String, Option<&'static str>) {
    let (encoding, mark) = match encoding_rs::Encoding::for_bom(bytes) {
        Some((encoding, mark)) => (encoding, mark),
        None if std::str::from_utf8(bytes).is_ok() && !bytes.iter().take(100).any(|byte| *byte == 0) => {
            (encoding_rs::UTF_8, 0)
        }
        None => (guess_utf16(bytes).unwrap_or(encoding_rs::WINDOWS_1252), 0),
    };
    let text = encoding.decode_without_bom_handling(&bytes[mark..]).0.into_owned();
    (text, (encoding != encoding_rs::UTF_8).then(|| encoding.name()))
}

/// Texts of European languages in UTF-16 have a zero in every other byte.
fn guess_utf16(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    let head = &bytes[..bytes.len().min(200)];
    let zeros = |first: usize| head.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count() * 4 > head.len();
    match (zeros(0), zeros(1)) {
        (true, false) => Some(encoding_rs::UTF_16BE),
        (false, true) => Some(encoding_rs::UTF_16LE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn encodings_are_recognised() {
        let utf16: Vec<u8> = "Größe;Ölkanne".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let marked = [b"\xff\xfe".as_slice(), &utf16].concat();
        assert_eq!(decode("\u{feff}Größe".as_bytes()), ("Größe".to_owned(), None));
        assert_eq!(decode(&marked), ("Größe;Ölkanne".to_owned(), Some("UTF-16LE")));
        assert_eq!(decode(&utf16), ("Größe;Ölkanne".to_owned(), Some("UTF-16LE")));
        assert_eq!(decode(b"Gr\xf6\xdfe \x80"), ("Größe €".to_owned(), Some("windows-1252")));
    }
}
