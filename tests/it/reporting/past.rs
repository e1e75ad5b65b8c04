//! Figures of the past stay as they were, whatever happens to tickets and columns later, and however much of history is stored.

use serde_json::{Value, json};

use super::{refresh, rows, tickets};
use crate::logic::fixtures::Fixture;

/// All figures of the fixture's days.
const FIGURES: &[&str] = &[
    "select * from reporting.cycle_times($W, '2025-03-03', '2025-03-16', unit => 'day')",
    "select * from reporting.throughput($W, '2025-03-03', '2025-03-16')",
    "select * from reporting.cumulative_flow($W, '2025-03-03', '2025-03-16')",
    "select * from reporting.time_in_status($W, '2025-03-03', '2025-03-16')",
    "select * from reporting.blocked_time($W, '2025-03-03', '2025-03-16', unit => 'day')",
    "select * from reporting.reopen_rate($W, '2025-03-03', '2025-03-16', unit => 'day')",
    "select * from reporting.hand_offs($W, '2025-03-03', '2025-03-16')",
    "select * from reporting.flow_efficiency($W, '2025-03-03', '2025-03-16', unit => 'day')",
    "select created, merged from reporting.duplicate_prevention($W, '2025-03-03', '2025-03-16')",
    "select day, created, completed from reporting.daily where workflow_id = $W and day < '2025-04-01' order by day",
];

async fn figures(fixture: &Fixture) -> Vec<Value> {
    let mut all = Vec::new();
    for sql in FIGURES {
        all.push(rows(fixture, sql).await);
    }
    all
}

/// Every span that reports are made of.
async fn spans(fixture: &Fixture) -> Value {
    let sql = "select ticket_id, kind, place, value, column_key, category, started_at, ended_at, ended_by, created_at, began_at, story_points,
                      assignee_id, active_seconds, blocked_seconds
                 from logic.flow_spans where workflow_id = $W order by ticket_id collate \"C\", kind, place";
    rows(fixture, sql).await
}

#[tokio::test]
async fn reports_do_not_depend_on_how_much_is_stored() {
    let fixture = tickets("stored").await;
    let (before, spans_before) = (figures(&fixture).await, spans(&fixture).await);
    assert_eq!(spans_before.as_array().map(Vec::len), Some(32));
    let mut steps = 0;
    // Three events at a time, so that every kind of span is open at some end.
    while refresh(&fixture, 3).await > 0 {
        steps += 1;
        assert_eq!(spans(&fixture).await, spans_before, "after step {steps}");
        if steps % 5 == 0 {
            assert_eq!(figures(&fixture).await, before, "after step {steps}");
        }
    }
    assert!(steps > 10, "{steps} steps");
    assert_eq!(figures(&fixture).await, before);
    // A corrected time changes the past, also the stored one.
    fixture
        .client
        .execute("update tickets set created_at = '2025-03-03 21:00+00' where id = 'A'", &[])
        .await
        .expect("corrected");
    let lead = "select lead_time, (select entered_at from reporting.stays s where s.ticket_id = 'A' and s.status = 'backlog') as entered_at
                  from reporting.completions where ticket_id = 'A'";
    let corrected = json!([{"lead_time": "2 days 12:00:00", "entered_at": "2025-03-03T21:00:00+00:00"}]);
    assert_eq!(rows(&fixture, lead).await, corrected);
    refresh(&fixture, 100).await;
    assert_eq!(rows(&fixture, lead).await, corrected);
}

#[tokio::test]
async fn deleting_merging_moving_and_renaming_change_no_past_figure() {
    for stored in [false, true] {
        let fixture = tickets(&format!("past_{stored}")).await;
        let before = figures(&fixture).await;
        if stored {
            refresh(&fixture, 1000).await;
        }
        fixture.ok("delete_ticket", json!({"ticket": "A"})).await;
        fixture.ok("merge_tickets", json!({"ticket": "B", "into_ticket": "D"})).await;
        fixture.ok("change_status", json!({"ticket": "C", "new_status": "in_progress"})).await;
        fixture.client.execute("delete from tickets where id = 'H'", &[]).await.expect("removed for good");
        fixture
            .client
            .execute("update board_columns set name = 'Doing' where id = 'in_progress'", &[])
            .await
            .expect("renamed");
        fixture
            .client
            .execute("update board_columns set id = 'doing' where id = 'in_progress'", &[])
            .await
            .expect("renamed");
        // No ticket is in this column any more.
        fixture
            .client
            .execute("update board_columns set id = 'checking' where id = 'review'", &[])
            .await
            .expect("renamed");
        fixture.client.execute("delete from board_columns where id = 'checking'", &[]).await.expect("removed");
        for _ in 0..2 {
            let now = json!(figures(&fixture).await).to_string();
            let now: Vec<Value> = serde_json::from_str(
                &now.replace("\"doing\"", "\"in_progress\"")
                    .replace("\"Doing\"", "\"In Progress\"")
                    .replace("\"checking\"", "\"review\""),
            )
            .expect("JSON");
            for ((now, before), sql) in now.iter().zip(&before).zip(FIGURES) {
                assert_eq!(sorted(now), sorted(before), "{sql}");
            }
            refresh(&fixture, 1000).await;
        }
        // What was renamed while a ticket was in it has the new name; the deleted ticket has left.
        let stays = "select ticket_id, status, ended_by from reporting.stays where workflow_id = $W and ticket_id in ('A', 'E') and
                     (left_at is null or ended_by = 'deleted') order by ticket_id";
        assert_eq!(
            rows(&fixture, stays).await,
            json!([
                {"ticket_id": "A", "status": "done", "ended_by": "deleted"}, {"ticket_id": "E", "status": "doing", "ended_by": null},
            ])
        );
    }
}

/// The rows without their order: a removed column is the last one.
fn sorted(value: &Value) -> Vec<String> {
    let mut rows: Vec<String> = value.as_array().expect("rows").iter().map(Value::to_string).collect();
    rows.sort_unstable();
    rows
}

#[tokio::test]
async fn what_comes_back_is_there_again() {
    let fixture = tickets("back").await;
    refresh(&fixture, 1000).await;
    fixture.ok("restore_ticket", json!({"ticket": "F"})).await;
    fixture.ok("unmerge_ticket", json!({"ticket": "G"})).await;
    for _ in 0..2 {
        let open = "select ticket_id, status from reporting.stays where workflow_id = $W and ticket_id in ('F', 'G') and left_at is null order by 1";
        assert_eq!(
            rows(&fixture, open).await,
            json!([{"ticket_id": "F", "status": "backlog"}, {"ticket_id": "G", "status": "backlog"}])
        );
        let completed = "select count(*) from reporting.completions where workflow_id = $W and ticket_id in ('F', 'G')";
        assert_eq!(rows(&fixture, completed).await, json!([{"count": 0}]));
        refresh(&fixture, 1000).await;
    }
}

/// What the stored counts by quarter of an hour say is what the stays say.
#[tokio::test]
async fn counts_by_quarter_follow_the_stays() {
    let fixture = tickets("quarters").await;
    let counts = "select column_key, sum(entered) as entered, sum(\"left\") as \"left\" from reporting.column_flow where workflow_id = $W
                   group by 1 order by 1";
    let stays = "select column_key, count(*) as entered, count(ended_at) as \"left\" from logic.flow_spans
                  where workflow_id = $W and kind = 'column' group by 1 order by 1";
    loop {
        assert_eq!(rows(&fixture, counts).await, rows(&fixture, stays).await);
        if refresh(&fixture, 4).await == 0 {
            break;
        }
    }
}
