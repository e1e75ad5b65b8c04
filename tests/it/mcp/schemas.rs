//! What the list of tools may hold: only what the models and clients in use accept, within a budget.

use serde_json::{Value, json};

use super::agent::{Agent, message, send};
use crate::http::fixtures::{TestWorkflow, open, service_client, signed_in_user, text};

/// Tokens of a list: 4.4 bytes of JSON each, as o200k_base counts the whole list.
fn tokens(tools: &Value) -> usize {
    (tools.to_string().len() * 10).div_ceil(44)
}

/// Everything in a schema that some client refuses:
///
/// - Gemini: lists of types, references, objects without members, lists without items, enumerations of other than text,
///   unknown formats and keywords;
/// - OpenAI and Codex: combinators at the top, free-form objects, descriptions over 1,024 characters;
/// - Claude: names of arguments with other characters; Cursor and VS Code: more than 40 tools, undescribed tools.
fn refused(path: &str, schema: &Value, top: bool, wrong: &mut Vec<String>) {
    let members = schema.as_object().expect("a schema");
    let kind = members.get("type").and_then(Value::as_str).unwrap_or("several or none");
    let mut fault = |text: String| wrong.push(format!("{path}: {text}"));
    for keyword in members.keys() {
        if !["type", "properties", "required", "description", "enum", "items"].contains(&keyword.as_str()) {
            fault(format!("the keyword {keyword}"));
        }
    }
    if !["object", "array", "string", "integer", "number", "boolean"].contains(&kind) || (top && kind != "object") {
        fault(format!("the type {kind}"));
    }
    if let Some(words) = members.get("enum").and_then(Value::as_array)
        && (kind != "string" || words.is_empty() || words.iter().any(|word| word.as_str().is_none_or(str::is_empty)))
    {
        fault("an enumeration of other than text".to_owned());
    }
    let properties = members.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    if kind == "object" && properties.is_empty() {
        fault("an object without members".to_owned());
    }
    for name in members.get("required").and_then(Value::as_array).into_iter().flatten() {
        if !properties.contains_key(name.as_str().unwrap_or_default()) {
            fault(format!("{name} is required but not there"));
        }
    }
    match members.get("items") {
        Some(items) if kind == "array" => refused(&format!("{path}[]"), items, false, wrong),
        None if kind != "array" => {}
        _ => fault("items".to_owned()),
    }
    for (name, member) in &properties {
        let path = format!("{path}.{name}");
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if name.len() > 64 || !name.chars().all(plain) {
            wrong.push(format!("{path}: the name"));
        }
        if top && member["description"].as_str().is_none_or(|text| !(2..=200).contains(&text.len())) {
            wrong.push(format!("{path}: the description"));
        }
        refused(&path, member, false, wrong);
    }
}

#[tokio::test]
async fn the_list_of_tools_suits_every_client_and_fits_its_budget() {
    let server = open("mcpschemas").await;
    let admin = signed_in_user(&server, "ada").await;
    server.sql("update actors set is_admin = true where id = $1", &[&admin.id]).await;
    let eve = signed_in_user(&server, "eve").await;
    let listed = async |client: &crate::client::Client, query: &str| {
        let agent = Agent::open_session(client).await;
        let asked = agent.client.request(reqwest::Method::POST, &format!("/mcp{query}"));
        let asked = asked.header("Mcp-Session-Id", &agent.session).json(&message("tools/list", json!({})));
        send(asked).await.json["result"]["tools"].clone()
    };
    let all = listed(&admin, "").await;
    let mut wrong = Vec::new();
    for tool in all.as_array().expect("a list") {
        let (name, description) = (text(tool, "name"), text(tool, "description"));
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        if name.len() > 64 || !name.chars().all(plain) || !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
            wrong.push(format!("{name}: the name"));
        }
        if !(20..=1024).contains(&description.len()) {
            wrong.push(format!("{name}: a description of {} bytes", description.len()));
        }
        refused(&name, &tool["inputSchema"], true, &mut wrong);
        assert_eq!(tool["outputSchema"]["type"], "object", "{name}");
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(all.as_array().is_some_and(|tools| tools.len() <= 40), "some clients take 40 tools");
    assert!(tokens(&all) <= 6100, "all tools take {} tokens", tokens(&all));
    let acting = |tools: &Value| tools.to_string().contains("\"agent_id\":");
    assert!(acting(&all) && !acting(&listed(&eve, "").await), "only callers that act for others see agent_id");
    let tickets = listed(&admin, "?tools=tickets").await;
    assert!(tokens(&tickets) <= 2500, "the tools for tickets take {} tokens", tokens(&tickets));
    let names =
        |tools: &Value| tools.as_array().expect("a list").iter().map(|tool| text(tool, "name")).collect::<Vec<_>>();
    assert!(names(&tickets).contains(&"claim_ticket".to_owned()) && !names(&tickets).contains(&"get_job".to_owned()));
    let planning = names(&listed(&admin, "?tools=planning").await);
    assert!(planning.contains(&"save_milestone".to_owned()) && !names(&all).contains(&"save_milestone".to_owned()));
    let some = names(&listed(&admin, "?tools=questions,get_job").await);
    assert_eq!(some.len(), 7, "{some:?}");
    assert_eq!(names(&listed(&admin, "?tools=tickets,analysis,commits,jobs,questions,team").await), names(&all));
}

