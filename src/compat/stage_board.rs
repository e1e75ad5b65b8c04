//! Tickets in the words of a stage board's clients, as lists, details and socket messages show them.

use serde_json::{Map, Value, json};

/// The stages that the clients have a column for.
const STAGES: [&str; 7] = ["idle", "plan", "build", "review", "shipped", "errored", "archived"];
/// The stages whose messages they count.
const COUNTED: [&str; 3] = ["plan", "build", "review"];

/// The stage of a column: the column itself if the clients know it, else the one that means the same. Events do not carry the
/// column's category (then it is empty).
pub fn stage(column: &str, category: &str) -> String {
    match column {
        _ if STAGES.contains(&column) => column,
        "done" | "completed" | "closed" | "fixed" | "documented" => "shipped",
        "backlog" | "todo" | "ready" | "open" | "found" | "identified" => "idle",
        "failed" | "error" => "errored",
        "cancelled" => "archived",
        _ => match category {
            "done" => "shipped",
            "todo" => "idle",
            _ => "build",
        },
    }
    .to_owned()
}

/// A ticket from `logic.stage_board_json`, or from the card of an event with its description and custom fields.
///
/// ```json
/// {"id": "ticket-1", "title": "…", "stage": "plan", "model": "…", "parent_codebase_path": ".", "agent_messages": [],
///  "content_user_request_prompt": "…", "total_plan_messages": 2, "total_plan_tool_calls": 1}
/// ```
pub fn ticket(row: &Value) -> Value {
    let fields = &row["custom_fields"];
    let field = |name: &str, otherwise: &str| fields[name].as_str().unwrap_or(otherwise).to_owned();
    let text = |name: &str| row[name].as_str().unwrap_or_default();
    let mut ticket = json!({
        "id": row["ticket_id"],
        "ticket_id": row["ticket_id"],
        "title": row["title"],
        "stage": stage(text("status"), text("category")),
        "model": field("model", ""),
        "parent_codebase_path": field("parent_codebase_path", "."),
        "content_user_request_prompt": field("content_user_request_prompt", text("description")),
        "plan_path": fields["plan_path"],
        "created_at": row["created_at"],
        "updated_at": row["updated_at"],
        "agent_messages": row["messages"].as_array().map(|messages| messages.iter().map(message).collect::<Vec<_>>()).unwrap_or_default(),
    });
    let known = counts(&row["counts"]);
    for name in COUNTED.into_iter().flat_map(|stage| ["messages", "tool_calls"].map(|what| count_name(stage, what))) {
        ticket[&name] = known.get(&name).cloned().unwrap_or_else(|| json!(0));
    }
    ticket
}

/// The numbers on a card for the stages of `{stage: {messages, tool_calls}}`; the clients keep the others.
pub fn counts(by_stage: &Value) -> Map<String, Value> {
    let given = by_stage.as_object().into_iter().flatten().filter(|(stage, _)| COUNTED.contains(&stage.as_str()));
    given
        .flat_map(|(stage, number)| {
            ["messages", "tool_calls"].map(|what| (count_name(stage, what), number[what].clone()))
        })
        .collect()
}

fn count_name(stage: &str, what: &str) -> String {
    format!("total_{stage}_{what}")
}

/// A line of an agent: its type and emoji are those that its worker gave it, else they follow from its kind.
pub fn message(row: &Value) -> Value {
    let given = |name: &str| row["metadata"][name].as_str().map(str::to_owned);
    let kind = given("type").unwrap_or_else(|| if row["kind"] == "step" { "thinking".into() } else { "text".into() });
    let emoji = given("emoji").unwrap_or_else(|| {
        match kind.as_str() {
            "tool_use" | "tool_call" => "🔧",
            "thinking" => "💭",
            "result" => "✅",
            _ => "💬",
        }
        .to_owned()
    });
    json!({"type": kind, "stage": row["stage"], "emoji": emoji, "content": row["content"], "timestamp": row["created_at"]})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_with_everything_and_one_with_nothing() {
        let full = json!({"ticket_id": "ticket-1", "title": "Fix it", "description": "Please fix it now.", "status": "plan",
            "category": "active", "custom_fields": {"model": "large", "parent_codebase_path": "./apps", "plan_path": "plan.md"},
            "counts": {"plan": {"messages": 2, "tool_calls": 1}, "": {"messages": 9, "tool_calls": 9}},
            "created_at": "2026-11-21T10:00:00Z", "updated_at": "2026-11-21T10:00:01Z",
            "messages": [{"kind": "chat", "stage": "plan", "content": "Hello", "metadata": {}},
                {"kind": "step", "stage": "plan", "content": "Looking", "metadata": {}},
                {"kind": "step", "stage": "plan", "content": "Read", "metadata": {"type": "tool_use"}},
                {"kind": "chat", "stage": "build", "content": "Done", "metadata": {"type": "result", "emoji": "🎉"}}]});
        let card = json!({"ticket_id": "ticket-2", "title": "Two", "status": "testing"});
        insta::with_settings!({sort_maps => true}, { insta::assert_json_snapshot!([ticket(&full), ticket(&card)]) });
    }

    #[test]
    fn columns_of_other_boards_have_a_stage() {
        let table = [
            ("archived", "done", "archived"),
            ("testing", "active", "build"),
            ("done", "done", "shipped"),
            ("backlog", "todo", "idle"),
            ("todo", "", "idle"),
        ];
        for (column, category, expected) in table {
            assert_eq!(stage(column, category), expected, "{column}");
        }
    }
}
