//! Invalid values for body fields and queries, and bytes that are not JSON.

use std::collections::BTreeMap;

use serde_json::{Value, json};

/// Invalid values of a query parameter.
pub const QUERIES: &[&str] = &[
    "",
    "%00",
    "%FF",
    "a%00b",
    "-1",
    "0",
    "1e9",
    "99999999999999999999",
    "2147483648",
    "-2147483649",
    "NaN",
    "true",
    "yes",
    "null",
    "%F0%9F%94%A5",
    "%27%20or%201=1",
    "..%2F..",
    "%2C%2C%2C",
    "%5B%5D",
    "urgent",
    "%",
    "%2",
    "1.5",
    "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
];

/// Whether every value is sent to every endpoint, which takes minutes: `CALLBOARD_TEST_ALL=1`.
pub fn thorough() -> bool {
    std::env::var_os("CALLBOARD_TEST_ALL").is_some()
}

/// Invalid values for a field of this schema, the most informative first; `None` means the field is absent.
pub fn mutations_of(schema: &Value) -> Vec<(String, Option<Value>)> {
    let long = "x".repeat(300_000);
    let kind = schema["type"].as_str().unwrap_or_default();
    let wrong = if kind == "string" { json!(5) } else { json!("no such thing") };
    let mut values = vec![json!({"a": {"b": [1]}}), wrong, json!([[], [[]], null, 5])];
    match kind {
        "string" => values.extend([
            json!("x\0y"),
            json!(""),
            json!(" \t\n"),
            json!(long),
            json!("no such thing"),
            json!("2026-99-99T99:99"),
            json!("-rf"),
            json!("\u{7}\u{1b}[31m\u{202e}\u{fffe}"),
            json!("'; drop table tickets; --"),
            json!("+262142-12-31T23:59:59Z"),
        ]),
        "array" => values.extend([
            json!([]),
            json!([null]),
            json!([5]),
            json!([""]),
            json!([{}]),
            json!(["x\0y"]),
            json!([long]),
            json!(vec!["x"; 10_000]),
            json!((0..10_000).map(|n| json!({"id": format!("c{n}")})).collect::<Vec<_>>()),
        ]),
        "object" => {
            let many: BTreeMap<String, Value> = (0..10_000).map(|n| (format!("k{n}"), json!("x"))).collect();
            values.extend([json!([]), json!({"no_such_field": 1}), json!({"": ""}), json!({"x\0y": "z"}), json!(many)]);
        }
        _ => values.extend([
            json!(0),
            json!(-1),
            json!(1.5),
            json!(2_147_483_648_i64),
            json!(i64::MAX),
            json!(i64::MIN),
            json!(u64::MAX),
            json!(1e300),
            json!(true),
        ]),
    }
    let mut values: Vec<Option<Value>> = values.into_iter().map(Some).collect();
    values.insert(0, None);
    values.insert(1, Some(Value::Null));
    let what = |value: &Option<Value>| {
        value.as_ref().map_or("nothing".to_owned(), |v| v.to_string().chars().take(40).collect())
    };
    values.into_iter().map(|value| (what(&value), value)).collect()
}

/// Raw bytes for a field value that are not JSON, or pathological JSON.
pub fn raw() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("a lone surrogate", b"\"\\ud800\"".to_vec()),
        ("invalid UTF-8", b"\"\xff\xfe\"".to_vec()),
        ("NaN", b"NaN".to_vec()),
        ("Infinity", b"-Infinity".to_vec()),
        ("1e999", b"1e999".to_vec()),
        ("many digits", vec![b'9'; 5000]),
        ("depth 100", [vec![b'['; 100], vec![b']'; 100]].concat()),
        ("depth 100000", vec![b'['; 100_000]),
        ("a bare word", b"yes".to_vec()),
    ]
}
