//! The size budget of responses, so that they fit into an agent's context: texts are truncated with the offset to continue
//! from, lists are paged, and every response has a maximum size.

use serde_json::{Map, Value, json};

/// Budget of a response in bytes of JSON; lists stop before it.
pub const RESPONSE_BUDGET: usize = 32 * 1024;
/// Maximum bytes of any response.
pub const MAX_RESPONSE: usize = 64 * 1024;

/// Bytes of a character in JSON.
fn json_len(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..'\u{20}' => 6,
        _ => character.len_utf8(),
    }
}

/// An excerpt of a text, by characters, and the offset of the next one if more follows. Its JSON has at most `2 * length`
/// bytes, so an excerpt with many escapes is shorter.
pub fn excerpt(text: &str, offset: usize, length: usize) -> (&str, Option<usize>) {
    let start = text.char_indices().nth(offset).map_or(text.len(), |(at, _)| at);
    let rest = &text[start..];
    let mut bytes = 0;
    for (count, (at, character)) in rest.char_indices().enumerate() {
        bytes += json_len(character);
        if count > 0 && (count >= length || bytes > 2 * length) {
            return (&rest[..at], Some(offset + count));
        }
    }
    (rest, None)
}

/// The first characters of a text, with a note if more follows.
pub fn truncate(text: &str, length: usize) -> String {
    match excerpt(text, 0, length) {
        (all, None) => all.to_owned(),
        (head, Some(end)) => format!("{head}… [{end} of {} characters]", text.chars().count()),
    }
}

/// Removes empty members (null, empty texts, lists and objects), members that only a board's display needs, and the
/// fractions of seconds.
pub fn compact(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(name, value)| !is_empty(value) && !DISPLAYED.contains(&name.as_str()))
            .map(|(name, value)| match value {
                Value::String(time) if name.ends_with("_at") || name == "at" => (name, to_second(&time).into()),
                value => (name, compact(value)),
            })
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(compact).collect(),
        other => other,
    }
}

/// Members that only a board's display needs.
const DISPLAYED: [&str; 4] = ["rank", "number", "color", "icon"];

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// `2026-01-31T12:00:00.123456+00:00` as `2026-01-31T12:00:00Z`; every other text as it is.
fn to_second(time: &str) -> String {
    let zoned = time.get(19..).and_then(|rest| rest.strip_suffix("+00:00").or_else(|| rest.strip_suffix('Z')));
    match zoned {
        Some(fraction) if fraction.trim_start_matches('.').chars().all(|c| c.is_ascii_digit()) => {
            format!("{}Z", &time[..19])
        }
        _ => time.to_owned(),
    }
}

/// The first items that fit into `budget` bytes, at least one; and their number.
pub fn fit(items: Vec<Value>, budget: usize) -> (Vec<Value>, usize) {
    let mut bytes = 0;
    let kept: Vec<Value> = items
        .into_iter()
        .take_while(|item| {
            let first = bytes == 0;
            bytes += item.to_string().len() + 1;
            first || bytes <= budget
        })
        .collect();
    let count = kept.len();
    (kept, count)
}

/// A page of a list with opaque cursors: as many items as fit. If not all fit, fetches again with the number that does,
/// for the right cursor.
pub async fn fit_page<F, P>(limit: i32, fetch: F) -> crate::Result<(Vec<Value>, bool, Option<String>)>
where
    F: Fn(i32) -> P,
    P: Future<Output = crate::Result<(Vec<Value>, bool, Option<String>)>>,
{
    let (items, more, next) = fetch(limit).await?;
    let fetched = items.len();
    let (kept, count) = fit(items, RESPONSE_BUDGET);
    match i32::try_from(count) {
        Ok(fewer) if count < fetched => fetch(fewer).await,
        _ => Ok((kept, more, next)),
    }
}

