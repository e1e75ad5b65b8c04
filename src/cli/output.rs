//! Output of commands: tables and text for people, JSON for programs. Control characters are removed from user content,
//! because they could control the terminal. Colors are off if standard output is not a terminal or `NO_COLOR` is set.

use std::io::{ErrorKind, IsTerminal, Write};

use console::{Style, StyledObject};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Problem;
use crate::{Error, Result};

/// Prints a line. If the reader (e.g. `head`) has closed the pipe, the program exits with code 0.
pub fn line(text: impl std::fmt::Display) {
    write(format!("{text}\n").as_bytes());
}

/// Prints bytes as they are; otherwise like [`line`].
pub fn write(bytes: &[u8]) {
    let mut out = std::io::stdout().lock();
    if let Err(error) = out.write_all(bytes).and_then(|()| out.flush())
        && error.kind() == ErrorKind::BrokenPipe
    {
        std::process::exit(0);
    }
}

/// Prints a line for people on standard error. A closed one is ignored, because the result does not depend on it.
pub fn note(text: impl std::fmt::Display) {
    let _ = std::io::stderr().write_all(format!("{text}\n").as_bytes());
}

/// Waits until the reader of standard output has closed the pipe. A command that waits for events writes nothing, so
/// it polls the descriptor instead of relying on a failed write.
pub async fn reader_closed() {
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(500));
    loop {
        tick.tick().await;
        let mut stdout = libc::pollfd { fd: libc::STDOUT_FILENO, events: 0, revents: 0 };
        // SAFETY: passes one valid pollfd and does not block.
        let ready = unsafe { libc::poll(&raw mut stdout, 1, 0) };
        if ready > 0 && stdout.revents & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0 {
            return;
        }
    }
}

/// Prints a value as JSON.
pub fn json(value: &impl Serialize) -> Result<()> {
    line(serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))?);
    Ok(())
}

/// Any error as a problem document; `sentence` is its detail. Faults of the installation have no HTTP status.
pub fn error(error: &Error, sentence: String) -> Value {
    match error {
        Error::Problem(found) => problem(found),
        Error::Setup(_) => json!({"code": "setup", "detail": sentence}),
        other => problem(&Problem { detail: sentence, ..other.as_problem() }),
    }
}

/// A problem document (RFC 9457).
fn problem(problem: &Problem) -> Value {
    let mut document = problem.extra.clone();
    document.insert("status".to_owned(), json!(problem.status));
    document.insert("code".to_owned(), json!(problem.code));
    document.insert("detail".to_owned(), json!(problem.detail));
    if !problem.errors.is_empty() {
        document.insert("errors".to_owned(), json!(problem.errors));
    }
    Value::Object(document)
}

/// A table cell.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A cell with a style.
    pub fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::styled(text, Style::new())
    }
}

/// Prints rows in aligned columns under a header. In a terminal the last column is truncated to the line width.
pub fn table<const N: usize, C: Into<Cell>>(header: [&str; N], rows: impl IntoIterator<Item = [C; N]>) {
    let rows: Vec<[Cell; N]> = rows
        .into_iter()
        .map(|row| {
            row.map(|cell| {
                let Cell { text, style } = cell.into();
                Cell { text: one_line(&text), style }
            })
        })
        .collect();
    let mut widths = header.map(str::len);
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(console::measure_text_width(&cell.text));
        }
    }
    let last_width = last_column_width(widths.iter().rev().skip(1).map(|width| width + 2).sum());
    let print = |cells: [Cell; N]| {
        let mut whole = String::new();
        for (index, (Cell { text, style }, width)) in cells.into_iter().zip(widths).enumerate() {
            if index + 1 == N {
                whole.push_str(&style.apply_to(console::truncate_str(&text, last_width, "…")).to_string());
            } else {
                let padding = width.saturating_sub(console::measure_text_width(&text)) + 2;
                whole.push_str(&style.apply_to(&text).to_string());
                whole.push_str(&" ".repeat(padding));
            }
        }
        line(whole.trim_end());
    };
    print(header.map(|name| Cell::styled(name, Style::new().dim())));
    for row in rows {
        print(row);
    }
}

/// Maximum width of the last column, after columns of width `taken`.
fn last_column_width(taken: usize) -> usize {
    let terminal = console::Term::stdout();
    match terminal.size_checked() {
        Some((_, columns)) if terminal.is_term() => usize::from(columns).saturating_sub(taken).max(20),
        _ => usize::MAX,
    }
}

/// The API name of a state.
pub fn word(state: &impl Serialize) -> String {
    match serde_json::to_value(state) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// User content as one line, without control characters. Invisible characters are shown by their code points, because
/// agents read what people must see.
pub fn one_line(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if c.is_control() => shown.push(' '),
            c if is_invisible(c) => shown.push_str(&format!("<U+{:04X}>", u32::from(c))),
            c => shown.push(c),
        }
    }
    shown
}

/// Bidirectional controls, zero-width and filler characters, tags; not the joiners of emoji and scripts.
fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0xAD | 0x34F | 0x61C | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B | 0x200E..=0x200F
        | 0x2028..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164 | 0xFEFF | 0xFFA0 | 0xFFF9..=0xFFFB | 0x1D173..=0x1D17A
        | 0xE0000..=0xE0FFF)
}

/// Prints user content of several lines with an indent.
pub fn block(text: &str, indent: &str) {
    for each in text.lines() {
        line(format!("{indent}{}", one_line(each)).trim_end());
    }
}

/// Bold text.
pub fn bold(text: &str) -> StyledObject<String> {
    Style::new().bold().apply_to(one_line(text))
}

/// Dimmed text.
pub fn dim(text: &str) -> StyledObject<String> {
    Style::new().dim().apply_to(one_line(text))
}

/// Text that needs attention.
pub fn alert(text: &str) -> StyledObject<String> {
    Style::new().yellow().apply_to(one_line(text))
}

/// A progress bar on stderr; hidden if stderr is not a terminal.
pub fn progress_bar(length: u64, template: &str) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = if length > 0 { ProgressBar::new(length) } else { ProgressBar::new_spinner() };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

/// A UTC time to the second, or a dash.
pub fn time(at: Option<jiff::Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// The age of an API timestamp in its largest unit, e.g. `3m ago`.
pub fn ago(at: &str) -> String {
    let Ok(at) = at.parse::<jiff::Timestamp>() else { return one_line(at) };
    let seconds = jiff::Timestamp::now().duration_since(at).as_secs();
    match seconds {
        ..60 => "now".to_owned(),
        60..3600 => format!("{}m ago", seconds / 60),
        3600..86_400 => format!("{}h ago", seconds / 3600),
        _ => format!("{}d ago", seconds / 86_400),
    }
}

/// The local time of day of an API timestamp.
pub fn clock(at: &str) -> String {
    match at.parse::<jiff::Timestamp>() {
        Ok(at) => at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string(),
        Err(_) => one_line(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn invisible_characters_are_shown() {
        assert_eq!(one_line("a\u{202E}b\u{200B}\tc\u{E0041}"), "a<U+202E>b<U+200B> c<U+E0041>");
        assert_eq!(one_line("👩\u{200D}👧 می\u{200C}خواهم"), "👩\u{200D}👧 می\u{200C}خواهم");
    }
}
