//! Which module may use which: layers, foreign crates, and no cycles.

use std::collections::{BTreeMap, BTreeSet};

use super::source::{Source, assert_none, files};

/// The layers, from the top. Each lists the layers that it may use besides itself; the longest name that fits a
/// file is its layer.
const LAYERS: &[(&str, &[&str])] = &[
    ("main", &["cli"]),
    ("lib", &["error"]),
    ("build", &[]),
    ("cli", &["serve", "tools", "worker", "client", "compat", "domain", "db", "config", "telemetry", "error"]),
    ("serve", &["tools", "transport", "app", "domain", "db", "config", "telemetry", "allocator", "error"]),
    ("tools", &["client", "domain", "db", "config", "error"]),
    ("worker", &["client", "domain", "error"]),
    ("client", &["compat", "domain", "error"]),
    ("transport", &[]),
    ("transport/http", &["transport/live", "app", "compat", "domain", "config", "error"]),
    ("transport/mcp", &["transport/http", "transport/live", "app", "domain", "db", "error"]),
    (
        "transport/live",
        &[
            "compat/engine",
            "compat/job_builder",
            "compat/stage_board",
            "compat/workflow_board",
            "domain/history",
            "domain/accounts",
            "db",
            "error",
        ],
    ),
    ("app", &["domain", "db", "config", "error"]),
    ("compat", &["domain", "db", "config", "error"]),
    ("domain", &["outbound", "db", "config", "error"]),
    ("outbound", &["error"]),
    ("db", &["config", "error"]),
    ("telemetry", &["error"]),
    ("allocator", &[]),
    ("config", &["error"]),
    ("error", &[]),
];

/// Crates that only some layers may name.
const CRATES: &[(&str, &[&str])] = &[
    (
        "actix_web",
        &["transport/http", "transport/mcp", "transport/live/socket", "transport/live/socket_writer", "app", "serve"],
    ),
    // Telemetry names the crate as a source of log lines.
    ("actix_http", &["transport/http/ws", "transport/live/socket", "telemetry"]),
    ("agent_client_protocol", &["worker/acp", "worker/job/agent"]),
    ("rmcp", &["transport/mcp"]),
    ("rmcp_actix_web", &["transport/mcp"]),
    ("utoipa_actix_web", &["transport/http"]),
    ("tokio_postgres", &["db", "domain", "compat", "error", "tools"]),
    ("deadpool_postgres", &["db"]),
    ("callboard_encoder", &["domain/embeddings/local"]),
    ("tokenizers", &["domain/embeddings/local"]),
    ("jsonc_parser", &["domain/agent_setup/document"]),
    ("toml_edit", &["domain/agent_setup/document"]),
    // Two enums of the domain are values of flags too; a test of the HTTP layer parses settings.
    ("clap", &["cli", "config", "tools", "domain/export", "domain/accounts/agents", "transport/http/origin"]),
];

/// `src/domain/jobs.rs` is the module `domain/jobs`.
fn module_of(path: &str) -> &str {
    path.trim_start_matches("src/").trim_end_matches(".rs")
}

fn is_within(module: &str, layer: &str) -> bool {
    module.strip_prefix(layer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

fn layer_of(module: &str) -> &'static (&'static str, &'static [&'static str]) {
    let fitting = LAYERS.iter().filter(|(layer, _)| is_within(module, layer));
    fitting.max_by_key(|(layer, _)| layer.len()).unwrap_or_else(|| panic!("{module} belongs to no layer"))
}

/// The paths `crate::…`, `super::…` and `self::…` that a file names, as module paths with `/`, with their lines.
/// Groups (`use crate::{a, b::c};`) are resolved.
fn named_paths(file: &Source) -> Vec<(usize, String)> {
    let module = module_of(&file.path);
    let code: Vec<(usize, &str)> = file.code().collect();
    let mut found = Vec::new();
    for (place, (number, line)) in code.iter().enumerate() {
        for (start, head) in ["crate::", "super::", "self::"].iter().flat_map(|head| {
            line.match_indices(head)
                .filter(|(at, _)| !is_name_part(line[..*at].chars().next_back()))
                .collect::<Vec<_>>()
        }) {
            let mut text = line[start..].to_owned();
            // A group may run over several lines.
            let mut rest = code[place + 1..].iter();
            while text.matches('{').count() > text.matches('}').count() && line.trim_start().contains("use ") {
                let Some((_, next)) = rest.next() else { break };
                text.push_str(next.trim());
            }
            for path in expand(&text) {
                let resolved = resolve(module, &path);
                if !resolved.is_empty() {
                    found.push((*number, resolved));
                }
            }
            let _ = head;
        }
    }
    found
}

fn is_name_part(character: Option<char>) -> bool {
    character.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_' || c == ':' || c == '$')
}

