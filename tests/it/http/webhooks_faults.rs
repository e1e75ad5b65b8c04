//! Webhooks under faults: receivers that refuse, servers that die. Time is moved in the database, not waited for.

use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::stage::{Desk, person, text};
use super::webhooks::{Got, Receiver, hook, near};
use crate::client::Server;
use crate::house;

/// The next attempt is due now.
async fn hurry(server: &Server) {
    server.sql("update webhooks set not_before = now() where active", &[]).await;
}

async fn shown(desk: &Desk, id: &str) -> Value {
    desk.owner.get(&format!("/api/webhooks/{id}")).await.ok()
}

fn status(code: u16) -> ResponseTemplate {
    ResponseTemplate::new(code)
}

#[tokio::test]
async fn what_was_not_taken_is_sent_again_before_anything_else() {
    let server = near("hookretry").await;
    let desk = Desk::of(&person(&server, "ann").await).await;
    let receiver = Receiver::start().await;
    let (id, _) = hook(&desk, &receiver.url(), json!(["ticket_created", "comment_added"])).await;
    receiver.answer([
        status(500),
        status(302).insert_header("location", "/elsewhere"),
        status(503).insert_header("retry-after", "600"),
    ]);
    let ticket = desk.ticket("A ticket").await;
    desk.comment(&ticket, "Words").await;
    let mut pauses = Vec::new();
    for attempt in 1..=3 {
        house::eventually("an attempt was noted", async || shown(&desk, &id).await["attempt"] == attempt).await;
        let row = server
            .sql("select extract(epoch from not_before - now())::float8, failing_since is not null from webhooks", &[])
            .await;
        pauses.push(row[0].get::<_, f64>(0));
        assert!(row[0].get::<_, bool>(1));
        hurry(&server).await;
    }
    // 5 and 10 seconds, give or take a fifth; then as the receiver said.
    assert!(
        (2.0..=6.1).contains(&pauses[0]) && (6.0..=12.1).contains(&pauses[1]) && (590.0..=600.1).contains(&pauses[2]),
        "{pauses:?}"
    );
    house::eventually("both were taken", async || receiver.got().len() == 5).await;
    let got = receiver.got();
    assert!(got.iter().all(|one| one.path == "/hook"), "no redirect was followed");
    let kinds: Vec<Value> = got.iter().map(|one| one.json()["type"].clone()).collect();
    assert_eq!(kinds, ["ticket_created", "ticket_created", "ticket_created", "ticket_created", "comment_added"]);
    assert!(got[..4].iter().all(|one| (&one.id, &one.body) == (&got[0].id, &got[0].body)), "the same message");
    assert_ne!(got[4].id, got[0].id);
    house::eventually("all is well", async || {
        let now = shown(&desk, &id).await;
        now["attempt"] == 0 && now["behind"] == 0 && now["failing_since"].is_null() && now["active"] == true
    })
    .await;
    let log = desk.owner.get(&format!("/api/webhooks/{id}/deliveries")).await.ok();
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
async fn after_long_failure_it_stops_and_resuming_goes_on_from_the_cursor() {
    let server = near("hookstops").await;
    let desk = Desk::of(&person(&server, "ann").await).await;
    let receiver = Receiver::start().await;
    let (id, _) = hook(&desk, &receiver.url(), json!(["ticket_created"])).await;
    receiver.answer([status(500), status(404)]);
    for n in 0..3 {
        desk.ticket(&format!("Ticket {n}")).await;
    }
    house::eventually("it failed", async || shown(&desk, &id).await["attempt"] == 1).await;
    server.sql("update webhooks set failing_since = now() - interval '73 hours', not_before = now()", &[]).await;
    house::eventually("it was stopped", async || shown(&desk, &id).await["active"] == false).await;
    let stopped = shown(&desk, &id).await;
    assert_eq!(
        stopped["disabled_reason"],
        "no event was taken for three days; the last attempt: The receiver answered 404."
    );
    assert_eq!(receiver.got().len(), 2);
    let events = format!("/api/workflows/{}/events?since=0", desk.workflow);
    let told = desk.owner.get(&events).await.ok();
    let last = told["events"].as_array().and_then(|all| all.last()).expect("an event");
    assert_eq!((&last["type"], &last["agent_id"]), (&json!("webhook_disabled"), &json!("system")));
    assert_eq!(last["data"]["webhook"]["disabled_reason"], stopped["disabled_reason"]);

    let resumed = desk.owner.post(&format!("/api/webhooks/{id}/resume"), json!({})).await.ok();
    assert_eq!(
        (&resumed["active"], &resumed["attempt"], &resumed["disabled_reason"]),
        (&json!(true), &json!(0), &Value::Null)
    );
    house::eventually("all were taken", async || receiver.got().len() == 5).await;
    let titles: Vec<Value> =
        receiver.got()[2..].iter().map(|one| one.json()["data"]["ticket"]["title"].clone()).collect();
    assert_eq!(titles, ["Ticket 0", "Ticket 1", "Ticket 2"]);
    // A receiver that is gone for good is believed at once.
    receiver.answer([status(410)]);
    desk.ticket("Ticket 3").await;
    house::eventually("it was stopped", async || shown(&desk, &id).await["active"] == false).await;
    assert_eq!(shown(&desk, &id).await["disabled_reason"], "the receiver answered 410 Gone.");
}

#[tokio::test]
async fn of_several_servers_one_delivers() {
    let server = near("hookservers").await;
    let desk = Desk::of(&person(&server, "ann").await).await;
    let flags = ["--request-rate", "1000000", "--webhook-allow-private", "true"];
    let _others = [server.beside(&flags).await, server.beside(&flags).await];
    let mut receivers = Vec::new();
    for _ in 0..5 {
        let receiver = Receiver::start().await;
        hook(&desk, &receiver.url(), json!(["comment_added"])).await;
        receivers.push(receiver);
    }
    let ticket = desk.ticket("A ticket").await;
    let words: Vec<String> = (0..80).map(|n| format!("Words {n}")).collect();
    futures_util::future::join_all(words.iter().map(|words| desk.comment(&ticket, words))).await;
    for receiver in &receivers {
        house::eventually("everything was told", async || receiver.got().len() >= 80).await;
    }
    house::eventually("every cursor is at the end", async || {
        server.number("select count(*) from webhooks w join streams s on s.stream_id = 'workflow:' || w.workflow_id where s.last_seq > w.last_seq").await == 0
    })
    .await;
    for receiver in &receivers {
        let seqs: Vec<i64> = receiver.got().iter().map(Got::seq).collect();
        assert_eq!(seqs.len(), 80, "each once");
        assert!(seqs.is_sorted(), "{seqs:?}");
    }
}

/// The real server on the test's database; killed when dropped.
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
    house::eventually("the server is ready", async || {
        http.get(format!("http://127.0.0.1:{port}/ready")).send().await.is_ok_and(|answer| answer.status() == 200)
    })
    .await;
    process
}

