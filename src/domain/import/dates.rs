//! Times as exports write them: ISO with and without an offset, Jira's `12/Mar/24 3:04 PM`, epochs, local forms.

use jiff::Timestamp;
use jiff::civil;
use jiff::tz::{Offset, TimeZone};

use crate::domain::times;

/// How the times of a file are read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Dates {
    /// Whether `03/04/2024` is the third of April.
    pub day_first: bool,
    /// The zone of times without an offset, in seconds east of UTC.
    pub offset_seconds: i32,
}

impl Dates {
    /// Learns from the values of a file whether the day or the month comes first in dates like `03/04/2024`; the month, as
    /// long as none says otherwise.
    pub fn learn<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        for value in values {
            let numbers: Vec<u32> = value.splitn(4, ['/', ' ']).take(2).filter_map(|part| part.parse().ok()).collect();
            if let [first, second] = numbers[..]
                && value.contains('/')
                && first <= 31
            {
                if first > 12 {
                    return Self { day_first: true, ..Self::default() };
                }
                if second > 12 {
                    return Self::default();
                }
            }
        }
        Self::default()
    }

    /// A time between 1970 and 2999; none if the text is no time. Go writes the year 1 for "never".
    pub fn read(self, text: &str) -> Option<Timestamp> {
        let text = text.trim();
        if text.is_empty() || text.len() > 100 {
            return None;
        }
        let time = if text.bytes().all(|byte| byte.is_ascii_digit()) {
            epoch(text)
        } else {
            times::parse(text).or_else(|| self.read_parts(text))
        }?;
        (1970..=2999).contains(&time.to_zoned(TimeZone::UTC).year()).then_some(time)
    }

    fn read_parts(self, text: &str) -> Option<Timestamp> {
        let parts = Parts::of(text)?;
        let date = self.date(&parts)?;
        let time = civil::Time::new(parts.hour, parts.minute, parts.second, 0).ok()?;
        let offset = Offset::from_seconds(parts.offset.unwrap_or(self.offset_seconds)).ok()?;
        offset.to_timestamp(date.to_datetime(time)).ok()
    }

    fn date(self, parts: &Parts) -> Option<civil::Date> {
        let (year, month, day) = match (parts.month, parts.numbers.as_slice()) {
            (Some(month), &[(year, 4), (day, _)] | &[(day, _), (year, 2 | 4)]) => (year, month, day),
            (None, &[(year, 4), (month, _), (day, _)]) => (year, month, day),
            (None, &[(first, _), (second, _), (year, 2 | 4)]) => match parts.separator {
                '/' if second > 12 || !self.day_first && first <= 12 => (year, first, second),
                _ => (year, second, first),
            },
            _ => return None,
        };
        let year = if year < 100 { 2000 + year } else { year };
        civil::Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
    }
}

/// Seconds or milliseconds since 1970.
fn epoch(text: &str) -> Option<Timestamp> {
    let number: i64 = text.parse().ok()?;
    match text.len() {
        9 | 10 => Timestamp::from_second(number).ok(),
        12 | 13 => Timestamp::from_millisecond(number).ok(),
        _ => None,
    }
}

/// What a text like `Tue Mar 12 2024 15:04:05 GMT+0100` consists of.
#[derive(Default)]
struct Parts {
    /// Numbers outside of the time of day, each with its number of digits.
    numbers: Vec<(u32, usize)>,
    month: Option<u32>,
    separator: char,
    hour: i8,
    minute: i8,
    second: i8,
    offset: Option<i32>,
}

impl Parts {
    fn of(text: &str) -> Option<Self> {
        let text = text.split('(').next().unwrap_or_default().trim();
        let mut parts = Self::default();
        let mut has_time = false;
        // A date and a time are separated by a blank or by T between digits.
        let spaced: String = text
            .char_indices()
            .map(|(at, c)| {
                let digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
                let between = digit(text[..at].chars().next_back()) && digit(text[at + c.len_utf8()..].chars().next());
                if c == ',' || c == '\u{202f}' || c == '\u{a0}' || (c == 'T' && between) { ' ' } else { c }
            })
            .collect();
        for word in spaced.split_whitespace() {
            let lower = word.to_ascii_lowercase();
            let is_zone =
                ["utc", "gmt"].iter().any(|zone| lower.starts_with(zone)) || (has_time && word.starts_with(['+', '-']));
            if word.contains(':') && !is_zone {
                parts.time(&lower)?;
                has_time = true;
            } else if matches!(lower.as_str(), "am" | "a.m.") && has_time {
                parts.hour %= 12;
            } else if matches!(lower.as_str(), "pm" | "p.m.") && has_time {
                parts.hour = parts.hour % 12 + 12;
            } else if matches!(lower.as_str(), "z" | "utc" | "gmt") {
                parts.offset = Some(0);
            } else if let Some(offset) =
                lower.strip_prefix("utc").or_else(|| lower.strip_prefix("gmt")).or(has_time.then_some(lower.as_str()))
                && offset.starts_with(['+', '-'])
            {
                parts.offset = Some(seconds(offset)?);
            } else {
                parts.date_word(&lower)?;
            }
        }
        (parts.numbers.len() >= 2).then_some(parts)
    }

