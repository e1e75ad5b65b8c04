//! Webhooks over HTTP: owner permissions, deliveries, and blocked addresses.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::fixtures::{TestWorkflow, add_member, open, signed_in_user, text};
use crate::client::{Server, server_with};
use crate::harness;

/// A receiver that records requests and returns the configured responses.
pub struct Receiver {
    server: MockServer,
    shared: Arc<Shared>,
}

struct Shared {
    got: Mutex<Vec<ReceivedRequest>>,
    /// The queued responses; 204 when the queue is empty.
    answers: Mutex<Vec<ResponseTemplate>>,
}

/// One received request.
#[derive(Debug, Clone)]
pub struct ReceivedRequest {
    /// `webhook-id`.
    pub id: String,
    /// `webhook-timestamp`.
    pub timestamp: String,
    /// `webhook-signature`.
    pub signature: String,
    /// The raw body.
    pub body: String,
    /// The path.
    pub path: String,
}

impl ReceivedRequest {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// The sequence number of the event.
    pub fn seq(&self) -> i64 {
        self.json()["seq"].as_i64().expect("a number")
    }
}

struct Answers(Arc<Shared>);

impl Respond for Answers {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let header =
            |name: &str| request.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned).unwrap_or_default();
        assert_eq!(header("content-type"), "application/json");
        self.0.got.lock().expect("the list").push(ReceivedRequest {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
            body: String::from_utf8(request.body.clone()).expect("UTF-8"),
            path: request.url.path().to_owned(),
        });
        let mut answers = self.0.answers.lock().expect("the answers");
        if answers.is_empty() { ResponseTemplate::new(204) } else { answers.remove(0) }
    }
}

impl Receiver {
    /// Starts a receiver on a free port.
    pub async fn start() -> Self {
        let server = MockServer::start().await;
        let shared = Arc::new(Shared { got: Mutex::default(), answers: Mutex::default() });
        Mock::given(method("POST")).respond_with(Answers(shared.clone())).mount(&server).await;
        Self { server, shared }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("{}/hook", self.server.uri())
    }

    /// The requests received so far.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.shared.got.lock().expect("the list").clone()
    }

    /// Queues responses.
    pub fn answer(&self, answers: impl IntoIterator<Item = ResponseTemplate>) {
        self.shared.answers.lock().expect("the answers").extend(answers);
    }
}

/// A server that may call private addresses, so that it reaches the test's receivers.
pub async fn server_with_private_webhooks(hint: &str) -> Server {
    server_with(hint, &["--request-rate", "1000000", "--webhook-allow-private", "true"], Vec::new()).await
}

/// Creates a webhook; returns its id and secret.
pub async fn create_webhook(fixture: &TestWorkflow, url: &str, events: Value) -> (String, String) {
    let body = json!({"workflow_id": fixture.workflow, "url": url, "events": events});
    let made = fixture.owner.post("/api/webhooks", body).await.created();
    (text(&made, "id"), text(&made, "secret"))
}

/// Whether one of the signatures of a request is made with a secret.
pub fn verify_any(secret: &str, got: &ReceivedRequest) -> bool {
    let engine = base64::engine::general_purpose::STANDARD;
    let key = engine.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &key);
    let signed = format!("{}.{}.{}", got.id, got.timestamp, got.body);
    got.signature.split(' ').any(|one| {
        let signature = engine.decode(one.strip_prefix("v1,").expect("a version")).expect("base64");
        aws_lc_rs::hmac::verify(&key, signed.as_bytes(), &signature).is_ok()
    })
}

/// Verifies the signature of a request.
fn verify(secret: &str, got: &ReceivedRequest) {
    let engine = base64::engine::general_purpose::STANDARD;
    let key = engine.decode(secret.strip_prefix("whsec_").expect("a secret")).expect("base64");
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &key);
    let signed = format!("{}.{}.{}", got.id, got.timestamp, got.body);
    let signature = engine.decode(got.signature.strip_prefix("v1,").expect("a version")).expect("base64");
    aws_lc_rs::hmac::verify(&key, signed.as_bytes(), &signature).expect("the signature fits");
    let age = jiff::Timestamp::now().as_second() - got.timestamp.parse::<i64>().expect("a time");
    assert!((0..60).contains(&age), "{age}");
    assert!(!got.id.contains('.'), "{}", got.id);
}

