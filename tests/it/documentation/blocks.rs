//! The fenced blocks of the documents and the markers above them.
//!
//! A block of code that a reader can run has a marker on the line before it: `<!-- tested -->`,
//! `<!-- tested: set-up -->` (README.md only; runs before the blocks of every guide), `<!-- tested: NAME -->` for a
//! test of its own, or `<!-- not tested: REASON -->`.

use std::path::{Path, PathBuf};

/// Languages of blocks that a reader can run.
const RUNNABLE: &[&str] = &["sh", "bash", "rust", "python"];

/// How a block is tested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Marker {
    /// Run with the other blocks of its document.
    Tested,
    /// Run before the blocks of every guide.
    SetUp,
    /// Used by a test of its own.
    Named(String),
    /// Not run, for a stated reason.
    NotTested,
    /// The block has no marker.
    None,
}

/// A fenced block.
#[derive(Debug)]
pub struct Block {
    /// The number of its first line, for messages.
    pub line: usize,
    /// What follows the fence, such as `sh`.
    pub language: String,
    /// The marker above it.
    pub marker: Marker,
    /// Its lines.
    pub text: String,
}

/// The root of the repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a document, by its path from the root.
pub fn read(document: &str) -> String {
    std::fs::read_to_string(root().join(document)).unwrap_or_else(|error| panic!("{document}: {error}"))
}

/// The guides: every document directly in docs/.
pub fn guides() -> Vec<String> {
    let entries = std::fs::read_dir(root().join("docs")).expect("read docs/");
    let paths = entries.map(|entry| entry.expect("an entry of docs/").path());
    let mut names: Vec<String> = paths.filter(|path| is_markdown(path)).map(|path| relative(&path)).collect();
    names.sort();
    assert!(!names.is_empty(), "docs/ holds no guide");
    names
}

/// Whether a path is a Markdown document.
pub fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

/// A path from the root.
pub fn relative(path: &Path) -> String {
    path.strip_prefix(root()).expect("a path below the root").to_string_lossy().into_owned()
}

/// The fenced blocks of a document, in order.
pub fn blocks(document: &str) -> Vec<Block> {
    parse(&read(document)).unwrap_or_else(|error| panic!("{document}:{error}"))
}

/// The texts of the blocks with this marker. Fails if there is none.
pub fn marked(document: &str, marker: &Marker) -> Vec<String> {
    let found: Vec<String> =
        blocks(document).into_iter().filter(|block| block.marker == *marker).map(|block| block.text).collect();
    assert!(!found.is_empty(), "{document} has no block that is marked {marker:?}");
    found
}

fn parse(text: &str) -> Result<Vec<Block>, String> {
    let mut found = Vec::new();
    let mut before = "";
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let Some(language) = line.strip_prefix("```") else {
            before = line;
            continue;
        };
        let number = index + 1;
        let marker = marker(before).map_err(|error| format!("{number}: {error}"))?;
        let mut body = String::new();
        loop {
            match lines.next() {
                Some((_, "```")) => break,
                Some((_, line)) => body.extend([line, "\n"]),
                None => return Err(format!("{number}: the block has no end")),
            }
        }
        found.push(Block { line: number, language: language.to_owned(), marker, text: body });
        before = "";
    }
    Ok(found)
}

fn marker(line: &str) -> Result<Marker, String> {
    let Some(comment) = line.strip_prefix("<!--").and_then(|rest| rest.strip_suffix("-->")) else {
        return Ok(Marker::None);
    };
    match comment.trim().split_once(':').map_or((comment.trim(), ""), |(key, value)| (key.trim(), value.trim())) {
        ("tested", "") => Ok(Marker::Tested),
        ("tested", "set-up") => Ok(Marker::SetUp),
        ("tested", name) => Ok(Marker::Named(name.to_owned())),
        ("not tested", reason) if !reason.is_empty() => Ok(Marker::NotTested),
        _ => Err(format!("unknown marker {line}")),
    }
}

/// What is wrong with the markers of a document.
fn unmarked(blocks: &[Block]) -> Vec<String> {
    let runnable = blocks.iter().filter(|block| RUNNABLE.contains(&block.language.as_str()));
    runnable
        .filter(|block| block.marker == Marker::None)
        .map(|block| format!("{}: this {} block has no marker", block.line, block.language))
        .collect()
}

#[test]
fn every_runnable_block_is_tested_or_states_why_not() {
    let mut documents = guides();
    documents.extend(["README.md".to_owned(), "CONTRIBUTING.md".to_owned()]);
    let mut found = Vec::new();
    let mut seen = 0;
    for document in &documents {
        let blocks = blocks(document);
        seen += blocks.len();
        found.extend(unmarked(&blocks).into_iter().map(|error| format!("{document}:{error}")));
    }
    assert!(seen > 0, "the documents have no block");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_block_without_a_marker_is_found() {
    let text = "Text.\n\n```sh\ntrue\n```\n\n<!-- tested -->\n```sh\necho\n```\n\n```toml\n```\n";
    let blocks = parse(text).expect("blocks");
    assert_eq!(
        blocks.iter().map(|block| &block.marker).collect::<Vec<_>>(),
        [&Marker::None, &Marker::Tested, &Marker::None]
    );
    assert_eq!(blocks[1].text, "echo\n");
    assert_eq!(unmarked(&blocks), ["3: this sh block has no marker"]);
    assert!(parse("<!-- not tested -->\n```sh\n```").is_err(), "a reason is required");
    assert!(parse("```sh\ntrue\n").is_err(), "a block without an end");
}

/// The documents that a test of `guides` runs are exactly those with tested blocks.
pub fn documents_with_examples() -> Vec<PathBuf> {
    guides()
        .into_iter()
        .filter(|document| blocks(document).iter().any(|block| block.marker == Marker::Tested))
        .map(PathBuf::from)
        .collect()
}
