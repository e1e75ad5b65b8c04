//! Each figure beside one that was computed by hand from the times in `fixture.sql`.

use serde_json::json;

use super::{rows, tickets};

/// The two weeks of the fixture.
const WEEKS: &str = "$W, '2025-03-03', '2025-03-16'";

#[tokio::test]
async fn lead_and_cycle_times() {
    let fixture = tickets("cycle_times").await;
    let sql = format!("select * from reporting.cycle_times({WEEKS})");
    // Completed: A, B, C, D twice, H. H has a negative lead time, so it is not in the times.
    // Lead, in hours: D 4th 08 → 5th 08 = 24, A 72, B 96, D 4th 08 → 10th 08 = 144, C 168. Average 504 / 5 = 100.8.
    //   p50 = 96; p85 at 0.85 × 4 = 3.4: 144 + 0.4 × 24 = 153.6; p95 at 3.8: 144 + 0.8 × 24 = 163.2.
    // Cycle: D 4th 14 → 5th 08 = 18, C 24, A 48, B 48, D 4th 14 → 10th 08 = 138. Average 276 / 5 = 55.2.
    //   p50 = 48; p85: 48 + 0.4 × 90 = 84; p95: 48 + 0.8 × 90 = 120.
    assert_eq!(
        rows(&fixture, &sql).await,
        json!([{
            "period": "2025-03-03", "completed": 6, "excluded": 1, "with_cycle_time": 5,
            "lead_average": "100:48:00", "lead_p50": "96:00:00", "lead_p85": "153:36:00", "lead_p95": "163:12:00",
            "cycle_average": "55:12:00", "cycle_p50": "48:00:00", "cycle_p85": "84:00:00", "cycle_p95": "120:00:00",
            "group_value": null,
        }])
    );
    // H: why it is excluded, and that it has no cycle time.
    let quality = "select ticket_id, reason, is_excluded from reporting.quality where workflow_id = $W order by reason";
    assert_eq!(
        rows(&fixture, quality).await,
        json!([
            {"ticket_id": "H", "reason": "completed_before_created", "is_excluded": true},
            {"ticket_id": "H", "reason": "start_unknown", "is_excluded": true},
        ])
    );
}

#[tokio::test]
async fn throughput_and_velocity() {
    let fixture = tickets("throughput").await;
    let sql = format!("select * from reporting.throughput({WEEKS}, unit => 'week')");
    // First week: all eight created; D, A, B and H (which has no points) completed: 2 + 3 + 5. Second week: D again and C.
    assert_eq!(
        rows(&fixture, &sql).await,
        json!([
            {"period": "2025-03-03", "created": 8, "completed": 4, "story_points": 10, "without_points": 1},
            {"period": "2025-03-10", "created": 0, "completed": 2, "story_points": 2, "without_points": 1},
        ])
    );
    // C was completed at noon of the 11th in UTC, which is 01:00 of the 12th in Auckland.
    let days = "select period, completed from reporting.throughput($W, '2025-03-11', '2025-03-12', 'Pacific/Auckland')";
    assert_eq!(
        rows(&fixture, days).await,
        json!([{"period": "2025-03-11", "completed": 0}, {"period": "2025-03-12", "completed": 1}])
    );
    // The view has the days of the workflow's own zone.
    fixture
        .client
        .execute("update workflows set time_zone = 'Pacific/Auckland' where id = $1", &[&fixture.workflow])
        .await
        .expect("a zone");
    let daily = "select completed from reporting.daily where workflow_id = $W and day = '2025-03-12'";
    assert_eq!(rows(&fixture, daily).await, json!([{"completed": 1}]));
    let own = "select completed from reporting.throughput($W, '2025-03-12', '2025-03-12')";
    assert_eq!(rows(&fixture, own).await, json!([{"completed": 1}]));
}

#[tokio::test]
async fn cumulative_flow_and_time_in_status() {
    let fixture = tickets("cumulative").await;
    let sql = "select day, status, tickets from reporting.cumulative_flow($W, '2025-03-07', '2025-03-12')
                where day in ('2025-03-07', '2025-03-12') and tickets > 0";
    // 7th: C, F, G wait; D (reopened) and E are in progress; A and B are done. 12th: F is deleted, G merged; A, B, C, D, H done.
    assert_eq!(
        rows(&fixture, sql).await,
        json!([
            {"day": "2025-03-07", "status": "backlog", "tickets": 3},
            {"day": "2025-03-07", "status": "in_progress", "tickets": 2},
            {"day": "2025-03-07", "status": "done", "tickets": 2},
            {"day": "2025-03-12", "status": "in_progress", "tickets": 1},
            {"day": "2025-03-12", "status": "done", "tickets": 5},
        ])
    );
    let sql = format!("select status, stays, total_time, p50, longest from reporting.time_in_status({WEEKS})");
    // Backlog: D 6, A 24, B 48, E 48, G 96, C 144, F 144 = 510. In progress: D 18, B 24, C 24, A 48, D 96 = 210. Review: B 24.
    // Done: D from the 5th to the 6th, 24.
    assert_eq!(
        rows(&fixture, &sql).await,
        json!([
            {"status": "backlog", "stays": 7, "total_time": "510:00:00", "p50": "48:00:00", "longest": "144:00:00"},
            {"status": "in_progress", "stays": 5, "total_time": "210:00:00", "p50": "24:00:00", "longest": "96:00:00"},
            {"status": "review", "stays": 1, "total_time": "24:00:00", "p50": "24:00:00", "longest": "24:00:00"},
            {"status": "done", "stays": 1, "total_time": "24:00:00", "p50": "24:00:00", "longest": "24:00:00"},
        ])
    );
    // E is the only ticket in an active column.
    let wip = "select ticket_id, status, age = age_in_status as same_age from reporting.wip where workflow_id = $W";
    assert_eq!(rows(&fixture, wip).await, json!([{"ticket_id": "E", "status": "in_progress", "same_age": true}]));
    let age = "select status, tickets, oldest > '1 day' as is_old from reporting.wip_age($W) where tickets > 0";
    assert_eq!(rows(&fixture, age).await, json!([{"status": "in_progress", "tickets": 1, "is_old": true}]));
}

