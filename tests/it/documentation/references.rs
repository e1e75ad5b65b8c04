//! What the documents refer to exists: links, headings, files, and the names said to be in a file.

use std::collections::BTreeSet;

use super::blocks::{guides, is_markdown, read, relative, root};

/// A code span that begins with one of these is the path of a file or folder.
const FOLDERS: &[&str] =
    &["src/", "encoder/", "sql/", "migrations/", "tests/", "frontend/", "docs/", ".setup/", ".ci/"];

/// Folders that exist only after a build.
const BUILT: &[&str] = &["frontend/dist", "frontend/node_modules", "tests/conformance/node_modules"];

fn documents() -> Vec<String> {
    let fixed = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "sql/README.md"];
    let mut found: Vec<String> = fixed.map(str::to_owned).into();
    found.extend(guides());
    let design = std::fs::read_dir(root().join("docs/design")).expect("read docs/design");
    let design = design.map(|entry| entry.expect("an entry of docs/design").path());
    found.extend(design.filter(|path| is_markdown(path)).map(|path| relative(&path)));
    found
}

/// The paragraphs of a document outside its fenced blocks, each with the number of its first line.
fn paragraphs(text: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let (mut fenced, mut open) = (false, false);
    for (index, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            fenced = !fenced;
        }
        if fenced || line.trim().is_empty() || line.starts_with("```") {
            open = false;
        } else if open && let Some((_, paragraph)) = found.last_mut() {
            paragraph.extend(["\n", line]);
        } else {
            open = true;
            found.push((index + 1, line.to_owned()));
        }
    }
    found
}

/// The targets of links: `[text](target)`.
fn links(paragraph: &str) -> impl Iterator<Item = &str> {
    paragraph.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// The fragments of a document's headings, as GitHub forms them.
fn fragments(text: &str) -> BTreeSet<String> {
    let paragraphs = paragraphs(text);
    let lines = paragraphs.iter().flat_map(|(_, paragraph)| paragraph.lines());
    lines
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let kept = line.trim_start_matches('#').trim().to_lowercase();
            let kept = kept.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.map(|c| if c == ' ' { '-' } else { c }).collect()
        })
        .collect()
}

/// What is wrong with the target of a link in a document.
fn broken_link(document: &str, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (path, heading) = target.split_once('#').map_or((target, None), |(path, heading)| (path, Some(heading)));
    let document = root().join(document);
    let file = if path.is_empty() { document } else { document.parent().expect("a folder").join(path) };
    if !file.exists() {
        return Some(format!("there is no {path}"));
    }
    let text = std::fs::read_to_string(&file).unwrap_or_default();
    heading.filter(|heading| !fragments(&text).contains(*heading)).map(|_| format!("{target} names no heading"))
}

/// A code span that is a path, with the line it names: `src/app.rs` or `src/app.rs:12`.
fn path_of(span: &str) -> Option<(&str, Option<usize>)> {
    let (path, line) = match span.rsplit_once(':') {
        Some((path, line)) if line.bytes().all(|b| b.is_ascii_digit()) => (path, line.parse().ok()),
        _ => (span, None),
    };
    let plain = path.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-./".contains(&b));
    let here = FOLDERS.iter().any(|folder| path.starts_with(folder)) && !BUILT.iter().any(|b| path.starts_with(b));
    (plain && here).then_some((path, line))
}

/// How many paths a paragraph names, and what is wrong with them. A code span right behind a file's path is a name that
/// the file must hold: "`src/serve.rs` `run`".
fn broken_paths(paragraph: &str) -> (usize, Vec<String>) {
    // Odd parts are code spans, even ones the text between them.
    let parts: Vec<&str> = paragraph.split('`').collect();
    let mut found = Vec::new();
    let mut checked = 0;
    for at in (1..parts.len()).step_by(2) {
        let Some((path, number)) = path_of(parts[at]) else { continue };
        checked += 1;
        let file = root().join(path);
        if !file.exists() {
            found.push(format!("there is no {path}"));
            continue;
        }
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        if let Some(number) = number.filter(|number| text.lines().count() < *number) {
            found.push(format!("{path} has no line {number}"));
        }
        let name = parts.get(at + 2).filter(|name| parts[at + 1].trim().is_empty() && path_of(name).is_none());
        if let Some(name) = name
            && !text.contains(name.rsplit(['.', ':']).next().unwrap_or(name))
        {
            found.push(format!("{path} does not hold {name}"));
        }
    }
    (checked, found)
}

#[test]
fn links_and_paths_exist() {
    let mut found = Vec::new();
    let (mut linked, mut named) = (0, 0);
    for document in documents() {
        let text = read(&document);
        for (number, paragraph) in paragraphs(&text) {
            let mut broken: Vec<String> =
                links(&paragraph).filter_map(|target| broken_link(&document, target)).collect();
            linked += links(&paragraph).count();
            let (checked, wrong) = broken_paths(&paragraph);
            named += checked;
            broken.extend(wrong);
            found.extend(broken.into_iter().map(|error| format!("{document}:{number}: {error}")));
        }
    }
    assert!(linked > 0 && named > 0, "{linked} links and {named} paths were found");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn broken_references_are_found() {
    assert_eq!(broken_link("README.md", "docs/absent.md").as_deref(), Some("there is no docs/absent.md"));
    assert_eq!(broken_link("README.md", "LICENSE#absent").as_deref(), Some("LICENSE#absent names no heading"));
    assert_eq!(broken_link("docs/search.md", "../README.md#quick-start"), None);
    assert_eq!(links("[a](b.md), [c](d.md#e)").collect::<Vec<_>>(), ["b.md", "d.md#e"]);
    assert_eq!(broken_paths("See `src/absent.rs`."), (1, vec!["there is no src/absent.rs".to_owned()]));
    assert_eq!(broken_paths("`src/main.rs:9999` is long"), (1, vec!["src/main.rs has no line 9999".to_owned()]));
    assert_eq!(
        broken_paths("`src/main.rs` `absent_name`"),
        (1, vec!["src/main.rs does not hold absent_name".to_owned()])
    );
    assert_eq!(broken_paths("`src/main.rs` `crate::main`, `POST /api/jobs`, `tests/`"), (2, Vec::new()));
}
