//! Milestones, due dates and boards of the past in a terminal and through the Rust client.

use callboard::client::{Client, Credential};
use callboard::domain::milestones::{CreateMilestone, UpdateMilestone};
use callboard::domain::past_boards::DifferenceKind;
use callboard::domain::tickets::read::Filters;
use jiff::Timestamp;
use serde_json::json;

use crate::cli_commands::open;

#[tokio::test]
async fn milestones_are_planned_in_a_terminal() {
    let (_server, fixture, at) = open("cli_milestones").await;
    assert!(at.run(&["milestone", "list"]).await.err.contains("no open milestones"));
    let id = at.run_ok(&["milestones", "create", "Beta", "--start", "2026-01-05", "--due", "2026-01-31"]).await;
    assert!(id.starts_with("milestone-"), "{id}");
    at.run_ok(&[
        "ticket",
        "create",
        "Sign the contract",
        "--milestone",
        "beta",
        "--due",
        "2026-01-20",
        "--points",
        "3",
    ])
    .await;
    at.run_ok(&["ticket", "create", "Print it"]).await;
    let list = at.run_ok(&["milestone", "list"]).await;
    let row: Vec<&str> = list.lines().nth(1).expect("a row").split_whitespace().collect();
    assert_eq!(row, ["Beta", "2026-01-05", "2026-01-31", "0", "of", "1", "0", "of", "3", "overdue"], "{list}");
    let tickets = at.run_ok(&["ticket", "list", "--milestone", "Beta", "--overdue"]).await;
    assert!(tickets.lines().count() == 2 && tickets.contains("2026-01-20"), "{tickets}");
    assert_eq!(at.run_ok(&["ticket", "list", "--due", "2026-01-19"]).await.lines().count(), 1, "only the header");
    assert!(at.run_ok(&["ticket", "show", "TKT-1"]).await.contains("milestone Beta · due 2026-01-20"));
    assert!(at.run_ok(&["board"]).await.contains("due 2026-01-20"));
    at.run_ok(&["milestone", "update", "beta", "--name", "Beta 1", "--due", ""]).await;
    assert_eq!(at.run_ok(&["milestone", "close", &id]).await, "Closed the milestone Beta 1.");
    at.run(&["ticket", "edit", "TKT-2", "--milestone", "Beta 1"]).await.refuses("closed");
    assert_eq!(at.run(&["milestone", "list", "--all", "--json"]).await.json()[0]["is_closed"], true);
    at.run_ok(&["milestone", "reopen", "Beta 1"]).await;
    at.run_ok(&["ticket", "edit", "TKT-1", "--due", "", "--milestone", ""]).await;
    let shown = at.run_ok(&["ticket", "show", "TKT-1"]).await;
    assert!(shown.contains("Taken out of the milestone Beta 1.") && !shown.contains("· due"), "{shown}");
    at.run(&["milestone", "create", "Late", "--due", "2026-02-30"]).await.refuses("due_on");
    at.run(&["milestone", "close", "Gamma"]).await.refuses("they are Beta 1");
    assert_eq!(at.run_ok(&["milestone", "delete", "BETA 1"]).await, "Deleted the milestone Beta 1.");
    at.run(&["milestone", "delete", "BETA 1"]).await.refuses("there are none");
    drop(fixture);
}

#[tokio::test]
async fn boards_of_the_past_are_shown_in_a_terminal_and_to_programs() {
    let (server, fixture, at) = open("cli_past").await;
    let client =
        Client::new(&server.url, Credential::key(fixture.owner.token.clone().expect("a token"))).expect("a client");
    let input = CreateMilestone { name: "Beta".to_owned(), ..CreateMilestone::default() };
    let made = client.create_milestone(&fixture.workflow, &input).await.expect("a milestone");
    let ticket = fixture.ticket_with("Sign the contract", json!({"milestone_id": made.milestone_id})).await;
    let gone = fixture.ticket("Print it").await;
    let before = Timestamp::now();
    let changes = UpdateMilestone {
        name: Some("Gamma".to_owned()),
        due_on: Some(Some("2026-01-31".to_owned())),
        ..UpdateMilestone::default()
    };
    assert_eq!(
        client.update_milestone(&made.milestone_id, &changes).await.expect("changed").due_on.as_deref(),
        Some("2026-01-31")
    );
    fixture.move_to(&ticket, "done").await.ok();
    fixture.owner.post("/api/tickets/update", json!({"ticket_id": ticket, "due_on": "2026-01-20"})).await.ok();
    fixture.owner.delete(&format!("/api/tickets/{gone}")).await.ok();

    let then = client.board_at(&fixture.workflow, before).await.expect("the board");
    assert_eq!((&then["milestones"][0]["name"], then["tickets"].as_array().map(Vec::len)), (&json!("Beta"), Some(2)));
    let found = client.board_changes(&fixture.workflow, before, None).await.expect("changes");
    let kinds: Vec<DifferenceKind> = found.tickets.iter().map(|ticket| ticket.change).collect();
    assert_eq!(kinds, [DifferenceKind::Changed, DifferenceKind::Removed]);
    let none = client.board_changes(&fixture.workflow, before, Some(before)).await.expect("changes");
    assert!(none.tickets.is_empty() && !none.has_more);
    let filters = Filters {
        milestone_id: Some("gamma".to_owned()),
        due_before: Some("2026-01-20".to_owned()),
        ..Filters::default()
    };
    assert_eq!(client.tickets(&fixture.workflow, &filters, 10, None).await.expect("tickets").total_count, 1);
    assert_eq!(client.milestone(&made.milestone_id).await.expect("it").resolved_count, 1);

    let time = before.to_string();
    let board = at.run_ok(&["board", "--at", &time]).await;
    assert!(board.contains("Print it") && board.contains("Backlog 2"), "{board}");
    assert!(at.run(&["board", "--at", &time, "--json"]).await.json()["at"].is_string());
    let changes = at.run_ok(&["changes", "--from", &time]).await;
    for part in ["TKT-1", "status: backlog → done", "due on: - → 2026-01-20", "TKT-2", "removed"] {
        assert!(changes.contains(part), "{part} in {changes}");
    }
    assert!(at.run(&["changes", "--from", &time, "--to", &time]).await.err.contains("Nothing changed."));
    assert_eq!(at.run(&["changes", "--from", &time, "--json"]).await.json()["tickets"][0]["key"], "TKT-1");
    assert_eq!(at.run(&["changes", "--from", "yesterday"]).await.code, Some(2));
    at.run(&["board", "--at", "2999-01-01"]).await.refuses("future");
    client.delete_milestone(&made.milestone_id).await.expect("deleted");
    assert!(client.milestones(&fixture.workflow, true).await.expect("milestones").is_empty());
}
