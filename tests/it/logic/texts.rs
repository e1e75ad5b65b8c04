//! Lengths of titles, descriptions and names: what shows counts, and wide characters count more.

use serde_json::{Value, json};

use super::fixtures::Fixture;

/// Characters that show nothing: a Hangul filler, a joiner, a direction override, a soft hyphen, a tag.
const INVISIBLE: &str = "\u{3164}\u{200d}\u{202e}\u{ad}\u{e0041}\u{2800}";

#[tokio::test]
async fn a_title_shows_a_word() {
    let fixture = Fixture::open("titles").await;
    let id = fixture.ticket("登录").await;
    assert_eq!(fixture.card(&id).await["title"], "登录");
    for title in [INVISIBLE, "\u{3164}\u{3164}\u{3164}", "a\u{200b}\u{200b}\u{200b}b", "...", "。。。", "ab", ""] {
        assert_eq!(fixture.refused("create_ticket", json!({"title": title})).await, "CB422", "{title:?}");
        let updates = json!({"ticket": id, "updates": {"title": title}});
        assert_eq!(fixture.refused("update_ticket", updates).await, "CB422", "{title:?}");
    }
    for title in ["Fix", "修复", "🚀🚀🚀", "수정"] {
        fixture.ok("update_ticket", json!({"ticket": id, "updates": {"title": title}})).await;
    }
}

#[tokio::test]
async fn a_description_is_optional_unless_the_board_asks_for_one() {
    let fixture = Fixture::open("descriptions").await;
    for given in [Value::Null, json!(""), json!(INVISIBLE), json!("修复登录超时问题"), json!("Ten letters")] {
        fixture.ok("create_ticket", json!({"title": "A ticket", "description": given})).await;
    }
    assert_eq!(fixture.refused("create_ticket", json!({"title": "A ticket", "description": "short"})).await, "CB422");
    let id = fixture.ticket("Another").await;
    fixture.ok("update_ticket", json!({"ticket": id, "updates": {"description": ""}})).await;

    let settings = fixture.ok("set_board", json!({"config": {"settings": {"require_description": true}}})).await;
    assert_eq!(settings["board_config"]["settings"]["require_description"], true);
    for given in [Value::Null, json!(INVISIBLE)] {
        let input = json!({"title": "A ticket", "description": given});
        assert_eq!(fixture.refused("create_ticket", input).await, "CB422");
    }
    fixture.ok("create_ticket", json!({"title": "A ticket", "description": "修复登录"})).await;
    // The same length where a comment is required.
    fixture.ok("set_board", json!({"config": {"settings": {"require_comments_on_status_change": true}}})).await;
    let step = |comment: &str| json!({"ticket": id, "new_status": "done", "comment": comment});
    assert_eq!(
        fixture
            .refused(
                "change_status",
                step("\u{3164}\u{3164}\u{3164}\u{3164}\u{3164}\u{3164}\u{3164}\u{3164}\u{3164}\u{3164}")
            )
            .await,
        "CB422"
    );
    assert_eq!(fixture.ok("change_status", step("已经完成")).await["success"], true);
}

#[tokio::test]
async fn names_and_comments_show_something() {
    let fixture = Fixture::open("names").await;
    let id = fixture.ticket("A ticket").await;
    let agent = json!({"agent_id": "agent-x", "agent_kind": "agent", "agent_name": INVISIBLE, "in_workflows": []});
    let column = json!({"config": {"columns": [{"id": "todo", "name": INVISIBLE}, {"id": "done"}]}, "moves": {}});
    for (function, input) in [
        ("create_workflow", json!({"name": INVISIBLE})),
        ("update_workflow", json!({"name": INVISIBLE})),
        ("set_board", column),
        ("set_board", json!({"config": {"name": INVISIBLE}})),
        ("add_comment", json!({"ticket": id, "comment_text": INVISIBLE})),
        ("create_agent", agent),
        ("save_search", json!({"name": INVISIBLE, "query": "words"})),
    ] {
        assert_eq!(fixture.refused(function, input).await, "CB422", "{function}");
    }
    // A job gets another name, because it has a prompt.
    let job = json!({"ticket": id, "title": INVISIBLE, "initial_prompt": "Do it"});
    assert_eq!(fixture.ok("create_job", job).await["title"], "Do it");
}
