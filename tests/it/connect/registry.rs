//! `server.json`, with which registries of MCP servers list the server.

use serde_json::Value;

#[test]
fn the_registry_entry_describes_this_version() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(folder.join("server.json")).expect("server.json");
    let entry: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(entry["version"], env!("CARGO_PKG_VERSION"));
    assert!(entry["$schema"].as_str().is_some_and(|url| url.ends_with("/2025-12-11/server.schema.json")));
    // The limits of that schema.
    let length = |name: &str| entry[name].as_str().map_or(0, |text| text.chars().count());
    assert!((1..=100).contains(&length("description")) && (1..=100).contains(&length("title")));
    let name = entry["name"].as_str().expect("a name");
    assert!(name.split_once('/').is_some_and(|(space, rest)| space.contains('.') && !rest.contains('/')), "{name}");
    let remote = &entry["remotes"][0];
    assert_eq!(remote["type"], "streamable-http");
    let url = remote["url"].as_str().expect("a url");
    assert!(url.starts_with("https://") && url.ends_with(callboard::transport::mcp::PATH), "{url}");
    for (text, variables) in [
        (url, &remote["variables"]),
        (remote["headers"][0]["value"].as_str().expect("a value"), &remote["headers"][0]["variables"]),
    ] {
        let variable = text.split_once('{').and_then(|(_, rest)| rest.split_once('}')).expect("a variable").0;
        assert!(variables[variable]["description"].is_string(), "{variable} is not described");
    }
    assert_eq!(remote["headers"][0]["name"], "Authorization");
}
