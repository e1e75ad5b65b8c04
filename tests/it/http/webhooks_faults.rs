//! Webhooks under faults: refusing receivers, dying servers. Tests shift times in the database instead of waiting.

use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::fixtures::{TestWorkflow, signed_in_user, text};
use super::webhooks::{ReceivedRequest, Receiver, create_webhook, server_with_private_webhooks};
use crate::client::Server;
use crate::harness;

/// Makes the next attempt due now.
async fn make_due(server: &Server) {
    server.sql("update webhooks set not_before = now() where active", &[]).await;
}

async fn get_webhook(fixture: &TestWorkflow, id: &str) -> Value {
    fixture.owner.get(&format!("/api/webhooks/{id}")).await.ok()
}

fn status(code: u16) -> ResponseTemplate {
    ResponseTemplate::new(code)
}

#[tokio::test]
async fn failed_deliveries_are_retried_before_later_events() {
    let server = server_with_private_webhooks("hookretry").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let receiver = Receiver::start().await;
    let (id, _) = create_webhook(&fixture, &receiver.url(), json!(["ticket_created", "comment_added"])).await;
    receiver.answer([
        status(500),
        status(302).insert_header("location", "/elsewhere"),
        status(503).insert_header("retry-after", "600"),
    ]);
    let ticket = fixture.ticket("A ticket").await;
    fixture.comment(&ticket, "Words").await;
    let mut pauses = Vec::new();
    for attempt in 1..=3 {
        harness::eventually("an attempt was noted", async || get_webhook(&fixture, &id).await["attempt"] == attempt)
            .await;
        let row = server
            .sql("select extract(epoch from not_before - now())::float8, failing_since is not null from webhooks", &[])
            .await;
        pauses.push(row[0].get::<_, f64>(0));
        assert!(row[0].get::<_, bool>(1));
        make_due(&server).await;
    }
    // 5 and 10 seconds with 20% jitter; then the receiver's Retry-After.
    assert!(
        (2.0..=6.1).contains(&pauses[0]) && (6.0..=12.1).contains(&pauses[1]) && (590.0..=600.1).contains(&pauses[2]),
        "{pauses:?}"
    );
    harness::eventually("both were taken", async || receiver.requests().len() == 5).await;
    let got = receiver.requests();
    assert!(got.iter().all(|one| one.path == "/hook"), "no redirect was followed");
    let kinds: Vec<Value> = got.iter().map(|one| one.json()["type"].clone()).collect();
    assert_eq!(kinds, ["ticket_created", "ticket_created", "ticket_created", "ticket_created", "comment_added"]);
    assert!(got[..4].iter().all(|one| (&one.id, &one.body) == (&got[0].id, &got[0].body)), "the same message");
    assert_ne!(got[4].id, got[0].id);
    harness::eventually("the provider is healthy", async || {
        let now = get_webhook(&fixture, &id).await;
        now["attempt"] == 0 && now["behind"] == 0 && now["failing_since"].is_null() && now["active"] == true
    })
    .await;
    let log = fixture.owner.get(&format!("/api/webhooks/{id}/deliveries")).await.ok();
    let log: Vec<_> = log["deliveries"]
        .as_array()
        .expect("a log")
        .iter()
        .rev()
        .map(|d| (&d["attempt"], &d["status_code"], &d["error"]))
        .map(|(a, s, e)| json!([a, s, e]))
        .collect();
    assert_eq!(
        json!(log),
        json!([
            [1, 500, "The receiver answered 500."],
            [2, 302, "The receiver redirects (302); redirects are not followed."],
            [3, 503, "The receiver answered 503."],
            [4, 204, null],
            [1, 204, null]
        ])
    );
}

