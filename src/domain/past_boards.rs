//! Boards of the past: replayed from history, so that the board of any moment can be shown and compared with another.

#[cfg(feature = "server")]
mod queries;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;

/// How a board changed from one moment to another.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct BoardChanges {
    /// The epoch of both seqs.
    pub epoch: String,
    /// The earlier moment.
    pub from: BoardMoment,
    /// The later one.
    pub to: BoardMoment,
    /// The tickets that differ, by number; at most 1,000.
    pub tickets: Vec<TicketDifference>,
    /// Whether more tickets differ.
    pub has_more: bool,
}

/// A moment and its position in the workflow's stream.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct BoardMoment {
    /// The time.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// The last event that was committed by then; 0 before the first one.
    pub seq: i64,
}

/// What differs between the two cards of a ticket.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TicketDifference {
    /// The ticket.
    pub ticket_id: String,
    /// Its key, e.g. `TKT-12`.
    pub key: String,
    /// Its title, the later one if it changed.
    pub title: String,
    /// Whether it came to the board, left it, or is another now.
    pub change: DifferenceKind,
    /// The fields of the card that differ; empty for tickets that came or left.
    pub fields: BTreeMap<String, FieldDifference>,
}

/// See [`TicketDifference::change`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferenceKind {
    /// Created, restored or unmerged in between.
    Added,
    /// Deleted or merged in between.
    Removed,
    /// On both boards, with other values.
    Changed,
}

/// A field before and after.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct FieldDifference {
    /// Its value on the earlier board.
    pub old_value: Value,
    /// Its value on the later board.
    pub new_value: Value,
}
