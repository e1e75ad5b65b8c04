//! Tickets, boards and executions in the words of a ticket tracker's clients: those of the main API with further names.

mod queries;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

pub use self::queries::*;
pub use self::tasks::*;

/// The date of what has none, for clients that must parse one.
const NO_DATE: &str = "1970-01-01T00:00:00Z";

/// The given members of an object, without those that are null.
pub fn only(body: &Value, names: &[&str]) -> Value {
    let given = names.iter().filter_map(|name| Some((*name, body.get(name)?))).filter(|(_, value)| !value.is_null());
    Value::Object(given.map(|(name, value)| (name.to_owned(), value.clone())).collect())
}

/// Makes a member a text where it is null or missing.
fn text(of: &mut Value, name: &str, otherwise: &str) {
    if !of[name].is_string() {
        of[name] = otherwise.into();
    }
}

/// Makes a member null where it is missing.
fn present(of: &mut Value, names: &[&str]) {
    for name in names {
        if of.get(name).is_none() {
            of[*name] = Value::Null;
        }
    }
}

/// A ticket of a list or detail, with all names that these clients read.
pub fn ticket(card: &Value) -> Value {
    let mut ticket = card.clone();
    ticket["id"] = card["ticket_id"].clone();
    text(&mut ticket, "description", "");
    text(&mut ticket, "approval_status", "auto_approved");
    text(&mut ticket, "created_by_agent_id", "");
    present(&mut ticket, &["blocks_ticket_ids", "resolved_at", "approval_requested_at", "approval_decided_at"]);
    present(&mut ticket, &["approval_decided_by", "rejection_reason", "related_task_ids", "related_ticket_ids"]);
    ticket
}

/// The answer to `GET /tickets`.
pub fn list(tickets: &[Value], total: i64, has_more: bool) -> Value {
    let tickets: Vec<Value> = tickets.iter().map(ticket).collect();
    json!({"success": true, "tickets": tickets, "total_count": total, "has_more": has_more})
}

/// The answer to `GET /tickets/{id}`: its fields are at the top level and again under `ticket`.
pub fn detail(read: &Value) -> Value {
    let mut detail = read.clone();
    let blocks: Vec<&Value> =
        read["blocks"].as_array().into_iter().flatten().map(|other| &other["ticket_id"]).collect();
    let mut fields = ticket(&read["ticket"]);
    fields["blocks_ticket_ids"] = json!(blocks);
    for (list, id) in [("comments", "comment_id"), ("history", "seq"), ("commits", "commit_sha")] {
        for row in detail[list].as_array_mut().into_iter().flatten() {
            row["id"] = row[id].clone();
            row["ticket_id"] = fields["ticket_id"].clone();
            text(row, "agent_id", "");
            if list == "commits" {
                text(row, "commit_message", "");
                for number in ["files_changed", "insertions", "deletions"] {
                    if row[number].is_null() {
                        row[number] = 0.into();
                    }
                }
                let linked = row["linked_at"].as_str().unwrap_or(NO_DATE).to_owned();
                text(row, "commit_timestamp", &linked);
            }
        }
    }
    for (name, value) in fields.as_object().into_iter().flatten() {
        if detail[name].is_null() {
            detail[name] = value.clone();
        }
    }
    detail["ticket"] = fields;
    detail
}

/// A definition, with the number of its phases and a date.
pub fn definition(read: &Value) -> Value {
    let mut definition = read.clone();
    definition["phases_count"] = read["phases"].as_array().map_or(0, Vec::len).into();
    definition["has_result"] = false.into();
    definition["launch_template"] = Value::Null;
    text(&mut definition, "created_at", NO_DATE);
    text(&mut definition, "description", "");
    definition
}

