//! What an agent can do after a refusal, where the refusal itself does not say it: the rules that refuse serve every
//! transport, and do not know the names of tools.

use crate::error::Problem;

/// Where the values of arguments come from.
const SOURCES: [(&str, &str); 6] = [
    ("ticket_id", "search_tickets and get_tickets list tickets."),
    ("job_id", "claim_work and list_jobs name jobs."),
    ("lease_token", "claim_work returns it with the job."),
    ("approval_id", "ask_human returns it; list_approvals lists questions."),
    ("new_status", "get_board lists the columns."),
    ("workflow_id", "list_workflows names those you see."),
];
/// What is not found, and where it is listed.
const LISTS: [(&str, &str); 4] = [
    ("There is no ticket ", "search_tickets and get_tickets list tickets; a key needs the right workflow_id."),
    ("There is no job ", "list_jobs lists jobs."),
    ("There is no approval ", "list_approvals lists questions."),
    ("There is no workflow ", "list_workflows names those you see."),
];

/// The sentence to add to a problem, if any.
pub fn next_step(problem: &Problem) -> Option<&'static str> {
    match problem.code.as_str() {
        "invalid" => {
            let missing = problem.errors.iter().find(|error| error.rule == "is required")?;
            SOURCES.iter().find(|(field, _)| *field == missing.field).map(|(_, source)| *source)
        }
        // A sentence that names what there is needs no other.
        "not_found" if problem.detail.contains(';') => None,
        "not_found" => LISTS.iter().find(|(start, _)| problem.detail.starts_with(start)).map(|(_, list)| *list),
        "lease_lost" => Some("Take other work with claim_work."),
        "stale_version" => Some("Read it again with get_ticket."),
        "forbidden" => Some("Ask a person to do it, or do without it."),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn refusals_without_a_next_step_get_one() {
        let step = |error: Error| next_step(&error.as_problem()).unwrap_or("");
        assert!(step(Error::invalid("lease_token", "is required")).contains("claim_work"));
        assert!(step(Error::problem(404, "not_found", "There is no job x.")).contains("list_jobs"));
        assert_eq!(step(Error::problem(404, "not_found", "There is no workflow x; you see A, B.")), "");
        assert_eq!(step(Error::invalid("title", "must have 3 to 500 characters")), "");
    }
}
