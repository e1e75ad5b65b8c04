//! The rules of ARCHITECTURE.md that can be checked by reading the source.
//!
//! Every check counts what it looked at and fails if that is nothing: a rule about files that have moved away would
//! otherwise hold for ever.

mod imports;
mod source;
mod sql;
mod vocabulary;

use source::{assert_none, files};

/// A longer file holds more than one subject.
const MAX_LINES: usize = 400;

#[test]
fn no_file_is_longer_than_400_lines() {
    let mut found = Vec::new();
    for (folder, ending) in [
        ("src", ".rs"),
        ("encoder", ".rs"),
        ("sql", ".sql"),
        ("tests", ".rs"),
        ("frontend/src", ".ts"),
        ("frontend/src", ".tsx"),
    ] {
        for file in files(folder, ending) {
            let lines = file.text.lines().count();
            if lines > MAX_LINES && !file.path.contains(".gen.") {
                found.push(format!("{} has {lines} lines; split it by noun or verb", file.path));
            }
        }
    }
    assert_none(&found);
}

#[test]
fn no_code_is_left_unfinished() {
    let marks = [concat!("to", "do!("), concat!("unimple", "mented!("), concat!("FIX", "ME"), concat!("#[ign", "ore]")];
    let mut found = Vec::new();
    for (folder, ending) in [("src", ".rs"), ("encoder", ".rs"), ("sql", ".sql"), ("tests", ".rs")] {
        for file in files(folder, ending) {
            for (number, line) in file.text.lines().enumerate() {
                if marks.iter().any(|mark| line.contains(mark)) {
                    found.push(format!("{}:{}: {}", file.path, number + 1, line.trim()));
                }
            }
        }
    }
    assert_none(&found);
}
