//! Each report of the API is a view or a function of the schema, runs, and is described.

use serde_json::json;

use super::{rows, tickets};

#[tokio::test]
async fn every_report_runs_and_is_described() {
    let fixture = tickets("reports_run").await;
    let missing = "select r.name || '.' || (c ->> 'name') as name from reporting.reports r, jsonb_array_elements(r.columns) c where c ->> 'description' is null";
    assert_eq!(rows(&fixture, missing).await, json!([]));
    // A function with a range is a report, unless it only helps others.
    let unlisted = "select p.proname from pg_proc p where p.pronamespace = 'reporting'::regnamespace and 'first_day' = any (p.proargnames) and p.proretset
                       and p.proname not in ('range_of', 'periods', 'completions_in', 'milestone_range') and p.proname not in (select r.name from reporting.reports r)";
    assert_eq!(rows(&fixture, unlisted).await, json!([]));
    let milestone = "select logic.create_milestone('owner', $1, 'Beta', due_on => '2026-02-28') ->> 'milestone_id'";
    let milestone: String =
        fixture.client.query_one(milestone, &[&fixture.workflow]).await.expect("a milestone").get(0);
    let names = fixture
        .client
        .query("select name, kind, 'unit' = any (arguments), 'milestone' = any (arguments) from reporting.reports", &[])
        .await
        .expect("reports");
    assert!(names.len() > 20, "{}", names.len());
    for row in names {
        let (name, has_unit): (String, bool) = (row.get(0), row.get(2));
        let unit = has_unit.then_some("week");
        let milestone = row.get::<_, bool>(3).then_some(&milestone);
        let answer = fixture
            .client
            .query_one(
                "select etag, body from logic.get_report('owner', $1, $2, unit => $3, milestone => $4)",
                &[&fixture.workflow, &name, &unit, &milestone],
            )
            .await
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let (etag, body): (String, String) = (answer.get(0), answer.get(1));
        let body: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        // What the answer calls its SQL has as many rows.
        fixture.client.batch_execute("set search_path = reporting").await.expect("as analysts have it");
        let counted =
            rows(&fixture, &format!("select count(*) as n from ({}) x", body["sql"].as_str().expect("sql"))).await;
        fixture.client.batch_execute("reset search_path").await.expect("as before");
        assert_eq!(counted[0]["n"].as_u64(), body["rows"].as_array().map(|rows| rows.len() as u64), "{name}");
        let known = fixture
            .client
            .query_one(
                "select body from logic.get_report('owner', $1, $2, unit => $3, milestone => $4, known => array[$5])",
                &[&fixture.workflow, &name, &unit, &milestone, &etag],
            )
            .await
            .expect("a known report");
        // Reports with ages get another tag with the minute.
        let moves = rows(&fixture, &format!("select moves from reporting.reports where name = '{name}'")).await[0]["moves"]
            == true;
        assert!(moves || known.get::<_, Option<String>>(0).is_none(), "{name}");
    }
}

/// The counts by quarter are those of the tickets, however far the past is stored.
#[tokio::test]
async fn counts_follow_the_stored_past() {
    let fixture = tickets("report_counts").await;
    let differences = "with
        direct as (
            select quarter, sum(created) as created, sum(completed) as completed, sum(points) as points
              from (select logic.quarter_of(t.created_at) as quarter, 1 as created, 0 as completed, 0::numeric as points from logic.flow_tickets t where t.created_at is not null
                    union all
                    select logic.quarter_of(s.started_at), 0, 1, coalesce(s.story_points::numeric, 0) from logic.flow_spans s where s.kind = 'done') x group by 1),
        counted as (
            select quarter, sum(created) as created, sum(completed) as completed, sum(points) as points from logic.ticket_counts group by 1
            having sum(created) <> 0 or sum(completed) <> 0)
        select * from ((table direct except table counted) union all (table counted except table direct)) x";
    loop {
        assert_eq!(rows(&fixture, differences).await, json!([]));
        if super::refresh(&fixture, 2).await == 0 {
            break;
        }
    }
}