/// Killed in the midst of requests, again and again: nothing is left out, nothing comes out of order; only
/// what was under way comes twice.
#[tokio::test]
async fn a_killed_server_leaves_nothing_out() {
    // This one may not call the receiver: it leaves delivering to the processes.
    let server = super::stage::open("hookkill").await;
    let desk = Desk::of(&person(&server, "ann").await).await;
    let receiver = Receiver::start().await;
    let webhook = format!("webhook-{}", uuid::Uuid::now_v7());
    // In a claim's hands until the first process stands.
    server
        .sql(
            "insert into webhooks (id, workflow_id, url, secret, events, last_seq, lease_expires_at)
             values ($1, $2, $3, 'a-secret-of-our-own-making', '{comment_added}', 0, now() + interval '1 hour')",
            &[&webhook, &desk.workflow, &receiver.url()],
        )
        .await;
    let ticket = desk.ticket("A ticket").await;
    for n in 0..40 {
        desk.comment(&ticket, &format!("Words {n}")).await;
    }
    let slow = || (0..200).map(|_| ResponseTemplate::new(204).set_delay(std::time::Duration::from_millis(40)));
    receiver.answer(slow());
    // The server in this process would claim it too, and be refused its address.
    server.state.webhooks.stop().await;
    for round in 1..=4 {
        let one = process(&server).await;
        server.sql("update webhooks set lease_expires_at = null", &[]).await;
        let before = receiver.got().len();
        house::eventually("some were told", async || receiver.got().len() >= before + 5).await;
        drop(one);
        let left = server.number("select count(*) from webhooks where lease_expires_at > now()").await;
        assert_eq!(left, 1, "round {round}: the claim outlives its server");
    }
    let _last = process(&server).await;
    // Its claim would end by itself within half a minute.
    server.sql("update webhooks set lease_expires_at = now()", &[]).await;
    house::eventually("everything was taken", async || {
        let shown = desk.owner.get(&format!("/api/webhooks/{webhook}")).await.ok();
        shown["behind"] == 0 && shown["attempt"] == 0
    })
    .await;
    let got = receiver.got();
    let mut first: Vec<i64> = Vec::new();
    let mut repeats = 0;
    for one in &got {
        match first.last() {
            Some(last) if one.seq() <= *last => {
                assert_eq!(one.seq(), *last, "only what was under way is sent again");
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
    assert_eq!(text(&shown(&desk, &webhook).await, "id"), webhook);
}

#[tokio::test]
async fn a_stale_claim_notes_nothing_and_the_log_is_bounded() {
    let server = near("hookstale").await;
    let desk = Desk::of(&person(&server, "ann").await).await;
    server.state.webhooks.stop().await;
    let receiver = Receiver::start().await;
    let (id, _) = hook(&desk, &receiver.url(), json!([])).await;
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
    // A database that was restored has a shorter stream; what it tells from then on is sent.
    server.sql("update webhooks set last_seq = 1000000, lease_expires_at = null", &[]).await;
    server.sql(claim, &[]).await;
    assert_eq!(server.number("select count(*) from webhooks w join streams s on s.stream_id = 'workflow:' || w.workflow_id where s.last_seq = w.last_seq").await, 1);
}
