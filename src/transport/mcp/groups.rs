//! Groups of tools: `/mcp?tools=tickets,jobs` lists only these, which leaves more room in a model's context.

use crate::{Error, Result};

/// The names of the groups.
pub const GROUPS: [&str; 7] = ["tickets", "planning", "analysis", "commits", "jobs", "questions", "team"];
/// Groups that are listed only where an address names them: few agents plan, and each tool costs all of them context.
const ON_REQUEST: [&str; 1] = ["planning"];
/// Tools that every selection lists.
const ALWAYS: [&str; 1] = ["list_workflows"];

/// The groups and single tools that an address asks for; `None`: all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection(Option<Vec<String>>);

impl Selection {
    /// Reads the parameter `tools` of a query; `is_tool` knows the names of single tools.
    pub fn parse(query: &str, is_tool: impl Fn(&str) -> bool) -> Result<Self> {
        let given = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "tools");
        let Some((_, text)) = given else { return Ok(Self(None)) };
        let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).filter(|n| !n.is_empty()).collect();
        let known = |name: &str| GROUPS.contains(&name) || is_tool(name);
        match names.iter().find(|name| !known(name)) {
            _ if names.is_empty() || names.len() > 50 => Err(refused()),
            Some(_) => Err(refused()),
            None => Ok(Self(Some(names))),
        }
    }

    /// Whether a tool of a group is listed.
    pub fn lists(&self, tool: &str, group: &str) -> bool {
        match &self.0 {
            None => !ON_REQUEST.contains(&group),
            Some(names) => ALWAYS.contains(&tool) || names.iter().any(|name| name == group || name == tool),
        }
    }
}

fn refused() -> Error {
    Error::invalid(
        "tools",
        format!("must be groups ({}) or names of tools, with commas between them", GROUPS.join(", ")),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_and_tools_are_selected() {
        let parse = |query: &str| Selection::parse(query, |name| name == "claim_work");
        let some = parse("x=1&tools=tickets,claim_work").expect("a selection");
        assert!(some.lists("get_ticket", "tickets") && some.lists("claim_work", "jobs"));
        assert!(!some.lists("get_job", "jobs") && some.lists("list_workflows", "team"));
        let all = parse("").expect("all");
        assert!(all.lists("get_job", "jobs") && !all.lists("save_milestone", "planning"));
        assert!(parse("tools=tickets,planning").expect("planning").lists("save_milestone", "planning"));
        for bad in ["tools=", "tools=all", "tools=tickets,x", "tools=,"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
