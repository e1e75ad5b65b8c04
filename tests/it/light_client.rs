//! The crate with `default-features = false, features = ["client"]`: what it depends on, and that it compiles.

use std::path::Path;
use std::process::Command;

/// Runs cargo for the light build, without network. The target folder is that of the tests, so that native code which
/// both builds share is not compiled again.
fn cargo(arguments: &[&str]) -> String {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a target folder");
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .args(["--offline", "--locked", "--no-default-features", "--features", "client"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env("CARGO_TARGET_DIR", target)
        .output()
        .expect("run cargo");
    assert!(output.status.success(), "cargo {arguments:?}:\n{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The names of the crates that the light build depends on, without Callboard itself.
fn dependencies(depth: &[&str]) -> Vec<String> {
    let arguments: &[&str] = &["tree", "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let tree = cargo(&[arguments, depth].concat());
    let mut names: Vec<String> = tree.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    names.retain(|name| !name.is_empty() && name != "callboard");
    names.sort();
    names.dedup();
    names
}

#[test]
fn the_client_depends_on_little() {
    assert_eq!(
        dependencies(&["--depth", "1"]),
        [
            "fastrand",
            "form_urlencoded",
            "futures-util",
            "jiff",
            "reqwest",
            "rustls",
            "secrecy",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tokio-tungstenite",
            "utoipa",
            "uuid",
        ]
    );
}

#[test]
fn the_client_depends_on_neither_web_server_nor_model_nor_database() {
    let all = dependencies(&[]);
    assert!(all.len() > 20, "cargo tree lists the dependencies: {all:?}");
    let heavy = [
        "actix",
        "argon2",
        "callboard-encoder",
        "clap",
        "deadpool",
        "governor",
        "inventory",
        "jsonwebtoken",
        "metrics",
        "pgvector",
        "postgres",
        "rayon",
        "refinery",
        "rmcp",
        "rust-embed",
        "tokenizers",
        "tokio-postgres",
        "tracing-subscriber",
    ];
    let found: Vec<_> = all.iter().filter(|name| heavy.iter().any(|prefix| name.starts_with(prefix))).collect();
    assert!(found.is_empty(), "the light build depends on {found:?}");
}

#[test]
fn the_client_compiles_alone() {
    cargo(&["check", "--lib"]);
}
