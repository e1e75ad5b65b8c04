//! The idempotency key of the current request.
//!
//! It belongs to the request's task, so that every write of a handler is stored under it and no handler has to pass it on.
//! [`Db::call`](super::Db::call) stores each answer in the transaction of its change; `sql/logic/00_kernel/idempotency.sql`
//! has the rules.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::{digest, hmac};
use serde::Deserialize;
use serde_json::Value;

use crate::{Error, Result};

/// Maximum length of a key.
pub const MAX_LENGTH: usize = 255;

tokio::task_local! {
    static CURRENT: Arc<KeyedRequest>;
}

/// A request with an idempotency key.
pub struct KeyedRequest {
    key: String,
    secret: hmac::Key,
    content: Mutex<digest::Context>,
    /// How often each function was called, so that a second call of the same one is another step.
    calls: Mutex<HashMap<&'static str, u32>>,
    note: Mutex<Option<String>>,
    replayed: AtomicBool,
}

/// An answer as the database stores it.
#[derive(Deserialize)]
pub(super) struct StoredAnswer<T> {
    pub(super) answer: T,
    note: Option<String>,
    #[serde(default)]
    replayed: bool,
}

impl KeyedRequest {
    /// A request with this key. `content` tells requests apart. `secret`, which only servers know, makes its
    /// secrets, and keeps its stored hash from being guessed.
    pub fn new(key: &str, secret: &str, content: &[&str]) -> Result<Arc<Self>> {
        let key = key.trim();
        if !(1..=MAX_LENGTH).contains(&key.len()) || !key.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ') {
            return Err(Error::invalid("Idempotency-Key", "must have 1 to 255 visible ASCII characters"));
        }
        let mut hash = digest::Context::new(&digest::SHA256);
        add(&mut hash, b's', secret.as_bytes());
        for part in content {
            add(&mut hash, b'-', part.as_bytes());
        }
        Ok(Arc::new(Self {
            key: key.to_owned(),
            secret: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
            content: Mutex::new(hash),
            calls: Mutex::default(),
            note: Mutex::default(),
            replayed: AtomicBool::new(false),
        }))
    }

    /// Runs a request under its key.
    pub async fn scope<F: Future>(self: Arc<Self>, request: F) -> F::Output {
        CURRENT.scope(self, request).await
    }

    /// Whether an answer was repeated instead of made.
    pub fn was_replayed(&self) -> bool {
        self.replayed.load(Ordering::Relaxed)
    }

    /// Adds JSON to the content; the order of its members makes no difference.
    pub fn add_json(&self, value: &Value) {
        add_json(&mut lock(&self.content), value);
    }

    /// 64 hexadecimal digits that only servers can make again from `nonce`, for a secret that is not stored.
    pub fn derive(&self, nonce: &str) -> String {
        hex(hmac::sign(&self.secret, format!("{}\0{nonce}", self.key).as_bytes()).as_ref())
    }

    /// What the next answer is stored with, or the stored one was.
    pub fn note(&self) -> Option<String> {
        lock(&self.note).clone()
    }

    /// Sets the note of the next answer.
    pub fn set_note(&self, note: String) {
        *lock(&self.note) = Some(note);
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }

    pub(super) fn hash(&self) -> Vec<u8> {
        lock(&self.content).clone().finish().as_ref().to_vec()
    }

    /// The name of the next call of a function.
    pub(super) fn step(&self, function: &'static str) -> String {
        let mut calls = lock(&self.calls);
        let count = calls.entry(function).or_default();
        *count += 1;
        format!("{function}#{count}")
    }

    pub(super) fn settle<T>(&self, stored: StoredAnswer<T>) -> T {
        *lock(&self.note) = stored.note;
        self.replayed.fetch_or(stored.replayed, Ordering::Relaxed);
        stored.answer
    }
}

/// The current request, if it has a key.
pub fn current() -> Option<Arc<KeyedRequest>> {
    CURRENT.try_with(Arc::clone).ok()
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Adds a part with its kind and length, so that no two contents have the same bytes.
fn add(hash: &mut digest::Context, kind: u8, bytes: &[u8]) {
    hash.update(&[kind]);
    hash.update(&(bytes.len() as u64).to_be_bytes());
    hash.update(bytes);
}

fn add_json(hash: &mut digest::Context, value: &Value) {
    match value {
        Value::Array(items) => {
            add(hash, b'[', &(items.len() as u64).to_be_bytes());
            items.iter().for_each(|item| add_json(hash, item));
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| name.as_str());
            add(hash, b'{', &(members.len() as u64).to_be_bytes());
            for (name, member) in members {
                add(hash, b':', name.as_bytes());
                add_json(hash, member);
            }
        }
        Value::String(text) => add(hash, b'"', text.as_bytes()),
        plain => add(hash, b'0', plain.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn hash_of(content: &[&str], body: &Value) -> Vec<u8> {
        let request = KeyedRequest::new("k", "secret", content).expect("a key");
        request.add_json(body);
        request.hash()
    }

    #[test]
    fn a_request_is_told_apart_by_its_content_but_not_by_the_order_of_members() {
        let first = hash_of(&["POST", "/a"], &json!({"a": 1, "b": ["x", null]}));
        assert_eq!(first, hash_of(&["POST", "/a"], &json!({"b": ["x", null], "a": 1})));
        for (content, body) in [
            (["POST", "/b"], json!({"a": 1, "b": ["x", null]})),
            (["POST", "/a"], json!({"a": "1", "b": ["x", null]})),
            (["POST", "/a"], json!({"a": 1, "b": ["x"], "c": null})),
            (["POST/", "a"], json!({"a": 1, "b": ["x", null]})),
        ] {
            assert_ne!(first, hash_of(&content, &body), "{content:?} {body}");
        }
    }

    #[test]
    fn keys_are_bounded() {
        for key in ["", " ", "é", "a\tb", &"k".repeat(256)] {
            assert!(KeyedRequest::new(key, "secret", &[]).is_err(), "{key:?}");
        }
        assert!(KeyedRequest::new(&"k".repeat(255), "secret", &[]).is_ok());
    }

    #[test]
    fn each_call_of_a_function_is_a_step() {
        let request = KeyedRequest::new("k", "secret", &[]).expect("a key");
        assert_eq!([request.step("a"), request.step("b"), request.step("a")], ["a#1", "b#1", "a#2"]);
        assert_ne!(request.derive("nonce"), KeyedRequest::new("k", "other", &[]).expect("a key").derive("nonce"));
    }
}
