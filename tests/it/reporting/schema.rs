//! What analysts see: everything is described and readable by their role, and nothing else is.

use serde_json::{Value, json};

use super::{refresh, rows, tickets};
use crate::harness;

#[tokio::test]
async fn everything_is_described() {
    let fixture = tickets("described").await;
    let missing = "select c.relname || coalesce('.' || a.attname, '') as name
                     from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
                    where c.relnamespace = 'reporting'::regnamespace
                      and (obj_description(c.oid, 'pg_class') is null or col_description(c.oid, a.attnum) is null)
                   union all
                   select p.proname from pg_proc p
                    where p.pronamespace = 'reporting'::regnamespace and obj_description(p.oid, 'pg_proc') is null";
    assert_eq!(rows(&fixture, missing).await, json!([]));
    let about = rows(&fixture, "select name, kind, description, version from reporting.about").await;
    let about = about.as_array().expect("rows");
    assert!(about.len() > 40, "{}", about.len());
    assert!(about.iter().all(|row| row["description"].is_string() && row["version"] == 3));
}

/// The role reads all views and calls all functions, before and after the past is stored, and has rights to no table.
#[tokio::test]
async fn the_reporting_role_reads_everything_here() {
    let fixture = tickets("role_reads").await;
    for _ in 0..2 {
        let reader = harness::connect(&fixture.db.url).await;
        reader.batch_execute("set session authorization callboard_reporting").await.expect("the role");
        let names = fixture
            .client
            .query("select name, kind from reporting.about where kind = 'view' or arguments like 'workflow text, first_day date%'", &[])
            .await
            .expect("names");
        assert!(names.len() > 35, "{}", names.len());
        for row in names {
            let (name, kind): (String, String) = (row.get(0), row.get(1));
            let call = if kind == "view" { String::new() } else { format!("('{}')", fixture.workflow) };
            let sql = format!("select * from reporting.{name}{call}");
            reader.query(&sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        }
        refresh(&fixture, 1000).await;
    }
    let rights = "select c.oid::regclass::text as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
                   where n.nspname in ('public', 'logic') and c.relkind in ('r', 'p', 'v', 'm', 'S')
                     and (has_table_privilege('callboard_reporting', c.oid, 'select') or has_table_privilege('callboard_reporting', c.oid, 'insert'))";
    assert_eq!(rows(&fixture, rights).await, json!([]));
}

/// A filter by workflow reads the rows of that workflow, however many others have.
#[tokio::test]
async fn a_filter_by_workflow_reads_only_that_workflow() {
    let fixture = tickets("pushed_down").await;
    fixture
        .client
        .batch_execute(
            "insert into tickets (id, workflow_id, title, description, created_at)
             select 'other-' || n, w.id, 'Ticket ' || n, 'A description', '2025-03-03 12:00+00'
               from (select logic.create_workflow('owner', 'Other') ->> 'id' as id) w, generate_series(1, 3000) n;
             update tickets set status = 'in_progress' where id like 'other-%';
             update tickets set status = 'done' where id like 'other-%';
             select logic.refresh_all_reporting();
             analyze",
        )
        .await
        .expect("another workflow");
    for sql in [
        "select * from reporting.stays where workflow_id = $W",
        "select * from reporting.completions where workflow_id = $W and completed_at > '2025-03-01'",
        "select * from reporting.ticket_history where workflow_id = $W and change_type = 'created'",
        "select * from reporting.changes where workflow_id = $W and change_type = 'created'",
        "select * from reporting.throughput($W, '2025-03-03', '2025-03-16')",
        "select * from reporting.cumulative_flow($W, '2025-03-03', '2025-03-16')",
        "select * from reporting.time_in_status($W, '2025-03-03', '2025-03-16')",
    ] {
        let text = format!(
            "explain (analyze, buffers, format json) {}",
            sql.replace("$W", &format!("'{}'", fixture.workflow))
        );
        // Twice, because the first call plans what functions contain.
        let mut plan = Value::Null;
        for _ in 0..2 {
            plan = fixture.client.query_one(&text, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0);
        }
        let root = &plan[0]["Plan"];
        let blocks = ["Shared Hit Blocks", "Shared Read Blocks"]
            .map(|name| root[name].as_i64().expect(name))
            .iter()
            .sum::<i64>();
        assert!(blocks < 400, "{sql} reads {blocks} blocks: {root}");
        assert!(most_rows(root) < 500, "{sql} reads rows of other workflows: {root}");
    }
}

/// The most rows that a node of a plan produced or rejected.
fn most_rows(node: &Value) -> i64 {
    let own = ["Actual Rows", "Rows Removed by Filter"].map(|name| node[name].as_f64().unwrap_or(0.0) as i64);
    let below = node["Plans"].as_array().into_iter().flatten().map(most_rows).max().unwrap_or(0);
    own.into_iter().max().unwrap_or(0).max(below)
}