#[tokio::test]
async fn a_failing_webhook_is_disabled_and_resumes_from_its_cursor() {
    let server = server_with_private_webhooks("hookstops").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let receiver = Receiver::start().await;
    let (id, _) = create_webhook(&fixture, &receiver.url(), json!(["ticket_created"])).await;
    receiver.answer([status(500), status(404)]);
    for n in 0..3 {
        fixture.ticket(&format!("Ticket {n}")).await;
    }
    harness::eventually("it failed", async || get_webhook(&fixture, &id).await["attempt"] == 1).await;
    server.sql("update webhooks set failing_since = now() - interval '73 hours', not_before = now()", &[]).await;
    harness::eventually("it was stopped", async || get_webhook(&fixture, &id).await["active"] == false).await;
    let stopped = get_webhook(&fixture, &id).await;
    assert_eq!(
        stopped["disabled_reason"],
        "no event was taken for three days; the last attempt: The receiver answered 404."
    );
    assert_eq!(receiver.requests().len(), 2);
    let events = format!("/api/workflows/{}/events?since=0", fixture.workflow);
    let received = fixture.owner.get(&events).await.ok();
    let last = received["events"].as_array().and_then(|all| all.last()).expect("an event");
    assert_eq!((&last["type"], &last["agent_id"]), (&json!("webhook_disabled"), &json!("system")));
    assert_eq!(last["data"]["webhook"]["disabled_reason"], stopped["disabled_reason"]);

    let resumed = fixture.owner.post(&format!("/api/webhooks/{id}/resume"), json!({})).await.ok();
    assert_eq!(
        (&resumed["active"], &resumed["attempt"], &resumed["disabled_reason"]),
        (&json!(true), &json!(0), &Value::Null)
    );
    harness::eventually("all were taken", async || receiver.requests().len() == 5).await;
    let titles: Vec<Value> =
        receiver.requests()[2..].iter().map(|one| one.json()["data"]["ticket"]["title"].clone()).collect();
    assert_eq!(titles, ["Ticket 0", "Ticket 1", "Ticket 2"]);
    // 410 Gone stops the webhook at once.
    receiver.answer([status(410)]);
    fixture.ticket("Ticket 3").await;
    harness::eventually("it was stopped", async || get_webhook(&fixture, &id).await["active"] == false).await;
    assert_eq!(get_webhook(&fixture, &id).await["disabled_reason"], "the receiver answered 410 Gone.");
}

#[tokio::test]
async fn one_of_several_servers_delivers() {
    let server = server_with_private_webhooks("hookservers").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let flags = ["--request-rate", "1000000", "--webhook-allow-private", "true"];
    let _others = [server.second_server(&flags).await, server.second_server(&flags).await];
    let mut receivers = Vec::new();
    for _ in 0..5 {
        let receiver = Receiver::start().await;
        create_webhook(&fixture, &receiver.url(), json!(["comment_added"])).await;
        receivers.push(receiver);
    }
    let ticket = fixture.ticket("A ticket").await;
    let words: Vec<String> = (0..80).map(|n| format!("Words {n}")).collect();
    futures_util::future::join_all(words.iter().map(|words| fixture.comment(&ticket, words))).await;
    for receiver in &receivers {
        harness::eventually("every event was delivered", async || receiver.requests().len() >= 80).await;
    }
    harness::eventually("every cursor is at the end", async || {
        server.number("select count(*) from webhooks w join streams s on s.stream_id = 'workflow:' || w.workflow_id where s.last_seq > w.last_seq").await == 0
    })
    .await;
    for receiver in &receivers {
        let seqs: Vec<i64> = receiver.requests().iter().map(ReceivedRequest::seq).collect();
        assert_eq!(seqs.len(), 80, "each event once");
        assert!(seqs.is_sorted(), "{seqs:?}");
    }
}

/// A real server process on the test's database; killed when dropped.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

async fn process(server: &Server) -> Process {
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("an address").port();
    let child = Command::new(env!("CARGO_BIN_EXE_callboard"))
        .arg("serve")
        .env("DATABASE_URL", &server.db.url)
        .env("CALLBOARD_LISTEN", format!("127.0.0.1:{port}"))
        .env("CALLBOARD_WEBHOOK_ALLOW_PRIVATE", "true")
        .env("CALLBOARD_EMBEDDING_PROVIDER", "none")
        .env("CALLBOARD_LOG", "error")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("start the server");
    let process = Process(child);
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    harness::eventually("the server is ready", async || {
        http.get(format!("http://127.0.0.1:{port}/ready")).send().await.is_ok_and(|answer| answer.status() == 200)
    })
    .await;
    process
}

