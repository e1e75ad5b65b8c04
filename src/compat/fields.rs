//! How clients of other systems name the fields that an error is about.

use serde_json::Value;

use crate::config::CompatClient;

/// A client's name for a field of Callboard. What it keeps in the custom fields of tickets has the client's name there.
fn name(client: CompatClient, field: &str) -> &str {
    let field = field.strip_prefix("custom_fields.").unwrap_or(field);
    let names: &[(&str, &str)] = match client {
        CompatClient::StageBoard => &[("description", "content_user_request_prompt"), ("status", "stage")],
        CompatClient::Engine => &[
            ("assigned_agent_id", "assignee_id"),
            ("parent_ticket_id", "parent_id"),
            ("status", "state"),
            ("workflow_id", "project_id"),
        ],
        CompatClient::Tracker => &[("initial_prompt", "task_description")],
        CompatClient::WorkflowBoard => &[
            ("title", "issue_title"),
            ("description", "issue_body"),
            ("ticket_type", "issue_class"),
            ("status", "current_stage"),
        ],
        // It has the names of jobs.
        CompatClient::JobBuilder => &[],
    };
    names.iter().find(|(own, _)| *own == field).map_or(field, |(_, theirs)| *theirs)
}

/// Gives the fields of a problem document the client's names, in its sentence too.
pub fn rename(client: CompatClient, problem: &mut Value) {
    let mut renamed = Vec::new();
    for error in problem.get_mut("errors").and_then(Value::as_array_mut).into_iter().flatten() {
        let Some(field) = error["field"].as_str().map(str::to_owned) else { continue };
        let theirs = name(client, &field).to_owned();
        if theirs != field {
            error["field"] = theirs.as_str().into();
            renamed.push((field, theirs));
        }
    }
    if let Some(theirs) = problem["field"].as_str().map(|field| name(client, field).to_owned()) {
        problem["field"] = theirs.into();
    }
    for (field, theirs) in renamed {
        // One field in "The field x must …", several in "2 fields are not valid: x, y."
        let said = problem["detail"].as_str().unwrap_or_default();
        let said = said.replacen(&format!("The field {field} "), &format!("The field {theirs} "), 1);
        let said = match said.split_once(" fields are not valid: ") {
            Some((count, named)) => {
                let named =
                    named.trim_end_matches('.').split(", ").map(|one| if one == field { theirs.as_str() } else { one });
                format!("{count} fields are not valid: {}.", named.collect::<Vec<_>>().join(", "))
            }
            None => said,
        };
        problem["detail"] = said.into();
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Error;
    use crate::error::FieldError;

    #[test]
    fn fields_have_the_names_of_the_client() {
        let said = |client, fields: &[&str]| {
            let errors =
                fields.iter().map(|field| FieldError { field: (*field).to_owned(), rule: "is wrong".to_owned() });
            let mut problem = Error::invalid_fields(errors.collect()).as_problem().to_json();
            problem["field"] = fields[0].into();
            rename(client, &mut problem);
            (problem["detail"].clone(), problem["errors"][0]["field"].clone(), problem["field"].clone())
        };
        let one = |sentence: &str, field: &str| (json!(sentence), json!(field), json!(field));
        assert_eq!(
            said(CompatClient::Engine, &["assigned_agent_id"]),
            one("The field assignee_id is wrong.", "assignee_id")
        );
        assert_eq!(
            said(CompatClient::Engine, &["custom_fields.acceptance_criteria"]),
            one("The field acceptance_criteria is wrong.", "acceptance_criteria")
        );
        assert_eq!(
            said(CompatClient::WorkflowBoard, &["title", "limit"]),
            one("2 fields are not valid: issue_title, limit.", "issue_title")
        );
        assert_eq!(said(CompatClient::JobBuilder, &["prompt"]), one("The field prompt is wrong.", "prompt"));
    }
}
