//! The hash chains of history: every change of a row is found, checkpoints prove an export, and pruning keeps the proof.

use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tokio_postgres::Client;

use crate::harness;
use crate::logic::fixtures::Fixture;

async fn ask(client: &Client, sql: &str) -> Value {
    let row = client.query_one(&format!("select to_jsonb({sql})"), &[]).await;
    row.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
}

async fn run(client: &Client, sql: &str) {
    client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

/// A board with some hundred events, and its stream.
async fn board(hint: &str, tickets: i32) -> (Fixture, String) {
    let fixture = Fixture::open(hint).await;
    add_tickets(&fixture, tickets).await;
    let stream = format!("workflow:{}", fixture.workflow);
    (fixture, stream)
}

async fn add_tickets(fixture: &Fixture, tickets: i32) {
    let sql = "select count(logic.create_ticket('owner', $1, 'Ticket ' || i)) from generate_series(1, $2::int) i";
    fixture.client.query(sql, &[&fixture.workflow, &tickets]).await.expect("tickets");
}

async fn seal(client: &Client) {
    harness::eventually("everything is chained", async || {
        ask(client, "logic.seal_history(700)").await == 0
            && ask(client, "logic.get_sealing_progress()").await == json!({"is_filled": true, "streams_behind": 0})
    })
    .await;
}

fn callboard(url: &str, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_callboard"))
        .args(arguments)
        .env_remove("CALLBOARD_CONFIG")
        .env("DATABASE_URL", url)
        .output()
        .expect("run callboard")
}

#[track_caller]
fn succeeds(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

#[track_caller]
fn fails(output: &Output, part: &str) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains(part), "{text}");
}

#[tokio::test]
async fn every_change_of_a_row_is_found_at_its_number() {
    let (fixture, stream) = board("evidence_rows", 620).await;
    let client = &fixture.client;
    seal(client).await;
    let verify = format!("logic.verify_chain('{stream}')");
    let whole = ask(client, &verify).await;
    assert_eq!((&whole["broken"], &whole["is_complete"]), (&Value::Null, &json!(true)), "{whole}");
    assert!(whole["sealed"].as_i64() > Some(620), "{whole}");
    // In closed blocks, at their ends, and in the open one.
    for (seq, change) in [
        (2, "actor_id = 'eve'"),
        (512, "metadata = metadata || '{\"forged\": true}'"),
        (513, "changed_at = changed_at + interval '1 microsecond'"),
        (560, "new_value = 'done'"),
        (620, "on_behalf_of = 'owner'"),
    ] {
        run(client, &format!("begin; update history set {change} where stream_id = '{stream}' and seq = {seq}")).await;
        assert_eq!(ask(client, &verify).await["broken"], json!(seq), "{change}");
        run(client, "rollback").await;
    }
    for seq in [1, 300, 512, 620] {
        run(client, &format!("begin; delete from history where stream_id = '{stream}' and seq = {seq}")).await;
        assert_eq!(ask(client, &verify).await["broken"], json!(seq), "without {seq}");
        run(client, "rollback").await;
    }
    // Two rows that changed places.
    let swap = "update history set seq = case seq when 20 then 30 else 20 end where seq in (20, 30)";
    run(client, &format!("begin; alter table history drop constraint history_pkey; {swap}")).await;
    assert_eq!(ask(client, &verify).await["broken"], json!(20));
    run(client, "rollback").await;
    // A rolled back stream.
    run(client, &format!("begin; update streams set last_seq = 600 where stream_id = '{stream}'")).await;
    assert_eq!(ask(client, &verify).await["is_rolled_back"], json!(true));
    run(client, "rollback").await;
    // In steps, as the command line asks.
    let first = ask(client, &format!("logic.verify_chain('{stream}', 0, 1)")).await;
    assert_eq!((&first["checked"], &first["is_complete"]), (&whole["sealed"], &json!(true)), "{first}");
    let rest = ask(client, &format!("logic.verify_chain('{stream}', 512, 5)")).await;
    assert_eq!((&rest["broken"], &rest["is_complete"]), (&Value::Null, &json!(true)));
}