/// Servers are killed repeatedly during requests: nothing is lost or reordered, and only
/// deliveries in flight are repeated.
#[tokio::test]
async fn killed_servers_lose_no_delivery() {
    // This server may not call the receiver, so the processes deliver.
    let server = super::fixtures::open("hookkill").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let receiver = Receiver::start().await;
    let webhook = format!("webhook-{}", uuid::Uuid::now_v7());
    // Claimed until the first process is up.
    server
        .sql(
            "insert into webhooks (id, workflow_id, url, secret, events, last_seq, lease_expires_at)
             values ($1, $2, $3, 'a-secret-of-our-own-making', '{comment_added}', 0, now() + interval '1 hour')",
            &[&webhook, &fixture.workflow, &receiver.url()],
        )
        .await;
    let ticket = fixture.ticket("A ticket").await;
    for n in 0..40 {
        fixture.comment(&ticket, &format!("Words {n}")).await;
    }
    let slow = || (0..200).map(|_| ResponseTemplate::new(204).set_delay(std::time::Duration::from_millis(40)));
    receiver.answer(slow());
    // The server in this process would claim it too and refuse the address.
    server.state.webhooks.stop().await;
    for round in 1..=4 {
        let one = process(&server).await;
        server.sql("update webhooks set lease_expires_at = null", &[]).await;
        let before = receiver.requests().len();
        harness::eventually("some events were delivered", async || receiver.requests().len() >= before + 5).await;
        drop(one);
        let left = server.number("select count(*) from webhooks where lease_expires_at > now()").await;
        assert_eq!(left, 1, "round {round}: the claim outlives its server");
    }
    let _last = process(&server).await;
    // Its claim would expire within half a minute.
    server.sql("update webhooks set lease_expires_at = now()", &[]).await;
    harness::eventually("everything was taken", async || {
        let shown = fixture.owner.get(&format!("/api/webhooks/{webhook}")).await.ok();
        shown["behind"] == 0 && shown["attempt"] == 0
    })
    .await;
    let got = receiver.requests();
    let mut first: Vec<i64> = Vec::new();
    let mut repeats = 0;
    for one in &got {
        match first.last() {
            Some(last) if one.seq() <= *last => {
                assert_eq!(one.seq(), *last, "only deliveries in flight are repeated");
                repeats += 1;
            }
            _ => first.push(one.seq()),
        }
    }
    let wanted: Vec<i64> = server
        .sql("select seq from history where change_type = 'commented' order by seq", &[])
        .await
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert_eq!(first, wanted);
    assert!(repeats <= 4, "{repeats}");
    assert_eq!(text(&get_webhook(&fixture, &webhook).await, "id"), webhook);
}

#[tokio::test]
async fn stale_claims_write_nothing_and_the_log_is_bounded() {
    let server = server_with_private_webhooks("hookstale").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    server.state.webhooks.stop().await;
    let receiver = Receiver::start().await;
    let (id, _) = create_webhook(&fixture, &receiver.url(), json!([])).await;
    let claim = "select logic.claim_webhook(30, 50)";
    let first: Option<tokio_postgres::types::Json<Value>> = server.sql(claim, &[]).await[0].get(0);
    let first = first.expect("a claim").0;
    let none: Option<tokio_postgres::types::Json<Value>> = server.sql(claim, &[]).await[0].get(0);
    assert!(none.is_none(), "it is claimed");
    server.sql("update webhooks set lease_expires_at = now() - interval '1 second'", &[]).await;
    let second: Option<tokio_postgres::types::Json<Value>> = server.sql(claim, &[]).await[0].get(0);
    let second = second.expect("the next claim").0;
    for (token, noted) in [(text(&first, "token"), false), (text(&second, "token"), true)] {
        let delivered = "select (logic.record_webhook_success($1, $2, 30, 3, 'msg', 'x', 200, 1))::boolean";
        assert_eq!(server.sql(delivered, &[&id, &token]).await[0].get::<_, bool>(0), noted);
    }
    let failed = "select (logic.record_webhook_failure($1, $2, 0, 3, 'msg', 'x', 500, 'why', 1))::boolean";
    assert!(!server.sql(failed, &[&id, &text(&first, "token")]).await[0].get::<_, bool>(0));
    assert_eq!(server.number("select count(*) from webhook_deliveries").await, 1);
    server
        .sql(
            "select logic.insert_webhook_delivery(w.id, w.workflow_id, 'msg', 'x', n, 1, 200, true, null, 1) from webhooks w, generate_series(1, 250) n",
            &[],
        )
        .await;
    assert_eq!(server.number("select count(*) from webhook_deliveries").await, 200);
    // A restored database has a shorter stream; later events are delivered.
    server.sql("update webhooks set last_seq = 1000000, lease_expires_at = null", &[]).await;
    server.sql(claim, &[]).await;
    assert_eq!(server.number("select count(*) from webhooks w join streams s on s.stream_id = 'workflow:' || w.workflow_id where s.last_seq = w.last_seq").await, 1);
}
