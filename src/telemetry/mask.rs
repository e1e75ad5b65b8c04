//! Masks what looks like a secret in a log line: keys, tokens, passwords of connection strings, long random words.

use std::borrow::Cow;

/// Random words of this length or more are masked; ids are lower-case hexadecimal and dashes, so they are not random words.
const MIN_RANDOM: usize = 24;

/// The text with its secrets replaced by `…`.
pub fn masked(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    let mut after_bearer = false;
    while let Some(first) = text[at..].chars().next() {
        if first == '\u{1b}' {
            // A color code ends with a letter, which is not part of the word after it.
            at += text[at..].find(|c: char| c.is_ascii_alphabetic()).map_or(text.len() - at, |end| end + 1);
            continue;
        }
        if !is_word(first) {
            let secret = text[at..].strip_prefix("://").and_then(user_part);
            if let Some(length) = secret {
                out.push_str(&text[copied..at + 3]);
                out.push('…');
                at += 3 + length;
                copied = at;
            } else {
                at += first.len_utf8();
            }
            continue;
        }
        let length = text[at..].find(|c| !is_word(c)).unwrap_or(text.len() - at);
        let word = &text[at..at + length];
        if is_secret(word) || (after_bearer && word.len() > 8) {
            out.push_str(&text[copied..at]);
            out.push('…');
            copied = at + length;
        }
        after_bearer = word.eq_ignore_ascii_case("bearer");
        at += length;
    }
    if copied == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[copied..]);
    Cow::Owned(out)
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '~' | '+' | '=')
}

/// The length of `user:password` before the `@` of a URL.
fn user_part(rest: &str) -> Option<usize> {
    let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '@' | '"' | '\''))?;
    (rest[end..].starts_with('@') && rest[..end].contains(':')).then_some(end)
}

fn is_secret(word: &str) -> bool {
    let prefixed = ["cb_", "cbr_", "whsec_", "callboard.ticket."]
        .iter()
        .any(|prefix| word.find(prefix).is_some_and(|at| word.len() - at > prefix.len() + 16));
    let token = word.starts_with("eyJ") && word.matches('.').count() >= 2;
    prefixed || token || word.split(['-', '.', '=', '_']).any(is_random)
}

/// Letters of both cases with digits, or with more changes of case than names have.
fn is_random(word: &str) -> bool {
    if word.len() < MIN_RANDOM || !word.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return false;
    }
    let upper = |b: &u8| b.is_ascii_uppercase();
    let changes = word.as_bytes().windows(2).filter(|pair| upper(&pair[0]) != upper(&pair[1])).count();
    let mixed = word.bytes().any(|b| b.is_ascii_uppercase()) && word.bytes().any(|b| b.is_ascii_lowercase());
    mixed && (word.bytes().any(|b| b.is_ascii_digit()) || changes > word.len() / 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_ids_are_not() {
        let random = "k3Xo9QpLmZt7Rw2VbN8cYs4HfD6gJa1E";
        for (line, shown) in [
            (format!("GET /setup/{random} 404"), "GET /setup/… 404".to_owned()),
            (format!("path=/api/cb_0192f3a4b5c67d8e9f00112233445566_{random}"), "path=/api/…".to_owned()),
            (format!("\"cbr_{random}\""), "\"…\"".to_owned()),
            (format!("\u{1b}[3mpath\u{1b}[0m=\u{1b}[0m{random}!"), "\u{1b}[3mpath\u{1b}[0m=\u{1b}[0m…!".to_owned()),
            ("Authorization: Bearer abcdefghijk".to_owned(), "Authorization: Bearer …".to_owned()),
            ("token eyJhbGciOiJI.eyJzdWIiOiJ1.c2lnbmF0dXJl end".to_owned(), "token … end".to_owned()),
            ("postgres://me:pass word".to_owned(), "postgres://me:pass word".to_owned()),
            ("at postgres://me:p%40ss@db:5432/x".to_owned(), "at postgres://…@db:5432/x".to_owned()),
        ] {
            assert_eq!(masked(&line), shown, "{line}");
        }
        for line in [
            "ticket-01a22478-c477-7389-88c8-0340055d0f85 sha=9f2c1d7e5b0011223344556677889900aabbccdd",
            "WebSocketTransportHandlerError of https://user@example.org/a?b=1 and a sentence with CALLBOARD_TRUSTED_PROXIES set",
        ] {
            assert!(matches!(masked(line), Cow::Borrowed(_)), "{line}");
        }
    }
}
