//! Retention: completed tickets are archived and can be restored, and transcripts are removed with a notice.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness;
use crate::logic::fixtures::Fixture;

async fn ask(fixture: &Fixture, sql: &str) -> Value {
    let row = fixture.client.query_one(&format!("select to_jsonb({sql})"), &[]).await;
    row.unwrap_or_else(|error| panic!("{sql}: {error:?}")).get(0)
}

async fn run(fixture: &Fixture, sql: &str) {
    fixture.client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
}

fn prune(url: &str, arguments: &[&str]) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_callboard"))
        .args(["maintenance", "prune"])
        .args(arguments)
        .env_remove("CALLBOARD_CONFIG")
        .env("DATABASE_URL", url)
        .output()
        .expect("run callboard");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stderr).into_owned()
}

async fn id_of(fixture: &Fixture, number: i64) -> String {
    let sql = format!("(select id from tickets where number = {number})");
    ask(fixture, &sql).await.as_str().expect("an id").to_owned()
}

#[tokio::test]
async fn completed_tickets_are_archived_and_restored() {
    let fixture = Fixture::open("archive").await;
    for number in 1..=5 {
        fixture.call("create_ticket", json!({"title": format!("Ticket {number}")})).await.expect("a ticket");
    }
    // 1 to 4 are done, 1 to 3 and 5 are old, and 3 has an open job.
    run(
        &fixture,
        "select logic.change_status('owner', id, 'done') from tickets where number <= 4;
         select logic.create_job('owner', workflow_id, id, 'Job', 'Do it.') from tickets where number = 3;
         alter table tickets disable trigger user;
         update tickets set updated_at = now() - interval '100 days' where number <> 4;
         alter table tickets enable trigger user",
    )
    .await;
    let done = ask(&fixture, "(select count(*) from reporting.completions)").await;
    assert!(prune(&fixture.db.url, &["--archive-days", "200"]).contains("Archived 0 tickets."));
    assert!(prune(&fixture.db.url, &["--archive-days", "90"]).contains("Archived 2 tickets."));
    let on_board = "(select jsonb_agg(t.key order by t.key) from reporting.tickets t)";
    assert_eq!(ask(&fixture, on_board).await, json!(["TKT-3", "TKT-4", "TKT-5"]));
    assert_eq!(ask(&fixture, "(select count(*) from reporting.completions)").await, done, "reports about the past");
    fixture.call("delete_ticket", json!({"ticket": id_of(&fixture, 4).await})).await.expect("deleted");
    // Those that can be restored, in pages of one.
    let (mut listed, mut cursor) = (Vec::new(), Value::Null);
    loop {
        let input = json!({"workflow": fixture.workflow, "max_rows": 1, "cursor": cursor});
        let page = fixture.call("list_deleted_tickets", input).await.expect("a page");
        listed.extend(page["tickets"].as_array().expect("tickets").iter().cloned());
        cursor = page["next_cursor"].clone();
        if page["has_more"] == false {
            break;
        }
    }
    let of = |ticket: &Value| (ticket["key"].clone(), ticket["archived"].clone(), ticket["deleted_by"].clone());
    assert_eq!(of(&listed[0]), (json!("TKT-4"), json!(false), json!("owner")));
    let mut archived: Vec<_> = listed[1..].iter().map(of).map(|(key, ..)| key.to_string()).collect();
    archived.sort();
    assert_eq!(archived, ["\"TKT-1\"", "\"TKT-2\""]);
    assert!(listed[1..].iter().all(|t| t["archived"] == true && t["deleted_by"] == "system"), "{listed:?}");
    let restored = fixture.call("restore_ticket", json!({"ticket": "TKT-4", "workflow": fixture.workflow})).await;
    assert_eq!(restored.expect("by its key")["message"], "Restored TKT-4.");
    let absent = fixture.call("restore_ticket", json!({"ticket": "TKT-9", "workflow": fixture.workflow})).await;
    assert!(absent.is_err(), "{absent:?}");
    run(&fixture, "select logic.restore_ticket('owner', id) from tickets where number = 1").await;
    assert_eq!(ask(&fixture, on_board).await, json!(["TKT-1", "TKT-3", "TKT-4", "TKT-5"]));
    // What was restored is not archived at once again.
    assert!(prune(&fixture.db.url, &["--archive-days", "90"]).contains("Archived 0 tickets."));
    assert_eq!(ask(&fixture, "logic.verify_streams() -> 'broken'").await, json!([]));
}

