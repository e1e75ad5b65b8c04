//! Permissions of files, and what is left of them after `disconnect`.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

use callboard::domain::agent_setup::{Format, TOOLS};

use super::{Home, key_in, keys, open, user_file};

fn mode(home: &Home, file: &str) -> u32 {
    std::fs::metadata(home.path(file)).expect("the file").permissions().mode() & 0o777
}

fn set_mode(home: &Home, file: &str, mode: u32) {
    std::fs::set_permissions(home.path(file), Permissions::from_mode(mode)).expect("set the mode");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_owner_can_read_a_file_with_the_key() {
    let (_server, _fixture, home) = open("connect_modes").await;
    for tool in TOOLS.iter().filter(|tool| tool.hooks.is_some()) {
        home.ok(&["connect", tool.id, "--yes", "--hooks"]);
        assert_eq!(mode(&home, &user_file(tool)), 0o600, "{}", tool.id);
    }
    // The hooks and the entry of one file are one change.
    home.ok(&["disconnect", "gemini", "--yes"]);
    let shown = home.err(&["connect", "gemini", "--hooks"]);
    assert_eq!(shown.matches("+++ ").count(), 1, "{shown}");

    // One that others can read is tightened, also if nothing else changes.
    for text in ["{\"a\": 1}\n", &home.read(".claude.json")] {
        home.write(".claude.json", text);
        set_mode(&home, ".claude.json", 0o644);
        let shown = home.err(&["connect", "claude"]);
        assert!(shown.contains("permissions 644 become 600"), "{shown}");
        assert_eq!((mode(&home, ".claude.json"), home.read(".claude.json").as_str()), (0o644, text));
        home.ok(&["connect", "claude", "--yes"]);
        assert_eq!(mode(&home, ".claude.json"), 0o600);
    }

    // A project's file holds no key.
    home.write("project/.mcp.json", "{}\n");
    set_mode(&home, "project/.mcp.json", 0o644);
    home.ok(&["connect", "claude", "--yes", "--scope", "project"]);
    assert_eq!(mode(&home, "project/.mcp.json"), 0o644);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_replaced_is_refused_before_anything_is_shown() {
    let (_server, fixture, home) = open("connect_special").await;
    let refused = |home: &Home, part: &str| {
        let error = home.err(&["connect", "claude", "--yes"]);
        assert!(error.contains(part) && !error.contains("+++ "), "{error}");
    };
    symlink(home.path("nowhere"), home.path(".claude.json")).expect("a link");
    refused(&home, "a link to a file that does not exist");
    std::fs::remove_file(home.path(".claude.json")).expect("remove");
    assert!(Command::new("mkfifo").arg(home.path(".claude.json")).status().expect("mkfifo").success());
    refused(&home, "not a regular file");
    std::fs::remove_file(home.path(".claude.json")).expect("remove");
    home.write(".claude.json", "{}\n");
    set_mode(&home, ".claude.json", 0o444);
    refused(&home, "is read-only");
    assert_eq!(home.read(".claude.json"), "{}\n");
    for name in ["", "two words", "user-1", "system", "ada@example.org", "-x/"] {
        let error = home.err(&["connect", "gemini", "--yes", &format!("--agent={name}")]);
        assert!(error.contains("--agent") && !error.contains("+++ "), "{name}: {error}");
    }
    assert!(keys(&fixture.owner).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn disconnecting_restores_the_file() {
    let (_server, _fixture, home) = open("connect_restored").await;
    let mut seen = Vec::new();
    for tool in TOOLS {
        let file = user_file(tool);
        let servers = tool.servers;
        let mut texts = match tool.format {
            Format::Json => vec![
                "{\"a\":1}".to_owned(),
                "{ \"a\": 1, \"b\": [1, 2] }\n".to_owned(),
                "{\n  \"a\": 1\n}".to_owned(),
                "{\r\n  \"a\": 1,\r\n}\r\n".to_owned(),
                format!("{{\"{servers}\":{{\"other\":{{\"command\":\"x\",}},}},}}\n"),
                format!("{{\n  \"{servers}\": {{ \"other\": {{ \"command\": \"x\" }} }}\n}}\n"),
                format!("{{\n  \"{servers}\": {{\n    // none yet\n  }}\n}}\n"),
                "{}".to_owned(),
            ],
            Format::Toml => vec![
                "a = 1".to_owned(),
                "a = 1\n".to_owned(),
                "a = 1\r\n[x]\r\nb = 1".to_owned(),
                format!("[{servers}.other]\ncommand = 'x'"),
                format!("[{servers}]\n"),
            ],
        };
        // Files that look the same are edited by the same code: all texts for one of their tools.
        if seen.contains(&(tool.format, servers)) {
            texts.truncate(1);
        }
        seen.push((tool.format, servers));
        for before in &texts {
            home.write(&file, before);
            home.ok(&["connect", tool.id, "--yes"]);
            let after = home.read(&file);
            assert!(key_in(&after).is_some(), "{}: {after}", tool.id);
            assert_eq!(home.json(&["connect", tool.id, "--yes"])["changed"], false, "{}: {after}", tool.id);
            home.ok(&["disconnect", tool.id, "--yes"]);
            assert_eq!(home.read(&file), *before, "{}: {after}", tool.id);
        }
        // What was made goes, unless something was added.
        std::fs::remove_file(home.path(&file)).expect("remove");
        home.ok(&["connect", tool.id, "--yes"]);
        home.ok(&["disconnect", tool.id, "--yes"]);
        assert!(!home.path(&file).exists(), "{}", tool.id);
    }
    home.ok(&["connect", "claude", "--yes"]);
    home.write(".claude.json", &home.read(".claude.json").replacen('{', "{\n  \"numStartups\": 3,", 1));
    home.ok(&["disconnect", "claude", "--yes"]);
    assert!(home.read(".claude.json").contains("numStartups"));
}

#[tokio::test(flavor = "multi_thread")]
async fn hooks_and_instructions_leave_no_trace() {
    let (_server, _fixture, home) = open("connect_traces").await;
    let settings = ".claude/settings.json";
    for before in [
        "{\"model\":\"x\",\"hooks\":{\"Stop\":[{\"hooks\":[{\"type\":\"command\",\"command\":\"beep\"}]}]}}",
        "{\n  \"hooks\": {\n    \"Stop\": [{\n      \"hooks\": [{ \"type\": \"command\", \"command\": \"beep\" }]\n    }]\n  }\n}\n",
        "{\n  \"model\": \"x\"\n}\n",
    ] {
        home.write(settings, before);
        home.ok(&["connect", "claude", "--yes", "--hooks"]);
        assert!(home.read(settings).contains("agent report"), "{}", home.read(settings));
        home.ok(&["disconnect", "claude", "--yes"]);
        assert_eq!(home.read(settings), before);
    }
    for before in ["# Ours\r\n\r\nText.\r\n", "# Ours\n\n", "# Ours"] {
        home.write("project/CLAUDE.md", before);
        home.ok(&["connect", "claude", "--yes", "--instructions"]);
        let text = home.read("project/CLAUDE.md");
        assert_eq!(text.contains("\r\n"), before.contains("\r\n"));
        assert!(!before.contains("\r\n") || !text.replace("\r\n", "").contains('\n'), "{text:?}");
        home.ok(&["disconnect", "claude", "--yes", "--instructions"]);
        assert_eq!(home.read("project/CLAUDE.md"), before);
    }
    std::fs::remove_file(home.path(settings)).expect("remove");
    std::fs::remove_file(home.path("project/CLAUDE.md")).expect("remove");
    home.ok(&["connect", "claude", "--yes", "--hooks", "--instructions"]);
    home.ok(&["disconnect", "claude", "--yes", "--instructions"]);
    assert!(!home.path(settings).exists() && !home.path("project/CLAUDE.md").exists());
}
