//! Findings: what somebody should look at in a workflow, such as tickets that are stuck or agents that are silent. The rules
//! are in `sql/logic/78_findings`.

#[cfg(feature = "server")]
mod queries;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;

/// What a finding is about. An owner of the workflow sets the thresholds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// An open ticket of critical or high priority has no assignee.
    UrgentUnassigned,
    /// No worker takes queued jobs of a type.
    JobWithoutWorker,
    /// An agent holds tickets in active columns and has done nothing about any of them.
    AgentSilent,
    /// A ticket has been blocked for long.
    Blocked,
    /// A ticket in an active column has not changed for long.
    Stuck,
    /// An assignee has too many open tickets.
    AgentOverloaded,
    /// A ticket is probably a duplicate of an earlier one.
    LikelyDuplicate,
}

impl FindingKind {
    /// All kinds, the most urgent first.
    pub const ALL: [Self; 7] = [
        Self::UrgentUnassigned,
        Self::JobWithoutWorker,
        Self::AgentSilent,
        Self::Blocked,
        Self::Stuck,
        Self::AgentOverloaded,
        Self::LikelyDuplicate,
    ];

    /// The kind's name in SQL and JSON.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::UrgentUnassigned => "urgent_unassigned",
            Self::JobWithoutWorker => "job_without_worker",
            Self::AgentSilent => "agent_silent",
            Self::Blocked => "blocked",
            Self::Stuck => "stuck",
            Self::AgentOverloaded => "agent_overloaded",
            Self::LikelyDuplicate => "likely_duplicate",
        }
    }

    /// The kind of this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The threshold that a finding breaks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FindingThreshold {
    /// Its name in the workflow's thresholds, e.g. `stuck_minutes`.
    pub name: String,
    /// Its value.
    pub value: f64,
}

/// What could be done about a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FindingSuggestion {
    /// `assign`, `reassign`, `ask`, `resolve_blocker`, `merge` or `start_worker`.
    pub action: String,
    /// The suggestion as a sentence.
    pub message: String,
    /// To whom to assign, or whom to ask: the assignee with the fewest open tickets who has worked in this workflow.
    pub agent_id: Option<String>,
    /// The blocker to resolve, or the ticket to merge into.
    pub ticket_id: Option<String>,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Finding {
    /// `finding-<uuid>`, as in its events; null until a server has recorded it.
    pub finding_id: Option<String>,
    /// What is found.
    pub kind: FindingKind,
    /// The workflow.
    pub workflow_id: String,
    /// The ticket, if it is about one.
    pub ticket_id: Option<String>,
    /// The ticket's key.
    pub key: Option<String>,
    /// The ticket's title.
    pub title: Option<String>,
    /// The ticket's column.
    pub status: Option<String>,
    /// The ticket's priority.
    pub priority: Option<String>,
    /// The agent or person that it is about, or the ticket's assignee.
    pub agent_id: Option<String>,
    /// Its name.
    pub agent_name: Option<String>,
    /// The blocker, or the ticket that this one probably repeats.
    pub other_ticket_id: Option<String>,
    /// The key of that ticket.
    pub other_key: Option<String>,
    /// The type of the jobs that no worker takes.
    pub job_type: Option<String>,
    /// Since when it has been so.
    #[schema(format = DateTime)]
    pub since: String,
    /// Seconds since then.
    pub duration_seconds: i64,
    /// What was compared with the threshold: minutes, open tickets, or the similarity.
    pub measured: f64,
    /// The threshold.
    pub threshold: FindingThreshold,
    /// The finding as a sentence.
    pub message: String,
    /// What could be done.
    pub suggestion: FindingSuggestion,
    /// When a server recorded it and its event was sent.
    #[schema(format = DateTime)]
    pub opened_at: Option<String>,
}

/// The thresholds of a workflow. 0 turns a kind of finding off.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FindingThresholds {
    /// The workflow.
    pub workflow_id: String,
    /// Minutes without a change, comment or commit in an active column. Defaults to 4320, three days.
    pub stuck_minutes: i64,
    /// Minutes since the oldest blocker was added. Defaults to 2880, two days.
    pub blocked_minutes: i64,
    /// Minutes without an assignee at critical or high priority. Defaults to 60.
    pub unassigned_minutes: i64,
    /// The similarity from which a ticket counts as a duplicate. Defaults to 0.9.
    pub duplicate_similarity: f64,
    /// The most open tickets of one assignee. Defaults to 10.
    pub max_open_tickets: i64,
    /// Minutes without a sign of an agent with tickets in active columns. Defaults to 60.
    pub silent_minutes: i64,
    /// Minutes that queued jobs wait for a worker that takes them. Defaults to 10.
    pub without_worker_minutes: i64,
}

/// `PATCH /api/workflows/{id}/finding-thresholds`: the thresholds to change; 0 turns a kind of finding off.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SetFindingThresholds {
    /// Minutes without a change, comment or commit in an active column.
    #[schema(minimum = 0, maximum = 525_600)]
    pub stuck_minutes: Option<i64>,
    /// Minutes since the oldest blocker was added.
    #[schema(minimum = 0, maximum = 525_600)]
    pub blocked_minutes: Option<i64>,
    /// Minutes without an assignee at critical or high priority.
    #[schema(minimum = 0, maximum = 525_600)]
    pub unassigned_minutes: Option<i64>,
    /// The similarity from which a ticket counts as a duplicate: 0, or from 0.5 on.
    #[schema(minimum = 0, maximum = 1)]
    pub duplicate_similarity: Option<f64>,
    /// The most open tickets of one assignee.
    #[schema(minimum = 0, maximum = 900)]
    pub max_open_tickets: Option<i64>,
    /// Minutes without a sign of an agent with tickets in active columns.
    #[schema(minimum = 0, maximum = 525_600)]
    pub silent_minutes: Option<i64>,
    /// Minutes that queued jobs wait for a worker that takes them.
    #[schema(minimum = 0, maximum = 525_600)]
    pub without_worker_minutes: Option<i64>,
}

/// The findings of a workflow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Findings {
    /// The workflow.
    pub workflow_id: String,
    /// The most urgent kinds first, in each the longest-standing first.
    pub findings: Vec<Finding>,
    /// How many there are of each kind that was asked for, counted to 200.
    #[schema(value_type = BTreeMap<String, i64>)]
    pub counts: BTreeMap<FindingKind, i64>,
    /// Whether there are more than `limit`.
    pub has_more: bool,
    /// The thresholds that apply.
    pub thresholds: FindingThresholds,
}
