//! Keeps retired words out: private metaphors that a reader would have to look up. `docs/glossary.md` has the terms
//! that are used instead.

use super::source::{Source, assert_none, files};

/// A retired word or phrase, in lower case, and what to write instead.
const RETIRED: &[(&str, &str)] = &[
    ("whoever", "name the caller, the worker, the client"),
    ("anew", "again, or: rebuilt"),
    ("where left out", "Defaults to …"),
    ("by itself", "automatically, or leave it out"),
    ("by themselves", "automatically, or leave it out"),
    ("in its own words", "leave it out"),
    ("in their own words", "leave it out"),
    ("door", "transport, or: HTTP, MCP, socket"),
    ("doors", "transports, or: compatibility endpoints"),
    ("doorbell", "wake-up"),
    ("bell", "wake-up, notification"),
    ("bells", "wake-ups, notifications"),
    ("house", "server, harness, project"),
    ("nouns", "domain modules"),
    ("told", "notified, published, rendered"),
    ("hears", "receives"),
    ("newcomers", "InviteSection"),
    ("likeness", "similarity"),
    ("patience", "timeout"),
    ("bustle", "busy threshold"),
    ("dozing", "draining"),
    ("visitor", "request context"),
    ("life of the database", "database incarnation (epoch)"),
    ("one life", "one incarnation"),
    ("far_behind", "MAX_LAG"),
    ("bite", "batch"),
    ("ran out", "expired"),
    ("taken back", "withdrawn, undone, released"),
    ("what else is sent is not looked at", "Unknown fields are ignored."),
    ("to a stranger", "Non-members get 404."),
    ("nobody outside", "No webhooks yet"),
    ("seed", "client, document, dataset"),
    ("seeds", "clients, documents"),
];

/// Where a retired word stays: a path (or its beginning), the word, and the reason.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("tests/it/architecture/vocabulary.rs", "*", "the list"),
    ("src/transport/http/strict_json.rs", "visitor", "a trait of serde"),
    ("src/domain/import/json.rs", "visitor", "a trait of serde"),
    ("tests/it/embeddings/fake_provider.rs", "seed", "of random numbers"),
    ("tests/it/live/", "seed", "of random numbers"),
    ("frontend/src/live/", "seed", "of random numbers"),
    ("frontend/src/ui/plural.ts", "nouns", "of grammar"),
    ("frontend/src/features/search/", "bell", "the icon on the button"),
];

/// Text that people or engineers read: code, SQL, tests, scripts, documents.
const PLACES: &[(&str, &str)] = &[
    ("src", ".rs"),
    ("encoder", ".rs"),
    ("src", ".sh"),
    ("src", ".sql"),
    ("sql", ".sql"),
    ("sql", ".md"),
    ("tests", ".rs"),
    ("tests", ".mjs"),
    ("frontend/src", ".ts"),
    ("frontend/src", ".tsx"),
    ("frontend/src", ".css"),
    ("frontend/tests", ".ts"),
    ("frontend/scripts", ".mjs"),
    ("sdk/typescript/src", ".ts"),
    ("sdk/typescript/tests", ".ts"),
    ("sdk/python/scripts", ".py"),
    ("sdk/python/src", ".py"),
    ("sdk/python/tests", ".py"),
    (".setup", ""),
    ("docs", ".md"),
];

#[test]
fn retired_words_stay_out() {
    let mut sources: Vec<Source> = PLACES.iter().flat_map(|(folder, ending)| files(folder, ending)).collect();
    sources.retain(|file| !file.path.contains(".gen."));
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "SECURITY.md",
        "Makefile",
        "Cargo.toml",
        "Dockerfile",
        "sdk/python/README.md",
        "sdk/typescript/README.md",
    ] {
        let text = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
        sources.push(Source { path: name.to_owned(), text: text.unwrap_or_else(|_| panic!("{name} is missing")) });
    }
    let mut found = Vec::new();
    let mut used = vec![false; EXCEPTIONS.len()];
    for file in &sources {
        for (number, line) in file.text.lines().enumerate() {
            let lower = line.to_lowercase();
            for (word, instead) in RETIRED.iter().filter(|(word, _)| contains_word(&lower, word)) {
                let exception = EXCEPTIONS.iter().position(|(path, excepted, _)| {
                    file.path.starts_with(path) && (excepted == word || *excepted == "*")
                });
                match exception {
                    Some(place) => used[place] = true,
                    None => found.push(format!("{}:{}: “{word}”; write: {instead}", file.path, number + 1)),
                }
            }
        }
    }
    let unused = EXCEPTIONS.iter().zip(used).filter(|(_, used)| !used);
    found
        .extend(unused.map(|((path, word, _), _)| format!("the exception for “{word}” in {path} is no longer needed")));
    assert_none(&found);
}

/// Whether a line holds the word between characters that are no letters, digits or underscores.
fn contains_word(line: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word)
        .any(|(at, _)| !is_part(line[..at].chars().next_back()) && !is_part(line[at + word.len()..].chars().next()))
}

#[test]
fn words_are_found_whole() {
    assert!(contains_word("the bell rings", "bell") && contains_word("`bell`", "bell"));
    assert!(!contains_word("label", "bell") && !contains_word("bell_needed", "bell"));
}