/// A page of a list as data; an empty list is kept.
pub fn page(name: &str, items: Vec<Value>, more: bool, next_cursor: Option<String>) -> Value {
    let mut data = json!({name: items, "has_more": more});
    if let Some(cursor) = next_cursor.filter(|_| more) {
        data["next_cursor"] = json!(cursor);
    }
    data
}

/// Enforces [`MAX_RESPONSE`]: shortens texts and lists of a response that is still too large.
pub fn cap(mut value: Value) -> Value {
    let (mut length, mut count) = (8000, 200);
    while value.to_string().len() > MAX_RESPONSE && length > 20 {
        value = shorten(value, length, count);
        (length, count) = (length / 2, (count / 2).max(5));
        if let Some(members) = value.as_object_mut() {
            members.insert(
                "shortened".to_owned(),
                json!("This response was too large and was shortened; request less at once."),
            );
        }
    }
    value
}

fn shorten(value: Value, length: usize, count: usize) -> Value {
    match value {
        Value::String(text) => truncate(&text, length).into(),
        Value::Array(items) => items.into_iter().take(count).map(|item| shorten(item, length, count)).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (name, shorten(value, length, count))).collect::<Map<_, _>>().into()
        }
        other => other,
    }
}

/// The offset in a cursor of a list.
pub fn parse_offset(cursor: Option<&str>) -> crate::Result<usize> {
    match cursor {
        None | Some("") => Ok(0),
        Some(text) => text
            .parse()
            .ok()
            .filter(|offset| *offset <= 10_000_000)
            .ok_or_else(|| crate::Error::invalid("cursor", "must be the next_cursor of a previous answer")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn excerpts_join_to_the_whole_text() {
        let text = "añb😀c";
        assert_eq!(excerpt(text, 0, 2), ("añ", Some(2)));
        assert_eq!(excerpt(text, 2, 3), ("b😀c", None));
        assert_eq!(excerpt(text, 9, 3), ("", None));
        assert_eq!(truncate(text, 4), "añb😀… [4 of 5 characters]");
        // Escaped characters count with their bytes in JSON.
        let heavy = "\u{1}\"€".repeat(1000);
        let (mut whole, mut next) = (String::new(), Some(0));
        while let Some(offset) = next {
            let (head, more) = excerpt(&heavy, offset, 100);
            assert!(!head.is_empty() && json!(head).to_string().len() <= 202);
            whole.push_str(head);
            next = more;
        }
        assert_eq!(whole, heavy);
    }

    #[test]
    fn empty_members_and_fractions_of_seconds_are_removed() {
        let whole = json!({"a": "", "b": [], "c": {}, "d": null, "e": false, "rank": "x", "list": [{"f": 0, "color": "#fff"}],
            "made_at": "2026-01-31T12:00:00.123456+00:00", "at": "2026-01-31T12:00:00Z", "seen_at": "yesterday"});
        let kept = json!({"e": false, "list": [{"f": 0}], "made_at": "2026-01-31T12:00:00Z", "at": "2026-01-31T12:00:00Z",
            "seen_at": "yesterday"});
        assert_eq!(compact(whole), kept);
    }

    #[test]
    fn no_response_exceeds_the_maximum() {
        let wide: Vec<Value> = (0..5000).map(|n| json!({"n": n, "text": "x".repeat(1000)})).collect();
        let answer = cap(json!({"items": wide, "text": "y".repeat(1_000_000)}));
        assert!(answer.to_string().len() <= MAX_RESPONSE);
        assert!(answer["shortened"].is_string());
        assert_eq!(cap(json!({"a": 1})), json!({"a": 1}));
    }

    #[test]
    fn lists_stop_at_the_budget() {
        let items: Vec<Value> = (0..100).map(|n| json!(format!("{n:0100}"))).collect();
        let (kept, count) = fit(items, 1000);
        assert_eq!((kept.len(), count), (9, 9));
        assert_eq!(fit(vec![json!("x".repeat(5000))], 10).1, 1);
    }
}
