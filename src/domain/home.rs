//! Home: what waits for a person, failed, is stuck, mentions them, and ended since they last looked, over all of their workflows.
//! The rules are in `sql/logic/83_home`.

#[cfg(feature = "server")]
mod queries;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

#[cfg(feature = "server")]
pub use self::queries::*;
use crate::domain::approvals::Approval;

/// What an item of Home is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum HomeItemKind {
    /// A question, or a request for permission.
    Question,
    /// A review of a ticket.
    Review,
    /// A question about what a ticket means.
    Clarification,
    /// A job that failed or succeeded.
    Job,
    /// A running job whose worker has let two thirds of its lease pass without a heartbeat.
    JobSilent,
    /// Queued jobs of a type that no worker takes.
    JobWithoutWorker,
    /// An agent that does nothing about the tickets that it holds.
    AgentSilent,
    /// A ticket that has been blocked for long.
    Blocked,
    /// A ticket in an active column that has not changed for long.
    Stuck,
    /// A comment that mentions the caller.
    Mention,
    /// A ticket that was resolved.
    Ticket,
}

/// One item of Home.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HomeItem {
    /// The id of the approval, job, finding, comment or ticket.
    pub id: String,
    /// What it is about.
    pub kind: HomeItemKind,
    /// Its workflow.
    pub workflow_id: String,
    /// When it was asked, failed, got stuck, was written, ended or expired.
    #[schema(format = DateTime)]
    pub at: String,
    /// The question, or the title of the job or ticket.
    pub title: Option<String>,
    /// The start of the error, of the finding's message or of the comment.
    pub text: Option<String>,
    /// The ticket.
    pub ticket_id: Option<String>,
    /// The ticket's key, `TKT-12`.
    pub ticket_key: Option<String>,
    /// The ticket's title.
    pub ticket_title: Option<String>,
    /// The job.
    pub job_id: Option<String>,
    /// The attempt that failed or succeeded, for a job.
    pub attempt: Option<i64>,
    /// The comment, for a mention.
    pub comment_id: Option<String>,
    /// Who asked, worked on it, wrote it or is silent.
    pub actor_id: Option<String>,
    /// Their name.
    pub actor_name: Option<String>,
    /// The approval, for what waits and what expired.
    pub approval: Option<Approval>,
}

/// How many items each section has, counted to 100 in each workflow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HomeCounts {
    /// Questions and reviews that the caller may decide.
    pub waiting: i64,
    /// Failed jobs that nobody has retried, deleted or replaced, and that the caller has not marked as dealt with.
    pub failed: i64,
    /// Work that does not go on.
    pub stuck: i64,
    /// Comments that mention the caller, unread.
    pub mentions: i64,
    /// Tickets that were resolved and jobs that succeeded since the last visit.
    pub finished: i64,
    /// Questions that expired without a decision since the last visit.
    pub expired: i64,
}

/// A workflow on Home.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct HomeWorkflow {
    /// The workflow.
    pub workflow_id: String,
    /// Its name.
    pub name: String,
    /// The caller's role in it.
    pub role: String,
    /// Where its stream stood when this was read. `POST /api/home/visited` takes it back.
    pub seq: i64,
    /// When the caller's last visit ended; null before the first one.
    #[schema(format = DateTime)]
    pub visited_at: Option<String>,
    /// Since when something counts as news: the last visit, or else at most 7 days.
    #[schema(format = DateTime)]
    pub since: String,
    /// How many items it has.
    pub counts: HomeCounts,
}

/// What needs the caller and what happened since their last visit, over the newest 200 of their workflows.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct Home {
    /// The epoch of the `seq` of every workflow.
    pub epoch: String,
    /// The caller's workflows that are not archived, by name.
    pub workflows: Vec<HomeWorkflow>,
    /// How many items there are in all workflows, also if only one was asked for.
    pub counts: HomeCounts,
    /// Questions and reviews that the caller may decide, the oldest first.
    pub waiting: Vec<HomeItem>,
    /// Failed jobs that nobody has dealt with, the newest first.
    pub failed: Vec<HomeItem>,
    /// Work that does not go on, the longest-standing first.
    pub stuck: Vec<HomeItem>,
    /// Comments that mention the caller, unread, the newest first.
    pub mentions: Vec<HomeItem>,
    /// Tickets that were resolved and jobs that succeeded since the last visit, the newest first.
    pub finished: Vec<HomeItem>,
    /// Questions that expired since the last visit, the newest first.
    pub expired: Vec<HomeItem>,
}

/// A workflow that was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct VisitedWorkflow {
    /// The workflow.
    pub workflow_id: String,
    /// The last event that was seen: the `seq` of `GET /api/home`.
    #[schema(minimum = 0)]
    pub seq: i64,
}

/// `POST /api/home/visited`: workflows that were seen, single items that are dealt with, or both.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct MarkVisited {
    /// The `epoch` of `GET /api/home`. Defaults to the present one; give it, so that no `seq` of before a restore counts.
    pub epoch: Option<String>,
    /// The workflows that were seen, at most 200.
    pub workflows: Vec<VisitedWorkflow>,
    /// Whether failures and mentions up to there are dealt with, too. Defaults to false.
    pub handled: bool,
    /// Ids of single items that are dealt with, at most 200.
    pub items: Vec<String>,
}

/// Where the caller's cursor of a workflow is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct VisitCursor {
    /// The workflow.
    pub workflow_id: String,
    /// Up to where it was seen.
    pub seq: i64,
    /// Up to where failures and mentions are dealt with.
    pub handled_seq: i64,
}

/// What was recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Visited {
    /// Always true.
    pub success: bool,
    /// The epoch of the cursors.
    pub epoch: String,
    /// The cursors of the given workflows. They never move back.
    pub workflows: Vec<VisitCursor>,
}
