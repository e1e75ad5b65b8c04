//! The dashboard for Grafana: each of its queries runs as an analyst of either kind would run it.

use serde_json::Value;

use super::tickets;

const DASHBOARD: &str = include_str!("../../../docs/grafana/callboard.json");

fn queries(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                match value {
                    Value::String(sql) if name == "rawSql" || name == "query" && sql.starts_with("select") => {
                        into.push(sql.clone())
                    }
                    other => queries(other, into),
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| queries(item, into)),
        _ => {}
    }
}

#[tokio::test]
async fn each_query_of_the_dashboard_runs() {
    let fixture = tickets("dashboard").await;
    let mut found = Vec::new();
    queries(&serde_json::from_str(DASHBOARD).expect("JSON"), &mut found);
    assert!(found.len() > 15, "{}", found.len());
    for schema in ["reporting", "reporting_limited"] {
        fixture.client.batch_execute(&format!("set search_path = {schema}")).await.expect("a schema");
        let mut with_rows = 0;
        for sql in &found {
            let filled = sql
                .replace("$workflow", &fixture.workflow)
                .replace("$__timeFrom()", "'2025-03-03T00:00:00Z'")
                .replace("$__timeTo()", "'2025-03-16T12:00:00Z'");
            assert!(!filled.contains('$'), "{sql}");
            let rows =
                fixture.client.query(&filled, &[]).await.unwrap_or_else(|error| panic!("{schema}: {sql}: {error:?}"));
            with_rows += usize::from(!rows.is_empty());
        }
        assert!(with_rows > 12, "{with_rows} of {} queries have rows in {schema}", found.len());
    }
}
