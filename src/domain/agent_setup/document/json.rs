//! JSON with comments.

mod one_line;

use std::fmt;

use jsonc_parser::ParseOptions;
use jsonc_parser::cst::{CstInputValue, CstNode, CstObject, CstRootNode};
use serde_json::{Map, Value, json};

use self::one_line::Insertion;
use super::Invalid;
use crate::domain::agent_setup::{Fill, Setting};

/// What the tools themselves accept: comments and trailing commas.
const OPTIONS: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_loose_object_property_names: false,
    allow_trailing_commas: true,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

/// A file of JSON.
pub struct JsonDocument {
    root: CstRootNode,
}

impl fmt::Display for JsonDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.root, f)
    }
}

impl JsonDocument {
    /// Reads a file.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let text = if text.trim().is_empty() { "{}\n" } else { text };
        let root = CstRootNode::parse(text, &OPTIONS).map_err(|error| Invalid {
            at: Some((error.line_display(), error.column_display())),
            what: error.kind().to_string(),
        })?;
        match root.value() {
            Some(value) if value.as_object().is_none() => {
                Err(Invalid { at: Some((1, 1)), what: "An object is expected".to_owned() })
            }
            _ => Ok(Self { root }),
        }
    }

    /// The value at a path.
    pub fn value(&self, path: &[&str]) -> Option<Value> {
        let (last, tables) = path.split_last()?;
        self.object(tables)?.get(last)?.to_serde_value()
    }

    /// The object at a path.
    fn object(&self, path: &[&str]) -> Option<CstObject> {
        path.iter().try_fold(self.root.object_value()?, |object, name| object.object_value(name))
    }

    /// The object at a path, which is created if it is missing.
    fn object_or_new(&self, path: &[&str]) -> Result<CstObject, Invalid> {
        let mut object = self.root.object_value_or_set();
        for (depth, name) in path.iter().enumerate() {
            object = object.object_value_or_create(name).ok_or_else(|| Invalid::not_a("an object", &path[..=depth]))?;
        }
        Ok(object)
    }

    /// Sets a field; objects are merged.
    pub fn merge(&mut self, path: &[&str], name: &str, setting: &Setting, fill: &Fill<'_>) -> Result<(), Invalid> {
        if self.insert_missing(&[path, &[name]].concat(), serde_value(setting, fill))? {
            return Ok(());
        }
        while let Some(insertion) = merge_into(&self.object_or_new(path)?, name, setting, fill) {
            self.insert(&insertion)?;
        }
        Ok(())
    }

    /// Sets a missing value with the objects around it, if they come into an object on one line, which the editor of JSON
    /// would spread over several.
    fn insert_missing(&mut self, path: &[&str], leaf: Value) -> Result<bool, Invalid> {
        let Some(mut object) = self.root.object_value() else { return Ok(false) };
        for (depth, name) in path.iter().enumerate() {
            if object.get(name).is_none() {
                let value = path.iter().skip(depth + 1).rev().fold(leaf, |inner, name| json!({ *name: inner }));
                let Some(insertion) = one_line::field(&object, name, &value) else { return Ok(false) };
                self.insert(&insertion)?;
                return Ok(true);
            }
            let Some(inner) = object.object_value(name) else { return Ok(false) };
            object = inner;
        }
        Ok(false)
    }

    fn insert(&mut self, (at, text): &Insertion) -> Result<(), Invalid> {
        let mut whole = self.root.to_string();
        whole.insert_str(*at, text);
        *self = Self::parse(&whole)?;
        Ok(())
    }

    /// Removes a field.
    pub fn remove(&mut self, path: &[&str], name: &str) -> bool {
        match self.object(path).and_then(|object| object.get(name)) {
            Some(field) => {
                field.remove();
                true
            }
            None => false,
        }
    }

    /// Removes an object in which nothing is left, also no comment.
    pub fn prune(&mut self, path: &[&str]) {
        let Some((name, objects)) = path.split_last() else { return };
        let Some(field) = self.object(objects).and_then(|object| object.get(name)) else { return };
        let is_empty = |object: CstObject| {
            object.properties().is_empty() && !object.children().iter().any(|child| child.is_comment())
        };
        if field.object_value().is_some_and(is_empty) {
            field.remove();
        }
    }

    /// Replaces or appends an element of a list.
    pub fn put_element(
        &mut self,
        path: &[&str],
        marker: &str,
        setting: &Setting,
        fill: &Fill<'_>,
    ) -> Result<(), Invalid> {
        let Some((name, objects)) = path.split_last() else { return Ok(()) };
        let value = serde_value(setting, fill);
        if self.insert_missing(path, Value::from(vec![value.clone()]))? {
            return Ok(());
        }
        let list =
            self.object_or_new(objects)?.array_value_or_create(name).ok_or_else(|| Invalid::not_a("a list", path))?;
        let existing = list.elements().into_iter().find(|element| element.to_string().contains(marker));
        match existing {
            Some(element) if element.to_serde_value().as_ref() == Some(&value) => {}
            Some(element) if element.as_object().is_some() => {
                element.as_object().and_then(|object| object.replace_with(input(setting, fill)));
            }
            _ => match one_line::element(&list, &value) {
                Some(insertion) => self.insert(&insertion)?,
                None => {
                    list.ensure_multiline();
                    list.append(input(setting, fill));
                }
            },
        }
        Ok(())
    }

    /// Removes elements of a list, and the list if nothing else is in it.
    pub fn remove_elements(&mut self, path: &[&str], marker: &str) -> bool {
        let Some((name, objects)) = path.split_last() else { return false };
        let Some(object) = self.object(objects) else { return false };
        let Some(list) = object.array_value(name) else { return false };
        let elements = list.elements();
        let all = elements.len();
        let found: Vec<CstNode> = elements.into_iter().filter(|element| element.to_string().contains(marker)).collect();
        if found.is_empty() {
            return false;
        }
        if found.len() == all
            && let Some(field) = object.get(name)
        {
            field.remove();
            return true;
        }
        for element in found {
            element.remove();
        }
        true
    }
}

