//! Other boards, other callers, and a real export if one is available.

use std::path::PathBuf;

use callboard::domain::accounts::Caller;
use callboard::domain::import::{Board, Mapping, plan, run};
use serde_json::json;

use super::{fixture, read, small_export, text};

#[tokio::test]
async fn a_board_with_other_columns_accepts_the_import() {
    let fixture = fixture("import_shape").await;
    let sql = format!("select logic.create_workflow('{}', 'Odd', null, 'sdlc') ->> 'id' as id", fixture.caller.actor);
    fixture.json(&sql).await;
    fixture.import("Odd", small_export()).await;
    let columns = "select jsonb_object_agg(external_ref, status) as at from tickets where external_ref in ('cb-1', 'cb-2', 'cb-4')";
    assert_eq!(fixture.json(columns).await, json!({"at": {"cb-1": "idle", "cb-2": "plan", "cb-4": "shipped"}}));
}

#[tokio::test]
async fn an_outsider_cannot_import() {
    let fixture = fixture("import_outsider").await;
    let made = fixture.import("Tracker", text("{\"id\":\"cb-0\",\"title\":\"The first one\"}")).await;
    fixture
        .client
        .batch_execute("insert into actors (id, kind, name) values ('outsider', 'agent', 'Outsider')")
        .await
        .expect("insert");
    let mut batch = small_export();
    let planned = plan(&mut batch, &Board::default(), &Mapping::default());
    let refused = run(&fixture.db, &Caller::trusted("outsider"), &made.workflow_id, &planned, false, false)
        .await
        .expect_err("refused");
    assert_eq!(refused.as_problem().status, 404);
    assert_eq!(fixture.json("select count(*) as n from tickets").await, json!({"n": 1}));
}

#[tokio::test]
async fn a_real_export_is_imported_completely() {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/data/beads-issues.jsonl");
    if !file.exists() {
        return;
    }
    let batch = read(&file);
    assert_eq!((batch.tickets.len(), batch.not_taken.count("tombstones"), batch.bad.len()), (2403, 3319, 0));
    let fixture = fixture("import_real").await;
    let outcome = fixture.import("Beads", batch).await;
    assert_eq!((outcome.imported, outcome.comments), (2403, 1158));
    assert_eq!(
        fixture.json("select count(*) as n, count(*) filter (where is_resolved) as resolved, min(number) as low, max(number) as high,
                   count(distinct rank) as ranks, count(*) filter (where status = 'in_progress') as hooked from tickets").await,
        json!({"n": 2403, "resolved": 2259, "low": 1, "high": 2403, "ranks": 2403, "hooked": 13})
    );
    let again = fixture.import("Beads", read(&file)).await;
    assert_eq!((again.imported, again.existing, again.newer), (0, 2403, 0));
    fixture.assert_gapless().await;
}
