//! Faults of an HTTP provider: writes are unaffected, search reports the reason for missing vectors, and
//! after recovery everything is embedded, with vectors of one size.

use std::time::{Duration, Instant};

use callboard::domain::embeddings::{Absent, Embeddings, Settings};
use serde_json::json;

use super::fake_provider::{Behavior, FakeProvider};
use crate::client::{Server, config, server_with};
use crate::harness::eventually;
use crate::http::fixtures::{TestWorkflow, signed_in_user};

/// The time budget of a request for a vector.
const BUDGET: Duration = Duration::from_millis(300);

/// How long the server waits for the provider, far longer than a write takes on a busy machine.
const PROVIDER_TIMEOUT: Duration = Duration::from_secs(5);

/// A query that is asked while the provider fails.
const QUERY_DURING_FAULT: &str = "asked during the fault";

/// Flags of a server with this provider.
fn flags<'a>(url: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut flags = vec!["--request-rate", "1000000", "--embedding-provider", "openai", "--embedding-base-url", url];
    flags.extend(["--embedding-api-key", "canary-key", "--embedding-timeout", "5", "--embedding-model", "fake"]);
    flags.extend(more);
    flags
}

async fn server(hint: &str, url: &str, more: &[&str]) -> Server {
    server_with(hint, &flags(url, more), Vec::new()).await
}

async fn embedded(server: &Server, count: i64) {
    eventually("everything is embedded", async || {
        server.number("select count(*) from ticket_embeddings").await == count
            && server.number("select count(*) from embedding_queue").await == 0
    })
    .await;
    assert_eq!(server.number("select count(*) from ticket_embeddings where vector_dims(embedding) <> 3").await, 0);
}

/// Starts with a fault, then recovers.
async fn recovers(hint: &str, fault: Behavior, why: &str) {
    let fake = FakeProvider::start(fault).await;
    let server = server(hint, &fake.url(), &["--embedding-dimensions", "3"]).await;
    assert_recovery(&server, why, || fake.set_behavior(Behavior::Healthy(3))).await;
    assert!(!fake.texts().iter().any(|text| text == QUERY_DURING_FAULT), "requests called the failing provider");
}

async fn assert_recovery(server: &Server, why: &str, heal: impl FnOnce()) {
    let embeddings = &server.state.embeddings;
    let fixture = TestWorkflow::of(&signed_in_user(server, "ada").await).await;
    eventually("the model is known", async || server.number("select count(*) from embedding_models").await == 1).await;
    let mut slowest = Duration::ZERO;
    for n in 0..20 {
        let started = Instant::now();
        let ticket = fixture.ticket(&format!("Ticket number {n}")).await;
        slowest = slowest.max(started.elapsed());
        assert!(!embeddings.embed_now(&ticket, Duration::from_millis(30)).await);
    }
    assert!(slowest < PROVIDER_TIMEOUT, "a write waited for the provider: {slowest:?}");
    // Requests that came too late may be noticed before the call of the queue ends.
    let detail = || embeddings.status().detail.unwrap_or_default();
    eventually("the dead peer is detected", async || embeddings.status().state == "failing" && detail().contains(why))
        .await;
    assert!(!detail().contains("Ticket number") && !detail().contains("canary"), "{}", detail());
    let absent = embeddings.query(QUERY_DURING_FAULT, BUDGET).await.expect_err("no vector");
    assert!(matches!(absent, Absent::Failing(_)), "{absent:?}");
    assert_eq!(server.number("select count(*) from ticket_embeddings").await, 0);
    server.anonymous().get("/ready").await.ok();

    heal();
    embedded(server, 20).await;
    eventually("requests are served", async || embeddings.query("anything", BUDGET).await.is_ok()).await;
    assert_eq!(embeddings.status().state, "working");
}

#[tokio::test]
async fn recovers_from_status_500() {
    recovers("five_hundred", Behavior::Status(500), "answers 500").await;
}

#[tokio::test]
async fn recovers_from_a_hanging_provider() {
    recovers("hangs", Behavior::Hangs, "not answer in time").await;
}

#[tokio::test]
async fn recovers_from_a_rate_limit() {
    recovers("busy", Behavior::Busy(1), "too often").await;
}

#[tokio::test]
async fn recovers_from_an_unknown_key() {
    recovers("key", Behavior::Status(401), "does not accept the key").await;
}

#[tokio::test]
async fn recovers_from_redirects() {
    recovers("redirect", Behavior::Status(307), "redirects are not followed").await;
}

#[tokio::test]
async fn recovers_from_vectors_of_another_size() {
    recovers("size", Behavior::Healthy(4), "4 numbers where the model has 3").await;
}

