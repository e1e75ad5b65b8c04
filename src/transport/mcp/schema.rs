//! JSON schemas of arguments, from the same structs as `/openapi.json`, so that a tool and its endpoint stay in step. Here
//! references are inlined, as MCP clients require.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

type Named = BTreeMap<String, Value>;

/// The schema of `T` without references, and without `null` if it means the same as absence.
pub fn of<T: ToSchema>() -> Map<String, Value> {
    let mut named = Vec::new();
    T::schemas(&mut named);
    let named: Named = named.into_iter().map(|(name, schema)| (name, json!(schema))).collect();
    let mut schema = inline(json!(T::schema()), &named, 0);
    let mut members = schema.as_object_mut().map(std::mem::take).unwrap_or_default();
    members.remove("description");
    members.insert("type".to_owned(), json!("object"));
    members.insert("additionalProperties".to_owned(), json!(false));
    members.entry("properties").or_insert_with(|| json!({}));
    members
}

/// Adds an argument that the endpoint's body does not have.
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

/// Replaces references by their schemas, up to a maximum depth.
fn inline(schema: Value, named: &Named, depth: usize) -> Value {
    let mut members = match schema {
        Value::Object(members) => members,
        Value::Array(items) => return items.into_iter().map(|item| inline(item, named, depth)).collect(),
        other => return other,
    };
    let referred = members.get("$ref").and_then(Value::as_str).and_then(|r| r.rsplit('/').next());
    if let Some(target) = referred.and_then(|name| named.get(name)).filter(|_| depth < 8) {
        return with_description(inline(target.clone(), named, depth + 1), members.remove("description"));
    }
    if members.get("default") == Some(&Value::Null) {
        members.remove("default");
    }
    for several in ["oneOf", "anyOf"] {
        if let Some(Value::Array(choices)) = members.get_mut(several) {
            choices.retain(|choice| choice["type"] != "null");
            if choices.len() == 1 {
                return with_description(inline(choices.remove(0), named, depth), members.remove("description"));
            }
        }
    }
    // A description with "null:" documents a meaning of null, so null is kept.
    let null_has_meaning =
        members.get("description").and_then(Value::as_str).is_some_and(|text| text.contains("null:"));
    if let Some(Value::Array(kinds)) = members.get_mut("type").filter(|_| !null_has_meaning) {
        kinds.retain(|kind| kind != "null");
        if kinds.len() == 1 {
            let only = kinds.remove(0);
            members.insert("type".to_owned(), only);
        }
    }
    members.into_iter().map(|(name, value)| (name, inline(value, named, depth))).collect::<Map<_, _>>().into()
}

/// Prefers the description at the reference to that of the schema.
fn with_description(mut schema: Value, description: Option<Value>) -> Value {
    if let (Some(members), Some(description)) = (schema.as_object_mut(), description) {
        members.insert("description".to_owned(), description);
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::tickets::change::UpdateTicket;

    #[test]
    fn null_stays_if_it_has_a_meaning() {
        let schema = Value::Object(of::<UpdateTicket>());
        let updates = &schema["properties"]["updates"];
        assert_eq!(updates["type"], "object");
        assert_eq!(updates["properties"]["assigned_agent_id"]["type"], json!(["string", "null"]));
        assert_eq!(updates["properties"]["title"]["type"], "string");
        assert_eq!(schema["properties"]["priority"]["enum"][0], "low");
        assert_eq!(schema["required"], json!(["ticket_id"]));
    }
}
