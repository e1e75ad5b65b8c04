//! What commands print: a table or sentences for people, JSON for programs. Whatever others have written is
//! printed without control characters, which could steer a terminal; colors are left out where standard output
//! is no terminal or `NO_COLOR` is set.

use std::io::{ErrorKind, IsTerminal, Write};

use console::{Style, StyledObject};
use indicatif::{ProgressBar, ProgressStyle};
use serde::Serialize;
use serde_json::{Value, json};

use crate::error::Problem;
use crate::{Error, Result};

/// Prints a line, unless whoever reads (`head`) has seen enough: then the program ends, as others do.
pub fn line(text: impl std::fmt::Display) {
    if let Err(error) = writeln!(std::io::stdout(), "{text}")
        && error.kind() == ErrorKind::BrokenPipe
    {
        std::process::exit(0);
    }
}

/// Waits until whoever reads standard output has left. Where nothing happens nothing is written, and a write would
/// be the only way to notice: a command that goes on asks every half second.
pub async fn reader_left() {
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(500));
    loop {
        tick.tick().await;
        let mut stdout = libc::pollfd { fd: libc::STDOUT_FILENO, events: 0, revents: 0 };
        // SAFETY: one descriptor of our own, and no waiting.
        let asked = unsafe { libc::poll(&raw mut stdout, 1, 0) };
        if asked > 0 && stdout.revents & (libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) != 0 {
            return;
        }
    }
}

/// Prints a value as JSON.
pub fn json(value: &impl Serialize) -> Result<()> {
    line(serde_json::to_string(value).map_err(|error| Error::Internal(error.to_string()))?);
    Ok(())
}

/// A refusal as the server states it (RFC 9457).
pub fn problem(problem: &Problem) -> Value {
    let mut document = problem.extra.clone();
    document.insert("status".to_owned(), json!(problem.status));
    document.insert("code".to_owned(), json!(problem.code));
    document.insert("detail".to_owned(), json!(problem.detail));
    if !problem.errors.is_empty() {
        document.insert("errors".to_owned(), json!(problem.errors));
    }
    Value::Object(document)
}

/// What stands in one place of a table.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    style: Style,
}

impl Cell {
    /// A text with a style.
    pub fn styled(text: impl Into<String>, style: Style) -> Self {
        Self { text: text.into(), style }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::styled(text, Style::new())
    }
}

/// Prints rows in aligned columns under a header. In a terminal the last column is cut where the line ends.
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
    let room = room(widths.iter().rev().skip(1).map(|width| width + 2).sum());
    let print = |cells: [Cell; N]| {
        let mut whole = String::new();
        for (place, (Cell { text, style }, width)) in cells.into_iter().zip(widths).enumerate() {
            if place + 1 == N {
                whole.push_str(&style.apply_to(console::truncate_str(&text, room, "…")).to_string());
            } else {
                let blanks = width.saturating_sub(console::measure_text_width(&text)) + 2;
                whole.push_str(&style.apply_to(&text).to_string());
                whole.push_str(&" ".repeat(blanks));
            }
        }
        line(whole.trim_end());
    };
    print(header.map(|name| Cell::styled(name, Style::new().dim())));
    for row in rows {
        print(row);
    }
}

/// How wide the last column may be after columns of a width.
fn room(taken: usize) -> usize {
    let terminal = console::Term::stdout();
    match terminal.size_checked() {
        Some((_, columns)) if terminal.is_term() => usize::from(columns).saturating_sub(taken).max(20),
        _ => usize::MAX,
    }
}

/// The name of a state, as the API writes it.
pub fn word(state: &impl Serialize) -> String {
    match serde_json::to_value(state) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

/// Text of others in one line.
pub fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

/// Text of others that may have several lines, each behind an indent.
pub fn block(text: &str, indent: &str) {
    for each in text.lines() {
        line(format!("{indent}{}", one_line(each)).trim_end());
    }
}

/// A text that stands out.
pub fn bold(text: &str) -> StyledObject<String> {
    Style::new().bold().apply_to(one_line(text))
}

/// A text that stays behind.
pub fn dim(text: &str) -> StyledObject<String> {
    Style::new().dim().apply_to(one_line(text))
}

/// A text that says that something has to be looked at.
pub fn alert(text: &str) -> StyledObject<String> {
    Style::new().yellow().apply_to(one_line(text))
}

/// A bar on stderr; none where stderr is no terminal.
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

/// A time to the second, or a dash.
pub fn time(at: Option<jiff::Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), |at| at.strftime("%Y-%m-%d %H:%M:%SZ").to_string())
}

/// How long ago a time of the server's was, in the largest unit: `3m ago`.
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

/// The time of day where the reader is.
pub fn clock(at: &str) -> String {
    match at.parse::<jiff::Timestamp>() {
        Ok(at) => at.to_zoned(jiff::tz::TimeZone::system()).strftime("%H:%M:%S").to_string(),
        Err(_) => one_line(at),
    }
}