#[tokio::test]
async fn recovers_from_the_wrong_number_of_vectors() {
    recovers("count", Behavior::OneTooFew, "vectors for").await;
}

#[tokio::test]
async fn recovers_from_invalid_numbers() {
    let body = r#"{"data": [{"index": 0, "embedding": [NaN, 1, 2]}]}"#;
    recovers("nan", Behavior::FixedBody(body.to_owned()), "something else than vectors").await;
}

#[tokio::test]
async fn recovers_from_endless_responses() {
    recovers("endless", Behavior::FixedBody(" ".repeat(2_000_000)), "It answered more than").await;
}

#[tokio::test]
async fn recovers_from_an_unreachable_provider() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    let server = server("refused", &format!("http://{address}/v1"), &["--embedding-dimensions", "3"]).await;
    let (heal, healed) = tokio::sync::oneshot::channel();
    let fake = tokio::spawn(async move {
        healed.await.expect("a sign");
        FakeProvider::on(std::net::TcpListener::bind(address).expect("the port"), Behavior::Healthy(3)).await
    });
    assert_recovery(&server, "cannot be reached", || heal.send(()).expect("a waiting receiver")).await;
    drop(fake.await);
}

#[tokio::test]
async fn a_refused_text_does_not_block_others() {
    let fake = FakeProvider::start(Behavior::RejectsWord("poison")).await;
    let server = server("poison", &fake.url(), &["--embedding-dimensions", "3"]).await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ada").await).await;
    for n in 0..10 {
        fixture.ticket(&format!("Ticket {n} {}", if n % 4 == 1 { "poison" } else { "" })).await;
    }
    eventually("the others are embedded", async || {
        server.number("select count(*) from ticket_embeddings").await == 7
            && server
                .number("select count(*) from embedding_queue where last_error like '%refuses the text (400)%'")
                .await
                == 3
    })
    .await;
    assert_eq!(server.state.embeddings.status().state, "working");
    assert!(server.state.embeddings.query("anything", Duration::from_secs(20)).await.is_ok());
    // A text too long for the model is truncated.
    let long = format!("{} poison", "word ".repeat(600));
    fixture.ticket_with("A long ticket", json!({"description": long})).await;
    eventually("its beginning is embedded", async || {
        server.number("select count(*) from ticket_embeddings").await == 8
    })
    .await;
}

#[tokio::test]
async fn a_slow_provider_is_not_awaited_repeatedly() {
    let fake = FakeProvider::start(Behavior::Slow(Duration::from_millis(400))).await;
    let server = server("slow", &fake.url(), &["--embedding-dimensions", "3"]).await;
    let embeddings = &server.state.embeddings;
    eventually("it works", async || embeddings.status().state == "working").await;
    let mut late = 0;
    eventually("requests stop asking", async || {
        match embeddings.query(&format!("query {late}"), Duration::from_millis(20)).await {
            Err(Absent::Late) => late += 1,
            Err(Absent::Failing(why)) => return why.contains("slowly"),
            other => panic!("{other:?}"),
        }
        false
    })
    .await;
    assert_eq!(late, 3);
    // A late result is cached for the next identical query.
    eventually("the search is stored", async || embeddings.query("query 0", Duration::ZERO).await.is_ok()).await;
    // The queue has no such time limit.
    TestWorkflow::of(&signed_in_user(&server, "ada").await).await.ticket("A ticket").await;
    embedded(&server, 1).await;
}

#[tokio::test]
async fn requests_follow_the_settings() {
    let fake = FakeProvider::start(Behavior::Healthy(5)).await;
    let server = server("request", &fake.url(), &["--embedding-batch", "4"]).await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ada").await).await;
    for n in 0..9 {
        fixture.ticket(&format!("Ticket {n}")).await;
    }
    eventually("everything is embedded", async || server.number("select count(*) from ticket_embeddings").await == 9)
        .await;
    assert_eq!(server.number("select dimensions from embedding_models where name = 'openai/fake'").await, 5);
    let asked = fake.requests();
    for body in &asked {
        assert_eq!((&body["model"], body.get("dimensions")), (&json!("fake"), None));
        assert!(body["input"].as_array().is_some_and(|texts| (1..=4).contains(&texts.len())), "{body}");
    }
    assert!(fake.header("authorization").await.iter().all(|value| value == "Bearer canary-key"));
    // Vectors are normalized to length 1.
    let odd = "select count(*) from ticket_embeddings where abs(l2_norm(embedding) - 1) > 0.01";
    assert_eq!(server.number(odd).await, 0);
    // The same name with other dimensions is reported to the operator, and vectors are not mixed.
    fake.set_behavior(Behavior::Healthy(6));
    let other = server.second_server(&flags(&fake.url(), &[])).await;
    eventually("the change is reported", async || {
        other.state.embeddings.status().detail.is_some_and(|why| why.contains("CALLBOARD_EMBEDDING_DIMENSIONS"))
    })
    .await;
    assert_eq!(server.number("select count(*) from embedding_models").await, 1);
}

