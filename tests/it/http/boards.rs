//! Workflows and their boards over HTTP: creation, changes, archiving, renaming and removing columns.

use insta::assert_json_snapshot;
use serde_json::{Value, json};

use super::fixtures::{TestWorkflow, open, redacted, signed_in_user, text};

fn ids(board: &Value) -> Vec<String> {
    board["columns"].as_array().expect("columns").iter().map(|column| text(column, "id")).collect()
}

#[tokio::test]
async fn workflows_are_created_from_templates() {
    let server = open("templates").await;
    let ann = signed_in_user(&server, "ann").await;
    let templates = ann.get("/api/board-templates").await.ok();
    for (name, template) in templates.as_object().expect("templates") {
        let body = json!({"name": format!("By {name}"), "template": name, "description": "One of each."});
        let made = ann.post("/api/workflows", body).await.created();
        assert_eq!(ids(&made["board_config"]), ids(template), "{name}");
        assert_eq!(made["role"], "owner");
    }
    let body = json!({"name": "Own", "board_config": {"name": "Mine", "columns": [{"id": "open"}, {"id": "shut"}]}});
    let own = ann.post("/api/workflows", body).await.created();
    assert_json_snapshot!("workflow", redacted(&own));
    let wrong = ann.post("/api/workflows", json!({"name": "x", "template": "agile"})).await;
    assert_eq!(wrong.json["errors"][0]["field"], "template");
    wrong.refused(422);
    let page = ann.get("/api/workflows?limit=2").await.ok();
    assert_eq!((page["workflows"].as_array().map(Vec::len), page["has_more"].as_bool()), (Some(2), Some(true)));
    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = ann.get(&format!("/api/workflows?limit=2&cursor={cursor}")).await.ok();
        names.extend(page["workflows"].as_array().expect("workflows").iter().map(|workflow| text(workflow, "name")));
        let Some(next) = page["next_cursor"].as_str() else { break };
        next.clone_into(&mut cursor);
    }
    assert_eq!(names, ["By development", "By research", "By sdlc", "By security", "Own"]);
}

#[tokio::test]
async fn workflows_can_be_archived_and_tracking_disabled() {
    let server = open("archive").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let ticket = fixture.ticket("Kept").await;
    let path = format!("/api/workflows/{}", fixture.workflow);
    let changed = ann.patch(&path, json!({"name": "Renamed", "description": "And described."})).await.ok();
    assert_eq!((&changed["name"], &changed["description"]), (&json!("Renamed"), &json!("And described.")));
    assert_ne!(ann.delete(&path).await.ok()["archived_at"], Value::Null);
    assert_eq!(fixture.move_to(&ticket, "todo").await.refused(409), "conflict");
    assert_eq!(fixture.read(&ticket).await["title"], "Kept");
    assert_eq!(ann.get("/api/workflows").await.ok()["workflows"], json!([]));
    let all = ann.get("/api/workflows?include_archived=true").await.ok();
    assert_eq!(all["workflows"].as_array().map(Vec::len), Some(1));
    assert_eq!(ann.post(&format!("{path}/restore"), json!({})).await.ok()["archived_at"], Value::Null);

    let off = ann.post(&format!("{path}/ticket-tracking"), json!({"enabled": false})).await.ok();
    assert_eq!(off["ticket_tracking"], false);
    assert_eq!(fixture.move_to(&ticket, "todo").await.refused(409), "ticket_tracking_off");
    let board = json!({"settings": {"require_comments_on_status_change": true}});
    let body = json!({"enabled": true, "board_config": board});
    let on = ann.post(&format!("{path}/ticket-tracking"), body).await.ok();
    assert_eq!(on["board_config"]["settings"]["require_comments_on_status_change"], true);
    let refused = fixture.move_to(&ticket, "todo").await;
    assert_eq!(refused.json["errors"][0]["field"], "comment");
    refused.refused(422);
    // The update is atomic: a refused board leaves ticket tracking unchanged.
    ann.post(&format!("{path}/ticket-tracking"), json!({"enabled": false})).await.ok();
    let body = json!({"enabled": true, "board_config": {"columns": []}});
    ann.post(&format!("{path}/ticket-tracking"), body).await.refused(422);
    assert_eq!(ann.get(&path).await.ok()["ticket_tracking"], false);
}

#[tokio::test]
async fn columns_are_added_removed_and_renamed() {
    let server = open("columns").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let (a, b) =
        (fixture.ticket("The a").await, fixture.ticket_with("The b", json!({"initial_status": "review"})).await);
    let path = format!("/api/workflows/{}/board", fixture.workflow);
    let columns = json!([{"id": "inbox", "previous_id": "backlog", "name": "Inbox"},
                         {"id": "doing", "wip_limit": 1, "color": "#123abc", "category": "active"}, {"id": "done"}]);
    let config = json!({"name": "Short", "columns": columns, "transitions": [{"from": "inbox", "to": "doing"}],
                        "settings": {"wip_policy": "refuse"}});
    let refused = ann.put(&path, json!({"board_config": config})).await;
    assert_eq!((&refused.json["column"], &refused.json["ticket_count"]), (&json!("review"), &json!(1)));
    assert_eq!(refused.refused(409), "conflict");
    let wrong = ann.put(&path, json!({"board_config": config, "moves": {"review": "limbo"}})).await;
    assert_eq!(wrong.json["errors"][0]["field"], "moves");
    wrong.refused(422);
    assert_eq!(fixture.read(&a).await["status"], "backlog", "nothing has changed so far");

    let answer = ann.put(&path, json!({"board_config": config, "moves": {"review": "doing"}})).await.ok();
    assert_json_snapshot!("set_board", redacted(&answer));
    assert_eq!(
        (fixture.read(&a).await["status"].clone(), fixture.read(&b).await["status"].clone()),
        (json!("inbox"), json!("doing"))
    );
    let full = fixture.move_to(&a, "doing").await;
    assert_eq!((&full.json["wip_limit"], &full.json["ticket_count"]), (&json!(1), &json!(1)));
    assert_eq!(full.refused(409), "wip_limit");
    assert_eq!(fixture.move_to(&a, "done").await.refused(409), "transition_not_allowed");
    let unknown = fixture.move_to(&a, "limbo").await;
    assert_eq!(unknown.json["errors"][0], json!({"field": "new_status", "rule": "must be one of inbox, doing, done"}));
    assert_eq!(unknown.refused(422), "unknown_status");
}

