//! Signed session ids. An id carries the protocol revision and is bound to its owner, so that any server of the database
//! takes the session up without having opened it. It grants nothing: every request has its own credential.

use actix_web::http::header::HeaderName;

use crate::domain::accounts::Caller;
use crate::domain::accounts::tokens::Tokens;

/// The header with the id.
pub const SESSION_HEADER: HeaderName = HeaderName::from_static("mcp-session-id");

/// What a session is bound to: an actor, and its key or its sign-in. A renewed access token is the same owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionOwner {
    actor: String,
    session: Option<String>,
    key: Option<String>,
}

impl From<&Caller> for SessionOwner {
    fn from(caller: &Caller) -> Self {
        Self { actor: caller.actor.clone(), session: caller.session.clone(), key: caller.key.clone() }
    }
}

/// A session id that was verified: the library's id, and the revision that `initialize` asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionId {
    /// The id that the protocol library uses.
    pub id: String,
    /// The protocol revision, `2025-06-18`.
    pub revision: String,
}

impl SessionId {
    /// The id as its client sees it: `<id>.<revision>.<signature>`.
    pub fn sign(&self, tokens: &Tokens, owner: &SessionOwner) -> String {
        format!("{}.{}.{}", self.id, self.revision, self.signature(tokens, owner))
    }

    /// Reads an id that a client sent; `None` unless it was signed for this owner.
    pub fn verify(text: &str, tokens: &Tokens, owner: &SessionOwner) -> Option<Self> {
        let (rest, signature) = text.rsplit_once('.')?;
        let (id, revision) = rest.split_once('.')?;
        let found = Self { id: id.to_owned(), revision: revision.to_owned() };
        // The signature is no secret that opens anything, so its comparison may take any time.
        (signature == found.signature(tokens, owner)).then_some(found)
    }

    fn signature(&self, tokens: &Tokens, owner: &SessionOwner) -> String {
        let part = |text: &Option<String>| text.clone().unwrap_or_default();
        let (session, key) = (part(&owner.session), part(&owner.key));
        let parts = [self.id.as_str(), &self.revision, &owner.actor, &session, &key];
        let mut signature = tokens.sign("mcp-session", &parts.join("\n"));
        signature.truncate(32);
        signature
    }
}

/// The revision that an `initialize` message asks for; made-up ones count as the oldest.
pub fn revision_of(initialize: &serde_json::Value) -> String {
    let asked = initialize["params"]["protocolVersion"].as_str().unwrap_or_default();
    let date = asked.len() == 10 && asked.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if date { asked } else { "2024-11-05" }.to_owned()
}
