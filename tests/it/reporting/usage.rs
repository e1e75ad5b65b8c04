//! Usage for analysts: attempts without a report are listed, and currencies are not added.

use serde_json::json;

use super::rows;
use crate::logic::fixtures::Fixture;

#[tokio::test]
async fn usage_is_reported_by_attempt_ticket_agent_and_day() {
    let fixture = Fixture::open("usage_views").await;
    let ticket = fixture.ticket("The work").await;
    let mut tokens = Vec::new();
    for title in ["first", "second"] {
        let job = json!({"ticket": ticket, "title": title, "initial_prompt": "Please", "queue": true});
        fixture.ok("create_job", job).await;
        let claimed = fixture.ok("claim_job", json!({"caller": "member", "worker": "w"})).await;
        tokens.push((claimed["job"]["id"].clone(), claimed["lease_token"].clone()));
    }
    let (job, token) = tokens[0].clone();
    for report in [
        json!({"model": "large", "input_tokens": 100, "output_tokens": 10, "cost": "1.25", "currency": "USD"}),
        json!({"model": "large", "input_tokens": 100, "cost": "0.75", "currency": "USD"}),
        json!({"model": "small", "input_tokens": 1, "output_tokens": 1, "cost": "2", "currency": "EUR"}),
        json!({"output_tokens": 7}),
    ] {
        fixture.ok("report_usage", json!({"caller": "member", "job": job, "token": token, "report": report})).await;
    }
    let (silent, second) = tokens[1].clone();
    let attempts = "select attempt, agent, currency, cost::text, input_tokens, usage_reported, is_running
                      from reporting.usage_by_attempt where workflow_id = $W order by claimed_at, currency";
    let running = rows(&fixture, attempts).await;
    assert_eq!(running[3]["is_running"], true, "{running}");
    fixture
        .ok("fail_job", json!({"caller": "member", "job": silent, "token": second, "error": "No", "retry": false}))
        .await;
    assert_eq!(
        rows(&fixture, attempts).await,
        json!([
            {"attempt": 1, "agent": "Member", "currency": "EUR", "cost": "2", "input_tokens": 1, "usage_reported": true, "is_running": true},
            {"attempt": 1, "agent": "Member", "currency": "USD", "cost": "2.00", "input_tokens": 200, "usage_reported": true, "is_running": true},
            {"attempt": 1, "agent": "Member", "currency": null, "cost": null, "input_tokens": null, "usage_reported": true, "is_running": true},
            {"attempt": 1, "agent": "Member", "currency": null, "cost": null, "input_tokens": null, "usage_reported": false, "is_running": false},
        ])
    );
    let tickets = "select key, currency, cost::float, attempts, attempts_without_usage, usage_reported from reporting.usage_by_ticket
                    where workflow_id = $W order by currency";
    assert_eq!(
        rows(&fixture, tickets).await,
        json!([
            {"key": "TKT-1", "currency": "EUR", "cost": 2, "attempts": 2, "attempts_without_usage": 1, "usage_reported": true},
            {"key": "TKT-1", "currency": "USD", "cost": 2, "attempts": 2, "attempts_without_usage": 1, "usage_reported": true},
            {"key": "TKT-1", "currency": null, "cost": null, "attempts": 2, "attempts_without_usage": 1, "usage_reported": true},
        ])
    );
    let agents =
        "select agent, count(*), sum(reports) as reports, min(attempts) as attempts from reporting.usage_by_agent
                   where workflow_id = $W group by agent";
    assert_eq!(rows(&fixture, agents).await, json!([{"agent": "Member", "count": 3, "reports": 4, "attempts": 2}]));
    let days =
        "select model, currency, reports from reporting.usage_by_day where workflow_id = $W order by model, currency";
    assert_eq!(
        rows(&fixture, days).await,
        json!([{"model": "large", "currency": "USD", "reports": 2}, {"model": "small", "currency": "EUR", "reports": 1},
               {"model": null, "currency": null, "reports": 1}])
    );
    let single = "select source, count(*) from reporting.usage where workflow_id = $W and key = 'TKT-1' group by 1";
    assert_eq!(rows(&fixture, single).await, json!([{"source": "api", "count": 4}]));
    let costs =
        "select currency, cost::float, reports_without_cost, reports_without_tokens, attempts, attempts_without_usage
                   from reporting.cost($W) order by currency";
    assert_eq!(
        rows(&fixture, costs).await,
        json!([
            {"currency": "EUR", "cost": 2, "reports_without_cost": 0, "reports_without_tokens": 0, "attempts": 2, "attempts_without_usage": 1},
            {"currency": "USD", "cost": 2, "reports_without_cost": 0, "reports_without_tokens": 1, "attempts": 2, "attempts_without_usage": 1},
            {"currency": null, "cost": null, "reports_without_cost": 1, "reports_without_tokens": 1, "attempts": 2, "attempts_without_usage": 1},
        ])
    );
    let before = "select period::text, cost, usage_reported from reporting.cost($W, '2025-01-01', '2025-01-31', unit => 'month')";
    assert_eq!(rows(&fixture, before).await, json!([{"period": "2025-01-01", "cost": null, "usage_reported": false}]));
    // An agent that only has attempts is listed.
    fixture.client.execute("delete from usage_reports", &[]).await.expect("nothing reported");
    assert_eq!(
        rows(&fixture, "select agent, attempts, usage_reported from reporting.usage_by_agent where workflow_id = $W")
            .await,
        json!([{"agent": "Member", "attempts": 2, "usage_reported": false}])
    );
}
