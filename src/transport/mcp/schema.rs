//! JSON schemas of arguments, from the same structs as `/openapi.json`, so that a tool and its endpoint stay in step.
//!
//! `of` is the whole schema, by which arguments are read. `shown` is what clients get: fewer arguments, short descriptions,
//! and only what every client's model accepts (one type each, no references, no combinators, no free-form objects).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

type Named = BTreeMap<String, Value>;

/// Members of a nested object that are shown; the others are accepted too.
const SHOWN_FILTERS: [&str; 6] =
    ["status", "priority", "ticket_type", "assigned_agent_id", "tags", "include_completed"];

/// The schema of `T` without references and without `null`.
pub fn of<T: ToSchema>() -> Map<String, Value> {
    let mut named = Vec::new();
    T::schemas(&mut named);
    let named: Named = named.into_iter().map(|(name, schema)| (name, json!(schema))).collect();
    let mut schema = inline(json!(T::schema()), &named, 0);
    let mut members = schema.as_object_mut().map(std::mem::take).unwrap_or_default();
    members.remove("description");
    members.insert("type".to_owned(), json!("object"));
    members.entry("properties").or_insert_with(|| json!({}));
    members
}

/// Adds an argument that the endpoint's body does not have, or replaces one.
pub fn with(mut schema: Map<String, Value>, name: &str, kind: Value) -> Map<String, Value> {
    if let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) {
        properties.insert(name.to_owned(), kind);
    }
    schema
}

/// Makes an argument required that the endpoint's body may leave out.
pub fn require(mut schema: Map<String, Value>, name: &str) -> Map<String, Value> {
    if let Some(required) = schema.entry("required").or_insert_with(|| json!([])).as_array_mut() {
        required.push(json!(name));
    }
    schema
}

/// Adds a required argument: a path parameter of the endpoint.
pub fn with_required(schema: Map<String, Value>, name: &str, kind: Value) -> Map<String, Value> {
    let mut schema = with(schema, name, kind);
    if let Some(required) = schema.entry("required").or_insert_with(|| json!([])).as_array_mut() {
        required.insert(0, json!(name));
    }
    schema
}

/// The description of an argument that means the same everywhere.
fn common_description(name: &str) -> &'static str {
    match name {
        "workflow_id" => "Id or name.",
        "ticket_id" => "Id or key.",
        "job_id" => "The job.",
        "lease_token" => "From the claim.",
        "limit" => "Page size.",
        "cursor" => "next_cursor.",
        "offset" => "next_offset.",
        "agent_id" => "Act as.",
        _ => "",
    }
}

/// The schema that clients get: the named arguments with their descriptions.
pub fn shown(full: &Map<String, Value>, arguments: &[(&str, &str)]) -> Map<String, Value> {
    let mut properties = Map::new();
    for (name, description) in arguments {
        let description = if description.is_empty() { common_description(name) } else { description };
        // A free-form object has no form that every client accepts; as text it has.
        let as_text = description.ends_with("as text.");
        let mut kind = match full["properties"].get(*name) {
            Some(kind) if !as_text => plain(kind),
            _ => Map::from_iter([("type".to_owned(), json!("string"))]),
        };
        kind.insert("description".to_owned(), json!(description));
        properties.insert((*name).to_owned(), kind.into());
    }
    let mut schema =
        Map::from_iter([("type".to_owned(), json!("object")), ("properties".to_owned(), properties.into())]);
    if let Some(required) = full.get("required").filter(|required| **required != json!([])) {
        schema.insert("required".to_owned(), required.clone());
    }
    schema
}

/// A schema with its type, its words, its items and its members, and nothing else.
fn plain(schema: &Value) -> Map<String, Value> {
    let mut kept = Map::from_iter([("type".to_owned(), schema.get("type").cloned().unwrap_or(json!("string")))]);
    if let Some(words) = schema.get("enum") {
        kept.insert("enum".to_owned(), words.clone());
    }
    if let Some(items) = schema.get("items") {
        kept.insert("items".to_owned(), plain(items).into());
    }
    if let Some(members) = schema.get("properties").and_then(Value::as_object) {
        let members = members.iter().filter(|(name, _)| SHOWN_FILTERS.contains(&name.as_str()));
        let members: Map<String, Value> = members.map(|(name, member)| (name.clone(), plain(member).into())).collect();
        kept.insert("properties".to_owned(), members.into());
    }
    kept
}

/// Replaces references by their schemas, up to a maximum depth, and removes `null`.
fn inline(schema: Value, named: &Named, depth: usize) -> Value {
    let mut members = match schema {
        Value::Object(members) => members,
        Value::Array(items) => return items.into_iter().map(|item| inline(item, named, depth)).collect(),
        other => return other,
    };
    let referred = members.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next());
    if let Some(target) = referred.and_then(|name| named.get(name)).filter(|_| depth < 8) {
        return inline(target.clone(), named, depth + 1);
    }
    if members.get("default") == Some(&Value::Null) {
        members.remove("default");
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(Value::Array(choices)) = members.get_mut(several) {
            choices.retain(|choice| choice["type"] != "null");
            if choices.len() == 1 {
                return inline(choices.remove(0), named, depth);
            }
        }
    }
    if let Some(Value::Array(kinds)) = members.get_mut("type") {
        kinds.retain(|kind| kind != "null");
        if kinds.len() == 1 {
            let only = kinds.remove(0);
            members.insert("type".to_owned(), only);
        }
    }
    members.into_iter().map(|(name, value)| (name, inline(value, named, depth))).collect::<Map<_, _>>().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tickets::change::UpdateTicket;

    #[test]
    fn every_argument_has_one_type() {
        let full = of::<UpdateTicket>();
        let updates = &full["properties"]["updates"];
        assert_eq!(updates["properties"]["assigned_agent_id"]["type"], "string");
        assert_eq!(full["required"], json!(["ticket_id"]));
        let shown =
            Value::Object(shown(&full, &[("ticket_id", ""), ("priority", "How urgent."), ("tags", "All tags.")]));
        assert_eq!(
            shown,
            json!({"type": "object", "required": ["ticket_id"], "properties": {
                "ticket_id": {"type": "string", "description": "Id or key."},
                "priority": {"type": "string", "enum": ["low", "medium", "high", "critical"], "description": "How urgent."},
                "tags": {"type": "array", "items": {"type": "string"}, "description": "All tags."}}})
        );
    }
}