#[tokio::test]
async fn blocked_time_reopening_and_efficiency() {
    let fixture = tickets("efficiency").await;
    let sql = format!("select * from reporting.blocked_time({WEEKS})");
    // B, on the 5th from 16:00 to 22:00.
    let expected = json!({"period": "2025-03-03", "tickets": 1, "blocked_time": "06:00:00", "longest": "06:00:00"});
    assert_eq!(rows(&fixture, &sql).await, json!([expected]));
    // Of it, three hours are on the 6th in Karachi, which is five hours ahead.
    let days = "select period, blocked_time from reporting.blocked_time($W, '2025-03-05', '2025-03-06', 'Asia/Karachi', 'day')";
    assert_eq!(
        rows(&fixture, days).await,
        json!([{"period": "2025-03-05", "blocked_time": "03:00:00"}, {"period": "2025-03-06", "blocked_time": "03:00:00"}])
    );
    // D, once in six completions.
    let sql =
        format!("select completed, reopened, round(rate::numeric, 4) as rate from reporting.reopen_rate({WEEKS})");
    assert_eq!(rows(&fixture, &sql).await, json!([{"completed": 6, "reopened": 1, "rate": 0.1667}]));
    // Worked on, in hours: A 48; B 24 − 6 blocked + 24 in review = 42; C 24; D 18, and 18 + 96 = 114. Together 246 of 276.
    let sql = format!(
        "select completed, active_time = '246 hours' as active, cycle_time = '276 hours' as cycle, round(efficiency::numeric, 4) as efficiency
           from reporting.flow_efficiency({WEEKS})"
    );
    assert_eq!(
        rows(&fixture, &sql).await,
        json!([{"completed": 5, "active": true, "cycle": true, "efficiency": 0.8913}])
    );
}

#[tokio::test]
async fn people_duplicates_commits_and_searches() {
    let fixture = tickets("people").await;
    let sql = format!(
        "select agent_id, open, active, completed, completed_points, median_cycle_time from reporting.workload({WEEKS}) order by agent_id"
    );
    // Ann completed A and B (48 hours each), Bob C (24), nobody D twice (18 and 138, so 78) and H.
    assert_eq!(
        rows(&fixture, &sql).await,
        json!([
            {"agent_id": "ann", "open": 0, "active": 0, "completed": 2, "completed_points": 8, "median_cycle_time": "48:00:00"},
            {"agent_id": "bob", "open": 1, "active": 1, "completed": 1, "completed_points": 0, "median_cycle_time": "24:00:00"},
            {"agent_id": null, "open": 0, "active": 0, "completed": 3, "completed_points": 4, "median_cycle_time": "78:00:00"},
        ])
    );
    // C went from Ann to Bob after six hours.
    let sql = format!("select from_agent, to_agent, hand_offs, average_held from reporting.hand_offs({WEEKS})");
    assert_eq!(
        rows(&fixture, &sql).await,
        json!([{"from_agent": "Ann", "to_agent": "Bob", "hand_offs": 1, "average_held": "06:00:00"}])
    );
    // G, of eight.
    let sql = format!("select created, merged, merged_rate from reporting.duplicate_prevention({WEEKS})");
    assert_eq!(rows(&fixture, &sql).await, json!([{"created": 8, "merged": 1, "merged_rate": 0.125}]));
    // A, of six completions.
    let sql = format!("select completed, with_commits from reporting.commit_linking({WEEKS})");
    assert_eq!(rows(&fixture, &sql).await, json!([{"completed": 6, "with_commits": 1}]));
    for query in ["login", "timeout"] {
        fixture.ok("record_recent_search", json!({"query": query})).await;
    }
    let sql = "select searches, people from reporting.search_use($W, unit => 'all')";
    assert_eq!(rows(&fixture, sql).await, json!([{"searches": 2, "people": 1}]));
}