    /// `15:04:05.123+0100`, `3:04pm`.
    fn time(&mut self, word: &str) -> Option<()> {
        let (word, afternoon) = match (word.strip_suffix("pm"), word.strip_suffix("am")) {
            (Some(word), _) => (word, Some(true)),
            (_, Some(word)) => (word, Some(false)),
            _ => (word, None),
        };
        let end = word.find(['+', '-', 'z']).unwrap_or(word.len());
        let (clock, offset) = word.split_at(end);
        match offset {
            "" => {}
            "z" => self.offset = Some(0),
            offset => self.offset = Some(seconds(offset)?),
        }
        let mut fields = clock.split(':');
        self.hour = fields.next()?.parse().ok()?;
        self.minute = fields.next()?.parse().ok()?;
        self.second = match fields.next() {
            None => 0,
            Some(text) => text.split(['.', ',']).next()?.parse().ok()?,
        };
        match afternoon {
            Some(true) => self.hour = self.hour.checked_rem(12)? + 12,
            Some(false) => self.hour %= 12,
            None => {}
        }
        fields.next().is_none().then_some(())
    }

    /// `12/Mar/24`, `2024-03-12`, `12.03.2024`, `Mar`, `12th`, `Tue`.
    fn date_word(&mut self, word: &str) -> Option<()> {
        for separator in ['/', '-', '.'] {
            if word.trim_end_matches('.').contains(separator) && self.separator == '\0' {
                self.separator = separator;
            }
        }
        for piece in word.split(['/', '-', '.']).filter(|piece| !piece.is_empty()) {
            let digits = piece.bytes().take_while(u8::is_ascii_digit).count();
            if digits == 0 {
                match month(piece) {
                    Some(month) => self.month = Some(month),
                    None if is_weekday(piece) => {}
                    None => return None,
                }
            } else if matches!(&piece[digits..], "" | "st" | "nd" | "rd" | "th") {
                self.numbers.push((piece[..digits].parse().ok()?, digits));
            } else {
                return None;
            }
        }
        Some(())
    }
}

/// An offset like `+0100` or `-08:00` in seconds.
fn seconds(offset: &str) -> Option<i32> {
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let digits: String = offset[1..].chars().filter(|c| *c != ':').collect();
    let (hours, minutes) = match digits.len() {
        1 | 2 => (digits.parse::<i32>().ok()?, 0),
        4 => (digits.get(..2)?.parse().ok()?, digits.get(2..)?.parse().ok()?),
        _ => return None,
    };
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3600 + minutes * 60))
}

fn month(word: &str) -> Option<u32> {
    const NAMES: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let place = NAMES
        .iter()
        .position(|name| word.len() >= 3 && (name.starts_with(word) || word == "sept" && *name == "september"))?;
    u32::try_from(place + 1).ok()
}

fn is_weekday(word: &str) -> bool {
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
        .iter()
        .any(|name| word.len() >= 3 && name.starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::Dates;

    fn read(text: &str) -> Option<String> {
        Dates::default().read(text).map(|time| time.to_string())
    }

    #[test]
    fn forms_of_exports_are_read() {
        for (text, expected) in [
            ("2024-03-12T15:04:05.123Z", "2024-03-12T15:04:05.123Z"),
            ("2024-03-12T15:04:05+0100", "2024-03-12T14:04:05Z"),
            ("2024-03-12 15:04:05", "2024-03-12T15:04:05Z"),
            ("2024-03-12 15:04", "2024-03-12T15:04:00Z"),
            ("2024-03-12", "2024-03-12T00:00:00Z"),
            ("12/Mar/24 3:04 PM", "2024-03-12T15:04:00Z"),
            ("12/Mar/24 12:04 AM", "2024-03-12T00:04:00Z"),
            ("12/Mar/2024", "2024-03-12T00:00:00Z"),
            ("03/12/2024 03:04 PM", "2024-03-12T15:04:00Z"),
            ("13/12/2024", "2024-12-13T00:00:00Z"),
            ("12.03.2024 15:04", "2024-03-12T15:04:00Z"),
            ("Tue Mar 12 2024 15:04:05 GMT+0000 (Coordinated Universal Time)", "2024-03-12T15:04:05Z"),
            ("Tue, 12 Mar 2024 15:04:05 GMT", "2024-03-12T15:04:05Z"),
            ("Mar 12, 2024, 3:04pm", "2024-03-12T15:04:00Z"),
            ("1710255845", "2024-03-12T15:04:05Z"),
            ("1710255845000", "2024-03-12T15:04:05Z"),
        ] {
            let learned = Dates::learn([text]).read(text).map(|time| time.to_string());
            assert_eq!(learned.as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn the_order_of_day_and_month_is_learned_from_the_file() {
        assert_eq!(read("03/04/2024").as_deref(), Some("2024-03-04T00:00:00Z"));
        let dates = Dates::learn(["", "03/04/2024", "25/04/2024 10:00"]);
        assert_eq!(dates.read("03/04/2024").map(|time| time.to_string()).as_deref(), Some("2024-04-03T00:00:00Z"));
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in [
            "",
            "soon",
            "12",
            "99999",
            "2024-13-40",
            "0001-01-01T00:00:00Z",
            "12:30",
            "1/2/3/4/5",
            "2024-03-12T25:00:00",
            "+",
            "é:é",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
