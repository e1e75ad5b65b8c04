//! API keys inside configuration files.

use std::ops::Range;

/// The length of a key: `cb_`, the id, `_`, the secret with its checksum.
const KEY_LENGTH: usize = 3 + 32 + 1 + 46;
/// How much of a key is shown.
const SHOWN: usize = 11;

/// The first API key in a text.
pub fn find_key(text: &str) -> Option<&str> {
    find(text, 0).map(|at| &text[at])
}

/// The id inside a key that has the form of one.
pub fn key_id(key: &str) -> Option<&str> {
    let id = key.strip_prefix("cb_")?.split('_').next()?;
    (id.len() == 32).then_some(id)
}

/// A text whose keys are shortened.
pub fn mask_keys(text: &str) -> String {
    let (mut masked, mut done) = (String::with_capacity(text.len()), 0);
    while let Some(at) = find(text, done) {
        masked.push_str(&text[done..at.start + SHOWN]);
        masked.push('…');
        done = at.end;
    }
    masked.push_str(&text[done..]);
    masked
}

fn find(text: &str, from: usize) -> Option<Range<usize>> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    text[from..].match_indices("cb_").map(|(at, _)| from + at).find_map(|at| {
        let length = text.as_bytes()[at..].iter().take_while(|byte| is_part(**byte)).count();
        (length == KEY_LENGTH).then_some(at..at + length)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_found_and_shortened() {
        let key = format!("cb_0123456789abcdef0123456789abcdef_{}", "x".repeat(46));
        let text = format!("cb_ é {{\"Authorization\": \"Bearer {key}\"}} and {key}!");
        assert_eq!(find_key(&text), Some(key.as_str()));
        assert_eq!(key_id(&key), Some("0123456789abcdef0123456789abcdef"));
        assert_eq!(mask_keys(&text), "cb_ é {\"Authorization\": \"Bearer cb_01234567…\"} and cb_01234567…!");
        assert_eq!(find_key(&key[1..]), None);
    }
}
