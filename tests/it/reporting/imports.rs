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
        // The board of a past moment is that past.
        for (at, stood) in [
            ("2025-01-06T08:00:00Z", json!([])),
            ("2025-01-09T23:00:00Z", json!([{"category": "active", "tickets": 2}, {"category": "todo", "tickets": 3}])),
            (
                "2025-01-14T23:00:00Z",
                json!([{"category": "active", "tickets": 2}, {"category": "done", "tickets": 2}, {"category": "todo", "tickets": 1}]),
            ),
        ] {
            let board = format!(
                "select c.category, count(*) as tickets from reporting.board_at($W, '{at}') b
                   join board_columns c on c.workflow_id = $W and c.id = b.status group by 1 order by 1"
            );
            assert_eq!(rows(&fixture, &board).await, stood, "{at}");
        }
        let shown = "select c.category, count(*) as tickets
                       from logic.get_board_at('owner', $W, '2025-01-09T23:00:00Z') b, jsonb_array_elements(b.body::jsonb -> 'tickets') t
                       join board_columns c on c.workflow_id = $W and c.id = t ->> 'status' group by 1 order by 1";
        assert_eq!(
            rows(&fixture, shown).await,
            json!([{"category": "active", "tickets": 2}, {"category": "todo", "tickets": 3}])
        );
        let closed = "select change, field, old_value, new_value from reporting.board_diff($W, '2025-01-09T23:00:00Z', '2025-01-10T23:00:00Z')
                       where field = 'is_resolved'";
        assert_eq!(
            rows(&fixture, closed).await,
            json!([{"change": "changed", "field": "is_resolved", "old_value": false, "new_value": true}])
        );
        let early = fixture
            .client
            .query_one("select body from logic.get_board_at('owner', $1, '2025-01-06T08:59:00Z')", &[&fixture.workflow])
            .await
            .expect_err("nothing is known");
        let error = early.as_db_error().expect("an error of the database");
        assert!(
            error.message().contains("the first imported ticket")
                || error.detail().is_some_and(|detail| detail.contains("the first imported ticket")),
            "{error:?}"
        );
        let unknown = "select count(*) from reporting.quality where workflow_id = $W and reason = 'start_unknown'";
        assert_eq!(rows(&fixture, unknown).await, json!([{"count": 1}]));
        let efficiency = "select * from reporting.flow_efficiency($W, '2025-01-06', '2025-01-19')";
        assert_eq!(rows(&fixture, efficiency).await, json!([]), "no times in columns are known");
        refresh(&fixture, 1000).await;
    }
}
