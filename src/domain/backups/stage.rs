//! Copying the files of a backup to where they are restored.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::segments::{Segment, is_segment};

/// The bytes of all files in a folder.
pub(super) fn size(folder: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        bytes += if found.is_dir() { size(&entry.path())? } else { found.len() };
    }
    Ok(bytes)
}

/// Copies a folder with its modes, and calls `copied` with the bytes of each file.
pub(super) fn copy(from: &Path, to: &Path, copied: &mut impl FnMut(u64)) -> io::Result<()> {
    fs::create_dir(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            copy(&entry.path(), &target, copied)?;
        } else if kind.is_file() {
            copied(fs::copy(entry.path(), target)?);
        }
    }
    fs::set_permissions(to, fs::metadata(from)?.permissions())
}

/// Copies the archived files; a segment that was interrupted while it was created gets its full size, which Postgres requires.
pub(super) fn copy_archived(
    files: &[Segment],
    to: &Path,
    segment_bytes: u64,
    copied: &mut impl FnMut(u64),
) -> io::Result<()> {
    fs::create_dir(to)?;
    for Segment { name, path, .. } in files {
        let target = to.join(name);
        // A server that is still running may complete the segment and rename it at this moment.
        let bytes = fs::copy(path, &target).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => fs::copy(path.with_file_name(name), &target),
            _ => Err(error),
        })?;
        if is_segment(name) && bytes < segment_bytes {
            File::options().write(true).open(&target)?.set_len(segment_bytes)?;
        }
        copied(bytes);
    }
    Ok(())
}