#[tokio::test]
async fn rows_are_chained_once_and_in_order_with_many_writers_and_sealers() {
    let (fixture, stream) = board("evidence_writers", 5).await;
    let writers = (0..4).map(async |writer| {
        let client = harness::connect(&fixture.db.url).await;
        for number in 0..40 {
            let title = format!("{writer}/{number}");
            let sql = "select logic.create_ticket('owner', $1, $2)";
            client.query(sql, &[&fixture.workflow, &title]).await.expect("a ticket");
        }
    });
    let sealers = (0..2).map(async |_| {
        let client = harness::connect(&fixture.db.url).await;
        for _ in 0..40 {
            client.query("select logic.seal_history(50)", &[]).await.expect("seal");
        }
    });
    futures_util::future::join(futures_util::future::join_all(writers), futures_util::future::join_all(sealers)).await;
    seal(&fixture.client).await;
    let whole = ask(&fixture.client, &format!("logic.verify_chain('{stream}')")).await;
    let last = ask(&fixture.client, &format!("(select last_seq from streams where stream_id = '{stream}')")).await;
    assert_eq!((&whole["broken"], &whole["sealed"]), (&Value::Null, &last), "{whole}");
    // The chain is what its definition says.
    let sql = format!(
        "(with recursive r as (
              select 0::bigint as seq, sha256('{stream}'::bytea) as hash
              union all
              select h.seq, sha256(r.hash || convert_to(logic.history_line(h), 'UTF8'))
                from r join history h on h.stream_id = '{stream}' and h.seq = r.seq + 1)
          select r.hash = c.hash from r join history_chains c on c.stream_id = '{stream}' and c.sealed_seq = r.seq)"
    );
    assert_eq!(ask(&fixture.client, &sql).await, json!(true));
}

#[tokio::test]
async fn a_checkpoint_proves_an_export_without_a_database() {
    let (fixture, stream) = board("evidence_export", 30).await;
    let url = &fixture.db.url;
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str| folder.path().join(name).to_str().expect("UTF-8").to_owned();
    let (checkpoint, export) = (file("checkpoint"), file("history"));
    let signed: Value =
        serde_json::from_str(&succeeds(&callboard(url, &["history", "checkpoint", "-o", &checkpoint, "--json"])))
            .expect("JSON");
    let key = signed["public_key"].as_str().expect("a key").to_owned();
    add_tickets(&fixture, 5).await;
    succeeds(&callboard(url, &["history", "export", "-o", &export]));

    // No database is there.
    let offline = |checkpoint: &str, export: &str, more: &[&str]| {
        let arguments = [&["verify", "--checkpoint", checkpoint, "--history", export], more].concat();
        callboard("postgres://nobody@127.0.0.1:1/none", &arguments)
    };
    let proved = succeeds(&offline(&checkpoint, &export, &["--key", &key]));
    assert!(proved.contains("what the checkpoint signed"), "{proved}");
    fails(&offline(&checkpoint, &export, &["--key", "AAAA"]), "not by the given one");

    let text = std::fs::read_to_string(&export).expect("the export");
    let change = |name: &str, text: String| {
        std::fs::write(file(name), text).expect("write");
        file(name)
    };
    let forged = change("forged", text.replacen("Ticket 7\"", "Ticket 8\"", 1));
    fails(&offline(&checkpoint, &forged, &[]), "not those that the checkpoint signed");
    let mut lines: Vec<&str> = text.lines().collect();
    let row = lines.iter().position(|line| line.starts_with(&format!("[\"{stream}\", 9,"))).expect("row 9");
    lines.remove(row);
    fails(&offline(&checkpoint, &change("short", lines.join("\n") + "\n"), &[]), "seq 9: the row is missing");
    fails(&offline(&checkpoint, &change("cut", text[..text.len() - 5].to_owned()), &[]), "is not whole");
    let signed = std::fs::read_to_string(&checkpoint).expect("the checkpoint");
    let forged = change("forged-checkpoint", signed.replacen("\"seq\":", "\"seq\":1", 1));
    fails(&offline(&forged, &export, &[]), "signature does not fit");
    fails(&offline(&export, &export, &[]), "not a valid checkpoint");

    // A forger with full access rewrites a row and its chain. Only the checkpoint shows it.
    succeeds(&callboard(url, &["verify", "--checkpoint", &checkpoint]));
    let rewrite = format!(
        "update history set actor_id = 'member' where stream_id = '{stream}' and seq = 9;
         delete from history_chains; delete from history_seals;
         update history_sealing set is_filled = false, filled_to = ''"
    );
    run(&fixture.client, &rewrite).await;
    seal(&fixture.client).await;
    succeeds(&callboard(url, &["verify"]));
    fails(&callboard(url, &["verify", "--checkpoint", &checkpoint]), "not the one that the checkpoint signed");
}

#[tokio::test]
async fn verify_names_the_workflow_and_the_number() {
    let (fixture, stream) = board("evidence_verify", 20).await;
    seal(&fixture.client).await;
    let whole = succeeds(&callboard(&fixture.db.url, &["verify"]));
    assert!(whole.contains("all complete and unchanged"), "{whole}");
    run(&fixture.client, &format!("update history set new_value = 'x' where stream_id = '{stream}' and seq = 11"))
        .await;
    let broken = callboard(&fixture.db.url, &["verify"]);
    fails(&broken, &format!("Workflow {}, seq 11:", fixture.workflow));
    says_that_the_rest_is_unprovable(&broken);
}