#[tokio::test]
async fn transcripts_of_ended_jobs_are_removed_with_a_notice() {
    let fixture = Fixture::open("transcripts").await;
    let ticket =
        fixture.call("create_ticket", json!({"title": "Build it"})).await.expect("a ticket")["ticket_id"].clone();
    let mut jobs = Vec::new();
    for title in ["old", "new"] {
        let input = json!({"ticket": ticket, "title": title, "initial_prompt": "Do it.", "queue": true});
        let job = fixture.call("create_job", input).await.expect("a job")["id"].as_str().expect("an id").to_owned();
        for number in 0..3 {
            let input = json!({"job": job, "content": format!("line {number}")});
            fixture.call("post_job_message", input).await.expect("a message");
        }
        fixture.call("cancel_job", json!({"job": job})).await.expect("the end");
        jobs.push(job);
    }
    run(
        &fixture,
        &format!(
            "alter table jobs disable trigger user;
             update jobs set finished_at = now() - interval '100 days' where id = '{}';
             alter table jobs enable trigger user",
            jobs[0]
        ),
    )
    .await;
    let transcript = async |job: &str| {
        ask(
            &fixture,
            &format!("(select jsonb_agg(content order by position) from job_messages where job_id = '{job}')"),
        )
        .await
    };
    let counts = format!("logic.stage_counts_json('{}')", ticket.as_str().expect("an id"));
    let (kept, counted) = (transcript(&jobs[1]).await, ask(&fixture, &counts).await);
    let removed = transcript(&jobs[0]).await.as_array().expect("messages").len();
    let said = prune(&fixture.db.url, &["--transcript-days", "90"]);
    assert!(said.contains("Removed the transcripts of 1 jobs."), "{said}");
    assert_eq!(
        transcript(&jobs[0]).await,
        json!([format!("The transcript ({removed} messages) was removed 90 days after the job had ended.")])
    );
    assert_eq!(transcript(&jobs[1]).await, kept);
    // One event tells clients, not one for each message.
    let events = format!(
        "(select jsonb_object_agg(c.change_type, c.n) from (select change_type, count(*) as n from history
           where stream_id = 'job:{}' and change_type like 'job_message%' group by 1) c)",
        jobs[0]
    );
    assert_eq!(ask(&fixture, &events).await, json!({"job_message": removed + 1}));
    let after = ask(&fixture, &counts).await;
    let messages = |counts: &Value| -> i64 {
        let stages = counts.as_object().expect("stages").values();
        stages.map(|stage| stage["messages"].as_i64().expect("a number")).sum()
    };
    assert_eq!(messages(&after), messages(&counted) + 1, "{counted} {after}");
    let again = prune(&fixture.db.url, &["--transcript-days", "90"]);
    assert!(again.contains("Removed the transcripts of 0 jobs."), "{again}");
    assert_eq!(ask(&fixture, "logic.verify_streams() -> 'broken'").await, json!([]));
}

#[test]
fn pruning_needs_to_know_what() {
    let output = Command::new(env!("CARGO_BIN_EXE_callboard"))
        .args(["maintenance", "prune"])
        .env_remove("CALLBOARD_CONFIG")
        .output()
        .expect("run callboard");
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test]
async fn a_server_without_limits_removes_nothing() {
    let test = harness::database("no_retention").await;
    let client = harness::connect(&test.url).await;
    for sql in [
        "select logic.prune_transcripts(0)",
        "select logic.archive_completed_tickets(0)",
        "select logic.prune_history(0)",
    ] {
        assert_eq!(client.query_one(sql, &[]).await.expect(sql).get::<_, i32>(0), 0, "{sql}");
    }
}
