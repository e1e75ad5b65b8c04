//! Dialects: pure functions from a row of history to the message that one kind of client expects.

pub mod native;
