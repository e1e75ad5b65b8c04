//! Times in requests: RFC 3339 with an offset, e.g. `2026-01-31T12:00:00Z`.

use jiff::Timestamp;
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer};

/// A time with an offset of less than 24 hours. The parser of [`Timestamp`] accepts 25, which no clock shows.
pub fn parse(text: &str) -> Option<Timestamp> {
    let offset = text.rfind(['+', '-']).filter(|&sign| sign > "2026-01-31".len()).map(|sign| &text[sign + 1..]);
    let hours = offset.and_then(|offset| offset.get(..2)).and_then(|hours| hours.parse::<u8>().ok());
    if hours.is_some_and(|hours| hours > 23) {
        return None;
    }
    text.parse().ok()
}

/// Deserializes an optional time with an error that says how to write one. Use with `#[serde(default)]`.
pub fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let wrong = || D::Error::invalid_value(Unexpected::Str(&text), &"a time like 2026-01-31T12:00:00Z");
    parse(&text).map(Some).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn a_time_has_an_offset_of_less_than_a_day() {
        for text in ["2026-01-31T12:00:00Z", "2026-01-31T12:00:00.5+05:30", "2026-01-31 12:00:00-23:59"] {
            assert!(parse(text).is_some(), "{text}");
        }
        for text in
            ["2026-01-31", "2026-01-31T12:00:00", "2026-01-31T12:00:00+25:00", "2026-01-31T12:00:00-24:00", "-", "soon"]
        {
            assert!(parse(text).is_none(), "{text}");
        }
    }
}