#[tokio::test]
async fn events_after_a_row_that_was_missing_before_it_was_chained_are_not_said_to_be_chained_soon() {
    let (fixture, stream) = board("evidence_hole", 20).await;
    run(&fixture.client, &format!("delete from history where stream_id = '{stream}' and seq = 11")).await;
    seal(&fixture.client).await;
    let broken = callboard(&fixture.db.url, &["verify"]);
    fails(&broken, &stream);
    says_that_the_rest_is_unprovable(&broken);
    let rows =
        ask(&fixture.client, &format!("(select count(*) from history where stream_id = '{stream}' and seq > 10)"))
            .await;
    let found: Value = serde_json::from_slice(&callboard(&fixture.db.url, &["verify", "--json"]).stdout).expect("JSON");
    assert_eq!(found["unprovable"], rows, "{found}");
}

#[track_caller]
fn says_that_the_rest_is_unprovable(output: &Output) {
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("come after a broken place") && !text.contains("not chained yet"), "{text}");
}

#[tokio::test]
async fn pruned_history_leaves_a_chain_that_is_proved_from_the_cut() {
    let (fixture, stream) = board("evidence_prune", 640).await;
    let client = &fixture.client;
    let folder = tempfile::tempdir().expect("a folder");
    let checkpoint = folder.path().join("checkpoint");
    let checkpoint = |name: &str| checkpoint.with_file_name(name).to_str().expect("UTF-8").to_owned();
    // The first 600 rows are of a month that is to be pruned.
    run(
        client,
        &format!(
            "create table history_2020_01 partition of history for values from ('2020-01-01') to ('2020-02-01');
             update history set changed_at = '2020-01-15' where stream_id = '{stream}' and seq <= 600"
        ),
    )
    .await;
    succeeds(&callboard(&fixture.db.url, &["history", "checkpoint", "-o", &checkpoint("whole")]));
    assert_eq!(ask(client, "logic.prune_history(1)").await, json!(1));
    let cut = ask(
        client,
        &format!("(select jsonb_build_array(cut_seq, block_seq) from history_chains where stream_id = '{stream}')"),
    )
    .await;
    assert_eq!(cut[0], json!(600));
    let verify = format!("logic.verify_chain('{stream}')");
    let found = ask(client, &verify).await;
    assert_eq!((&found["broken"], &found["is_complete"]), (&Value::Null, &json!(true)), "{found}");
    // The rest still follows from what was pruned.
    succeeds(&callboard(&fixture.db.url, &["verify", "--checkpoint", &checkpoint("whole")]));
    for seq in [601, 630] {
        run(client, &format!("begin; update history set new_value = 'x' where stream_id = '{stream}' and seq = {seq}"))
            .await;
        assert_eq!(ask(client, &verify).await["broken"], json!(seq));
        run(client, "rollback").await;
    }
    add_tickets(&fixture, 10).await;
    seal(client).await;
    assert_eq!(ask(client, &verify).await["broken"], Value::Null);
    let export = checkpoint("history");
    succeeds(&callboard(&fixture.db.url, &["history", "export", "-o", &export, "--workflow", &fixture.workflow]));
    assert!(Path::new(&export).exists());
    succeeds(&callboard(&fixture.db.url, &["verify", "--checkpoint", &checkpoint("whole"), "--history", &export]));
}

#[tokio::test]
async fn rows_of_an_older_database_are_chained_in_the_background() {
    let (fixture, stream) = board("evidence_upgrade", 40).await;
    // As after the migration: rows are there, and nothing is chained.
    run(
        &fixture.client,
        "truncate history_chains, history_seals;
         update history_sealing set snapshot = pg_current_snapshot(), filled_to = '', is_filled = false",
    )
    .await;
    assert!(
        ask(&fixture.client, "logic.find_due_work() -> 'due'")
            .await
            .as_array()
            .expect("names")
            .contains(&json!("seals"))
    );
    seal(&fixture.client).await;
    let whole = ask(&fixture.client, &format!("logic.verify_chain('{stream}')")).await;
    assert!(whole["broken"].is_null() && whole["sealed"].as_i64() > Some(40), "{whole}");
    assert!(
        !ask(&fixture.client, "logic.find_due_work() -> 'due'")
            .await
            .as_array()
            .expect("names")
            .contains(&json!("seals"))
    );
    add_tickets(&fixture, 1).await;
    assert!(
        ask(&fixture.client, "logic.find_due_work() -> 'due'")
            .await
            .as_array()
            .expect("names")
            .contains(&json!("seals"))
    );
}
