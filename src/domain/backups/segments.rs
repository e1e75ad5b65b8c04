//! The files of the archived log: segments of 16 MB with numbers that follow each other.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

/// The bytes of a segment.
pub(super) const SEGMENT_BYTES: u64 = 16 << 20;

/// A file of the archived log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Segment {
    /// The name that Postgres asks for: a segment's, or that of a history of timelines.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// False for the one that the archive is writing, or was writing when it was interrupted.
    pub is_whole: bool,
}

/// The archived files that a restore from `first` on may read. Of a segment that is there whole and in part, the whole one.
pub(super) fn archived(folders: &[PathBuf], first: &str) -> io::Result<Vec<Segment>> {
    let mut found: BTreeMap<String, Segment> = BTreeMap::new();
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
            let has_whole = found.get(&name).is_some_and(|known| known.is_whole);
            if needed && (is_whole || !has_whole) {
                found.insert(name.clone(), Segment { name, path, is_whole });
            }
        }
    }
    Ok(found.into_values().collect())
}

/// How many segments at the beginning follow each other from the number `first` on.
pub(super) fn run_length(segments: &[Segment], first: Option<u64>) -> usize {
    let follows = |(found, wanted): &(&Segment, u64)| number(&found.name) == Some(*wanted);
    first.map_or(0, |first| segments.iter().zip(first..).take_while(follows).count())
}

/// The number of a segment, of which 256 share their second eight digits.
pub(super) fn number(name: &str) -> Option<u64> {
    let part = |range| u64::from_str_radix(name.get(range)?, 16).ok();
    Some(part(8..16)? * 256 + part(16..24)?)
}

/// The name of a segment on the timeline of another one.
pub(super) fn name_of(number: u64, on_timeline_of: &str) -> String {
    format!("{}{:08X}{:08X}", on_timeline_of.get(..8).unwrap_or_default(), number / 256, number % 256)
}

/// Whether a name is one of a segment of the log: 24 hexadecimal digits.
pub(super) fn is_segment(name: &str) -> bool {
    name.len() == 24 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segments(names: &[&str]) -> Vec<Segment> {
        let segment = |name: &&str| Segment { name: (*name).to_owned(), path: PathBuf::from(name), is_whole: true };
        names.iter().map(segment).collect()
    }

    #[test]
    fn segments_follow_each_other_by_number() {
        let whole = segments(&["0000000100000000000000FE", "0000000100000000000000FF", "000000010000000100000000"]);
        assert_eq!(run_length(&whole, number("0000000100000000000000FE")), 3);
        assert_eq!(run_length(&whole, number("0000000100000000000000FD")), 0);
        let gap = segments(&["000000010000000000000001", "000000010000000000000003"]);
        assert_eq!(run_length(&gap, Some(1)), 1);
        assert_eq!(name_of(256, "000000020000000000000001"), "000000020000000100000000");
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
        let whole = vec![Segment { name: name.to_owned(), path: folders[1].join(name), is_whole: true }];
        assert_eq!(archived(&folders, name).expect("read"), whole);
        let reversed = [folders[1].clone(), folders[0].clone()];
        assert_eq!(archived(&reversed, name).expect("read"), whole);
    }
}
