//! A run as one page: a table for each group, with the aims beside the numbers.

use super::results::{Better, Measurement, Run};

/// The width of the first column.
const LINE_WIDTH: usize = 40;

/// The page.
pub fn page(run: &Run) -> String {
    let mut out = format!("\n{}\n", heading(run));
    if run.build == "debug" {
        out.push_str("This is a debug build: its numbers are of no use. `make bench` uses an optimised one.\n");
    }
    for group in groups(&[run]) {
        let members: Vec<&Measurement> = run.measurements.iter().filter(|one| one.group == group).collect();
        table(&mut out, group, &members);
    }
    let aims: Vec<bool> = run.measurements.iter().filter_map(Measurement::meets_aim).collect();
    let met = aims.iter().filter(|met| **met).count();
    out.push_str(&format!("\n{met} of {} aims are met (✓; ✗ is a missed one).\n", aims.len()));
    out
}

/// One line about where and when a run was.
pub fn heading(run: &Run) -> String {
    format!(
        "callboard {} ({}), Postgres {}, {} processors, {} MB, {}; medians of {} repetitions of {} s{}",
        run.callboard,
        run.build,
        run.postgres,
        run.cores,
        thousands(run.memory_mb as f64),
        run.date.strftime("%Y-%m-%d %H:%M UTC"),
        run.settings.rounds,
        run.settings.seconds,
        if run.settings.quick { ", quick" } else { "" }
    )
}

/// The groups of some runs, in order.
pub fn groups<'a>(runs: &[&'a Run]) -> Vec<&'a str> {
    distinct(runs.iter().flat_map(|run| &run.measurements).map(|one| one.group.as_str()))
}

fn distinct<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    for text in texts {
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

fn table(out: &mut String, group: &str, members: &[&Measurement]) {
    let columns = distinct(members.iter().map(|one| one.column.as_str()));
    let width = |column: &&str| {
        let cells = members.iter().filter(|one| one.column == *column).map(|one| cell(one).chars().count());
        cells.max().unwrap_or_default().max(column.chars().count()) + 2
    };
    let widths: Vec<usize> = columns.iter().map(width).collect();
    let mut heading = format!("\n{group:<LINE_WIDTH$}");
    for (column, width) in columns.iter().zip(&widths) {
        heading.push_str(&format!("{column:>width$}"));
    }
    out.push_str(heading.trim_end());
    out.push('\n');
    for line in distinct(members.iter().map(|one| one.line.as_str())) {
        let mut row = format!("  {line:<rest$}", rest = LINE_WIDTH - 2);
        for (column, width) in columns.iter().zip(&widths) {
            let found = members.iter().find(|one| one.line == line && one.column == *column);
            row.push_str(&format!("{:>width$}", found.map(|one| cell(one)).unwrap_or_default()));
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
}

/// A number with its unit, unless that is in the heading, and its aim.
fn cell(one: &Measurement) -> String {
    let mut text = number(one.value, &one.unit);
    if one.column.is_empty() {
        match one.unit.as_str() {
            "ratio" => {}
            "1/s" => text.push_str("/s"),
            unit => text.push_str(&format!(" {unit}")),
        }
    }
    if let (Some(aim), Some(met)) = (one.aim, one.meets_aim()) {
        let sign = if one.better == Better::Higher { '≥' } else { '≤' };
        text.push_str(&format!(" {sign}{} {}", number(aim, &one.unit), if met { '✓' } else { '✗' }));
    }
    text
}

/// A number with the digits that its unit deserves.
pub fn number(value: f64, unit: &str) -> String {
    match unit {
        "ratio" | "s" => format!("{value:.2}"),
        "% of a core" => format!("{value:.2}"),
        _ if value.abs() >= 1000.0 => thousands(value),
        "bytes" | "count" => format!("{value:.0}"),
        _ => format!("{value:.1}"),
    }
}

fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.abs());
    let mut out = if value < 0.0 { "-".to_owned() } else { String::new() };
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}
