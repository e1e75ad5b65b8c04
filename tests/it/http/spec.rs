//! Parses `/openapi.json` into a form from which tests can be generated.

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Map, Value, json};

use crate::client::Server;

/// One operation of the description.
#[derive(Debug, Clone)]
pub struct Operation {
    /// `POST /api/tickets/create`.
    pub name: String,
    /// Its method.
    pub method: Method,
    /// Its path, with `{parameters}`.
    pub path: String,
    /// Names of the parts of the path.
    pub parts: Vec<String>,
    /// Names of the query's parameters.
    pub query: Vec<String>,
    /// The schema of its body, with references resolved.
    pub body: Option<Value>,
    /// The documented response statuses.
    pub statuses: BTreeSet<u16>,
}

/// The OpenAPI document.
pub struct Spec {
    /// The document as served.
    pub doc: Value,
}

impl Spec {
    /// Fetches the description of a server.
    pub async fn of(server: &Server) -> Self {
        Self { doc: server.anonymous().get("/openapi.json").await.ok() }
    }

    /// Every operation with its JSON, in path order.
    pub fn documents(&self) -> impl Iterator<Item = (String, &str, &Value)> {
        let paths = self.doc["paths"].as_object().expect("paths");
        paths.iter().flat_map(|(path, item)| {
            let methods = item.as_object().expect("an item").iter();
            methods.map(move |(method, operation)| (method.to_uppercase(), path.as_str(), operation))
        })
    }

    /// Every operation.
    pub fn operations(&self) -> Vec<Operation> {
        self.documents()
            .map(|(method, path, operation)| {
                let names = |place: &str| -> Vec<String> {
                    let all = operation["parameters"].as_array().cloned().unwrap_or_default();
                    let here = all.iter().filter(|parameter| parameter["in"] == place);
                    here.map(|parameter| parameter["name"].as_str().expect("a name").to_owned()).collect()
                };
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                Operation {
                    name: format!("{method} {path}"),
                    method: method.parse().expect("a method"),
                    path: path.to_owned(),
                    parts: path
                        .split('/')
                        .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}').map(str::to_owned))
                        .collect(),
                    query: names("query"),
                    body: (!schema.is_null()).then(|| self.plain(schema)),
                    statuses: operation["responses"]
                        .as_object()
                        .expect("responses")
                        .keys()
                        .filter_map(|status| status.parse().ok())
                        .collect(),
                }
            })
            .collect()
    }

    /// A schema with references resolved and the `null` alternative removed. An enumeration becomes
    /// a string with `enum`.
    pub fn plain(&self, schema: &Value) -> Value {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().expect("a name");
            return self.plain(&self.doc["components"]["schemas"][name]);
        }
        for choice in ["oneOf", "anyOf"] {
            let mut real = schema[choice].as_array().into_iter().flatten().filter(|one| one["type"] != "null");
            if let (Some(one), None) = (real.next(), real.next()) {
                return self.plain(one);
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut properties = Map::new();
            for part in parts {
                properties.extend(self.plain(part)["properties"].as_object().cloned().unwrap_or_default());
            }
            return json!({"type": "object", "properties": properties});
        }
        let mut schema = schema.clone();
        if let Some(kinds) = schema["type"].as_array() {
            schema["type"] = kinds.iter().find(|kind| **kind != "null").expect("a type").clone();
        }
        if let Some(properties) = schema["properties"].as_object().cloned() {
            for (name, property) in properties {
                schema["properties"][name] = self.plain(&property);
            }
        }
        if schema["items"].is_object() {
            schema["items"] = self.plain(&schema["items"].clone());
        }
        schema
    }
}

/// Every field of a body: its path, such as `updates.tags` or `columns[].id`, and its schema.
pub fn fields(schema: &Value) -> Vec<(String, Value)> {
    let mut found = Vec::new();
    walk(schema, "", &mut found);
    found
}

fn walk(schema: &Value, path: &str, found: &mut Vec<(String, Value)>) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        found.push((path.clone(), property.clone()));
        walk(property, &path, found);
    }
    if schema["items"].is_object() {
        walk(&schema["items"], &format!("{path}[]"), found);
    }
}

/// Sets the value at a path, or removes it if there is none; lists on the way use their first entry. Creates
/// missing objects.
pub fn put(body: &mut Value, path: &str, value: Option<Value>) {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    let (name, in_list) = head.strip_suffix("[]").map_or((head, false), |name| (name, true));
    if !body.is_object() {
        *body = json!({});
    }
    let Some(rest) = rest else {
        match value {
            Some(value) => body[name] = value,
            None => drop(body.as_object_mut().expect("an object").remove(name)),
        }
        return;
    };
    let member = &mut body[name];
    if in_list {
        if member.as_array().is_none_or(Vec::is_empty) {
            *member = json!([{}]);
        }
        put(&mut member[0], rest, value);
    } else {
        put(member, rest, value);
    }
}
