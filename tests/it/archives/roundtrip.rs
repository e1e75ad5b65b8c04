//! Export, import into an empty database, export: the same bytes, the same reports, the same boards of the past.

use std::collections::BTreeSet;
use std::io::Read;

use serde_json::Value;
use tokio_postgres::Client;
use tokio_postgres::types::Json;

use super::{Source, counts, export, import, read, text};
use crate::{harness, reporting};

#[tokio::test]
async fn what_is_imported_is_exported_byte_for_byte() {
    let source = Source::open("archive_bytes").await;
    source.add_events(12_000).await;
    let first = source.archive("first");
    // Every section has a row, so every table is covered.
    let sections: BTreeSet<String> = read(&first).into_iter().map(|(_, section, _)| section).collect();
    let all = text(
        &source.client,
        "select string_agg(section, ' ' order by section collate \"C\") from logic.archive_sections()",
    )
    .await;
    assert_eq!(sections.into_iter().collect::<Vec<_>>().join(" "), all);

    let target = harness::database("archive_bytes_target").await;
    let client = harness::connect(&target.url).await;
    let before = text(&client, "select logic.epoch()").await;
    let answer = import(&target, &source.path("first")).json();
    assert_eq!(answer["imported"]["workflows"][0]["workflow_id"], source.workflow.as_str());
    assert_eq!(answer["imported"]["ids_replaced"], 0);
    // A client that knew these ids before must not go on where it was.
    assert_ne!(before, text(&client, "select logic.epoch()").await);
    export(&target, &["--workflow", "Work"], &source.path("second"));
    let second = std::fs::read(source.path("second")).expect("an archive");
    assert!(first == second, "the archives differ");
    assert_eq!(text(&client, "select logic.verify_streams() ->> 'broken'").await, "[]");
    assert_eq!(text(&client, "select count(*) from archive_imports").await, "0");
    // And again from there.
    assert_eq!(source.archive("third"), first);
}

/// The whole server, with people that no workflow names.
#[tokio::test]
async fn a_whole_server_is_moved() {
    let source = Source::open("archive_server").await;
    source
        .client
        .batch_execute(
            "insert into actors (id, kind, name) values ('user-0199f000-0000-7000-8000-000000000009', 'user', 'Eve');
             insert into users (actor_id, email, password_hash) values ('user-0199f000-0000-7000-8000-000000000009', 'eve@example.org', 'x');
             update actors set is_admin = true where name = 'Ann';
             select logic.create_workflow('user-0199f000-0000-7000-8000-000000000009', 'Other');",
        )
        .await
        .expect("another workflow");
    export(&source.db, &["--all"], &source.path("first"));
    let target = harness::database("archive_server_target").await;
    let client = harness::connect(&target.url).await;
    assert_eq!(
        import(&target, &source.path("first")).json()["imported"]["workflows"].as_array().map(Vec::len),
        Some(2)
    );
    export(&target, &["--all"], &source.path("second"));
    assert_eq!(
        std::fs::read(source.path("first")).expect("a file"),
        std::fs::read(source.path("second")).expect("a file")
    );
    // An archive makes nobody an administrator, and gives nobody a password.
    assert_eq!(text(&client, "select count(*) from actors where is_admin and kind = 'user'").await, "0");
    assert_eq!(text(&client, "select count(*) from users where password_hash like '$argon2id$%'").await, "3");
}

#[tokio::test]
async fn an_archive_holds_no_secret() {
    let source = Source::open("archive_secrets").await;
    source
        .client
        .batch_execute(
            "insert into api_keys (id, actor_id, name, secret_hash, scopes) values ('key-id-1', 'agent-x', 'A key', 'key-secret-hash', '{read}');
             insert into sessions (id, actor_id, expires_at) values ('session-id-1', pg_temp.ann(), now() + interval '1 day');
             update webhooks set previous_secret = 'webhook-secret-0', previous_secret_expires_at = now() + interval '1 day';
             update workflows set repository_path = '/srv/repository-path';",
        )
        .await
        .expect("secrets");
    let lease = text(&source.client, "select lease_token from jobs where lease_token is not null").await;
    assert!(lease.len() > 20);
    export(&source.db, &["--all"], &source.path("all"));
    let file = std::fs::File::open(source.path("all")).expect("an archive");
    let mut lines = String::new();
    flate2::read::MultiGzDecoder::new(file).read_to_string(&mut lines).expect("text");
    let secrets = [
        "password-hash-of-",
        "webhook-secret-",
        "url-password",
        "url-token",
        "key-secret-hash",
        "6b65792d7365637265742d68617368",
        "key-id-1",
        "session-id-1",
        lease.as_str(),
    ];
    for secret in secrets {
        assert!(!lines.contains(secret), "{secret} is in the archive");
    }
    let path = lines.lines().find(|line| line.contains("\"repository_path\":"));
    assert!(path.is_none(), "{path:?}");
    assert!(lines.contains("https://example.org/hook"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(source.path("all")).expect("a file").permissions().mode() & 0o077, 0);
    }
}

