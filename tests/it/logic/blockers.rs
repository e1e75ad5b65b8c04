//! Blockers after their resolution: edges stay, with a state.

use serde_json::json;

use super::fixtures::Fixture;

#[tokio::test]
async fn reopening_a_blocker_blocks_again() {
    let fixture = Fixture::open("blockagain").await;
    let first = fixture.ticket("First").await;
    let second = fixture.ticket_with("Second", json!({"blocked_by_ticket_ids": [first]})).await;
    let blocked = async || fixture.card(&second).await["blocked_by_ticket_ids"].clone();
    let resolve = json!({"ticket": first, "resolution_comment": "All of it is done"});
    fixture.ok("resolve_ticket", resolve.clone()).await;
    assert_eq!(blocked().await, json!([]));
    let details = fixture.ok("get_ticket", json!({"ticket": second})).await;
    assert_eq!((&details["blocked_by"], &details["resolved_blockers"][0]["ticket_id"]), (&json!([]), &json!(first)));
    // The list that clients read has only active blockers; writing it back keeps the others.
    let third = fixture.ticket("Third").await;
    fixture.ok("set_blockers", json!({"ticket": second, "blocked_by_ticket_ids": [third]})).await;
    fixture.ok("change_status", json!({"ticket": first, "new_status": "backlog"})).await;
    assert_eq!(blocked().await, json!([first, third]));
    assert_eq!(fixture.ok("change_status", json!({"ticket": second, "new_status": "done"})).await["blocked"], true);
    fixture.ok("set_blockers", json!({"ticket": second, "blocked_by_ticket_ids": [first]})).await;
    assert_eq!(
        fixture.changes(&second).await,
        ["created", "blocked", "unblocked", "commented", "blocked", "blocked", "commented", "unblocked"]
    );
    // Deleting a blocker releases, restoring it blocks again.
    fixture.ok("delete_ticket", json!({"ticket": first})).await;
    assert_eq!(blocked().await, json!([]));
    fixture.ok("restore_ticket", json!({"ticket": first})).await;
    assert_eq!(blocked().await, json!([first]));
    let row =
        fixture.client.query_one("select is_blocked from reporting.tickets where ticket_id = $1", &[&second]).await;
    assert!(row.expect("a row").get::<_, bool>(0));
    // A resolved ticket is not blocked by a blocker that is reopened, only once it is reopened itself.
    fixture.ok("resolve_ticket", resolve).await;
    fixture.ok("change_status", json!({"ticket": second, "new_status": "done"})).await;
    fixture.ok("change_status", json!({"ticket": first, "new_status": "backlog"})).await;
    assert_eq!(blocked().await, json!([]));
    fixture.ok("change_status", json!({"ticket": second, "new_status": "backlog"})).await;
    assert_eq!(blocked().await, json!([first]));
    // An empty list ends all edges.
    fixture.ok("set_blockers", json!({"ticket": second, "blocked_by_ticket_ids": []})).await;
    let edges = fixture.client.query_one("select count(*) from ticket_blockers", &[]).await.expect("a count");
    assert_eq!(edges.get::<_, i64>(0), 0);
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn an_edge_that_would_close_a_cycle_stays_released() {
    let fixture = Fixture::open("blockcycle").await;
    let first = fixture.ticket("First").await;
    let second = fixture.ticket_with("Second", json!({"blocked_by_ticket_ids": [first]})).await;
    fixture.ok("resolve_ticket", json!({"ticket": first, "resolution_comment": "All of it is done"})).await;
    // A resolved blocker is noted too, and blocks when it is reopened.
    let third = fixture.ticket_with("Third", json!({"blocked_by_ticket_ids": [first]})).await;
    assert_eq!(fixture.card(&third).await["is_blocked"], false);
    fixture.ok("set_blockers", json!({"ticket": first, "blocked_by_ticket_ids": [second]})).await;
    fixture.client.execute("update tickets set status = 'backlog' where id = $1", &[&first]).await.expect("reopened");
    assert_eq!(fixture.card(&first).await["blocked_by_ticket_ids"], json!([second]));
    assert_eq!(fixture.card(&second).await["blocked_by_ticket_ids"], json!([]));
    assert_eq!(fixture.card(&third).await["blocked_by_ticket_ids"], json!([first]));
    // Asked for again, it is refused while there is a cycle, and holds as soon as there is none.
    let again = json!({"ticket": second, "blocked_by_ticket_ids": [first]});
    assert_eq!(fixture.refused("set_blockers", again.clone()).await, "CB004");
    fixture.ok("set_blockers", json!({"ticket": first, "blocked_by_ticket_ids": []})).await;
    fixture.ok("set_blockers", again).await;
    assert_eq!(fixture.card(&second).await["blocked_by_ticket_ids"], json!([first]));
    fixture.streams_are_gapless().await;
}

#[tokio::test]
async fn a_deleted_blocker_comes_back_with_its_duplicate() {
    let fixture = Fixture::open("blockmerge").await;
    let (original, blocker) = (fixture.ticket("Original").await, fixture.ticket("Blocker").await);
    let duplicate = fixture.ticket_with("Duplicate", json!({"blocked_by_ticket_ids": [blocker]})).await;
    fixture.ok("merge_tickets", json!({"ticket": duplicate, "into_ticket": original})).await;
    fixture.ok("delete_ticket", json!({"ticket": blocker})).await;
    assert_eq!(fixture.ok("unmerge_ticket", json!({"ticket": duplicate})).await["kept"], json!([]));
    fixture.ok("restore_ticket", json!({"ticket": blocker})).await;
    assert_eq!(fixture.card(&duplicate).await["blocked_by_ticket_ids"], json!([blocker]));
    assert_eq!(fixture.card(&original).await["blocked_by_ticket_ids"], json!([]));
    fixture.streams_are_gapless().await;
}