/// A workflow as an execution. One whose tickets are all resolved is still at work for these clients: they show no other board.
pub fn execution(read: &Value) -> Value {
    let mut execution = read.clone();
    let name = read["name"].as_str().unwrap_or_default().to_owned();
    if read["description"].as_str().is_none_or(str::is_empty) {
        execution["description"] = name.clone().into();
    }
    text(&mut execution, "definition_id", "callboard");
    text(&mut execution, "definition_name", &name);
    execution["status"] = if read["status"] == "archived" { "completed" } else { "active" }.into();
    execution["working_directory"] = read["launch_params"]["working_directory"].as_str().unwrap_or_default().into();
    let tasks = &read["tasks"];
    let count = |name: &str| json!(tasks[name].as_i64().unwrap_or(0));
    if !execution["stats"].is_object() {
        execution["stats"] = json!({});
    }
    for (name, value) in [
        ("total_tasks", "total"),
        ("active_tasks", "open"),
        ("done_tasks", "done"),
        ("failed_tasks", "failed"),
        ("active_agents", "agents"),
    ] {
        execution["stats"][name] = count(value);
    }
    if let Some(execution) = execution.as_object_mut() {
        execution.remove("tasks");
    }
    if let Some(columns) = read["board_config"]["columns"].as_array() {
        let phase = |(place, column): (usize, &Value)| {
            json!({"id": column["id"], "name": column["name"], "order": place + 1, "description": "", "active_agents": 0,
                "total_tasks": column["ticket_count"].as_i64().unwrap_or(0), "completed_tasks": 0, "active_tasks": 0, "pending_tasks": 0})
        };
        execution["phases"] = columns.iter().enumerate().map(phase).collect();
    }
    execution
}

/// The status of workflows for a status of executions; none if no workflow has such a one.
pub fn workflow_status(status: Option<&str>) -> Option<Option<&'static str>> {
    match status.unwrap_or("all") {
        "all" | "" | "active" => Some(None),
        "completed" => Some(Some("archived")),
        _ => None,
    }
}

/// The query of a list as filters. Names of lists may be repeated. A comma separates; in a tag it may also be part of it, because
/// clients encode both alike, so that all readings are looked for.
pub fn list_filters(query: &[(String, String)]) -> Value {
    let mut filters = Map::new();
    let mut lists: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (name, value) in
        query.iter().filter(|(_, value)| !value.is_empty() && !["null", "None", "undefined"].contains(&value.as_str()))
    {
        let value: Value = match name.as_str() {
            "status" | "ticket_type" | "priority" | "tags" => {
                let list = lists.entry(name).or_default();
                list.extend(value.split(',').map(str::trim).filter(|part| !part.is_empty()));
                if name == "tags" {
                    list.insert(value.trim());
                }
                continue;
            }
            "is_blocked" | "include_completed" => match value.to_ascii_lowercase().as_str() {
                "true" | "1" => true.into(),
                "false" | "0" => false.into(),
                _ => continue,
            },
            "assigned_agent_id" | "created_after" | "created_before" => value.as_str().into(),
            _ => continue,
        };
        filters.insert(name.clone(), value);
    }
    filters.extend(lists.into_iter().map(|(name, values)| (name.to_owned(), json!(values))));
    Value::Object(filters)
}