/// `crate::{a, b::{c, d}}` gives `crate::a`, `crate::b::c` and `crate::b::d`.
fn expand(text: &str) -> Vec<String> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')).unwrap_or(text.len());
    let (head, rest) = text.split_at(end);
    if !rest.starts_with('{') || !head.ends_with("::") {
        return vec![head.trim_end_matches(':').to_owned()];
    }
    let (mut depth, mut items, mut item) = (0, Vec::new(), String::new());
    for character in rest.chars() {
        match character {
            '{' if depth == 0 => depth = 1,
            '}' if depth == 1 => break,
            ',' if depth == 1 => items.push(std::mem::take(&mut item)),
            _ => {
                depth += i32::from(character == '{') - i32::from(character == '}');
                item.push(character);
            }
        }
    }
    items.push(item);
    items.iter().map(|i| i.trim()).filter(|i| !i.is_empty()).flat_map(|i| expand(&format!("{head}{i}"))).collect()
}

/// The module path that a path in `module` names, without the names of items (which begin with a capital letter).
fn resolve(module: &str, path: &str) -> String {
    let mut base: Vec<&str> = Vec::new();
    for (place, part) in path.split("::").enumerate() {
        match part {
            "crate" => base.clear(),
            "self" if place == 0 => base = module.split('/').collect(),
            "super" => {
                if place == 0 {
                    base = module.split('/').collect();
                }
                base.pop();
            }
            "self" | "" => {}
            part if part.starts_with(|c: char| c.is_ascii_uppercase()) => break,
            part => base.push(part),
        }
    }
    base.join("/")
}

#[test]
fn imports_run_one_way() {
    let (mut found, mut looked_at) = (Vec::new(), 0);
    for file in files("src", ".rs") {
        let module = module_of(&file.path);
        let (layer, below) = layer_of(module);
        for (number, path) in named_paths(&file) {
            looked_at += 1;
            let allowed = is_within(&path, layer) || below.iter().any(|other| is_within(&path, other));
            // `crate::Result` and macros at the root of the crate belong to nobody; names of functions are no layer.
            let known = LAYERS.iter().any(|(other, _)| is_within(&path, other));
            if known && !allowed {
                found.push(format!("{}:{number}: {layer} may not use {path}", file.path));
            }
        }
    }
    assert!(looked_at > 500, "only {looked_at} imports were found; the reader of imports is broken");
    assert_none(&found);
}

#[test]
fn every_layer_has_files() {
    let modules = files("src", ".rs");
    let empty: Vec<String> = LAYERS
        .iter()
        .filter(|(layer, _)| !modules.iter().any(|file| is_within(module_of(&file.path), layer)))
        .map(|(layer, _)| format!("the layer {layer} has no file"))
        .collect();
    assert_none(&empty);
}

#[test]
fn foreign_crates_stay_in_their_layers() {
    let mut found = Vec::new();
    for (name, layers) in CRATES {
        let mut uses = 0;
        for file in files("src", ".rs") {
            let module = module_of(&file.path);
            for (number, line) in file.code() {
                let named = line
                    .match_indices(&format!("{name}::"))
                    .any(|(at, _)| !is_name_part(line[..at].chars().next_back()));
                uses += usize::from(named);
                if named && !layers.iter().any(|layer| is_within(module, layer)) {
                    found.push(format!("{}:{number}: only {} may use {name}", file.path, layers.join(", ")));
                }
            }
        }
        assert!(uses > 0, "nothing uses {name}; take it off the list");
    }
    assert_none(&found);
}

#[test]
fn transports_hold_no_sql() {
    let (mut found, mut looked_at) = (Vec::new(), 0);
    for file in files("src/transport", ".rs") {
        looked_at += 1;
        for (number, line) in file.code() {
            if line.contains("sql/queries") || line.contains("sql_fn!") {
                found.push(format!("{}:{number}: {}", file.path, line.trim()));
            }
        }
    }
    assert!(looked_at > 50, "only {looked_at} files of transports were found");
    assert_none(&found);
}

/// A module and the modules below it count as one: a parent re-exports its children, and they use its types.
#[test]
fn no_modules_import_each_other_in_a_circle() {
    let sources = files("src", ".rs");
    let modules: BTreeSet<&str> = sources.iter().map(|file| module_of(&file.path)).collect();
    let mut edges: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in &sources {
        let from = module_of(&file.path);
        for (_, path) in named_paths(file) {
            // The longest prefix that is a file.
            let to = modules.iter().filter(|module| is_within(&path, module)).max_by_key(|module| module.len());
            if let Some(to) = to
                && !is_within(to, from)
                && !is_within(from, to)
            {
                edges.entry(from).or_default().insert(to);
            }
        }
    }
    let count: usize = edges.values().map(BTreeSet::len).sum();
    assert!(count > 300, "only {count} edges between modules were found; the reader of imports is broken");
    let circles: Vec<String> = modules.iter().filter_map(|start| circle_through(start, &edges)).collect();
    assert_none(&circles);
}

/// The shortest way from a module back to itself.
fn circle_through(start: &str, edges: &BTreeMap<&str, BTreeSet<&str>>) -> Option<String> {
    let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for next in edges.get(at).into_iter().flatten() {
            if *next == start {
                let mut way = vec![start, at];
                while let Some(before) = came_from.get(way.last().copied().unwrap_or(start)) {
                    way.push(before);
                }
                way.reverse();
                return Some(way.join(" → "));
            }
            if !came_from.contains_key(next) && *next != start {
                came_from.insert(next, at);
                queue.push_back(next);
            }
        }
    }
    None
}
