//! Users and a board for HTTP tests. Credentials are inserted directly into the database:
//! password hashing has its own tests and would make these slow.
#![allow(dead_code)]

use std::collections::BTreeMap;

use callboard::domain::accounts::keys;
use reqwest::Method;
use serde_json::{Value, json};

use crate::client::{Answer, Client, Server, server_with};

/// A cheap hash that matches no password.
const NO_PASSWORD: &str = "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// A server without an effective rate limit.
pub async fn open(hint: &str) -> Server {
    server_with(hint, &["--request-rate", "1000000"], Vec::new()).await
}

/// Creates a user and returns a signed-in client.
pub async fn signed_in_user(server: &Server, name: &str) -> Client {
    let id = format!("user-{}", uuid::Uuid::now_v7());
    let session = format!("session-{}", uuid::Uuid::now_v7());
    let email = format!("{name}@example.org");
    server.sql("insert into actors (id, kind, name) values ($1, 'user', $2)", &[&id, &name]).await;
    server
        .sql("insert into users (actor_id, email, password_hash) values ($1, $2, $3)", &[&id, &email, &NO_PASSWORD])
        .await;
    server
        .sql(
            "insert into sessions (id, actor_id, expires_at) values ($1, $2, now() + interval '1 day')",
            &[&session, &id],
        )
        .await;
    let token = server.state.accounts.tokens().issue(&id, &session).expect("a token");
    let mut client = server.bearer(&token);
    client.id = id;
    client
}

/// A service of the server's first user, with an API key of these scopes.
pub async fn service_client(server: &Server, id: &str, scopes: &[&str]) -> Client {
    server
        .sql(
            "insert into actors (id, kind, name, owner_id) values ($1, 'service', $1,
                 (select id from actors where kind = 'user' order by created_at, id limit 1)) on conflict do nothing",
            &[&id],
        )
        .await;
    let key = keys::generate().expect("a key");
    let scopes: Vec<String> = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    server
        .sql(
            "insert into api_keys (id, actor_id, name, secret_hash, scopes) values ($1, $2, 'a key', $3, $4)",
            &[&key.id, &id, &key.hash, &scopes],
        )
        .await;
    let mut client = server.bearer(&key.key);
    client.id = id.to_owned();
    client
}

/// Makes an actor a member; a person who does not know the owner yet accepts the invitation.
pub async fn add_member(owner: &Client, workflow: &str, actor: &Client, role: &str) {
    add_member_of(owner, workflow, actor, role, actor).await;
}

/// Makes an actor a member; `decider`, its owner, accepts the invitation.
pub async fn add_member_of(owner: &Client, workflow: &str, actor: &Client, role: &str, decider: &Client) {
    let put = owner.put(&format!("/api/workflows/{workflow}/members/{}", actor.id), json!({"role": role})).await;
    match put.status {
        202 => {
            let accept = format!("/api/membership-invitations/{}/accept", text(&put.json, "invitation_id"));
            assert_eq!(decider.post(&accept, json!({})).await.ok()["accepted"], true);
        }
        _ => drop(put.ok()),
    }
}

/// A user and a workflow owned by that user.
pub struct TestWorkflow {
    /// The owner.
    pub owner: Client,
    /// The workflow's id.
    pub workflow: String,
}

impl TestWorkflow {
    /// Creates a workflow with a development board for a user.
    pub async fn of(owner: &Client) -> Self {
        let made = owner.post("/api/workflows", json!({"name": "Work"})).await.created();
        Self { owner: owner.clone(), workflow: text(&made, "id") }
    }

    /// Creates a ticket; returns its id.
    pub async fn ticket(&self, title: &str) -> String {
        self.ticket_with(title, json!({})).await
    }

    /// Creates a ticket with additional fields.
    pub async fn ticket_with(&self, title: &str, more: Value) -> String {
        let mut body = json!({"workflow_id": self.workflow, "title": title, "description": "A description."});
        merge(&mut body, &more);
        text(&self.owner.post("/api/tickets/create", body).await.ok(), "ticket_id")
    }

    /// A ticket with all its details.
    pub async fn read(&self, ticket: &str) -> Value {
        self.owner.get(&format!("/api/tickets/{ticket}")).await.ok()
    }

    /// Adds a comment; returns its id.
    pub async fn comment(&self, ticket: &str, words: &str) -> String {
        let body = json!({"ticket_id": ticket, "comment_text": words});
        text(&self.owner.post("/api/tickets/comment", body).await.ok(), "comment_id")
    }

    /// Moves a ticket.
    pub async fn move_to(&self, ticket: &str, status: &str) -> Answer {
        self.owner.post("/api/tickets/change-status", json!({"ticket_id": ticket, "new_status": status})).await
    }
}

/// A member of a response that must be a string.
#[track_caller]
pub fn text(answer: &Value, member: &str) -> String {
    answer[member].as_str().unwrap_or_else(|| panic!("{member} in {answer}")).to_owned()
}

/// Merges members into an object.
pub fn merge(into: &mut Value, more: &Value) {
    for (name, value) in more.as_object().expect("an object") {
        into[name] = value.clone();
    }
}

/// The response with values that differ from run to run (ids, times, ranks, durations) redacted, and members
/// sorted by name.
pub fn redacted(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(redact(text)),
        Value::Array(items) => items.iter().map(redacted).collect(),
        Value::Object(members) => {
            let plain = members.iter().map(|(name, value)| {
                let plain = match (name.as_str(), value) {
                    (_, Value::Null) => Value::Null,
                    ("rank", _) => json!("[rank]"),
                    ("search_time_ms", _) => json!("[ms]"),
                    _ => redacted(value),
                };
                (redact(name), plain)
            });
            plain.collect::<BTreeMap<_, _>>().into_iter().collect()
        }
        other => other.clone(),
    }
}

/// A text with UUIDs and times redacted.
pub fn redact(text: &str) -> String {
    if text.len() >= 20 && text.as_bytes()[4] == b'-' && text.as_bytes()[10] == b'T' && text[..4].parse::<u16>().is_ok()
    {
        return "[time]".to_owned();
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = (0..rest.len()).find(|at| {
        rest.is_char_boundary(*at) && rest.get(*at..*at + 36).is_some_and(|part| uuid::Uuid::try_parse(part).is_ok())
    }) {
        out.push_str(&rest[..at]);
        out.push_str("[id]");
        rest = &rest[at + 36..];
    }
    out.push_str(rest);
    out
}

/// Sends the same JSON many times concurrently, with an Idempotency-Key.
pub async fn at_once(client: &Client, times: usize, path: &str, key: &str, body: &Value) -> Vec<Answer> {
    let requests = (0..times).map(|_| {
        let request = client.request(Method::POST, path).header("Idempotency-Key", key).json(body);
        client.send(request)
    });
    futures_util::future::join_all(requests).await
}