/// Views and functions of the schema `reporting`, and boards of past times, say the same of the source and its copy.
#[tokio::test]
async fn reports_and_boards_of_the_past_are_the_same() {
    let fixture = reporting::tickets("archive_reports").await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("archive");
    fixture.client.batch_execute("update workflows set created_at = '2025-03-01Z'").await.expect("an older workflow");
    // A part is stored, the rest is added by views.
    assert!(reporting::refresh(&fixture, 12).await > 0);
    export(&fixture.db, &["--workflow", &fixture.workflow], &file);
    let target = harness::database("archive_reports_target").await;
    assert!(import(&target, &file).ok);
    let copy = harness::connect(&target.url).await;
    let mut compared = 0;
    for sql in questions(&fixture.client, &fixture.workflow).await {
        let [once, again] = [answer(&fixture.client, &sql).await, answer(&fixture.client, &sql).await];
        let there = answer(&copy, &sql).await;
        same(&sql, &once, &again, &there);
        compared += once.as_array().map_or(0, Vec::len);
    }
    assert!(compared > 150, "{compared} rows");
    // Reports that are computed from history alone say the same of the copy.
    copy.batch_execute("delete from reporting_flow; delete from reporting_flow_days; delete from reporting_spans; delete from reporting_tickets; delete from reporting_progress")
        .await
        .expect("forget what is stored");
    let sql = format!("select * from reporting.completions where workflow_id = '{}'", fixture.workflow);
    same(&sql, &answer(&fixture.client, &sql).await, &answer(&fixture.client, &sql).await, &answer(&copy, &sql).await);
}

/// Every report about the workflow.
async fn questions(client: &Client, workflow: &str) -> Vec<String> {
    let rows = client
        .query(
            "select format('select * from reporting.%I where workflow_id = %L', c.relname, $1::text)
               from pg_class c where c.relnamespace = 'reporting'::regnamespace and c.relkind = 'v' and c.relname not in ('security_events')
                and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'workflow_id')
             union all
             select format('select * from reporting.%I(%L%s) r', p.proname, $1::text,
                        case when pg_get_function_arguments(p.oid) like 'workflow text, first_day date%' then ', ''2025-03-01'', ''2025-03-31''' else '' end)
               from pg_proc p where p.pronamespace = 'reporting'::regnamespace and p.proretset
                and (pg_get_function_arguments(p.oid) like 'workflow text, first_day date%' or pg_get_function_arguments(p.oid) = 'workflow text')
             union all
             select format('select * from reporting.board_at(%L, %L) r', $1::text, t)
               from generate_series('2025-03-03 12:00Z'::timestamptz, '2025-03-13 12:00Z', interval '1 day') t
             union all
             select format('select * from reporting.board_diff(%L, ''2025-03-04Z'', ''2025-03-10Z'') r', $1::text)
             union all
             select format('select b.seq, b.body::jsonb - ''epoch'' from logic.get_board_at(''owner'', %L, ''2025-03-08Z'') b', $1::text)",
            &[&workflow],
        )
        .await
        .expect("the reports");
    assert!(rows.len() > 30);
    rows.iter().map(|row| row.get(0)).collect()
}

async fn answer(client: &Client, sql: &str) -> Value {
    // What grows with the time is not what the rows are ordered by.
    let all = format!(
        "select coalesce(jsonb_agg(to_jsonb(x) order by (to_jsonb(x) - '{{age,age_in_status,oldest,duration,held,waited,ran}}'::text[])::text), '[]') from ({sql}) x"
    );
    let row = client.query_one(&all, &[]).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    row.get::<_, Json<Value>>(0).0
}

/// `there` is as `once`, except where `again` shows that the answer depends on the time of the question.
fn same(about: &str, once: &Value, again: &Value, there: &Value) {
    match (once, again, there) {
        (Value::Array(a), Value::Array(b), Value::Array(c)) if a.len() == b.len() => {
            assert_eq!(a.len(), c.len(), "{about}: {once} {there}");
            a.iter().zip(b).zip(c).for_each(|((a, b), c)| same(about, a, b, c));
        }
        (Value::Object(a), Value::Object(b), Value::Object(c)) => {
            assert_eq!(a.keys().collect::<Vec<_>>(), c.keys().collect::<Vec<_>>(), "{about}");
            a.iter().for_each(|(key, value)| same(&format!("{about}: {key}"), value, &b[key], &c[key]));
        }
        _ if once == again => assert_eq!(once, there, "{about}"),
        _ => {}
    }
}

/// An import is seen as a whole or not at all, and wakes no reader.
#[tokio::test]
async fn what_an_archive_brings_is_no_event() {
    let source = Source::open("archive_quiet").await;
    source.archive("first");
    let target = harness::database("archive_quiet_target").await;
    let client = harness::connect(&target.url).await;
    let here = text(&client, "select pg_current_snapshot()").await;
    let before = counts(&client).await;
    assert!(import(&target, &source.path("first")).ok);
    assert_ne!(before, counts(&client).await);
    let sql = include_str!("../../../sql/queries/history/count_unseen.sql");
    let unseen: i64 = client.query_one(sql, &[&here, &1000_i64]).await.expect("a count").get(0);
    assert_eq!(unseen, 0);
    // What happens next goes on with the next number, and is news.
    client.execute("update tickets set title = 'Another title' where number = 1", &[]).await.expect("a change");
    let unseen: i64 = client.query_one(sql, &[&here, &1000_i64]).await.expect("a count").get(0);
    assert_eq!(unseen, 1);
    assert_eq!(text(&client, "select logic.verify_streams() ->> 'broken'").await, "[]");
}
