//! The rules of ARCHITECTURE.md that a reader of imports can check.

use std::path::{Path, PathBuf};

fn files(folder: &str, ending: &str) -> Vec<(PathBuf, String)> {
    fn walk(folder: &Path, ending: &str, into: &mut Vec<PathBuf>) {
        let Ok(entries) = std::fs::read_dir(folder) else { return };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.is_dir() && path.file_name().is_some_and(|n| n != "node_modules" && n != "dist") {
                walk(&path, ending, into);
            } else if path.to_string_lossy().ends_with(ending) {
                into.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut paths = Vec::new();
    walk(&root.join(folder), ending, &mut paths);
    paths.sort();
    assert!(!paths.is_empty(), "{folder} holds no *{ending}");
    paths
        .into_iter()
        .map(|path| {
            let text = std::fs::read_to_string(&path).expect("read a source file");
            (path.strip_prefix(root).expect("below the root").to_owned(), text)
        })
        .collect()
}

const DOORS: &[&str] = &["src/transport", "src/cli", "src/tools", "src/serve", "src/main"];
const GROUND: &[&str] = &["src/db", "src/config", "src/error", "src/telemetry", "src/build", "src/lib"];

fn is_in(path: &Path, rooms: &[&str]) -> bool {
    let path = path.to_string_lossy();
    rooms.iter().any(|room| path.starts_with(&format!("{room}/")) || path == format!("{room}.rs"))
}

/// The lines that are code, without comments.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().filter(|(_, line)| !line.trim_start().starts_with("//")).map(|(n, line)| (n + 1, line))
}

/// Whether a line names a module; `crate::client` is not `crate::cli`.
fn names(line: &str, module: &str) -> bool {
    line.match_indices(module)
        .any(|(at, _)| !line[at + module.len()..].starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_'))
}

#[track_caller]
fn none(found: Vec<String>) {
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn imports_run_one_way() {
    let mut found = Vec::new();
    for (path, text) in files("src", ".rs") {
        let (door, ground) = (is_in(&path, DOORS), is_in(&path, GROUND));
        for (number, line) in code(&text) {
            let wrong = if door {
                (line.contains("include_str!") && line.contains("sql/queries")).then_some("a door holds SQL")
            } else if ground {
                ["crate::transport", "crate::cli", "crate::domain", "crate::compat"]
                    .iter()
                    .any(|module| names(line, module))
                    .then_some("the ground floor knows a room above it")
            } else {
                ["actix_web", "actix_ws", "rmcp", "crate::transport", "crate::cli"]
                    .iter()
                    .any(|module| names(line, module))
                    .then_some("a noun knows a door")
            };
            if let Some(wrong) = wrong {
                found.push(format!("{}:{number}: {wrong}: {}", path.display(), line.trim()));
            }
        }
    }
    none(found);
}

#[test]
fn http_sees_no_database_rows() {
    let mut found = Vec::new();
    for (path, text) in files("src/transport/http", ".rs") {
        for (number, line) in code(&text) {
            if line.contains("tokio_postgres") || line.contains("deadpool") {
                found.push(format!("{}:{number}: {}", path.display(), line.trim()));
            }
        }
    }
    none(found);
}

#[test]
fn no_file_grows_past_400_lines() {
    let mut found = Vec::new();
    for (folder, ending) in
        [("src", ".rs"), ("sql", ".sql"), ("tests", ".rs"), ("frontend/src", ".ts"), ("frontend/src", ".tsx")]
    {
        for (path, text) in files(folder, ending) {
            let lines = text.lines().count();
            if lines > 400 && !path.to_string_lossy().contains(".gen.") {
                found.push(format!("{} has {lines} lines; split it by noun or verb", path.display()));
            }
        }
    }
    none(found);
}

#[test]
fn nothing_is_left_open() {
    let words = ["todo!(", "unimplemented!(", concat!("FIX", "ME"), concat!("#[ign", "ore]")];
    let mut found = Vec::new();
    for (folder, ending) in [("src", ".rs"), ("sql", ".sql"), ("tests", ".rs")] {
        for (path, text) in files(folder, ending) {
            if path.ends_with("layers.rs") {
                continue;
            }
            for (number, line) in text.lines().enumerate() {
                if words.iter().any(|word| line.contains(word)) {
                    found.push(format!("{}:{}: {}", path.display(), number + 1, line.trim()));
                }
            }
        }
    }
    none(found);
}

/// refinery skips a file whose name it does not know, silently.
#[test]
fn migrations_are_named_so_that_they_are_seen() {
    let mut numbers = Vec::new();
    for (path, text) in files("migrations", ".sql") {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let (number, rest) = name.strip_prefix('V').and_then(|n| n.split_once("__")).expect("V###__name.sql");
        assert!(number.len() == 3 && !rest.is_empty(), "{name}: V###__name.sql");
        numbers.push(number.parse::<usize>().expect("a number"));
        assert!(
            !code(&text).any(|(_, line)| !line.trim_start().starts_with("--") && line.contains("logic.")),
            "{name}: tables must not depend on the schema logic"
        );
    }
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>(), "numbered without gaps");
}

/// Law 8 of sql/: a file that creates triggers opens with its lock order.
#[test]
fn trigger_files_state_their_lock_order() {
    let mut checked = 0;
    let mut found = Vec::new();
    for (path, text) in files("sql/logic", ".sql") {
        if !text.lines().any(|line| line.trim_start().to_lowercase().starts_with("create trigger")) {
            continue;
        }
        checked += 1;
        let mut opening = text.lines().take_while(|line| line.starts_with("--"));
        if !opening.any(|line| line.starts_with("-- Lock order: ")) {
            found.push(format!("{} creates triggers and does not open with its lock order", path.display()));
        }
    }
    assert!(checked > 0, "no file creates triggers");
    none(found);
}
