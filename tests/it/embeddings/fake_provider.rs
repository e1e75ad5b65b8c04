//! A fake provider of OpenAI's embeddings API that fails on demand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// The behavior of the provider.
#[derive(Debug, Clone, PartialEq)]
pub enum Behavior {
    /// Correct responses, with vectors of this many dimensions.
    Healthy(usize),
    /// Correct responses after a delay.
    Slow(Duration),
    /// Accepts the request and never responds.
    Hangs,
    /// Responds with this status.
    Status(u16),
    /// 429 with Retry-After.
    Busy(u64),
    /// Responds with this body to every request.
    FixedBody(String),
    /// Responds with one vector too few.
    OneTooFew,
    /// Refuses texts that contain this word.
    RejectsWord(&'static str),
}

/// The provider.
pub struct FakeProvider {
    server: MockServer,
    shared: Arc<Shared>,
}

struct Shared {
    behavior: Mutex<Behavior>,
    /// The bodies of all requests.
    requests: Mutex<Vec<Value>>,
}

impl FakeProvider {
    /// A provider on a free port.
    pub async fn start(behavior: Behavior) -> Self {
        Self::on(std::net::TcpListener::bind("127.0.0.1:0").expect("a port"), behavior).await
    }

    /// A provider on this port.
    pub async fn on(listener: std::net::TcpListener, behavior: Behavior) -> Self {
        let server = MockServer::builder().listener(listener).start().await;
        let shared = Arc::new(Shared { behavior: Mutex::new(behavior), requests: Mutex::default() });
        let responder = Answers(shared.clone());
        Mock::given(method("POST")).and(path("/v1/embeddings")).respond_with(responder).mount(&server).await;
        Self { server, shared }
    }

    /// Its base URL, as an operator would set it.
    pub fn url(&self) -> String {
        format!("{}/v1", self.server.uri())
    }

    /// Changes the behavior.
    pub fn set_behavior(&self, behavior: Behavior) {
        *self.shared.behavior.lock().expect("the behavior") = behavior;
    }

    /// The bodies of all requests so far.
    pub fn requests(&self) -> Vec<Value> {
        self.shared.requests.lock().expect("the requests").clone()
    }

    /// All texts so far, without those of health checks.
    pub fn texts(&self) -> Vec<String> {
        let texts = |body: &Value| body["input"].as_array().cloned().unwrap_or_default();
        self.requests()
            .iter()
            .flat_map(texts)
            .filter_map(|t| t.as_str().map(str::to_owned))
            .filter(|t| !t.ends_with('?'))
            .collect()
    }

    /// The headers of the requests so far.
    pub async fn header(&self, name: &str) -> Vec<String> {
        let requests = self.server.received_requests().await.unwrap_or_default();
        requests.iter().filter_map(|r| r.headers.get(name)?.to_str().ok().map(str::to_owned)).collect()
    }
}

struct Answers(Arc<Shared>);

impl Respond for Answers {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        self.0.requests.lock().expect("the requests").push(body.clone());
        let texts: Vec<&str> = body["input"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let behavior = self.0.behavior.lock().expect("the behavior").clone();
        match behavior {
            Behavior::Healthy(numbers) => answer(&texts, numbers),
            Behavior::Slow(delay) => answer(&texts, 3).set_delay(delay),
            Behavior::Hangs => answer(&texts, 3).set_delay(Duration::from_secs(600)),
            Behavior::Status(status) => ResponseTemplate::new(status)
                .insert_header("location", "http://127.0.0.1:9/")
                .set_body_json(json!({"error": texts})),
            Behavior::Busy(seconds) => {
                ResponseTemplate::new(429).insert_header("retry-after", seconds.to_string().as_str())
            }
            Behavior::FixedBody(text) => ResponseTemplate::new(200).set_body_string(text),
            Behavior::OneTooFew => answer(&texts[1..], 3),
            Behavior::RejectsWord(word) if texts.iter().any(|text| text.contains(word)) => ResponseTemplate::new(400),
            Behavior::RejectsWord(_) => answer(&texts, 3),
        }
    }
}

/// Vectors that depend on the text, in reverse order.
fn answer(texts: &[&str], numbers: usize) -> ResponseTemplate {
    let mut data: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| {
            let seed = text.bytes().fold(7u32, |seed, byte| seed.wrapping_mul(31).wrapping_add(u32::from(byte)));
            let vector: Vec<f64> = (0..numbers).map(|n| f64::from(seed.rotate_left(n as u32) % 1000) + 1.0).collect();
            json!({"object": "embedding", "index": index, "embedding": vector})
        })
        .collect();
    data.reverse();
    ResponseTemplate::new(200).set_body_json(json!({"object": "list", "data": data, "model": "fake"}))
}
