//! Actors and their credentials.

use serde::Serialize;

/// Who calls, as a door verified it; passed to every SQL function as `caller`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Caller {
    /// The authenticated actor.
    pub actor: String,
    /// The agent acted for (`X-Agent-ID`, or `agent_id` in a body).
    #[serde(rename = "for", skip_serializing_if = "Option::is_none")]
    pub acting_for: Option<String>,
    /// The session that authenticated, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// The API key that authenticated, if it was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

impl Caller {
    /// A caller that holds the database itself (command line, tests).
    pub fn trusted(actor: impl Into<String>) -> Self {
        Self { actor: actor.into(), acting_for: None, session: None, key: None }
    }

    /// The parameter `caller` of the functions in `logic`.
    pub fn to_sql(&self) -> String {
        if self.acting_for.is_none() && self.session.is_none() && self.key.is_none() {
            return self.actor.clone();
        }
        serde_json::json!(self).to_string()
    }
}
