//! Parses the output of git.

use super::FileStatus;

/// Maximum bytes kept of the patch of one file.
const MAX_FILE_PATCH: usize = 1 << 20;

/// One changed file, from `--raw --numstat -z`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    pub path: String,
    pub old_path: Option<String>,
    pub status: FileStatus,
    pub insertions: u64,
    pub deletions: u64,
    pub binary: bool,
    /// Its sections in the patch: two if its type changed, e.g. from file to symbolic link.
    pub sections: usize,
}

/// Every changed file.
#[derive(Debug, Default)]
pub struct Changes {
    pub files: Vec<Change>,
    /// Whether the list is incomplete.
    pub truncated: bool,
}

impl Changes {
    pub fn insertions(&self) -> u64 {
        self.files.iter().map(|file| file.insertions).sum()
    }

    pub fn deletions(&self) -> u64 {
        self.files.iter().map(|file| file.deletions).sum()
    }
}

/// The diff of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Patch {
    pub text: String,
    pub truncated: bool,
}

/// Parses `--raw --numstat -z`: first all raw records, `:… M\0path\0` (two paths for renames), then all
/// line counts, `1\t2\tpath\0` (for renames `1\t2\t\0old\0new\0`), in the same order.
pub fn changes(text: &[u8], truncated: bool) -> Changes {
    let mut fields = text.split(|byte| *byte == 0).peekable();
    let mut changes = Changes { files: Vec::new(), truncated };
    while let Some(record) = fields.next_if(|field| field.starts_with(b":")) {
        let letter = record.rsplit(|byte| *byte == b' ').next().and_then(|word| word.first().copied());
        let Some(first) = fields.next() else { break };
        let (old_path, path) = match letter {
            Some(b'R' | b'C') => match fields.next() {
                Some(second) => (Some(lossy(first)), lossy(second)),
                None => break,
            },
            _ => (None, lossy(first)),
        };
        changes.files.push(Change {
            path,
            old_path,
            status: match letter {
                Some(b'A') => FileStatus::Added,
                Some(b'D') => FileStatus::Deleted,
                Some(b'R') => FileStatus::Renamed,
                Some(b'C') => FileStatus::Copied,
                _ => FileStatus::Modified,
            },
            insertions: 0,
            deletions: 0,
            binary: false,
            sections: if letter == Some(b'T') { 2 } else { 1 },
        });
    }
    for file in &mut changes.files {
        let Some(record) = fields.next() else { break };
        let mut parts = record.splitn(3, |byte| *byte == b'\t');
        let (added, removed, path) = (parts.next(), parts.next(), parts.next());
        if path.is_some_and(<[u8]>::is_empty) {
            fields.next();
            fields.next();
        }
        file.binary = added == Some(b"-");
        file.insertions = number(added);
        file.deletions = number(removed);
    }
    changes
}

/// Splits a patch into the diffs of its files. Only a header starts with `diff --git `: content lines start
/// with a space, `+`, `-` or a backslash.
pub fn patches(text: &[u8], truncated: bool, changes: &Changes) -> Vec<Patch> {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        if line.starts_with(b"diff --git ") {
            starts.push(at);
        }
        at += line.len();
    }
    let mut next = 0;
    let mut patches: Vec<Patch> = Vec::with_capacity(changes.files.len());
    for file in &changes.files {
        let end = starts.get(next + file.sections).copied();
        let missing_end = truncated && end.is_none();
        let mut section = starts.get(next).map_or(&[][..], |start| &text[*start..end.unwrap_or(text.len())]);
        let long = section.len() > MAX_FILE_PATCH;
        if long {
            section = &section[..MAX_FILE_PATCH];
        }
        if long || missing_end {
            // Keep whole lines only.
            let whole = section.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            section = &section[..whole];
        }
        patches.push(Patch { text: lossy(section), truncated: long || missing_end });
        next += file.sections;
    }
    patches
}

pub fn lossy(bytes: &[u8]) -> String {
    // Postgres text and some JSON clients do not accept NUL.
    String::from_utf8_lossy(bytes).replace('\0', "\u{fffd}")
}

fn number(field: Option<&[u8]>) -> u64 {
    field.and_then(|field| std::str::from_utf8(field).ok()).and_then(|text| text.parse().ok()).unwrap_or(0)
}
