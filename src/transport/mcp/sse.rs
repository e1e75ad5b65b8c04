//! Event streams between the protocol library and clients: priming events only for revisions that know them, and event
//! ids that name the server process, because the library counts them from zero in each.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use bytes::Bytes;
use serde_json::{Value, json};

/// The first revision whose clients understand an event without data, which announces how to resume.
const PRIMING_SINCE: &str = "2025-11-25";

/// How the events of one answer are rewritten.
#[derive(Debug, Clone)]
pub struct EventWriter {
    /// Names this server process.
    pub process: String,
    /// The revision of the session.
    pub revision: String,
    /// The id of the request that is answered, as JSON.
    pub request_id: Option<String>,
}

impl EventWriter {
    /// One event as the client receives it; `None` if it must not. The library writes one event into each chunk.
    pub fn rewrite(&self, event: &Bytes) -> Option<Bytes> {
        let text = std::str::from_utf8(event).ok()?;
        if data(text).is_none() && text.contains("data:") && self.revision.as_str() < PRIMING_SINCE {
            return None;
        }
        let Some(at) = text.find("\nid: ") else { return Some(event.clone()) };
        let (head, rest) = text.split_at(at + "\nid: ".len());
        let (id, tail) = rest.split_once('\n')?;
        Some(format!("{head}{}\n{tail}", self.event_id(id)).into())
    }

    fn event_id(&self, id: &str) -> String {
        let request = self.request_id.as_deref().map(|request| URL_SAFE_NO_PAD.encode(request)).unwrap_or_default();
        format!("{}.{id}.{request}", self.process)
    }
}

/// What a client that reconnects wants to go on with.
#[derive(Debug, PartialEq, Eq)]
pub enum Resumption {
    /// The stream with this event id of the library.
    Stream(String),
    /// The answer to a request that another process worked on; its id as JSON.
    Lost(Value),
    /// Nothing that this server knows: it gets the stream from now on.
    Afresh,
}

/// Reads the header `Last-Event-ID`.
pub fn resumption(last_event_id: &str, process: &str) -> Resumption {
    let mut parts = last_event_id.splitn(3, '.');
    let (Some(of), Some(id), Some(request)) = (parts.next(), parts.next(), parts.next()) else {
        return Resumption::Afresh;
    };
    // Ids of answers are `index/stream`, those of a session's own stream are `index`.
    match of == process {
        true => Resumption::Stream(id.to_owned()),
        false if id.contains('/') => {
            let request = URL_SAFE_NO_PAD.decode(request).ok().and_then(|text| serde_json::from_slice(&text).ok());
            request.map_or(Resumption::Afresh, Resumption::Lost)
        }
        false => Resumption::Afresh,
    }
}

/// The error that answers a request whose outcome is unknown.
pub fn lost_error(request_id: &Value) -> Value {
    let message = "The server that worked on this request has stopped, so it is unknown whether it was carried out; check \
                   before you repeat it.";
    json!({"jsonrpc": "2.0", "id": request_id,
        "error": {"code": -32603, "message": message, "data": {"code": "outcome_unknown"}}})
}

/// The stream that answers a lost request.
pub fn lost_answer(request_id: &Value) -> String {
    format!("data: {}\n\n", lost_error(request_id))
}

/// The data of an event, if it has any.
pub fn data(event: &str) -> Option<&str> {
    event.lines().find_map(|line| line.strip_prefix("data:")).map(str::trim).filter(|data| !data.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer(revision: &str) -> EventWriter {
        EventWriter { process: "p1".into(), revision: revision.into(), request_id: Some("7".into()) }
    }

    fn rewritten(revision: &str, event: &'static str) -> Option<String> {
        let event = writer(revision).rewrite(&Bytes::from_static(event.as_bytes()))?;
        Some(String::from_utf8_lossy(&event).into_owned())
    }

    #[test]
    fn priming_events_reach_only_revisions_that_know_them() {
        let priming = "data: \nid: 0/3\nretry: 3000\n\n";
        for old in ["2024-11-05", "2025-03-26", "2025-06-18"] {
            assert_eq!(rewritten(old, priming), None);
            assert!(rewritten(old, "data: {}\nid: 1/3\n\n").is_some() && rewritten(old, ":\n\n").is_some());
        }
        assert_eq!(rewritten("2025-11-25", priming).as_deref(), Some("data: \nid: p1.0/3.Nw\nretry: 3000\n\n"));
        assert_eq!(rewritten("2025-11-25", "data: {}\n\n").as_deref(), Some("data: {}\n\n"));
    }

    #[test]
    fn a_stream_resumes_only_in_its_own_process() {
        assert_eq!(resumption("p1.0/3.Nw", "p1"), Resumption::Stream("0/3".into()));
        assert_eq!(resumption("p1.4.", "p1"), Resumption::Stream("4".into()));
        assert_eq!(resumption("p1.0/3.Nw", "p2"), Resumption::Lost(json!(7)));
        assert_eq!(resumption("p1.4.", "p2"), Resumption::Afresh);
        for odd in ["", "0", "0/3", "p1.0/3.!", "a.b.c.d"] {
            assert_eq!(resumption(odd, "p2"), Resumption::Afresh, "{odd}");
        }
        assert_eq!(data(&lost_answer(&json!("a"))).map(|text| text.contains("\"a\"")), Some(true));
    }
}
