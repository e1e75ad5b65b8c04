//! Ticket tracking set up and read by a program.

use callboard::client::{ColumnConfig, TicketBoardConfig, TicketTypeConfig};
use callboard::domain::export::Format;
use callboard::domain::tickets::read::Filters;
use callboard::domain::workflows::BoardSettings;
use serde_json::{Value, json};

use super::client_for;
use crate::http::fixtures::{TestWorkflow, open, signed_in_user};

fn board() -> TicketBoardConfig {
    let column = |id: &str, name: &str, order, color: &str| ColumnConfig {
        id: id.into(),
        name: name.into(),
        order,
        color: color.into(),
    };
    let kind = |id: &str, name: &str, icon: &str, color: &str| TicketTypeConfig {
        id: id.into(),
        name: name.into(),
        icon: icon.into(),
        color: color.into(),
    };
    TicketBoardConfig {
        name: "Development Board".into(),
        columns: vec![
            column("backlog", "Backlog", 0, "#9ca3af"),
            column("todo", "To Do", 1, "#6b7280"),
            column("in_progress", "In Progress", 2, "#3b82f6"),
            column("done", "Done", 3, "#10b981"),
        ],
        ticket_types: vec![kind("bug", "Bug", "🐛", "#ef4444"), kind("task", "Task", "📋", "#6b7280")],
        default_ticket_type: "task".into(),
        initial_status: "backlog".into(),
        settings: BoardSettings {
            auto_assign: Some(false),
            require_comments_on_status_change: Some(true),
            allow_reopen: Some(true),
            track_time: Some(true),
            ..BoardSettings::default()
        },
    }
}

#[tokio::test]
async fn a_program_configures_and_reads_a_board() {
    let server = open("sdk_boards").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let client = client_for(&fixture.owner, &server.url);
    let workflow = client.in_workflow(&fixture.workflow);
    let tracked = workflow.enable_ticket_tracking(board()).await.expect("a board");
    assert!(tracked.ticket_tracking);
    let read = serde_json::to_value(&tracked.board_config).expect("JSON");
    assert_eq!(read["name"], "Development Board");
    let ids: Vec<&Value> = read["columns"].as_array().expect("columns").iter().map(|column| &column["id"]).collect();
    assert_eq!(ids, ["backlog", "todo", "in_progress", "done"]);
    assert_eq!(read["settings"]["require_comments_on_status_change"], true);

    for number in 0..205 {
        fixture.ticket(&format!("Ticket {number}")).await;
    }
    fixture.ticket_with("=1+1, \"quoted\" | piped", json!({"ticket_type": "bug", "tags": ["a", "b"]})).await;
    let all = workflow.get_tickets(&Filters::default()).await.expect("tickets");
    let mut keys: Vec<i64> = all.iter().map(|card| card.number).collect();
    keys.sort_unstable();
    assert_eq!(keys, (1..=206).collect::<Vec<_>>(), "each once, over all pages");
    let bugs = Filters { ticket_type: Some(vec!["bug".into()]), ..Filters::default() };
    assert_eq!(workflow.get_tickets(&bugs).await.expect("bugs").len(), 1);
    let stats = serde_json::to_value(workflow.get_ticket_stats().await.expect("numbers")).expect("JSON");
    assert_eq!(stats["stats"]["by_status"]["backlog"], 206, "{stats}");

    let exported = workflow.export_tickets(Format::Json).await.expect("JSON");
    assert_eq!(serde_json::from_str::<Vec<Value>>(&exported).expect("an array").len(), 206);
    let exported = workflow.export_tickets(Format::Csv).await.expect("CSV");
    assert_eq!(exported.lines().count(), 207);
    // A spreadsheet must not interpret a title as a formula.
    assert!(exported.contains(r#""'=1+1, ""quoted"" | piped","bug""#), "{exported}");
    let exported = workflow.export_tickets(Format::Markdown).await.expect("Markdown");
    assert!(exported.contains(r"\| piped") && exported.lines().count() == 208, "{exported}");

    let off = workflow.disable_ticket_tracking().await.expect("off");
    assert!(!off.ticket_tracking);
    let input: callboard::domain::tickets::change::CreateTicket =
        serde_json::from_value(json!({"workflow_id": fixture.workflow, "title": "x", "description": "y"}))
            .expect("one");
    let refused = client.create_ticket(&input).await.expect_err("off");
    assert_eq!(refused.problem().map(|problem| problem.status), Some(409), "{refused}");
}

#[tokio::test]
async fn a_refused_board_changes_nothing() {
    let server = open("sdk_refused_board").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let workflow = client_for(&fixture.owner, &server.url).in_workflow(&fixture.workflow);
    let off = workflow.disable_ticket_tracking().await.expect("off");
    let before = serde_json::to_value(&off.board_config).expect("JSON");
    let wrong = TicketBoardConfig { initial_status: "nowhere".into(), ..board() };
    let refused = workflow.enable_ticket_tracking(wrong).await.expect_err("refused");
    assert_eq!(refused.problem().map(|problem| problem.status), Some(422), "{refused}");
    let now = client_for(&fixture.owner, &server.url).workflow(&fixture.workflow).await.expect("the workflow");
    assert!(!now.ticket_tracking);
    assert_eq!(serde_json::to_value(&now.board_config).expect("JSON"), before);
}
