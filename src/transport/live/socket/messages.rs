//! The messages that clients send, and what is said about wrong ones.

use serde::Deserialize;
use serde_json::Value;

/// A message of every protocol.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum ClientMessage {
    Auth { token: String },
    Subscribe { room: Option<String>, workflow_id: Option<String>, since: Option<Since> },
    Unsubscribe { room: Option<String>, workflow_id: Option<String> },
    Ping,
}

#[derive(Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    pub epoch: String,
    pub seq: i64,
}

/// The types of messages, with what each takes.
const KNOWN: [(&str, &str); 4] = [
    ("auth", "a text: token"),
    ("subscribe", "the texts room or workflow_id, and since with epoch, a text, and seq, a whole number"),
    ("unsubscribe", "the texts room or workflow_id"),
    ("ping", "nothing"),
];

/// Reads a message as JSON; an error is a sentence for the client.
pub(super) fn read(text: &str) -> Result<Value, String> {
    let message = serde_json::from_str(text).map_err(|_| "The message is not JSON.".to_owned())?;
    // The database cannot store it, and JSON writes it in no other way.
    if text.contains("\\u0000") && has_nul(&message) {
        return Err("The message must not contain the character NUL.".to_owned());
    }
    Ok(message)
}

fn has_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(has_nul),
        Value::Object(members) => members.iter().any(|(name, member)| name.contains('\0') || has_nul(member)),
        _ => false,
    }
}

/// Whether a message is one of every protocol, rather than of a client's own.
pub(super) fn is_own(message: &Value) -> bool {
    KNOWN.iter().any(|(own, _)| message["type"] == *own)
}

impl ClientMessage {
    /// The message, or a sentence about what is wrong with it.
    pub fn parse(message: Value) -> Result<Self, String> {
        let Some(kind) = message["type"].as_str().map(str::to_owned) else {
            return Err("The message must be a JSON object with a type, such as {\"type\": \"ping\"}.".to_owned());
        };
        let Some((_, takes)) = KNOWN.iter().find(|(own, _)| *own == kind) else {
            let kind: String = kind.chars().take(100).collect();
            return Err(format!("There is no message {kind}; known here: {}.", KNOWN.map(|(own, _)| own).join(", ")));
        };
        serde_json::from_value(message).map_err(|_| format!("The message {kind} takes {takes}."))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_messages_are_answered_in_plain_words() {
        for (text, said) in [
            ("hello", "The message is not JSON."),
            ("[]", "The message must be a JSON object with a type, such as {\"type\": \"ping\"}."),
            ("{\"type\": 5}", "The message must be a JSON object with a type, such as {\"type\": \"ping\"}."),
            ("{\"type\": \"dance\"}", "There is no message dance; known here: auth, subscribe, unsubscribe, ping."),
            ("{\"type\": \"auth\"}", "The message auth takes a text: token."),
            (
                "{\"type\": \"subscribe\", \"room\": 5}",
                "The message subscribe takes the texts room or workflow_id, and since with epoch, a text, and seq, a whole number.",
            ),
            ("{\"type\": \"subscribe\", \"room\": \"a\\u0000\"}", "The message must not contain the character NUL."),
            ("{\"\\u0000\": [{}]}", "The message must not contain the character NUL."),
        ] {
            assert_eq!(read(text).and_then(ClientMessage::parse).err().as_deref(), Some(said), "{text}");
        }
        assert!(read("{\"type\": \"ping\", \"data\": \"\\\\u0000\"}").and_then(ClientMessage::parse).is_ok());
    }
}
