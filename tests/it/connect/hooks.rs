//! Hooks and instructions.

use callboard::domain::agent_setup::TOOLS;
use serde_json::{Value, json};

use super::{Home, key_in, open};
use crate::http::fixtures::TestWorkflow;

#[tokio::test(flavor = "multi_thread")]
async fn hooks_and_instructions_are_added_once_and_removed() {
    let (_server, _fixture, home) = open("connect_hooks").await;
    let mut written = String::new();
    for (tool, hooks) in TOOLS.iter().filter_map(|tool| Some((tool, tool.hooks?))) {
        let folder = hooks.place.folders.last().expect("a folder").trim_start_matches("~/");
        let file = format!("{folder}/{}", hooks.place.files.first().expect("a file"));
        let own = "{\n  // mine\n  \"version\": 1,\n  \"hooks\": {\n    \"Stop\": [\n      { \"hooks\": [{ \"type\": \"command\", \"command\": \"beep\" }] }\n    ]\n  }\n}\n";
        home.write(&file, own);
        home.ok(&["connect", tool.id, "--yes", "--hooks", "--instructions"]);
        let text = home.read(&file);
        assert!(text.contains("// mine") && text.contains("beep"), "{text}");
        written.push_str(&format!("# ~/{file}\n{}\n", home.neutral(&text)));
        home.ok(&["connect", tool.id, "--yes", "--hooks", "--instructions"]);
        assert_eq!(home.read(&file), text, "{}", tool.id);
        let instructions = home.read(&format!("project/{}", tool.instructions));
        assert_eq!(instructions.matches("<!-- callboard: begin -->").count(), 1, "{instructions}");
        home.ok(&["disconnect", tool.id, "--yes", "--instructions"]);
        assert!(!home.read(&file).contains("agent brief") && home.read(&file).contains("beep"), "{}", home.read(&file));
        assert!(!home.path(&format!("project/{}", tool.instructions)).exists(), "it held nothing else");
    }
    home.ok(&["connect", "claude", "--yes", "--scope", "project", "--hooks"]);
    let text = home.read("project/.claude/settings.json");
    assert!(text.contains("\"callboard agent brief --tool claude --scope project 2>/dev/null || true\""), "{text}");
    written.push_str(&format!("# project/.claude/settings.json\n{text}"));
    insta::assert_snapshot!("hooks", written);
}

/// The context in the output of a hook.
fn context(home: &Home, tool: &str) -> String {
    let out: Value = serde_json::from_str(&home.ok(&["agent", "brief", "--tool", tool])).expect("JSON");
    let nested = &out["hookSpecificOutput"]["additionalContext"];
    nested.as_str().or(out["additional_context"].as_str()).expect("a context").to_owned()
}

/// A ticket in progress that is assigned to an agent.
async fn ticket_in_progress(fixture: &TestWorkflow, agent: &str, title: &str) -> String {
    let ticket = fixture.ticket_with(title, json!({"assigned_agent_id": agent})).await;
    fixture.move_to(&ticket, "in_progress").await.ok();
    ticket
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_begins_with_the_agents_tickets_and_answers() {
    let (server, fixture, mut home) = open("connect_brief").await;
    for tool in ["claude", "cursor"] {
        home.ok(&["connect", tool, "--yes"]);
    }
    home.credential.clear();
    assert!(context(&home, "claude").contains("you are claude-ada") && context(&home, "cursor").contains("cursor-ada"));
    assert!(context(&home, "claude").contains("claim_ticket"));
    ticket_in_progress(&fixture, "claude-ada", "Fix the \u{1b}[2Jtimeout").await;
    fixture.ticket_with("Later", json!({"assigned_agent_id": "claude-ada"})).await;
    let agent = server.bearer(&key_in(&home.read(".claude.json")).expect("a key"));
    let asked =
        agent.post("/api/approvals", json!({"workflow_id": fixture.workflow, "question": "Red or blue?"})).await;
    let id = asked.json["id"].as_str().expect("an id").to_owned();
    fixture.owner.post(&format!("/api/approvals/{id}/answer"), json!({"answer": "Blue."})).await.ok();
    let text = context(&home, "claude");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[2].starts_with("- TKT-1 [in_progress, medium] Fix the  [2Jtimeout (workflow Work)"), "{text}");
    assert!(lines[3].starts_with("- TKT-2 [backlog") && text.contains("Red or blue? — answered: Blue."), "{text}");
    assert!(!context(&home, "cursor").contains("TKT-"));

    // A hook never fails, also without a configuration or a server.
    home.url = "http://127.0.0.1:1".to_owned();
    home.write(".claude.json", &home.read(".claude.json").replace(&server.url, "http://127.0.0.1:1"));
    for arguments in [["agent", "brief", "--tool", "claude"], ["agent", "report", "--tool", "gemini"]] {
        let output = home.run(&arguments);
        assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    }
    assert!(home.err(&["agent", "brief"]).contains("callboard login"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_reports_progress_on_the_one_ticket_in_progress() {
    let (_server, fixture, mut home) = open("connect_report").await;
    home.ok(&["connect", "claude", "--yes"]);
    home.credential.clear();
    let ticket = ticket_in_progress(&fixture, "claude-ada", "The first").await;
    let comments = async || {
        let read = fixture.read(&ticket).await;
        let all = read["comments"].as_array().expect("comments").iter();
        all.map(|comment| comment["comment_text"].as_str().expect("a text").to_owned()).collect::<Vec<_>>()
    };
    let stop = |message: &str| {
        let input = json!({"hook_event_name": "Stop", "last_assistant_message": message}).to_string();
        let output = home.run_with(&["agent", "report", "--tool", "claude"], &input);
        assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    };
    stop("  ");
    assert!(comments().await.is_empty());
    stop("The tests pass now.");
    stop("A minute later.");
    assert_eq!(comments().await, ["Progress: The tests pass now."], "at most every ten minutes");
    // With two tickets in progress it is not clear which one is meant.
    ticket_in_progress(&fixture, "claude-ada", "The second").await;
    stop("Something.");
    assert_eq!(comments().await.len(), 1);
    let output = home.run_with(&["agent", "report", "--tool", "claude"], "no JSON");
    assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
}