#[tokio::test]
async fn arguments_are_read_as_models_send_them() {
    let server = open("mcpcoerce").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let agent = Agent::open_session(&owner).await;
    let made = json!({"workflow_id": "work", "title": "From a form", "description": "Fields are texts.",
        "tags": "[\"a\", \"b\"]", "priority": "High", "story_points": "3", "estimate_minutes": "",
        "toolCallId": "call-1", "sessionId": "s", "action": "sendMessage", "chatInput": "Hello"});
    let made = agent.call_ok("create_ticket", made).await;
    assert!(made.get("hint").is_none(), "what automation tools add is ignored without a word: {made}");
    let ticket = text(&made, "ticket_id");
    let read = fixture.read(&ticket).await;
    assert_eq!(
        (&read["tags"], &read["priority"], &read["story_points"]),
        (&json!(["a", "b"]), &json!("high"), &json!(3.0))
    );
    let listed = agent.call_ok("get_tickets", json!({"workflow_id": "Work", "limit": "5", "tags": "a"})).await;
    assert_eq!(listed["total_count"], 1);
    let update =
        json!({"ticket_id": ticket, "updates": "{\"title\": \"Changed\", \"tags\": [\"c\"], \"story_points\": null}"});
    agent.call_ok("update_ticket", update).await;
    let read = fixture.read(&ticket).await;
    assert_eq!(
        (&read["title"], &read["tags"], &read["story_points"]),
        (&json!("Changed"), &json!(["c"]), &Value::Null)
    );
    // null, or empty text, clears what can be empty.
    let me = owner.id.clone();
    for empty in [Value::Null, json!("")] {
        agent.call_ok("update_ticket", json!({"ticket_id": ticket, "assigned_agent_id": me})).await;
        assert_eq!(fixture.read(&ticket).await["assigned_agent_id"], json!(me));
        let cleared = agent.call_ok("update_ticket", json!({"ticket_id": ticket, "assigned_agent_id": empty})).await;
        assert_eq!(cleared["fields_updated"], json!(["assigned_agent_id"]));
        assert_eq!(fixture.read(&ticket).await["assigned_agent_id"], Value::Null);
    }
    let hinted =
        agent.call("update_ticket", json!({"ticket_id": ticket, "title": "Again", "status": "done", "x": 1})).await;
    let line = hinted["content"][0]["text"].as_str().expect("a line");
    assert!(line.contains("status (change_ticket_status moves a ticket), x"), "{hinted}");
    assert_eq!(fixture.read(&ticket).await["status"], "backlog");
    for (tool, arguments, field) in [
        ("get_tickets", json!({"workflow_id": "Work", "limit": "five"}), "limit"),
        ("get_tickets", json!({"workflow_id": "Work", "tags": "a, b"}), "tags"),
        (
            "add_ticket_comment",
            json!({"ticket_id": ticket, "comment_text": "x", "comment_type": "shout"}),
            "comment_type",
        ),
    ] {
        let (code, words) = agent.refused(tool, arguments).await;
        assert_eq!(code, "invalid", "{words}");
        assert!(words.contains(field), "{words}");
    }
    // Names of workflows are those that the caller sees; of two with one name the id is asked for.
    assert_eq!(agent.refused("get_board", json!({"workflow_id": "Elsewhere"})).await.0, "not_found");
    TestWorkflow::of(&owner).await;
    let (code, words) = agent.refused("get_board", json!({"workflow_id": "Work"})).await;
    assert!(code == "conflict" && words.contains(&fixture.workflow), "{words}");
}

