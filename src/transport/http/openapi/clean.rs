//! Makes the document one that client generators read well: no null defaults, and no `allOf`.

use serde_json::{Map, Value};

/// Rewrites a document.
pub fn clean(doc: &mut Value) {
    remove_null_defaults(doc);
    let Some(schemas) = doc.pointer("/components/schemas").and_then(Value::as_object).cloned() else { return };
    if let Some(Value::Object(cleaned)) = doc.pointer_mut("/components/schemas") {
        for schema in cleaned.values_mut() {
            flatten(schema, &schemas);
        }
    }
}

/// Generated clients send defaults, and null in an update clears the field.
fn remove_null_defaults(value: &mut Value) {
    match value {
        Value::Object(members) => {
            if members.get("default").is_some_and(Value::is_null) {
                members.remove("default");
            }
            members.values_mut().for_each(remove_null_defaults);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_null_defaults),
        _ => {}
    }
}

/// Joins the parts of an `allOf` into one object. Generators drop a schema if two parts describe a member differently, as
/// a nested struct and the struct around it may; the outer one is right.
fn flatten(schema: &mut Value, schemas: &Map<String, Value>) {
    let Some(Value::Array(parts)) = schema.as_object_mut().and_then(|schema| schema.remove("allOf")) else { return };
    let mut whole = Map::new();
    whole.insert("type".to_owned(), "object".into());
    let (mut required, mut properties) = (Vec::new(), Map::new());
    for mut part in parts {
        let name = part["$ref"].as_str().and_then(|reference| reference.strip_prefix("#/components/schemas/"));
        if let Some(referred) = name.and_then(|name| schemas.get(name)) {
            part = referred.clone();
            flatten(&mut part, schemas);
        }
        let Value::Object(mut part) = part else { continue };
        if let Some(Value::Object(members)) = part.remove("properties") {
            properties.extend(members);
        }
        if let Some(Value::Array(names)) = part.remove("required") {
            required.extend(names.into_iter().filter(|name| !required.contains(name)).collect::<Vec<_>>());
        }
        if let Some(additional) = part.remove("additionalProperties") {
            whole.insert("additionalProperties".to_owned(), additional);
        }
    }
    whole.insert("required".to_owned(), required.into());
    whole.insert("properties".to_owned(), properties.into());
    if let Some(schema) = schema.as_object_mut() {
        schema.extend(whole);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn parts_become_one_object_whose_outer_members_win() {
        let mut doc = json!({"components": {"schemas": {
            "Card": {"type": "object", "required": ["id"], "properties": {
                "id": {"type": "string"}, "text": {"type": ["string", "null"], "default": null}}},
            "Detail": {"description": "All.", "allOf": [{"$ref": "#/components/schemas/Card"},
                {"type": "object", "required": ["id", "text"], "properties": {"text": {"type": "string"}}}]},
            "Staged": {"allOf": [{"$ref": "#/components/schemas/Detail"},
                {"type": "object", "required": ["stage"], "properties": {"stage": {"type": "string"}}}]},
        }}});
        clean(&mut doc);
        let schemas = &doc["components"]["schemas"];
        assert_eq!(schemas["Card"]["properties"]["text"], json!({"type": ["string", "null"]}));
        assert_eq!(
            schemas["Staged"],
            json!({"type": "object", "required": ["id", "text", "stage"], "properties": {
                "id": {"type": "string"}, "text": {"type": "string"}, "stage": {"type": "string"}}})
        );
        assert_eq!(schemas["Detail"]["description"], "All.");
    }
}
