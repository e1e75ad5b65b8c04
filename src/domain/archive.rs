//! Archives: one file with everything of a workflow, or of a whole server, except secrets. `docs/archives.md` describes the
//! format.
//!
//! The database decides what is in an archive, who may have it and what is taken from it (`sql/logic/88_import_export`). Here
//! lines become chunks with hashes, and chunks become a file or a download, with bounded memory.

mod decode;
mod encode;
mod export;
mod import;
mod partial;
mod scope;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};

use crate::Error;

pub use self::decode::{Chunk, Limits, Part, Reader};
pub use self::encode::Encoder;
pub use self::export::{Gap, Prepared, Progress, Written, check_access, prepare, schema, write};
pub use self::import::{Contents, Imported, ImportedWorkflow, import, verify};
pub use self::partial::{Kept, Scan, keep, scan};
pub use self::scope::Scope;

/// The version of the format.
pub const VERSION: u32 = 1;

/// A chunk ends with the line with which it has so many lines,
pub const MAX_CHUNK_LINES: u64 = 5_000;

/// or at least so many bytes.
pub const MAX_CHUNK_BYTES: usize = 4 << 20;

/// The section of events.
const HISTORY: &str = "history";

/// The section that lists the others.
const MANIFEST: &str = "manifest";

/// The first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Opening {
    /// The version of the format.
    pub callboard_archive: u32,
    /// The newest migration of the database that the archive is from.
    pub schema: i64,
}

/// The line before the rows of a chunk.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChunkHeader {
    /// Its number: 1, 2, 3….
    pub chunk: u64,
    /// The workflow; null for what belongs to the whole server.
    pub workflow: Option<String>,
    /// The section.
    pub section: String,
    /// How many rows follow.
    pub lines: u64,
    /// SHA-256 of these lines.
    pub sha256: String,
}

/// A row of the manifest: a section with all its chunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SectionEntry {
    /// The workflow; null for what belongs to the whole server.
    pub workflow: Option<String>,
    /// The section.
    pub section: String,
    /// How many rows it has.
    pub lines: u64,
    /// SHA-256 of all of them.
    pub sha256: String,
}

/// The last line.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Closing {
    /// SHA-256 of all lines before this one.
    sha256: String,
}

fn hex(context: Context) -> String {
    context.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn sha256(bytes: &[u8]) -> String {
    let mut context = Context::new(&SHA256);
    context.update(bytes);
    hex(context)
}

/// An archive that is not read further.
fn refused(why: impl std::fmt::Display) -> Error {
    Error::problem(422, "invalid", format!("{why} Nothing was imported."))
}