#[tokio::test]
async fn receivers_get_the_stream_in_order_and_signed() {
    let server = server_with_private_webhooks("hooks").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let (all, moves) = (Receiver::start().await, Receiver::start().await);
    fixture.ticket("Before anybody listened").await;
    let (_, secret) = create_webhook(&fixture, &all.url(), json!([])).await;
    let (picky, _) = create_webhook(&fixture, &moves.url(), json!(["status_changed", "ticket_resolved"])).await;
    let ticket = fixture.ticket("A ticket").await;
    for n in 0..30 {
        fixture.comment(&ticket, &format!("Words {n}")).await;
    }
    fixture.move_to(&ticket, "done").await.ok();

    let events = format!("/api/workflows/{}/events?since=0", fixture.workflow);
    let answer = fixture.owner.get(&events).await.ok();
    let listed = answer["events"].as_array().expect("events");
    let from = listed.iter().position(|e| e["type"] == "webhook_created").expect("the webhook itself");
    let wanted = &listed[from..];
    harness::eventually("every event was delivered", async || all.requests().len() >= wanted.len()).await;
    let got = all.requests();
    // The same events in the same order, each once.
    assert_eq!(got.iter().map(ReceivedRequest::json).collect::<Vec<_>>(), wanted);
    got.iter().for_each(|one| verify(&secret, one));
    let mut ids: Vec<&str> = got.iter().map(|one| one.id.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), got.len(), "each event has an id");
    harness::eventually("the moves were delivered", async || moves.requests().len() == 2).await;
    let types: Vec<Value> = moves.requests().iter().map(|one| one.json()["type"].clone()).collect();
    assert_eq!(types, ["status_changed", "ticket_resolved"]);
    // No event contains secrets or URLs.
    let received = answer.to_string();
    assert!(!received.contains(&secret) && !received.contains("127.0.0.1"));

    let path = format!("/api/webhooks/{picky}");
    harness::eventually("the cursor stands at the end", async || {
        let shown = fixture.owner.get(&path).await.ok();
        shown["behind"] == 0 && shown["last_seq"] == answer["last_seq"]
    })
    .await;
    let log = fixture.owner.get(&format!("{path}/deliveries?limit=1")).await.ok();
    let newest = &log["deliveries"][0];
    assert_eq!((&newest["event_type"], &newest["delivered"]), (&json!("ticket_resolved"), &json!(true)));
    assert_eq!((&newest["status_code"], &newest["attempt"], &newest["error"]), (&json!(204), &json!(1), &Value::Null));
    assert_eq!((&newest["message_id"], &log["has_more"]), (&json!(moves.requests()[1].id), &json!(true)));
    let next = fixture.owner.get(&format!("{path}/deliveries?cursor={}", text(&log, "next_cursor"))).await.ok();
    assert_eq!(next["deliveries"][0]["event_type"], "status_changed");
    assert_eq!((next["deliveries"].as_array().map(Vec::len), &next["has_more"]), (Some(1), &json!(false)));
}

#[tokio::test]
async fn webhooks_belong_to_owners() {
    let server = server_with_private_webhooks("hookowners").await;
    let (ann, ben, sue) = (
        signed_in_user(&server, "ann").await,
        signed_in_user(&server, "ben").await,
        signed_in_user(&server, "sue").await,
    );
    let fixture = TestWorkflow::of(&ann).await;
    add_member(&ann, &fixture.workflow, &ben, "member").await;
    let receiver = Receiver::start().await;
    let (id, secret) = create_webhook(&fixture, &receiver.url(), json!(["comment_added", "comment_added"])).await;
    let path = format!("/api/webhooks/{id}");
    let list = format!("/api/webhooks?workflow_id={}", fixture.workflow);
    let shown = ann.get(&path).await.ok();
    assert_eq!(
        (&shown["url"], &shown["events"], &shown["active"]),
        (&json!(receiver.url()), &json!(["comment_added"]), &json!(true))
    );
    assert!(!shown.to_string().contains(&secret) && shown.get("secret").is_none());
    let mut listed = ann.get(&list).await.ok()["webhooks"].take();
    // Delivery advances between the two requests.
    for progress in ["last_seq", "behind"] {
        listed[0][progress] = shown[progress].clone();
    }
    assert_eq!(listed, json!([shown]));
    let body = json!({"workflow_id": fixture.workflow, "url": receiver.url()});
    for (who, status) in [(&ben, 403), (&sue, 404)] {
        for answer in [
            who.get(&list).await,
            who.get(&path).await,
            who.post("/api/webhooks", body.clone()).await,
            who.patch(&path, json!({"active": false})).await,
            who.patch(&path, json!({"url": "http://localhost/"})).await,
            who.post(&format!("{path}/test"), json!({})).await,
            who.post(&format!("{path}/resume"), json!({})).await,
            who.get(&format!("{path}/deliveries")).await,
            who.delete(&path).await,
        ] {
            answer.refused(status);
        }
    }
    // A test delivery ignores the event filter and works while the webhook is stopped.
    let off = ann.patch(&path, json!({"active": false, "events": ["app_ready"]})).await.ok();
    assert_eq!((&off["active"], &off["disabled_reason"]), (&json!(false), &json!("switched off by ann.")));
    let tested = ann.post(&format!("{path}/test"), json!({})).await.ok();
    assert_eq!((&tested["success"], &tested["status_code"]), (&json!(true), &json!(204)));
    let got = receiver.requests();
    assert_eq!(
        (got.len(), &got[0].json()["type"], &got[0].id),
        (1, &json!("webhook_test"), &text(&tested, "message_id"))
    );
    verify(&secret, &got[0]);
    receiver.answer([ResponseTemplate::new(500)]);
    let tested = ann.post(&format!("{path}/test"), json!({})).await.ok();
    assert_eq!((&tested["success"], &tested["message"]), (&json!(false), &json!("The receiver answered 500.")));
    // Test deliveries do not move the cursor.
    assert_eq!(ann.get(&path).await.ok(), off);

    for (field, more) in [
        ("events", json!({"events": ["Not a type"]})),
        ("secret", json!({"secret": "too-short"})),
        ("secret", json!({"secret": format!("whsec_{}", "!".repeat(40))})),
        ("url", json!({"url": "ftp://example.org/"})),
        ("url", json!({"url": "http://ann:secret@example.org/"})),
        ("url", json!({"url": format!("https://example.org/{}", "x".repeat(2000))})),
    ] {
        let mut whole = body.clone();
        super::fixtures::merge(&mut whole, &more);
        let answer = ann.post("/api/webhooks", whole).await;
        assert_eq!(answer.json["errors"][0]["field"], field, "{more}: {}", answer.json);
        answer.refused(422);
    }
    for _ in 1..20 {
        create_webhook(&fixture, &receiver.url(), json!(["app_ready"])).await;
    }
    assert_eq!(ann.post("/api/webhooks", body).await.refused(409), "conflict");
    assert_eq!(ann.delete(&path).await.status, 204);
    ann.get(&path).await.refused(404);
}

