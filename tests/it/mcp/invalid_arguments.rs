//! Generated from the list of tools: each argument of a valid call is mutated in turn. The error names the
//! argument, and nothing changes.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::tenants::TestTenant;
use crate::http::fixtures::{TestWorkflow, open, text};

/// Invalid values for an argument of this schema.
fn mutations(schema: &Value) -> Vec<Value> {
    let kinds: Vec<&str> = schema["type"].as_str().into_iter().collect();
    let mut bad = vec![];
    for (kind, others) in [
        ("string", json!([5, true, ["x"], {"x": 1}, "a\u{0}b"])),
        ("integer", json!(["x", 1.5, [1], true, 1e30])),
        ("number", json!(["x", [1], true])),
        ("boolean", json!(["yes", 1, []])),
        ("array", json!(["x, y", 5, {}, [[[1]]], ["a\u{0}b"]])),
        ("object", json!(["x", 5, [1]])),
    ] {
        if kinds.contains(&kind) {
            bad.extend(others.as_array().cloned().unwrap_or_default());
        }
    }
    // Objects that are shown as text are accepted as objects too.
    if schema["description"].as_str().is_some_and(|text| text.ends_with("as text.")) {
        bad.retain(|value| !value.is_object());
    }
    if schema["enum"].is_array() {
        bad.push(json!("no-such-word"));
    }
    bad
}

#[tokio::test]
async fn every_argument_is_checked_by_every_tool() {
    let server = open("mcpspoiled").await;
    let tenant = TestTenant::build(&server, "ada").await;
    // With only one workflow, none would have to be named.
    TestWorkflow::of(&tenant.agent.client).await;
    let listed = tenant.agent.result("tools/list", json!({})).await;
    let changes = async || server.number("select count(*) from history").await;
    let before = changes().await;
    let (mut wrong, mut tried) = (String::new(), 0);
    for tool in listed["tools"].as_array().expect("tools") {
        let (name, schema) = (text(tool, "name"), &tool["inputSchema"]);
        let good = tenant.filled(&name, None);
        let mut attempts: Vec<(String, Value)> = vec![];
        for (field, kind) in schema["properties"].as_object().expect("properties") {
            attempts.extend(mutations(kind).into_iter().map(|value| {
                let mut bad = good.clone();
                bad[field] = value;
                (field.clone(), bad)
            }));
        }
        for field in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut bad = good.clone();
            bad.as_object_mut().expect("an object").remove(field);
            attempts.push((field.to_owned(), bad));
        }
        for (field, arguments) in attempts {
            tried += 1;
            let result = tenant.agent.call(&name, arguments.clone()).await;
            let message = result["content"][0]["text"].as_str().unwrap_or("");
            if result["structuredContent"]["code"] != "invalid" || !message.contains(&field) {
                let _ = writeln!(wrong, "{name}.{field} = {}: {message}", arguments[&field]);
            }
        }
    }
    assert!(tried > 500, "only {tried} were tried");
    assert!(wrong.is_empty(), "\n{wrong}");
    assert_eq!(changes().await, before, "nothing changed");
}
