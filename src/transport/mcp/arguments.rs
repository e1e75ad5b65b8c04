//! Reading arguments as models send them: values of another type are converted where the schema leaves one meaning, and
//! arguments that a tool does not have are set aside.

use serde_json::{Map, Number, Value, json};

/// Arguments that automation tools add to every call.
const ADDED_BY_TOOLS: [&str; 5] = ["toolCallId", "tool_call_id", "sessionId", "action", "chatInput"];

/// Arguments that are one value where they hold spaces, although they are a list: names of columns and types.
const NAMES_WITH_SPACES: [&str; 3] = ["status", "ticket_type", "stages"];

/// Whether an argument refers to something, which has no empty name. Assignee, parent and milestone are cleared by empty text.
fn is_reference(name: &str) -> bool {
    match name {
        "assigned_agent_id" | "parent_ticket_id" | "milestone_id" => false,
        "cursor" | "path" | "commit_sha" | "initial_status" | "new_status" | "ticket_type" | "stage"
        | "lease_token" => true,
        _ => name.ends_with("_id"),
    }
}

/// The arguments of one call.
#[derive(Debug, Default, PartialEq)]
pub struct Arguments {
    /// Those that the tool has, converted.
    pub known: Map<String, Value>,
    /// Names that were given as null, which else means the same as absence.
    pub nulls: Vec<String>,
    /// Names that the tool does not have.
    pub ignored: Vec<String>,
}

/// Sorts and converts the arguments by the whole schema of a tool.
pub fn read(schema: &Map<String, Value>, given: Map<String, Value>) -> Arguments {
    let (mut sorted, mut filters) = (Arguments::default(), Map::new());
    for (name, value) in given {
        match schema["properties"].get(&name) {
            None if ADDED_BY_TOOLS.contains(&name.as_str()) || value.is_null() => {}
            None => match schema["properties"]["filters"]["properties"].get(&name) {
                // Beside the filters in place of among them.
                Some(_) if value == "" => {}
                Some(kind) => drop(filters.insert(name.clone(), convert(&name, kind, value))),
                None => sorted.ignored.push(name),
            },
            Some(_) if value.is_null() => sorted.nulls.push(name),
            // Forms and models send empty text for what they do not set.
            Some(kind)
                if value == "" && (kind["type"] != "string" || kind["enum"].is_array() || is_reference(&name)) => {}
            Some(kind) => {
                let value = convert(&name, kind, value);
                sorted.known.insert(name, value);
            }
        }
    }
    if !filters.is_empty()
        && let Some(given) = sorted.known.entry("filters").or_insert_with(|| json!({})).as_object_mut()
    {
        for (name, value) in filters {
            given.entry(name).or_insert(value);
        }
    }
    sorted
}

/// A value of the schema's type, if the given one has only that meaning; else the given one, which is then refused.
fn convert(name: &str, schema: &Value, value: Value) -> Value {
    let kind = schema["type"].as_str().unwrap_or_default();
    let parsed = match &value {
        Value::String(text) => from_text(name, schema, kind, text),
        Value::Number(number) if kind == "integer" && number.is_f64() => whole(number),
        _ => None,
    };
    match (parsed.unwrap_or(value), kind) {
        (Value::Array(items), "array") => items.into_iter().map(|item| convert("", &schema["items"], item)).collect(),
        (Value::Object(members), "object") => members
            .into_iter()
            .map(|(name, member)| {
                let converted = match schema["properties"].get(&name) {
                    Some(kind) => convert(&name, kind, member),
                    None => member,
                };
                (name, converted)
            })
            .collect::<Map<_, _>>()
            .into(),
        (value, _) => value,
    }
}

fn from_text(name: &str, schema: &Value, kind: &str, text: &str) -> Option<Value> {
    let trimmed = text.trim();
    match kind {
        "integer" | "number" => match serde_json::from_str(trimmed).ok()? {
            Value::Number(number) if kind == "integer" && number.is_f64() => whole(&number),
            Value::Number(number) => Some(number.into()),
            _ => None,
        },
        "boolean" => match trimmed.to_ascii_lowercase().as_str() {
            "true" => Some(json!(true)),
            "false" => Some(json!(false)),
            _ => None,
        },
        "object" => serde_json::from_str(trimmed).ok().filter(Value::is_object),
        "array" => match serde_json::from_str(trimmed) {
            Ok(list @ Value::Array(_)) => Some(list),
            // One word is a list of one; several words could be one or many.
            _ if schema["items"]["type"] == "string" && is_one_value(name, trimmed) => Some(json!([trimmed])),
            _ => None,
        },
        "string" => word_of(schema, trimmed),
        _ => None,
    }
}

fn is_one_value(name: &str, text: &str) -> bool {
    let spaced = NAMES_WITH_SPACES.contains(&name);
    let separates = |c: char| (c.is_whitespace() && !(spaced && c == ' ')) || c.is_control() || ",;[]{}\"".contains(c);
    !text.is_empty() && !text.contains(separates)
}

/// The word of an enumeration that differs in case, spaces or hyphens only.
fn word_of(schema: &Value, text: &str) -> Option<Value> {
    let plain = |text: &str| text.to_ascii_lowercase().replace([' ', '-'], "_");
    schema["enum"].as_array()?.iter().find(|word| word.as_str().is_some_and(|word| word == plain(text))).cloned()
}

fn whole(number: &Number) -> Option<Value> {
    let value = number.as_f64()?;
    // Beyond 2^53 the text has lost digits.
    (value.fract() == 0.0 && value.abs() < 9e15).then(|| json!(value as i64))
}

