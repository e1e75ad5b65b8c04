//! Approvals: parked questions to people. Whoever asks goes on at once; the stream tells when somebody has
//! decided, and [`waiting`] lets those without a socket wait for it.
//!
//! Reviews and clarifications of tickets are approvals too, by names that existing clients know
//! ([`reviews`]).

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

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalKind {
    /// Something to know, or leave to do something.
    Question,
    /// Whether a ticket may go on; it stays where it is until somebody has looked.
    Review,
    /// What a ticket means.
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

/// How an approval stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// Nobody has decided yet.
    Pending,
    /// Yes.
    Approved,
    /// No.
    Rejected,
    /// Answered in words.
    Answered,
    /// Nobody decided in time.
    Expired,
    /// Whoever asked has taken it back, or its job has ended.
    Withdrawn,
}

/// A parked question and what became of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Approval {
    /// `approval-<uuid>`.
    pub id: String,
    /// The same as `id`.
    pub approval_id: String,
    /// Its workflow.
    pub workflow_id: String,
    /// The ticket it is about.
    pub ticket_id: Option<String>,
    /// `TKT-12`.
    pub ticket_key: Option<String>,
    /// The ticket's title.
    pub ticket_title: Option<String>,
    /// The job it was asked in.
    pub job_id: Option<String>,
    /// What is asked.
    pub kind: ApprovalKind,
    /// The question.
    pub question: String,
    /// What helps to decide, in Markdown.
    pub context: String,
    /// Answers that are offered; another one may be given.
    pub options: Vec<String>,
    /// Whether the job waits for it.
    pub blocks_job: bool,
    /// How it stands.
    pub status: ApprovalState,
    /// The answer in words.
    pub answer: Option<String>,
    /// Why it was decided so, or taken back.
    pub reason: Option<String>,
    /// In whose name it was asked.
    pub asked_by: Option<String>,
    /// Their name.
    pub asked_by_name: Option<String>,
    /// Who decided.
    pub decided_by: Option<String>,
    /// Their name.
    pub decided_by_name: Option<String>,
    /// When it was decided or ended.
    #[schema(format = DateTime)]
    pub decided_at: Option<String>,
    /// When it runs out.
    #[schema(format = DateTime)]
    pub expires_at: Option<String>,
    /// The comment on the ticket that asks the same.
    pub comment_id: Option<String>,
    /// When it was asked.
    #[schema(format = DateTime)]
    pub created_at: String,
}

/// A page of approvals.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ApprovalList {
    /// The newest first.
    pub approvals: Vec<Approval>,
    /// Whether there are more.
    pub has_more: bool,
    /// Give it as `cursor` for the next page.
    pub next_cursor: Option<String>,
}

/// `POST /api/approvals`: about a job, a ticket or a workflow as a whole; one of the three is needed.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ask {
    /// The workflow; taken from the ticket or job where left out.
    pub workflow_id: Option<String>,
    /// The ticket (with `workflow_id`, its key will do).
    pub ticket_id: Option<String>,
    /// The job that asks.
    pub job_id: Option<String>,
    /// What is asked; a question where left out. Reviews and clarifications need a ticket.
    pub kind: Option<ApprovalKind>,
    /// The question.
    #[schema(min_length = 1, max_length = 10_000)]
    pub question: String,
    /// What helps to decide, in Markdown.
    #[schema(max_length = 50_000)]
    pub context: Option<String>,
    /// Up to 50 answers to offer.
    #[schema(max_items = 50)]
    pub options: Option<Vec<String>>,
    /// Whether the job waits: it is `waiting` until all such questions are decided.
    pub blocks_job: Option<bool>,
    /// Seconds after which nobody needs to decide any more; not for reviews.
    #[schema(minimum = 1, maximum = 31_536_000)]
    pub expires_in_seconds: Option<i64>,
    /// The worker's lease of the job; one that was lost is refused.
    pub lease_token: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// `POST /api/approvals/{id}/approve`, `/reject` and `/answer`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Decide {
    /// The answer in words; needed to answer.
    #[schema(max_length = 20_000)]
    pub answer: Option<String>,
    /// Why.
    #[schema(max_length = 20_000)]
    pub reason: Option<String>,
    /// A comment for the ticket.
    #[schema(max_length = 100_000)]
    pub comment: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// `POST /api/approvals/{id}/withdraw`
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Withdraw {
    /// Why.
    #[schema(max_length = 20_000)]
    pub reason: Option<String>,
    /// The acting agent, where the caller may act for others.
    pub agent_id: Option<String>,
}

/// How somebody decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Yes.
    Approve,
    /// No.
    Reject,
    /// In words.
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

/// Which approvals to list.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Of this workflow.
    pub workflow_id: Option<String>,
    /// About this ticket.
    pub ticket_id: Option<String>,
    /// Asked in this job.
    pub job_id: Option<String>,
    /// In one of these states.
    pub status: Option<Vec<String>>,
    /// Of one of these kinds.
    pub kind: Option<Vec<String>>,
    /// Asked by the caller.
    pub mine: Option<bool>,
}