#[tokio::test]
async fn private_addresses_are_not_called() {
    let server = open("ssrf").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let receiver = Receiver::start().await;
    let port = receiver.url().rsplit(':').next().and_then(|rest| rest.split('/').next()).expect("a port").to_owned();
    let (made, _) = create_webhook(&fixture, "https://93.184.216.34/hook", json!(["app_ready"])).await;
    for host in [
        "127.0.0.1",
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "[fe80::1]",
        "[fc00::1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "127.0.0.1.",
        "LOCALHOST",
        "①②⑦.0.0.1",
    ] {
        let url = format!("http://{host}:{port}/hook");
        let body = json!({"workflow_id": fixture.workflow, "url": url});
        let answer = fixture.owner.post("/api/webhooks", body).await;
        assert_eq!((answer.status, &answer.json["errors"][0]["field"]), (422, &json!("url")), "{url}: {}", answer.json);
        let answer = fixture.owner.patch(&format!("/api/webhooks/{made}"), json!({"url": url})).await;
        assert_eq!(answer.status, 422, "{url}: {}", answer.json);
    }
    // A private address stored by other means, or reached through changed DNS, is refused at delivery time.
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"] {
        let url = format!("http://{host}:{port}/hook");
        server
            .sql(
                "update webhooks set url = $1, events = '{}', attempt = 0, not_before = now(), lease_expires_at = null where id = $2",
                &[&url, &made],
            )
            .await;
        fixture.ticket("Something happens").await;
        let log = format!("/api/webhooks/{made}/deliveries?limit=1");
        harness::eventually("it was tried", async || {
            server.number("select count(*) from webhooks where attempt > 0").await > 0
        })
        .await;
        let newest = fixture.owner.get(&log).await.ok()["deliveries"][0].clone();
        assert_eq!((&newest["delivered"], &newest["status_code"]), (&json!(false), &Value::Null), "{url}");
        assert!(newest["error"].as_str().is_some_and(|why| why.contains("loopback")), "{url}: {newest}");
        let tested = fixture.owner.post(&format!("/api/webhooks/{made}/test"), json!({})).await.ok();
        assert_eq!(tested["success"], false, "{url}");
    }
    assert!(receiver.requests().is_empty(), "{:?}", receiver.requests());
}

#[tokio::test]
async fn slow_and_verbose_receivers_are_tolerated() {
    let server = server_with_private_webhooks("slowhook").await;
    let fixture = TestWorkflow::of(&signed_in_user(&server, "ann").await).await;
    let receiver = Receiver::start().await;
    let (id, _) = create_webhook(&fixture, &receiver.url(), json!([])).await;
    harness::eventually("the first event was delivered", async || receiver.requests().len() == 1).await;
    let flood = ResponseTemplate::new(200).set_body_bytes(vec![b'x'; 20 << 20]);
    receiver.answer([flood, ResponseTemplate::new(200).set_delay(Duration::from_secs(60))]);
    let test = format!("/api/webhooks/{id}/test");
    assert_eq!(fixture.owner.post(&test, json!({})).await.ok()["success"], true);
    let slow = fixture.owner.post(&test, json!({})).await.ok();
    assert_eq!((&slow["success"], &slow["message"]), (&json!(false), &json!("The receiver did not answer in time.")));
}
