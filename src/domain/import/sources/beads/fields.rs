//! Typed access to the members of a JSON object, with error messages for people.

use std::cell::RefCell;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::domain::import::json::kind;
use crate::domain::times;

/// What is wrong with values of a line; the values are ignored and the rest of the line is kept.
pub type Warnings = RefCell<Vec<String>>;

/// The members of an object. Null counts as absent, and so does a value of the wrong kind, with a warning.
pub struct Fields<'a> {
    members: Map<String, Value>,
    warnings: &'a Warnings,
    /// What the members belong to, e.g. "a comment".
    owner: &'static str,
}

impl<'a> Fields<'a> {
    /// Reads a line.
    pub fn parse(text: &[u8], warnings: &'a Warnings) -> Result<Self, String> {
        match serde_json::from_slice(text) {
            Ok(Value::Object(members)) => Ok(Self { members, warnings, owner: "" }),
            Ok(other) => Err(format!("is {}, not an object", kind(&other))),
            Err(error) => Err(format!("is not JSON ({})", place(&error))),
        }
    }

    fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Notes what is wrong with a value.
    pub fn warn(&self, what: impl std::fmt::Display) {
        let owner = if self.owner.is_empty() { String::new() } else { format!("has {} that ", self.owner) };
        self.warnings.borrow_mut().push(format!("{owner}{what}"));
    }

    /// A text, without NUL characters, which Postgres cannot store.
    pub fn text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Value::String(text) => Some(text.replace('\0', "")),
            other => {
                self.warn(format_args!("has {} as {name}, not a text", kind(other)));
                None
            }
        }
    }

    /// A text that is not blank; trimmed.
    pub fn filled(&self, name: &str) -> Option<String> {
        self.text(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    }

    /// A whole number within bounds.
    pub fn whole_number(&self, name: &str, min: u32, max: u32) -> Option<u32> {
        let value = self.get(name)?;
        let number = value.as_u64().and_then(|number| u32::try_from(number).ok());
        let number = number.filter(|number| (min..=max).contains(number));
        if number.is_none() {
            self.warn(format_args!("has {} as {name}, not a whole number from {min} to {max}", shown(value)));
        }
        number
    }

    /// A time in RFC 3339 format, with an offset.
    pub fn time(&self, name: &str) -> Option<Timestamp> {
        let text = self.filled(name)?;
        let time = times::parse(&text);
        // Go writes the year 1 for "never"; other distant years are mistakes.
        match time.map(|time| time.to_zoned(jiff::tz::TimeZone::UTC).year()) {
            Some(1) => None,
            Some(1900..=2999) => time,
            _ => {
                let text = shown(&Value::String(text));
                self.warn(format_args!("has {text} as {name}, not a time like 2026-01-31T12:00:00Z"));
                None
            }
        }
    }

    /// A list of texts.
    pub fn texts(&self, name: &str) -> Vec<String> {
        let text = |value: &Value| match value {
            Value::String(text) => Some(text.replace('\0', "")),
            other => {
                self.warn(format_args!("has {} in {name}, not a text", kind(other)));
                None
            }
        };
        self.list(name).iter().filter_map(text).collect()
    }

    /// A list of objects; warnings about their members name `owner`.
    pub fn objects(&self, name: &str, owner: &'static str) -> Vec<Self> {
        let object = |value: &Value| match value {
            Value::Object(members) => Some(Self { members: members.clone(), warnings: self.warnings, owner }),
            other => {
                self.warn(format_args!("has {} in {name}, not an object", kind(other)));
                None
            }
        };
        self.list(name).iter().filter_map(object).collect()
    }

    fn list(&self, name: &str) -> &[Value] {
        match self.get(name) {
            None => &[],
            Some(Value::Array(items)) => items,
            Some(other) => {
                self.warn(format_args!("has {} as {name}, not a list", kind(other)));
                &[]
            }
        }
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
