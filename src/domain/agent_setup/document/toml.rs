//! TOML.

use std::fmt;

use serde_json::Value as JsonValue;
use toml_edit::{Array, DocumentMut, InlineTable, Item, Table, TableLike, Value};

use super::Invalid;
use crate::domain::agent_setup::{Fill, Setting};

/// A file of TOML.
pub struct TomlDocument {
    document: DocumentMut,
    /// Whether lines end with a carriage return, which the editor of TOML drops.
    has_carriage_returns: bool,
    /// Whether the last line has no line end, which the editor of TOML adds.
    is_unterminated: bool,
}

impl fmt::Display for TomlDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = self.document.to_string();
        if self.is_unterminated && text.ends_with('\n') {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        match self.has_carriage_returns {
            true => f.write_str(&text.replace("\r\n", "\n").replace('\n', "\r\n")),
            false => f.write_str(&text),
        }
    }
}

impl TomlDocument {
    /// Reads a file.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| Invalid {
            at: error.span().map(|span| position(text, span.start)),
            what: error.message().lines().collect::<Vec<_>>().join(", "),
        })?;
        let has_carriage_returns = text.contains("\r\n") && !text.replace("\r\n", "").contains('\n');
        let is_unterminated = !text.is_empty() && !text.ends_with('\n');
        Ok(Self { document, has_carriage_returns, is_unterminated })
    }

    /// The value at a path.
    pub fn value(&self, path: &[&str]) -> Option<JsonValue> {
        let whole: JsonValue = toml::from_str(&self.document.to_string()).ok()?;
        path.iter().try_fold(&whole, |value, name| value.get(name)).cloned()
    }

    /// Sets a field; tables are merged.
    pub fn merge(&mut self, path: &[&str], name: &str, setting: &Setting, fill: &Fill<'_>) -> Result<(), Invalid> {
        let mut table: &mut dyn TableLike = self.document.as_table_mut();
        for (depth, name) in path.iter().enumerate() {
            if table.get(name).is_none() {
                let mut new = Table::new();
                new.set_implicit(true);
                table.insert(name, Item::Table(new));
            }
            table = table
                .get_mut(name)
                .and_then(Item::as_table_like_mut)
                .ok_or_else(|| Invalid::not_a("a table", &path[..=depth]))?;
        }
        merge_into(table, name, setting, fill);
        Ok(())
    }

    /// Removes a field.
    pub fn remove(&mut self, path: &[&str], name: &str) -> bool {
        let mut table: &mut dyn TableLike = self.document.as_table_mut();
        for name in path {
            match table.get_mut(name).and_then(Item::as_table_like_mut) {
                Some(inner) => table = inner,
                None => return false,
            }
        }
        table.remove(name).is_some()
    }
}

/// The line and column of a byte, counted from 1.
fn position(text: &str, at: usize) -> (usize, usize) {
    let before = text.get(..at).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    (line, before.rsplit('\n').next().unwrap_or_default().chars().count() + 1)
}

fn merge_into(table: &mut dyn TableLike, name: &str, setting: &Setting, fill: &Fill<'_>) {
    let Some(item) = table.get_mut(name) else {
        let item = match setting {
            Setting::Table(fields) => {
                let mut new = Table::new();
                for (name, setting) in *fields {
                    new.insert(name, Item::Value(value(setting, fill)));
                }
                Item::Table(new)
            }
            other => Item::Value(value(other, fill)),
        };
        table.insert(name, item);
        return;
    };
    if let (Setting::Table(fields), Some(inner)) = (setting, item.as_table_like_mut()) {
        for (name, setting) in *fields {
            // A table inside an entry is written on one line, if it is new.
            match (setting, inner.get(name)) {
                (Setting::Table(_), None) => {
                    inner.insert(name, Item::Value(value(setting, fill)));
                }
                _ => merge_into(inner, name, setting, fill),
            }
        }
        return;
    }
    let mut new = value(setting, fill);
    match item.as_value_mut() {
        // An equal value keeps the way it is written.
        Some(old) if is_equal(old, &new) => {}
        Some(old) => {
            *new.decor_mut() = old.decor().clone();
            *old = new;
        }
        None => *item = Item::Value(new),
    }
}

fn is_equal(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one.value() == other.value(),
        (Value::Boolean(one), Value::Boolean(other)) => one.value() == other.value(),
        (Value::Integer(one), Value::Integer(other)) => one.value() == other.value(),
        _ => false,
    }
}

fn value(setting: &Setting, fill: &Fill<'_>) -> Value {
    match setting {
        Setting::Text(text) => Value::from(fill.text(text)),
        Setting::Number(number) => Value::from(i64::from(*number)),
        Setting::Flag(flag) => Value::from(*flag),
        Setting::List(items) => Value::Array(items.iter().map(|item| value(item, fill)).collect::<Array>()),
        Setting::Table(fields) => Value::InlineTable(
            fields.iter().map(|(name, setting)| ((*name).to_owned(), value(setting, fill))).collect::<InlineTable>(),
        ),
    }
}
