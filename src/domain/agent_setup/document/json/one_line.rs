//! Insertions into objects and lists that are on one line, and stay so.

use jsonc_parser::cst::{CstArray, CstContainerNode, CstNode, CstObject};
use serde_json::Value;

/// A place in the text, and what comes there.
pub type Insertion = (usize, String);

/// The insertion of a field; none if the object is empty or on several lines.
pub fn field(object: &CstObject, name: &str, value: &Value) -> Option<Insertion> {
    let item = |is_spaced| format!("{}:{}{}", Value::from(name), space(is_spaced), text(value, is_spaced));
    insertion(&CstContainerNode::Object(object.clone()), item)
}

/// The insertion of an element; none if the list is empty or on several lines.
pub fn element(list: &CstArray, value: &Value) -> Option<Insertion> {
    insertion(&CstContainerNode::Array(list.clone()), |is_spaced| text(value, is_spaced))
}

fn insertion(container: &CstContainerNode, item: impl FnOnce(bool) -> String) -> Option<Insertion> {
    let children = container.children();
    if children.iter().any(CstNode::is_newline) {
        return None;
    }
    let inside = children.get(1..children.len().checked_sub(1)?)?;
    let last = inside.iter().rposition(|child| !child.is_trivia())?;
    let whole = container.to_string();
    let is_spaced = whole.contains(": ") || whole.contains(", ");
    let (item, space) = (item(is_spaced), space(is_spaced));
    let text = match inside.get(last).is_some_and(CstNode::is_comma) {
        true => format!("{space}{item},"),
        false => format!(",{space}{item}"),
    };
    // The bracket comes before.
    let before: usize = children.iter().take(last + 2).map(length).sum();
    Some((start(container.clone().into()) + before, text))
}

/// The place of a node in the text.
fn start(mut node: CstNode) -> usize {
    let mut at = 0;
    while let Some(parent) = node.parent() {
        at += node.previous_siblings().map(|sibling| length(&sibling)).sum::<usize>();
        node = parent.into();
    }
    at
}

fn length(node: &CstNode) -> usize {
    node.to_string().len()
}

const fn space(is_spaced: bool) -> &'static str {
    if is_spaced { " " } else { "" }
}

/// A value on one line.
fn text(value: &Value, is_spaced: bool) -> String {
    match value {
        Value::Object(fields) if is_spaced && !fields.is_empty() => {
            let fields =
                fields.iter().map(|(name, value)| format!("{}: {}", Value::from(name.as_str()), text(value, true)));
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) if is_spaced => {
            format!("[{}]", items.iter().map(|item| text(item, true)).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}
