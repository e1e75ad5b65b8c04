//! A database of an earlier version keeps all of its data and goes on working after its migrations.
//!
//! `tests/fixtures/database-v12.sql` holds what the functions of that version wrote. A new fixture is made in the same way
//! when a version is released.

use std::collections::BTreeMap;
use std::path::PathBuf;

use callboard::db::migrate;
use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::harness;

/// The last migration of the fixture's version.
const VERSION: usize = 12;

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The migrations in their order.
fn migrations() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(root().join("migrations")).expect("the migrations");
    let mut files: Vec<PathBuf> = folder.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

/// The number of rows of every table of that version.
async fn row_counts(client: &Client) -> BTreeMap<String, i64> {
    let sql = "select relname::text from pg_class
                where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition
                  and relname not in ('refinery_schema_history', 'logic_fingerprint')";
    let mut counts = BTreeMap::new();
    for row in client.query(sql, &[]).await.expect("the tables") {
        let table: String = row.get(0);
        let sql = format!("select count(*) from {table}");
        counts.insert(table, client.query_one(&sql, &[]).await.expect("a count").get(0));
    }
    counts
}

async fn ask(client: &Client, sql: &str) -> Value {
    client
        .query_one(&format!("select to_jsonb({sql})"), &[])
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error:?}"))
        .get(0)
}

