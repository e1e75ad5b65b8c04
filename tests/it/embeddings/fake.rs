//! A provider that speaks OpenAI's embeddings API and misbehaves on demand.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

/// How it behaves.
#[derive(Debug, Clone, PartialEq)]
pub enum Mood {
    /// As it should, with vectors of so many numbers.
    Well(usize),
    /// As it should, after a while.
    Slow(Duration),
    /// Takes the request and says nothing.
    Hangs,
    /// Answers this status.
    Status(u16),
    /// 429 with Retry-After.
    Busy(u64),
    /// Answers this body to everything.
    Says(String),
    /// Answers one vector too few.
    OneTooFew,
    /// Refuses texts that hold this word.
    Dislikes(&'static str),
}

/// The provider.
pub struct Fake {
    server: MockServer,
    shared: Arc<Shared>,
}

struct Shared {
    mood: Mutex<Mood>,
    /// The bodies of all requests.
    asked: Mutex<Vec<Value>>,
}

impl Fake {
    /// A provider on a port of its own.
    pub async fn start(mood: Mood) -> Self {
        Self::on(std::net::TcpListener::bind("127.0.0.1:0").expect("a port"), mood).await
    }

    /// A provider on this port.
    pub async fn on(listener: std::net::TcpListener, mood: Mood) -> Self {
        let server = MockServer::builder().listener(listener).start().await;
        let shared = Arc::new(Shared { mood: Mutex::new(mood), asked: Mutex::default() });
        let responder = Answers(shared.clone());
        Mock::given(method("POST")).and(path("/v1/embeddings")).respond_with(responder).mount(&server).await;
        Self { server, shared }
    }

    /// Its address, as an operator states it.
    pub fn url(&self) -> String {
        format!("{}/v1", self.server.uri())
    }

    /// Behaves otherwise from now on.
    pub fn is(&self, mood: Mood) {
        *self.shared.mood.lock().expect("the mood") = mood;
    }

    /// The bodies of all requests so far.
    pub fn asked(&self) -> Vec<Value> {
        self.shared.asked.lock().expect("the requests").clone()
    }

    /// All texts so far, without those that only try whether it is there.
    pub fn texts(&self) -> Vec<String> {
        let texts = |body: &Value| body["input"].as_array().cloned().unwrap_or_default();
        self.asked()
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
        self.0.asked.lock().expect("the requests").push(body.clone());
        let texts: Vec<&str> = body["input"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        let mood = self.0.mood.lock().expect("the mood").clone();
        match mood {
            Mood::Well(numbers) => answer(&texts, numbers),
            Mood::Slow(delay) => answer(&texts, 3).set_delay(delay),
            Mood::Hangs => answer(&texts, 3).set_delay(Duration::from_secs(600)),
            Mood::Status(status) => ResponseTemplate::new(status)
                .insert_header("location", "http://127.0.0.1:9/")
                .set_body_json(json!({"error": texts})),
            Mood::Busy(seconds) => {
                ResponseTemplate::new(429).insert_header("retry-after", seconds.to_string().as_str())
            }
            Mood::Says(text) => ResponseTemplate::new(200).set_body_string(text),
            Mood::OneTooFew => answer(&texts[1..], 3),
            Mood::Dislikes(word) if texts.iter().any(|text| text.contains(word)) => ResponseTemplate::new(400),
            Mood::Dislikes(_) => answer(&texts, 3),
        }
    }
}

/// Vectors that depend on the text, the last one first.
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