/// What to use instead of ignored arguments of the tools that create and change tickets; `None` if nothing was ignored.
pub fn hint(tool: &str, ignored: &[String]) -> Option<String> {
    if ignored.is_empty() {
        return None;
    }
    let creates = tool == "create_ticket";
    let instead = |name: &str| match name.to_ascii_lowercase().as_str() {
        "status" | "new_status" | "column" | "state" if creates => Some("initial_status sets the column"),
        "status" | "new_status" | "column" | "state" => Some("change_ticket_status moves a ticket"),
        "assignee" | "assigned_to" | "owner" | "assignee_id" => Some("assigned_agent_id sets the assignee"),
        "type" | "issue_type" => Some("ticket_type sets the type"),
        "labels" | "label" => Some("tags sets the labels"),
        "parent" | "parent_id" | "epic" => Some("parent_ticket_id sets the parent"),
        "blockers" | "blocked_by" | "depends_on" | "dependencies" => Some("blocked_by_ticket_ids sets the blockers"),
        "comment" | "comments" => Some("add_ticket_comment writes a comment"),
        "resolution" | "resolved" | "is_resolved" => Some("resolve_ticket ends a ticket"),
        "estimate" | "points" => Some("story_points or estimate_minutes sets the estimate"),
        "due" | "due_date" | "deadline" | "due_at" => Some("due_on sets the due date"),
        "milestone" | "sprint" => Some("milestone_id sets the milestone"),
        "body" | "text" | "content" => Some("description holds the text"),
        _ => None,
    };
    let about_tickets = matches!(tool, "create_ticket" | "update_ticket");
    let named: Vec<String> = ignored
        .iter()
        .take(10)
        .map(|name| {
            let short: String = name.chars().take(60).collect();
            match instead(name).filter(|_| about_tickets) {
                Some(instead) => format!("{short} ({instead})"),
                None => short,
            }
        })
        .collect();
    Some(format!("Ignored arguments: {}.", named.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn converted(kind: Value, value: Value) -> Value {
        convert("tags", &kind, value)
    }

    #[test]
    fn values_with_one_meaning_are_converted() {
        let (whole, list) = (json!({"type": "integer"}), json!({"type": "array", "items": {"type": "string"}}));
        assert_eq!(converted(whole.clone(), json!("5")), json!(5));
        assert_eq!(converted(whole.clone(), json!(5.0)), json!(5));
        assert_eq!(converted(json!({"type": "number"}), json!(" 0.5 ")), json!(0.5));
        assert_eq!(converted(json!({"type": "boolean"}), json!("True")), json!(true));
        assert_eq!(converted(list.clone(), json!("[\"a\", \"b\"]")), json!(["a", "b"]));
        assert_eq!(converted(list.clone(), json!("a")), json!(["a"]));
        let word = json!({"type": "string", "enum": ["high", "in_progress"]});
        assert_eq!(converted(word.clone(), json!("In Progress")), json!("in_progress"));
        let nested = json!({"type": "object", "properties": {"points": whole, "tags": list}});
        assert_eq!(
            converted(nested.clone(), json!("{\"points\": \"3\", \"tags\": \"[\\\"x\\\"]\", \"more\": null}")),
            json!({"points": 3, "tags": ["x"], "more": null})
        );
        for (kind, kept) in [
            (whole.clone(), json!("five")),
            (whole.clone(), json!("1.5")),
            (whole, json!(true)),
            (list.clone(), json!("a, b")),
            (list, json!(5)),
            (nested, json!("[1]")),
            (word, json!("urgent")),
            (json!({"type": "string"}), json!(5)),
            (json!({"type": "boolean"}), json!("yes")),
        ] {
            assert_eq!(converted(kind, kept.clone()), kept);
        }
    }

    #[test]
    fn empty_references_are_absent_and_stray_filters_are_put_in_place() {
        let text = json!({"type": "string"});
        let statuses = json!({"type": "array", "items": {"type": "string"}});
        let schema = json!({"properties": {"cursor": text, "parent_ticket_id": text, "title": text,
            "part": {"type": "string", "enum": ["overview"]},
            "filters": {"type": "object", "properties": {"status": statuses, "tags": statuses}}}});
        let given = json!({"cursor": "", "part": "", "parent_ticket_id": "", "title": "", "status": "In Progress",
            "filters": {"tags": "a"}});
        let sorted = read(schema.as_object().expect("a schema"), given.as_object().cloned().expect("arguments"));
        let known = json!({"parent_ticket_id": "", "title": "", "filters": {"status": ["In Progress"], "tags": ["a"]}});
        assert_eq!((Value::Object(sorted.known), sorted.ignored.len()), (known, 0));
    }

    #[test]
    fn unknown_arguments_are_set_aside() {
        let schema = json!({"properties": {"limit": {"type": "integer"}, "title": {"type": "string"}}});
        let given = json!({"limit": "", "title": null, "chatInput": "x", "status": "done", "empty": null});
        let sorted = read(schema.as_object().expect("a schema"), given.as_object().cloned().expect("arguments"));
        assert_eq!(
            (sorted.known.len(), sorted.nulls, &sorted.ignored),
            (0, vec!["title".to_owned()], &vec!["status".to_owned()])
        );
        let hint = |tool| hint(tool, &sorted.ignored).unwrap_or_default();
        assert!(hint("update_ticket").contains("change_ticket_status"));
        assert_eq!(hint("get_board"), "Ignored arguments: status.");
    }
}
