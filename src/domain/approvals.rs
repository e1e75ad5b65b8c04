//! Approvals: questions that people decide. Requesting one does not block; the decision is an event of the stream, and
//! [`waiting`] serves long polling for clients without a socket.
//!
//! Reviews and clarifications of tickets are approvals with requests and answers of their own ([`reviews`]).

#[cfg(feature = "server")]
mod queries;
#[cfg(feature = "server")]
pub mod reviews;
#[cfg(feature = "server")]
pub mod waiting;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;

/// The kind of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalKind {
    /// A question, or a request for permission.
    Question,
    /// A review of a ticket, which cannot move until it is decided.
    Review,
    /// A question about what a ticket means.
    Clarification,
}

impl ApprovalKind {
    /// Its name in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Question => "question",
            Self::Review => "review",
            Self::Clarification => "clarification",
        }
    }
}

/// The state of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// Not decided yet.
    Pending,
    /// Approved.
    Approved,
    /// Rejected.
    Rejected,
    /// Answered with a text.
    Answered,
    /// Not decided in time.
    Expired,
    /// Withdrawn by the requester, or its job has ended.
    Withdrawn,
}

/// How a check ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckStatus {
    /// It succeeded.
    Passed,
    /// It failed.
    Failed,
    /// It has not ended yet.
    Running,
    /// It was left out.
    Skipped,
}

/// A check that the requester reports, such as a test run or a lint. Callboard shows it to the person who decides; it does not
/// run or verify it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportedCheck {
    /// What was checked, such as `cargo test`.
    #[schema(min_length = 1, max_length = 200)]
    pub name: String,
    /// How it ended.
    pub status: CheckStatus,
    /// What it found, plain text, such as `772 passed`.
    #[serde(default)]
    #[schema(max_length = 5_000)]
    pub details: String,
    /// Where to read more: an http or https address.
    #[schema(max_length = 2_000)]
    pub url: Option<String>,
}

/// An approval: a question and its decision.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Approval {
    /// `approval-<uuid>`.
    pub id: String,
    /// The same as `id`.
    pub approval_id: String,
    /// Its workflow.
    pub workflow_id: String,
    /// The ticket that it is about.
    pub ticket_id: Option<String>,
    /// The ticket's key, `TKT-12`.
    pub ticket_key: Option<String>,
    /// The ticket's title.
    pub ticket_title: Option<String>,
    /// The job in which it was requested.
    pub job_id: Option<String>,
    /// The kind.
    pub kind: ApprovalKind,
    /// The question.
    pub question: String,
    /// Background for the decision, Markdown.
    pub context: String,
    /// Suggested answers; other answers are accepted too.
    pub options: Vec<String>,
    /// What the requester has checked.
    #[serde(default)]
    pub checks: Vec<ReportedCheck>,
    /// Whether the job waits for it.
    pub blocks_job: bool,
    /// The state.
    pub status: ApprovalState,
    /// The text of the answer.
    pub answer: Option<String>,
    /// The reason of the decision or withdrawal.
    pub reason: Option<String>,
    /// The actor on whose behalf it was requested.
    pub asked_by: Option<String>,
    /// Their name.
    pub asked_by_name: Option<String>,
    /// The actor that decided.
    pub decided_by: Option<String>,
    /// Their name.
    pub decided_by_name: Option<String>,
    /// When it was decided, expired or was withdrawn.
    #[schema(format = DateTime)]
    pub decided_at: Option<String>,
    /// When it expires.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// The comment on the ticket that holds the question.
    pub comment_id: Option<String>,
    /// When it was requested.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// A page of approvals.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ApprovalList {
    /// The approvals, newest first.
    pub approvals: Vec<Approval>,
    /// Whether there are more.
    pub has_more: bool,
    /// The `cursor` of the next page.
    pub next_cursor: Option<String>,
}

/// `POST /api/approvals`: about a job, a ticket or a whole workflow; one of the three is required.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestApproval {
    /// The workflow. Defaults to that of the ticket or job.
    pub workflow_id: Option<String>,
    /// The ticket: its id, or its key together with `workflow_id`.
    pub ticket_id: Option<String>,
    /// The job on whose behalf it is requested.
    pub job_id: Option<String>,
    /// The kind. Defaults to `question`. Reviews and clarifications need a ticket.
    pub kind: Option<ApprovalKind>,
    /// The question.
    #[schema(min_length = 1, max_length = 10_000)]
    pub question: String,
    /// Background for the decision, Markdown.
    #[schema(max_length = 50_000)]
    pub context: Option<String>,
    /// Up to 50 suggested answers.
    #[schema(max_items = 50)]
    pub options: Option<Vec<String>>,
    /// Up to 50 checks that were made, for the person who decides.
    #[schema(max_items = 50)]
    pub checks: Option<Vec<ReportedCheck>>,
    /// Whether the job is `waiting` until all approvals that block it are decided.
    pub blocks_job: Option<bool>,
    /// Seconds until it expires; not for reviews.
    #[schema(minimum = 1, maximum = 31_536_000)]
    pub expires_in_seconds: Option<i64>,
    /// The token of the worker's lease on the job; a stale one is rejected.
    pub lease_token: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// `POST /api/approvals/{id}/approve`, `/reject` and `/answer`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Decide {
    /// The text of the answer; required to answer.
    #[schema(max_length = 20_000)]
    pub answer: Option<String>,
    /// The reason.
    #[schema(max_length = 20_000)]
    pub reason: Option<String>,
    /// A comment to add to the ticket.
    #[schema(max_length = 100_000)]
    pub comment: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// `POST /api/approvals/{id}/withdraw`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Withdraw {
    /// The reason.
    #[schema(max_length = 20_000)]
    pub reason: Option<String>,
    /// The acting agent, if the caller may act on behalf of others.
    pub agent_id: Option<String>,
}

/// A decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Approve.
    Approve,
    /// Reject.
    Reject,
    /// Answer with a text.
    Answer,
}

impl Decision {
    /// Its name in SQL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Answer => "answer",
        }
    }
}

/// Selects approvals to list.
#[derive(Debug, Clone, Default)]
pub struct ApprovalFilter {
    /// Of this workflow.
    pub workflow_id: Option<String>,
    /// About this ticket.
    pub ticket_id: Option<String>,
    /// Requested in this job.
    pub job_id: Option<String>,
    /// In one of these states.
    pub status: Option<Vec<String>>,
    /// Of one of these kinds.
    pub kind: Option<Vec<String>>,
    /// Requested by the caller.
    pub mine: Option<bool>,
}
