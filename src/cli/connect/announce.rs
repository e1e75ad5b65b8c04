//! What `callboard connect` says before it asks.

use super::KeySource;
use super::account::{Joins, NewKey};
use crate::cli::output;
use crate::domain::agent_setup::{KEY_VARIABLE, Tool};

/// Upper limit of names in a sentence.
const MAX_NAMES: usize = 10;

/// Says with which key the tool works, and what becomes of the agent's memberships. `joins` is for a kept key.
pub fn source(tool: &Tool, source: &KeySource, joins: Option<&Joins>) {
    match source {
        KeySource::Kept { holder, .. } => {
            eprintln!("{} works as the agent {}; its key is kept.", tool.name, holder.agent);
            let current = holder.workflows.iter().map(|workflow| workflow.name.clone()).collect();
            match joins {
                Some(joins) => memberships(joins),
                None => memberships(&Joins { current, ..Joins::default() }),
            }
        }
        KeySource::Elsewhere(agent) => {
            eprintln!("{} works as the agent {agent}.", tool.name);
            eprintln!(
                "The key in {KEY_VARIABLE} is not checked, because the variable is not set here. --new-key makes a new key."
            );
            if let Some(joins) = joins {
                memberships(joins);
            }
        }
        KeySource::New(new) => new_key(tool, &new.1),
    }
}

fn new_key(tool: &Tool, plan: &NewKey) {
    let kind = if plan.is_new_agent() { "new agent" } else { "agent" };
    eprintln!("{} works as the {kind} {}, with a new key (read, write).", tool.name, plan.agent);
    if let Some(replaced) = plan.replaced() {
        eprintln!("The key {replaced} that it has now is revoked.");
    }
    memberships(&plan.joins);
    if !plan.others.is_empty() {
        eprintln!(
            "Other keys made by this command stay valid: {}. If they are not used any more, `callboard key revoke ID`.",
            list(&plan.others)
        );
    }
}

fn memberships(joins: &Joins) {
    if !joins.joined.is_empty() {
        let names: Vec<String> = joins.joined.iter().map(|workflow| workflow.name.clone()).collect();
        eprintln!("It joins: {}.", list(&names));
    }
    if !joins.current.is_empty() {
        eprintln!("It is a member of: {}.", list(&joins.current));
    } else if joins.joined.is_empty() {
        eprintln!("It is in no workflow yet; an owner can add it as a member, and --workflow does so for your own.");
    }
    if !joins.possible.is_empty() {
        eprintln!("It is not a member of: {}. --workflow NAME lets it in.", list(&joins.possible));
    }
    if !joins.others.is_empty() {
        eprintln!("It is not a member of, and only an owner can let it into: {}.", list(&joins.others));
    }
}

fn list(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(MAX_NAMES).map(|name| output::one_line(name)).collect();
    match names.len().saturating_sub(MAX_NAMES) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}
