//! Analysts: what their roles read, and that those limited to workflows read nothing of others.

use callboard::db::migrate;
use serde_json::json;
use tokio_postgres::Client;

use super::{refresh, rows, tickets};
use crate::harness;
use crate::logic::fixtures::Fixture;

/// A role of this test: roles belong to all databases of the server.
struct Analyst {
    name: String,
    role: String,
}

impl Analyst {
    async fn add(fixture: &Fixture, name: &str, workflows: &[&str]) -> Self {
        let own: String =
            fixture.client.query_one("select substr(md5(current_database()), 1, 8)", &[]).await.expect("a name").get(0);
        let name = format!("{name}_{own}");
        let sql = "select logic.add_analyst($1, $2, 'SCRAM-SHA-256$4096:c2FsdA==$c3RvcmVk:c2VydmVy')";
        fixture.client.query_one(sql, &[&name, &workflows]).await.unwrap_or_else(|error| panic!("{error:?}"));
        Self { role: format!("callboard_analyst_{name}"), name }
    }

    async fn session(&self, fixture: &Fixture) -> Client {
        let client = harness::connect(&fixture.db.url).await;
        // As it is when the role signs in.
        let settings = "select string_agg(format('set %s', c), ';') from pg_roles r, unnest(r.rolconfig) c where r.rolname = $1 and c like 'search_path=%'";
        let set: String = fixture.client.query_one(settings, &[&self.role]).await.expect("settings").get(0);
        client.batch_execute(&format!("{set}; set session authorization {}", self.role)).await.expect("the role");
        client
    }

    async fn remove(self, fixture: &Fixture) {
        fixture
            .client
            .query_one("select logic.remove_analyst($1)", &[&self.name])
            .await
            .unwrap_or_else(|error| panic!("{error:?}"));
        let left = fixture
            .client
            .query_one("select count(*) from pg_roles where rolname = $1", &[&self.role])
            .await
            .expect("roles");
        assert_eq!(left.get::<_, i64>(0), 0);
    }
}