/// A request to search: filters may be empty lists, single values or lists of them, and there is one that the results are sifted
/// by, `is_resolved`.
pub fn search(body: &Value) -> (Value, Option<bool>) {
    let mut search = only(body, &["workflow_id", "agent_id", "query", "search_type", "include_comments"]);
    if let Some(limit) = body["limit"].as_i64() {
        search["limit"] = limit.clamp(1, 50).into();
    }
    let given = &body["filters"];
    let mut filters = Map::new();
    for name in ["status", "priority", "ticket_type", "tags"] {
        let list: Vec<Value> = match &given[name] {
            Value::Array(list) => list.clone(),
            Value::String(one) if !one.is_empty() => vec![one.as_str().into()],
            _ => Vec::new(),
        };
        if !list.is_empty() {
            filters.insert(name.to_owned(), list.into());
        }
    }
    let agent =
        given["assigned_agent_id"].as_array().and_then(|list| list.first()).unwrap_or(&given["assigned_agent_id"]);
    for (name, value) in [
        ("assigned_agent_id", agent),
        ("created_after", &given["created_after"]),
        ("created_before", &given["created_before"]),
    ] {
        if value.as_str().is_some_and(|text| !text.is_empty()) {
            filters.insert(name.to_owned(), value.clone());
        }
    }
    if let Some(blocked) = given["is_blocked"].as_bool() {
        filters.insert("is_blocked".to_owned(), blocked.into());
    }
    let resolved = given["is_resolved"].as_bool();
    if resolved == Some(false) {
        filters.insert("include_completed".to_owned(), false.into());
    }
    if !filters.is_empty() {
        search["filters"] = filters.into();
    }
    (search, resolved)
}

/// The fields of a ticket that a client may change.
const CHANGEABLE: [&str; 13] = [
    "title",
    "description",
    "priority",
    "assigned_agent_id",
    "ticket_type",
    "tags",
    "blocked_by_ticket_ids",
    "parent_ticket_id",
    "related_ticket_ids",
    "related_task_ids",
    "story_points",
    "estimate_minutes",
    "spent_minutes",
];

/// A request to change a ticket: fields flat or under `updates`. Why a ticket is blocked becomes the comment of the change.
pub fn update(body: &Value) -> Value {
    let mut update = only(body, &["ticket_id", "agent_id", "update_comment", "version"]);
    let mut changes = only(body, &CHANGEABLE);
    let given = &body["updates"];
    for name in CHANGEABLE {
        if let Some(value) = given.get(name) {
            changes[name] = value.clone();
        }
    }
    let reason = given["blocked_reason"].as_str().or_else(|| body["blocked_reason"].as_str());
    if let Some(reason) = reason.filter(|reason| !reason.trim().is_empty()) {
        let comment = update["update_comment"].as_str().unwrap_or_default();
        update["update_comment"] = format!("{comment}\n\nBlocked: {reason}").trim().into();
    }
    update["updates"] = changes;
    update
}

