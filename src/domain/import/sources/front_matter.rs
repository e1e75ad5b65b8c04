//! The front matter of a Markdown file: a small part of YAML, as Backlog.md writes it.

use std::collections::BTreeMap;

/// The values of the front matter, each as a list; a single value is a list of one.
pub type FrontMatter = BTreeMap<String, Vec<String>>;

/// Splits a text into its front matter and the rest; none without a front matter.
pub fn split(text: &str) -> Option<(FrontMatter, String)> {
    let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n");
    let rest = text.strip_prefix("---\n")?;
    let end = rest.find("\n---")?;
    let (head, body) = (&rest[..end], &rest[end + 4..]);
    let body = body.split_once('\n').map_or("", |(_, body)| body);
    Some((parse(head), body.trim().to_owned()))
}

fn parse(head: &str) -> FrontMatter {
    let mut values = FrontMatter::new();
    let mut name: Option<String> = None;
    // A text over several lines, joined by this.
    let mut folded: Option<&str> = None;
    for line in head.lines() {
        let is_indented = line.starts_with([' ', '\t']);
        let trimmed = line.trim();
        if let Some(item) = trimmed.strip_prefix("- ").or((trimmed == "-").then_some("")) {
            if let Some(list) = name.as_ref().and_then(|name| values.get_mut(name)) {
                list.extend(Some(scalar(item)).filter(|item| !item.is_empty()));
            }
        } else if is_indented {
            let list = name.as_ref().and_then(|name| values.get_mut(name));
            match (list, folded) {
                (Some(list), Some(join)) => match list.last_mut() {
                    Some(last) => last.push_str(&format!("{join}{trimmed}")),
                    None => list.push(trimmed.to_owned()),
                },
                // A plain text that was wrapped.
                (Some(list), None) => match list.last_mut() {
                    Some(last) if !trimmed.is_empty() => last.push_str(&format!(" {trimmed}")),
                    _ => {}
                },
                (None, _) => {}
            }
        } else if let Some((key, value)) = trimmed.split_once(':') {
            let (key, value) = (key.trim().to_lowercase(), value.trim());
            folded = match value {
                ">" | ">-" | ">+" => Some(" "),
                "|" | "|-" | "|+" => Some("\n"),
                _ => None,
            };
            let list = match value
                .strip_prefix('[')
                .and_then(|value| value.split(" #").next()?.trim_end().strip_suffix(']'))
            {
                Some(items) => inline(items),
                None if value.is_empty() || folded.is_some() => Vec::new(),
                None => Some(scalar(value))
                    .filter(|value| !value.is_empty() && value != "null" && value != "~")
                    .into_iter()
                    .collect(),
            };
            values.insert(key.clone(), list);
            name = Some(key);
        }
    }
    values
}

/// The items of `a, "b, c", 'd'`.
fn inline(items: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let mut quote = None;
    for c in items.chars() {
        match (c, quote) {
            (',', None) => found.push(String::new()),
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            (c, _) => {
                if let Some(last) = found.last_mut() {
                    last.push(c);
                }
            }
        }
    }
    found.iter().map(|item| item.trim().to_owned()).filter(|item| !item.is_empty()).collect()
}

/// A value without quotes.
fn scalar(text: &str) -> String {
    let text = text.trim();
    if let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) {
        return inner.replace("\\\"", "\"").replace("\\\\", "\\");
    }
    if let Some(inner) = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')) {
        return inner.replace("''", "'");
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn forms_of_values() {
        let text = "---\r\nid: task-1\r\ntitle: 'It''s: a \"title\"'\nassignee:\n  - '@ada'\n  - grace\nlabels: [a, \"b, c\"]\n\
                    dependencies: []\nlong: >-\n  two\n  lines\nwrapped: one\n  more\nempty:\n---\n\n## Description\n\nText\n";
        let (values, body) = split(text).expect("front matter");
        let of = |name: &str| values.get(name).map(|list| list.join("|"));
        assert_eq!(of("id").as_deref(), Some("task-1"));
        assert_eq!(of("title").as_deref(), Some("It's: a \"title\""));
        assert_eq!(of("assignee").as_deref(), Some("@ada|grace"));
        assert_eq!(of("labels").as_deref(), Some("a|b, c"));
        assert_eq!((of("dependencies").as_deref(), of("empty").as_deref()), (Some(""), Some("")));
        assert_eq!((of("long").as_deref(), of("wrapped").as_deref()), (Some("two lines"), Some("one more")));
        assert_eq!(body, "## Description\n\nText");
        assert_eq!(split("no front matter"), None);
    }
}
