//! Names in arguments: workflows, columns, ticket types and people may be called as boards show them.

use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Call, Tool, is_ticket_key};
use crate::domain::tickets::read as tickets;
use crate::domain::workflows;
use crate::transport::mcp::budget;
use crate::{Error, Result};

/// Workflows that a refusal names.
const MAX_NAMED: i32 = 10;
/// Filters that hold names.
const NAMED_FILTERS: [&str; 4] = ["status", "ticket_type", "assigned_agent_id", "milestone_id"];
/// Those that hold one name; the others hold lists.
const SINGLE_NAMES: [&str; 2] = ["assigned_agent_id", "milestone_id"];
/// Names in one filter that are looked up.
const MAX_NAMES: usize = 100;

impl Call<'_> {
    /// Replaces a key like `TKT-12` in `ticket_id` by the ticket's id, which the domain requires. `workflow_id` is optional
    /// for callers that see only one workflow.
    pub(super) async fn resolve_ticket_key(&mut self) -> Result<()> {
        let workflow = match self.arguments.contains_key("workflow_id") {
            true => Some(self.take("workflow_id")?),
            false => None,
        };
        let Some(ticket) = self.arguments.get("ticket_id").and_then(Value::as_str) else { return Ok(()) };
        if !is_ticket_key(ticket) {
            return Ok(());
        }
        let workflow = match workflow {
            Some(given) => given,
            None => self.only_workflow("with a key like TKT-12").await?,
        };
        let found = tickets::get(&self.state.db, &self.caller, ticket, Some(&workflow)).await?;
        self.arguments.insert("ticket_id".to_owned(), found.fields.card.ticket_id.into());
        Ok(())
    }

    /// Adds the workflow to a call with a key like `TKT-12` that names none.
    pub(super) async fn name_workflow_of_key(&mut self) -> Result<()> {
        let keyed = self.arguments.get("ticket_id").and_then(Value::as_str).is_some_and(is_ticket_key);
        if keyed && !self.arguments.contains_key("workflow_id") {
            let workflow = self.only_workflow("with a key like TKT-12").await?;
            self.arguments.insert("workflow_id".to_owned(), workflow.into());
        }
        Ok(())
    }

    /// Replaces the name of a workflow by its id, and adds the caller's only workflow where a tool requires one.
    pub(super) async fn resolve_workflow(&mut self, tool: &Tool) -> Result<()> {
        let Some(given) = self.arguments.get("workflow_id") else {
            let required = tool.whole_schema().get("required").and_then(Value::as_array);
            if required.is_some_and(|names| names.iter().any(|name| name == "workflow_id")) {
                let workflow = self.only_workflow("here").await?;
                self.arguments.insert("workflow_id".to_owned(), workflow.into());
            }
            return Ok(());
        };
        let Some(named) = given.as_str() else { return Ok(()) };
        let is_id = named.strip_prefix("workflow-").is_some_and(|id| Uuid::try_parse(id).is_ok());
        if is_id || named.len() > 500 || named.contains('\0') {
            return Ok(());
        }
        let Some(id) = workflows::resolve(&self.state.db, &self.caller, named).await? else {
            let named = budget::truncate(named, 100);
            let detail = format!("There is no workflow {named}; {}.", self.seen_workflows().await?);
            return Err(Error::problem(404, "not_found", detail));
        };
        self.arguments.insert("workflow_id".to_owned(), id.into());
        Ok(())
    }

    /// The caller's only workflow, for calls that name none; `when` says when one must be named.
    pub(super) async fn only_workflow(&self, when: &str) -> Result<String> {
        let seen = workflows::list(&self.state.db, &self.caller, false, 2, None).await?;
        if let [only] = seen.workflows.as_slice() {
            return Ok(only.id.clone());
        }
        let seen = self.seen_workflows().await?;
        Err(Error::invalid("workflow_id", format!("is required {when}, unless you see exactly one workflow; {seen}")))
    }

    /// The names of the workflows that the caller sees, as a part of a sentence.
    async fn seen_workflows(&self) -> Result<String> {
        let seen = workflows::list(&self.state.db, &self.caller, false, MAX_NAMED, None).await?;
        let names: Vec<String> = seen.workflows.iter().map(|workflow| budget::truncate(&workflow.name, 60)).collect();
        Ok(match (names.len(), seen.has_more) {
            (0, _) => "you see none: ask a person to add you to one".to_owned(),
            (_, true) => format!("you see {} and more, which list_workflows names", names.join(", ")),
            (_, false) => format!("you see {}", names.join(", ")),
        })
    }

    /// Replaces names of columns, ticket types and assignees in the filters of a list by ids. Unknown ones are refused,
    /// because an empty list would look like an answer.
    pub(super) async fn resolve_filter_names(&mut self) -> Result<()> {
        let Some(workflow) = self.arguments.get("workflow_id").and_then(Value::as_str).map(str::to_owned) else {
            return Ok(());
        };
        let filters = match self.arguments.contains_key("filters") {
            true => self.arguments.get_mut("filters").and_then(Value::as_object_mut),
            false => Some(&mut self.arguments),
        };
        let Some(filters) = filters else { return Ok(()) };
        let named: Map<String, Value> = NAMED_FILTERS
            .iter()
            .filter_map(|name| filters.get(*name).filter(|value| holds_names(name, value)).map(|v| (*name, v)))
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect();
        if !named.is_empty() {
            filters.extend(tickets::find_filter_names(&self.state.db, &self.caller, &workflow, named.into()).await?);
        }
        Ok(())
    }
}

/// Whether a filter is names in the form that its type requires; others are refused later.
fn holds_names(filter: &str, value: &Value) -> bool {
    let is_name = |value: &Value| value.as_str().is_some_and(|text| !text.contains('\0'));
    match value {
        Value::Array(names) => !SINGLE_NAMES.contains(&filter) && names.len() <= MAX_NAMES && names.iter().all(is_name),
        single => SINGLE_NAMES.contains(&filter) && is_name(single),
    }
}
