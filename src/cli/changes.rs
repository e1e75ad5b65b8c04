//! `callboard changes`: what changed on a board between two times.

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use super::output::{self, alert, bold, dim, line, one_line};
use super::remote::{RemoteArgs, WorkflowArgs};
use crate::Result;
use crate::domain::past_boards::{DifferenceKind, TicketDifference};
use crate::domain::times;

/// Fields whose values are not worth reading.
const UNREADABLE: [&str; 1] = ["rank"];
/// Maximum characters of a value.
const MAX_VALUE: usize = 60;

/// Flags of `callboard changes`.
#[derive(Debug, Args)]
pub struct ChangesArgs {
    /// The earlier time: RFC 3339, e.g. 2026-01-31T12:00:00Z, or a date, which begins at midnight here.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub from: Timestamp,
    /// The later time. Defaults to now.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub to: Option<Timestamp>,
    /// The server.
    #[command(flatten)]
    pub remote: RemoteArgs,
    /// The workflow.
    #[command(flatten)]
    pub workflow: WorkflowArgs,
}

/// A time with an offset, or the beginning of a day in the system's time zone.
pub fn moment(text: &str) -> std::result::Result<Timestamp, String> {
    if let Some(time) = times::parse(text) {
        return Ok(time);
    }
    let day = text.parse::<jiff::civil::Date>().ok().filter(|_| text.len() == "2026-01-31".len());
    let midnight = day.and_then(|day| day.to_zoned(TimeZone::system()).ok());
    midnight
        .map(|midnight| midnight.timestamp())
        .ok_or_else(|| "write a time like 2026-01-31T12:00:00Z, or a date".to_owned())
}

/// Runs `callboard changes`.
pub async fn command(args: ChangesArgs, json: bool) -> Result<()> {
    let client = args.remote.connect()?;
    let workflow = args.workflow.find(&client).await?;
    let changes = client.board_changes(&workflow, args.from, args.to).await?;
    if json {
        return output::json(&changes);
    }
    for ticket in &changes.tickets {
        print(ticket);
    }
    if changes.tickets.is_empty() {
        eprintln!("Nothing changed.");
    } else if changes.has_more {
        eprintln!("More tickets changed; choose a shorter time.");
    }
    Ok(())
}

fn print(ticket: &TicketDifference) {
    let what = match ticket.change {
        DifferenceKind::Added => "added".to_owned(),
        DifferenceKind::Removed => alert("removed").to_string(),
        DifferenceKind::Changed => String::new(),
    };
    line(format!("{:<8} {} {what}", bold(&ticket.key), one_line(&ticket.title)).trim_end());
    for (field, values) in &ticket.fields {
        let name = dim(&field.replace('_', " "));
        match UNREADABLE.contains(&field.as_str()) {
            true => line(format!("  {name}")),
            false => line(format!("  {name}: {} → {}", shown(&values.old_value), shown(&values.new_value))),
        }
    }
}

/// A value on one line; nothing is a dash.
fn shown(value: &Value) -> String {
    let text = match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map_or_else(|| item.to_string(), str::to_owned))
            .collect::<Vec<_>>()
            .join(", "),
        other => other.to_string(),
    };
    let cut: String = text.chars().take(MAX_VALUE).collect();
    one_line(&if cut.len() < text.len() { format!("{cut}…") } else { cut })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_and_dates_are_moments() {
        let time = moment("2026-01-31T12:00:00+02:00").expect("a time");
        assert_eq!(time.to_string(), "2026-01-31T10:00:00Z");
        assert!(moment("2026-01-31").is_ok());
        for bad in ["yesterday", "2026-02-30", "2026-01-31T12:00:00", ""] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn values_are_short() {
        assert_eq!(shown(&json!(["a", "b"])), "a, b");
        assert_eq!(shown(&json!([])), "-");
        assert_eq!(shown(&Value::Null), "-");
        assert_eq!(shown(&json!("x".repeat(100))).chars().count(), MAX_VALUE + 1);
    }
}
