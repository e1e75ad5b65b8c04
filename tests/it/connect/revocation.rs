//! Which key is replaced or revoked, and which is not.

use serde_json::json;

use super::{Home, key_in, open, works};

#[tokio::test(flavor = "multi_thread")]
async fn a_key_of_another_home_stays() {
    let (server, fixture, home) = open("connect_homes").await;
    home.ok(&["connect", "claude", "--yes"]);
    let first = key_in(&home.read(".claude.json")).expect("a key");
    // The same person on the same machine, or on another one with the same name.
    let there = Home::of(&server, &fixture.owner);
    let shown = there.err(&["connect", "claude"]);
    assert!(shown.contains("stay valid") && shown.contains(first.split('_').nth(1).expect("an id")), "{shown}");
    there.ok(&["connect", "claude", "--yes"]);
    let second = key_in(&there.read(".claude.json")).expect("a key");
    assert!(works(&server, &first).await && works(&server, &second).await);
    there.ok(&["connect", "claude", "--yes", "--new-key"]);
    assert!(works(&server, &first).await && !works(&server, &second).await);

    // The same project's path in two homes.
    let scope = ["connect", "claude", "--yes", "--scope", "project"];
    let first = key_in(&home.ok(&scope)).expect("a key");
    there.write("project/.mcp.json", &home.read("project/.mcp.json"));
    let second = key_in(&there.ok(&[&scope[..], &["--new-key"]].concat())).expect("a key");
    assert!(works(&server, &first).await && works(&server, &second).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_key_of_a_project_is_revoked_by_its_id() {
    let (server, _fixture, mut home) = open("connect_noted").await;
    let scope = |tool| ["connect", tool, "--yes", "--scope", "project"];
    let away = |tool| ["disconnect", tool, "--yes", "--scope", "project"];
    // The agent has another name than the default.
    let key = key_in(&home.ok(&[&scope("claude")[..], &["--agent", "pj"]].concat())).expect("a key");
    let other = key_in(&home.ok(&scope("gemini"))).expect("a key");
    let said = home.run(&away("claude"));
    assert!(String::from_utf8_lossy(&said.stderr).contains("revoked its key"), "{said:?}");
    assert!(!works(&server, &key).await && works(&server, &other).await);

    // Two tools share the variable; the key belongs to the tool that it was made for.
    home.environment = vec![("CALLBOARD_KEY".to_owned(), other.clone())];
    home.ok(&scope("codex"));
    let said = home.run(&away("codex"));
    assert!(String::from_utf8_lossy(&said.stderr).contains("revoked no key"), "{said:?}");
    assert!(works(&server, &other).await);

    // Without a sign-in and without the variable, the message names the key.
    home.environment.clear();
    let credential = std::mem::take(&mut home.credential);
    let said = home.run(&away("gemini"));
    let id = other.split('_').nth(1).expect("an id");
    assert!(String::from_utf8_lossy(&said.stderr).contains(&format!("callboard key revoke {id}")), "{said:?}");
    assert!(works(&server, &other).await);
    home.credential = credential;
    home.ok(&["key", "revoke", id]);
    assert!(!works(&server, &other).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_agent_joins_the_named_workflow_or_says_where_it_is() {
    let (_server, fixture, home) = open("connect_joins").await;
    home.ok(&["connect", "codex", "--yes"]);
    let made = fixture.owner.post("/api/workflows", json!({"name": "Later"})).await.created();
    let later = made["id"].as_str().expect("an id");
    // A kept key.
    let said = home.run(&["connect", "codex", "--yes"]);
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("is a member of: Work."), "{said}");
    // A new key for an agent that is in a workflow.
    let said = home.run(&["connect", "codex", "--yes", "--new-key"]);
    let said = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.contains("It is not a member of: Later."), "{said}");
    let workflows = async || {
        let listed = fixture.owner.get("/api/agents/codex-ada/memberships").await.ok();
        listed["memberships"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(workflows().await, 1);
    home.ok(&["connect", "codex", "--yes", "--workflow", later]);
    assert_eq!(workflows().await, 2);
    let said = home.run(&["connect", "codex", "--yes", "--workflow", later]);
    assert!(String::from_utf8_lossy(&said.stderr).contains("is a member of: Later, Work."), "{said:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workflow_of_somebody_else_is_named() {
    let (server, fixture, mut home) = open("connect_guest").await;
    let guest = crate::http::fixtures::signed_in_user(&server, "ben").await;
    let invite = json!({"workflow_id": fixture.workflow, "role": "member"});
    let invite = fixture.owner.post("/api/invites", invite).await.created();
    guest.post("/api/invites/accept", json!({"invite": invite["invite"]})).await.ok();
    home.credential = guest.token.clone().expect("a token");
    let said = home.run(&["connect", "codex", "--yes", "--workflow", "Work"]);
    let text = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(said.status.success() && text.contains("only an owner can let it into: Work"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_is_found_by_its_name() {
    let (_server, fixture, home) = open("connect_named").await;
    fixture.owner.post("/api/agents", json!({"name": "Release bot"})).await.created();
    let first = home.json(&["connect", "claude", "--yes", "--agent", "Release bot"]);
    let again = home.json(&["connect", "claude", "--yes", "--agent", "Release bot"]);
    assert_eq!((&again["changed"], &again["key_id"]), (&json!(false), &first["key_id"]), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_and_instructions_are_printed() {
    let (_server, _fixture, home) = open("connect_print_all").await;
    let printed = home.ok(&["connect", "claude", "--print", "--hooks", "--instructions"]);
    for part in ["YOUR_KEY", "agent brief --tool claude", "callboard: begin"] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    let gemini = home.ok(&["connect", "gemini", "--print", "--hooks"]);
    let text: serde_json::Value = serde_json::from_str(&gemini).expect("one document");
    assert!(text["hooks"].is_object() && text["mcpServers"].is_object(), "{gemini}");
    assert!(!home.path(".gemini").exists() && !home.path("project/CLAUDE.md").exists());
}