#[tokio::test]
async fn many_servers_share_the_queue_and_a_new_model_takes_over() {
    let fake = FakeProvider::start(Behavior::Healthy(3)).await;
    let url = fake.url();
    let off = server_with("nodes", &["--embedding-provider", "none", "--request-rate", "1000000"], Vec::new()).await;
    let fixture = TestWorkflow::of(&signed_in_user(&off, "ada").await).await;
    for n in 0..60 {
        fixture.ticket(&format!("Ticket {n}")).await;
    }
    let with = flags(&url, &["--embedding-dimensions", "3", "--embedding-batch", "5"]);
    let nodes = futures_util::future::join_all((0..5).map(|_| off.second_server(&with))).await;
    embedded(&off, 60).await;
    assert_eq!(fake.texts().len(), 60, "each ticket was embedded once");
    let before = nodes[0].state.embeddings.query("anything", Duration::from_secs(20)).await.expect("a vector");

    // One server restarts with another model: it builds that one and keeps querying the old one.
    let newer = off.second_server(&flags(&url, &["--embedding-dimensions", "4", "--embedding-batch", "1"])).await;
    fake.set_behavior(Behavior::Slow(Duration::from_millis(5)));
    eventually("the new model is known", async || server_count(&off, "building").await == 1).await;
    eventually("the old one serves meanwhile", async || {
        newer.state.embeddings.query("something", Duration::from_secs(20)).await.is_ok_and(|v| v.model == before.model)
    })
    .await;
    fake.set_behavior(Behavior::Healthy(4));
    eventually("the new one serves", async || server_count(&off, "retired").await == 1).await;
    assert_eq!(server_count(&off, "building").await, 0);
    eventually("requests ask the new one", async || {
        newer.state.embeddings.query("something", Duration::from_secs(20)).await.is_ok_and(|v| v.model != before.model)
    })
    .await;
    let sizes = "select count(*) from ticket_embeddings e join embedding_models m on m.id = e.model_id
                  where vector_dims(e.embedding) <> m.dimensions";
    assert_eq!(off.number(sizes).await, 0);
}

async fn server_count(server: &Server, state: &str) -> i64 {
    server.sql("select count(*) from embedding_models where state = $1", &[&state]).await[0].get(0)
}

/// The embedding task of a second server on the same database.
fn drain(server: &Server, settings: &Settings) -> tokio::task::JoinHandle<()> {
    let embeddings = Embeddings::new(server.state.db.clone(), settings.clone()).expect("embeddings");
    tokio::spawn(async move { embeddings.run().await })
}

#[tokio::test]
async fn claims_of_a_dead_server_are_taken_over() {
    let fake = FakeProvider::start(Behavior::Hangs).await;
    let server = server_with("dead", &["--embedding-provider", "none"], Vec::new()).await;
    TestWorkflow::of(&signed_in_user(&server, "ada").await).await.ticket("Begun and not finished").await;
    let url = fake.url();
    let mut settings = Settings::of(&config(&flags(&url, &["--embedding-dimensions", "3"]))).expect("settings");
    (settings.lease, settings.timeout) = (Duration::from_secs(1), Duration::from_secs(60));
    let first = drain(&server, &settings);
    eventually("it has begun", async || !fake.texts().is_empty()).await;
    first.abort();
    fake.set_behavior(Behavior::Healthy(3));
    let second = drain(&server, &settings);
    embedded(&server, 1).await;
    second.abort();
}

#[tokio::test]
async fn invalid_settings_are_refused_in_a_sentence() {
    for (more, why) in [
        (["--embedding-base-url", "not an address"], "BASE_URL"),
        (["--embedding-base-url", "https://user:canary@example.org/v1"], "password"),
        (["--embedding-base-url", "file:///etc/passwd"], "BASE_URL"),
        (["--embedding-dimensions", "5000"], "4000"),
        (["--embedding-api-key", "two\nlines"], "characters"),
    ] {
        let flags = [["--embedding-provider", "openai"].as_slice(), &more].concat();
        let server = Settings::of(&config(&flags));
        let refusal = match server {
            Err(error) => error.to_string(),
            Ok(settings) => {
                let pool = callboard::db::pool::pool("postgres:///none", 1, BUDGET).expect("a pool");
                Embeddings::new(callboard::db::Db::new(pool), settings).expect_err("refused").to_string()
            }
        };
        assert!(refusal.contains(why) && !refusal.contains("canary"), "{refusal}");
    }
}
