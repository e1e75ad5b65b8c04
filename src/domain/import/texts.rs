//! Lengths and shapes of texts that a board accepts.

/// Maximum characters of a title.
pub const MAX_TITLE: usize = 500;
/// Maximum characters of a description; below the board's limit, which leaves space for a note on what was cut.
pub const MAX_DESCRIPTION: usize = 199_000;
/// Maximum characters of a comment.
pub const MAX_COMMENT: usize = 99_000;

/// Cuts a text to `max` characters, with an ellipsis at the end.
pub fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => text.chars().take(max - 1).chain(['…']).collect(),
    }
}

/// A title of valid length: the id is appended to a short one, a long one is cut.
pub fn title_of(title: &str, reference: &str) -> String {
    if title.chars().count() < 3 { cut(&format!("{title} ({reference})"), MAX_TITLE) } else { cut(title, MAX_TITLE) }
}

/// The id of a ticket type: letters, digits and `_ . -`, at most 50.
pub fn type_id(name: &str) -> Option<String> {
    let id: String = name
        .trim()
        .to_lowercase()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '-' })
        .skip_while(|c| !c.is_ascii_alphanumeric())
        .take(50)
        .collect();
    Some(id).filter(|id| !id.is_empty())
}

/// Letters and digits in lower case, to compare names: `In Progress` and `in_progress` are the same.
pub fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Appends a section under a heading, if there is any text.
pub fn add_section(text: &mut String, heading: &str, section: &str) {
    if section.trim().is_empty() {
        return;
    }
    let gap = if text.trim().is_empty() { "" } else { "\n\n" };
    *text = format!("{}{gap}## {heading}\n\n{}", text.trim_end(), section.trim_end());
}