/// Sets a field, or returns the insertion that is to be made before it is tried again.
fn merge_into(object: &CstObject, name: &str, setting: &Setting, fill: &Fill<'_>) -> Option<Insertion> {
    let Some(field) = object.get(name) else {
        let insertion = one_line::field(object, name, &serde_value(setting, fill));
        if insertion.is_none() {
            object.append(name, input(setting, fill));
        }
        return insertion;
    };
    match (setting, field.object_value()) {
        (Setting::Table(fields), Some(inner)) => {
            return fields.iter().find_map(|(name, setting)| merge_into(&inner, name, setting, fill));
        }
        // An equal value keeps the way it is written.
        _ if field.to_serde_value() == Some(serde_value(setting, fill)) => {}
        _ => field.set_value(input(setting, fill)),
    }
    None
}

fn input(setting: &Setting, fill: &Fill<'_>) -> CstInputValue {
    match setting {
        Setting::Text(text) => CstInputValue::String(fill.text(text)),
        Setting::Number(number) => CstInputValue::Number(number.to_string()),
        Setting::Flag(flag) => CstInputValue::Bool(*flag),
        Setting::List(items) => CstInputValue::Array(items.iter().map(|item| input(item, fill)).collect()),
        Setting::Table(fields) => CstInputValue::Object(
            fields.iter().map(|(name, setting)| ((*name).to_owned(), input(setting, fill))).collect(),
        ),
    }
}

fn serde_value(setting: &Setting, fill: &Fill<'_>) -> Value {
    match setting {
        Setting::Text(text) => Value::from(fill.text(text)),
        Setting::Number(number) => Value::from(*number),
        Setting::Flag(flag) => Value::from(*flag),
        Setting::List(items) => items.iter().map(|item| serde_value(item, fill)).collect(),
        Setting::Table(fields) => {
            let fields = fields.iter().map(|(name, setting)| ((*name).to_owned(), serde_value(setting, fill)));
            Value::Object(fields.collect::<Map<String, Value>>())
        }
    }
}
