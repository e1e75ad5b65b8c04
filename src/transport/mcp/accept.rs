//! Which forms of an answer a client accepts. Clients that name no event stream get plain JSON.

use actix_web::http::header::{ACCEPT, HeaderMap, HeaderValue};

/// The accepted forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepts {
    /// JSON, by name or by a wildcard; also if the header is missing.
    pub json: bool,
    /// An event stream, by its name.
    pub stream: bool,
    /// Anything, by a wildcard or because the header is missing.
    pub anything: bool,
}

impl Accepts {
    /// Reads the header. Types with `q=0` are not accepted.
    pub fn of(headers: &HeaderMap) -> Self {
        let mut found = Self { json: false, stream: false, anything: !headers.contains_key(ACCEPT) };
        let listed = headers.get_all(ACCEPT).filter_map(|value| value.to_str().ok());
        for entry in listed.flat_map(|text| text.split(',')) {
            let mut parts = entry.split(';').map(|part| part.trim().to_ascii_lowercase());
            let kind = parts.next().unwrap_or_default();
            if parts.any(|part| matches!(part.strip_prefix("q="), Some("0" | "0.0" | "0.00" | "0.000"))) {
                continue;
            }
            match kind.as_str() {
                "*/*" => found.anything = true,
                "application/*" | "application/json" => found.json = true,
                "text/event-stream" => found.stream = true,
                // Only for streams; a client that takes any text takes no JSON.
                "text/*" => found.stream = true,
                _ => {}
            }
        }
        found.json |= found.anything;
        found
    }
}

/// Tells the protocol library that both forms are accepted; it refuses anything else, and `replies` converts its answer.
pub fn widen(headers: &mut HeaderMap) {
    headers.insert(ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepts(text: Option<&str>) -> (bool, bool, bool) {
        let mut headers = HeaderMap::new();
        if let Some(value) = text.and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(ACCEPT, value);
        }
        let Accepts { json, stream, anything } = Accepts::of(&headers);
        (json, stream, anything)
    }

    #[test]
    fn wildcards_and_missing_headers_accept_json() {
        assert_eq!(accepts(None), (true, false, true));
        assert_eq!(accepts(Some("*/*")), (true, false, true));
        assert_eq!(accepts(Some("Application/JSON; charset=utf-8")), (true, false, false));
        assert_eq!(accepts(Some("application/json, text/event-stream")), (true, true, false));
        assert_eq!(accepts(Some("text/event-stream, application/json;q=0")), (false, true, false));
        assert_eq!(accepts(Some("text/html")), (false, false, false));
    }
}
