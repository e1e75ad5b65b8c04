//! Answers fit into an agent's context: texts are cut with a note where to read on, lists are paged, and
//! whatever is said in the end has a cap.

use serde_json::{Map, Value, json};

/// Bytes of JSON that one answer has room for; lists stop before it.
pub const RESPONSE_BUDGET: usize = 32 * 1024;
/// Bytes that no answer goes beyond, whatever it holds.
pub const MAX_RESPONSE: usize = 64 * 1024;

/// Bytes that a character takes in JSON.
fn written(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' | '\u{8}' | '\u{c}' => 2,
        '\0'..'\u{20}' => 6,
        _ => character.len_utf8(),
    }
}

/// A part of a text, by characters, and where the next begins if it is not the last. One whose characters
/// take long to write is shorter: it has at most twice as many bytes as it may have characters.
pub fn excerpt(text: &str, offset: usize, length: usize) -> (&str, Option<usize>) {
    let start = text.char_indices().nth(offset).map_or(text.len(), |(at, _)| at);
    let rest = &text[start..];
    let mut bytes = 0;
    for (count, (at, character)) in rest.char_indices().enumerate() {
        bytes += written(character);
        if count > 0 && (count >= length || bytes > 2 * length) {
            return (&rest[..at], Some(offset + count));
        }
    }
    (rest, None)
}

/// A text's first characters, with a word that more follows.
pub fn truncate(text: &str, length: usize) -> String {
    match excerpt(text, 0, length) {
        (all, None) => all.to_owned(),
        (head, Some(end)) => format!("{head}… [{end} of {} characters]", text.chars().count()),
    }
}

/// Drops what says nothing (null, empty lists) and what only a board's drawing needs.
pub fn compact(value: Value) -> Value {
    match value {
        Value::Object(members) => members
            .into_iter()
            .filter(|(name, value)| {
                !value.is_null() && !matches!(name.as_str(), "rank" | "number") && *value != json!([])
            })
            .map(|(name, value)| (name, compact(value)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.into_iter().map(compact).collect(),
        other => other,
    }
}

/// The first items that fit into `room` bytes, at least one; and how many that are.
pub fn fit(items: Vec<Value>, room: usize) -> (Vec<Value>, usize) {
    let mut bytes = 0;
    let kept: Vec<Value> = items
        .into_iter()
        .take_while(|item| {
            let first = bytes == 0;
            bytes += item.to_string().len() + 1;
            first || bytes <= room
        })
        .collect();
    let count = kept.len();
    (kept, count)
}

/// A page of a list whose cursor only the list itself can tell: as many items as there is room for. Where not
/// all of them fit, so many are asked for again that do, for the place to go on from there.
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

/// A page of a list as data; an empty list says so.
pub fn page(name: &str, items: Vec<Value>, more: bool, next_cursor: Option<String>) -> Value {
    let mut data = json!({name: items, "has_more": more});
    if let Some(cursor) = next_cursor.filter(|_| more) {
        data["next_cursor"] = json!(cursor);
    }
    data
}

/// The last resort: an answer that is still too long has its longest texts and lists shortened.
pub fn cap(mut value: Value) -> Value {
    let (mut length, mut count) = (8000, 200);
    while value.to_string().len() > MAX_RESPONSE && length > 20 {
        value = shortened(value, length, count);
        (length, count) = (length / 2, (count / 2).max(5));
        if let Some(members) = value.as_object_mut() {
            members
                .insert("shortened".to_owned(), json!("This answer was too long and was cut; ask for less at once."));
        }
    }
    value
}

fn shortened(value: Value, length: usize, count: usize) -> Value {
    match value {
        Value::String(text) => truncate(&text, length).into(),
        Value::Array(items) => items.into_iter().take(count).map(|item| shortened(item, length, count)).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, shortened(value, length, count)))
            .collect::<Map<_, _>>()
            .into(),
        other => other,
    }
}

/// The place a list goes on from, as the client gave it back.
pub fn parse_offset(cursor: Option<&str>) -> crate::Result<usize> {
    match cursor {
        None | Some("") => Ok(0),
        Some(text) => text
            .parse()
            .ok()
            .filter(|offset| *offset <= 10_000_000)
            .ok_or_else(|| crate::Error::invalid("cursor", "must be the next_cursor of an answer before")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_join_to_the_whole() {
        let text = "añb😀c";
        assert_eq!(excerpt(text, 0, 2), ("añ", Some(2)));
        assert_eq!(excerpt(text, 2, 3), ("b😀c", None));
        assert_eq!(excerpt(text, 9, 3), ("", None));
        assert_eq!(truncate(text, 4), "añb😀… [4 of 5 characters]");
        // Characters that are long to write leave room for fewer of them.
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
    fn nothing_is_longer_than_the_cap() {
        let wide: Vec<Value> = (0..5000).map(|n| json!({"n": n, "text": "x".repeat(1000)})).collect();
        let answer = cap(json!({"items": wide, "text": "y".repeat(1_000_000)}));
        assert!(answer.to_string().len() <= MAX_RESPONSE);
        assert!(answer["shortened"].is_string());
        assert_eq!(cap(json!({"a": 1})), json!({"a": 1}));
    }

    #[test]
    fn lists_stop_where_the_room_ends() {
        let items: Vec<Value> = (0..100).map(|n| json!(format!("{n:0100}"))).collect();
        let (kept, count) = fit(items, 1000);
        assert_eq!((kept.len(), count), (9, 9));
        assert_eq!(fit(vec![json!("x".repeat(5000))], 10).1, 1);
    }
}
