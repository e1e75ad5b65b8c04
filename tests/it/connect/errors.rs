//! Failures leave files and keys as they were.

use std::os::unix::fs::symlink;

use callboard::domain::agent_setup::{Format, TOOLS};

use super::{keys, open, user_file};

#[tokio::test(flavor = "multi_thread")]
async fn a_configuration_that_cannot_be_edited_is_refused_with_its_place() {
    let (_server, fixture, home) = open("connect_invalid").await;
    for tool in TOOLS {
        let file = user_file(tool);
        let (broken, line) = match tool.format {
            Format::Json => ("{\n  \"a\": 1\n  \"b\": 2\n}\n", "line 2"),
            Format::Toml => ("a = 1\nb = = 2\n", "line 2"),
        };
        let not_a_table = match tool.format {
            Format::Json => format!("{{\"{}\": []}}\n", tool.servers),
            Format::Toml => format!("{} = 1\n", tool.servers),
        };
        for (text, part) in [(broken, line), (not_a_table.as_str(), tool.servers)] {
            home.write(&file, text);
            let error = home.err(&["connect", tool.id, "--yes"]);
            assert!(error.contains(part) && error.contains(&file) && error.contains("Nothing was changed."), "{error}");
            assert_eq!(home.read(&file), text);
        }
    }
    std::fs::write(home.path(".claude.json"), [b'{', 0xFF, b'}']).expect("write");
    assert!(home.err(&["connect", "claude", "--yes"]).contains("not UTF-8 from byte 1 on"));
    std::fs::remove_file(home.path(".claude.json")).expect("remove");
    std::fs::create_dir(home.path(".claude.json")).expect("a folder");
    assert!(home.err(&["connect", "claude", "--yes"]).contains("cannot be read"));
    assert!(keys(&fixture.owner).await.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_behind_if_the_last_step_fails() {
    let (_server, fixture, mut home) = open("connect_failed").await;
    // The folder is a link into nothing: the file does not exist, and cannot be made.
    symlink(home.path("missing/folder"), home.path(".cursor")).expect("a link");
    assert!(home.err(&["connect", "cursor", "--yes"]).contains("cannot be written"));
    assert!(keys(&fixture.owner).await.is_empty(), "the key is revoked");

    // Without a terminal nobody can agree.
    let error = home.err(&["connect", "gemini"]);
    assert!(error.contains("--yes") && error.contains("+++ "), "{error}");
    assert!(!home.path(".gemini").exists() && keys(&fixture.owner).await.is_empty());

    // What a tool cannot do is refused before anything is made.
    assert!(home.err(&["connect", "zed", "--yes", "--scope", "project"]).contains("--scope"));
    assert!(home.err(&["connect", "zed", "--yes", "--hooks"]).contains("no hooks"));
    let unknown = home.run(&["connect", "emacs"]);
    assert_eq!(unknown.status.code(), Some(2));
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert!(["claude", "codex", "antigravity"].iter().all(|tool| said.contains(tool)), "{said}");

    // The agent of somebody else, and a server that is not there.
    home.ok(&["connect", "codex", "--yes"]);
    let url = std::mem::replace(&mut home.url, "http://127.0.0.1:1".to_owned());
    assert!(home.err(&["connect", "gemini", "--yes"]).contains("cannot be reached"));
    assert!(!home.path(".gemini").exists());
    home.url = url;
    home.credential = "cb_nonsense".to_owned();
    assert!(home.err(&["connect", "gemini", "--yes"]).contains("API key"));
    home.credential.clear();
    assert!(home.err(&["connect", "gemini", "--yes"]).contains("callboard login"));
    assert!(!home.path(".gemini").exists());
}
