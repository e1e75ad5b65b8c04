//! The client side of the Agent Client Protocol (ACP): JSON-RPC messages, one a line, on an agent's standard input and
//! output. The protocol's crate sends and correlates them; what reaches it is bounded here.

pub mod check;
pub(crate) mod connection;
pub(crate) mod files;
pub(crate) mod lines;
pub(crate) mod permissions;
pub(crate) mod updates;
pub(crate) mod usage;

/// The beginning of a text, at most `max` bytes long.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    format!("{}…", &text[..text.floor_char_boundary(max)])
}