async fn count(client: &Client, sql: &str) -> i64 {
    client.query_one(sql, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
}

#[tokio::test]
async fn a_limited_analyst_reads_its_workflows_and_nothing_of_others() {
    let fixture = tickets("analysts").await;
    let other: String = fixture
        .client
        .query_one("select logic.create_workflow('owner', 'Secret') ->> 'id'", &[])
        .await
        .expect("another workflow")
        .get(0);
    fixture
        .client
        .query_one("select logic.create_ticket('owner', $1, 'Secret plan', 'Nobody knows')", &[&other])
        .await
        .expect("a ticket");
    let analyst = Analyst::add(&fixture, "limited", &[&fixture.workflow]).await;
    // A cloned database has the default rights of a new one; each start of a server limits them.
    migrate::run(&fixture.db.url).await.expect("migrate");
    for _ in 0..2 {
        let reader = analyst.session(&fixture).await;
        // All views and functions answer, and have rows of the workflow only.
        let views = fixture
            .client
            .query(
                "select c.relname::text, exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'workflow_id')
                   from pg_class c where c.relnamespace = 'reporting_limited'::regnamespace and c.relkind = 'v'",
                &[],
            )
            .await
            .expect("views");
        assert!(views.len() > 30, "{}", views.len());
        for row in views {
            let (name, has_workflow): (String, bool) = (row.get(0), row.get(1));
            let foreign = if has_workflow {
                format!("where workflow_id is distinct from '{}'", fixture.workflow)
            } else {
                String::new()
            };
            let found = count(&reader, &format!("select count(*) from reporting_limited.{name} x {foreign}")).await;
            assert!(found == 0 || !has_workflow, "{name}");
        }
        assert_eq!(
            count(&reader, "select count(*) from tickets").await,
            count(
                &fixture.client,
                &format!("select count(*) from reporting.tickets where workflow_id = '{}'", fixture.workflow)
            )
            .await
        );
        for function in ["throughput", "cumulative_flow", "wip_age", "time_in_status"] {
            let rows = |workflow: &str| format!("select count(*) from {function}('{workflow}')");
            let all =
                count(&fixture.client, &format!("select count(*) from reporting.{function}('{}')", fixture.workflow))
                    .await;
            assert_eq!(count(&reader, &rows(&fixture.workflow)).await, all, "{function}");
            assert_eq!(count(&reader, &rows(&other)).await, 0, "{function}");
        }
        // The SQL of an answer can be pasted as it is.
        for report in ["throughput", "wip", "columns", "completions"] {
            let answer = fixture
                .client
                .query_one("select body from logic.get_report('owner', $1, $2)", &[&fixture.workflow, &report])
                .await
                .expect("a report");
            let answer: serde_json::Value = serde_json::from_str(&answer.get::<_, String>(0)).expect("JSON");
            let sql = format!("select count(*) from ({}) x", answer["sql"].as_str().expect("sql"));
            assert_eq!(
                Some(count(&reader, &sql).await),
                answer["rows"].as_array().map(|rows| rows.len() as i64),
                "{sql}"
            );
        }
        let past = |workflow: &str| format!("select count(*) from board_at('{workflow}', now())");
        assert_eq!(count(&reader, &past(&other)).await, 0);
        let on_board = format!("select count(*) from reporting.tickets where workflow_id = '{}'", fixture.workflow);
        assert_eq!(count(&reader, &past(&fixture.workflow)).await, count(&fixture.client, &on_board).await);
        let since = "now() - interval '1 day'";
        for (workflow, differs) in [(&fixture.workflow, true), (&other, false)] {
            let sql = format!("select count(*) from board_diff('{workflow}', {since}, now())");
            assert_eq!(count(&reader, &sql).await > 0, differs, "{sql}");
        }
        // A condition is not tried on rows of others: it would fail on them, and say what they contain.
        count(
            &reader,
            "select count(*) from tickets where case when title like 'Secret%' then title::int else 1 end = 1",
        )
        .await;
        count(&reader, "select count(*) from ticket_history where case when ticket_id is not null and metadata::text like '%Secret%' then 1 / (id - id) else 1 end = 1").await;
        for refused in [
            "select * from reporting.tickets",
            "select * from reporting.throughput('x')",
            "select * from public.tickets",
            "select * from public.analysts",
            "select * from logic.flow_spans",
            "insert into public.analyst_workflows values (current_user, 'x')",
            "select logic.add_analyst('x', '{}', 'x')",
            "set role callboard_reporting",
            "set role callboard",
            "create temp table x (a int)",
            "create table reporting_limited.x (a int)",
            "create schema mine",
            "create function reporting_limited.x() returns int language sql as 'select 1'",
            "create role friend",
            "alter role current_user connection limit 1000",
            "alter role current_user superuser",
            "set temp_file_limit = -1",
            "set session_replication_role = replica",
            "lock table reporting_limited.tickets in exclusive mode",
            "copy (select 1) to program 'true'",
            "copy (select 1) to '/tmp/callboard-test'",
            "select pg_read_file('postgresql.conf')",
            "select pg_terminate_backend(pid) from pg_stat_activity where usename <> current_user and pid <> pg_backend_pid()",
            "select pg_reload_conf()",
            "alter system set work_mem = '1GB'",
            "create extension dblink",
            "select lo_create(0)",
            "select lo_from_bytea(0, 'x')",
            "grant select on reporting_limited.tickets to public",
            "vacuum public.tickets",
        ] {
            let outcome = reader.batch_execute(&format!("set default_transaction_read_only = off; {refused}")).await;
            // Postgres warns instead of failing where there is nothing to grant or to vacuum.
            if !refused.starts_with("grant") && !refused.starts_with("vacuum") {
                assert!(outcome.is_err(), "{refused}");
            }
        }
        assert_eq!(rows(&fixture, "select grantee from information_schema.role_table_grants where grantee = 'PUBLIC' and table_schema in ('reporting', 'reporting_limited')").await, json!([]));
        refresh(&fixture, 1000).await;
    }
    analyst.remove(&fixture).await;
}

#[tokio::test]
async fn an_analyst_without_limits_reads_all_and_an_unlisted_role_nothing() {
    let fixture = tickets("analysts_all").await;
    let analyst = Analyst::add(&fixture, "all", &[]).await;
    let reader = analyst.session(&fixture).await;
    assert!(count(&reader, "select count(*) from tickets").await > 0);
    assert!(reader.query("select * from reporting_limited.tickets", &[]).await.is_err());
    // The same call limits it, and a second one to no known workflow is refused.
    fixture
        .client
        .query_one("select logic.add_analyst($1, $2, 'x')", &[&analyst.name, &vec![fixture.workflow.as_str()]])
        .await
        .expect("limited");
    assert!(reader.query("select * from reporting.tickets", &[]).await.is_err());
    assert!(count(&reader, "select count(*) from reporting_limited.tickets").await > 0);
    // A new password leaves the limit as it is.
    let kept = "select (logic.add_analyst($1, null, 'x') ->> 'is_limited')::boolean";
    assert!(fixture.client.query_one(kept, &[&analyst.name]).await.expect("a password").get::<_, bool>(0));
    assert!(reader.query("select * from reporting.tickets", &[]).await.is_err());
    assert!(count(&reader, "select count(*) from reporting_limited.tickets").await > 0);
    assert!(
        fixture.client.query_one("select logic.add_analyst($1, '{nothing}', 'x')", &[&analyst.name]).await.is_err()
    );
    assert!(fixture.client.query_one("select logic.add_analyst('Not a name', '{}', 'x')", &[]).await.is_err());
    // A database that was restored knows the role but not the list.
    fixture.client.execute("delete from analysts", &[]).await.expect("forgotten");
    assert_eq!(count(&reader, "select count(*) from reporting_limited.tickets").await, 0);
    fixture
        .client
        .execute("insert into analysts (role_name, is_limited) values ($1, true)", &[&analyst.role])
        .await
        .expect("listed");
    analyst.remove(&fixture).await;
}

#[tokio::test]
async fn a_role_that_may_not_create_roles_is_told_what_to_run() {
    let fixture = tickets("analysts_by_hand").await;
    let own: String = fixture
        .client
        .query_one("select 'plain_' || substr(md5(current_database()), 1, 8)", &[])
        .await
        .expect("a name")
        .get(0);
    fixture
        .client
        .batch_execute(&format!(
            "create role {own}; grant usage on schema logic, public to {own}; grant select on all tables in schema public to {own}; grant execute on all functions in schema logic to {own}"
        ))
        .await
        .expect("a plain role");
    let plain = harness::connect(&fixture.db.url).await;
    plain.batch_execute(&format!("set session authorization {own}")).await.expect("the role");
    let row = plain.query_one("select logic.add_analyst('by_hand', '{}', 'verifier')", &[]).await.expect("an answer");
    let answer: serde_json::Value = row.get(0);
    assert_eq!(answer["created"], false);
    let sql = answer["sql"].as_str().expect("sql");
    assert!(
        sql.contains("create role callboard_analyst_by_hand login")
            && sql.contains("password 'verifier'")
            && sql.ends_with(';'),
        "{sql}"
    );
    assert_eq!(rows(&fixture, "select role_name from analysts").await, json!([]));
    fixture
        .client
        .batch_execute(&format!("reset session authorization; drop owned by {own}; drop role {own}"))
        .await
        .expect("removed");
}
