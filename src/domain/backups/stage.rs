//! Copying the files of a backup to where they are restored.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

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

/// The archived files of the log that a restore from `first` on may read, as the names that Postgres asks for and their
/// paths. The newest segment is incomplete: Postgres reads up to its end.
pub(super) fn archived(folders: &[PathBuf], first: &str) -> io::Result<Vec<(String, PathBuf)>> {
    let mut found: BTreeMap<String, (bool, PathBuf)> = BTreeMap::new();
    for folder in folders {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let (name, is_whole) = match name.strip_suffix(".partial") {
                Some(whole) => (whole.to_owned(), false),
                None => (name, true),
            };
            let needed = name.ends_with(".history") || (is_segment(&name) && name.as_str() >= first);
            // A later folder begins with a segment that an earlier one may hold in part.
            let has_whole = found.get(&name).is_some_and(|(is_whole, _)| *is_whole);
            if needed && (is_whole || !has_whole) {
                found.insert(name, (is_whole, path));
            }
        }
    }
    Ok(without_gap(found.into_iter().map(|(name, (_, path))| (name, path)).collect(), first))
}

/// Only the segments that follow each other from `first` on: beyond a gap nothing can be replayed.
fn without_gap(files: Vec<(String, PathBuf)>, first: &str) -> Vec<(String, PathBuf)> {
    let mut wanted = number(first);
    let mut follows = |name: &str| {
        if !is_segment(name) {
            return true;
        }
        let found = wanted.is_some() && number(name) == wanted;
        wanted = wanted.filter(|_| found).map(|number| number + 1);
        found
    };
    files.into_iter().filter(|(name, _)| follows(name)).collect()
}

/// The number of a segment of 16 MB, of which 256 share their second eight digits.
fn number(name: &str) -> Option<u64> {
    let part = |range| u64::from_str_radix(name.get(range)?, 16).ok();
    Some(part(8..16)? * 256 + part(16..24)?)
}

/// Copies the archived files; a segment that was interrupted while it was created gets its full size, which Postgres requires.
pub(super) fn copy_archived(
    files: &[(String, PathBuf)],
    to: &Path,
    segment_bytes: u64,
    copied: &mut impl FnMut(u64),
) -> io::Result<()> {
    fs::create_dir(to)?;
    for (name, path) in files {
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

/// Whether a name is one of a segment of the log: 24 hexadecimal digits.
pub(super) fn is_segment(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_beyond_a_gap_is_replayed() {
        let file = |name: &str| (name.to_owned(), PathBuf::from(name));
        let files = |names: &[&str]| names.iter().map(|name| file(name)).collect::<Vec<_>>();
        let whole = files(&["0000000100000000000000FE", "0000000100000000000000FF", "000000010000000100000000"]);
        assert_eq!(without_gap(whole.clone(), "0000000100000000000000FE"), whole);
        assert_eq!(without_gap(whole.clone(), "0000000100000000000000FD"), []);
        let gap = files(&["000000010000000000000001", "000000010000000000000003", "00000002.history"]);
        assert_eq!(
            without_gap(gap, "000000010000000000000001"),
            files(&["000000010000000000000001", "00000002.history"])
        );
    }

    #[test]
    fn a_whole_segment_is_preferred_to_a_partial_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let name = "000000010000000000000005";
        let folders = ["epoch", "epoch.0001"].map(|one| folder.path().join(one));
        for (folder, file) in folders.iter().zip([format!("{name}.partial"), name.to_owned()]) {
            fs::create_dir(folder).expect("mkdir");
            fs::write(folder.join(file), "").expect("write");
        }
        let whole = vec![(name.to_owned(), folders[1].join(name))];
        assert_eq!(archived(&folders, name).expect("read"), whole);
        let reversed = [folders[1].clone(), folders[0].clone()];
        assert_eq!(archived(&reversed, name).expect("read"), whole);
    }
}
