//! Configurations of projects name a variable, never the key.

use callboard::domain::agent_setup::TOOLS;

use super::{Home, key_in, keys, open, works};

#[tokio::test(flavor = "multi_thread")]
async fn a_project_names_a_variable_instead_of_the_key() {
    let (server, fixture, mut home) = open("connect_project").await;
    let mut written = String::new();
    for (tool, project) in TOOLS.iter().filter_map(|tool| Some((tool, tool.project?))) {
        let file = format!("project/{}", project.files.first().expect("a file"));
        let said = home.ok(&["connect", tool.id, "--yes", "--scope", "project"]);
        let key = said.trim().strip_prefix("export CALLBOARD_KEY=").expect("the variable").to_owned();
        assert!(works(&server, &key).await);
        let text = home.read(&file);
        assert_eq!(key_in(&text), None);
        written.push_str(&format!("# {file}\n{}\n", home.neutral(&text)));

        // The variable is set: the key is kept.
        home.environment = vec![("CALLBOARD_KEY".to_owned(), key.clone())];
        assert_eq!(home.json(&["connect", tool.id, "--yes", "--scope", "project"])["changed"], false);
        home.ok(&["disconnect", tool.id, "--yes", "--scope", "project"]);
        assert!(!works(&server, &key).await);
        home.environment.clear();
    }
    insta::assert_snapshot!("projects", written);
    assert!(keys(&fixture.owner).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_at_hand_is_not_made_again() {
    let (server, fixture, home) = open("connect_elsewhere").await;
    let scope = ["connect", "claude", "--yes", "--scope", "project"];
    let key = key_in(&home.ok(&scope)).expect("a key");
    // Another shell, in which the variable is not set.
    assert_eq!(home.json(&scope)["key"], serde_json::Value::Null);
    assert_eq!(keys(&fixture.owner).await.len(), 1);
    let second = key_in(&home.ok(&[&scope[..], &["--new-key"]].concat())).expect("a key");
    assert!(!works(&server, &key).await && works(&server, &second).await);

    // A colleague who has only the file gets a key.
    let colleague = crate::http::fixtures::signed_in_user(&server, "ben").await;
    let there = Home::of(&server, &colleague);
    there.write("project/.mcp.json", &home.read("project/.mcp.json"));
    let theirs = key_in(&there.ok(&scope)).expect("a key");
    assert!(works(&server, &theirs).await && works(&server, &second).await);

    // The key is in no file, so it is found by its name.
    home.ok(&["disconnect", "claude", "--yes", "--scope", "project"]);
    assert!(!works(&server, &second).await && works(&server, &theirs).await);
}

/// A project that was fetched from elsewhere must not receive the key in the environment.
#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_address_in_a_project_receives_no_key() {
    let (server, _fixture, mut home) = open("connect_foreign").await;
    let scope = ["connect", "claude", "--yes", "--scope", "project"];
    let key = key_in(&home.ok(&scope)).expect("a key");
    home.environment = vec![("CALLBOARD_KEY".to_owned(), key.clone())];
    let foreign = wiremock::MockServer::start().await;
    let text = home.read("project/.mcp.json").replace(&server.url, &foreign.uri());
    home.write("project/.mcp.json", &text);
    home.ok(&["agent", "brief", "--tool", "claude"]);
    home.ok(&["disconnect", "claude", "--yes", "--scope", "project"]);
    let received = foreign.received_requests().await.expect("requests are recorded");
    assert!(received.is_empty(), "{received:?}");
}