/// The answer to a change, with the fields that it could not set and why: clients show its message.
pub fn updated(body: &Value, answer: &Value) -> Value {
    let mut answer = answer.clone();
    let nested = body["updates"].as_object();
    let given = |name: &str| nested.is_some_and(|updates| updates.contains_key(name)) || !body[name].is_null();
    let mut ignored: BTreeSet<&str> = nested
        .into_iter()
        .flat_map(Map::keys)
        .map(String::as_str)
        .filter(|name| !CHANGEABLE.contains(name) && *name != "blocked_reason")
        .collect();
    let mut said = vec![answer["message"].as_str().unwrap_or_default().to_owned()];
    if given("is_blocked") {
        ignored.insert("is_blocked");
        said.push(
            "is_blocked was not set: a ticket is blocked while a ticket of its blocked_by_ticket_ids is open."
                .to_owned(),
        );
    }
    if given("blocked_reason") {
        said.push("The reason was kept as a comment.".to_owned());
    }
    if ignored.contains("status") {
        said.push("status was not set: use change-status.".to_owned());
    }
    let others: Vec<&str> = ignored.iter().filter(|name| !["is_blocked", "status"].contains(name)).copied().collect();
    if !others.is_empty() {
        said.push(format!("Fields that cannot be set: {}.", others.join(", ")));
    }
    if !ignored.is_empty() {
        answer["ignored_fields"] = json!(ignored);
    }
    answer["message"] = said.join(" ").trim().into();
    answer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_details_and_executions() {
        let card = json!({"ticket_id": "ticket-1", "title": "One", "status": "todo", "approval_status": null, "created_by_agent_id": null});
        let read = json!({"success": true, "ticket_id": "ticket-1", "title": "One", "ticket": card,
            "comments": [{"comment_id": "comment-1", "agent_id": null, "comment_text": "Hi"}],
            "history": [{"seq": 4, "agent_id": "a", "changed_at": "2026-11-21T10:00:00Z"}],
            "commits": [{"commit_sha": "abc", "commit_message": "Do it", "commit_timestamp": null, "linked_at": "2026-11-21T10:00:00Z",
                "files_changed": null, "insertions": 3, "deletions": null}],
            "blocks": [{"ticket_id": "ticket-2", "title": "Two"}]});
        let workflow = json!({"id": "workflow-1", "name": "Work", "description": "", "definition_id": null, "definition_name": null,
            "launch_params": {"working_directory": "./x"}, "status": "completed", "stats": {"total_tickets": 3},
            "tasks": {"total": 2, "open": 1, "done": 1, "failed": 0, "agents": 1},
            "board_config": {"columns": [{"id": "todo", "name": "To Do", "ticket_count": 2}]}});
        let template = json!({"id": "development", "name": "Development", "description": null, "created_at": null, "phases": [{}, {}]});
        insta::with_settings!({sort_maps => true}, {
            insta::assert_json_snapshot!(json!({"list": list(std::slice::from_ref(&card), 1, false), "detail": detail(&read),
                "execution": execution(&workflow), "definition": definition(&template)}))
        });
    }

    #[test]
    fn requests_in_all_their_forms() {
        let query = [
            ("workflow_id", "w"),
            ("status", "todo, done"),
            ("include_completed", "True"),
            ("is_blocked", ""),
            ("priority", "null"),
            ("status", "review"),
            ("tags", "a,b"),
            ("x", "1"),
        ];
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(
            list_filters(&query),
            json!({"status": ["done", "review", "todo"], "include_completed": true, "tags": ["a", "a,b", "b"]})
        );
        let (asked, resolved) = search(&json!({"workflow_id": "w", "query": "a", "limit": 500, "search_type": null,
            "filters": {"status": [], "priority": "high", "assigned_agent_id": ["a"], "is_resolved": true, "tags": ["x"]}}));
        assert_eq!(
            asked,
            json!({"workflow_id": "w", "query": "a", "limit": 50,
            "filters": {"priority": ["high"], "assigned_agent_id": "a", "tags": ["x"]}})
        );
        assert_eq!(resolved, Some(true));
        let flat = update(&json!({"ticket_id": "t", "title": "New", "description": null, "unknown": 1}));
        assert_eq!(flat, json!({"ticket_id": "t", "updates": {"title": "New"}}));
        let nested = update(
            &json!({"ticket_id": "t", "updates": {"assigned_agent_id": null, "is_blocked": true, "blocked_reason": "Waits"},
            "update_comment": "See"}),
        );
        assert_eq!(
            nested,
            json!({"ticket_id": "t", "updates": {"assigned_agent_id": null}, "update_comment": "See\n\nBlocked: Waits"})
        );
        assert_eq!(update(&json!([])), json!({"updates": {}}));
        let blocked =
            json!({"updates": {"is_blocked": true, "blocked_reason": "Waits", "status": "done", "color": "red"}});
        let answer = updated(&blocked, &json!({"message": "Nothing changed."}));
        assert_eq!(
            answer,
            json!({"ignored_fields": ["color", "is_blocked", "status"], "message": "Nothing changed. is_blocked was not set: a \
                ticket is blocked while a ticket of its blocked_by_ticket_ids is open. The reason was kept as a comment. status \
                was not set: use change-status. Fields that cannot be set: color."})
        );
        let plain = json!({"message": "Changed title."});
        assert_eq!(updated(&json!({"title": "New", "x": 1}), &plain), plain);
        assert_eq!(workflow_status(Some("paused")), None);
        assert_eq!(workflow_status(None), Some(None));
    }
}
