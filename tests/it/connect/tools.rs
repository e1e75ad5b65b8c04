//! Each tool in a fresh home, over an existing configuration, and again.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};

use callboard::domain::agent_setup::{Format, TOOLS, Tool};
use serde_json::json;

use super::{Home, key_in, keys, open, user_file, works};

/// A configuration with comments and another server. What is around it must stay.
fn existing(tool: &Tool) -> String {
    match tool.format {
        Format::Json => format!(
            "// My settings\n{{\n    \"theme\": \"dark\", // not the light one\n    \"{}\": {{\n        /* of the team */\n        \
             \"other\": {{ \"command\": \"other\", \"args\": [\"-y\"] }},\n    }},\n    \"last\": [1,2],\n}}\n// The end\n",
            tool.servers
        ),
        Format::Toml => format!(
            "# My settings\nmodel = \"large\"   # not the small one\n\n[{servers}.other]  # of the team\ncommand = 'other'\n\
             args = [ \"-y\" ]\n\n[profiles.fast]\nmodel = \"small\"\n# The end\n",
            servers = tool.servers
        ),
    }
}

fn mode(home: &Home, file: &str) -> u32 {
    std::fs::metadata(home.path(file)).expect("the file").permissions().mode() & 0o777
}

#[tokio::test(flavor = "multi_thread")]
async fn every_tool_is_connected_in_a_fresh_home() {
    let (server, fixture, home) = open("connect_fresh").await;
    let mut written = String::new();
    for tool in TOOLS {
        let file = user_file(tool);
        let done = home.json(&["connect", tool.id, "--yes"]);
        assert_eq!((&done["tool"], &done["changed"]), (&json!(tool.id), &json!(true)), "{done}");
        assert_eq!(done["agent_id"], json!(format!("{}-ada", tool.id)));
        assert!(done["tools"].as_u64().is_some_and(|tools| tools > 15) && done["key"].is_null(), "{done}");
        let text = home.read(&file);
        assert_eq!(mode(&home, &file), 0o600, "{file}");
        assert!(works(&server, &key_in(&text).expect("a key")).await);
        written.push_str(&format!("# ~/{file}\n{}\n", home.neutral(&text)));
    }
    insta::assert_snapshot!("fresh", written);
    assert_eq!(keys(&fixture.owner).await.len(), TOOLS.len());
    // Each is a member of the workflow that its owner has.
    let members = fixture.owner.get(&format!("/api/workflows/{}/members", fixture.workflow)).await.ok();
    assert_eq!(members["members"].as_array().map(Vec::len), Some(TOOLS.len() + 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_existing_configuration_loses_nothing() {
    let (server, fixture, home) = open("connect_existing").await;
    let mut written = String::new();
    for tool in TOOLS {
        let (file, before) = (user_file(tool), existing(tool));
        home.write(&file, &before);
        std::fs::set_permissions(home.path(&file), Permissions::from_mode(0o640)).expect("set the mode");
        home.ok(&["connect", tool.id, "--yes"]);
        let after = home.read(&file);
        let mut rest = after.lines();
        for line in before.lines() {
            assert!(rest.any(|other| other == line), "{}: {line:?} is lost or moved:\n{after}", tool.id);
        }
        assert_eq!(mode(&home, &file), 0o600, "{file}");
        written.push_str(&format!("# ~/{file}\n{}\n", home.neutral(&after)));

        // Again: the same key, the same text.
        let again = home.json(&["connect", tool.id, "--yes"]);
        assert_eq!((&again["changed"], home.read(&file)), (&json!(false), after.clone()), "{}", tool.id);

        // Away again, with the key.
        home.ok(&["disconnect", tool.id, "--yes"]);
        assert_eq!(home.read(&file), before, "{}", tool.id);
        assert!(!works(&server, &key_in(&after).expect("a key")).await, "{}", tool.id);
        assert!(home.err(&["disconnect", tool.id, "--yes"]).contains("is not connected"));
    }
    insta::assert_snapshot!("existing", written);
    assert!(keys(&fixture.owner).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_working_key_is_kept_and_another_one_replaced() {
    let (server, fixture, home) = open("connect_again").await;
    let key = |home: &Home| key_in(&home.read(".claude.json")).expect("a key");
    home.ok(&["connect", "claude", "--yes"]);
    let first = key(&home);
    // The tool and its user add to the entry and to the file.
    let text = home.read(".claude.json").replacen("\"type\": \"http\"", "\"timeout\": 9, \"type\": \"http\"", 1);
    home.write(".claude.json", &text.replacen('{', "{ \"numStartups\": 3,", 1));
    assert_eq!(home.json(&["connect", "claude", "--yes"])["changed"], false);
    assert_eq!(key(&home), first);

    home.ok(&["connect", "claude", "--yes", "--new-key"]);
    let second = key(&home);
    assert!(second != first && !works(&server, &first).await && works(&server, &second).await);
    assert!(home.read(".claude.json").contains("\"timeout\": 9") && home.read(".claude.json").contains("numStartups"));
    assert_eq!(keys(&fixture.owner).await.len(), 1);

    // A key that was revoked elsewhere is replaced, and so is one of another agent.
    let id = second.split('_').nth(1).expect("an id");
    assert_eq!(fixture.owner.delete(&format!("/api/keys/{id}")).await.status, 204);
    assert_eq!(home.json(&["connect", "claude", "--yes"])["agent_id"], "claude-ada");
    let third = key(&home);
    assert!(works(&server, &third).await);
    let other = home.json(&["connect", "claude", "--yes", "--agent", "reviewer"]);
    assert_eq!(other["agent_id"], "reviewer");
    assert!(!works(&server, &third).await && works(&server, &key(&home)).await);
    assert_eq!(keys(&fixture.owner).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_joins_the_named_workflows_only() {
    let (_server, fixture, home) = open("connect_workflows").await;
    fixture.owner.post("/api/workflows", json!({"name": "Second"})).await.created();
    let memberships = async |agent: &str| {
        let listed = fixture.owner.get(&format!("/api/agents/{agent}/memberships")).await.ok();
        let names = listed["memberships"].as_array().expect("memberships").iter();
        let mut names: Vec<String> =
            names.map(|one| one["workflow_name"].as_str().expect("a name").to_owned()).collect();
        names.sort();
        names
    };
    home.ok(&["connect", "codex", "--yes", "--workflow", "Second"]);
    assert_eq!(memberships("codex-ada").await, ["Second"]);
    // A kept key joins more workflows on request.
    home.ok(&["connect", "codex", "--yes", "-w", "Work"]);
    assert_eq!(memberships("codex-ada").await, ["Second", "Work"]);
    home.ok(&["connect", "gemini", "--yes"]);
    assert_eq!(memberships("gemini-ada").await, ["Second", "Work"]);
    assert!(home.err(&["connect", "cursor", "--yes", "-w", "Nowhere"]).contains("Nowhere"));
    assert!(!home.path(".cursor/mcp.json").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_folders_that_the_tools_are_given_are_used() {
    let (_server, _fixture, mut home) = open("connect_folders").await;
    let folder = |home: &Home, name: &str| home.path(name).display().to_string();
    for (tool, variable, value, file) in [
        ("claude", "CLAUDE_CONFIG_DIR", "c", "c/.claude.json"),
        ("codex", "CODEX_HOME", "x", "x/config.toml"),
        ("gemini", "GEMINI_CLI_HOME", "g", "g/.gemini/settings.json"),
        ("copilot", "COPILOT_HOME", "p", "p/mcp-config.json"),
        ("opencode", "XDG_CONFIG_HOME", "o", "o/opencode/opencode.json"),
    ] {
        home.environment = vec![(variable.to_owned(), folder(&home, value))];
        home.ok(&["connect", tool, "--yes"]);
        assert!(home.read(file).contains("callboard"), "{tool}");
    }
    // The file that exists counts, and a link stays a link.
    home.environment.clear();
    home.write(".config/opencode/opencode.jsonc", "{ // mine\n}\n");
    home.write("dotfiles/mcp.json", "{}\n");
    std::fs::create_dir_all(home.path(".cursor")).expect("a folder");
    symlink(home.path("dotfiles/mcp.json"), home.path(".cursor/mcp.json")).expect("a link");
    home.ok(&["connect", "opencode", "--yes"]);
    home.ok(&["connect", "cursor", "--yes"]);
    assert!(home.read(".config/opencode/opencode.jsonc").contains("// mine"));
    assert!(!home.path(".config/opencode/opencode.json").exists());
    assert!(home.path(".cursor/mcp.json").is_symlink() && home.read("dotfiles/mcp.json").contains("callboard"));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_prints_and_lists_without_changing_anything() {
    let (_server, fixture, home) = open("connect_print").await;
    let printed = home.ok(&["connect", "codex", "--print"]);
    assert!(printed.starts_with("[mcp_servers.callboard]\n") && printed.contains("YOUR_KEY"), "{printed}");
    assert!(home.ok(&["connect", "claude", "--print", "--scope", "project"]).contains("${CALLBOARD_KEY}"));
    let listed = home.ok(&["connect"]);
    assert!(TOOLS.iter().all(|tool| listed.contains(tool.name)), "{listed}");
    let setup = home.json(&["connect"]);
    assert_eq!(setup, fixture.owner.get("/api/agent-setup").await.ok(), "the dashboard shows the same");
    assert!(!home.path(".codex").exists() && !home.path(".claude.json").exists());
    assert!(keys(&fixture.owner).await.is_empty());
}
