//! Comparing a cluster that has not been started with the manifest that pg_basebackup wrote: each file's size and SHA-256, the
//! manifest's own, and the log that recovery needs, which has no checksum in it and is read instead.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use serde::Deserialize;

use super::{OnProgress, Progress, blocking, segments, waldump};
use crate::db::embedded::Options;
use crate::{Error, Result};

/// The manifest in the folder of the cluster.
const MANIFEST: &str = "backup_manifest";
/// The beginning of the manifest's last line, which is not covered by its checksum.
const LAST_LINE: &[u8] = b"\"Manifest-Checksum\"";

#[derive(Deserialize)]
struct Manifest {
    #[serde(rename = "Files")]
    files: Vec<Entry>,
    #[serde(rename = "WAL-Ranges", default)]
    ranges: Vec<Range>,
    #[serde(rename = "Manifest-Checksum")]
    checksum: String,
}

#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "Path")]
    path: Option<String>,
    /// A path that is not UTF-8, in hexadecimal digits.
    #[serde(rename = "Encoded-Path")]
    encoded: Option<String>,
    #[serde(rename = "Size")]
    size: u64,
    #[serde(rename = "Checksum")]
    checksum: Option<String>,
}

/// The log that recovery needs.
#[derive(Deserialize)]
struct Range {
    #[serde(rename = "Timeline")]
    timeline: u32,
    #[serde(rename = "Start-LSN")]
    start: String,
    #[serde(rename = "End-LSN")]
    end: String,
}

impl Entry {
    /// The path below the cluster; none if it leads out of it.
    fn path(&self) -> Option<PathBuf> {
        let path = match (&self.path, &self.encoded) {
            (Some(path), _) => PathBuf::from(path),
            (None, Some(hex)) => {
                let pairs = (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(hex.get(at..at + 2)?, 16).ok());
                PathBuf::from(std::ffi::OsStr::from_bytes(&pairs.collect::<Option<Vec<_>>>()?))
            }
            (None, None) => return None,
        };
        path.components().all(|part| matches!(part, Component::Normal(_))).then_some(path)
    }
}

/// Checks all files of a cluster; recovery checks the log that it reads.
pub(super) async fn verify(cluster: PathBuf, on_progress: OnProgress) -> Result<()> {
    blocking(move || check(&cluster, &on_progress).map(drop).map_err(|why| damaged(&cluster, &why))).await
}

/// The same, and reads the log.
pub(super) async fn verify_with_log(options: Options, cluster: PathBuf, on_progress: OnProgress) -> Result<()> {
    blocking(move || {
        let manifest = check(&cluster, &on_progress).map_err(|why| damaged(&cluster, &why))?;
        let ranges = Some(manifest.ranges).filter(|ranges| !ranges.is_empty());
        let ranges = ranges.ok_or_else(|| damaged(&cluster, &format!("{MANIFEST} names no log")))?;
        for range in ranges {
            read_log(&options, &cluster, &range)?.map_err(|why| damaged(&cluster, &why))?;
        }
        Ok(())
    })
    .await
}

fn damaged(cluster: &Path, why: &str) -> Error {
    Error::Setup(format!("The backup in {} is damaged ({why}): choose another one.", cluster.display()))
}

/// Reads the log of a backup.
fn read_log(options: &Options, cluster: &Path, range: &Range) -> Result<std::result::Result<(), String>> {
    let place = |text: &str| waldump::parse(text).filter(|_| range.timeline > 0);
    let (Some(start), Some(_)) = (place(&range.start), place(&range.end)) else {
        return Ok(Err(format!("{MANIFEST} names no place in the log")));
    };
    let timeline = format!("{:08X}", range.timeline);
    let segment = |place: u64| segments::name_of(place / segments::SEGMENT_BYTES, &timeline);
    let first = segment(start);
    let read = waldump::read_range(options, &cluster.join("pg_wal"), &first, (&range.start, &range.end))?;
    Ok(read.map_err(|why| format!("pg_wal/{}: {why}", segment(waldump::place_of(&why).unwrap_or(start)))))
}

fn check(cluster: &Path, on_progress: &OnProgress) -> std::result::Result<Manifest, String> {
    let bytes = fs::read(cluster.join(MANIFEST)).map_err(|error| format!("{MANIFEST}: {error}"))?;
    let manifest: Manifest = serde_json::from_slice(&bytes).map_err(|error| format!("{MANIFEST}: {error}"))?;
    let covered = bytes.windows(LAST_LINE.len()).rposition(|window| window == LAST_LINE).unwrap_or(bytes.len());
    let mut hashed = Context::new(&SHA256);
    hashed.update(bytes.get(..covered).unwrap_or_default());
    if hex(hashed) != manifest.checksum {
        return Err(format!("{MANIFEST} was changed"));
    }
    let total = manifest.files.iter().map(|entry| entry.size).sum();
    let mut done = 0;
    for entry in &manifest.files {
        let path = entry.path().ok_or_else(|| format!("{MANIFEST} names a file outside of the backup"))?;
        let (size, found) = hash(&cluster.join(&path)).map_err(|error| format!("{}: {error}", path.display()))?;
        if size != entry.size || entry.checksum.as_ref().is_some_and(|checksum| *checksum != found) {
            return Err(format!("{} was changed", path.display()));
        }
        done += size;
        on_progress(Progress { step: "Checking", done, total });
    }
    Ok(manifest)
}

fn hash(path: &Path) -> io::Result<(u64, String)> {
    let mut file = File::open(path)?;
    let (mut hashed, mut size, mut buffer) = (Context::new(&SHA256), 0, vec![0; 256 << 10]);
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok((size, hex(hashed)));
        }
        hashed.update(buffer.get(..read).unwrap_or_default());
        size += u64::try_from(read).unwrap_or_default();
    }
}

fn hex(hashed: Context) -> String {
    hashed.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
