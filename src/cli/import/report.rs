//! The report of an import: what names became, what was written, and what was not taken.

use serde_json::json;

use super::{Done, FileArgs};
use crate::cli::output;
use crate::domain::import::{BadLine, How, MappedName, Milestone, Outcome};

/// Maximum bad lines, cycles and names to print; the rest is counted.
const MAX_SHOWN: usize = 50;

/// Prints the report as JSON.
pub fn print_json(args: &FileArgs, done: &Done) {
    output::line(json!({
        "format": done.batch.format, "dry_run": args.dry_run, "outcome": done.outcome, "mapping": done.mapping,
        "not_taken": done.batch.not_taken.list(), "bad_lines": done.batch.bad, "warnings": done.batch.warnings,
        "cycles": done.cycles, "milestones": done.milestones,
    }));
}

/// Prints the report for people.
pub fn print(args: &FileArgs, done: &Done, is_rejected: bool) {
    for bad in done.batch.bad.iter().take(MAX_SHOWN) {
        eprintln!("{}.", sentence(bad));
    }
    more(done.batch.bad.len(), "invalid lines");
    for warning in done.batch.warnings.iter().take(MAX_SHOWN) {
        eprintln!("{}; the value is left out.", sentence(warning));
    }
    more(done.batch.warnings.len(), "invalid values");
    for cycle in done.cycles.iter().take(MAX_SHOWN) {
        let link = output::one_line(&format!("{} as {} of {}", cycle.to, cycle.kind, cycle.from));
        eprintln!("Line {}: {link} would create a cycle; the link is skipped.", cycle.line);
    }
    more(done.cycles.len(), "links that would create a cycle");
    if args.dry_run {
        print_mapping(done);
        print_milestones(&done.milestones);
    } else {
        for state in
            done.mapping.states.iter().filter(|state| state.how == How::Unknown && state.count > 0).take(MAX_SHOWN)
        {
            let (name, column) = (output::one_line(&state.name), state.to.as_deref().unwrap_or_default());
            eprintln!("{} tickets have the unknown state {name:?}; they go to {column}.", state.count);
        }
    }
    match &done.outcome {
        Some(outcome) => {
            print_gone(outcome);
            output::line(summary(args, done, outcome).trim_end());
        }
        None if is_rejected => {
            let (lines, values) = (done.batch.bad.len(), done.batch.warnings.len());
            eprintln!("Nothing is imported: {lines} lines and {values} values are invalid.");
        }
        None => eprintln!("Nothing is imported: all lines are invalid."),
    }
    print_not_taken(done);
    if let Some(file) = &args.save_mapping {
        eprintln!("The mapping is in {}.", file.display());
    }
}

/// "Line 3 has no id", without its end.
fn sentence(bad: &BadLine) -> String {
    output::one_line(&bad.to_string()).replacen("line", "Line", 1)
}

fn more(count: usize, what: &str) {
    if count > MAX_SHOWN {
        eprintln!("… and {} more {what}.", count - MAX_SHOWN);
    }
}

/// The milestones of the file. Their days are printed as the source has them; the workflow's time zone decides.
fn print_milestones(milestones: &[Milestone]) {
    if milestones.is_empty() {
        return;
    }
    let day = |at: Option<jiff::Timestamp>| at.map_or("-".to_owned(), |at| at.strftime("%Y-%m-%d").to_string());
    output::table(
        ["MILESTONE", "TICKETS", "STARTS", "DUE", "STATE"],
        milestones.iter().take(MAX_SHOWN).map(|milestone| {
            let state = if milestone.is_closed == Some(true) { "closed" } else { "open" };
            [
                output::one_line(&milestone.name),
                milestone.tickets.to_string(),
                day(milestone.starts_at),
                day(milestone.due_at),
                state.to_owned(),
            ]
        }),
    );
    more(milestones.len(), "milestones");
    println!("");
}

/// The tickets that an update leaves alone, because they were deleted, archived or merged here.
fn print_gone(outcome: &Outcome) {
    for ticket in outcome.gone.iter().take(MAX_SHOWN) {
        let reference = output::one_line(&ticket.reference);
        eprintln!("{reference} ({}) was {} here; it is left alone.", ticket.key, ticket.reason);
    }
    more(outcome.gone_count as usize, "tickets that were deleted, archived or merged here");
}

/// A table for each kind of names.
fn print_mapping(done: &Done) {
    let names = &done.mapping;
    for (kind, count, target, list) in [
        ("STATE", "TICKETS", "COLUMN", &names.states),
        ("TYPE", "TICKETS", "TYPE HERE", &names.types),
        ("PRIORITY", "TICKETS", "PRIORITY HERE", &names.priorities),
        ("PERSON", "NAMED", "MEMBER", &names.people),
    ] {
        if list.is_empty() {
            continue;
        }
        output::table([kind, count, target, "WHY"], list.iter().take(MAX_SHOWN).map(row));
        more(list.len(), "names");
        println!("");
    }
}

fn row(name: &MappedName) -> [String; 4] {
    let why = match name.how {
        How::Given => "given",
        How::Name => "same name",
        How::Similar => "similar name",
        How::Category => "by progress",
        How::Email => "same e-mail address",
        How::New => "new",
        How::Text => "kept as text",
        How::Unknown => "unknown; the default",
    };
    [name.name.clone(), name.count.to_string(), name.to.clone().unwrap_or_else(|| "-".to_owned()), why.to_owned()]
}

fn summary(args: &FileArgs, done: &Done, outcome: &Outcome) -> String {
    let mut text = match args.dry_run {
        true => {
            format!("Nothing was written. An import into {} would have:\n", output::one_line(&outcome.workflow_name))
        }
        false => format!("Workflow {} ({})\n", output::one_line(&outcome.workflow_name), outcome.workflow_id),
    };
    let unchanged = outcome.existing.saturating_sub(outcome.updated);
    let rows = [
        (outcome.imported, "tickets imported"),
        (outcome.updated, "tickets updated"),
        (unchanged, "imported before, left as they are"),
        (outcome.kept, "tickets with values kept, because they changed here too"),
        (
            if args.update { 0 } else { outcome.newer },
            "of these have newer changes in the file; --update takes them over",
        ),
        (outcome.gone_count, "tickets left alone, because they were deleted, archived or merged here"),
        (outcome.milestones, "milestones"),
        (outcome.milestones_updated, "milestones updated"),
        (outcome.comments, "comments"),
        (outcome.blockers, "open blockers"),
        (outcome.parents, "parents"),
        (outcome.related, "other relations"),
        (outcome.missing_links, "links to missing tickets"),
        (done.cycles.len() as u64, "links skipped because of a cycle"),
        (outcome.agents, "agents provisioned"),
        (outcome.types_added.len() as u64, "ticket types added"),
    ];
    for (count, what) in rows {
        if count > 0 || what == "tickets imported" {
            text.push_str(&format!("{count:>8}  {what}\n"));
        }
    }
    if !outcome.types_added.is_empty() {
        text.push_str(&format!("          ({})\n", outcome.types_added.join(", ")));
    }
    text
}

fn print_not_taken(done: &Done) {
    let losses = done.batch.not_taken.list();
    if losses.is_empty() {
        return;
    }
    println!("\nNot taken as they are:");
    for loss in losses.iter().take(MAX_SHOWN) {
        let examples =
            if loss.examples.is_empty() { String::new() } else { format!("; e.g. {}", loss.examples.join(" | ")) };
        println!("{:>8}  {}", loss.count, output::one_line(&format!("{}: {}{examples}", loss.kind, loss.reason)));
    }
    more(losses.len(), "kinds");
}
