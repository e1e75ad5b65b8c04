//! Boards and workflows.

use serde_json::json;

use super::fixtures::Fixture;
use crate::harness;

#[tokio::test]
async fn every_template_makes_a_board() {
    let fixture = Fixture::open("templates").await;
    for template in ["development", "sdlc", "security", "research"] {
        let made = fixture.ok("create_workflow", json!({"name": template, "template": template})).await;
        let board = &made["board_config"];
        assert!(board["columns"].as_array().is_some_and(|c| c.iter().any(|c| c["category"] == "done")), "{board}");
        assert_eq!(board["initial_status"], board["columns"][0]["id"]);
    }
    assert_eq!(fixture.refused("create_workflow", json!({"name": "x", "template": "nonsense"})).await, "CB422");
}

#[tokio::test]
async fn a_configuration_that_breaks_a_rule_is_refused() {
    let fixture = Fixture::open("boardrules").await;
    for config in [
        json!({"columns": []}),
        json!({"columns": [{"id": "a"}, {"id": "A"}]}),
        json!({"columns": [{"name": "no id"}]}),
        json!({"initial_status": "nowhere"}),
        json!({"ticket_types": []}),
        json!({"default_ticket_type": "saga"}),
        json!({"transitions": [{"from": "todo", "to": "nowhere"}]}),
        json!({"columns": [{"id": "a", "color": "url(x)"}]}),
    ] {
        assert_eq!(fixture.refused("set_board", json!({"config": config})).await, "CB422", "{config}");
    }
    assert_eq!(fixture.refused("set_board", json!({"caller": "member", "config": {"name": "Mine"}})).await, "CB403");
    assert_eq!(fixture.refused("set_board", json!({"caller": "outsider", "config": {"name": "Mine"}})).await, "CB404");
}

#[tokio::test]
async fn renaming_a_column_moves_its_tickets() {
    let fixture = Fixture::open("rename").await;
    let id = fixture.ticket_with("Ride along", json!({"initial_status": "todo"})).await;
    let columns = json!([{"id": "backlog"}, {"id": "next", "previous_id": "todo", "name": "Next"}, {"id": "in_progress"},
        {"id": "review"}, {"id": "testing"}, {"id": "done"}]);
    let board = fixture.ok("set_board", json!({"config": {"columns": columns}})).await["board_config"].clone();
    assert_eq!(fixture.card(&id).await["status"], "next");
    assert_eq!(board["columns"][1]["ticket_count"], 1);
    assert_eq!(board["columns"][5]["category"], "done", "omitted settings are unchanged");
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn removing_a_column_requires_a_target_for_its_tickets() {
    let fixture = Fixture::open("remove").await;
    let id = fixture.ticket("Homeless").await;
    let config = json!({"columns": [{"id": "todo"}, {"id": "done"}]});
    assert_eq!(fixture.refused("set_board", json!({"config": config})).await, "CB409");
    assert_eq!(fixture.refused("set_board", json!({"config": config, "moves": {"backlog": "nowhere"}})).await, "CB422");
    let board = fixture.ok("set_board", json!({"config": config, "moves": {"backlog": "todo"}})).await;
    assert_eq!(board["board_config"]["columns"].as_array().map(Vec::len), Some(2));
    assert_eq!(fixture.card(&id).await["status"], "todo");
    assert_eq!(board["board_config"]["initial_status"], "todo");
}

#[tokio::test]
async fn a_change_of_the_board_is_one_event() {
    let fixture = Fixture::open("boardevent").await;
    let count = async || -> i64 {
        fixture
            .client
            .query_one("select count(*) from history where change_type = 'board_updated'", &[])
            .await
            .expect("count")
            .get(0)
    };
    let before = count().await;
    fixture.ok("set_board", json!({"config": {"columns": [{"id": "backlog"}, {"id": "doing"}, {"id": "done"}]}})).await;
    assert_eq!(count().await, before + 1);
    fixture.client.execute("update board_columns set name = 'Typed' where id = 'doing'", &[]).await.expect("update");
    assert_eq!(count().await, before + 2, "also for an UPDATE in psql");
}

#[tokio::test]
async fn archived_or_untracked_workflows_accept_no_changes() {
    let fixture = Fixture::open("archived").await;
    let id = fixture.ticket("Before").await;
    fixture.ok("update_workflow", json!({"ticket_tracking": false})).await;
    assert_eq!(fixture.refused("change_status", json!({"ticket": id, "new_status": "done"})).await, "CB010");
    fixture.ok("update_workflow", json!({"ticket_tracking": true})).await;
    fixture.ok("archive_workflow", json!({"archived": true})).await;
    assert_eq!(fixture.refused("change_status", json!({"ticket": id, "new_status": "done"})).await, "CB409");
    assert_eq!(
        fixture.ok("list_workflows", json!({"include_archived": false, "max_rows": 10})).await["workflows"],
        json!([])
    );
    fixture.ok("archive_workflow", json!({"archived": false})).await;
    fixture.ok("change_status", json!({"ticket": id, "new_status": "done"})).await;
    assert_eq!(fixture.refused("update_workflow", json!({"repository_path": "/etc"})).await, "CB403");
}

#[tokio::test]
async fn a_workflow_always_has_an_owner() {
    let fixture = Fixture::open("owners").await;
    assert_eq!(fixture.refused("remove_member", json!({"actor": "owner"})).await, "CB409");
    assert_eq!(fixture.refused("set_member", json!({"actor": "owner", "role": "viewer"})).await, "CB409");
    assert_eq!(
        fixture.refused("set_member", json!({"caller": "member", "actor": "outsider", "role": "viewer"})).await,
        "CB403"
    );
    assert_eq!(fixture.refused("set_member", json!({"actor": "nobody", "role": "viewer"})).await, "CB404");
    fixture.ok("remove_member", json!({"caller": "viewer", "actor": "viewer"})).await;
    fixture.ok("set_member", json!({"actor": "member", "role": "owner"})).await;
    fixture.ok("remove_member", json!({"actor": "owner"})).await;
    assert_eq!(fixture.refused("get_workflow", json!({})).await, "CB404");
}

/// The whole `logic` schema builds and works on the oldest supported Postgres.
#[tokio::test]
async fn the_rules_hold_on_postgres_16() {
    let fixture = Fixture::on(harness::database_of(16, "old").await).await;
    let (first, second) = (fixture.ticket("First").await, fixture.ticket("Second").await);
    fixture.ok("set_blockers", json!({"ticket": second, "blocked_by_ticket_ids": [first]})).await;
    fixture.ok("resolve_ticket", json!({"ticket": first, "resolution_comment": "Done on an old one"})).await;
    fixture.ok("change_status", json!({"ticket": second, "new_status": "done"})).await;
    fixture.ok("search_tickets", json!({"query": "second"})).await;
    fixture.ok("get_ticket_stats", json!({})).await;
    fixture.ok("run_maintenance", json!({"history_months": 0})).await;
    fixture.streams_are_gapless().await;
}
