//! Imported tickets have the past that their dates tell.

use serde_json::json;

use super::{refresh, rows};
use crate::logic::fixtures::Fixture;

#[tokio::test]
async fn dates_of_an_import_are_its_past() {
    let fixture = Fixture::open("import_past").await;
    let item = |line: i64, stage: &str, created: &str, started: Option<&str>, closed: Option<&str>| {
        json!({
            "line": line, "ref": format!("x-{line}"), "title": format!("Issue {line}"), "description": "Text", "status": stage, "stage": stage,
            "priority": "medium", "ticket_type": "task", "tags": [], "blocked_by": [], "related": [], "comments": [],
            "created_at": created, "updated_at": created, "started_at": started, "closed_at": closed,
        })
    };
    // By week of closing: the first of January 2025 has one, the second two.
    let items = json!([
        item(1, "done", "2025-01-06T09:00:00Z", Some("2025-01-08T09:00:00Z"), Some("2025-01-10T09:00:00Z")),
        item(2, "done", "2025-01-06T10:00:00Z", None, Some("2025-01-14T10:00:00Z")),
        item(3, "done", "2025-01-07T10:00:00Z", Some("2025-01-09T10:00:00Z"), Some("2025-01-15T10:00:00Z")),
        item(4, "open", "2025-01-08T10:00:00Z", None, None),
        item(5, "active", "2025-01-08T11:00:00Z", Some("2025-01-13T11:00:00Z"), None),
    ]);
    fixture
        .client
        .query_one(
            "select logic.import_tickets('owner', $1, $2::jsonb, '[]')",
            &[&fixture.workflow, &tokio_postgres::types::Json(items)],
        )
        .await
        .expect("imported");
    for _ in 0..2 {
        let weeks = "select period, created, completed from reporting.throughput($W, '2025-01-06', '2025-01-19', unit => 'week')";
        assert_eq!(
            rows(&fixture, weeks).await,
            json!([
                {"period": "2025-01-06", "created": 5, "completed": 1}, {"period": "2025-01-13", "created": 0, "completed": 2},
            ])
        );
        // By category, as the columns before the import are not known.
        let flow = "select day, status_category as category, sum(tickets) as tickets
                      from reporting.cumulative_flow($W, '2025-01-09', '2025-01-14')
                     where day in ('2025-01-09', '2025-01-14') group by 1, 2 having sum(tickets) > 0 order by 1, 2";
        assert_eq!(
            rows(&fixture, flow).await,
            json!([
                {"day": "2025-01-09", "category": "active", "tickets": 2}, {"day": "2025-01-09", "category": "todo", "tickets": 3},
                {"day": "2025-01-14", "category": "active", "tickets": 2}, {"day": "2025-01-14", "category": "done", "tickets": 2},
                {"day": "2025-01-14", "category": "todo", "tickets": 1},
            ])
        );
        // Two days, and six; the second one was never begun as far as its source says.
        let cycles = "select completed, with_cycle_time, cycle_average from reporting.cycle_times($W, '2025-01-06', '2025-01-19')";
        assert_eq!(
            rows(&fixture, cycles).await,
            json!([{"completed": 3, "with_cycle_time": 2, "cycle_average": "96:00:00"}])
        );
        let unknown = "select count(*) from reporting.quality where workflow_id = $W and reason = 'start_unknown'";
        assert_eq!(rows(&fixture, unknown).await, json!([{"count": 1}]));
        let efficiency = "select * from reporting.flow_efficiency($W, '2025-01-06', '2025-01-19')";
        assert_eq!(rows(&fixture, efficiency).await, json!([]), "no times in columns are known");
        refresh(&fixture, 1000).await;
    }
}