#[tokio::test]
async fn a_database_of_an_earlier_version_is_upgraded() {
    let db = harness::empty_database(18, "upgrade").await;
    let client = harness::connect(&db.url).await;
    client.batch_execute("create extension vector").await.expect("the extension");
    let all = migrations();
    for file in &all[..VERSION] {
        let sql = std::fs::read_to_string(file).expect("a migration");
        client.batch_execute(&sql).await.unwrap_or_else(|error| panic!("{}: {error:?}", file.display()));
    }
    let data = root().join(format!("tests/fixtures/database-v{VERSION}.sql"));
    client.batch_execute(&std::fs::read_to_string(data).expect("the data")).await.expect("restore");
    let before = row_counts(&client).await;
    assert!(before["tickets"] > 5 && before["history"] > 10 && before["jobs"] > 2, "{before:?}");

    let outcome = migrate::run(&db.url).await.expect("the upgrade");
    assert_eq!((outcome.applied.len(), outcome.rebuilt), (all.len() - VERSION, true));
    let after = row_counts(&client).await;
    for (table, count) in &before {
        assert!(after.get(table) >= Some(count), "{table} lost rows: {count} before, {:?} after", after.get(table));
    }
    assert_eq!(ask(&client, "logic.verify_streams() -> 'broken'").await, json!([]));

    let ids = "select jsonb_object_agg('TKT-' || t.number, t.id) || jsonb_build_object('shop', w.id,
                   'ada', (select actor_id from users where email = 'ada@example.org'),
                   'ben', (select actor_id from users where email = 'ben@example.org'))
                 from workflows w join tickets t on t.workflow_id = w.id where w.name = 'Shop' group by w.id";
    let ids: Value = client.query_one(ids, &[]).await.expect("the ids").get(0);
    let id = |name: &str| ids[name].as_str().unwrap_or_else(|| panic!("{name} in {ids}")).to_owned();
    let (ada, ben, shop) = (id("ada"), id("ben"), id("shop"));

    // Memberships from before consent was asked for stay.
    let members = ask(&client, "(select jsonb_object_agg(m.actor_id, m.role) from workflow_members m join workflows w on w.id = m.workflow_id where w.name = 'Shop')").await;
    assert_eq!(members, json!({&ada: "owner", &ben: "viewer", "coder": "member", "gardener": "member"}));

    // Blockers hold as before, and new rules apply to them.
    let status = async |ticket: &str| {
        ask(&client, &format!("logic.change_status('{ada}', '{}', 'testing') ->> 'success'", id(ticket))).await
    };
    assert_eq!((status("TKT-3").await, status("TKT-5").await), (json!("false"), json!("true")));
    ask(&client, &format!("logic.resolve_ticket('{ada}', '{}', 'The certificate is new.')", id("TKT-2"))).await;
    assert_eq!(status("TKT-3").await, json!("true"));
    ask(&client, &format!("logic.change_status('{ada}', '{}', 'in_progress')", id("TKT-2"))).await;
    let blocked = format!("logic.is_blocked('{}')", id("TKT-3"));
    assert_eq!(ask(&client, &blocked).await, json!(true), "a reopened blocker blocks again");

    // The duplicate and the deleted ticket are as they were.
    let states = "(select jsonb_agg(t.number order by t.number) from tickets t where not logic.is_live(t))";
    assert_eq!(ask(&client, states).await, json!([6, 7]));

    // Words are found as before, and those of the new text index once the documents are built again.
    let found = async |query: &str| {
        let sql = format!(
            "(select jsonb_agg(r ->> 'key') from jsonb_array_elements(logic.search_tickets('{ada}', '{shop}', '{query}') -> 'results') r)"
        );
        ask(&client, &sql).await
    };
    assert_eq!(found("gazebo").await, json!(["TKT-3"]));
    while ask(&client, "logic.reindex_outdated(100)").await != json!(0) {}
    for query in ["gazebo", "umlauts", "超时"] {
        let expected = if query == "gazebo" { "TKT-3" } else { "TKT-1" };
        assert_eq!(found(query).await, json!([expected]), "{query}");
    }

    // A worker that holds a job through the upgrade reports what it used; nothing is known of the attempts before.
    let held =
        "(select jsonb_build_array(id, lease_token) from jobs where lease_expires_at is not null order by id limit 1)";
    let held = ask(&client, held).await;
    let (job, token) = (held[0].as_str().expect("a job"), held[1].as_str().expect("a token"));
    let used = format!("logic.report_usage('coder', '{{\"input_tokens\": 5}}', '{job}', token => '{token}')");
    let used = ask(&client, &used).await;
    assert_eq!((&used["usage"]["input_tokens"], &used["usage"]["output_tokens"]), (&json!(5), &Value::Null), "{used}");
    assert!(used["attempt"].as_i64() >= Some(1), "{used}");
    assert_eq!(
        ask(&client, &format!("logic.get_usage('{ada}', '{shop}') -> 'attempts_without_usage'")).await,
        json!(0)
    );

    // The queue goes on: the job whose lease has ended or is held, the queued one, and the draft.
    client
        .execute("update jobs set lease_expires_at = now() where lease_token is not null", &[])
        .await
        .expect("age it");
    let claimed = ask(&client, &format!("logic.claim_job('coder', '{shop}', array['fix'], 'w2')")).await;
    assert_eq!(claimed["job"]["ticket_id"], json!(id("TKT-1")), "{claimed}");

    // Its tickets are planned, its boards of the past still read, and its figures are computed from the same history.
    let before = ask(&client, "(select max(changed_at) from history)").await;
    let milestone = ask(
        &client,
        &format!("logic.create_milestone('{ada}', '{shop}', 'Opening', null, '2026-01-05', '2026-01-07')"),
    )
    .await;
    let milestone = milestone["milestone_id"].as_str().expect("an id").to_owned();
    let plan = format!(
        "logic.update_ticket('{ada}', '{}', '{{\"due_on\": \"2026-01-06\", \"milestone_id\": \"opening\"}}')",
        id("TKT-3")
    );
    assert_eq!(ask(&client, &plan).await["fields_updated"], json!(["due_on", "milestone_id"]));
    let before = before.as_str().expect("a time");
    let due =
        format!("(select jsonb_agg(b.due_on) from reporting.board_at('{shop}', '{before}') b where b.key = 'TKT-3')");
    assert_eq!(ask(&client, &due).await, json!([null]));
    let scope = format!("(select b.scope_tickets from reporting.burn_up('{milestone}') b where b.day = current_date)");
    assert_eq!(ask(&client, &scope).await, json!(1));
    ask(&client, &format!("logic.refresh_reporting('{shop}')")).await;
    assert_eq!(ask(&client, &scope).await, json!(1));

    // A key from before the upgrade is repeated with its answer.
    let again = format!("logic.find_idempotent_answer('{ben}', 'once', '', 'create_ticket') -> 'answer' -> 'key'");
    assert_eq!(ask(&client, &again).await, json!("TKT-1"));
    assert_eq!(ask(&client, "logic.verify_streams() -> 'broken'").await, json!([]));
}
