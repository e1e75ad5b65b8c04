//! Typed access to the members of a JSON object, with error messages for people.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// The members of an object. Null counts as absent.
pub struct Fields(Map<String, Value>);

impl Fields {
    /// Reads a line.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        match serde_json::from_slice(text) {
            Ok(Value::Object(members)) => Ok(Self(members)),
            Ok(other) => Err(format!("is {}, not an object", kind(&other))),
            Err(error) => Err(format!("is not JSON ({})", place(&error))),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// A text, without NUL characters, which Postgres cannot store.
    pub fn text(&self, name: &str) -> Result<Option<String>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.replace('\0', ""))),
            Some(other) => Err(format!("has {} as {name}, not a text", kind(other))),
        }
    }

    /// A required text that is not blank; trimmed.
    pub fn required(&self, name: &str) -> Result<String, String> {
        let text = self.text(name)?.unwrap_or_default();
        if text.trim().is_empty() { Err(format!("has no {name}")) } else { Ok(text.trim().to_owned()) }
    }

    /// A whole number within bounds.
    pub fn whole_number(&self, name: &str, min: u32, max: u32) -> Result<Option<u32>, String> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        match number.filter(|number| (min..=max).contains(number)) {
            Some(number) => Ok(Some(number)),
            None => Err(format!("has {} as {name}, not a whole number from {min} to {max}", shown(value))),
        }
    }

    /// A time in RFC 3339 format, with an offset.
    pub fn time(&self, name: &str) -> Result<Option<Timestamp>, String> {
        let Some(text) = self.text(name)?.filter(|text| !text.trim().is_empty()) else { return Ok(None) };
        let wrong =
            || format!("has {} as {name}, not a time like 2026-01-31T12:00:00Z", shown(&Value::String(text.clone())));
        let time: Timestamp = text.trim().parse().map_err(|_| wrong())?;
        // Go writes the year 1 for "never"; other distant years are mistakes.
        let year = time.to_zoned(jiff::tz::TimeZone::UTC).year();
        match year {
            1 => Ok(None),
            1900..=2999 => Ok(Some(time)),
            _ => Err(wrong()),
        }
    }

    /// A list of texts.
    pub fn texts(&self, name: &str) -> Result<Vec<String>, String> {
        self.list(name)?
            .iter()
            .map(|value| match value {
                Value::String(text) => Ok(text.replace('\0', "")),
                other => Err(format!("has {} in {name}, not a text", kind(other))),
            })
            .collect()
    }

    /// A list of objects.
    pub fn objects(&self, name: &str) -> Result<Vec<Fields>, String> {
        self.list(name)?
            .iter()
            .map(|value| match value {
                Value::Object(members) => Ok(Fields(members.clone())),
                other => Err(format!("has {} in {name}, not an object", kind(other))),
            })
            .collect()
    }

    fn list(&self, name: &str) -> Result<&[Value], String> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(other) => Err(format!("has {} as {name}, not a list", kind(other))),
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// A value for an error message; long ones are named by type.
fn shown(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 40 { text } else { kind(value).to_owned() }
}

/// The message of serde_json without its line number, which is always 1.
fn place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let what = text.split(" at line ").next().unwrap_or_default();
    format!("{what} at column {}", error.column())
}
