//! Turns errors of serde into a field and a rule.

use crate::Error;
use crate::error::FieldError;

/// The problem for a body, query or path that does not match its type, from serde's path (`updates.tags[2]`) and message.
pub fn from_serde(path: &str, message: &str) -> Error {
    let message = message.rsplit_once(" at line ").map_or(message, |(head, _)| head);
    let path = path.trim_matches('.');
    // serde_path_to_error gives "." at the top, and the parent for a missing or unknown field.
    let inside = |name: &str| match path {
        "" | "?" => name.to_owned(),
        _ if path == name || path.ends_with(&format!(".{name}")) => path.to_owned(),
        _ => format!("{path}.{name}"),
    };
    let quoted = |text: &str| text.split('`').nth(1).unwrap_or("?").to_owned();
    let (field, rule) = if message.starts_with("missing field") {
        (inside(&quoted(message)), "is required".to_owned())
    } else if message.starts_with("unknown field") {
        let known = message.split_once("expected ").map_or("none", |(_, known)| known);
        let known = known.trim_start_matches("one of ").replace('`', "");
        (inside(&quoted(message)), format!("is not known; known here: {known}"))
    } else if message.starts_with("duplicate field") {
        (inside(&quoted(message)), "is given twice".to_owned())
    } else if let Some(rest) = message.strip_prefix("unknown variant ") {
        let known = rest.split_once("expected ").map_or("", |(_, known)| known);
        let known = known.trim_start_matches("one of ").replace('`', "");
        (named(path), format!("must be one of {known}, not {}", quoted(message)))
    } else if message.starts_with("invalid value: integer ") {
        (named(path), "is out of range".to_owned())
    } else if let Some((found, expected)) = expected(message) {
        (named(path), format!("must be {expected}, not {found}"))
    } else {
        (named(path), format!("is not valid: {message}"))
    };
    Error::invalid_fields(vec![FieldError { field, rule }])
}

fn named(path: &str) -> String {
    if path.is_empty() { "body".to_owned() } else { path.to_owned() }
}

/// `invalid type: integer `5`, expected a string` → (`integer 5`, `a string`).
fn expected(message: &str) -> Option<(String, String)> {
    let rest = ["invalid type: ", "invalid value: ", "invalid length "].iter().find_map(|p| message.strip_prefix(p))?;
    let (found, expected) = rest.split_once(", expected ")?;
    // For a list that is too short, serde gives its length.
    let found = if message.starts_with("invalid length ") { "a list" } else { found };
    let found = plain(&found.replace('`', ""));
    // Limits the echo of the input.
    let found = if found.chars().count() > 60 { found.chars().take(60).chain("…".chars()).collect() } else { found };
    Some((found, plain(&expected.replace('`', ""))))
}

/// JSON names of types, instead of Rust's.
fn plain(kind: &str) -> String {
    match kind {
        "sequence" | "a sequence" => "a list".to_owned(),
        "map" | "a map" => "an object".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" => "a whole number".to_owned(),
        kind if kind.starts_with("struct ") => "an object".to_owned(),
        kind => kind.to_owned(),
    }
}

/// The problem for a NUL in `field`; Postgres cannot store it in text.
pub fn nul(field: &str) -> Error {
    Error::invalid(field, "must not contain the character NUL")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(path: &str, message: &str) -> (String, String) {
        let error = from_serde(path, message).as_problem().errors.remove(0);
        (error.field, error.rule)
    }

    #[test]
    fn serde_errors_name_field_and_rule() {
        assert_eq!(rule(".", "missing field `title` at line 1 column 2"), ("title".into(), "is required".into()));
        assert_eq!(rule("a[1]", "missing field `b`"), ("a[1].b".into(), "is required".into()));
        assert_eq!(
            rule("prio", "unknown field `prio`, expected `a` or `b` at line 1 column 2"),
            ("prio".into(), "is not known; known here: a or b".into())
        );
        assert_eq!(
            rule("n", "invalid type: string \"x\", expected u32 at line 1 column 9"),
            ("n".into(), "must be a whole number, not string \"x\"".into())
        );
        assert_eq!(
            rule("p", "unknown variant `urgent`, expected one of `low`, `high`"),
            ("p".into(), "must be one of low, high, not urgent".into())
        );
    }
}
