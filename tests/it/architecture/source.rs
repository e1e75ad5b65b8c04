//! Reading the project's own source.

use std::path::Path;

/// A source file.
pub struct Source {
    /// Its path from the project's folder, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

impl Source {
    /// The lines that are code, numbered from 1, without comment lines of Rust.
    pub fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate();
        lines.filter(|(_, line)| !line.trim_start().starts_with("//")).map(|(number, line)| (number + 1, line))
    }
}

/// All files below a folder whose names end so, sorted by path.
///
/// # Panics
/// If there are none: a check of no files checks nothing.
pub fn files(folder: &str, ending: &str) -> Vec<Source> {
    fn walk(root: &Path, folder: &Path, ending: &str, into: &mut Vec<Source>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let name = entry.file_name();
            if path.is_dir() && !["node_modules", "dist", "target"].iter().any(|skipped| name == *skipped) {
                walk(root, &path, ending, into);
            } else if path.is_file() && name.to_string_lossy().ends_with(ending) {
                let text = std::fs::read_to_string(&path).expect("read a source file");
                let path = path.strip_prefix(root).expect("below the project's folder").to_string_lossy();
                into.push(Source { path: path.replace('\\', "/"), text });
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    walk(root, &root.join(folder), ending, &mut found);
    assert!(!found.is_empty(), "{folder} holds no *{ending}");
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Fails with all findings, if there are any.
#[track_caller]
pub fn assert_none(found: &[String]) {
    assert!(found.is_empty(), "{}", found.join("\n"));
}