#[tokio::test]
async fn an_agent_knows_itself_and_waits_for_what_concerns_it() {
    let server = open("mcpwaits").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let robot = service_client(&server, "robot", &["read", "write"]).await;
    owner.put(&format!("/api/workflows/{}/members/robot", fixture.workflow), json!({"role": "member"})).await.ok();
    let agent = Agent::open_session(&robot).await;
    let me = agent.call_ok("whoami", json!({"workflow_id": fixture.workflow})).await;
    assert_eq!((&me["actor_id"], &me["kind"], &me["role"]), (&json!("robot"), &json!("service"), &json!("member")));
    let members = agent.call_ok("list_members", json!({"workflow_id": fixture.workflow})).await;
    assert_eq!(members["members"].as_array().map(Vec::len), Some(2));
    let start = agent.call_ok("wait_for_events", json!({"wait": 0})).await;
    assert_eq!((&start["events"], &start["missed"]), (&json!([]), &json!(false)));
    let ticket = fixture.ticket("Mine soon").await;
    let blocker = fixture.ticket("Before it").await;
    let blockers = json!({"ticket_id": ticket, "blocked_by_ticket_ids": [blocker]});
    owner.post("/api/tickets/set-blockers", blockers).await.ok();
    let question = agent.call_ok("ask_human", json!({"ticket_id": ticket, "question": "Now?"})).await;
    let approval = text(&question, "approval_id");
    let waiting = agent.call_ok("wait_for_events", json!({"cursor": start["cursor"], "wait": 50}));
    let assigning = owner.post("/api/tickets/update", json!({"ticket_id": ticket, "assigned_agent_id": "robot"}));
    let (first, _) = tokio::join!(waiting, assigning);
    assert_eq!((&first["events"][0]["event"], &first["events"][0]["ticket_id"]), (&json!("assigned"), &json!(ticket)));
    // One event, although the ticket was created since then too.
    let since = agent.call_ok("wait_for_events", json!({"cursor": start["cursor"], "wait": 0})).await;
    assert_eq!(since["events"].as_array().map(Vec::len), Some(1), "{since}");
    fixture.comment(&ticket, "Please look, @robot.").await;
    agent.call_ok("add_ticket_comment", json!({"ticket_id": ticket, "comment_text": "@robot is me."})).await;
    let done = json!({"ticket_id": blocker, "resolution_comment": "It is done now."});
    owner.post("/api/tickets/resolve", done).await.ok();
    owner.post(&format!("/api/approvals/{approval}/answer"), json!({"answer": "Yes."})).await.ok();
    let rest = agent.call_ok("wait_for_events", json!({"cursor": first["cursor"], "wait": 0})).await;
    let kinds: Vec<String> =
        rest["events"].as_array().expect("events").iter().map(|event| text(event, "event")).collect();
    assert_eq!(kinds, ["mentioned", "unblocked", "answered"], "{rest}");
    assert_eq!(rest["events"][2]["approval_id"], json!(approval));
    let only = json!({"cursor": first["cursor"], "wait": 0, "events": ["answered"]});
    assert_eq!(agent.call_ok("wait_for_events", only).await["events"].as_array().map(Vec::len), Some(1));
    let none = agent.call_ok("wait_for_events", json!({"cursor": rest["cursor"], "wait": 0})).await;
    assert_eq!(none["events"], json!([]));
    // Outside of its workflows nothing concerns it; a foreign cursor is refused, an old epoch's is not guessed at.
    owner.delete(&format!("/api/workflows/{}/members/robot", fixture.workflow)).await.ok();
    assert_eq!(
        agent.call_ok("wait_for_events", json!({"cursor": start["cursor"], "wait": 0})).await["events"],
        json!([])
    );
    assert_eq!(agent.refused("wait_for_events", json!({"cursor": "x"})).await.0, "invalid");
    let old = agent.call_ok("wait_for_events", json!({"cursor": "abc-00000001-0/5:5:", "wait": 0})).await;
    assert_eq!(old["missed"], true);
}

#[tokio::test]
async fn drafts_are_steered() {
    let server = open("mcpdrafts").await;
    let owner = signed_in_user(&server, "ada").await;
    let fixture = TestWorkflow::of(&owner).await;
    let agent = Agent::open_session(&owner).await;
    fixture.ticket("The first").await;
    fixture.ticket("The second").await;
    let draft = agent.call_ok("create_job", json!({"ticket_id": "TKT-2", "initial_prompt": "Do B."})).await;
    assert_eq!((&draft["status"], &draft["ticket_key"]), (&json!("collecting"), &json!("TKT-2")));
    for (action, status) in [
        ("continue", "queued"),
        ("pause", "paused"),
        ("continue", "queued"),
        ("cancel", "cancelled"),
        ("retry", "queued"),
    ] {
        let steered = json!({"job_id": draft["job_id"], "action": action});
        assert_eq!(agent.call_ok("control_job", steered).await["status"], status, "{action}");
    }
    assert_eq!(agent.refused("control_job", json!({"job_id": draft["job_id"], "action": "retry"})).await.0, "conflict");
    // Nothing is made for a call that says too little.
    let tickets = async || server.number("select count(*) from tickets").await;
    let (_, words) = agent.refused("create_job", json!({"initial_prompt": "Where?"})).await;
    assert!(words.contains("ticket_id"), "{words}");
    TestWorkflow::of(&owner).await;
    for arguments in [json!({"initial_prompt": "Where?"}), json!({"initial_prompt": "Where?", "ticket_id": "TKT-2"})] {
        let (code, words) = agent.refused("create_job", arguments).await;
        assert!(code == "invalid" && words.contains("workflow_id is required"), "{words}");
    }
    let (code, words) = agent.refused("ask_human", json!({"ticket_id": "TKT-2", "question": "Which?"})).await;
    assert!(code == "invalid" && words.contains("workflow_id is required"), "{words}");
    assert_eq!(tickets().await, 2);
    // REST asks for the workflow too, instead of denying the ticket.
    let refused = owner.post("/api/jobs", json!({"ticket_id": "TKT-2", "initial_prompt": "Do it."})).await;
    assert_eq!(refused.refused(422), "invalid");
}