#[tokio::test]
async fn bad_boards_are_refused_by_name() {
    let server = open("bad_boards").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let path = format!("/api/workflows/{}/board", fixture.workflow);
    let before = ann.get(&format!("/api/tickets/board-config/{}", fixture.workflow)).await.ok();
    let column = |more: Value| {
        let mut column = json!({"id": "one"});
        super::fixtures::merge(&mut column, &more);
        json!({"columns": [column]})
    };
    for (config, field) in [
        (json!({"columns": []}), "board_config.columns"),
        (json!({"columns": vec![json!({"id": "x"}); 51]}), "board_config.columns"),
        (json!({"columns": [{"id": "a"}, {"id": "A"}]}), "board_config.columns"),
        (column(json!({"id": "with space"})), "board_config.columns[0].id"),
        (column(json!({"id": "x".repeat(51)})), "board_config.columns[0].id"),
        (column(json!({"name": "x".repeat(101)})), "board_config.columns[0].name"),
        (column(json!({"color": "red; background: url(x)"})), "board_config.columns[0].color"),
        (column(json!({"wip_limit": 0})), "board_config.columns[0].wip_limit"),
        (column(json!({"wip_limit": 1.5})), "board_config.columns[0].wip_limit"),
        (column(json!({"category": "later"})), "board_config.columns[0].category"),
        (json!({"name": "x".repeat(201)}), "board_config.name"),
        (json!({"initial_status": "limbo"}), "board_config.initial_status"),
        (json!({"default_ticket_type": "poem"}), "board_config.default_ticket_type"),
        (json!({"ticket_types": []}), "board_config.ticket_types"),
        (json!({"ticket_types": [{"id": "a", "name": "x".repeat(101)}]}), "board_config.ticket_types[0].name"),
        (json!({"ticket_types": [{"id": "a", "icon": "x".repeat(101)}]}), "board_config.ticket_types[0].icon"),
        (json!({"ticket_types": [{"id": "a", "color": "url(x)"}]}), "board_config.ticket_types[0].color"),
        (json!({"transitions": [{"from": "todo", "to": "limbo"}]}), "board_config.transitions[0].to"),
        (json!({"settings": {"wip_policy": "beg"}}), "board_config.settings.wip_policy"),
        (json!({"settings": {"allow_reopen": "yes"}}), "board_config.settings.allow_reopen"),
        (json!({"colour": "red"}), "board_config.colour"),
    ] {
        let answer = ann.put(&path, json!({"board_config": config})).await;
        assert_eq!(answer.json["errors"][0]["field"], field, "{config}: {}", answer.json);
        assert_eq!(answer.refused(422), "invalid");
    }
    assert_eq!(ann.get(&format!("/api/tickets/board-config/{}", fixture.workflow)).await.ok(), before);
}

/// Two owners edit the same board: the second save does not undo the first one unseen.
#[tokio::test]
async fn a_board_is_saved_against_the_version_that_was_read() {
    let server = open("board_version").await;
    let ann = signed_in_user(&server, "ann").await;
    let fixture = TestWorkflow::of(&ann).await;
    let (path, one) =
        (format!("/api/workflows/{}/board", fixture.workflow), format!("/api/workflows/{}", fixture.workflow));
    let read = ann.get(&one).await.ok();
    let (config, version) = (&read["board_config"], text(&read, "board_version"));
    let named = |name: &str| {
        let mut changed = config.clone();
        changed["name"] = json!(name);
        changed
    };
    let body = json!({"board_config": named("First"), "version": version});
    let saved = ann.put(&path, body).await.ok();
    assert_ne!(text(&saved, "board_version"), version);
    let late = ann.put(&path, json!({"board_config": named("Second"), "version": version})).await;
    assert_eq!((&late.json["version"], late.status), (&saved["board_version"], 409));
    assert_eq!(late.refused(409), "stale_version");
    assert_eq!(ann.get(&one).await.ok()["board_config"]["name"], "First");
    // Tickets and other boards do not change it; a client that states none replaces the board.
    fixture.ticket("One more").await;
    assert_eq!(ann.get(&one).await.ok()["board_version"], saved["board_version"]);
    ann.put(&path, json!({"board_config": named("Third")})).await.ok();
    assert_eq!(ann.get(&one).await.ok()["board_config"]["name"], "Third");
}
